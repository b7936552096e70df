"""What the worker does above the numbers: after a read, link what is new and work the figures out again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django_q.models import Schedule
from django_q.tasks import async_task

from collectors import schedules as reading_schedules
from collectors.connections import Connection
from collectors.tasks import collect_connection
from metrics import quality, rollup, varying
from organizations.matching import link_new

CLOSED = "closed"  # the cause that a close gives
FOLLOW = "Link new accounts and work out the figures"
FOLLOW_LOCK = 7_132_001  # any number no other advisory lock of the project uses


def collect_and_follow(connection_id: int) -> None:
    """One reading of one connection, and the figures that follow from it."""
    collect_connection(connection_id)
    follow()


def collect_now(source: Connection) -> None:
    """Ask the worker for a reading at once; a reading already under way is left alone."""
    async_task("qbr.tasks.collect_and_follow", source.pk, task_name=f"Collect {source.label}"[:100])


def follow() -> str:
    """Link what is new, then roll up what moved; where this already runs, leave it to that run or the next minute."""
    with _alone() as alone:
        if not alone:
            return "already under way"
        link_new()
        done = rollup.run("collect")
        varying.hold(done)
        quality.run()
    return "nothing moved" if done is None else f"{done.rows_written} values written"


def follow_soon(why: str) -> None:
    """Ask the worker to follow what was written; were it away, the schedule does so within a minute of its return."""
    async_task("qbr.tasks.follow", task_name=why[:100])


def work_out(cause: str) -> None:
    """The figures that follow from what people decided or entered."""
    varying.hold(rollup.run(cause), everyone=cause == CLOSED)  # from then on limits rest on closed months alone
    quality.run()


def work_out_soon(cause: str) -> None:
    """Ask the worker; were it away, `follow` finds the same marks within a minute of its return."""
    async_task("qbr.tasks.work_out", cause, task_name=f"Figures after {cause}")


def schedules() -> None:
    """Make the worker's schedules what they ought to be; saying it twice changes nothing."""
    reading_schedules.match()
    Schedule.objects.update_or_create(
        name=FOLLOW,
        defaults={"func": "qbr.tasks.follow", "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1},
    )


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [FOLLOW_LOCK])
        row = cursor.fetchone()
        held = bool(row and row[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [FOLLOW_LOCK])
