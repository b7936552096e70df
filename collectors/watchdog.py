"""Whether the worker moves. Its own heartbeats prove nothing: an idle one whose child was killed beats on, wedged."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, connections
from django.db.models.functions import Now
from django_q.models import Task

from collectors.connections import CollectorRun

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=3)  # a sweep ends every minute
LOOK_EVERY = 10.0  # seconds


class WorkerWatch:
    """For whoever started the worker: ask `is_stuck` often, kill its process group if so, and say `restarted`."""

    def __init__(self, patience: timedelta = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self.patience, self.clock = patience, clock
        self.restarted()

    def restarted(self) -> None:
        self._may_be_stuck_from = self.clock() + self.patience.total_seconds()
        self._look_at = self._may_be_stuck_from

    def is_stuck(self) -> bool:
        """Whether the worker has been up for a while and nothing has moved all that time."""
        if self.clock() < self._look_at:
            return False
        self._look_at = self.clock() + LOOK_EVERY
        try:
            return not moves(self.patience)
        except DatabaseError as fault:  # no database, no verdict
            log.warning("cannot see whether the worker moves (%s)", type(fault).__name__)
            return False
        finally:
            connections.close_all()


def moves(within: timedelta) -> bool:
    """Whether a task has ended lately, or a run keeps its lease: a worker that only reads is busy and not stuck."""
    if CollectorRun.objects.filter(state=CollectorRun.State.RUNNING, lease_until__gt=Now()).exists():
        return True
    ended: bool = Task.objects.filter(stopped__gt=Now() - within).exists()
    return ended
