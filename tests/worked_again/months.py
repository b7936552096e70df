"""Days of months, and whether others lie in them."""

from __future__ import annotations

from datetime import date, timedelta

from tests.worked_again.values import Line


def first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def after(month: str) -> date:
    """The first day after a month."""
    return (first_of(month) + timedelta(days=32)).replace(day=1)


def before(month: str) -> str:
    return f"{first_of(month) - timedelta(days=1):%Y-%m}"


def end_of(period: str) -> date:
    """The first day after a month, quarter or year."""
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return after(f"{year}-{int(part[1]) * 3:02d}")
    return after(period if part else f"{year}-12")


def meet(days: Line, month: str) -> bool:
    return date.fromisoformat(days["from"]) < after(month) and date.fromisoformat(days["until"]) > first_of(month)


def within(whose: Line, month: str) -> bool:
    since, until = whose["from_month"], whose["to_month"]
    return not (since and first_of(month) < date.fromisoformat(since)) and not (
        until and first_of(month) >= date.fromisoformat(until)
    )
