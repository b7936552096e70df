"""What a change would move in open periods, before it is made; and what closed periods keep when it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import rollup
from metrics.models import Goal, MonthlyValue, Period, QuarterlyValue, Rollup, State, YearlyValue
from metrics.periods import Span, parse
from metrics.reading import client
from metrics.rollup import whole
from metrics.rollup.asked import ask
from metrics.rollup.compute import compute
from metrics.rollup.preview import NotInTime, left_behind, preview
from metrics.rollup.sql import execute, fetch
from organizations import changes, linking
from organizations.as_of import owners_sql
from organizations.models import Organization
from tests.metrics.rollup.world import World, enter, scope

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
FEBRUARY, MARCH = date(2025, 2, 1), date(2025, 3, 1)
Act = Callable[["Clients"], object]
Pair = tuple[State, Decimal | None]


class Clients:
    """Two clients and what waits: tickets, hours, devices and agreements in every month of a quarter."""

    def __init__(self) -> None:
        self.world = world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
        self.acme, self.beta = world.client("acme", segment="Dental"), world.client("beta")
        self.us = world.client("us", kind=Organization.Kind.INTERNAL)
        self.in_psa, self.in_rmm = world.account(self.acme), world.account(self.acme, world.rmm)
        self.others, self.waiting = world.account(self.beta), world.account(None)
        self.site = world.account(None, kind="site", parent=self.in_psa)
        for account in (self.in_psa, self.others, self.waiting, self.site):
            world.agreement(account, "100")
            for month in ("2025-01", "2025-02", "2025-03"):
                ticket = world.ticket(account, f"{month}-10", f"{month}-12")
                world.time(account, f"{month}-11", "1.5", ticket)
        for account in (self.in_rmm, world.account(self.beta, world.rmm)):
            world.device(account)
        enter("reactive_tickets_created", "2025-02", 9, self.acme, kind="corrected")


def roll(**given: bool) -> Rollup | None:
    return rollup.run("test", now=NOW, **given)


def stored() -> dict[tuple[str, str, str], Pair]:
    """State and value by (metric, slug or kind of scope, period)."""
    return {
        (row.definition.metric, row.scope.organization.slug if row.scope.organization else row.scope.kind,
         f"{row.period.grain} {row.period.starts_on}"): (State(row.state), row.value)
        for table in (MonthlyValue, QuarterlyValue, YearlyValue)
        for row in table.objects.filter(definition__version=1).select_related(
            "definition", "scope__organization", "period")
    }


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    return {
        model._meta.db_table: sorted(map(repr, model._default_manager.values_list()))
        for model in apps.get_models(include_auto_created=True) if model._meta.managed
    }


ACTS: dict[str, Act] = {
    "merge from the beginning": lambda c: changes.merge(c.acme, c.beta, None, reason="One client"),
    "merge from a day": lambda c: changes.merge(c.acme, c.beta, None, reason="Bought", starts_on=FEBRUARY),
    "move within a month": lambda c: changes.move(
        c.in_psa, c.beta, None, reason="Theirs", starts_on=date(2025, 2, 11)),
    "split": lambda c: changes.split(c.acme, [c.in_rmm, c.site], "Gamma", None, reason="Sold", starts_on=MARCH),
    "former": lambda c: changes.make_former(c.beta, None, reason="Left", starts_on=MARCH),
    "link": lambda c: linking.link(c.waiting, c.beta, None),
    "rename": lambda c: changes.rename(c.acme, "Acme Two", None, reason="New name"),
}


def as_read(before: Pair | None, after: Pair | None) -> tuple[Pair | None, Pair | None] | None:
    """No row reads as not linked, so that one of these for the other is no move."""
    was, now = (None if pair is None or pair[0] in (4, 5) else pair for pair in (before, after))
    return (was, now) if was != now else None


@pytest.mark.parametrize("name", ACTS)
def test_a_preview_says_what_the_act_and_a_roll_up_then_change_and_leaves_nothing_behind(name: str) -> None:
    clients, act = Clients(), ACTS[name]
    roll()
    clients.world.ticket(clients.others, "2025-03-20")
    clients.world.link(clients.others, clients.beta)  # a mark that waits is not the act's doing
    rows = everything()
    seen = preview(lambda: act(clients), now=NOW, shown=10_000)
    assert everything() == rows
    roll()
    before = stored()
    act(clients)
    roll()
    after = stored()
    changed = {
        key: (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)
    }
    told = {
        (moved.metric.key, moved.scope.slug if moved.scope.kind == "organization" else moved.scope.kind,
         f"{moved.period.grain} {moved.period.starts_on}"): (moved.before, moved.after) for moved in seen.moved
    }
    assert len(told) == seen.total == len(seen.moved)
    assert bool(told) is (name != "rename")
    assert {key: reads for key, pair in told.items() if (reads := as_read(*pair))} == {
        key: reads for key, pair in changed.items() if (reads := as_read(*pair))
    }
    assert told.keys() <= changed.keys()
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0


def test_a_closed_quarter_keeps_its_values_after_a_merge_and_can_be_worked_out_as_it_was_closed() -> None:
    clients = Clients()
    roll()
    closed_at = timezone.now()
    Calendar.objects.update(closed_through=date(2025, 3, 31))
    quarter = parse("2025-Q1")
    Period.objects.filter(starts_on__gte=quarter.starts_on, ends_on__lte=quarter.ends_on).update(
        closed_at=closed_at, links_as_of=closed_at
    )
    rows, values = closed_rows(), stored()
    with connection.cursor() as cursor:
        cursor.execute(owners_sql(closed_at))
        owners = set(cursor.fetchall())
    seen = preview(lambda: merge(clients), now=NOW)
    assert {str(moved.period) for moved in seen.moved} == {"2025-04", "2025-Q2", "2025"}
    assert seen.closed_untouched == 3
    merge(clients)
    changes.move(clients.others, clients.us, None, reason="Ours")
    roll()
    roll(everything=True)
    assert closed_rows() == rows
    with connection.cursor() as cursor:
        cursor.execute(owners_sql(closed_at))
        assert set(cursor.fetchall()) == owners
        cursor.execute(owners_sql())
        assert set(cursor.fetchall()) != owners
    assert worked_out(quarter, closed_at) == {key: value for key, value in values.items() if key[2] in NAMES}
    assert worked_out(quarter, None) != worked_out(quarter, closed_at)


def merge(clients: Clients) -> object:
    return changes.merge(clients.acme, clients.beta, None, reason="Bought", starts_on=date(2025, 1, 15))


NAMES = {"quarter 2025-01-01", *(f"month {day}" for day in ("2025-01-01", "2025-02-01", "2025-03-01"))}


def closed_rows() -> list[dict[str, Any]]:
    return [
        row for table in (MonthlyValue, QuarterlyValue)
        for row in table.objects.filter(period__ends_on__lte="2025-04-01").order_by("pk").values()
    ]


def worked_out(quarter: Span, known_at: datetime | None) -> dict[tuple[str, str, str], Pair]:
    """What a closed quarter would be, worked out once more with the links as known at a moment."""
    with transaction.atomic():
        asked = ask(NOW, everything=True)
        assert asked is not None
        compute(replace(asked, whole=frozenset(quarter.months), closed_through=None), known_at)
        found = fetch("""
            SELECT d.metric, coalesce(g.slug, s.kind), p.grain || ' ' || p.starts_on, o.state, o.value
            FROM outcome o JOIN definition d ON d.id = o.definition_id JOIN period p ON p.id = o.period_id
            JOIN scope s ON s.id = o.scope_id LEFT JOIN organization g ON g.id = s.organization_id
            WHERE d.version = 1""")
        transaction.set_rollback(True)
    return {(metric, of, when): (State(state), value) for metric, of, when, state, value in found if when in NAMES}


def test_the_important_ones_come_first_and_no_more_than_are_shown() -> None:
    clients = Clients()
    roll()
    seen = preview(lambda: changes.merge(clients.acme, clients.beta, None, reason="One client"), now=NOW, shown=30)
    assert len(seen.moved) == 30 < seen.total
    assert {(moved.period.grain, moved.scope.kind) for moved in seen.moved} == {("quarter", "organization")}
    smart = [moved.metric.smart_number for moved in seen.moved]
    assert smart[0] and smart == sorted(smart, reverse=True)
    first = seen.moved[0]
    assert (first.name, first.scope) in ((clients.acme.name, client("acme")), (clients.beta.name, client("beta")))


def test_who_may_not_see_finance_sees_none_of_it_move_and_none_of_it_counted() -> None:
    clients = Clients()
    roll()

    def seen_by(person: User | None) -> set[str]:
        seen = preview(lambda: linking.link(clients.waiting, clients.beta, None), person, now=NOW, shown=10_000)
        assert seen.total == len(seen.moved)
        return {moved.metric.key for moved in seen.moved}

    technician, finance = User.objects.create(username="tech"), User.objects.create(username="finance")
    finance.user_permissions.add(Permission.objects.get(codename="see_finance"))
    assert "agreement_mrr" in seen_by(None) & seen_by(finance)
    assert seen_by(technician) and "agreement_mrr" not in seen_by(technician)


def test_a_refused_change_has_no_preview_and_leaves_nothing_behind() -> None:
    clients = Clients()
    rows = everything()
    with pytest.raises(changes.Refused, match="into itself"):
        preview(lambda: changes.merge(clients.acme, clients.acme, None, reason="?"), now=NOW)
    assert everything() == rows


@pytest.mark.django_db(transaction=True)
def test_a_preview_does_not_wait_long_for_a_roll_up_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.rollup.preview.PATIENCE", "50ms")
    holding, done = Event(), Event()

    def roll_up() -> None:
        with transaction.atomic():
            execute("SELECT pg_advisory_xact_lock(%s)", [whole.ONE_AT_A_TIME])
            holding.set()
            done.wait()
        connection.close()

    thread = Thread(target=roll_up)
    thread.start()
    holding.wait()
    try:
        with pytest.raises(NotInTime, match="Try again in a minute"):
            preview(lambda: None, now=NOW)
    finally:
        done.set()
        thread.join()
    assert preview(lambda: None, now=NOW).total == 0


def test_what_people_gave_is_counted_since_it_stays_where_it_is() -> None:
    clients = Clients()
    Goal.objects.create(
        metric="rhem", scope=scope(clients.acme), from_on=FEBRUARY, direction="at_most", target=Decimal(1)
    )
    assert left_behind(clients.acme) == left_behind(clients.acme, FEBRUARY) == (1, 1)
    assert left_behind(clients.acme, MARCH) == (0, 1)
    assert left_behind(clients.beta) == (0, 0)
