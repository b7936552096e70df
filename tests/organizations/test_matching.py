"""What is linked without asking, and above all what is not."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement, AgreementState
from organizations import linking
from organizations.matching import link_new
from organizations.models import AccountLink, Domain, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization, connection_of

CLIENT = {"types": ["Client"]}


def verdict(account: Account) -> tuple[str, str] | None:
    """The organization's name and the method, or None while the account waits."""
    link = AccountLink.objects.current().filter(account=account, verdict="linked").first()
    return (link.organization.name, link.method) if link and link.organization else None


def evidence(*domains: str, **more: Any) -> dict[str, Any]:
    return {"domains": list(domains), **more}


def test_a_company_the_psa_calls_a_client_founds_one_and_brings_its_domain(make_account: MakeAccount) -> None:
    account = make_account("Fernbrook Dental, LLC", evidence=evidence("fernbrook.example", **CLIENT))
    done = link_new()
    assert verdict(account) == ("Fernbrook Dental, LLC", "founded")
    assert Organization.objects.get().slug == "fernbrook-dental"
    assert Domain.objects.get().name == "fernbrook.example"
    assert (done.founded, done.linked, done.waiting) == ({"connectwise_psa": 1}, {}, {})


def test_an_id_carried_by_another_system_links_it(make_account: MakeAccount) -> None:
    make_account("Fernbrook Dental", external_id="250", evidence=CLIENT)
    carrier = make_account("FERD - 7", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    link_new()
    assert verdict(carrier) == ("Fernbrook Dental", "explicit_id")
    link = AccountLink.objects.get(account=carrier)
    assert (link.reason, link.evidence) == (
        "Same ConnectWise PSA id, 250", {"keys": ["explicit_id connectwise_psa:250"]},
    )  # fmt: skip


def test_a_psa_company_is_linked_to_what_a_person_linked_its_carrier_to(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization("Fernbrook")
    company = make_account("Fernbrook Dental", external_id="250", evidence=CLIENT)
    carrier = make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    linking.link(carrier, organization, None)
    link_new()
    assert verdict(company) == ("Fernbrook", "explicit_id")


def test_a_verified_domain_and_a_tenant_link_it(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    make_organization("Fernbrook Dental", "fernbrook.example")
    customer = make_account("The Fernbrook Dental", "quickbooks_online", evidence=evidence("fernbrook.example"))
    link_new()
    assert verdict(customer) == ("Fernbrook Dental", "domain")
    linking.link(make_account("Tenant", "a_tenant", evidence={"tenant_id": "AB-1"}), Organization.objects.get(), None)
    other = make_account("ab-1", "another_tenant", evidence={"tenant_id": "ab-1"})
    link_new()
    assert verdict(other) == ("Fernbrook Dental", "tenant")


def test_running_twice_equals_running_once(make_account: MakeAccount) -> None:
    make_account("Fernbrook Dental", external_id="250", evidence=evidence("fernbrook.example", **CLIENT))
    make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    make_account("Fernbrook", "quickbooks_online", evidence=evidence("fernbrook.example"))
    make_account("Nobody knows", "ninjaone")
    first = link_new()
    links = set(AccountLink.objects.values_list("pk", flat=True))
    second = link_new()
    assert sum(first.linked.values()) + sum(first.founded.values()) == 3
    assert (second.linked, second.founded, second.waiting) == ({}, {}, {"ninjaone": 1})
    assert set(AccountLink.objects.values_list("pk", flat=True)) == links


def test_what_a_person_took_back_or_ignored_is_not_taken_up_again(make_account: MakeAccount) -> None:
    taken_back = make_account("Fernbrook Dental", evidence=CLIENT)
    ignored = make_account("Old Oak Realty", evidence=CLIENT)
    linking.unlink(taken_back, None)
    linking.ignore(ignored, None)
    link_new()
    assert verdict(taken_back) is verdict(ignored) is None


@pytest.mark.parametrize(("types", "active", "served", "founds"), [
    (["Client"], True, False, "client"),
    (["Former Client"], False, False, "client"),
    (["Vendor", "Customer"], True, False, "client"),
    (["Owner"], True, False, "internal"),
    (["Prospect"], True, False, None),
    (["Client prospect"], True, False, None),
    (["Vendor"], True, True, None),
    ([], True, False, None),
    ([], True, True, "client"),
])  # fmt: skip
def test_only_a_client_of_the_psa_founds_one(
    make_account: MakeAccount, types: list[str], active: bool, served: bool, founds: str | None
) -> None:
    account = make_account("Fernbrook Dental", evidence={"types": types}, active=active)
    if served:
        agreement = Agreement.objects.create(connection=account.connection, external_id="1", name="Managed")
        AgreementState.objects.create(thing=agreement, account=account, from_on="2026-01-01")
    link_new()
    assert [organization.kind for organization in Organization.objects.all()] == ([founds] if founds else [])


def test_other_systems_found_nobody(make_account: MakeAccount) -> None:
    make_account("Fernbrook Dental", "ninjaone", evidence=CLIENT)
    make_account("Fernbrook Dental", "quickbooks_online", evidence=CLIENT)
    link_new()
    assert not Organization.objects.exists()


def test_sites_are_left_to_their_parents(make_account: MakeAccount) -> None:
    parent = make_account(evidence=CLIENT)
    make_account("Fernbrook annex", kind="site", parent=parent, evidence=CLIENT)
    assert link_new().waiting == {}
    assert AccountLink.objects.get().account == parent


# Traps. Each says which accounts stand, and what each of them must come to: a name, or None where it waits.

FERN, OAK = "Fernbrook Dental", "Old Oak Realty"
Given = tuple[str, str, dict[str, Any], str | None]  # system, name, evidence, what it comes to

TRAPS: dict[str, list[Given]] = {
    "the same name, another domain, in the PSA": [
        ("connectwise_psa", "Fernbrook Dental LLC", evidence("fern.example", **CLIENT), None),
        ("connectwise_psa", "Fernbrook Dental, Inc.", evidence("brook.example", **CLIENT), None),
    ],
    "the same name, another domain, in the ledger": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("quickbooks_online", FERN, evidence("brook.example"), None),
    ],
    "the same name and nothing else": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("ninjaone", FERN, {}, None),
        ("quickbooks_online", FERN, {}, None),
    ],
    "free mail in common": [
        ("connectwise_psa", FERN, evidence("gmail.com", **CLIENT), FERN),
        ("quickbooks_online", OAK, evidence("gmail.com"), None),
    ],
    "two companies of the PSA with one domain": [
        ("connectwise_psa", "Fernbrook North", evidence("fern.example", **CLIENT), None),
        ("connectwise_psa", "Fernbrook South", evidence("fern.example", **CLIENT), None),
        ("quickbooks_online", "Fernbrook North", evidence("fern.example"), None),
    ],
    "two customers of the ledger with one domain": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("quickbooks_online", FERN, evidence("fern.example"), None),
        ("quickbooks_online", "Fernbrook Foundation", evidence("fern.example"), None),
    ],
    "domains of two clients": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("connectwise_psa", OAK, evidence("oak.example", **CLIENT), OAK),
        ("quickbooks_online", FERN, evidence("fern.example", "oak.example"), None),
    ],
    "an id of one client and the domain of another": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("connectwise_psa", OAK, evidence("oak.example", **CLIENT), OAK),
        ("ninjaone", FERN, evidence("oak.example", ids={"connectwise_psa": "1"}), None),
    ],
    "an id nobody has": [
        ("connectwise_psa", FERN, CLIENT, FERN),
        ("ninjaone", FERN, {"ids": {"connectwise_psa": "999"}}, None),
    ],
    "an id of a prospect": [
        ("connectwise_psa", FERN, {"types": ["Prospect"]}, None),
        ("ninjaone", FERN, {"ids": {"connectwise_psa": "1"}}, None),
    ],
    "evidence of another shape": [
        ("connectwise_psa", FERN, {"domains": "fern.example", "ids": ["250"], **CLIENT}, FERN),
        ("ninjaone", OAK, {"domains": None, "ids": "connectwise_psa:1"}, None),
    ],
}


