"""A partner's tenants: one that refuses never stops the others, nor is what it holds taken for gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors import tasks
from collectors.collect import run
from collectors.connections import Checkpoint, CollectorRun, Connection
from collectors.declare import Convert, Endpoint, Total
from collectors.facts.estate import Alert, Asset, AssetState
from collectors.facts.readings import Listing, Reading, Refusal
from collectors.facts.shapes import FOREVER
from collectors.vendors import VENDORS
from tests.collectors.desk import CHANGED, DESK, SLUG, Desk, furnish, moment, register, serving

pytestmark = pytest.mark.django_db(transaction=True)

TENANTS = DESK.endpoints[0]
DEVICES = Endpoint(
    name="devices", path="/of/{id}/devices", each="companies", optional=True, into=Asset, complete=True,
    fields={"external_id": "id", "account": "each.id", "name": "name", "hostname": "name"},
)  # fmt: skip
ALERTS = Endpoint(
    name="alerts", path="/on/{id}/alerts", each="devices", optional=True, into=Alert, complete=True,
    fields={"external_id": "id", "asset": "each.id", "raised_at": moment("raised")},
)  # fmt: skip
PATCHES = Endpoint(
    name="patches", path="/patches", into=Asset, adds=False, complete=True,
    fields={"external_id": "id", "patches_missing": "missing", "serial": "serial"},
)  # fmt: skip
INCIDENTS = replace(ALERTS, path="/of/{id}/incidents", each="companies", since=CHANGED, complete=False)

Answer = tuple[int, dict[str, str], bytes] | None


@pytest.fixture
def partner() -> Iterator[Desk]:
    """Three tenants with three devices each, told apart by their hundreds."""
    register()
    offer(TENANTS, DEVICES, ALERTS)
    with serving(Desk()) as served:
        furnish(served, tickets=0)
        for tenant in (1, 2, 3):
            for number in (1, 2, 3):
                key = 100 * tenant + number
                served.put(f"of/{tenant}/devices", key, name=f"pc-{key}")
                served.put(f"on/{key}/alerts", 10 * key, raised="2026-03-02T09:00:00+00:00")
        yield served
    VENDORS.pop(SLUG)


def offer(*endpoints: Endpoint) -> None:
    VENDORS[SLUG] = replace(DESK, endpoints=endpoints)


def refuse(desk: Desk, *parts: str, status: int = 403, after: Callable[[str], bool] = lambda path: True) -> None:
    """From now on addresses that begin so are refused."""
    said = json.dumps({"message": "Consent is missing"}).encode()
    desk.before_answer = lambda path: (status, {}, said) if path.startswith(parts) and after(path) else None


def standing(entity: Any = Asset) -> set[str]:
    return set(entity.objects.filter(retired_on=None).values_list("external_id", flat=True))


def refused() -> set[tuple[str, str | None]]:
    return set(Refusal.objects.values_list("endpoint", "account__external_id"))


def test_the_others_are_read_and_the_connection_says_whose_list_was_refused(partner: Desk) -> None:
    source = partner.connection()
    refuse(partner, "/of/2/devices")
    assert run(source).state == "done"
    assert standing() == {"101", "102", "103", "301", "302", "303"}
    source.refresh_from_db()
    assert source.problem == (
        "Read, but not devices of Birch Legal, alerts of Birch Legal: Test Desk does not let this key read "
        "/of/2/devices (403). It says: “Consent is missing”."
    )
    partner.before_answer = lambda path: None
    assert run(source).state == "done"
    source.refresh_from_db()
    assert (source.problem, refused(), len(standing())) == ("", set(), 9)


def test_a_list_that_may_not_be_refused_stops_the_run(partner: Desk) -> None:
    offer(TENANTS, replace(DEVICES, optional=False))
    refuse(partner, "/of/2/devices")
    failed = run(partner.connection())
    assert (failed.state, "does not let this key read" in failed.error) == ("failed", True)
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("part", ["/of/2/devices", "/of"])
def test_nothing_of_a_refused_tenant_is_retired(partner: Desk, part: str) -> None:
    source = partner.connection()
    run(source)
    refuse(partner, part)
    partner.drop("of/1/devices", 101)
    assert run(source).state == "done"
    assert len(standing()) == 9 and len(standing(Alert)) == 9


def test_since_when_it_is_refused_is_remembered_while_it_lasts(partner: Desk) -> None:
    source = partner.connection()
    refuse(partner, "/of/2/devices")
    run(source)
    began = Refusal.objects.get(endpoint="devices").since
    refuse(partner, "/of/2/devices", status=400)
    run(source)
    again = Refusal.objects.get(endpoint="devices")
    assert again.since == began and "answered 400" in again.says


def test_a_tenant_refused_in_the_middle_of_its_pages_keeps_what_was_read_and_loses_nothing(partner: Desk) -> None:
    source = partner.connection()
    for key in range(2000, 2130):
        partner.put("of/2/devices", key, name=f"pc-{key}")
    run(source)
    refuse(partner, "/of/2/devices", after=lambda path: "after=" in path)
    partner.put("of/2/devices", 2000, name="renamed")
    assert run(source).state == "done"
    assert Asset.objects.get(external_id="2000").hostname == "renamed"
    assert len(standing()) == 9 + 130
    assert ("devices", "2") in refused()


def test_what_was_refused_before_a_stop_is_not_forgotten_after_it(partner: Desk) -> None:
    source = partner.connection()
    run(source)
    for tenant in (1, 2, 3):
        partner.lists.pop(f"of/{tenant}/devices")
        partner.put(f"of/{tenant}/devices", 100 * tenant + 1, name="stays")
    refuse(partner, "/of/1/devices")
    first = partner.before_answer

    def die(path: str) -> Answer:
        return (429, {"Retry-After": "30"}, b"") if path.startswith("/of/3/") else first(path)

    partner.before_answer = die
    assert run(source, deadline_seconds=25).state == "paused"
    assert Checkpoint.objects.get(endpoint="devices").cursor["refused"].keys() == {"1"}
    partner.before_answer = first
    partner.asked.clear()
    assert run(source).state == "done"
    assert not [path for path in partner.asked if path.startswith(("/of/1/", "/of/2/"))]
    assert ("devices", "1") in refused()
    assert len(standing()) == 9


def test_a_list_asked_for_each_record_of_a_refused_one_is_refused_too_and_not_read_as_empty(partner: Desk) -> None:
    offer(TENANTS, replace(DEVICES, path="/everyone", each=None), ALERTS)
    refuse(partner, "/everyone")
    assert run(partner.connection()).state == "done"
    assert refused() == {("devices", None), ("alerts", None)}
    assert not Listing.objects.filter(entity__in=("Asset", "Alert")).exists()
    assert not Reading.objects.filter(entity="Alert").exists()


def test_what_belongs_to_a_record_that_cannot_be_read_is_not_gone(partner: Desk) -> None:
    source = partner.connection()
    only_numbers = Convert(("name",), lambda name: str(int(name.removeprefix("pc-"))))
    offer(TENANTS, replace(DEVICES, fields={**DEVICES.fields, "name": only_numbers}), ALERTS)
    run(source)
    partner.put("of/2/devices", 201, name="odd")
    assert run(source).counts["devices"]["quarantined"] == 1
    assert len(standing(Alert)) == 9


def test_a_tenant_that_is_given_again_is_asked_for_what_it_missed(partner: Desk) -> None:
    offer(TENANTS, INCIDENTS)
    partner.put("of/1/incidents", 11, raised="2026-03-02T09:00:00+00:00")
    source = partner.connection()
    run(source)
    refuse(partner, "/of/2/incidents")
    run(source)
    partner.put("of/2/incidents", 21, raised="2026-03-03T09:00:00+00:00")  # older than the overlap when it is asked for
    run(source)
    partner.before_answer = lambda path: None
    run(source)
    assert standing(Alert) == {"11", "21"}


def test_the_schedule_goes_on_reading_the_others(partner: Desk) -> None:
    source = partner.connection()
    refuse(partner, "/of/2/devices")
    run(source)
    assert tasks.collect_on_schedule(source.pk) == "Desk: Done."
    Connection.objects.update(problem="The key was refused.")
    assert "waits for a person" in tasks.collect_on_schedule(source.pk)


# Lists that tell more of what another adds


def test_a_list_that_tells_more_adds_nothing_and_brings_nothing_back(partner: Desk) -> None:
    offer(TENANTS, DEVICES, PATCHES)
    for key, missing in ((101, 4), (102, 0), (201, 7), (999, 1)):
        partner.put("patches", key, missing=missing, serial=f"S-{key}")
    source = partner.connection()
    run(source)
    partner.drop("of/2/devices", 201)
    run(source)
    assert len(standing()) == 8 and not Asset.objects.filter(external_id="999").exists()
    assert Asset.objects.get(external_id="201").retired_on is not None
    assert not AssetState.objects.filter(thing__external_id="201", until_on=FOREVER).exists()
    missing = AssetState.objects.filter(thing__external_id__in=("101", "102", "103"))
    assert set(missing.values_list("thing__external_id", "patches_missing")) == {("101", 4), ("102", 0), ("103", None)}


def test_it_says_nothing_of_fields_it_does_not_fill_and_a_second_reading_changes_nothing(partner: Desk) -> None:
    offer(TENANTS, DEVICES, PATCHES)
    partner.put("patches", 101, missing=4, serial="S-101")
    source = partner.connection()
    run(source)
    again = run(source)
    assert {name: (one["added"], one["changed"]) for name, one in again.counts.items()} == {
        "companies": (0, 0), "devices": (0, 0), "patches": (0, 0),
    }  # fmt: skip
    state = AssetState.objects.get(thing__external_id="101")
    assert (state.name, state.patches_missing, state.account.name) == ("pc-101", 4, "Alder Dental")  # type: ignore[union-attr]


def test_things_are_read_only_once_every_list_that_tells_more_of_them_was_too(partner: Desk) -> None:
    offer(TENANTS, DEVICES, PATCHES)
    source = partner.connection()
    partner.before_answer = lambda path: (404, {}, b"{}") if path.startswith("/patches") else None
    assert run(source).state == "failed"
    assert standing() and not Listing.objects.filter(entity="Asset").exists()
    partner.before_answer = lambda path: None
    assert run(source).state == "done"
    assert Listing.objects.filter(entity="Asset").count() == 1


# Totals that the pages tell


TOLD = replace(TENANTS, records_at="rows", total=Total(at="total"))


def in_frame(desk: Desk, total: int) -> Callable[[str], Answer]:
    def answer(path: str) -> Answer:
        after = int(path.partition("after=")[2] or 0)
        rows = desk.answer("/companies", {"after": str(after), "pageSize": "2"})
        return 200, {}, json.dumps({"rows": rows, "total": total}).encode()

    return answer


@pytest.mark.parametrize(("total", "state"), [(3, "done"), (2, "done"), (4, "failed")])
def test_a_list_shorter_than_its_pages_say_is_not_read(partner: Desk, total: int, state: str) -> None:
    offer(TOLD)
    partner.before_answer = in_frame(partner, total)
    ended = run(partner.connection())
    assert ended.state == state
    assert ("says it has 4 companies to give and listed 3" in ended.error) == (state == "failed")


@pytest.mark.parametrize(("total", "state"), [(3, "done"), (4, "failed")])
def test_nor_is_one_that_was_read_in_two_stretches(partner: Desk, total: int, state: str) -> None:
    offer(TOLD)
    source = partner.connection()
    first = in_frame(partner, total)
    partner.before_answer = lambda path: (429, {"Retry-After": "30"}, b"") if "after=2" in path else first(path)
    assert run(source, deadline_seconds=25).state == "paused"
    partner.before_answer = first
    assert run(source).state == state
    partner.before_answer = in_frame(partner, 3)
    assert run(source).state == "done"  # and is not held against the next reading


def test_a_tenant_without_changes_is_not_taken_for_one_that_lost_them(partner: Desk) -> None:
    offer(TENANTS, replace(INCIDENTS, total=Total(path="/of/{id}/count", at="count")))
    old = (datetime.now(UTC) - timedelta(days=9)).isoformat()

    def count(path: str) -> Answer:
        if "/count" not in path:
            return None
        return 200, {}, json.dumps({"count": 0 if "since" in path else 5}).encode()

    partner.put("of/1/incidents", 11, raised=old)
    partner.before_answer = count
    source = partner.connection()
    assert run(source).state == "done"
    assert run(source).state == "done"
    assert CollectorRun.objects.filter(state="done").count() == 2
