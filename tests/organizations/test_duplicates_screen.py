"""The list of duplicates in the admin, walked without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from collectors.facts.accounts import Account
from organizations import linking
from organizations.models import AccountLink, NotDuplicate, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_duplicates import FERN, say

PAGE = "/admin/organizations/notduplicate/"


@pytest.fixture
def two(make_account: MakeAccount) -> tuple[Account, Account]:
    one, other = make_account("Fernbrook"), make_account("Fernbrook Dental")
    return say(one, **FERN), say(other, **FERN)


def text(client: Client, **asked: str) -> str:
    return re.sub(r"\s+", " ", client.get(PAGE, asked).content.decode())


def press(client: Client, button: str, **more: str) -> str:
    answer = client.post(PAGE, {"do": button, **more}, follow=True)
    return re.sub(r"\s+", " ", answer.content.decode())


def owner(account: Account) -> Organization | None:
    return AccountLink.objects.current().get(account=account).organization


def test_two_that_wait_become_one_client_and_can_be_undone(
    admin_client: Client, two: tuple[Account, Account]
) -> None:
    page = text(admin_client)
    assert "<b>1 pair</b> of accounts in one system looks like one client" in page
    assert "Same domain: fern.example" in page
    page = press(admin_client, f"same {two[0].pk} {two[1].pk} 0", reason="They said so")
    assert "“Fernbrook” and “Fernbrook Dental” are both “Fernbrook”." in page
    assert "No two accounts of one system look like one client." in page
    assert owner(two[0]) == owner(two[1]) == Organization.objects.get(slug="fernbrook")
    link = AccountLink.objects.current().get(account=two[1])
    assert (link.reason, link.method, link.decided_by) == (
        "They said so", "person", User.objects.get(username="admin"),
    )  # fmt: skip
    assert link.evidence["same client as"].startswith("“Fernbrook” (")
    assert "1 pair</b>" in press(admin_client, "undo")
    assert {AccountLink.objects.current().get(account=each).verdict for each in two} == {"open"}


@pytest.mark.parametrize("linked", [0, 1])
def test_the_one_that_waits_goes_to_the_client_of_the_other(
    admin_client: Client, two: tuple[Account, Account], make_organization: MakeOrganization, linked: int
) -> None:
    oak = make_organization("Oakhaven")
    linking.link(two[linked], oak, None, "before")
    assert "Same client: both are Oakhaven" in text(admin_client)
    press(admin_client, f"same {two[0].pk} {two[1].pk} {oak.pk}")
    assert owner(two[1 - linked]) == oak
    assert AccountLink.objects.current().get(account=two[linked]).reason == "before"


def test_two_clients_are_merged_elsewhere(
    admin_client: Client, two: tuple[Account, Account], make_organization: MakeOrganization
) -> None:
    fern, oak = make_organization("Fern"), make_organization("Oakhaven")
    linking.link(two[0], fern, None)
    linking.link(two[1], oak, None)
    page = text(admin_client)
    assert re.search(r'href="/admin/organizations/[^"]+">Same client: merge the two…', page)
    assert 'value="same' not in page
    page = press(admin_client, f"same {two[0].pk} {two[1].pk} {oak.pk}")
    assert "Someone has decided on one of the two since" in page
    assert owner(two[0]) == fern


def test_two_told_apart_are_not_shown_again_until_that_is_taken_back(
    admin_client: Client, two: tuple[Account, Account]
) -> None:
    page = press(admin_client, f"apart {two[1].pk} {two[0].pk}", reason="Two brothers")
    assert "No two accounts of one system look like one client." in page
    told = NotDuplicate.objects.get()
    assert (told.one, told.two, told.reason, told.decided_by) == (
        two[0], two[1], "Two brothers", User.objects.get(username="admin"),
    )  # fmt: skip
    assert "Two brothers" in text(admin_client, show="apart")
    assert "1 pair</b>" in press(admin_client, "undo")
    press(admin_client, f"apart {two[0].pk} {two[1].pk}")
    assert "1 pair</b>" in press(admin_client, f"again {NotDuplicate.objects.get().pk}")
    assert "Nobody has told two accounts apart." in text(admin_client, show="apart")


def test_a_press_on_a_page_grown_old_changes_nothing(
    admin_client: Client, two: tuple[Account, Account], make_organization: MakeOrganization
) -> None:
    fern = make_organization("Fern")
    for button in (f"same {two[0].pk} {two[1].pk} {fern.pk}", f"same {two[0].pk} {two[0].pk} 0"):
        assert "Nothing was changed." in press(admin_client, button)
    linking.link(two[0], fern, None)
    assert "Someone has decided" in press(admin_client, f"same {two[0].pk} {two[1].pk} 0")
    linking.link(two[1], fern, None)
    assert "Both are one client’s already" in press(admin_client, f"same {two[0].pk} {two[1].pk} {fern.pk}")
    linking.ignore(two[1], None)
    assert "Someone has decided" in press(admin_client, f"same {two[0].pk} {two[1].pk} {fern.pk}")
    assert Organization.objects.count() == 1


@pytest.mark.parametrize("button", ["", "same", "same 1 2", "apart 1", "apart x y", "eat 1 2", "again 7", "undo",
                                    "apart 1 99999999999999999999", "apart 98 99"])
def test_a_button_that_makes_no_sense_says_so(
    admin_client: Client, two: tuple[Account, Account], button: str
) -> None:
    assert 'class="error"' in press(admin_client, button)
    assert not AccountLink.objects.exists()
    assert not NotDuplicate.objects.exists()


def test_accounts_of_two_systems_are_never_told_apart_or_made_one_here(
    admin_client: Client, two: tuple[Account, Account], make_account: MakeAccount
) -> None:
    other = make_account(vendor="ninjaone")
    assert "no two accounts of one system" in press(admin_client, f"same {two[0].pk} {other.pk} 0")
    assert "no two accounts of one system" in press(admin_client, f"apart {two[0].pk} {other.pk}")


def test_it_is_for_those_who_map(client: Client, two: tuple[Account, Account]) -> None:
    client.force_login(User.objects.create_user("vcio", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"do": f"apart {two[0].pk} {two[1].pk}"}).status_code == 403
    assert not NotDuplicate.objects.exists()


def test_queries_do_not_grow_with_the_pairs(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for n in range(8):
        one, _ = (say(make_account(f"Lab {n}"), domains=[f"lab{n}.example"]) for _ in range(2))
        linking.link(one, make_organization(f"Lab client {n}"), None)
    with django_assert_max_num_queries(12):
        assert text(admin_client).count("Same client: both are Lab client") == 8


@pytest.mark.parametrize("name", ["", "x" * 5000, "‮eerf", "🦷", "<script>alert(1)</script>"])
def test_odd_names_are_shown(admin_client: Client, make_account: MakeAccount, name: str) -> None:
    for _ in range(2):
        say(make_account(name), domains=["odd.example"])
    page = text(admin_client, system="1 OR 1")
    assert "1 pair</b>" in page
    assert "<script>alert" not in page
