"""Which periods are open, soft-closed and closed, and which could be closed now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics.models import Period, PeriodChange, Scope
from metrics.periods import Month, Quarter, Span, Year, months_between
from metrics.rollup.sql import fetch

Status = Period.Status
GRAINS: dict[str, type[Month] | type[Quarter] | type[Year]] = {"month": Month, "quarter": Quarter, "year": Year}
DAY = timedelta(days=1)

# The first month that has a value of the company, found by key.
FIRST_MONTH = """
SELECT min(p.starts_on) FROM period p
WHERE p.grain = 'month' AND EXISTS (SELECT FROM metrics_monthly v WHERE v.scope_id = ANY(%s) AND v.period_id = p.id)"""


class Refused(Exception):
    """Nothing was changed; the message says why to a person."""


def closed_through() -> date | None:
    """The last day that nothing collected moves."""
    return Calendar.current().closed_through


def first_open_day() -> date | None:
    """The day from which on things move; None: every day."""
    day = closed_through()
    return day + DAY if day else None


def span_of(period: Period) -> Month | Quarter | Year:
    return GRAINS[period.grain].holding(period.starts_on)


def status(span: Span) -> Period.Status:
    return statuses([span])[span]


def statuses(spans: Iterable[Span]) -> dict[Span, Period.Status]:
    """How each stands. What ends by the frontier is closed, whether anyone said so of itself or not."""
    spans, frontier = list(spans), closed_through()
    rows = Period.objects.filter(starts_on__in={span.starts_on for span in spans}).values_list(
        "grain", "starts_on", "state"
    )
    stored = {(grain, starts_on): Status(state) for grain, starts_on, state in rows}
    found = {}
    for span in spans:
        state = stored.get((span.grain, span.starts_on), Status.OPEN)
        is_within = frontier is not None and span.ends_on - DAY <= frontier
        found[span] = (state if state != Status.OPEN else Status.CLOSED) if is_within else Status.OPEN
    return found


def closable(now: datetime | None = None) -> list[Month | Quarter]:
    """The months and quarters that have ended and are not closed for good, oldest first, a quarter after its months."""
    first = first_month()
    if first is None:
        return []
    last = Month.holding(today(now)).previous
    months = list(months_between(first, last))
    quarters = {Quarter.holding(month.starts_on) for month in months}
    spans: list[Month | Quarter] = [*months, *(quarter for quarter in quarters if quarter.ends_on <= today(now))]
    states = statuses(spans)
    waiting = [span for span in spans if states[span] != Status.CLOSED]
    return sorted(waiting, key=lambda span: (span.ends_on, span.of_months))


def history(span: Span | None = None, limit: int = 50) -> list[PeriodChange]:
    """Who closed and reopened what, the last first."""
    rows = PeriodChange.objects.select_related("period", "by")
    if span is not None:
        rows = rows.filter(period__grain=span.grain, period__starts_on=span.starts_on)
    return list(rows[:limit])


def first_month() -> Month | None:
    """The first month that has values."""
    company = list(Scope.objects.filter(kind=Scope.Kind.COMPANY).values_list("pk", flat=True))
    [(day,)] = fetch(FIRST_MONTH, [company])
    return Month.holding(day) if day else None


def today(now: datetime | None = None) -> date:
    return (now or timezone.now()).astimezone(Calendar.current().zone).date()
