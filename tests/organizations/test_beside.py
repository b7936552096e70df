"""One organization side by side: what is shown of each account, what differs, and what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from collectors.facts.service import Ticket
from organizations import linking
from organizations.beside import Beside, beside
from organizations.models import Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization

TODAY = date(2026, 3, 10)


@pytest.fixture
def fernbrook(make_organization: MakeOrganization) -> Organization:
    return make_organization("Fernbrook Dental")


def differing(shown: Beside) -> dict[str, list[str]]:
    """The systems marked in each row that has a mark."""
    return {row.label: [cell.system for cell in row.cells if cell.differs] for row in shown.rows if row.differs}


def said(shown: Beside, label: str) -> list[tuple[str, ...]]:
    return next([cell.said for cell in row.cells] for row in shown.rows if row.label == label)


def linked(organization: Organization, *accounts: Account) -> Beside:
    for account in accounts:
        linking.link(account, organization, None)
    return beside(organization, TODAY)


def test_each_account_of_today_has_a_column_the_psa_first_and_sites_go_with_theirs(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    ledger, psa = make_account("Fern", "quickbooks_online"), make_account("Fern")
    make_account("Main office", "quickbooks_online", kind="site", parent=ledger)
    job = make_account("A job", "quickbooks_online", kind="site", parent=ledger)
    make_account("Under the job", "quickbooks_online", kind="site", parent=job)
    gone = make_account("Fern too", retired_on=TODAY)
    shown = linked(fernbrook, ledger, gone, psa)
    assert [column.account for column in shown.columns] == [psa, ledger, gone]
    assert shown.columns[1].sites == ("A job", "Main office", "Under the job")
    assert shown.columns[1].sites_total == 3
    assert [column.system for column in shown.columns] == ["ConnectWise PSA", "QuickBooks Online", "ConnectWise PSA"]


def test_an_account_that_comes_later_or_has_left_has_no_column(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    left, comes = make_account(), make_account()
    linking.link(left, fernbrook, None)
    linking.ignore(left, None, starts_on=date(2026, 3, 10))
    linking.link(comes, fernbrook, None, starts_on=date(2026, 3, 11))
    assert beside(fernbrook, TODAY).columns == ()
    assert [column.account for column in beside(fernbrook, date(2026, 3, 9)).columns] == [left]


def test_a_site_linked_by_itself_has_a_column_and_one_linked_elsewhere_does_not_count(
    fernbrook: Organization, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    parent = make_account("Group", "ninjaone")
    ours = make_account("Our office", "ninjaone", kind="site", parent=parent)
    linking.link(parent, make_organization("Group"), None)
    shown = linked(fernbrook, ours)
    assert [column.account for column in shown.columns] == [ours]
    assert beside(Organization.objects.get(name="Group"), TODAY).columns[0].sites_total == 0


def test_what_differs_after_normalisation_is_marked_and_what_is_only_written_otherwise_is_not(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    same = {"domains": ["fern.example"], "phones": ["+1 (312) 555-0101"], "addresses": ["1 Elm St., Reno"]}
    shown = linked(
        fernbrook,
        make_account("Fernbrook Dental, LLC", evidence=same),
        make_account("FERNBROOK DENTAL", "ninjaone", evidence={
            "phones": ["312.555.0101"], "domains": ["FERN.example"],
        }),
        make_account("Fernbrook Dental", "quickbooks_online", active=False, evidence={
            "domains": ["other.example"], "phones": ["312-555-0199"], "addresses": ["1 elm st reno"],
        }),
    )  # fmt: skip
    assert differing(shown) == {
        "Domains": ["QuickBooks Online"], "Phones": ["QuickBooks Online"], "State there": ["QuickBooks Online"],
    }  # fmt: skip


def test_of_two_that_disagree_both_are_marked_and_silence_is_no_difference(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    shown = linked(
        fernbrook,
        make_account(evidence={"tenant_id": "AA-1"}),
        make_account(vendor="ninjaone", evidence={"tenant_id": "bb-2"}),
        make_account(vendor="quickbooks_online"),
    )
    assert differing(shown) == {"Tenant": ["ConnectWise PSA", "NinjaOne"]}


def test_where_as_many_say_one_thing_as_another_all_are_marked(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    tenants = ("a", "a", "b", "b")
    shown = linked(fernbrook, *(make_account(evidence={"tenant_id": tenant}) for tenant in tenants))
    assert differing(shown) == {"Tenant": ["ConnectWise PSA"] * 4}


def test_what_is_shared_in_a_chain_is_one_group(fernbrook: Organization, make_account: MakeAccount) -> None:
    domains = (["a.example"], ["b.example", "c.example"], ["a.example", "b.example"], ["d.example"])
    shown = linked(fernbrook, *(make_account(evidence={"domains": said}) for said in domains))
    marks = {cell.said: cell.differs for row in shown.rows if row.label == "Domains" for cell in row.cells}
    assert [said for said, differs in marks.items() if differs] == [("d.example",)]
    assert len(marks) == 4


def test_an_id_of_another_system_differs_where_that_systems_record_here_is_another(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    shown = linked(
        fernbrook,
        make_account(external_id="250"),
        make_account(vendor="ninjaone", evidence={"ids": {"connectwise_psa": "250"}}),
        make_account(vendor="quickbooks_online", evidence={"ids": {"connectwise_psa": "251", "datto_bcdr": "9"}}),
    )
    assert differing(shown) == {"Other systems’ ids": ["QuickBooks Online"]}
    assert said(shown, "Other systems’ ids")[2] == ("ConnectWise PSA 251", "Datto BCDR 9")


@pytest.mark.parametrize("evidence", [
    {}, {"domains": None}, {"domains": {"a": 1}, "ids": ["x"], "phones": 5}, {"domains": "one.example"}, [], "text",
])  # fmt: skip
def test_evidence_of_any_shape_is_shown(fernbrook: Organization, make_account: MakeAccount, evidence: Any) -> None:
    shown = linked(fernbrook, make_account(evidence=evidence), make_account("", "sage", evidence={"ids": None}))
    assert len(shown.columns) == 2


def test_what_each_holds_is_counted_with_its_sites_and_is_zero_only_where_the_system_keeps_such_things(
    fernbrook: Organization, make_account: MakeAccount
) -> None:
    psa, rmm, other = make_account(), make_account(vendor="ninjaone"), make_account("Other", "ninjaone")
    site = make_account("Office", "ninjaone", kind="site", parent=rmm)
    for number, account in enumerate((rmm, site, other)):
        asset = Asset.objects.create(connection=account.connection, external_id=f"{number}", layer="rmm")
        AssetState.objects.create(thing=asset, account=account, from_on="2026-01-01")
    for key, day in (("t1", date(2026, 3, 1)), ("t2", date(2025, 12, 10))):
        at = datetime.combine(day, time(15), UTC)
        Ticket.objects.create(connection=psa.connection, external_id=key, account=psa, opened_on=day, opened_at=at)
    agreement = Agreement.objects.create(connection=psa.connection, external_id="g", name="Managed")
    AgreementState.objects.create(
        thing=agreement, account=psa, amount="1200", cycle_months=12, from_on="2026-01-01", starts_on="2026-01-01"
    )
    first, second = linked(fernbrook, psa, rmm).columns
    assert (first.held.devices, first.held.tickets, first.held.monthly) == (None, 1, 100)
    assert (second.held.devices, second.held.tickets, second.held.monthly) == (2, None, None)


def test_how_it_came_is_the_decision_in_force_that_day(fernbrook: Organization, make_account: MakeAccount) -> None:
    account = make_account()
    linking.link(account, fernbrook, None, "First")
    linking.link(account, fernbrook, None, "Later", starts_on=date(2026, 3, 11))
    [column] = beside(fernbrook, TODAY).columns
    assert column.link is not None
    assert column.link.reason == "First"


def test_only_a_web_address_leads_into_a_console(fernbrook: Organization, make_account: MakeAccount) -> None:
    good, bad = make_account(link="https://psa.example/7"), make_account("Ashby", link="javascript:alert(1)")
    shown = linked(fernbrook, good, bad)
    assert {column.console for column in shown.columns} == {"https://psa.example/7", ""}


def test_a_circle_of_sites_ends(fernbrook: Organization, make_account: MakeAccount) -> None:
    one = make_account("One", "ninjaone", kind="site")
    two = make_account("Two", "ninjaone", kind="site", parent=one)
    Account.objects.filter(pk=one.pk).update(parent=two)
    assert linked(fernbrook, one, two).columns


def test_queries_do_not_grow_with_accounts_and_sites(
    fernbrook: Organization, make_account: MakeAccount, django_assert_num_queries: Any
) -> None:
    for number in range(12):
        account = make_account(f"Fern {number}", "ninjaone")
        make_account("Office", "ninjaone", kind="site", parent=account)
        linking.link(account, fernbrook, None)
    with django_assert_num_queries(5):
        assert len(beside(fernbrook, TODAY).columns) == 12
