"""What waits, and what hangs on it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from collectors.facts.service import Ticket
from organizations import linking
from organizations.holdings import Holding, ignored, quarter_of, total, waiting
from organizations.models import Organization, Proposal
from tests.organizations.conftest import MakeAccount, MakeOrganization

TODAY = date(2026, 6, 30)


def give(account: Account, *, devices: int = 0, tickets: tuple[int, ...] = (), monthly: str = "") -> None:
    """Devices, tickets opened so many days ago, and an agreement billed yearly."""
    for n in range(devices):
        asset = Asset.objects.create(connection=account.connection, external_id=f"{account.pk}-{n}", layer="rmm")
        AssetState.objects.create(thing=asset, account=account, from_on=date(2026, 1, 1))
    for n, days in enumerate(tickets):
        Ticket.objects.create(
            connection=account.connection, external_id=f"{account.pk}-{n}", account=account,
            opened_at="2026-01-01T00:00Z", opened_on=TODAY - timedelta(days=days),
        )  # fmt: skip
    if monthly:
        agreement = Agreement.objects.create(connection=account.connection, external_id=f"{account.pk}", name="Care")
        AgreementState.objects.create(
            thing=agreement, account=account, from_on=date(2026, 1, 1), amount=Decimal(monthly) * 12, cycle_months=12
        )


def test_money_comes_before_devices_and_devices_before_tickets(make_account: MakeAccount) -> None:
    busy, large, paying = make_account("Busy"), make_account("Large"), make_account("Paying")
    give(busy, tickets=(-1, 0, 90, 91, 200))  # the quarter began ninety days ago, on the 1st of April
    give(large, devices=2)
    give(paying, monthly="100")
    assert waiting(TODAY) == [
        Holding(paying.pk, 0, 0, Decimal(100)), Holding(large.pk, 2, 0, Decimal()), Holding(busy.pk, 0, 2, Decimal()),
    ]  # fmt: skip
    assert total(waiting(TODAY)) == Holding(3, 2, 2, Decimal(100))


def test_an_account_holds_what_its_sites_hold_unless_they_are_linked_elsewhere(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account = make_account("Fernbrook", "ninjaone")
    site = make_account("Office", "ninjaone", kind="site", parent=account)
    floor = make_account("Floor", "ninjaone", kind="site", parent=site)
    elsewhere = make_account("Elsewhere", "ninjaone", kind="site", parent=account)
    for held in (account, site, floor, elsewhere):
        give(held, devices=1)
    linking.link(elsewhere, make_organization(), None)
    assert waiting(TODAY) == [Holding(account.pk, 3, 0, Decimal())]


def test_what_is_linked_ignored_or_gone_does_not_wait(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    linking.link(make_account("Linked"), make_organization(), None)
    ignored_one, gone = make_account("Ignored"), make_account("Gone", retired_on=TODAY)
    linking.ignore(ignored_one, None)
    assert waiting(TODAY) == []
    assert [holding.account for holding in waiting(TODAY, search="gone")] == [gone.pk]
    assert [holding.account for holding in ignored(TODAY)] == [ignored_one.pk]


def test_a_quarter_begins_every_third_month() -> None:
    days = (date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2026, 12, 31))
    assert [quarter_of(day).month for day in days] == [1, 1, 4, 10]


def test_a_site_is_found_only_while_it_and_all_above_it_wait(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account = make_account("Fernbrook", "ninjaone")
    site = make_account("Office", "ninjaone", kind="site", parent=account)
    floor = make_account("Floor", "ninjaone", kind="site", parent=site)
    assert [holding.account for holding in waiting(TODAY, search="floor")] == [floor.pk]
    linking.link(account, make_organization(), None)
    assert waiting(TODAY, search="floor") == []


def test_the_last_link_says_whether_an_account_waits(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    again, no_more = make_account("Again"), make_account("No more")
    linking.link(again, make_organization(), None)
    linking.unlink(again, None, starts_on=date(2026, 3, 1))
    linking.link(no_more, Organization.objects.get(), None, starts_on=date(2026, 3, 1))
    assert [holding.account for holding in waiting(TODAY)] == [again.pk]


def test_it_says_how_strong_the_stored_proposal_is(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization()
    accounts = {
        standing: make_account(standing, evidence={})
        for standing in ("certain", "conflict", "nothing", "strong", "weak")
    }
    for standing, strength in (("certain", 3), ("strong", 2), ("weak", 1), ("conflict", 3)):
        Proposal.objects.create(
            account=accounts[standing], organization=organization, strength=strength,
            against=["Another domain"] if standing == "conflict" else [],
        )  # fmt: skip
    assert {holding.account: holding.standing for holding in waiting(TODAY)} == {
        account.pk: standing for standing, account in accounts.items()
    }


def test_it_is_narrowed_by_system_by_name_by_id_and_by_domain(make_account: MakeAccount) -> None:
    first = make_account(
        "Fernbrook", "ninjaone", external_id="N-7", evidence={"domains": ["fern.example"], "tenant_id": "0a-1b"}
    )
    make_account("Oak", "quickbooks_online")
    assert [holding.account for holding in waiting(TODAY, "ninjaone")] == [first.pk]
    assert [holding.account for holding in waiting(TODAY, search="FERN")] == [first.pk]
    for search in ("fern.ex", "n-7", "0A-1B"):
        assert [holding.account for holding in waiting(TODAY, search=search)] == [first.pk]
    assert waiting(TODAY, search="%") == waiting(TODAY, search="7") == []
