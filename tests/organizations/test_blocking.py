"""The index of what accounts say: what is read, what tells nothing, and that only what changed is read again."""

from __future__ import annotations

from typing import Any

import pytest

from organizations import blocking
from organizations.evidence import address_key, owned_domain, phone_key
from organizations.models import NameKey, Signal
from tests.organizations.conftest import MakeAccount, MakeOrganization


def said() -> set[tuple[str, str]]:
    return set(Signal.objects.values_list("kind", "key"))


def test_everything_an_account_says_is_a_signal(make_account: MakeAccount) -> None:
    make_account("The Fernbrook Dental, LLC", external_id="7", evidence={
        "domains": ["www.fern.example", "gmail.com"], "ids": {"ninjaone": 12}, "tenant_id": "AB-1",
        "phones": ["(212) 555-0134"], "addresses": ["12 Mill Ln, Fernbrook, 43001"],
    })  # fmt: skip
    assert blocking.refresh() == 1
    assert said() == {
        ("id", "connectwise_psa:7"), ("id", "ninjaone:12"), ("tenant", "ab-1"), ("domain", "fern.example"),
        ("phone", "2125550134"), ("address", "12 mill lane|43001"), ("name", "fernbrook dental"),
    }  # fmt: skip


def test_only_what_has_changed_is_read_again(make_account: MakeAccount) -> None:
    account, other = make_account("Fernbrook", external_id="7"), make_account("Old Oak", external_id="8")
    assert (blocking.refresh(), blocking.refresh()) == (2, 0)
    kept = Signal.objects.get(account=account, kind="id").pk
    account.name = "Birch"
    account.save()
    other.kind = "site"
    other.save()
    assert blocking.refresh() == 2
    assert said() == {("id", "connectwise_psa:7"), ("name", "birch")}
    assert Signal.objects.get(account=account, kind="id").pk == kept


@pytest.mark.parametrize("evidence", [[], "text", {"domains": {"a": 1}, "ids": ["x"], "phones": [{}], "tenant_id": 7}])
def test_evidence_of_another_shape_says_nothing(make_account: MakeAccount, evidence: Any) -> None:
    make_account("\N{TOOTH}", external_id="7", evidence=evidence)
    make_account("x" * 10_000, external_id="y" * 10_000)
    blocking.refresh()
    assert Signal.objects.filter(account__external_id="7").count() == 1
    assert max(len(key) for _, key in said()) <= 200


def test_a_name_with_tabs_and_lines_is_copied_as_it_is(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_account("Fern\tbrook\n\\N", external_id="a\\b")
    make_organization("Fern\tbrook\n\\N", slug="fern")
    blocking.refresh()
    assert (blocking.refresh_names(), blocking.refresh_names()) == (1, 0)
    assert said() == {("id", "connectwise_psa:a\\b"), ("name", "fern brook n")}
    assert NameKey.objects.filter(key="=fern brook n").exists()


@pytest.mark.parametrize(("text", "key"), [
    ("+1 (212) 555-0134 x12", "2125550134"), ("1-212-555-0134", "2125550134"), ("+44 (0)20 7946 0958", "2079460958"),
    ("020 7946 0958", "2079460958"), ("+61 2 5550 1234", "255501234"), ("555 0134", "5550134"),
    ("800-555-0134", None), ("1-888-555-0134", None), ("911", None), ("000 000 0000", None), ("n/a", None),
])  # fmt: skip
def test_a_phone_is_its_national_part_and_free_or_short_ones_tell_nothing(text: str, key: str | None) -> None:
    assert phone_key(text) == key


@pytest.mark.parametrize(("text", "key"), [
    ("12 Mill Ln., Suite 4, Fernbrook, OH 43001-1234", "12 mill lane|43001"),
    ("Unit 4, 9 High St, London SW1A 1AA", "9 high street|sw1a1aa"),
    ("1200 N. Main St, Springfield", "1200 north main street springfield"),
    ("9 High Street", None), ("Springfield", None), ("", None),
])  # fmt: skip
def test_an_address_is_street_and_postcode(text: str, key: str | None) -> None:
    assert address_key(text) == key


@pytest.mark.parametrize("text", ["acme.onmicrosoft.com", "a@gmail.com", "acme.wixsite.com", "acme.local", "10.0.0.1"])
def test_some_domains_are_nobodys(text: str) -> None:
    assert owned_domain(text) is None
