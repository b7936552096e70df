"""What is asked before a close, one check at a time: it holds, and it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from collectors.connections import Connection, QuarantinedRecord
from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.readings import Listing, Reading
from metrics import closing, settings
from metrics.closing import CHECKS
from metrics.declare import For, Manual
from metrics.definitions import CATALOGUE
from metrics.models import Entry, Finding, LedgerCategory, QueueKind
from metrics.periods import Quarter
from tests.metrics.closing.test_frontier import NOW, roll
from tests.metrics.rollup.world import World, enter, number, period

pytestmark = pytest.mark.django_db
Q1 = Quarter(2025, 1)
PEOPLE_GIVE = [m.key for m in CATALOGUE.values() if isinstance(m, Manual) and For.COMPANY in m.scopes]


def good() -> World:
    """Everything read, decided and entered."""
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    account = world.account(world.client("acme"))
    for month in ("2025-01", "2025-02", "2025-03"):
        ticket = world.ticket(account, f"{month}-10", f"{month}-11")
        world.time(account, f"{month}-11", "1.5", ticket)
    for key in PEOPLE_GIVE:
        for month in ("2024-12", "2025-01", "2025-02", "2025-03"):
            enter(key, month, 3)
    roll()
    return world


def look() -> dict[str, tuple[bool, str]]:
    return {each.key: (each.holds, each.says) for each in closing.look(Q1, NOW)}


def unread(world: World) -> str:
    Reading.objects.filter(connection=world.psa, entity="Ticket").update(
        read_through=datetime(2025, 3, 28, 12, tzinfo=UTC))
    return "Not read to the end: psa, tickets (until 28 Mar 2025)."


def not_listed(world: World) -> str:
    Listing.objects.filter(connection=world.rmm, day=date(2025, 3, 31)).delete()
    return "Not read to the end: rmm, assets (until 28 Feb 2025)."


def never_read(_: World) -> str:
    Connection.objects.create(vendor="ninjaone", label="A new RMM", enabled=True)
    return "Not read to the end: A new RMM (never read)."


def unmapped(world: World) -> str:
    account = LedgerAccount.objects.create(
        connection=world.ledger, external_id=number(), name="Odd income", side="income")
    LedgerBalance.objects.create(
        connection=world.ledger, external_id=number(), ledger_account=account, month=date(2025, 2, 1), amount=1234,
        basis="accrual")
    LedgerCategory.objects.create(ledger_account=account, category="mrr", from_on=date(2025, 3, 1))
    return "Ledger accounts without a category: Odd income (1,234.00)."


def undecided(world: World) -> str:
    QueueKind.objects.filter(queue=world.desk).delete()
    return "Queues without a kind: reactive (3 tickets)."


def quarantined(world: World) -> str:
    QuarantinedRecord.objects.create(connection=world.psa, endpoint="tickets", external_id="77", reason="No day")
    return "Records that could not be read: psa, tickets 77."


def uncovered(world: World) -> str:
    settings.decide("least_resolved", 100)
    world.device(world.account(world.client("beta"), world.rmm))
    world.time(world.account(None), "2025-03-12", "10", world.ticket(None, "2025-03-12"))
    roll(everything=True)
    return "Less resolved than the settings ask: "


def not_given(_: World) -> str:
    Entry.objects.filter(metric="employees", period=period("2025-02")).delete()
    roll(everything=True)
    return "Not entered: Employees (Feb 2025)."


def stopped(_: World) -> str:
    Finding.objects.create(rule="negative", period=period("2025-02"), severity="stop", says="Hours are negative.")
    return "Findings that stop a close: Hours are negative."


FAILING: dict[str, Callable[[World], str]] = {
    "sources_read": unread, "ledger_mapped": unmapped, "queues_decided": undecided, "quarantine_empty": quarantined,
    "covered": uncovered, "given": not_given, "findings": stopped,
}


def test_every_check_holds_where_nothing_is_lacking() -> None:
    good()
    assert {key: holds for key, (holds, _) in look().items()} == {check.key: True for check in CHECKS}
    assert all(says.endswith(".") and "{}" not in says for _, says in look().values())


@pytest.mark.parametrize(
    ("key", "spoil"), [*FAILING.items(), ("sources_read", not_listed), ("sources_read", never_read)]
)
def test_a_check_that_does_not_hold_says_what_is_lacking_and_no_other_fails(
    key: str, spoil: Callable[[World], str]
) -> None:
    says = spoil(good())
    found = look()
    assert not found[key][0]
    assert found[key][1].startswith(says)
    assert {name for name, (holds, _) in found.items() if not holds} == {key}


def test_what_two_systems_say_must_agree_within_the_tolerance() -> None:
    world = good()
    world.agreement(world.account(world.client("beta")), "1000")
    account = LedgerAccount.objects.create(connection=world.ledger, external_id=number(), name="MRR", side="income")
    LedgerCategory.objects.create(ledger_account=account, category="mrr")
    for month in (1, 2, 3):
        LedgerBalance.objects.create(
            connection=world.ledger, external_id=number(), ledger_account=account, month=date(2025, month, 1),
            amount=1010 if month < 3 else 1500, basis="accrual")
    roll(everything=True)
    holds, says = look()["reconciled"]
    assert not holds
    assert "Mar 2025" in says
    assert "Feb 2025" not in says


def test_an_accepted_or_fixed_finding_and_one_of_another_period_stop_nothing() -> None:
    good()
    for life, when in (("accepted", "2025-02"), ("fixed", "2025-02"), ("open", "2025-04")):
        Finding.objects.create(rule=life, period=period(when), severity="stop", says="Odd.", life=life)
    Finding.objects.create(rule="watch", period=period("2025-02"), severity="watch", says="Odd.")
    assert look()["findings"][0]
