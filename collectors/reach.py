"""How far back and how far on: what a run asks each list for, and what may be called read once it has ended well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F

from collectors import lease
from collectors.connections import CollectorRun, Connection
from collectors.declare import Endpoint, Vendor
from collectors.facts.readings import Listing, Reading
from collectors.facts.shapes import EARLIEST
from collectors.facts.shapes import Record as Entity
from collectors.facts.touched import EVERY_ACCOUNT, Calendar, Touched
from collectors.load import Span

OVERLAP = timedelta(minutes=15)  # vendors' clocks are off by minutes and commit late
MONTHS_BACK = 24  # unless someone says how far back to read
MONTHS_AGAIN = 3  # a report's closed months that are asked for again every time


@dataclass(frozen=True)
class Reach:
    """The moments one run asks about, for one connection."""

    vendor: Vendor
    run: CollectorRun
    calendar: Calendar

    @property
    def zone(self) -> ZoneInfo:
        return self.calendar.zone

    @property
    def day(self) -> date:
        """The local day the run speaks for."""
        return self.local_day(self.run.as_of)

    def local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    @property
    def first(self) -> datetime:
        """How far back to read: what the calendar says, or whole months."""
        return self._midnight(self.calendar.read_from or _months_before(self.day, MONTHS_BACK))

    def since(self, endpoint: Endpoint, anew: bool = False) -> datetime | None:
        """From which change on to ask; None for a list that can only be asked for whole.

        At or after the start of the last good reading, with an overlap; from the beginning where there was none,
        where people want more of the past than was read, where it was refused before (`anew`), and in a full compare.
        """
        if endpoint.since is None:
            return None
        reading = self.reading(endpoint.into)
        if reading is None or self.first < reading.read_from or self.run.full or anew:
            return self.beginning(endpoint.into)
        return reading.read_through - OVERLAP

    def window(self, endpoint: Endpoint, anew: bool = False) -> tuple[datetime, datetime] | None:
        """The span of time to ask a report for, from a month's first day."""
        if endpoint.window is None:
            return None
        reading = self.reading(endpoint.into)
        if reading is None or self.first < reading.read_from or self.run.full or anew:
            begin = self.beginning(endpoint.into)
        else:
            recent = self._midnight(_months_before(self.local_day(reading.read_through), MONTHS_AGAIN))
            begin = max(recent, reading.read_from)
        return self._midnight(self.local_day(begin).replace(day=1)), self.run.as_of

    def beginning(self, entity: type[Entity]) -> datetime:
        reading = self.reading(entity)
        return min(self.first, reading.read_from) if reading else self.first

    def reading(self, entity: type[Entity]) -> Reading | None:
        return Reading.objects.filter(connection=self.run.connection, entity=entity.__name__, account=None).first()

    def whole(self, endpoint: Endpoint) -> bool:
        """Whether this run has the endpoint name everything there is, within its span."""
        if endpoint.latest:
            return False
        parent = next((other for other in self.vendor.endpoints if other.name == endpoint.each), None)
        if parent is not None and not self.whole(parent):
            return False
        return endpoint.complete or (self.run.full and endpoint.since is not None)

    def span(self, endpoint: Endpoint) -> Span | None:
        """The local days that a whole listing speaks for; None: all of them.

        A window, and what a vendor still names, go by the day a thing began: an alert of before is not in it, though
        it ended within.
        """
        began = next(iter(endpoint.into.counted.days), "")
        if window := self.window(endpoint):
            return Span(self._still_named(endpoint, window[0]), self.day + timedelta(days=1), began)
        if endpoint.since is not None:
            kept = began if endpoint.kept_days else ""
            return Span(self._still_named(endpoint, self.beginning(endpoint.into)), by=kept)
        return None

    def _still_named(self, endpoint: Endpoint, begin: datetime) -> date:
        """The first day from that moment on of which the vendor still names everything."""
        kept = self.day - timedelta(days=endpoint.kept_days) if endpoint.kept_days else EARLIEST
        return max(self.local_day(begin), kept)

    def advance(self, endpoint: Endpoint) -> None:
        """The entity's lists have ended well and without a gap: say so, and from when to when."""
        entity = endpoint.into
        key: dict[str, Any] = {"connection": self.run.connection, "entity": entity.__name__}
        if endpoint.complete and endpoint.window is None:
            Listing.objects.update_or_create(**key, day=self.day, defaults={"at": self.run.as_of, "run": self.run})
        if not endpoint.complete or entity.counted.days:
            reading = self.reading(entity)
            through = max(self.run.as_of, reading.read_through) if reading else self.run.as_of
            begin = self._first_read(reading) if endpoint.latest else self.beginning(entity)
            moved = {"read_from": begin, "read_through": through, "run": self.run}
            Reading.objects.update_or_create(**key, account=None, defaults=moved)

    def _first_read(self, reading: Reading | None) -> datetime:
        """From when on a list of the latest alone speaks: what was before its first reading it never told."""
        return reading.read_from if reading else self.run.as_of

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def forget(source: Connection, vendor: Vendor, before: Mapping[str, Any]) -> None:
    """A list asked for with another setting is another list: what was read of the old one is not read of the new.

    `before` are the settings it had. A run under way asks with those, so it ends here. Call inside a transaction.
    """
    defaults = {one.name: one.default for one in vendor.settings}
    was, now = {**defaults, **before}, {**defaults, **source.settings}
    changed = ["{" + name + "}" for name in now if was.get(name) != now[name]]
    others = [one for one in vendor.endpoints if any(name in text for text in one.params.values() for name in changed)]
    if others:
        lease.give_up(source, "A setting was changed; the next reading begins anew.")
        read = Reading.objects.filter(connection=source, entity__in=[one.into.__name__ for one in others])
        read.update(read_through=F("read_from"))
        mark = Touched(entity="Connection", account=EVERY_ACCOUNT, month=EARLIEST)
        Touched.objects.bulk_create([mark], ignore_conflicts=True)


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)
