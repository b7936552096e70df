"""The connections as people see them: state in a word, when last read, when next, and since when there are facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Min, Q

from collectors import consent
from collectors.connections import CollectorRun, Connection
from collectors.facts.readings import Listing, Reading
from collectors.facts.touched import Calendar
from collectors.schedules import next_reading
from collectors.systems import ENTERED, is_collected, system
from metrics import reading
from metrics.reading import Freshness, Person, SystemFreshness
from qbr.data.progress import UNDER_WAY, Progress, progress_of, spoken


@dataclass(frozen=True)
class Source:
    """`state` is one of fresh, reading, stale, failing, off, new, entered; `word` says it to people.

    What is not `collected` was written into the tables, and there is nothing to read it from.
    """

    connection: Connection
    vendor: str
    state: str
    word: str
    last_good_at: datetime | None
    next_at: datetime | None
    problem: str
    consent_ends: datetime | None
    consent_warning: str
    progress: Progress
    collected: bool

    @property
    def tone(self) -> str:
        return TONES[self.state]


TONES = {"fresh": "good", "reading": "", "stale": "watch", "failing": "act", "off": "", "new": "", "entered": ""}
WORDS = {
    "fresh": "Up to date", "reading": "Reading now", "stale": "Stale", "failing": "Needs a person",
    "off": "Switched off", "new": "Not read yet", "entered": ENTERED,
}  # fmt: skip


def sources(person: Person) -> list[Source]:
    done, under_way = Q(runs__state=CollectorRun.State.DONE), Q(runs__state__in=UNDER_WAY)
    fresh = {(system.vendor, system.connection): system for system in reading.freshness(person)}
    listed = Connection.objects.annotate(
        last_good_at=Max("runs__ended_at", filter=done), running=Max("runs__pk", filter=under_way)
    ).order_by("label")
    return [_source(connection, fresh) for connection in listed]


def _source(connection: Connection, fresh: Mapping[tuple[str, str], SystemFreshness]) -> Source:
    last_good_at: datetime | None = connection.last_good_at  # type: ignore[attr-defined]
    vendor, collected = system(connection.vendor).label, is_collected(connection.vendor)
    found = fresh.get((vendor, connection.label))
    state = _state(connection, last_good_at, found)
    next_at = next_reading(connection) if found and collected else None
    return Source(
        connection, vendor, state, WORDS[state], last_good_at, next_at,
        found.problem if found and found.waits and last_good_at else connection.problem, connection.consent_expires_at,
        consent.warning(connection), progress_of(connection), collected,
    )  # fmt: skip


def _state(connection: Connection, last_good_at: datetime | None, system: SystemFreshness | None) -> str:
    """`system` is None where the connection is switched off."""
    if system is None:
        return "off"
    if connection.running is not None:  # type: ignore[attr-defined]
        return "reading"
    if last_good_at is None and system.state is Freshness.STALE:
        return "new"
    return system.state.value


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
