"""A number beside another, in words that carry direction."""

from __future__ import annotations

from decimal import Decimal

import pytest

from metrics.comparisons import Change, Judgement, Met, against_goal, compare, previous, year_ago
from metrics.declare import at_least, at_most
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.periods import Month, Quarter, Year
from metrics.reading import COMPANY, Number

NOW, BEFORE = Quarter(2025, 2), Quarter(2025, 1)


def number(metric: str, value: str | None, state: State = State.MEASURED, version: int = 1) -> Number:
    amount = None if value is None else Decimal(value)
    return Number(metric=CATALOGUE[metric], scope=COMPANY, period=NOW, value=amount, state=state, version=version)


@pytest.mark.parametrize(("metric", "base", "now", "change", "told_in", "judgement"), [
    ("reactive_hours", "200", "250", "25", Change.PERCENT, None),
    ("net_profit_pct", "10.5", "11.8", "1.3", Change.POINTS, Judgement.BETTER),
    ("rhem", "0.25", "0.20", "-20", Change.PERCENT, Judgement.BETTER),
    ("rhem", "0.20", "0.25", "25", Change.PERCENT, Judgement.WORSE),
    ("rhem", "0.20", "0.20", "0", Change.PERCENT, Judgement.SAME),
    ("new_mrr_added", "0", "400", "400", Change.ABSOLUTE, Judgement.BETTER),
    ("net_profit", "-200", "100", "300", Change.ABSOLUTE, Judgement.BETTER),
    ("net_profit", "100", "-200", "-300", Change.PERCENT, Judgement.WORSE),
    ("endpoints_managed", "594", "600", None, Change.PERCENT, Judgement.NONE),
])
def test_a_change_is_told_in_percent_points_or_as_it_is(
    metric: str, base: str, now: str, change: str | None, told_in: Change, judgement: Judgement | None
) -> None:
    found = compare(number(metric, now), number(metric, base), "previous quarter")
    assert found is not None
    assert found.told_in is told_in
    if change is not None:
        assert found.change == Decimal(change)
    if judgement is not None:
        assert found.judgement is judgement


def test_movement_is_apart_from_judgement() -> None:
    found = compare(number("rhem", "0.20"), number("rhem", "0.25"), "previous quarter")
    assert found is not None
    assert (found.movement, found.judgement) == ("down", Judgement.BETTER)


def test_a_running_period_is_compared_and_not_judged() -> None:
    running = number("rhem", "0.4", State.SO_FAR)
    found = compare(running, number("rhem", "0.2"), "previous quarter")
    assert found is not None
    assert (found.change, found.judgement) == (100, Judgement.NONE)
    goal = against_goal(running, at_most("0.25"))
    assert goal is not None
    assert goal.met is Met.NONE


@pytest.mark.parametrize(("now", "base"), [
    (number("rhem", None, State.NOT_COLLECTED), number("rhem", "1")),
    (number("rhem", "1"), number("rhem", None, State.UNDEFINED)),
    (number("reactive_hours", "1"), number("reactive_hours", "1", State.INCOMPLETE)),
])
def test_nothing_is_compared_with_what_is_missing(now: Number, base: Number) -> None:
    assert compare(now, base, "previous quarter") is None


def test_two_definitions_are_compared_with_a_mark() -> None:
    found = compare(number("rhem", "1", version=2), number("rhem", "1"), "previous quarter")
    assert found is not None
    assert found.redefined


@pytest.mark.parametrize(("value", "met"), [
    ("0.25", Met.MET), ("0.2537", Met.NEAR), ("0.35", Met.NEAR), ("0.35000001", Met.MISSED), ("0.2", Met.MET),
])
def test_a_goal_is_compared_before_any_rounding(value: str, met: Met) -> None:
    found = against_goal(number("rhem", value), at_most("0.25", warn_at="0.35"))
    assert found is not None
    assert (found.met, found.difference) == (met, Decimal(value) - Decimal("0.25"))


def test_a_goal_can_be_a_floor_and_there_may_be_none() -> None:
    assert against_goal(number("net_profit_pct", "10"), None) is None
    assert against_goal(number("net_profit_pct", None, State.UNDEFINED), at_least("15")) is None
    found = against_goal(number("net_profit_pct", "15"), at_least("15"))
    assert found is not None
    assert found.met is Met.MET


def test_the_periods_to_compare_with_are_named() -> None:
    assert previous(Quarter(2025, 1)) == ("previous quarter", Quarter(2024, 4))
    assert year_ago(Quarter(2025, 1)) == ("same quarter last year", Quarter(2024, 1))
    assert previous(Month(2025, 1)) == ("previous month", Month(2024, 12))
    assert year_ago(Year(2025, 1)) == ("previous year", Year(2024, 1))
