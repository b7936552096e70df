"""What waits, and what hangs on it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from collectors.facts.service import Ticket
from organizations import linking
from organizations.holdings import Holding, ignored, total, waiting
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
    give(busy, tickets=(0, 89, 90, 200))
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


def test_it_is_narrowed_by_system_and_by_name(make_account: MakeAccount) -> None:
    first = make_account("Fernbrook", "ninjaone")
    make_account("Oak", "quickbooks_online")
    assert [holding.account for holding in waiting(TODAY, "ninjaone")] == [first.pk]
    assert [holding.account for holding in waiting(TODAY, search="FERN")] == [first.pk]
    assert waiting(TODAY, search="%") == []
