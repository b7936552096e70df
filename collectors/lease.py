"""One run of a connection at a time: claimed in the database, kept by a heartbeat, lost by a worker that died.

All moments are the database's, so that a worker's clock may be wrong.
"""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from collectors.connections import Checkpoint, CollectorRun, Connection, Seen
from collectors.errors import CollectError

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=25)  # with a sweep every half minute, a dead worker's run is taken over within 90 seconds
BEAT = 5.0  # seconds
UNDER_WAY = (CollectorRun.State.RUNNING, CollectorRun.State.PAUSED)


class AlreadyRunning(CollectError):
    """Another worker is reading this connection."""


class LostLease(CollectError):
    """Another worker has taken this run over; whatever we would write now is void."""


def claim(source: Connection, as_of: datetime | None, full: bool) -> CollectorRun:
    """The run to work on: the one that waits to go on, or a new one. Raises AlreadyRunning."""
    with transaction.atomic():
        Connection.objects.select_for_update(no_key=True).get(pk=source.pk)
        run = CollectorRun.objects.filter(connection=source, state__in=UNDER_WAY).first()
        if run and run.state == CollectorRun.State.RUNNING and _held(run):
            raise AlreadyRunning(f"{source.label} is already being read.")
        if run and as_of is not None and run.as_of != as_of:
            CollectorRun.objects.filter(pk=run.pk).update(
                state=CollectorRun.State.FAILED, ended_at=Now(), error="Given up for a reading of another moment."
            )
            run = None
        if run is None:
            forget_places(source)
            run = CollectorRun(connection=source, as_of=as_of or timezone.now(), full=full)
        run.worker, run.state, run.lease_until = uuid.uuid4().hex, CollectorRun.State.RUNNING, timezone.now()
        run.save()
        CollectorRun.objects.filter(pk=run.pk).update(lease_until=Now() + LEASE)
    return run


def _held(run: CollectorRun) -> bool:
    return CollectorRun.objects.filter(pk=run.pk, lease_until__gt=Now()).exists()


def abandoned() -> list[int]:
    """Connections whose run nobody works on: its worker died, or its next stretch was never begun."""
    waits_too_long = Q(state=CollectorRun.State.RUNNING, lease_until__lt=Now()) | Q(
        state=CollectorRun.State.PAUSED, lease_until__lt=Now() - LEASE
    )
    return list(CollectorRun.objects.filter(waits_too_long).values_list("connection_id", flat=True))


def give_up(source: Connection, why: str) -> None:
    """End the run under way, if there is one; whatever its worker would still write is void."""
    under_way = CollectorRun.objects.filter(connection=source, state__in=UNDER_WAY)
    if under_way.update(state=CollectorRun.State.FAILED, ended_at=Now(), error=why, lease_until=None):
        forget_places(source)


def forget_places(source: Connection) -> None:
    """What a run knows only while it is under way."""
    Checkpoint.objects.filter(connection=source).delete()
    Seen.objects.filter(connection=source).delete()


def write(run: CollectorRun, **values: Any) -> None:
    """Write to the run if it is still ours. Raises LostLease, which rolls back the transaction it stands in."""
    mine = CollectorRun.objects.filter(pk=run.pk, worker=run.worker, state=CollectorRun.State.RUNNING)
    if not mine.update(**{"lease_until": Now() + LEASE, **values}):
        raise LostLease(f"The reading of {run.connection.label} was taken over by another worker.")
    for name, value in values.items():
        if not isinstance(value, F | Now):
            setattr(run, name, value)


class Heartbeat:
    """Moves the lease on from a thread with a database connection of its own, even while the run waits for a vendor."""

    def __init__(self, run: CollectorRun) -> None:
        self.run = run
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{run.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(BEAT):
                self._once()
        except LostLease:
            log.warning("run %s was taken over by another worker", self.run.pk)
        finally:
            connections.close_all()

    def _once(self) -> None:
        try:
            write(self.run)
        except (DatabaseError, InterfaceError) as error:  # it may be back by the next beat
            log.warning("run %s: no heartbeat (%s)", self.run.pk, type(error).__name__)
            connections.close_all()
