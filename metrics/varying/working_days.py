"""How many days of a month the desk is open: its weekdays less holidays, both as their settings stand in that month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from metrics.declare import Across, Flow, Metric, Unit
from metrics.periods import Month
from metrics.settings import all_in_force

VOLUMES = (Unit.COUNT, Unit.HOURS)


def is_per_working_day(metric: Metric) -> bool:
    """Whether a longer month makes more of it, so that only a day of one month compares with a day of another."""
    return isinstance(metric, Flow) and metric.across is Across.SUM and metric.unit in VOLUMES


def working_days(months: Iterable[Month]) -> dict[Month, int]:
    """By the rules in force on each month's last day; a month without one counts as one day. One statement."""
    asked = list(dict.fromkeys(months))
    rules = all_in_force({_last(month) for month in asked})
    found = {}
    for month in asked:
        in_force = rules[_last(month)]
        week, off = set(in_force["business_hours"]["days"]), set(in_force["holidays"])
        found[month] = max(1, sum(_is_open(day, week, off) for day in _days(month)))
    return found


def _is_open(day: date, week: set[int], off: set[str]) -> bool:
    return day.isoweekday() in week and day.isoformat() not in off


def _days(month: Month) -> Iterable[date]:
    return (month.starts_on + timedelta(days) for days in range((month.ends_on - month.starts_on).days))


def _last(month: Month) -> date:
    return month.ends_on - timedelta(days=1)
