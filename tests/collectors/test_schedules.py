"""The worker's schedules follow the connections, in the business time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from collectors import schedules
from collectors.connections import Connection
from collectors.facts.touched import Calendar

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Connection:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    return Connection.objects.create(vendor="ninjaone", label="RMM", schedule="30 2 * * *")


def reading(source: Connection) -> Schedule:
    return Schedule.objects.get(name=f"Read connection {source.pk}")


def test_every_enabled_connection_is_read_when_its_cron_text_says(source: Connection) -> None:
    schedules.match()
    kept = reading(source)
    assert (kept.func, kept.args, kept.cron) == (
        "collectors.tasks.collect_on_schedule", f"({source.pk},)", "30 2 * * *",
    )  # fmt: skip
    assert kept.next_run == schedules.next_reading(source)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 1, 16, 8, 30, tzinfo=UTC)),  # winter
        (datetime(2026, 7, 15, 12, tzinfo=UTC), datetime(2026, 7, 16, 7, 30, tzinfo=UTC)),  # summer
    ],
)
def test_cron_text_is_in_the_business_time_zone(source: Connection, after: datetime, due: datetime) -> None:
    assert schedules.next_reading(source, after) == due


def test_saying_it_twice_changes_nothing(source: Connection) -> None:
    schedules.match()
    before = list(Schedule.objects.order_by("pk").values())
    schedules.match()
    assert list(Schedule.objects.order_by("pk").values()) == before


def test_other_cron_text_is_followed(source: Connection) -> None:
    schedules.match()
    source.schedule = "5 * * * *"
    source.save()
    schedules.match()
    assert reading(source).cron == "5 * * * *"
    assert reading(source).next_run == schedules.next_reading(source)


def test_a_reading_that_is_due_is_left_for_the_worker_to_start(source: Connection) -> None:
    schedules.match()
    due = timezone.now() - timedelta(seconds=5)
    Schedule.objects.filter(name=f"Read connection {source.pk}").update(next_run=due)
    schedules.match()
    assert reading(source).next_run == due


def test_a_time_the_worker_reckoned_in_utc_is_put_right(source: Connection) -> None:
    schedules.match()
    Schedule.objects.filter(name=f"Read connection {source.pk}").update(next_run=timezone.now() + timedelta(days=3))
    schedules.match()
    assert reading(source).next_run == schedules.next_reading(source)


def test_a_connection_that_is_disabled_or_gone_has_no_schedule(source: Connection) -> None:
    other = Connection.objects.create(vendor="ninjaone", label="Other")
    schedules.match()
    source.enabled = False
    source.save()
    other.delete()
    schedules.match()
    assert not Schedule.objects.filter(name__startswith="Read connection").exists()


def test_schedules_of_others_are_left_alone(source: Connection) -> None:
    Schedule.objects.create(name="Something else", func="qbr.tasks.follow", schedule_type=Schedule.HOURLY)
    schedules.match()
    assert Schedule.objects.filter(name="Something else").exists()


def test_dead_runs_are_looked_for_every_half_minute(source: Connection) -> None:
    schedules.match()
    one, other = Schedule.objects.filter(func="collectors.tasks.sweep").order_by("next_run")
    for sweep in (one, other):
        assert (sweep.schedule_type, sweep.minutes, sweep.repeats) == (Schedule.MINUTES, 1, -1)
    assert timedelta(seconds=25) < other.next_run - one.next_run < timedelta(seconds=35)
