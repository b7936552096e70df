"""What the worker does by itself, and how an outsider sees whether it moves."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task

from collectors import tasks
from collectors.collect import run
from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.facts.estate import Asset
from collectors.watchdog import WorkerWatch, moves
from tests.collectors.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def queued() -> list[tuple[str, tuple[object, ...]]]:
    return [(task["func"], task["args"]) for task in (row.task for row in OrmQ.objects.order_by("pk"))]


def test_a_connection_with_a_problem_waits_for_a_person(desk: Desk) -> None:
    source = desk.connection()
    Connection.objects.update(problem="The key was refused.")
    assert "waits for a person" in tasks.collect_on_schedule(source.pk)
    assert not CollectorRun.objects.exists()
    assert tasks.collect_connection(source.pk) == "Desk: Done."  # because someone asked
    source.refresh_from_db()
    assert source.problem == ""


def test_a_disabled_connection_is_not_read_on_schedule(desk: Desk) -> None:
    source = desk.connection()
    Connection.objects.update(enabled=False)
    assert tasks.collect_on_schedule(source.pk) == "no longer there, or disabled"
    assert not desk.asked


def test_a_long_wait_becomes_a_reading_at_that_time(desk: Desk) -> None:
    source = desk.connection()
    desk.before_answer = lambda path: (429, {"Retry-After": "3600"}, b"")
    tasks.collect_connection(source.pk)
    later = Schedule.objects.get(schedule_type=Schedule.ONCE)
    assert timedelta(minutes=59) < later.next_run - timezone.now() <= timedelta(hours=1)
    assert later.func == "collectors.tasks.collect_on_schedule"
    tasks.collect_connection(source.pk)
    assert Schedule.objects.filter(schedule_type=Schedule.ONCE).count() == 1


def test_a_run_that_is_not_done_goes_on_in_the_next_task(desk: Desk) -> None:
    source = desk.connection()
    desk.before_answer = lambda path: (429, {"Retry-After": "30"}, b"") if path.startswith("/tickets") else None
    run(source, deadline_seconds=25)  # less than the vendor asks us to wait
    assert CollectorRun.objects.get().state == "paused"
    CollectorRun.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    assert tasks.sweep() == "1 runs taken over"
    assert queued() == [("collectors.tasks.collect_connection", (source.pk, False))]


def test_the_sweeper_leaves_a_run_alone_that_keeps_its_lease(desk: Desk) -> None:
    source = desk.connection()
    lease = timezone.now() + timedelta(seconds=20)
    CollectorRun.objects.create(connection=source, as_of=timezone.now(), lease_until=lease)
    assert tasks.sweep() == "0 runs taken over"
    assert tasks.collect_connection(source.pk) == "Desk is already being read."


def test_once_a_week_everything_is_compared(desk: Desk) -> None:
    source = desk.connection()
    assert not tasks.full_compare_is_due(source)  # the first reading is one by itself
    tasks.collect_connection(source.pk)
    source.refresh_from_db()
    assert not tasks.full_compare_is_due(source)
    source.full_compare_at = timezone.now() - timedelta(days=7)
    source.save()
    tasks.collect_connection(source.pk)
    assert CollectorRun.objects.latest("pk").full
    source.refresh_from_db()
    assert not tasks.full_compare_is_due(source)


def test_a_person_can_confirm_what_is_gone(desk: Desk) -> None:
    source = desk.connection()
    for key in range(6, 26):
        desk.put("devices", key, name=f"pc-{key}", kind="server", os="Debian 13")
    tasks.collect_connection(source.pk)
    desk.lists["devices"].clear()
    assert "25 of 25 devices are no longer listed" in tasks.collect_connection(source.pk)
    assert tasks.collect_connection(source.pk, confirm_retire=True) == "Desk: Done."
    assert not Asset.objects.filter(retired_on=None).exists()


def test_quarantine_is_emptied_after_ninety_days(desk: Desk) -> None:
    source = desk.connection()
    for days in (89, 91):
        QuarantinedRecord.objects.create(
            connection=source, endpoint="tickets", external_id=str(days), reason="opened_at: missing",
            last_seen_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    assert tasks.tidy() == "1 quarantined records deleted"
    assert QuarantinedRecord.objects.get().external_id == "89"


def ended(ago: timedelta) -> None:
    moment = timezone.now() - ago
    Task.objects.create(id="a" * 32, name="sweep", func="collectors.tasks.sweep", started=moment, stopped=moment)


def test_a_worker_moves_while_tasks_end_or_a_run_keeps_its_lease(desk: Desk) -> None:
    patience = timedelta(minutes=3)
    assert not moves(patience)
    ended(timedelta(minutes=4))
    assert not moves(patience)
    reading = CollectorRun.objects.create(
        connection=desk.connection(), as_of=timezone.now(), lease_until=timezone.now() + timedelta(seconds=20)
    )
    assert moves(patience)
    CollectorRun.objects.filter(pk=reading.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert not moves(patience)
    Task.objects.update(stopped=timezone.now())
    assert moves(patience)


def test_a_worker_is_given_time_to_start_before_it_is_called_stuck() -> None:
    now = [100.0]
    watch = WorkerWatch(timedelta(minutes=3), clock=lambda: now[0])
    assert not watch.is_stuck()
    now[0] += 181
    assert watch.is_stuck()
    watch.restarted()
    assert not watch.is_stuck()


def test_keys_can_be_rotated(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    source = Connection(vendor="ninjaone", label="RMM")
    source.secrets = {"client_secret": "invented"}
    source.save()
    Connection.objects.create(vendor="ninjaone", label="Without secrets")
    settings.ENCRYPTION_KEYS = [new, old]
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    assert said.getvalue() == "1 connections encrypted with the newest key.\n"
    settings.ENCRYPTION_KEYS = [new]
    source.refresh_from_db()
    assert source.secrets == {"client_secret": "invented"}


def test_keys_that_open_nothing_are_named_and_nothing_is_lost(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    source = Connection(vendor="ninjaone", label="RMM")
    source.secrets = {"client_secret": "invented"}
    source.save()
    sealed = bytes(source.secrets_sealed or b"")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="opens the credentials of: RMM"):
        call_command("rotate_keys", stdout=StringIO())
    source.refresh_from_db()
    assert bytes(source.secrets_sealed or b"") == sealed
