"""How fresh each system's figures are: read in time, late, or failing with a sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from croniter import croniter
from django.db.models import DateTimeField, Max, OuterRef, Subquery
from django.utils import timezone

from collectors.facts.touched import Calendar
from collectors.models import CollectorRun, Connection, Listing, Reading
from collectors.systems import is_collected, system, uncollected
from metrics.reading.shapes import Person

DAY = timedelta(days=1)
DAY_AND_SLACK = timedelta(hours=26)


class Freshness(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    FAILING = "failing"
    ENTERED = "entered"  # no vendor file reads it: its records were written into the tables, and nothing grows old


@dataclass(frozen=True)
class SystemFreshness:
    connection: str
    vendor: str
    layer: str
    read_through: datetime | None  # what is known of it reaches to here; None: never read
    state: Freshness
    problem: str = ""  # a sentence; empty where it is fresh
    pk: int = 0  # of the connection

    @property
    def waits(self) -> bool:
        """Whether somebody should look after it."""
        return self.state in (Freshness.STALE, Freshness.FAILING)


def freshness(person: Person) -> list[SystemFreshness]:
    """Every connection that is switched on, those that need someone first. Nothing for strangers."""
    if not (person.is_active and person.is_authenticated):
        return []
    return sorted(systems(timezone.now()), key=lambda system: (not system.waits, system.connection))


def systems(now: datetime) -> list[SystemFreshness]:
    """The same for whoever asks: for checks that nobody in particular makes."""
    zone = Calendar.current().zone
    return [_of(row, now.astimezone(zone), zone) for row in _connections()]


def _connections() -> list[Connection]:
    """Each with its last good run, its last run and how far it was read, in one statement."""
    runs = CollectorRun.objects.filter(connection=OuterRef("pk")).order_by("-started_at")
    done = runs.filter(state=CollectorRun.State.DONE)
    ended = runs.exclude(state__in=[CollectorRun.State.RUNNING, CollectorRun.State.PAUSED])
    readings = Reading.objects.filter(connection=OuterRef("pk")).order_by().values("connection")
    listings = Listing.objects.filter(connection=OuterRef("pk")).order_by().values("connection")
    return list(Connection.objects.filter(enabled=True).annotate(
        good_at=Subquery(done.values("started_at")[:1]),
        last_state=Subquery(ended.values("state")[:1]),
        last_error=Subquery(ended.values("error")[:1]),
        read_at=Subquery(readings.annotate(at=Max("read_through")).values("at"), output_field=DateTimeField()),
        listed_at=Subquery(listings.annotate(at=Max("at")).values("at"), output_field=DateTimeField()),
    ))


def _of(row: Connection, now: datetime, zone: ZoneInfo) -> SystemFreshness:
    read = system(row.vendor)
    moments = [moment for moment in (row.read_at, row.listed_at) if moment]  # type: ignore[attr-defined]
    state, problem = _state(row, now)
    return SystemFreshness(
        connection=row.label, vendor=read.label, layer=read.layer.value if read.layer else "",
        read_through=max(moments).astimezone(zone) if moments else None, state=state, problem=problem, pk=row.pk,
    )


def _state(row: Connection, now: datetime) -> tuple[Freshness, str]:
    if not is_collected(row.vendor):
        return Freshness.ENTERED, f"{uncollected(row.vendor)}."
    good_at, last_state = row.good_at, row.last_state  # type: ignore[attr-defined]
    if row.problem:
        return Freshness.FAILING, row.problem
    if last_state in (CollectorRun.State.FAILED, CollectorRun.State.STOPPED):
        return Freshness.FAILING, row.last_error or "The last read did not end well."  # type: ignore[attr-defined]
    if good_at is None:
        return Freshness.STALE, "Never read yet."
    if now - good_at > patience(row.schedule, now):
        return Freshness.STALE, f"Not read since {good_at.astimezone(now.tzinfo):%-d %b %Y, %H:%M}."
    return Freshness.FRESH, ""


def patience(schedule: str, now: datetime) -> timedelta:
    """How late the next good read may be: two turns of the schedule, at most 26 hours if it reads daily or more."""
    turns = croniter(schedule, now)
    last, before = turns.get_prev(datetime), turns.get_prev(datetime)
    turn: timedelta = last - before
    return 2 * turn if turn > DAY else min(2 * turn, DAY_AND_SLACK)
