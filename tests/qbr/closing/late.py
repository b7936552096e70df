"""A client with a closed quarter, whose source changed a row afterwards, as loading writes it down."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from collectors.facts.accounts import Account
from collectors.facts.changed import FactChange
from collectors.facts.money import LedgerBalance
from collectors.facts.service import TimeEntry
from collectors.facts.touched import Calendar, Touched
from metrics import closing, rollup
from metrics.closing import CHECKS
from metrics.models import Restatement
from metrics.periods import parse
from organizations.models import Organization
from tests.metrics.rollup.world import World, day

NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
ALL = {check.key: "a test" for check in CHECKS}


def closed_quarter(*clients: str) -> World:
    """Each client with a ticket and an hour in each month; the first quarter of 2025 is closed."""
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    for slug in clients:
        account = world.account(world.client(slug))
        for month in ("2025-01", "2025-02", "2025-03"):
            world.time(account, f"{month}-11", "1.5", world.ticket(account, f"{month}-10", f"{month}-11"))
    rollup.run("test", now=NOW)
    closing.close(parse("2025-Q1"), None, accept=ALL, earlier=True, now=NOW)
    return world


def change_hours(slug: str, month: str, hours: str, link: str = "") -> TimeEntry:
    """An hour entry of a closed month gets other hours at the source, and the next roll-up finds it."""
    account = Account.objects.get(links__organization=Organization.objects.get(slug=slug))
    entry = TimeEntry.objects.get(account=account, entered_on=day(f"{month}-11"))
    before, after = f"{entry.hours:.2f}", f"{Decimal(hours):.2f}"
    entry.hours, entry.link = Decimal(hours), link
    entry.save()
    FactChange.objects.create(
        entity="TimeEntry", fact=entry.pk, external_id=entry.external_id, kind=FactChange.Kind.CHANGED,
        before={"hours": before, "entered_on": f"{month}-11"}, after={"hours": after, "entered_on": f"{month}-11"},
        accounts=[account.pk], months=[day(f"{month}-01")], connection=entry.connection,
    )
    Touched.objects.create(entity="TimeEntry, late", account=account.pk, month=day(f"{month}-01"))
    rollup.run("test", now=NOW)
    return entry


def close_with_amounts(*categories: str, month: str = "2025-02") -> list[LedgerBalance]:
    """A ledger account of each category ("": of none) with 4,000 in the month; the first quarter of 2025 is closed."""
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    made = [world.balance(month, "4000", category, "expense") for category in categories]
    rollup.run("test", now=NOW)
    closing.close(parse("2025-Q1"), None, accept=ALL, earlier=True, now=NOW)
    return made


def change_amounts(*balances: LedgerBalance, amount: str) -> list[FactChange]:
    """Amounts of a closed month are others at the source, and the next roll-up finds them."""
    found = []
    for balance in balances:
        told = {"ledger_account_id": balance.ledger_account_id, "month": balance.month.isoformat()}
        before, after = f"{balance.amount:.2f}", f"{Decimal(amount):.2f}"
        balance.amount = Decimal(amount)
        balance.save()
        found.append(FactChange.objects.create(
            entity="LedgerBalance", fact=balance.pk, external_id=balance.external_id, kind=FactChange.Kind.CHANGED,
            before={**told, "amount": before}, after={**told, "amount": after}, months=[balance.month],
            connection=balance.connection,
        ))
        Touched.objects.get_or_create(entity="LedgerBalance, late", account=0, month=balance.month)
    rollup.run("test", now=NOW)
    return found


def waiting(metric: str, slug: str = "", period: str = "2025-02") -> Restatement:
    """The one restatement of a number that waits, of a client or the company."""
    whose = {"scope__organization__slug": slug} if slug else {"scope__kind": "company"}
    return Restatement.objects.get(
        definition__metric=metric, period__starts_on=parse(period).starts_on, period__grain=parse(period).grain,
        decision="", **whose,
    )
