"""A number beside another: how much it moved, in which words, and whether that is better. Pure; knows no database.

Movement and judgement are apart, since for half of the metrics lower is better. What cannot be compared says why. A
period still running, or one not wholly covered, is never judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from metrics.declare import Better, Goal, Unit
from metrics.formula import EXACT, rounded
from metrics.models import State
from metrics.periods import Span
from metrics.reading.shapes import Number


class Change(StrEnum):
    """In what a change is told."""

    ABSOLUTE = "absolute"  # in the metric's own unit
    PERCENT = "percent"  # of what was
    POINTS = "points"  # percentage points, between two percents


class Judgement(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    SAME = "no change"
    NONE = ""  # neither is better, or it is too early to say


class Met(StrEnum):
    MET = "met"
    NEAR = "near"  # missed, within the warning line
    MISSED = "missed"
    NONE = ""  # too early to say


@dataclass(frozen=True)
class Comparison:
    against: str  # "previous quarter", "same quarter last year"
    base: Number
    change: Decimal
    told_in: Change
    judgement: Judgement
    redefined: bool  # the two were worked out by different definitions, and compared because someone asked

    @property
    def movement(self) -> str:
        """Which way the arrow points."""
        return movement(self.change)


@dataclass(frozen=True)
class AgainstGoal:
    goal: Goal
    target: Decimal  # on the period's last day; of a band the line that is nearer
    difference: Decimal  # value less target, in the metric's own unit; zero within a band
    met: Met


def previous(period: Span) -> tuple[str, Span]:
    return f"previous {period.grain}", period.previous


def year_ago(period: Span) -> tuple[str, Span]:
    """For a year that is the previous one."""
    return ("previous year" if period.grain == "year" else f"same {period.grain} last year"), period.year_ago


def earlier(period: Span) -> tuple[tuple[str, Span], ...]:
    """Both, once where they are the same."""
    return tuple({span: (against, span) for against, span in (previous(period), year_ago(period))}.values())


def compare(
    now: Number, base: Number, against: str, *, other_versions: bool = False, inputs: Sequence[str] = ()
) -> Comparison | None:
    """How `now` moved from `base`; None where they cannot be compared, as `no_basis` says."""
    if no_basis(now, base, other_versions=other_versions, inputs=inputs) or now.value is None or base.value is None:
        return None
    moved, told_in = change(now.value, base.value, now.metric.unit)
    return Comparison(
        against=against, base=base, change=moved, told_in=told_in, judgement=judged(now, base.value),
        redefined=now.version != base.version or bool(inputs),
    )


def no_basis(now: Number, base: Number, *, other_versions: bool = False, inputs: Sequence[str] = ()) -> str:
    """Why the two cannot be compared, in words; empty where they can.

    Two definitions are compared when asked alone, and so are those of `inputs`, told as “Reactive hours: version 1,
    then 2”.
    """
    if now.value is None or now.state is State.INCOMPLETE:
        return is_missing(now)
    if now.state is State.SO_FAR:
        return f"the {now.period.grain} is still running"
    if not base.is_final:
        return is_missing(base)
    if now.version != base.version and not other_versions:
        return f"{base.period.label} was worked out by another definition, version {base.version} and not {now.version}"
    if inputs and not other_versions:
        return f"{base.period.label} was worked out from other definitions, {'; '.join(inputs)}"
    return ""


def is_redefined(now: Number, base: Number, inputs: Sequence[str] = ()) -> bool:
    """Whether nothing but other definitions stands between the two."""
    return bool(no_basis(now, base, inputs=inputs)) and not no_basis(now, base, other_versions=True)


def is_missing(number: Number, *, brief: bool = False) -> str:
    """“Q2 2026 is not collected, nothing read for this period”; in `brief` without its cause."""
    is_so = "has" if number.state is State.INSUFFICIENT_COVERAGE else "is"
    cause = f", {number.cause}" if number.cause and not brief else ""
    return f"{number.period.label} {is_so} {number.state.label}{cause}"


def change(now: Decimal, base: Decimal, unit: Unit) -> tuple[Decimal, Change]:
    """Percents differ in points; from zero or less there is no percentage, only the change itself (C87)."""
    if unit is Unit.PERCENT:
        return now - base, Change.POINTS
    if base <= 0:
        return now - base, Change.ABSOLUTE
    return (now - base) / base * 100, Change.PERCENT


def movement(moved: Decimal) -> str:
    return "up" if moved > 0 else "down" if moved < 0 else "level"


def judged(now: Number, base: Decimal) -> Judgement:
    """Whether a number is better than a figure beside it: an earlier one, a median, a benchmark."""
    if not now.is_final or now.value is None or now.metric.better is Better.NEITHER:
        return Judgement.NONE
    if now.value == base:
        return Judgement.SAME
    rose = now.value > base
    return Judgement.BETTER if rose == (now.metric.better is Better.HIGHER) else Judgement.WORSE


def against_goal(number: Number, goal: Goal | None) -> AgainstGoal | None:
    """The exact value against the goal of the period's last day, before any rounding (C15); None without either."""
    if goal is None or number.value is None:
        return None
    floor, ceiling = _lines(goal, last_day(number.period))
    value = Fraction(number.value)
    line = ceiling if ceiling is not None and (floor is None or value > ceiling) else floor
    assert line is not None  # a goal has a line on one side at least
    within = goal.direction == "band" and _holds(value, floor, ceiling)
    met = _met(value, goal, floor, ceiling) if number.is_final else Met.NONE
    return AgainstGoal(goal, _decimal(line), Decimal(0) if within else _decimal(value - line), met)


def line_on(goal: Goal, day: date) -> Decimal:
    """The target as it stands on a day, to eight places: the glide path on its way, of a band the floor."""
    return _decimal(_target(goal, day))


def last_day(period: Span) -> date:
    """The day of a period whose goal counts."""
    return period.ends_on - timedelta(days=1)


def _target(goal: Goal, day: date) -> Fraction:
    """On a glide path in a straight line by date: until its first day the start, from its last day on the target."""
    target, path = Fraction(goal.target), goal.glide
    if path is None or day >= path.reached_on:
        return target
    if day <= path.from_on:
        return Fraction(path.starts_at)
    gone = Fraction((day - path.from_on).days, (path.reached_on - path.from_on).days)
    return Fraction(path.starts_at) + (target - Fraction(path.starts_at)) * gone


def _lines(goal: Goal, day: date) -> tuple[Fraction | None, Fraction | None]:
    """What a value must not be below, and what it must not be above."""
    target = _target(goal, day)
    if goal.direction == "band":
        return target, Fraction(goal.ceiling)
    return (None, target) if goal.direction == "at_most" else (target, None)


def _met(value: Fraction, goal: Goal, floor: Fraction | None, ceiling: Fraction | None) -> Met:
    if _holds(value, floor, ceiling):
        return Met.MET
    if not goal.warn_at or goal.direction == "band":
        return Met.MISSED
    leeway = abs(Fraction(goal.warn_at) - Fraction(goal.target))  # the warning line keeps its distance from the path
    near = _holds(value, None if floor is None else floor - leeway, None if ceiling is None else ceiling + leeway)
    return Met.NEAR if near else Met.MISSED


def _holds(value: Fraction, floor: Fraction | None, ceiling: Fraction | None) -> bool:
    return (floor is None or value >= floor) and (ceiling is None or value <= ceiling)


def _decimal(exact: Fraction) -> Decimal:
    return rounded(EXACT.divide(Decimal(exact.numerator), Decimal(exact.denominator)))
