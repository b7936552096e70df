"""What holds for a whole run of every vendor, from the sandbox to the tables. A new vendor joins by being there."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collectors.collect import run
from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.declare import Endpoint, Vendor
from collectors.facts.touched import Calendar
from collectors.patience import Patience
from collectors.vendors import VENDORS
from tests.collectors.desk import facts
from tests.collectors.playing import Playing

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 6, 17, 17, tzinfo=UTC)
QUICK = Patience(silence=30, tries=2, longest_wait=60)
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=list(VENDORS))


@pytest.fixture
def source(playing: Playing, vendor: Vendor) -> Connection:
    Calendar.objects.update_or_create(
        id=1,
        defaults={"time_zone": ZoneInfo("America/Chicago").key, "read_from": datetime(2026, 3, 1, tzinfo=UTC).date()},
    )
    return playing.connection(vendor)


def read(source: Connection, **more: float) -> CollectorRun:
    return run(source, as_of=NOW, patience=QUICK, **more)  # type: ignore[arg-type]


@every_vendor
def test_all_its_lists_are_read_twice_the_same_and_in_two_stretches_the_same(
    playing: Playing, vendor: Vendor, source: Connection
) -> None:
    first = read(source)
    assert (first.state, first.error) == ("done", "")
    assert {name: counts["read"] > 0 for name, counts in first.counts.items()} == dict.fromkeys(
        (endpoint.name for endpoint in vendor.endpoints), True
    )
    assert not QuarantinedRecord.objects.exists()
    known = facts(source)
    again = read(source)
    assert (again.state, facts(source) == known) == ("done", True)
    assert not [name for name, counts in again.counts.items() if counts["added"] or counts["changed"]]

    source.refresh_from_db()
    other = Connection(vendor=source.vendor, label="In two stretches", settings=source.settings)
    other.secrets = source.secrets
    other.save()
    _stopped_in(playing, vendor, other, vendor.endpoints[len(vendor.endpoints) // 2])
    assert read(other).state == "done"
    assert facts(other) == known


def _stopped_in(playing: Playing, vendor: Vendor, source: Connection, endpoint: Endpoint) -> None:
    """A stretch that ends at this list or after it, since the vendor asks for more time than there is."""
    playing.fault(vendor, "429", path=endpoint.path.rpartition("}")[2], retry_after="50", times=None)
    stopped = read(source, deadline_seconds=40)
    playing.sandbox.faults.clear()
    assert stopped.state in ("paused", "failed")


@every_vendor
def test_a_list_that_may_be_refused_is_told_and_the_others_are_read(
    playing: Playing, vendor: Vendor, source: Connection
) -> None:
    optional = [one for one in vendor.endpoints if one.optional]
    if not optional:
        return
    last = optional[-1]
    shared = sum(one.path == last.path for one in vendor.endpoints) > 1
    query = max(last.params.values(), key=len, default="").partition("{")[0] if shared else ""
    playing.fault(vendor, "403", path=last.path.rpartition("}")[2], query=query, times=None)
    ended = read(source)
    source.refresh_from_db()
    assert ended.state == "done"
    assert source.problem.startswith("Read, but not ") and vendor.label in source.problem
    playing.sandbox.faults.clear()
    assert read(source).state == "done"
    source.refresh_from_db()
    assert source.problem == ""
