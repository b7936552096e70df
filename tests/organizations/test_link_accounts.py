"""The shell's way to link what evidence decides."""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command

from tests.organizations.conftest import MakeAccount


def said() -> list[list[str]]:
    out = StringIO()
    call_command("link_accounts", stdout=out)
    return [line.split() for line in out.getvalue().splitlines()]


def test_it_says_for_each_system_what_was_linked_founded_and_waits(make_account: MakeAccount) -> None:
    make_account("Fernbrook Dental", external_id="250", evidence={"types": ["Client"]})
    make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    make_account("Nobody knows", "ninjaone")
    assert said() == [
        ["System", "linked", "founded", "waiting"],
        ["connectwise_psa", "0", "1", "0"],
        ["ninjaone", "1", "0", "1"],
    ]
    assert said()[1:] == [["ninjaone", "0", "0", "1"]]
