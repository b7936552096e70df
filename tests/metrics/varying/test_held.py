"""Limits are worked out after a roll-up, grow to 24 months, are held, and say whether the latest month is a signal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import limits, settings, varying
from metrics.limits import Limits, Rule
from metrics.models import HeldLimits, Period, Rollup, State
from metrics.periods import Month, Quarter, Year
from metrics.reading import COMPANY, NOT_LINKED, client
from metrics.varying.hold import Refused
from organizations.models import Organization
from tests.metrics.stored_values import person, scope_row, store

pytestmark = pytest.mark.django_db

FIRST = Month(2022, 1)
NOW = datetime(2025, 1, 15, 12, tzinfo=UTC)
TICKETS, RATIO = "reactive_tickets_created", "rhem"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The middle of January 2025: three years are complete."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})


def series(metric: str, values: list[str], first: Month = FIRST, **also: Any) -> list[Month]:
    months = [first.shift(number) for number in range(len(values))]
    for month, value in zip(months, values, strict=True):
        store(metric, month, value, **also)
    return months


def ups_and_downs(count: int, seed: int = 1) -> list[str]:
    draw = Random(seed)
    return [f"{draw.uniform(0.2, 0.4):.8f}" for _ in range(count)]


def standing(metric: str = RATIO) -> HeldLimits:
    return HeldLimits.objects.get(definition__metric=metric, superseded_at=None)


def told(row: HeldLimits) -> Limits:
    return Limits(row.mean, row.lower, row.upper, row.points)


def boss() -> User:
    return User.objects.create_superuser("boss")


@pytest.mark.parametrize("count", [12, 13, 19, 24, 30])
def test_the_store_works_limits_out_to_the_same_last_place_as_the_arithmetic_itself(count: int) -> None:
    values = ups_and_downs(count, seed=count)
    series(RATIO, values)
    assert varying.hold(everyone=True) == 1
    assert told(standing()) == limits.limits([Decimal(value) for value in values])


def test_eleven_months_hold_no_limits_and_a_missing_month_is_no_point() -> None:
    series(RATIO, ups_and_downs(11))
    store(RATIO, FIRST.shift(11), None)
    store(RATIO, FIRST.shift(12), "0.3", state=State.INCOMPLETE)
    assert varying.hold(everyone=True) == 0
    store(RATIO, FIRST.shift(13), "0.3")
    assert varying.hold(everyone=True) == 1
    assert (standing().points, standing().until_on) == (12, FIRST.shift(14).starts_on)


def test_they_grow_by_each_month_until_there_are_24_and_are_held_from_then_on() -> None:
    values = ups_and_downs(23)
    series(RATIO, values)
    varying.hold(everyone=True)
    assert standing().points == 23
    series(RATIO, ["9"], FIRST.shift(23))
    varying.hold(everyone=True)
    held = told(standing())
    assert held.points == 24
    series(RATIO, ["9"] * 5, FIRST.shift(24))
    assert varying.hold(everyone=True) == 0
    assert told(standing()) == held


def test_limits_that_may_still_grow_stay_as_they_are_while_no_month_is_added() -> None:
    series(RATIO, ups_and_downs(14))
    varying.hold(everyone=True)
    before = standing()
    assert varying.hold(everyone=True) == 0
    assert standing().at == before.at


def test_the_running_month_is_no_point_and_a_roll_up_of_it_alone_asks_nothing(django_assert_num_queries: Any) -> None:
    series(RATIO, ups_and_downs(12), Month(2024, 1))
    store(RATIO, Month(2025, 1), "5", state=State.SO_FAR)
    running, past = (Rollup.objects.create(cause="test", asked={day: None}) for day in ("2025-01-01", "2024-12-01"))
    assert varying.hold(None) == varying.hold(running) == 0
    with django_assert_num_queries(3):  # the savepoint and the calendar
        varying.hold(running)
    assert varying.hold(past) == 1
    assert standing().until_on == Month(2025, 1).starts_on


def test_a_roll_up_of_one_client_works_out_its_limits_alone() -> None:
    acme, other = (Organization.objects.create(slug=slug, name=slug.title()) for slug in ("acme", "other"))
    for slug in ("acme", "other"):
        series(RATIO, ups_and_downs(12), scope=client(slug))
    mine = scope_row(client("acme"))
    varying.hold(Rollup.objects.create(cause="test", asked={"2022-05-01": [mine.pk]}))
    assert list(HeldLimits.objects.values_list("scope__organization__slug", flat=True)) == [acme.slug]
    assert other.slug == "other"


def test_what_is_not_linked_has_no_limits() -> None:
    series(TICKETS, ["5"] * 12, scope=NOT_LINKED)
    assert varying.hold(everyone=True) == 0


def test_once_something_is_closed_only_closed_months_are_points() -> None:
    months = series(RATIO, ups_and_downs(20))
    Period.objects.filter(starts_on__lte=months[12].starts_on).update(state=Period.Status.CLOSED)
    varying.hold(everyone=True)
    assert (standing().points, standing().until_on) == (13, months[12].ends_on)


def test_volumes_are_held_by_working_day_and_ratios_as_they_are() -> None:
    """A steady ten tickets a working day: months differ in length and the limits know it."""
    settings.decide("holidays", ["2022-01-03"])
    days = varying.working_days(FIRST.shift(number) for number in range(12))
    assert list(days.values())[:3] == [20, 20, 23]
    series(TICKETS, [str(10 * count) for count in days.values()])
    series(RATIO, ["0.3"] * 12)
    varying.hold(everyone=True)
    assert standing(TICKETS).per_working_day
    assert told(standing(TICKETS)) == Limits(Decimal(10), Decimal(10), Decimal(10), 12)
    assert not standing(RATIO).per_working_day


def test_the_desks_own_weekdays_are_its_working_days() -> None:
    settings.decide("business_hours", {"days": [1, 2, 3, 4, 5, 6], "from": "08:00", "to": "17:00"})
    assert varying.working_days([Month(2025, 2)]) == {Month(2025, 2): 24}


def test_a_person_has_them_worked_out_again_with_a_reason_and_the_old_ones_are_kept() -> None:
    series(RATIO, ups_and_downs(24))
    varying.hold(everyone=True)
    before, asker = standing(), boss()
    series(RATIO, ups_and_downs(6, seed=9), FIRST.shift(24))
    after = varying.work_out_again(asker, RATIO, COMPANY, "  New phone system since March. ")
    assert (after.by, after.reason, after.points) == (asker, "New phone system since March.", 24)
    assert after.until_on == FIRST.shift(30).starts_on
    before.refresh_from_db()
    assert before.superseded_at == NOW
    assert standing() == after


def test_without_a_reason_or_without_months_nothing_is_changed() -> None:
    series(RATIO, ups_and_downs(12))
    varying.hold(everyone=True)
    before, asker = told(standing()), boss()
    with pytest.raises(Refused, match="Say why"):
        varying.work_out_again(asker, RATIO, COMPANY, " ")
    with pytest.raises(Refused, match="Nothing has been measured"):
        varying.work_out_again(asker, "mrr", COMPANY, "because")
    store("mrr", FIRST, "5")
    with pytest.raises(Refused, match="no 12 complete months"):
        varying.work_out_again(asker, "mrr", COMPANY, "because")
    assert told(standing()) == before


def test_the_latest_month_is_judged_by_the_limits_held_and_named_for_a_quarter() -> None:
    steady = ["0.3", "0.32"] * 12
    months = series(RATIO, [*steady, "0.31", "0.9", "0.31"])
    varying.hold(everyone=True)
    asker = boss()

    def words(period: Any) -> str:
        found = varying.signals(asker, [RATIO], [COMPANY], period)
        return found[RATIO, COMPANY].words if found else ""

    assert words(months[-1]) == "within normal range"
    assert words(months[-2]) == "signal: above the normal range"
    assert words(Quarter.holding(months[-1].starts_on)) == "signal: above the normal range in Feb"
    assert words(months[0]) == "within normal range"
    assert words(Year(2024, 1)) == words(Month(2024, 4)) == ""  # its last month is not there


def test_a_month_that_still_runs_is_never_judged() -> None:
    series(RATIO, ["0.3", "0.32"] * 12, Month(2023, 1))
    varying.hold(everyone=True)
    store(RATIO, Month(2025, 1), "9", state=State.SO_FAR)
    assert varying.signals(boss(), [RATIO], [COMPANY], Month(2025, 1)) == {}


def test_eight_months_above_average_are_a_signal_told_by_working_day() -> None:
    months = [FIRST.shift(number) for number in range(32)]
    days = varying.working_days(months)
    each = [str(count * days[month]) for count, month in zip([*[10, 12] * 12, *[14] * 8], months, strict=True)]
    series(TICKETS, each[:24])
    varying.hold(everyone=True)
    series(TICKETS, each[24:], months[24])
    found = varying.signals(boss(), [TICKETS], [COMPANY], months[-1])[TICKETS, COMPANY]
    assert found.signal is not None
    assert (found.signal.rule, found.words) == (Rule.RUN, "signal: nine months above average")
    assert found.held.of_month(20).mean == 220


def test_many_numbers_are_asked_for_in_a_fixed_number_of_statements(django_assert_num_queries: Any) -> None:
    whose = [client(f"client-{number}") for number in range(5)]
    for scope in whose:
        Organization.objects.create(slug=scope.slug, name=scope.slug)
        for metric in (RATIO, TICKETS):
            series(metric, ["5", "6"] * 6, scope=scope)
    assert varying.hold(everyone=True) == 10
    asker = boss()
    with django_assert_num_queries(3):  # the rules, the scopes, and the months with their limits
        assert len(varying.signals(asker, [RATIO, TICKETS], whose, FIRST.shift(11))) == 10
    with django_assert_num_queries(2):
        assert len(varying.held(asker, [RATIO, TICKETS], whose, FIRST.shift(11))) == 10


def test_limits_of_a_hidden_number_are_absent() -> None:
    series("mrr", ["5", "6"] * 6)
    varying.hold(everyone=True)
    month = FIRST.shift(11)
    assert varying.held(person("reader"), ["mrr"], [COMPANY], month) == {}
    assert len(varying.held(person("vcio", "see_finance"), ["mrr"], [COMPANY], month)) == 1
