"""What tests of data quality share: a look at everything, and what it found."""

from __future__ import annotations

from datetime import UTC, datetime

from collectors.facts.touched import Calendar
from metrics import quality
from metrics.models import Finding, Period, QualityScore, Rollup
from metrics.periods import Month, months_between
from metrics.quality.extent import every_month
from metrics.reading import COMPANY, ScopeRef
from tests.metrics.stored_values import store

APRIL = datetime(2025, 4, 2, 12, tzinfo=UTC)


def look(now: datetime = APRIL) -> None:
    """At every month, as after a roll-up of everything, and at records and systems."""
    QualityScore.objects.all().delete()
    Rollup.objects.create(cause="a test", asked={str(month.starts_on): None for month in every_month()})
    quality.run(now=now)


def found(rule: str, life: str = "open") -> list[Finding]:
    return list(Finding.objects.filter(rule=rule, life=life).order_by("period__starts_on", "metric", "pk"))


def says(rule: str) -> list[str]:
    return [finding.says for finding in found(rule)]


def series(metric: str, first: Month, values: list[str | None], scope: ScopeRef = COMPANY) -> None:
    """Stored months from the first on; None is a month that was not collected."""
    last = first.shift(len(values) - 1)
    for month, value in zip(months_between(first, last), values, strict=True):
        store(metric, month, value, scope)


def months_known(first: Month, last: Month) -> None:
    for month in months_between(first, last):
        Period.objects.get_or_create(grain="month", starts_on=month.starts_on, ends_on=month.ends_on)


def in_utc() -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})


__all__ = ["APRIL", "every_month", "found", "in_utc", "look", "months_known", "says", "series"]
