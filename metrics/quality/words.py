"""How a finding writes numbers: rounded once, thousands grouped, a true minus."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.periods import Month

CENTS = Decimal("0.01")
BEFORE = {Unit.MONEY: "$"}
AFTER = {Unit.HOURS: " h", Unit.PERCENT: "%"}


def told(value: Decimal, unit: Unit) -> str:
    """“$1,234.50”, “12.5 h”, “−3”: two places at the most, none where there is nothing behind the point."""
    fixed = value.quantize(CENTS, rounding=ROUND_HALF_UP)
    text = f"{abs(fixed):,.2f}"
    text = text.removesuffix(".00") if unit is Unit.MONEY else text.rstrip("0").rstrip(".")
    return f"{'−' if fixed < 0 else ''}{BEFORE.get(unit, '')}{text}{AFTER.get(unit, '')}"


def of(metric: str, value: Decimal) -> str:
    """In the metric's own unit."""
    return told(value, CATALOGUE[metric].unit)


def month(day: date) -> str:
    return Month.holding(day).label


def many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def some(names: list[str], shown: int = 3) -> str:
    """“A, B, C and 4 more”."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
