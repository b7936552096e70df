"""What a page asks of limits: those held for many numbers at once, and whether their latest month is a signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from metrics import limits
from metrics.declare import Metric
from metrics.definitions import CATALOGUE
from metrics.formula import EXACT, rounded
from metrics.limits import MOST, Limits, Signal
from metrics.models import State
from metrics.periods import MONTH_NAMES, Month, Quarter, Span
from metrics.reading import Person, ScopeRef, may_see
from metrics.reading.stored import SHOWN, fetched, scope_ids
from metrics.varying.working_days import working_days

HELD = SHOWN + """
SELECT shown.metric, h.scope_id, h.mean, h.lower, h.upper, h.points, h.per_working_day, h.from_on, h.until_on,
       h.reason, h.at, coalesce(nullif(btrim(u.first_name || ' ' || u.last_name), ''), u.username, ''), shown.version
       {points}
FROM shown JOIN held_limits h ON h.definition_id = shown.definition_id AND h.superseded_at IS NULL
    AND h.scope_id = ANY(%(scopes)s)
LEFT JOIN auth_user u ON u.id = h.by_id
{months}"""
# The months of one number lie together under its key.
POINTS = """CROSS JOIN LATERAL (
    SELECT array_agg(p.starts_on ORDER BY p.starts_on) AS days, array_agg(m.value ORDER BY p.starts_on) AS values
    FROM metrics_monthly m JOIN period p ON p.id = m.period_id
    WHERE m.scope_id = h.scope_id AND m.definition_id = h.definition_id AND m.state = %(measured)s
      AND p.starts_on >= %(first)s AND p.starts_on <= %(last)s
) v"""

Key = tuple[str, ScopeRef]  # metric key, scope


@dataclass(frozen=True)
class Held:
    """The limits one number varies within, on which months they stand, and who had them worked out again and why."""

    metric: Metric
    scope: ScopeRef
    limits: Limits
    per_working_day: bool
    from_on: date
    until_on: date  # the day after the last of their months
    reason: str
    at: datetime
    by: str  # empty: worked out with the figures
    version: int

    def of_month(self, days: int) -> Limits:
        """As a month of so many working days is held against them."""
        if not self.per_working_day:
            return self.limits
        mean, lower, upper = (
            rounded(EXACT.multiply(each, days)) for each in (self.limits.mean, self.limits.lower, self.limits.upper)
        )
        return Limits(mean, lower, upper, self.limits.points)


@dataclass(frozen=True)
class Verdict:
    """Whether a number is more than noise, as of its last month. `words` stands beside its change."""

    held: Held
    month: Month
    signal: Signal | None
    words: str


def held(person: Person, metrics: Iterable[str], scopes: Iterable[ScopeRef], month: Month) -> dict[Key, Held]:
    """The limits in force, of the definition shown in a month; a number without any is left out. Two statements."""
    return {(each.metric.key, each.scope): each for each, _ in _held(person, metrics, scopes, month, with_points=False)}


def signals(person: Person, metrics: Iterable[str], scopes: Iterable[ScopeRef], period: Span) -> dict[Key, Verdict]:
    """What the last month of a period says; of a quarter, also its earlier months beyond a limit.

    A number that has no limits or whose last month is not measured whole is left out. Three statements.
    """
    last = period.months[-1]
    found: dict[Key, Verdict] = {}
    days = working_days(last.shift(offset) for offset in range(1 - MOST, 1))
    for each, stored in _held(person, metrics, scopes, last, with_points=True):
        if last in stored:
            points = {month: _point(each, value, days[month]) for month, value in stored.items()}
            found[each.metric.key, each.scope] = _verdict(each, points, period)
    return found


def _verdict(each: Held, points: Mapping[Month, Decimal], period: Span) -> Verdict:
    last = period.months[-1]
    signal = limits.latest(list(points.values()), each.limits)
    if signal is None and isinstance(period, Quarter):
        for month in reversed(period.months[:-1]):
            if month in points and (beyond := limits.latest([points[month]], each.limits)):
                return Verdict(each, month, beyond, f"{limits.words(beyond)} in {MONTH_NAMES[month.number - 1]}")
    return Verdict(each, last, signal, limits.words(signal))


def _point(each: Held, value: Decimal, days: int) -> Decimal:
    return rounded(EXACT.divide(value, Decimal(days))) if each.per_working_day else value


def _held(
    person: Person, metrics: Iterable[str], scopes: Iterable[ScopeRef], month: Month, *, with_points: bool
) -> Iterable[tuple[Held, dict[Month, Decimal]]]:
    permitted = [CATALOGUE[key] for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    ids = scope_ids(tuple(dict.fromkeys(scopes)))
    if not permitted or not ids:
        return
    statement = HELD.format(points=", v.days, v.values" if with_points else "", months=POINTS if with_points else "")
    for key, scope, mean, lower, upper, points, by_day, from_on, until_on, reason, at, by, version, *months in fetched(
        statement, {
            "metrics": [metric.key for metric in permitted], "versions": [metric.version for metric in permitted],
            "grain": "month", "days": [month.starts_on], "scopes": list(ids), "measured": int(State.MEASURED),
            "first": month.shift(1 - MOST).starts_on, "last": month.starts_on,
        }
    ):
        standing = Limits(mean, lower, upper, points)
        each = Held(CATALOGUE[key], ids[scope], standing, by_day, from_on, until_on, reason, at, by, version)
        yield each, _by_month(*months)


def _by_month(days: list[date] | None = None, values: list[Any] | None = None) -> dict[Month, Decimal]:
    return {Month.holding(day): value for day, value in zip(days or (), values or (), strict=True)}
