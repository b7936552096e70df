"""A CRM's prospects: nobody is asked about them, and those that evidence decides are linked all the same."""

from __future__ import annotations

from datetime import date

from collectors.facts.accounts import Account
from organizations import holdings, suggestions
from organizations.matching import link_new
from organizations.models import Organization, Proposal
from qbr.data.undecided import waiting_accounts
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.matching.accounts import CLIENT, evidence, verdict

TODAY = date(2026, 6, 30)
PROSPECT = Account.Kind.PROSPECT


def test_a_prospect_waits_for_no_decision_founds_nobody_and_is_suggested_to_nobody(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental")
    for name in ("Fernbrook Dental", "Harbor Freightways", ""):
        make_account(name, "hubspot", kind=PROSPECT)
    assert link_new().waiting == {}
    assert (holdings.waiting(TODAY), suggestions.waiting(), waiting_accounts().count()) == ([], [], 0)
    assert (Organization.objects.count(), Proposal.objects.count()) == (1, 0)


def test_a_prospect_is_found_where_somebody_looks_for_it(make_account: MakeAccount) -> None:
    sought = make_account("Harbor Freightways", "hubspot", kind=PROSPECT)
    assert [held.account for held in holdings.waiting(TODAY, search="harbor")] == [sought.pk]


def test_what_decides_for_any_account_links_a_prospect(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental", "fern.example")
    sold = make_account("The FERNBROOK dental", "hubspot", kind=PROSPECT, evidence={"domains": ["www.fern.example"]})
    alike = make_account("Fernbrook", "pipedrive", kind=PROSPECT)
    link_new()
    assert (verdict(sold), verdict(alike)) == (("Fernbrook Dental", "signals"), None)


def test_of_a_client_and_a_prospect_that_say_the_same_only_the_client_waits(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental", "fern.example")
    said = {"domains": ["www.fern.example"]}
    prospect = make_account("Fernbrook Dental", "hubspot", kind=PROSPECT, evidence=said)
    client = make_account("Fernbrook Dental", "hubspot", evidence=said)
    assert link_new().waiting == {"hubspot": 1}
    assert (verdict(client), verdict(prospect)) == (None, None)
    assert [held.account for held in holdings.waiting(TODAY)] == [client.pk]


def test_a_prospect_that_became_a_client_waits_like_any_other(make_account: MakeAccount) -> None:
    sold = make_account("Harbor Freightways", "hubspot", kind=PROSPECT)
    link_new()
    Account.objects.filter(pk=sold.pk).update(kind=Account.Kind.CLIENT)
    assert link_new().waiting == {"hubspot": 1}
    assert [held.account for held in holdings.waiting(TODAY)] == [sold.pk]


def test_a_client_that_became_a_prospect_again_stays_whose_it_is(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_account("Fernbrook Dental", external_id="250", evidence=evidence("fern.example", **CLIENT))
    sold = make_account("FERD", "hubspot", evidence={"ids": {"connectwise_psa": "250"}})
    link_new()
    Account.objects.filter(pk=sold.pk).update(kind=PROSPECT)
    link_new()
    assert verdict(sold) == ("Fernbrook Dental", "explicit_id")
