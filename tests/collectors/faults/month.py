"""A small MSP read well up to the middle of a month, and what its numbers are while the rest of the month is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection

from collectors import collect
from collectors.connections import CollectorRun, Connection
from collectors.declare import Endpoint, Vendor
from collectors.facts.touched import Calendar
from collectors.patience import Patience
from collectors.vendors import VENDORS
from metrics import rollup
from metrics.models import MonthlyValue, QuarterlyValue, State, YearlyValue
from metrics.periods import Month
from organizations.matching import link_new
from qbr.demo import decisions
from tests.collectors.faults.kept import Kept
from tests.collectors.playing import Playing

ZONE = ZoneInfo("America/Chicago")
SECOND = timedelta(seconds=1)
FIRST, LAST_KNOWN, MONTH = Month(2026, 3), Month(2026, 4), Month(2026, 5)
HALF_WAY = datetime(2026, 5, 15, 12, tzinfo=ZONE)
MONTH_END = MONTH.moments(ZONE)[1] - SECOND
EVENING = MONTH_END - timedelta(minutes=1)  # so near that a list read whole by then is the one of the month's end
MORNING = datetime(2026, 6, 1, 9, tzinfo=ZONE)
NOON = datetime(2026, 6, 1, 12, tzinfo=ZONE)
LATER = datetime(2026, 6, 2, 12, tzinfo=ZONE)  # by then the month would count as measured, had it been read

QUICK = Patience(silence=30, tries=2, longest_wait=0.01)
EVERYWHERE = ("connectwise_psa", "ninjaone", "quickbooks_online")
Key: TypeAlias = tuple[str, str, str, date]  # scope, metric, grain, first day
Values: TypeAlias = Mapping[Key, tuple[State, Decimal | None]]


def stands(endpoint: Endpoint) -> bool:
    """Whether a list speaks for the day it is read on: its last chance is the month's last evening."""
    return endpoint.complete and endpoint.window is None


