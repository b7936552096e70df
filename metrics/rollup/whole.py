"""One roll-up: take the marks, work out what they ask for, store what differs; all of it or nothing."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from metrics import same_devices
from metrics.models import Rollup, RollupReading
from metrics.rollup.asked import Asked, ask
from metrics.rollup.compute import compute
from metrics.rollup.restate import restate
from metrics.rollup.soft_closed import lay_entries
from metrics.rollup.sql import execute
from metrics.rollup.store import store

log = logging.getLogger(__name__)
ONE_AT_A_TIME = 7_132_002  # the advisory lock of roll-ups
WORKING_MEMORY = "128MB"  # for this transaction's sorts and hashes


@transaction.atomic
def run(cause: str, *, everything: bool = False, now: datetime | None = None) -> Rollup | None:
    """Work out what moved since the last roll-up, or everything; None where there is nothing to do.

    The marks are taken in the transaction that stores the values, so a crash loses none of them.
    """
    alone()
    execute(f"SET LOCAL work_mem = '{WORKING_MEMORY}'")
    execute("SET LOCAL jit = off")  # compiling these wide statements takes longer than running them
    same_devices.lay()
    moment = now or timezone.now()
    asked = ask(moment, everything=everything)
    if asked is None:
        return None
    rollup = Rollup.objects.create(cause=cause, started_at=moment, asked=asked.told)
    if asked.months:
        compute(asked)
        rollup.rows_written = store(rollup)
    rollup.rows_written += lay_entries(asked, rollup)
    restate(asked)
    rollup.ended_at = now or timezone.now()
    rollup.save(update_fields=["rows_written", "ended_at"])
    _remember_readings(rollup, asked)
    log.info("Roll-up after %s: %d months, %d values written", cause, len(asked.months), rollup.rows_written)
    return rollup


def alone() -> None:
    """Wait for a roll-up or a close under way, and let no other begin until the end of this transaction."""
    execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def _remember_readings(rollup: Rollup, asked: Asked) -> None:
    """How far each list had been read, for what values say of themselves and for the next roll-up to compare."""
    RollupReading.objects.bulk_create(
        RollupReading(
            rollup=rollup, connection=connection, entity=entity, account=account,
            read_from=read_from, read_through=read_through, run=run_id,
        )
        for (connection, entity, account), (read_from, read_through, run_id) in asked.readings.items()
    )
