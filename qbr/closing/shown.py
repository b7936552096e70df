"""Periods as they are shown: how each stands, since when and by whom, and every quarter with its months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.urls import reverse

from metrics import closing
from metrics.closing.periods import first_month, today
from metrics.models import Period, PeriodChange
from metrics.periods import Month, Quarter, Span, months_between
from qbr.pages import formats

Status = Period.Status
WORDS = {Status.OPEN: "open", Status.SOFT_CLOSED: "soft-closed", Status.CLOSED: "closed"}
TONES = {Status.OPEN: "", Status.SOFT_CLOSED: "watch", Status.CLOSED: "good"}
NOBODY = "the command line"


@dataclass(frozen=True)
class Standing:
    """One period: `word` and `tone` are its state, `since` who brought it there and when, `reason` why."""

    span: Span
    status: Period.Status
    word: str
    tone: str
    href: str
    since: str = ""
    reason: str = ""
    has_ended: bool = True

    @property
    def label(self) -> str:
        return self.span.label

    @property
    def is_open(self) -> bool:
        return self.status == Status.OPEN


@dataclass(frozen=True)
class InQuarter:
    """A quarter and those of its months that have begun and have values."""

    quarter: Standing
    months: tuple[Standing, ...]


def known_months() -> list[Month]:
    """From the first that has values to the one that runs; none before the first roll-up."""
    first = first_month()
    return [] if first is None else list(months_between(first, Month.holding(today())))


def by_quarter(zone: ZoneInfo) -> list[InQuarter]:
    """The latest first, in the same few statements however many there are."""
    months = known_months()
    quarters = sorted({Quarter.holding(month.starts_on) for month in months}, reverse=True)
    found = standings([*quarters, *months], zone)
    return [
        InQuarter(found[quarter], tuple(found[month] for month in quarter.months if month in found))
        for quarter in quarters
    ]


def standings(spans: Iterable[Span], zone: ZoneInfo) -> dict[Span, Standing]:
    spans = list(spans)
    last = _last_changes(spans)
    return {
        span: _standing(span, status, last.get((span.grain, span.starts_on)), zone)
        for span, status in closing.statuses(spans).items()
    }


def _last_changes(spans: Iterable[Span]) -> Mapping[tuple[str, object], PeriodChange]:
    """By grain and first day, in one statement."""
    rows = (
        PeriodChange.objects.filter(period__starts_on__in={span.starts_on for span in spans})
        .select_related("period", "by").order_by("period", "-at", "-pk").distinct("period")
    )  # fmt: skip
    return {(row.period.grain, row.period.starts_on): row for row in rows}


def _standing(span: Span, status: Period.Status, last: PeriodChange | None, zone: ZoneInfo) -> Standing:
    has_ended = span.ends_on <= today()
    word, tone = WORDS[status], TONES[status]
    if status == Status.OPEN and last is not None:
        word, tone = "reopened", "act"
    elif not has_ended:
        word = "still running"
    return Standing(
        span, status, word, tone, reverse("period", args=[str(span)]),
        since=done_by(last.by, last.at, zone) if last else "", reason=last.reason if last else "", has_ended=has_ended,
    )  # fmt: skip


def done_by(by: User | None, at: datetime, zone: ZoneInfo) -> str:
    """“by Alex Hill on 3 May 2026, 10:12”."""
    return f"by {name_of(by)} on {formats.moment(at, zone)}"


def name_of(person: User | None) -> str:
    return NOBODY if person is None else person.get_full_name() or person.get_username()
