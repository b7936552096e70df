"""A number beside another, in words that carry direction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from metrics.comparisons import (
    Change,
    Judgement,
    Met,
    against_goal,
    compare,
    earlier,
    line_on,
    no_basis,
    previous,
    year_ago,
)
from metrics.declare import Glide, Goal, at_least, at_most
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


def test_a_running_period_is_not_compared_with_a_whole_one_and_its_goal_not_judged() -> None:
    running = number("rhem", "0.4", State.SO_FAR)
    assert compare(running, number("rhem", "0.2"), "previous quarter") is None
    assert no_basis(running, number("rhem", "0.2")) == "the quarter is still running"
    goal = against_goal(running, at_most("0.25"))
    assert goal is not None
    assert goal.met is Met.NONE


@pytest.mark.parametrize(("now", "base", "why"), [
    (number("rhem", None, State.NOT_COLLECTED), number("rhem", "1"), "Q2 2025 is not collected"),
    (number("rhem", "1"), number("rhem", None, State.UNDEFINED), "Q1 2025 is undefined"),
    (number("reactive_hours", "1"), number("reactive_hours", "1", State.INCOMPLETE), "Q1 2025 is incomplete"),
    (number("reactive_hours", "1", State.INCOMPLETE), number("reactive_hours", "1"), "Q2 2025 is incomplete"),
    (number("rhem", "1", version=2), number("rhem", "1"),
     "Q1 2025 was worked out by another definition, version 1 and not 2"),
])
def test_what_is_missing_or_defined_otherwise_is_no_basis_and_says_why(now: Number, base: Number, why: str) -> None:
    base = replace(base, period=BEFORE)
    assert compare(now, base, "previous quarter") is None
    assert no_basis(now, base) == why


def test_the_reason_a_value_is_missing_is_told_with_it() -> None:
    base = replace(number("rhem", None, State.UNDEFINED), period=BEFORE, cause="no endpoint")
    assert no_basis(number("rhem", "1"), base) == "Q1 2025 is undefined, no endpoint"


def test_two_definitions_are_compared_only_when_asked_and_with_a_mark() -> None:
    found = compare(number("rhem", "1", version=2), number("rhem", "1"), "previous quarter", other_versions=True)
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


@pytest.mark.parametrize(("value", "met", "difference"), [
    ("89.99999999", Met.MISSED, "-0.00000001"), ("90", Met.MET, "0"), ("95", Met.MET, "0"), ("100", Met.MET, "0"),
    ("100.00000001", Met.MISSED, "0.00000001"),
])
def test_a_band_is_met_on_both_its_lines_and_between_them(value: str, met: Met, difference: str) -> None:
    found = against_goal(number("net_profit_pct", value), Goal(direction="band", target="90", ceiling="100"))
    assert found is not None
    assert (found.met, found.difference) == (met, Decimal(difference))


GLIDING = Goal(
    direction="at_most", target="0.25", warn_at="0.30",
    glide=Glide(starts_at="0.40", from_on=date(2025, 1, 1), reached_on=date(2025, 4, 11)),  # a hundred days
)


@pytest.mark.parametrize(("day", "line"), [
    (date(2024, 12, 31), "0.40"), (date(2025, 1, 1), "0.40"), (date(2025, 1, 2), "0.3985"),
    (date(2025, 2, 20), "0.325"), (date(2025, 4, 10), "0.2515"), (date(2025, 4, 11), "0.25"),
    (date(2026, 1, 1), "0.25"),
])
def test_a_glide_path_leads_from_its_start_to_its_target_in_a_straight_line_by_date(day: date, line: str) -> None:
    assert line_on(GLIDING, day) == Decimal(line)


@pytest.mark.parametrize(("value", "met"), [
    ("0.2665", Met.MET), ("0.26650001", Met.NEAR), ("0.3165", Met.NEAR), ("0.31650001", Met.MISSED),
])
def test_of_a_glide_path_the_periods_last_day_counts_and_the_warning_line_keeps_its_distance(
    value: str, met: Met
) -> None:
    found = against_goal(replace(number("rhem", value), period=BEFORE), GLIDING)  # 31 Mar is day 89
    assert found is not None
    assert (found.target, found.met) == (Decimal("0.2665"), met)


def test_a_goal_between_two_days_is_compared_before_it_is_rounded() -> None:
    path = Glide(starts_at="1", from_on=date(2025, 1, 1), reached_on=date(2025, 12, 27))  # 360 days
    goal = Goal(direction="at_most", target="0", glide=path)  # on 31 Mar 271/360 = 0.752777…
    met = [against_goal(replace(number("rhem", value), period=BEFORE), goal) for value in ("0.75277777", "0.75277778")]
    assert [each.met for each in met if each] == [Met.MET, Met.MISSED]


def test_the_periods_to_compare_with_are_named() -> None:
    assert previous(Quarter(2025, 1)) == ("previous quarter", Quarter(2024, 4))
    assert year_ago(Quarter(2025, 1)) == ("same quarter last year", Quarter(2024, 1))
    assert previous(Month(2025, 1)) == ("previous month", Month(2024, 12))
    assert year_ago(Year(2025, 1)) == ("previous year", Year(2024, 1))
    assert earlier(Year(2025, 1)) == (("previous year", Year(2024, 1)),)
    assert earlier(NOW) == (("previous quarter", BEFORE), ("same quarter last year", Quarter(2024, 2)))
