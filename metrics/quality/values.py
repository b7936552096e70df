"""Rules over the stored values of single clients and of the company, each one statement over what is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from metrics.declare import Flow, Manual, MayBeUntold, Standing, Stock, Unit, facts_of
from metrics.definitions import CATALOGUE
from metrics.periods import Month
from metrics.quality import words
from metrics.quality.extent import YEAR_BEFORE, Extent
from metrics.quality.seen import Seen, fetched
from metrics.settings import all_in_force

Key = tuple[str, int, int]  # metric, scope, period


def _steady() -> tuple[str, ...]:
    """What is counted month by month or stands at its end; of two that count the same, the first.

    Movements are small, seldom and steep by nature, and what is worked out from others moves with them: its finding
    is theirs.
    """
    told: dict[tuple[object, ...], str] = {}
    for key, metric in CATALOGUE.items():
        if isinstance(metric, Flow | Stock | Standing) and not isinstance(metric, MayBeUntold):
            counts = (metric.facts.name, getattr(metric, "value", ""), getattr(metric, "dated", ""), metric.where)
            told.setdefault((type(metric), *counts), key)
    return tuple(told.values())


STEADY = _steady()
BY_HAND = tuple(key for key, metric in CATALOGUE.items() if isinstance(metric, Manual))
NEVER_NEGATIVE = tuple(
    key for key, metric in CATALOGUE.items()
    if metric.unit in (Unit.COUNT, Unit.HOURS) and (facts_of(metric) is not None or isinstance(metric, Manual))
)
GAP = 3  # months to each side within which a missing one is between two measured ones

# The month before was above zero: that leaves few of which the whole year is looked up.
ZEROS = """
SELECT s.metric, l.scope_id, l.period_id, s.starts_on
FROM looked_at l
JOIN shown_as s ON s.period_id = l.period_id AND s.grain = 'month' AND s.ended AND s.metric = ANY(%(metrics)s)
JOIN shown_as t ON t.metric = s.metric AND t.grain = 'month'
    AND t.starts_on = (s.starts_on - interval '1 month')::date
JOIN metrics_monthly v ON v.scope_id = l.scope_id AND v.definition_id = s.definition_id AND v.period_id = l.period_id
JOIN metrics_monthly p ON p.scope_id = l.scope_id AND p.definition_id = t.definition_id AND p.period_id = t.period_id
WHERE v.state = 0 AND v.value = 0 AND p.state = 0 AND p.value > 0 AND (
    SELECT count(*) FROM shown_as b
    JOIN metrics_monthly w
        ON w.scope_id = l.scope_id AND w.definition_id = b.definition_id AND w.period_id = b.period_id
    WHERE b.metric = s.metric AND b.grain = 'month' AND w.state = 0 AND w.value > 0
      AND b.starts_on < s.starts_on AND b.starts_on >= s.starts_on - make_interval(months => %(months)s)
) = %(months)s"""

NEGATIVES = """
SELECT s.metric, l.scope_id, l.period_id, l.starts_on, v.value
FROM looked_at l
JOIN shown_as s ON s.period_id = l.period_id AND s.grain = 'month' AND s.metric = ANY(%(metrics)s)
JOIN metrics_monthly v ON v.scope_id = l.scope_id AND v.definition_id = s.definition_id AND v.period_id = l.period_id
WHERE v.value < 0"""

JUMPS = """
SELECT s.metric, l.scope_id, l.period_id, l.starts_on, b.value, v.value
FROM looked_at l
JOIN shown_as s ON s.period_id = l.period_id AND s.grain = 'month' AND s.ended AND s.metric = ANY(%(metrics)s)
JOIN unnest(%(days)s::date[], %(percents)s::numeric[], %(floors)s::numeric[], %(amounts)s::numeric[])
    AS bound(starts_on, percent, floor, amount) ON bound.starts_on = s.starts_on
JOIN shown_as t ON t.metric = s.metric AND t.grain = 'month'
    AND t.starts_on = (s.starts_on - interval '1 month')::date
