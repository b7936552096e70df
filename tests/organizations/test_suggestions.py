"""Whose a waiting account may be: ranked, strong only where nothing speaks against it, and said in words."""

from __future__ import annotations

import pytest

from collectors.facts.accounts import Account
from organizations import linking
from organizations.suggestions import Suggestion, suggestions
from tests.organizations.conftest import MakeAccount, MakeOrganization


def best(account: Account) -> list[tuple[str, str, str]]:
    return [_said(one) for one in suggestions([account])[account.pk]]


def _said(one: Suggestion) -> tuple[str, str, str]:
    return one.organization.name, one.strength.name.lower(), one.reason


def test_an_id_comes_before_a_domain_and_a_domain_before_a_name(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental", "fern.example")
    account = make_account("FERNBROOK DENTAL", "ninjaone", evidence={"domains": ["fern.example"]})
    assert best(account) == [("Fernbrook Dental", "strong", "Same domain, fern.example; Same name")]
    linking.link(make_account("Fernbrook", external_id="250"), make_organization("Oak Group"), None)
    carrier = make_account("Fernbrook Dental", "ninjaone", evidence={"ids": {"connectwise_psa": "250"}})
    assert best(carrier) == [
        ("Oak Group", "weak",
         "Carries ConnectWise PSA id 250; Similar name. But: Its name is more like Fernbrook Dental's"),
        ("Fernbrook Dental", "weak",
         "Same name. But: Its ConnectWise PSA id is Oak Group's; 2 records of ninjaone have that name"),
    ]
    sure = make_account("4c088f1a-68a1", "datto_bcdr", evidence={"ids": {"connectwise_psa": "250"}})
    assert best(sure) == [("Oak Group", "certain", "Carries ConnectWise PSA id 250")]


def test_where_keys_point_to_two_clients_none_is_strong(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental", "fern.example")
    linking.link(make_account("Oak", external_id="250"), make_organization("Oak Group"), None)
    evidence = {"domains": ["fern.example"], "ids": {"connectwise_psa": "250"}}
    offered = best(make_account("FERN", "ninjaone", evidence=evidence))
    assert {said[:2] for said in offered} == {("Fernbrook Dental", "weak"), ("Oak Group", "weak")}


def test_the_same_name_is_strong_only_where_one_client_has_it_and_no_domain_differs(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Hazel Realty LLC", "hazel.example")
    assert best(make_account("The HAZEL realty", "ninjaone")) == [("Hazel Realty LLC", "strong", "Same name")]
    other = make_account("Hazel Realty", "quickbooks_online", evidence={"domains": ["other.example"]})
    assert best(other) == [(
        "Hazel Realty LLC", "weak", "Same name. But: Another domain, other.example; Hazel Realty LLC has hazel.example",
    )]
    make_organization("Hazel Realty Inc.", slug="hazel-2")
    assert {said[1] for said in best(make_account("Hazel Realty", "ninjaone"))} == {"weak"}


def test_a_similar_name_is_weak_and_the_closest_comes_first(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    for name in ("Oakhaven Foods", "Oakhaven Food Services", "Silverdale Printing"):
        make_organization(name)
    offered = best(make_account("Oakhaven Food", "ninjaone"))
    assert [said[0] for said in offered] == ["Oakhaven Foods", "Oakhaven Food Services"]
    assert [said[1:] for said in offered] == [("weak", "Same name but for its spelling"), ("weak", "Similar name")]


def test_a_word_that_only_one_client_has_suggests_it(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    for name in ("Southmoor Family Clinic", "Hazelmoor Family Clinic"):
        make_organization(name)
    assert best(make_account("SOUF - Southmoor", "ninjaone")) == [
        ("Southmoor Family Clinic", "weak", "The only client with “southmoor” in its name")
    ]
    assert best(make_account("Clinic on the hill", "ninjaone")) == []


def test_a_domain_in_doubt_only_suggests(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    make_organization("Fernbrook Dental", "fern.example")
    first = make_account("A", "quickbooks_online", evidence={"domains": ["fern.example"]})
    make_account("B", "quickbooks_online", evidence={"domains": ["fern.example"]})
    assert best(first) == [
        ("Fernbrook Dental", "weak",
         "Same domain, fern.example. But: 2 records of quickbooks_online have the domain fern.example")
    ]


def test_merged_organizations_are_not_offered(make_account: MakeAccount, make_organization: MakeOrganization) -> None:
    stays = make_organization("Silverdale Printing")
    make_organization("Oakhaven Foods", merged_into=stays)
    assert best(make_account("Oakhaven Foods", "ninjaone")) == []


@pytest.mark.parametrize("name", ["", "🦷", "4c088f1a-68a1-4d3a-a2ba-ed30d8710a00", "x" * 10_000])
def test_a_name_that_says_nothing_suggests_nothing(
    make_account: MakeAccount, make_organization: MakeOrganization, name: str
) -> None:
    make_organization("Oakhaven Foods")
    assert best(make_account(name, "ninjaone")) == []
