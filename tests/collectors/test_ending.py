"""A list of what is so now: what it no longer names is over, from the reading on that missed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from collectors.collect import run
from collectors.connections import CollectorRun, Connection
from collectors.declare import Endpoint
from collectors.facts.estate import Alert
from collectors.facts.touched import Touched
from collectors.vendors import VENDORS
from tests.collectors.desk import DESK, SLUG, Desk, furnish, moment, register, serving

pytestmark = pytest.mark.django_db(transaction=True)

DEVICES = next(one for one in DESK.endpoints if one.name == "devices")
ISSUES = Endpoint(
    name="issues", path="/issues", into=Alert, latest=True, ends="resolved_at",
    fields={"external_id": "id", "asset": "device", "raised_at": moment("raised"), "resolved_at": moment("none")},
)  # fmt: skip
MONDAY, TUESDAY = datetime(2026, 3, 2, 18, tzinfo=UTC), datetime(2026, 4, 7, 18, tzinfo=UTC)
LATER = datetime(2026, 4, 8, 18, tzinfo=UTC)


@pytest.fixture
def desk(settings: object) -> Iterator[Desk]:
    register()
    VENDORS[SLUG] = replace(DESK, endpoints=(DESK.endpoints[0], DEVICES, ISSUES))
    with serving(Desk()) as served:
        furnish(served, tickets=0)
        settings.SANDBOX_URL = served.address  # type: ignore[attr-defined]
        for key in (1, 2, 3):
            served.put("issues", key, raised="2026-03-02T09:00:00+00:00")
        yield served
    VENDORS.pop(SLUG)


def read(desk: Desk, at: datetime) -> None:
    source = Connection.objects.filter(vendor=SLUG).first() or desk.connection()
    ended = run(source, as_of=at)
    assert ended.state == CollectorRun.State.DONE, ended.error


def open_ones() -> set[str]:
    assert not Alert.objects.exclude(retired_on=None).exists()
    return set(Alert.objects.filter(resolved_at=None).values_list("external_id", flat=True))


def test_what_is_no_longer_named_ended_with_the_reading_however_many_they_are(desk: Desk) -> None:
    read(desk, MONDAY)
    for key in (1, 2, 3):
        desk.drop("issues", key)
    Touched.objects.all().delete()
    read(desk, TUESDAY)
    assert open_ones() == set()
    assert {(one.resolved_at, one.resolved_on) for one in Alert.objects.all()} == {(TUESDAY, date(2026, 4, 7))}
    months = set(Touched.objects.filter(entity="Alert").values_list("month", flat=True))
    assert months == {date(2026, 3, 1), date(2026, 4, 1)}


def test_what_is_named_again_stands_open_again(desk: Desk) -> None:
    read(desk, MONDAY)
    desk.drop("issues", 2)
    read(desk, TUESDAY)
    assert open_ones() == {"1", "3"}
    desk.put("issues", 2, raised="2026-03-02T09:00:00+00:00")
    read(desk, LATER)
    assert open_ones() == {"1", "2", "3"} and set(Alert.objects.values_list("resolved_on", flat=True)) == {None}


def test_a_record_that_cannot_be_read_is_named_all_the_same(desk: Desk) -> None:
    read(desk, MONDAY)
    desk.drop("issues", 2)
    desk.put("issues", 3, raised="whenever")
    read(desk, TUESDAY)
    assert open_ones() == {"1", "3"}
