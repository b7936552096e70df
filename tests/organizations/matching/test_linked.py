"""What is linked without asking."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.facts.agreements import Agreement, AgreementState
from organizations import linking
from organizations.matching import link_new
from organizations.models import AccountLink, Domain, Organization
from tests.organizations.conftest import MakeAccount, MakeDevice, MakeOrganization, connection_of
from tests.organizations.matching.accounts import ADDRESS, CLIENT, FERN, PHONE, evidence, verdict


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