JOIN metrics_monthly v ON v.scope_id = l.scope_id AND v.definition_id = s.definition_id AND v.period_id = l.period_id
JOIN metrics_monthly b ON b.scope_id = l.scope_id AND b.definition_id = t.definition_id AND b.period_id = t.period_id
WHERE v.state = 0 AND b.state = 0 AND b.value > 0 AND abs(v.value - b.value) > b.value * bound.percent / 100
  AND abs(v.value - b.value) >= CASE WHEN s.metric = ANY(%(money)s) THEN bound.amount ELSE bound.floor END"""

# The month before was none: that leaves few of which the whole year is looked up. OFFSET 0 keeps it in that order.
BETWEEN = """
  AND EXISTS (
      SELECT FROM shown_as b JOIN metrics_monthly w
          ON w.scope_id = l.scope_id AND w.definition_id = b.definition_id AND w.period_id = b.period_id
      WHERE b.metric = s.metric AND b.grain = 'month' AND w.state = 0
        AND b.starts_on < s.starts_on AND b.starts_on >= s.starts_on - make_interval(months => %(gap)s))
  AND EXISTS (
      SELECT FROM shown_as b JOIN metrics_monthly w
          ON w.scope_id = l.scope_id AND w.definition_id = b.definition_id AND w.period_id = b.period_id
      WHERE b.metric = s.metric AND b.grain = 'month' AND w.state = 0
        AND b.starts_on > s.starts_on AND b.starts_on <= s.starts_on + make_interval(months => %(gap)s))"""
MISSING_OF_COMPANY = """
SELECT s.metric, l.scope_id, l.period_id, l.starts_on, v.cause
FROM looked_at l
JOIN scope o ON o.id = l.scope_id AND o.kind = 'company'
JOIN shown_as s ON s.period_id = l.period_id AND s.grain = 'month' AND s.ended AND s.metric = ANY(%(metrics)s)
LEFT JOIN metrics_monthly v
    ON v.scope_id = l.scope_id AND v.definition_id = s.definition_id AND v.period_id = l.period_id
