"""Two records of one client in one system: what makes a pair, and what makes none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetState
from organizations import blocking, linking
from organizations.duplicates import MOST, held_by, pairs
from organizations.models import NotDuplicate
from tests.organizations.conftest import MakeAccount, MakeOrganization, connection_of

FERN: dict[str, Any] = {"domains": ["fern.example"]}
TENANT = "0f8fad5b-d9cb-469f-a165-70867728950e"


def say(account: Account, **evidence: Any) -> Account:
    """What an account says of itself, as collected, and read."""
    account.evidence |= evidence
    account.save()
    blocking.refresh([account.pk])
    return account


def hold(account: Account, serial: str, **fields: Any) -> None:
    asset = Asset.objects.create(
        connection=account.connection, external_id=f"{serial} {account.pk}", serial=serial, layer="rmm", **fields
    )
    AssetState.objects.create(thing=asset, account=account, from_on="2026-01-01")


@pytest.fixture
def two(make_account: MakeAccount) -> tuple[Account, Account]:
    return make_account("Fernbrook"), make_account("Fernbrook Dental")


@pytest.mark.parametrize(("evidence", "words"), [
    ({"ids": {"quickbooks_online": "7"}}, "Same id of another system: quickbooks_online:7"),
    ({"tenant_id": TENANT}, f"Same tenant: {TENANT}"),
    ({"domains": ["www.fern.example"]}, "Same domain: fern.example"),
    ({"phones": ["+1 212 555 0134"]}, "Same telephone: 2125550134"),
])  # fmt: skip
def test_two_accounts_of_one_system_that_share_a_key_are_a_pair_with_words(
    two: tuple[Account, Account], evidence: dict[str, Any], words: str
) -> None:
    for account in two:
        say(account, **evidence)
    [pair] = pairs()
    assert (pair.one, pair.two, pair.evidence, pair.against) == (two[0].pk, two[1].pk, [words], [])


def test_so_are_two_of_one_name_but_for_what_tells_no_name_apart(make_account: MakeAccount) -> None:
    say(make_account("The Fernbrook Dental, Inc."))
    say(make_account("FERNBROOK DENTAL"))
    assert [pair.evidence for pair in pairs()] == [["Same name: “fernbrook dental”"]]


def test_accounts_of_two_connections_are_none(make_account: MakeAccount) -> None:
    say(make_account(), **FERN)
    say(make_account(vendor="ninjaone"), **FERN)
    assert pairs() == []


def test_serials_of_devices_that_two_accounts_or_their_sites_hold_now_make_a_pair(
    two: tuple[Account, Account], make_account: MakeAccount
) -> None:
    site = make_account("Site", kind="site", parent=two[1])
    for serial in ("ABC-1234", "abc-9999"):
        hold(two[0], serial)
    hold(site, "abc-1234")
    hold(site, "ABC-9999", retired_on=date(2026, 2, 1))
    [pair] = pairs()
    assert (pair.one, pair.two) == (two[0].pk, two[1].pk)
    assert pair.evidence == ["Devices with the same serial: ABC-1234"]


@pytest.mark.parametrize("serial", ["To be filled by O.E.M.", "0000000", "123456789", "0123456789", "N/A1", ""])
def test_what_a_maker_writes_for_a_serial_that_is_none_tells_nothing(two: tuple[Account, Account], serial: str) -> None:
    for account in two:
        hold(account, serial)
    assert pairs() == []


def test_a_key_that_many_accounts_carry_tells_nothing(make_account: MakeAccount) -> None:
    for n in range(MOST):
        say(make_account(f"Shop {n}"), domains=["chain.example"])
    assert len(pairs()) == MOST * (MOST - 1) // 2
    say(make_account("One more"), domains=["chain.example"])
    assert pairs() == []


def test_an_address_tells_only_beside_something_else(two: tuple[Account, Account]) -> None:
    for account in two:
        say(account, addresses=["1 Main Street, Springfield 12345"])
    assert pairs() == []
    for account in two:
        say(account, phones=["212 555 0134"])
    telephone, address = pairs()[0].evidence
    assert telephone == "Same telephone: 2125550134"
    assert address.startswith("Same address: ")


def test_what_differs_speaks_against_it_and_the_most_telling_comes_first(make_account: MakeAccount) -> None:
    alike = [say(make_account("Fernbrook"), domains=[f"fern{n}.example"]) for n in range(2)]
    sure = [say(make_account("Oakhaven"), domains=["oak.example"]) for n in range(2)]
    first, last = pairs()
    assert (first.one, first.two) == (sure[0].pk, sure[1].pk)
    assert (last.one, last.evidence, last.against) == (
        alike[0].pk, ["Same name: “fernbrook”"], ["Each has a domain of its own"],
    )  # fmt: skip


def test_what_people_have_settled_is_not_asked_again(
    two: tuple[Account, Account], make_organization: MakeOrganization
) -> None:
    one, other = two
    for account in two:
        say(account, **FERN)
    fern, oak = make_organization("Fern"), make_organization("Oak")
    linking.link(one, fern, None)
    assert [(pair.ours, pair.theirs) for pair in pairs()] == [(fern.pk, None)]
    linking.link(other, fern, None)
    assert pairs() == []
    linking.link(other, oak, None)
    assert [(pair.ours, pair.theirs) for pair in pairs()] == [(fern.pk, oak.pk)]
    oak.parent = fern
    oak.save()
    assert pairs() == []
    oak.parent, fern.parent = (parent := make_organization("Holding")), parent
    oak.save()
    fern.save()
    assert pairs() == []
    linking.ignore(other, None)
    assert pairs() == []
    linking.unlink(other, None)
    assert len(pairs()) == 1
    NotDuplicate.objects.create(one=one, two=other)
    assert pairs() == []


def test_accounts_that_are_gone_and_sites_are_not_asked_about(
    two: tuple[Account, Account], make_account: MakeAccount
) -> None:
    for account in (*two, make_account(kind="site", parent=two[0])):
        say(account, **FERN)
    assert len(pairs()) == 1
    Account.objects.filter(pk=two[1].pk).update(retired_on=date(2026, 1, 1))
    assert pairs() == []


def test_one_system_can_be_asked_for(two: tuple[Account, Account], make_account: MakeAccount) -> None:
    for account in (*two, make_account("A", "ninjaone"), make_account("B", "ninjaone")):
        say(account, **FERN)
    assert len(pairs()) == 2
    assert [pair.one for pair in pairs(connection_of("connectwise_psa").pk)] == [two[0].pk]


def test_what_each_holds_counts_its_sites(two: tuple[Account, Account], make_account: MakeAccount) -> None:
    hold(make_account("Site", kind="site", parent=two[0]), "ABC-1234")
    hold(two[0], "ABC-5678")
    held = held_by([account.pk for account in two], date(2026, 3, 1))
    assert held[two[0].pk] == (2, 0, Decimal(0))
    assert held[two[1].pk] == (0, 0, Decimal(0))


def test_a_tenants_own_id_speaks_against_no_other_and_a_named_tenant_does(make_account: MakeAccount) -> None:
    for n in range(2):
        say(make_account("Fernbrook", "microsoft_365", external_id=f"{n}{TENANT}"))
        say(make_account("Oakhaven"), tenant_id=f"{n}{TENANT}")
    assert [(pair.evidence, pair.against) for pair in pairs()] == [
        (["Same name: “fernbrook”"], []), (["Same name: “oakhaven”"], ["Each has a tenant of its own"]),
    ]  # fmt: skip
