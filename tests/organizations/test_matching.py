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
from tests.organizations.conftest import MakeAccount, MakeDevice, MakeOrganization, connection_of

CLIENT = {"types": ["Client"]}
FERN, OAK = "Fernbrook Dental", "Old Oak Realty"


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
        "Carries ConnectWise PSA id 250",
        {"keys": ["id connectwise_psa:250"], "words": ["Carries ConnectWise PSA id 250"]},
    )


def test_a_psa_company_is_linked_to_what_a_person_linked_its_carrier_to(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization("Fernbrook")
    company = make_account("Fernbrook Dental", external_id="250", evidence=CLIENT)
    carrier = make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    linking.link(carrier, organization, None)
    link_new()
    assert verdict(company) == ("Fernbrook", "explicit_id")


def test_a_tenant_links_it(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    organization = make_organization("Fernbrook Dental")
    linking.link(make_account("Tenant", "a_tenant", evidence={"tenant_id": "AB-1"}), organization, None)
    other = make_account("ab-1", "another_tenant", evidence={"tenant_id": "ab-1"})
    itself = make_account("Contoso", "microsoft_365", external_id="AB-1")
    link_new()
    assert verdict(other) == verdict(itself) == ("Fernbrook Dental", "tenant")


# Two strong signals of different kinds decide. Of each pair: the name, what it says, whether the two are enough.
PHONE, ADDRESS = "(212) 555-0134", "12 Mill Ln., Fernbrook, OH 43001"


@pytest.mark.parametrize(("name", "said", "linked"), [
    ("The FERNBROOK dental", {"domains": ["www.fern.example"]}, True),
    ("Fernbrok Dental", {"domains": ["fern.example"]}, True),
    ("FBRD - 7", {"domains": ["fern.example"]}, False),
    ("Fernbrook Dental Logistics", {"domains": ["fern.example"]}, False),
    ("Fernbrook Dental Logistics", {"domains": ["fern.example"], "phones": ["+1 212 555 0134"]}, False),
    ("4c088f1a-68a1-4d3a", {"domains": ["fern.example"]}, False),
    ("4c088f1a-68a1-4d3a", {"domains": ["fern.example"], "phones": ["+1 212 555 0134"]}, True),
    ("Fernbrook Dental", {"phones": ["212.555.0134 ext. 7"]}, True),
    ("Fernbrook Dental", {"addresses": ["12 mill lane, 43001-0007"]}, True),
    ("Fernbrook", {"domains": ["fern.example"]}, False),
    ("Fernbrook", {"domains": ["fern.example"], "phones": ["+1 212 555 0134"]}, True),
    ("Birch Realty", {"phones": ["+1 212 555 0134"], "addresses": [ADDRESS]}, False),
    ("4c088f1a-68a1-4d3a", {"phones": [PHONE], "addresses": [ADDRESS]}, False),
    ("Fernbrook Dental", {"phones": ["800 555 0134"]}, False),
    ("Fernbrook Dental", {}, False),
])  # fmt: skip
def test_two_strong_signals_that_agree_link_it_and_one_does_not(
    make_account: MakeAccount, name: str, said: dict[str, Any], linked: bool
) -> None:
    make_account(FERN, evidence=evidence("fern.example", phones=[PHONE], addresses=[ADDRESS], **CLIENT))
    make_account("Silverdale Printing", evidence=evidence("silver.example", phones=["800 555 0134"], **CLIENT))
    customer = make_account(name, "quickbooks_online", evidence=said)
    link_new()
    assert verdict(customer) == ((FERN, "signals") if linked else None)


def test_a_decision_keeps_its_evidence(make_account: MakeAccount) -> None:
    make_account(FERN, evidence=evidence("fern.example", phones=[PHONE], **CLIENT))
    customer = make_account(FERN, "quickbooks_online", evidence=evidence("fern.example", phones=[PHONE]))
    link_new()
    link = AccountLink.objects.get(account=customer)
    assert link.evidence == {
        "keys": ["domain fern.example", "name fernbrook dental", "phone 2125550134"],
        "words": ["Same domain, fern.example", "Same phone, 212 555 0134", "Same name"],
    }


@pytest.mark.parametrize(("ours", "theirs", "linked"), [
    (["SN-0001", "SN-0002", "SN-0003"], ["sn-0001", "sn-0002", "SN-0009"], True),
    (["SN-0001"], ["SN-0001"], False),
    (["SN-0001", "SN-0002", "SN-0003", "SN-0004", "SN-0005"],
     ["SN-0001", "SN-0002", "SN-0007", "SN-0008", "SN-0009"], False),
    (["Default string", "To be filled by O.E.M.", "0000000"], ["Default string", "To Be Filled By O.E.M.", "0000000"],
     False),
])  # fmt: skip
def test_serial_numbers_of_two_systems_back_a_name_up(
    make_account: MakeAccount, make_device: MakeDevice, ours: list[str], theirs: list[str], linked: bool
) -> None:
    make_account(FERN, external_id="250", evidence=CLIENT)
    watched = make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    site = make_account("Main office", "ninjaone", kind="site", parent=watched)
    for serial in ours:
        make_device(site, serial)
    backed_up = make_account("Fernbrok Dental", "datto_bcdr")
    for serial in theirs:
        make_device(backed_up, serial)
    link_new()
    assert verdict(backed_up) == ((FERN, "signals") if linked else None)


def test_a_serial_number_under_two_accounts_of_a_system_is_nobodys(
    make_account: MakeAccount, make_device: MakeDevice
) -> None:
    make_account(FERN, external_id="250", evidence=CLIENT)
    watched = make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    other, backed_up = make_account("Depot", "ninjaone"), make_account(FERN, "datto_bcdr")
    for serial in ("SN-0001", "SN-0002"):
        for account in (watched, other, backed_up):
            make_device(account, serial)
    link_new()
    assert verdict(backed_up) is None


def test_running_twice_equals_running_once(make_account: MakeAccount) -> None:
    make_account("Fernbrook Dental", external_id="250", evidence=evidence("fernbrook.example", **CLIENT))
    make_account("FERD", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    make_account("Fernbrook Dental Inc", "quickbooks_online", evidence=evidence("fernbrook.example"))
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

Given = tuple[str, str, dict[str, Any], str | None]  # system, name, evidence, what it comes to

TRAPS: dict[str, list[Given]] = {
    "the same name and nothing that tells them apart, in the PSA": [
        ("connectwise_psa", "Fernbrook Dental LLC", evidence("fern.example", **CLIENT), None),
        ("connectwise_psa", "Fernbrook Dental, Inc.", CLIENT, None),
        ("connectwise_psa", "Oak Supply", evidence(phones=[PHONE], **CLIENT), None),
        ("connectwise_psa", "Oak Supply", evidence(phones=["312 555 0199"], **CLIENT), None),
    ],
    "the same name, another domain, in the PSA": [
        ("connectwise_psa", "Fernbrook Dental LLC", evidence("fern.example", **CLIENT), "Fernbrook Dental LLC"),
        ("connectwise_psa", "Fernbrook Dental, Inc.", evidence("brook.example", **CLIENT), "Fernbrook Dental, Inc."),
        ("quickbooks_online", "Fernbrook Dental", evidence("brook.example"), None),
        ("ninjaone", "Fernbrook Dental", {}, None),
    ],
    "the same name and telephone at another address": [
        ("connectwise_psa", FERN, evidence(phones=[PHONE], addresses=[ADDRESS], **CLIENT), FERN),
        ("quickbooks_online", FERN, evidence(phones=[PHONE], addresses=["9 Oak Road, 60614"]), None),
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
    "an id of one client and the name of another": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("connectwise_psa", OAK, evidence("oak.example", **CLIENT), OAK),
        ("ninjaone", "OLD OAK REALTY", {"ids": {"connectwise_psa": "1"}}, None),
    ],
    "an id of one client and nearly the name of another": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("connectwise_psa", "Hazelmere Law Group", evidence("hazel.example", **CLIENT), "Hazelmere Law Group"),
        ("ninjaone", "Hazelmere", {"ids": {"connectwise_psa": "1"}}, None),
    ],
    "an id of one client and serial numbers, telephone and address of nobody else": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("ninjaone", "FERD", {"ids": {"connectwise_psa": "1"}, "phones": [PHONE]}, FERN),
        ("datto_bcdr", "FERD", {"ids": {"connectwise_psa": "1"}}, FERN),
    ],
    "ids of two clients": [
        ("connectwise_psa", FERN, CLIENT, FERN),
        ("connectwise_psa", OAK, CLIENT, OAK),
        ("datto_bcdr", "Oak", {"ids": {"connectwise_psa": "2"}}, None),
        ("ninjaone", FERN, {"ids": {"connectwise_psa": "1", "datto_bcdr": "3"}}, None),
    ],
    "another id than the client's, with its domain and its name": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("quickbooks_online", FERN, evidence("fern.example", ids={"connectwise_psa": "77"}), None),
    ],
    "an id that two records of one system carry, one of another name": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("ninjaone", FERN, {"ids": {"connectwise_psa": "1"}}, FERN),
        ("ninjaone", "Silverdale", {"ids": {"connectwise_psa": "1"}}, None),
    ],
    "two accounts of a system that would go to one client": [
        ("connectwise_psa", FERN, evidence("fern.example", phones=[PHONE], **CLIENT), FERN),
        ("quickbooks_online", "Fernbrook Dental", evidence(phones=[PHONE]), None),
        ("quickbooks_online", "Fernbrok Dental", evidence("fern.example"), None),
    ],
    "a subsidiary that uses its parent's domain": [
        ("connectwise_psa", "Milldale", evidence("milldale.example", phones=[PHONE], **CLIENT), "Milldale"),
        ("quickbooks_online", "Milldale Logistics", evidence("milldale.example", phones=[PHONE]), None),
    ],
    "franchises that share a name": [
        ("connectwise_psa", "Hazel Foods", evidence("north.example", phones=[PHONE], **CLIENT), "Hazel Foods"),
        ("connectwise_psa", "Hazel Foods Inc", evidence("south.example", phones=["312 555 0199"], **CLIENT),
         "Hazel Foods Inc"),
        ("quickbooks_online", "Hazel Foods", evidence("south.example"), None),
        ("datto_bcdr", "Hazel Foods", evidence("south.example", phones=["+13125550199"]), "Hazel Foods Inc"),
        ("ninjaone", "Hazel Foods", evidence("north.example", phones=["+13125550199"]), None),
    ],
    "companies of a family that share a domain": [
        ("connectwise_psa", "Milldale", evidence("mill.example", phones=[PHONE], **CLIENT), "Milldale"),
        ("connectwise_psa", "Oldgate Realty", evidence("mill.example", phones=["312 555 0199"], **CLIENT),
         "Oldgate Realty"),
        ("quickbooks_online", "Oldgate Realty", evidence("mill.example"), None),
    ],
    "a client of the past": [
        ("connectwise_psa", FERN, evidence("fern.example", types=["Former Client"]), FERN),
        ("quickbooks_online", FERN, evidence("fern.example"), None),
    ],
    "what a client of the past left to the one that took it over": [
        ("connectwise_psa", FERN, evidence("fern.example", types=["Former Client"]), FERN),
        ("connectwise_psa", OAK, CLIENT, OAK),
        ("quickbooks_online", "Fernbrook", {"ids": {"connectwise_psa": "2"}}, OAK),
    ],
    "two accounts called the same, each with an id": [
        ("connectwise_psa", FERN, CLIENT, FERN),
        ("connectwise_psa", OAK, CLIENT, OAK),
        ("ninjaone", "Main office", {"ids": {"connectwise_psa": "1"}}, FERN),
        ("ninjaone", "Main office", {"ids": {"connectwise_psa": "2"}}, OAK),
    ],
    "a name in letters that only look the same": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("quickbooks_online", "F\u0435rnbrook D\u0435ntal", evidence("fern.example"), None),
        ("ninjaone", "F\u0435rnbrook Dental", {"ids": {"connectwise_psa": "1"}}, None),
        ("connectwise_psa", "Fernbrook D\u0435ntal", CLIENT, None),
    ],
    "a tenant's own name of the provider": [
        ("connectwise_psa", FERN, evidence("fern.onmicrosoft.com", **CLIENT), FERN),
        ("quickbooks_online", FERN, evidence("oak.onmicrosoft.com"), None),
    ],
    "names that are none": [
        ("connectwise_psa", "\N{TOOTH}", evidence("fern.example", **CLIENT), "\N{TOOTH}"),
        ("quickbooks_online", "\N{TOOTH}", evidence(phones=[PHONE]), None),
        ("quickbooks_online", "", {}, None),
        ("quickbooks_online", "\u202e", {}, None),
        ("quickbooks_online", "x" * 100_000, {}, None),
    ],
    "an id nobody has": [
        ("connectwise_psa", FERN, CLIENT, FERN),
        ("ninjaone", FERN, {"ids": {"connectwise_psa": "999"}}, None),
    ],
    "an id of a prospect": [
        ("connectwise_psa", FERN, {"types": ["Prospect"]}, None),
        ("ninjaone", FERN, {"ids": {"connectwise_psa": "1"}}, None),
    ],
    "telephones of another shape": [
        ("connectwise_psa", FERN, {"phones": "2125550134", "addresses": [None, 7], **CLIENT}, FERN),
        ("quickbooks_online", FERN, {"phones": ["1", "n/a", "000 000 0000"], "addresses": "x"}, None),
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
    with django_assert_max_num_queries(80):
        done = link_new()
    assert (done.founded["connectwise_psa"], done.linked["ninjaone"]) == (40, 40)