WHERE coalesce(v.state, 4) IN (2, 4)""" + BETWEEN
# A client's month is missing where the company's own is there: what nobody was read for is told once, of the company.
MISSING_OF_CLIENTS = """
SELECT s.metric, l.scope_id, l.period_id, l.starts_on, v.cause
FROM (
    SELECT s.* FROM shown_as s
    JOIN metrics_monthly c ON c.definition_id = s.definition_id AND c.period_id = s.period_id AND c.state = 0
    JOIN scope w ON w.id = c.scope_id AND w.kind = 'company'
    WHERE s.grain = 'month' AND s.ended AND s.metric = ANY(%(metrics)s)
) s
JOIN looked_at l ON l.period_id = s.period_id
JOIN scope o ON o.id = l.scope_id AND o.kind = 'organization'
JOIN metrics_monthly v ON v.scope_id = l.scope_id AND v.definition_id = s.definition_id AND v.period_id = l.period_id
WHERE v.state IN (2, 4)""" + BETWEEN  # noqa: S608 - a condition of our own

# What is billed by the seat beside what is managed: at the last month end at which both are known.
SEATS = """
SELECT l.scope_id, p.value, r.value
FROM (SELECT DISTINCT scope_id FROM looked_at) l
JOIN scope o ON o.id = l.scope_id AND o.kind = 'organization'
JOIN shown_as a ON a.metric = 'agreement_seats' AND a.grain = 'month' AND a.starts_on = %(month)s
JOIN shown_as b ON b.metric = 'seats_managed' AND b.grain = 'month' AND b.starts_on = %(month)s
JOIN metrics_monthly p ON p.scope_id = l.scope_id AND p.definition_id = a.definition_id AND p.period_id = a.period_id
JOIN metrics_monthly r ON r.scope_id = l.scope_id AND r.definition_id = b.definition_id AND r.period_id = b.period_id
WHERE p.state = 0 AND r.state = 0 AND p.value > 0
  AND abs(p.value - r.value) > greatest(p.value, r.value) * %(percent)s::numeric / 100
  AND abs(p.value - r.value) >= %(least)s"""
FEW_SEATS = 3  # seats a client may differ by, whatever share of its seats they are


def zeros(extent: Extent) -> Iterator[Seen]:
    for (metric, scope, period), starts_on in _zeros().items():
        says = (
            f"{CATALOGUE[metric].label} fell to zero in {words.month(starts_on)}, "
            f"after {YEAR_BEFORE} months in a row above it."
        )
        yield Seen(metric=metric, scope=scope, period=period, says=says)


def _zeros() -> dict[Key, date]:
    """Each with the day its month begins on."""
    rows = fetched(ZEROS, {"metrics": list(STEADY), "months": YEAR_BEFORE})
    return {(metric, scope, period): starts_on for metric, scope, period, starts_on in rows}


def negatives(extent: Extent) -> Iterator[Seen]:
    for metric, scope, period, starts_on, value in fetched(NEGATIVES, {"metrics": list(NEVER_NEGATIVE)}):
        says = (
            f"{CATALOGUE[metric].label} came to {words.of(metric, value)} in {words.month(starts_on)}, "
            "and cannot be below zero."
        )
        yield Seen(metric=metric, scope=scope, period=period, says=says, measure=value)


def jumps(extent: Extent) -> Iterator[Seen]:
    """A fall to nothing that is told as such already is not told again."""
    zero = _zeros()
    rules = all_in_force(_last_days(extent))
    rows = fetched(JUMPS, {
        "metrics": list(STEADY), "days": [day.replace(day=1) for day in rules],
        "percents": [Decimal(rule["jump_percent"]) for rule in rules.values()],
        "floors": [Decimal(rule["jump_floor"]) for rule in rules.values()],
        "amounts": [Decimal(rule["jump_floor_money"]) for rule in rules.values()],
        "money": [key for key in STEADY if CATALOGUE[key].unit is Unit.MONEY],
    })
    for metric, scope, period, starts_on, before, now in rows:
        if (metric, scope, period) in zero:
            continue
        percent = round((now - before) / before * 100)
        yield Seen(
            metric=metric, scope=scope, period=period, measure=Decimal(percent),
            says=f"{CATALOGUE[metric].label} {'rose' if now > before else 'fell'} from {words.of(metric, before)} in "
            f"{Month.holding(starts_on).previous.label} to {words.of(metric, now)} in {words.month(starts_on)}"
            f"{_by_percent(percent) if now >= 0 else ''}.",
        )


def _by_percent(percent: int) -> str:
    """Through zero a percentage says nothing."""
    return f" ({'+' if percent > 0 else '−'}{abs(percent):,} %)"


def _last_days(extent: Extent) -> list[date]:
    """The last day of each month that may be told of: by the rules of that day it is judged."""
    return [_last(month) for month in extent.beside()]


def _last(month: Month) -> date:
    return month.ends_on - timedelta(days=1)


def missing(extent: Extent) -> Iterator[Seen]:
    rows = [
        *fetched(MISSING_OF_COMPANY, {"metrics": [*STEADY, *BY_HAND], "gap": GAP}),
        *fetched(MISSING_OF_CLIENTS, {"metrics": list(STEADY), "gap": GAP}),
    ]
    for metric, scope, period, starts_on, cause in rows:
        why = f": {cause}" if cause else ""
        says = f"{CATALOGUE[metric].label} of {words.month(starts_on)} is missing between months that are there{why}."
        yield Seen(metric=metric, scope=scope, period=period, says=says)


def seats(extent: Extent) -> Iterator[Seen]:
    month = extent.last_ended
    rule = all_in_force([_last(month)])[_last(month)]
    asked: dict[str, Any] = {
        "month": month.starts_on, "percent": Decimal(rule["seat_tolerance"]), "least": FEW_SEATS,
    }
    for scope, billed, managed in fetched(SEATS, asked):
        says = (
            f"{words.told(billed, Unit.COUNT)} seats billed and {words.told(managed, Unit.COUNT)} managed at the end "
            f"of {month.label}."
        )
        yield Seen(metric="agreement_seats", scope=scope, says=says, measure=billed - managed)