@dataclass
class Months:
    """The sandbox and a database that reads it. `vendor` is the one that will have a bad day."""

    playing: Playing
    kept: Kept
    vendor: Vendor

    @property
    def well_values(self) -> Values:
        return WELL[self.vendor.slug]

    # States to begin with

    def begin(self, endpoint: Endpoint) -> datetime:
        """Everything known and rolled up to where this list is read next; the moment of that reading."""
        self.well()
        if stands(endpoint):
            self._back_to(f"{self.vendor.slug} half-way", self._known)
            return EVENING
        self._back_to(f"{self.vendor.slug} at the month's end", self._month_end)
        return MORNING

    def well(self) -> Values:
        """What the numbers are in a world without a fault."""
        if self.vendor.slug not in WELL:
            self._back_to(f"{self.vendor.slug} half-way", self._known)
            self.recover(EVENING)
            WELL[self.vendor.slug] = self.values()
        return WELL[self.vendor.slug]

    def recover(self, moment: datetime) -> None:
        """The readings there would have been: the month's last evening, where it is not over, and the day after."""
        self.playing.sandbox.faults.clear()
        for again in (MONTH_END, NOON):
            if again > moment:
                ended = self.read(self.vendor, again)
                assert ended.state == CollectorRun.State.DONE, ended.error
        self.figures()

    def _back_to(self, name: str, make: object) -> None:
        self.playing.sandbox.faults.clear()
        assert callable(make)
        self.kept.back_to(name, make)
        for source in Connection.objects.all():  # a refresh token may have been replaced since
            source.secrets = self.playing.sandbox.vendors[source.vendor].secrets()
            source.save()

    def _known(self) -> None:
        """All systems to the middle of the month, the others to its end."""
        beside = self._beside()
        self._back_to(" and ".join(one.slug for one in beside), self._half_way)
        if self.vendor not in beside:
            self.playing.connection(self.vendor)
            self._to_half_way([self.vendor])
        for other in beside:
            if other is not self.vendor:
                self._read_well(other, MONTH_END)
                self._read_well(other, NOON)
        self.figures()

    def _month_end(self) -> None:
        self._back_to(f"{self.vendor.slug} half-way", self._known)
        self._read_well(self.vendor, MONTH_END)
        self.figures()

    def _half_way(self) -> None:
        Calendar.objects.update_or_create(
            id=1, defaults={"time_zone": ZONE.key, "read_from": FIRST.starts_on, "closed_through": None}
        )
        for vendor in self._beside():
            self.playing.connection(vendor)
        self._to_half_way(self._beside())

    def _beside(self) -> list[Vendor]:
        """The systems every MSP runs: one of a layer, so that nothing is counted twice, and this vendor in its own."""
        layer = self.vendor.layer
        return [self.vendor if VENDORS[slug].layer is layer else VENDORS[slug] for slug in EVERYWHERE]

    def _to_half_way(self, vendors: list[Vendor]) -> None:
        for moment in (FIRST.moments(ZONE)[1] - SECOND, LAST_KNOWN.moments(ZONE)[1] - SECOND, HALF_WAY):
            for vendor in vendors:
                self._read_well(vendor, moment)
        decisions.decide_queues()
        decisions.decide_ledger()
        self.figures()

    # What happens

    def _read_well(self, vendor: Vendor, moment: datetime) -> None:
        ended = self.read(vendor, moment)
        assert ended.state == CollectorRun.State.DONE, ended.error

    def read(self, vendor: Vendor, moment: datetime, patience: Patience = QUICK) -> CollectorRun:
        self.playing.sandbox.world.clock.set(int(moment.timestamp()))
        source = Connection.objects.get(vendor=vendor.slug)
        return collect.run(source, as_of=moment.astimezone(UTC), patience=patience)

    def fault(self, endpoint: Endpoint, kind: str, **more: object) -> None:
        """From now on this list alone answers so; what was wrong before has been looked into."""
        Connection.objects.update(problem="")
        self.playing.sandbox.faults.clear()
        _, _, below = endpoint.path.rpartition("}")
        below = below or endpoint.path.partition("{")[0]
        shared = sum(endpoint.path in other.path for other in self.vendor.endpoints) > 1
        query = max(endpoint.params.values(), key=len, default="").partition("{")[0] if shared else ""
        self.playing.fault(self.vendor, kind, path=below, query=query, **{"times": None, **more})

    def figures(self) -> None:
        link_new()
        rollup.run("test", now=LATER)

    # What is seen

    def values(self) -> Values:
        found: dict[Key, tuple[State, Decimal | None]] = {}
        for table in (MonthlyValue, QuarterlyValue, YearlyValue):
            rows = table.objects.filter(definition__version=1).values_list(
                "scope__kind", "scope__organization__slug", "definition__metric", "period__grain",
                "period__starts_on", "state", "value",
            )
            for kind, slug, metric, grain, day, state, value in rows:
                found[f"{kind} {slug or ''}".strip(), metric, grain, day] = (State(state), value)
        return found

    def read_so_far(self) -> str:
        """A fingerprint of this vendor's facts and of how far they are said to be read; runs and times left out."""
        source = Connection.objects.get(vendor=self.vendor.slug)
        entities = {endpoint.into for endpoint in self.vendor.endpoints}
        parts = [
            f"SELECT '{entity.__name__}', md5(string_agg(r::text, '' ORDER BY r.id)) FROM (SELECT to_jsonb(t) "
            f"- 'changed_run_id' AS r, t.id FROM {entity._meta.db_table} t WHERE connection_id = {source.pk}) r"
            for entity in sorted(entities, key=lambda one: one.__name__)
        ]
        parts += [
            f"SELECT '{table}', md5(string_agg(r::text, '' ORDER BY r::text)) FROM (SELECT to_jsonb(t) - 'run_id' "
            f"- 'id' AS r FROM {table} t WHERE connection_id = {source.pk}) r"
            for table in (apps.get_model("collectors", name)._meta.db_table for name in ("Reading", "Listing"))
        ]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts))
            return hashlib.md5(repr(sorted(cursor.fetchall())).encode()).hexdigest()  # noqa: S324 - compares, guards not


WELL: dict[str, Values] = {}
