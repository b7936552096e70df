"""The first days of a period beside as many of an earlier one, against a world counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from collectors.facts.readings import Reading
from metrics import rollup
from metrics.definitions import CATALOGUE
from metrics.models import MonthlyValue
from metrics.periods import Month, Quarter
from metrics.reading import COMPANY, client
from metrics.reading.same_days import can_be_counted, days_read, first_days
from tests.metrics.breakdowns.world import MAY, World, moment
from tests.metrics.stored_values import person

pytestmark = pytest.mark.django_db

Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)
ACME = client("acme")
CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture
def boss() -> User:
    return User.objects.create(username="boss", is_superuser=True)


@pytest.fixture
def world() -> World:
    """Ten days of April beside ten of January: day 10 is in, day 11 is not."""
    made = World()
    for opened in (date(2026, 1, 1), date(2026, 1, 10), date(2026, 1, 11), date(2026, 2, 3)):
        made.ticket("acme", opened)
    for opened in (date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 10), date(2026, 4, 11), date(2025, 12, 31)):
        made.ticket("acme", opened)
    made.ticket("oak", date(2026, 4, 3))
    made.ticket("waiting", date(2026, 4, 3))
    made.ticket("nobody", date(2026, 4, 3))  # ignored
    made.ticket("acme", date(2026, 4, 3), queue=made.projects)
    return made


def test_it_counts_the_first_days_of_each_span(boss: User, world: World) -> None:
    found = first_days(boss, ["reactive_tickets_created"], ACME, [Q2, Q1], 10)
    assert found == {("reactive_tickets_created", Q2): 3, ("reactive_tickets_created", Q1): 2}


def test_for_the_company_it_takes_in_what_waits_and_leaves_out_what_is_ignored(boss: User, world: World) -> None:
    found = first_days(boss, ["reactive_tickets_created"], COMPANY, [Q2, Q1], 10)
    assert found == {("reactive_tickets_created", Q2): 5, ("reactive_tickets_created", Q1): 2}


def test_hours_are_added_and_a_span_without_any_is_zero(boss: User, world: World) -> None:
    ticket = world.ticket("acme", date(2026, 4, 1))
    for hours, day in (("1.25", date(2026, 4, 9)), ("0.5", date(2026, 4, 10)), ("8", date(2026, 4, 11))):
        world.time(hours, day, ticket)
    found = first_days(boss, ["reactive_hours"], ACME, [Q2, Q1], 10)
    assert found == {("reactive_hours", Q2): Decimal("1.75"), ("reactive_hours", Q1): 0}


def test_a_ratio_of_what_is_counted_by_day_is_worked_out_of_those_days(boss: User, world: World) -> None:
    for closed, met in ((date(2026, 4, 2), True), (date(2026, 4, 9), True), (date(2026, 4, 10), False),
                        (date(2026, 4, 20), False)):
        world.ticket("acme", date(2026, 4, 1), closed, sla_met=met)
    found = first_days(boss, ["tickets_sla_met_pct"], ACME, [Q2, Q1], 10)
    assert found == {("tickets_sla_met_pct", Q2): Decimal("66.66666667"), ("tickets_sla_met_pct", Q1): None}


def test_what_the_psa_does_not_tell_is_no_number(boss: User, world: World) -> None:
    world.ticket("acme", date(2026, 4, 1), date(2026, 4, 2), reopened=None)
    world.ticket("acme", date(2026, 1, 1), date(2026, 1, 2), reopened=1)
    found = first_days(boss, ["tickets_reopened"], ACME, [Q2, Q1], 10)
    assert found == {("tickets_reopened", Q2): None, ("tickets_reopened", Q1): 1}


def test_all_days_of_a_month_are_what_was_stored_for_it(boss: User) -> None:
    world = World()
    ticket = world.ticket("acme", date(2026, 5, 1), date(2026, 5, 31))
    world.ticket("acme", date(2026, 5, 31))
    world.ticket("oak", date(2026, 5, 7), date(2026, 6, 2))
    world.time("1.3", date(2026, 5, 3), ticket)
    world.time("0.4", date(2026, 5, 31))
    for entity in ("Ticket", "TimeEntry"):
        Reading.objects.create(
            connection=world.psa, entity=entity, read_from=moment(date(2026, 1, 1)),
            read_through=moment(date(2026, 6, 9)),
        )
    rollup.run("test")
    keys = [key for key in CATALOGUE if can_be_counted(CATALOGUE[key], COMPANY)]
    stored = {
        row.definition.metric: row.value
        for row in MonthlyValue.objects.filter(
            scope__kind="company", period__starts_on=MAY.starts_on, value__isnull=False
        ).select_related("definition") if row.definition.version == CATALOGUE[row.definition.metric].version
    }
    found = first_days(boss, keys, COMPANY, [MAY], 31)
    both = {key: found[key, MAY] for key in keys if key in stored}
    assert both == {key: stored[key] for key in both}
    assert {"reactive_tickets_created", "reactive_hours", "hours_logged"} <= both.keys()


def test_stocks_ledgers_and_what_is_worked_out_of_them_cannot_be_told_by_day() -> None:
    told = {key for key in ("reactive_hours", "tickets_sla_met_pct", "endpoints_managed", "rhem", "mrr", "tickets_open",
                            "employees", "total_revenue") if can_be_counted(CATALOGUE[key], COMPANY)}
    assert told == {"reactive_hours", "tickets_sla_met_pct"}


@pytest.mark.parametrize(("read", "days"), [
    (None, 0),
    (datetime(2026, 4, 1, 4, tzinfo=UTC), 0),  # still March in Chicago
    (datetime(2026, 4, 1, 23, tzinfo=UTC), 0),  # the first day is not over
    (datetime(2026, 4, 2, 5, tzinfo=UTC), 1),
    (datetime(2026, 8, 1, 5, tzinfo=UTC), 91),
])
def test_only_whole_days_that_were_read_are_compared(read: datetime | None, days: int) -> None:
    assert days_read(Q2, read, CHICAGO) == days


def test_a_longer_beginning_ends_with_the_shorter_span(boss: User, world: World) -> None:
    world.ticket("acme", date(2026, 3, 1))
    found = first_days(boss, ["reactive_tickets_created"], ACME, [Month(2026, 2)], 31)
    assert found == {("reactive_tickets_created", Month(2026, 2)): 1}


def test_metrics_that_share_facts_and_a_day_share_a_statement(
    boss: User, world: World, django_assert_num_queries: Any
) -> None:
    by_closing = ["reactive_tickets_closed", "tickets_closed", "tickets_sla_met_pct"]
    with django_assert_num_queries(3):  # the rules, who the client is, and the statement
        first_days(boss, by_closing, ACME, [Q2, Q1, Q2.year_ago], 10)


def test_what_a_person_may_not_see_is_not_counted(world: World) -> None:
    ann = person("ann")
    ann.is_active = False
    assert first_days(ann, ["reactive_tickets_created"], ACME, [Q2], 10) == {}
