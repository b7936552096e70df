"""The connections as people see them: state in a word, when last read, when next, and since when there are facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from croniter import croniter
from django.db.models import Max, Min, Q
from django.utils import timezone

from collectors.connections import CollectorRun, Connection
from collectors.facts.readings import Listing, Reading
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from qbr.data.progress import UNDER_WAY, Progress, progress_of, spoken

STALE_AFTER = timedelta(hours=26)


@dataclass(frozen=True)
class Source:
    """`state` is one of fresh, reading, stale, failing, off, new; `word` says it to people."""

    connection: Connection
    vendor: str
    state: str
    word: str
    last_good_at: datetime | None
    next_at: datetime | None
    problem: str
    consent_ends: datetime | None
    progress: Progress

    @property
    def tone(self) -> str:
        return TONES[self.state]


TONES = {"fresh": "good", "reading": "", "stale": "watch", "failing": "act", "off": "", "new": ""}
WORDS = {
    "fresh": "Up to date", "reading": "Reading now", "stale": "Stale", "failing": "Needs a person",
    "off": "Switched off", "new": "Not read yet",
}  # fmt: skip


def sources() -> list[Source]:
    done, under_way = Q(runs__state=CollectorRun.State.DONE), Q(runs__state__in=UNDER_WAY)
    listed = Connection.objects.annotate(
        last_good_at=Max("runs__ended_at", filter=done), running=Max("runs__pk", filter=under_way)
    ).order_by("label")
    return [_source(connection) for connection in listed]


def _source(connection: Connection) -> Source:
    last_good_at: datetime | None = connection.last_good_at  # type: ignore[attr-defined]
    running: int | None = connection.running  # type: ignore[attr-defined]
    state = _state(connection, last_good_at, running is not None)
    vendor = VENDORS.get(connection.vendor)
    return Source(
        connection, vendor.label if vendor else connection.vendor, state, WORDS[state], last_good_at,
        next_reading(connection), connection.problem, connection.consent_expires_at, progress_of(connection),
    )  # fmt: skip


def _state(connection: Connection, last_good_at: datetime | None, running: bool) -> str:
    if not connection.enabled:
        return "off"
    if running:
        return "reading"
    if connection.problem:
        return "failing"
    if last_good_at is None:
        return "new"
    return "stale" if timezone.now() - last_good_at > STALE_AFTER else "fresh"


def next_reading(connection: Connection) -> datetime | None:
    """By its schedule, in the business time zone; None where it is switched off or waits for a person."""
    if not connection.enabled:
        return None
    now = timezone.now().astimezone(Calendar.current().zone)
    following: datetime = croniter(connection.schedule, now).get_next(datetime)
    return following


@dataclass(frozen=True)
class Known:
    """Since when one kind of fact is known from one connection."""

    connection: str
    entity: str
    since: date

    @property
    def word(self) -> str:
        return ENTITIES.get(self.entity, spoken(self.entity))


ENTITIES = {
    "Account": "Clients and sites", "Agreement": "Agreements", "Addition": "Additions to agreements",
    "Asset": "Devices",
    "LedgerAccount": "Chart of accounts", "LedgerBalance": "Profit and loss by month", "Queue": "Queues",
    "Technician": "Technicians", "Ticket": "Tickets", "TicketStatus": "Ticket statuses", "TimeEntry": "Time entries",
}  # fmt: skip


def known_since() -> list[Known]:
    """What happened is known from where reading began; what stood, from the first complete listing on."""
    zone = Calendar.current().zone
    happened = Reading.objects.values_list("connection__label", "entity").annotate(Min("read_from"))
    stood = Listing.objects.values_list("connection__label", "entity").annotate(Min("day"))
    known = [Known(label, entity, moment.astimezone(zone).date()) for label, entity, moment in happened]
    return sorted(
        [*known, *(Known(label, entity, day) for label, entity, day in stood)],
        key=lambda one: (one.connection, one.entity),
    )
