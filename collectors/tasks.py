"""What the worker does: reads on schedule, goes on where a worker died, and keeps quarantine short."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from collectors import collect, lease, quarantine, refusals, schedules
from collectors.connections import CollectorRun, Connection
from collectors.drop import folder

log = logging.getLogger(__name__)

FULL_COMPARE_EVERY = timedelta(days=7)
State = CollectorRun.State


def collect_connection(connection_id: int, confirm_retire: bool = False) -> str:
    """Read a connection because someone asked, whatever its last problem was."""
    source = Connection.objects.get(pk=connection_id)
    try:
        run = collect.run(source, full=full_compare_is_due(source), confirm_retire=confirm_retire)
    except (lease.AlreadyRunning, lease.LostLease) as reason:
        return str(reason)
    if run.state == State.PAUSED:
        _soon(source.pk, confirm_retire)
    elif run.state == State.FAILED and run.retry_after:
        retry(source, timezone.now() + timedelta(seconds=run.retry_after))
    return f"{source.label}: {run.get_state_display()}. {run.error}".strip()


def collect_on_schedule(connection_id: int) -> str:
    """Read a connection because its time has come. One with a problem waits for a person, unless the rest is read."""
    source = Connection.objects.filter(pk=connection_id, enabled=True).first()
    if source is None:
        return "no longer there, or disabled"
    if source.problem and source.problem != refusals.told(source):
        return f"{source.label} waits for a person: {source.problem}"
    return collect_connection(connection_id)


def full_compare_is_due(source: Connection) -> bool:
    """Once a week everything is compared, to find what the cursor missed. The first reading is one by itself."""
    last = source.full_compare_at
    return last is not None and timezone.now() - last >= FULL_COMPARE_EVERY


def retry(source: Connection, at: datetime) -> None:
    """Read once more when the vendor will have us, if that is before its next turn."""
    Schedule.objects.update_or_create(
        name=schedules.retry_name(source),
        defaults={
            "func": "collectors.tasks.collect_on_schedule", "args": f"({source.pk},)",
            "schedule_type": Schedule.ONCE, "next_run": at,
        },
    )  # fmt: skip


def sweep() -> str:
    """Every minute: go on with runs whose worker died, and make the schedules match the connections.

    That it runs is also how the watchdog knows that the worker moves.
    """
    schedules.match()
    left = lease.abandoned()
    for connection_id in left:
        _soon(connection_id)
    return f"{len(left)} runs taken over"


def _soon(connection_id: int, confirm_retire: bool = False) -> None:
    name = f"Go on with connection {connection_id}"
    async_task("collectors.tasks.collect_connection", connection_id, confirm_retire, task_name=name)


def drop() -> str:
    """Every minute: load what people and programs put into the watched folder."""
    outcomes = folder.sweep(settings.DROP_FOLDER)
    return "; ".join(f"{one.file}: {one.state}" for one in outcomes) or "no files"


def tidy() -> str:
    """Every day: delete quarantined records nobody has met for 90 days."""
    return f"{quarantine.purge()} quarantined records deleted"
