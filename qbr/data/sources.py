"""The connections as people see them: state in a word, when last read, when next, and since when there are facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.apps import apps
from django.db.models import Max, Min, Q

from collectors import consent
from collectors.connections import CollectorRun, Connection
from collectors.declare import Layer
from collectors.facts.readings import Listing, Reading
from collectors.facts.touched import Calendar
from collectors.schedules import next_reading
from collectors.systems import ENTERED, FILES, LOADED, is_collected, system
from metrics import reading
from metrics.reading import Freshness, Person, SystemFreshness
from qbr.data.progress import UNDER_WAY, Progress, newest_runs, progress_in
from qbr.vendor_docs.entities import LAYERS


@dataclass(frozen=True)
class Source:
    """`state` is one of fresh, reading, stale, failing, off, new, entered, files; `word` says it to people.

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
    known: tuple[Known, ...]

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def known_from(self) -> date | None:
        return min((one.since for one in self.known), default=None)


@dataclass(frozen=True)
class Known:
    """Since when one kind of fact is known from a connection."""

    entity: str
    since: date

    @property
    def word(self) -> str:
        return ENTITIES.get(self.entity) or str(apps.get_model("collectors", self.entity)._meta.verbose_name_plural)


TONES = {
    "fresh": "good", "reading": "", "stale": "watch", "failing": "act", "off": "", "new": "", "entered": "",
    "files": "",
}  # fmt: skip
WORDS = {
    "fresh": "Up to date", "reading": "Reading now", "stale": "Stale", "failing": "Needs a person",
    "off": "Switched off", "new": "Not read yet", "entered": ENTERED, "files": LOADED,
}  # fmt: skip


def by_layer(person: Person) -> list[tuple[str, list[Source]]]:
    """The connections under the kind of system each is, in the order of kinds."""
    kinds: dict[Layer | None, list[Source]] = {kind: [] for kind in (*LAYERS, None)}
    for source in sources(person):
        kinds[system(source.connection.vendor).layer].append(source)
    return [(LAYERS[kind] if kind else "Others", listed) for kind, listed in kinds.items() if listed]


def sources(person: Person) -> list[Source]:
    done, under_way = Q(runs__state=CollectorRun.State.DONE), Q(runs__state__in=UNDER_WAY)
    fresh = {(system.vendor, system.connection): system for system in reading.freshness(person)}
    listed = Connection.objects.annotate(
        last_good_at=Max("runs__ended_at", filter=done), running=Max("runs__pk", filter=under_way)
    ).order_by("label")
    known, newest = known_since(), newest_runs()
    return [
        _source(connection, fresh, newest.get(connection.pk), tuple(known.get(connection.pk, ())))
        for connection in listed
    ]


def _source(
    connection: Connection, fresh: Mapping[tuple[str, str], SystemFreshness], run: CollectorRun | None,
    known: tuple[Known, ...],
) -> Source:
    last_good_at: datetime | None = connection.last_good_at  # type: ignore[attr-defined]
    vendor, collected = system(connection.vendor).label, is_collected(connection.vendor)
    found = fresh.get((vendor, connection.label))
    state = _state(connection, last_good_at, found)
    next_at = next_reading(connection) if found and collected else None
    return Source(
        connection, vendor, state, WORDS[state], last_good_at, next_at,
        found.problem if found and found.waits and last_good_at else connection.problem, connection.consent_expires_at,
        consent.warning(connection), progress_in(connection, run), collected, known,
    )  # fmt: skip


def _state(connection: Connection, last_good_at: datetime | None, system: SystemFreshness | None) -> str:
    """`system` is None where the connection is switched off."""
    if system is None:
        return "off"
    if connection.running is not None:  # type: ignore[attr-defined]
        return "reading"
    if last_good_at is None and system.state is Freshness.STALE:
        return "new"
    if connection.vendor in FILES:
        return "files"
    return system.state.value


ENTITIES = {
    "Account": "Clients and sites", "Agreement": "Agreements", "Addition": "Additions to agreements",
    "Asset": "Devices",
    "LedgerAccount": "Chart of accounts", "LedgerBalance": "Profit and loss by month", "Queue": "Queues",
    "Technician": "Technicians", "Ticket": "Tickets", "TicketStatus": "Ticket statuses", "TimeEntry": "Time entries",
}  # fmt: skip


def known_since() -> dict[int, list[Known]]:
    """By connection. What happened is known from where reading began; what stood, from the first complete listing."""
    zone = Calendar.current().zone
    happened = Reading.objects.values_list("connection", "entity").annotate(Min("read_from"))
    stood = Listing.objects.values_list("connection", "entity").annotate(Min("day"))
    found = [(source, Known(entity, moment.astimezone(zone).date())) for source, entity, moment in happened]
    found += [(source, Known(entity, day)) for source, entity, day in stood]
    known: dict[int, list[Known]] = {}
    for source, one in sorted(found, key=lambda pair: pair[1].entity):
        known.setdefault(source, []).append(one)
    return known
