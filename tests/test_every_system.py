"""Every system at once: each gives what it says it gives, none moves another's numbers, and one that is off is told.

One world is read once: first three systems, then the others beside them. What follows is tried in transactions that
are taken back. A system is off where nothing newer comes of it, whether a person stopped it or its readings fail, which
leaves the last good data as it was (tests/collectors/faults).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.declare import Layer
from collectors.facts.readings import Listing, Reading, Refusal
from collectors.facts.touched import Calendar
from collectors.systems import system
from collectors.vendors import VENDORS
from metrics import rollup
from metrics.declare import For, facts_of
from metrics.definitions import CATALOGUE
from metrics.joined import counted_inputs
from metrics.models import MonthlyValue, QuarterlyValue, Scope, State, YearlyValue
from metrics.periods import Month
from qbr.demo.sources import TRIED
from tests.test_from_vendors_to_numbers import SYSTEMS

pytestmark = pytest.mark.processes
MONTHS = 3  # are read; the world is older, so that rare things have happened in it
WORLD = ("--clients", "8", "--months", "12", "--seed", "37")  # in which each EDR has a few clients
# What the first three systems told and tell otherwise once others are read: the metric and why.
MOVED_BY_OTHERS: Mapping[str, str] = {}
RUNNING = {slug for slug in VENDORS if slug not in TRIED}

Key: TypeAlias = tuple[int, str, int, str, date]  # scope, metric, version, grain, first day
Told: TypeAlias = tuple[Decimal | None, int, str | None]  # value, state, cause
COLUMNS = ("scope", "definition__metric", "definition__version", "period__grain", "period__starts_on", "value", "state",
           "cause")  # fmt: skip


@dataclass(frozen=True)
class World:
    three: Mapping[Key, Told]  # with three systems read
    every: Mapping[Key, Told]  # with all of them
    later: datetime  # a moment of the next month


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    process = subprocess.Popen(
        [sys.executable, "-m", "collectors.sandbox", "--port", "0", *WORLD], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    address = next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip(".,/")
    this_month = Month.holding(timezone.now().date())
    with django_db_blocker.unblock():
        try:
            Calendar.objects.create(pk=1, time_zone="America/Chicago", read_from=this_month.shift(-MONTHS).starts_on)
            with override_settings(SANDBOX_URL=address):
                call_command("demo", systems=SYSTEMS, verbosity=0)
                three = values()
                call_command("demo", verbosity=0)
            ends_on = this_month.ends_on
            yield World(three, values(), datetime(ends_on.year, ends_on.month, 2, 18, tzinfo=UTC))
        finally:
            process.terminate()
            process.wait(10)
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def undone(world: World) -> Iterator[None]:
    """Whatever the test does to the world is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def values() -> dict[Key, Told]:
    found: dict[Key, Told] = {}
    for table in (MonthlyValue, QuarterlyValue, YearlyValue):
        for scope, metric, version, grain, starts_on, *told in table._default_manager.values_list(*COLUMNS):
            value, state, cause = told
            found[scope, metric, version, grain, starts_on] = value, state, cause
    return found


def read_again(sources: list[Connection], at: datetime) -> None:
    """What a reading leaves in which nothing was new: how far it went, and on which days its lists were whole."""
    Reading.objects.filter(connection__in=sources).update(read_through=at)
    lists = set(Listing.objects.filter(connection__in=sources).values_list("connection", "entity", "run"))
    latest = {(connection, entity): run for connection, entity, run in sorted(lists, key=lambda each: each[2] or 0)}
    Listing.objects.bulk_create(
        [
            Listing(connection_id=connection, entity=entity, day=day, at=at, run_id=run)
            for (connection, entity), run in latest.items()
            for day in (at.date().replace(day=1) - timedelta(days=1), at.date())
        ],
        ignore_conflicts=True,
    )


def rolled_up_without(off: set[str], at: datetime) -> dict[Key, Told]:
    """Every value in the next month, when all systems but these have been read again."""
    read_again([source for source in Connection.objects.all() if source.vendor not in off], at)
    rollup.run("test", everything=True, now=at)
    return values()


@pytest.fixture(scope="module")
def next_month(world: World) -> Mapping[Key, Told]:
    """Every value in the next month, when all systems have been read again."""
    with transaction.atomic():
        found = rolled_up_without(set(), world.later)
        transaction.set_rollback(True)
    return found


def differing(one: Mapping[Key, Told], other: Mapping[Key, Told]) -> dict[Key, tuple[Told | None, Told | None]]:
    return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def layers_of(metric: str, kind: str) -> set[Layer]:
    """The kinds of system a number needs, through whatever it is worked out from."""
    side = For.COMPANY if kind in (Scope.Kind.COMPANY, Scope.Kind.NOT_LINKED) else For.ORGANIZATION
    counted = (facts_of(CATALOGUE[key]) for key in counted_inputs(metric, side))
    return {facts.layer for facts in counted if facts is not None}


def test_every_system_is_read_without_an_error(world: World) -> None:
    assert set(Connection.objects.values_list("vendor", flat=True)) == VENDORS.keys()
    assert dict(Connection.objects.exclude(problem="").values_list("vendor", "problem")) == {}
    assert not CollectorRun.objects.exclude(state=CollectorRun.State.DONE).exists()
    aside = QuarantinedRecord.objects.values_list("connection__vendor", "endpoint", "reason").distinct()
    assert list(aside) == []
    assert list(Refusal.objects.values_list("connection__vendor", "says")) == []


@pytest.mark.parametrize("slug", VENDORS)
def test_each_system_gives_a_row_of_every_entity_it_says_it_gives(world: World, slug: str) -> None:
    entities = {endpoint.into for endpoint in VENDORS[slug].endpoints}
    without = [
        entity.__name__ for entity in entities if not entity._default_manager.filter(connection__vendor=slug).exists()
    ]
    assert sorted(without) == []


def test_reading_the_others_changes_no_number_of_the_first_three(world: World) -> None:
    there = {key: told for key, told in world.three.items() if told[0] is not None}
    moved = {key: (told, world.every.get(key)) for key, told in there.items() if world.every.get(key) != told}
    unexpected = {key: both for key, both in moved.items() if key[1] not in MOVED_BY_OTHERS}
    assert len(there) > 1000
    assert not unexpected, "\n".join(f"{key}: {was} {now}" for key, (was, now) in unexpected.items())
    assert {key[1] for key in moved} == MOVED_BY_OTHERS.keys()


def test_systems_that_are_only_tried_move_nothing_when_they_fall_silent(
    world: World, next_month: Mapping[Key, Told], undone: None
) -> None:
    assert differing(next_month, rolled_up_without(set(TRIED), world.later)) == {}


@pytest.mark.parametrize("slug", sorted(RUNNING))
def test_a_system_that_is_off_moves_only_numbers_that_need_it_and_they_say_why(
    world: World, next_month: Mapping[Key, Told], undone: None, slug: str
) -> None:
    moved = differing(next_month, rolled_up_without({slug}, world.later))
    kinds = dict(Scope.objects.values_list("pk", "kind"))
    layer = system(slug).layer
    assert moved
    others = {key[1] for key in moved if layer not in layers_of(key[1], kinds[key[0]])}
    assert others == set()
    silent = {key: now for key, (_, now) in moved.items() if now and (now[1] == State.MEASURED or not now[2])}
    assert silent == {}
