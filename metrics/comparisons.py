"""A number beside another: how much it moved, in which words, and whether that is better. Pure; knows no database.

Movement and judgement are apart, since for half of the metrics lower is better. A period still running, or one not
wholly covered, is shown and never judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from metrics.declare import Better, Goal, Unit
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
    redefined: bool  # the two were worked out by different definitions

    @property
    def movement(self) -> str:
        """Which way the arrow points."""
        return "up" if self.change > 0 else "down" if self.change < 0 else "level"


@dataclass(frozen=True)
class AgainstGoal:
    goal: Goal
    target: Decimal
    difference: Decimal  # value less target, in the metric's own unit
    met: Met


def previous(period: Span) -> tuple[str, Span]:
    return f"previous {period.grain}", period.previous


def year_ago(period: Span) -> tuple[str, Span]:
    """For a year that is the previous one."""
    return ("previous year" if period.grain == "year" else f"same {period.grain} last year"), period.year_ago


def compare(now: Number, base: Number, against: str) -> Comparison | None:
    """How `now` moved from `base`; None where either has no value, or the base is a mere count so far."""
    if now.value is None or base.value is None or not base.is_final:
        return None
    moved, told_in = change(now.value, base.value, now.metric.unit)
    return Comparison(
        against=against, base=base, change=moved, told_in=told_in, judgement=_judged(now, base.value),
        redefined=now.version != base.version,
    )


def change(now: Decimal, base: Decimal, unit: Unit) -> tuple[Decimal, Change]:
    """Percents differ in points; from zero or less there is no percentage, only the change itself (C87)."""
    if unit is Unit.PERCENT:
        return now - base, Change.POINTS
    if base <= 0:
        return now - base, Change.ABSOLUTE
    return (now - base) / base * 100, Change.PERCENT


def _judged(now: Number, base: Decimal) -> Judgement:
    if not now.is_final or now.value is None or now.metric.better is Better.NEITHER:
        return Judgement.NONE
    if now.value == base:
        return Judgement.SAME
    rose = now.value > base
    return Judgement.BETTER if rose == (now.metric.better is Better.HIGHER) else Judgement.WORSE


def against_goal(number: Number, goal: Goal | None) -> AgainstGoal | None:
    """The exact value against the target, before any rounding (C15); None without a goal or a value."""
    if goal is None or number.value is None:
        return None
    target = Decimal(goal.target)
    return AgainstGoal(goal, target, number.value - target, _met(number, goal) if number.is_final else Met.NONE)


def _met(number: Number, goal: Goal) -> Met:
    assert number.value is not None
    if _reaches(number.value, goal.direction, Decimal(goal.target)):
        return Met.MET
    if goal.warn_at and _reaches(number.value, goal.direction, Decimal(goal.warn_at)):
        return Met.NEAR
    return Met.MISSED


def _reaches(value: Decimal, direction: str, line: Decimal) -> bool:
    return value <= line if direction == "at_most" else value >= line