@pytest.mark.parametrize("trap", TRAPS)
def test_it_does_not_fall_into(trap: str, make_account: MakeAccount) -> None:
    given = TRAPS[trap]
    accounts = [
        make_account(name, system, evidence=said, external_id=str(n))
        for n, (system, name, said, _) in enumerate(given, 1)
    ]
    link_new()
    link_new()
    assert [verdict(account) and verdict(account)[0] for account in accounts] == [expected for *_, expected in given]


def test_the_same_id_in_two_systems_of_one_vendor_links_neither(make_account: MakeAccount) -> None:
    first = make_account(FERN, external_id="250", evidence=CLIENT)
    second = Account.objects.create(
        connection=Connection.objects.create(vendor="connectwise_psa", label="acquired"), external_id="250", name=OAK
    )
    carrier = make_account(FERN, "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    link_new()
    assert verdict(first) == (FERN, "founded")
    assert verdict(second) is verdict(carrier) is None


def test_a_new_company_with_a_clients_domain_waits(make_account: MakeAccount) -> None:
    first = make_account(FERN, evidence=evidence("fern.example", **CLIENT))
    link_new()
    Account.objects.filter(pk=first.pk).update(evidence=CLIENT)  # the PSA no longer says so; the domain stays known
    newcomer = make_account(OAK, evidence=evidence("fern.example", **CLIENT))
    link_new()
    assert verdict(newcomer) is None


def test_an_account_linked_elsewhere_by_a_person_puts_its_domain_in_doubt(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization(FERN, "fern.example")
    linking.link(make_account(OAK, "ninjaone", evidence=evidence("fern.example")), make_organization(OAK), None)
    customer = make_account(FERN, "quickbooks_online", evidence=evidence("fern.example"))
    link_new()
    assert verdict(customer) is None


def test_the_number_of_queries_does_not_grow_with_the_accounts(
    make_account: MakeAccount, django_assert_max_num_queries: Any
) -> None:
    connection_of("connectwise_psa")
    for n in range(40):
        make_account(f"Client number {n}", external_id=f"{n}", evidence=evidence(f"client{n}.example", **CLIENT))
        make_account(f"C{n}", "ninjaone", evidence={"ids": {"connectwise_psa": f"{n}"}})
    with django_assert_max_num_queries(40):
        done = link_new()
    assert (done.founded["connectwise_psa"], done.linked["ninjaone"]) == (40, 40)
