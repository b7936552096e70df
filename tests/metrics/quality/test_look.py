"""When the rules look, and at what: what roll-ups moved, once, and more once a day and before a close."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collectors.connections import Connection
from metrics import quality, rollup
from metrics.models import Finding, MonthlyValue, QualityScore, Rollup
from metrics.periods import Month, Quarter
from organizations.models import Organization
from tests.metrics.quality.world import APRIL, found
from tests.metrics.rollup.world import World, enter, mark, scope

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH = Month(2025, 2), Month(2025, 3)


@pytest.fixture
def world() -> World:
    """Two clients whose months were worked out and looked at, on a day that was looked at."""
    world = World(listed=("2025-01-31", "2025-02-28", "2025-03-31"))
    for slug in ("acme", "birch"):
        for month in ("01", "02", "03"):
            world.time(world.account(world.client(slug)) if month == "01" else None, f"2025-{month}-10", "100")
    rollup.run("test", now=APRIL)
    quality.run(now=APRIL)
    return world


def break_february() -> None:
    """As no roll-up would leave it."""
    months = MonthlyValue.objects.filter(period__starts_on=FEBRUARY.starts_on)
    months.filter(definition__metric="hours_logged").update(value=-5)


def broken() -> set[tuple[str, str]]:
    return {
        (finding.scope.organization.slug if finding.scope.organization else finding.scope.kind, finding.metric)
        for finding in found("negative") if finding.scope
    }  # fmt: skip


def test_what_a_sound_world_gives_is_no_finding_that_stops(world: World) -> None:
    assert not Finding.objects.filter(severity="stop").exists()
    assert not Rollup.objects.filter(looked_at=None).exists()


def test_only_what_a_roll_up_moved_is_looked_at(world: World) -> None:
    break_february()
    quality.run(now=APRIL)
    assert broken() == set()
    acme = Organization.objects.get(slug="acme")
    enter("reactive_hours", "2025-02", 7, acme)
    done = rollup.run("test", now=APRIL)
    assert done is not None and done.asked["2025-02-01"] is not None and scope(acme).pk in done.asked["2025-02-01"]
    break_february()
    quality.run(now=APRIL)
    assert "acme" in {whom for whom, _ in broken()} and "birch" not in {whom for whom, _ in broken()}


def test_a_roll_up_that_nobody_looked_at_is_looked_at_with_the_next(world: World) -> None:
    mark("TimeEntry", 0, "2025-02")
    rollup.run("a command", now=APRIL)
    mark("TimeEntry", 0, "2025-03")
    rollup.run("another", now=APRIL)
    break_february()
    quality.run(now=APRIL)
    assert broken() and not Rollup.objects.filter(looked_at=None).exists()


def test_a_day_is_begun_with_a_look_at_the_last_months_and_scored_once(world: World) -> None:
    break_february()
    quality.run(now=APRIL + timedelta(hours=1))
    assert broken() == set()
    quality.run(now=APRIL + timedelta(days=1))
    assert {whom for whom, _ in broken()} >= {"birch", "company"}
    assert QualityScore.objects.values("day").distinct().count() == 2


def test_a_close_has_its_whole_period_looked_at(world: World) -> None:
    break_february()
    assert quality.blocking(Quarter(2025, 1)) == []
    quality.look(Quarter(2025, 1), now=APRIL)
    blocking = quality.blocking(Quarter(2025, 1))
    assert {finding.rule for finding in blocking} >= {"negative", "parts", "quarter"}
    assert quality.blocking(MARCH) == []


def test_what_nothing_is_connected_to_is_still_looked_at_where_it_moves() -> None:
    Connection.objects.all().delete()
    enter("employees", "2025-02", 9)
    rollup.run("test", now=APRIL)
    MonthlyValue.objects.filter(definition__metric="employees").update(value=-1)
    quality.run(now=APRIL)
    assert broken() == {("company", "employees")}
