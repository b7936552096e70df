"""Above all, what is not linked without asking."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.connections import Connection
from collectors.facts.accounts import Account
from organizations import linking
from organizations.matching import link_new
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.matching.accounts import ADDRESS, CLIENT, FERN, OAK, PHONE, evidence, verdict

Given = tuple[str, str, dict[str, Any], str | None]  # system, name, evidence, what it comes to

# Traps. Each says which accounts stand, and what each of them must come to: a name, or None where it waits.
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
    "an id of one client and the name of another, whose first word is abbreviated": [
        ("connectwise_psa", FERN, evidence("fern.example", **CLIENT), FERN),
        ("connectwise_psa", "Management of Hazelmere", evidence("hazel.example", **CLIENT), "Management of Hazelmere"),
        ("connectwise_psa", "Oakbury Construction", evidence("oakbury.example", **CLIENT), "Oakbury Construction"),
        ("connectwise_psa", "Electric Works, Lindow", evidence("lindow.example", **CLIENT), "Electric Works, Lindow"),
        ("ninjaone", "Mgmt of Hazelmere", {"ids": {"connectwise_psa": "1"}}, None),
        ("ninjaone", "Elec Works of Lindow", {"ids": {"connectwise_psa": "3"}}, None),
        ("quickbooks_online", "Mgmt of Hazelmere", {"ids": {"connectwise_psa": "2"}}, "Management of Hazelmere"),
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
