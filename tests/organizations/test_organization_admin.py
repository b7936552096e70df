"""The page of one organization, its history and the list of decisions, read as an admin would."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from collectors.facts.touched import Touched
from organizations import linking
from organizations.admin.history import history
from organizations.admin.words import evidence_lines
from organizations.models import Organization, OrganizationChange
from tests.organizations.conftest import MakeAccount, MakeOrganization

ORGANIZATIONS = "/admin/organizations/organization/"
DECISIONS = "/admin/organizations/accountlink/"


def text(client: Client, address: str, **asked: str) -> str:
    return re.sub(r"\s+", " ", client.get(address, asked).content.decode())


def beside_of(organization: Organization) -> str:
    return f"{ORGANIZATIONS}{organization.pk}/beside/"


@pytest.mark.parametrize(("evidence", "lines"), [
    ({"keys": ["domain fern.example", "explicit_id connectwise_psa:250", "tenant AA-1", "serial X9"]},
     ["Same domain, fern.example", "Same ConnectWise PSA id, 250", "Same tenant, AA-1", "Same serial number, X9"]),
    ({"shown": ["Same name"], "against": ["Another domain, b.example"]},
     ["Same name", "Against it: Another domain, b.example"]),
    ({"undone": 17}, ["Takes back decision 17"]),
    ({"types": ["Client"], "domains": ["a.example", "b.example"], "ids": {"ninjaone": 7}},
     ["Called “Client”", "Domain a.example, b.example", "NinjaOne id 7"]),
    ({"file": "map.csv", "line": 4, "empty": []}, ["File: map.csv", "Line: 4"]),
    ({"keys": "a line of its own", "types": None}, ["a line of its own"]),
    (["Same name"], ["Same name"]),
    ({}, []),
    (None, []),
])  # fmt: skip
def test_evidence_of_every_shape_is_read_as_lines(evidence: Any, lines: list[str]) -> None:
    assert evidence_lines(evidence) == lines


def test_an_organization_shows_its_accounts_with_method_evidence_who_when_and_why(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization("Fernbrook", "fern.example")
    account = make_account("FERN", link="https://psa.example/open/7")
    person = User.objects.get(username="admin")
    linking.link(account, organization, person, "They said so", evidence={"keys": ["domain fern.example"]})
    page = text(admin_client, beside_of(organization))
    for shown in ("FERN", "A person", "Same domain, fern.example", "They said so", "Since ever · admin,",
                  'href="https://psa.example/open/7"', "Open in ConnectWise PSA", "from the beginning"):  # fmt: skip
        assert shown in page


def test_differences_are_marked_in_words(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization()
    for vendor, domain in (("connectwise_psa", "one.example"), ("ninjaone", "two.example")):
        linking.link(make_account(vendor=vendor, evidence={"domains": [domain]}), organization, None)
    page = text(admin_client, beside_of(organization))
    assert "The records do not agree on domains." in page
    assert page.count('<span class="differs">differs</span>') == 3


def test_agreement_money_is_absent_for_those_who_may_not_see_finance(
    client: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization()
    linking.link(make_account(), organization, None)
    person = User.objects.create_user("mapper", is_staff=True)
    client.force_login(person)
    assert client.get(beside_of(organization)).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="view_organization"))
    assert "Agreements a month" not in text(client, beside_of(organization))
    person.user_permissions.add(Permission.objects.get(codename="see_finance"))
    assert "Agreements a month" in text(client, beside_of(organization))


@pytest.mark.parametrize("name", ["", "x" * 5000, "\u202eeerf", "🦷" * 300, "<script>alert(1)</script>", "Асме"])
def test_odd_names_are_shown_clipped_and_escaped(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization, name: str
) -> None:
    organization = make_organization(name, slug="odd")
    linking.link(make_account(name), organization, User.objects.get(username="admin"), name[:100])
    for address in (beside_of(organization), f"{ORGANIZATIONS}{organization.pk}/history/", ORGANIZATIONS, DECISIONS):
        page = text(admin_client, address)
        assert "<script>alert" not in page
        assert "x" * 300 not in re.sub(r"<[^>]*>", " ", page)
        assert 'class="errornote"' not in page


def test_what_is_merged_away_says_where_it_went(admin_client: Client, make_organization: MakeOrganization) -> None:
    into = make_organization("Hazel")
    gone = make_organization("Hazel Realty", merged_into=into)
    page = text(admin_client, beside_of(gone))
    assert "Merged into" in page
    assert beside_of(into) in page
    assert "No account is linked to this organization today." in page


def test_history_has_every_decision_and_change_of_an_organization_newest_first(
    make_account: MakeAccount, make_organization: MakeOrganization, admin_user: User
) -> None:
    fern, hazel, account = make_organization("Fern"), make_organization("Hazel"), make_account("FERN", "ninjaone")
    linking.link(account, fern, None, method=linking.Method.DOMAIN, evidence={"keys": ["domain fern.example"]})
    linking.link(account, hazel, admin_user, "It was sold")
    OrganizationChange.objects.create(
        kind="rename", organization=fern, reason="New sign", decided_by=admin_user,
        before={f"{fern.pk}": {"name": "Ferm"}}, after={f"{fern.pk}": {"name": "Fern"}},
    )  # fmt: skip
    linking.link(make_account("Somebody's", "ninjaone"), hazel, None)
    assert history(hazel)[0].by == "Nobody on record"
    renamed, sold, linked = history(fern)
    assert (renamed.what, renamed.why) == ("“Ferm” renamed to “Fern”", "New sign")
    assert (sold.what, sold.by, sold.why) == ("“FERN” in ninjaone linked to “Hazel”", "admin", "It was sold")
    assert (linked.what, linked.by) == ("“FERN” in ninjaone linked here", "Evidence, without asking")
    assert (linked.evidence, linked.since) == (["Same domain, fern.example"], "ever")
    assert linked.until == sold.at
    assert sold.until is None


def test_history_comes_in_pages_at_the_same_price(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    organization = make_organization()
    for number in range(30):
        linking.link(make_account(f"Fern {number}"), organization, None, starts_on=date(2026, 1, 1))
    with django_assert_max_num_queries(12):
        first = text(admin_client, f"{ORGANIZATIONS}{organization.pk}/history/")
    assert first.count("linked here") == 25
    assert "from 1 Jan 2026" in first
    assert text(admin_client, f"{ORGANIZATIONS}{organization.pk}/history/", p="2").count("linked here") == 5
    assert admin_client.get(f"{ORGANIZATIONS}x/history/").status_code == 404


def test_what_a_change_owns_is_read_only_in_the_form(admin_client: Client, make_organization: MakeOrganization) -> None:
    organization = make_organization("Fernbrook")
    address = f"{ORGANIZATIONS}{organization.pk}/change/"
    page = text(admin_client, address)
    assert beside_of(organization) in page
    form = {"slug": "fernbrook", "kind": "client", "segment": "Dental", "domains-TOTAL_FORMS": "0",
            "domains-INITIAL_FORMS": "0"}  # fmt: skip
    forged = {"name": "Another", "client_to": "2026-01-01", "parent": str(make_organization("Group").pk)}
    assert admin_client.post(address, form | forged).status_code == 302
    organization.refresh_from_db()
    assert (organization.name, organization.client_to, organization.parent) == ("Fernbrook", None, None)
    assert organization.segment == "Dental"
    assert history(organization)[0].what == "Changed Segment."


def test_an_organization_can_still_be_added_by_hand(admin_client: Client, db: None) -> None:
    form = {"name": "Oak", "slug": "oak", "kind": "partner", "domains-TOTAL_FORMS": "0", "domains-INITIAL_FORMS": "0"}
    assert admin_client.post(f"{ORGANIZATIONS}add/", form).status_code == 302
    assert Organization.objects.get(slug="oak").name == "Oak"


@pytest.mark.parametrize("moved", [{"client_from": "2026-01-01"}, {"segment": "Dental"}])
def test_the_first_day_as_a_client_and_the_segment_mark_the_accounts(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization, moved: dict[str, str]
) -> None:
    organization, account = make_organization("Fernbrook"), make_account()
    linking.link(account, organization, None)
    Touched.objects.all().delete()
    form = {"slug": "fernbrook", "kind": "client", "domains-TOTAL_FORMS": "0", "domains-INITIAL_FORMS": "0", **moved}
    assert admin_client.post(f"{ORGANIZATIONS}{organization.pk}/change/", form).status_code == 302
    assert Touched.objects.filter(account=account.pk).exists()


def test_decisions_are_filtered_by_system_method_and_person_and_read_in_words(
    admin_client: Client, make_account: MakeAccount, make_organization: MakeOrganization, admin_user: User
) -> None:
    organization = make_organization("Fernbrook")
    linking.link(make_account("In the PSA"), organization, admin_user, "They said so")
    rmm = linking.link(make_account("In the RMM", "ninjaone"), organization, None, method=linking.Method.DOMAIN,
                       evidence={"keys": ["domain fern.example"]})  # fmt: skip
    everything = text(admin_client, DECISIONS)
    assert "Same domain, fern.example" in everything
    for asked in ({"system": "ninjaone"}, {"method__exact": "domain"}, {"q": "In the RMM"}):
        page = text(admin_client, DECISIONS, **asked)
        assert "In the RMM" in page
        assert "In the PSA" not in page
    assert "In the RMM" not in text(admin_client, DECISIONS, decided_by__id__exact=str(admin_user.pk))
    assert "Same domain, fern.example" in text(admin_client, f"{DECISIONS}{rmm.pk}/change/")
