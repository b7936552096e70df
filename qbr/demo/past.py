"""Plays the demo's past: what a vendor lists only as it is now was, at each month's end, what it was then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connections

from collectors import collect
from collectors.connections import CollectorRun, Connection
from metrics.periods import Month
from qbr.demo import sandbox
from qbr.demo.sources import played

LAST_MOMENT = timedelta(seconds=1)
SECONDS_A_RUN = 300.0


def month_end(month: Month, zone: ZoneInfo) -> datetime:
    """The last second that still belongs to the month."""
    return month.moments(zone)[1] - LAST_MOMENT


def play(sources: Sequence[Connection], months: Sequence[Month], zone: ZoneInfo, say: Callable[[str], None]) -> int:
    """Read every connection as of each month's end, the oldest first, then as of now; nothing is read twice.

    How many readings it took.
    """
    readings = 0
    with ThreadPoolExecutor(max_workers=len(sources)) as pool:
        for month in months:
            moment = month_end(month, zone)
            playing = [source for source in sources if month in played(source, months)]
            waiting = [source for source in playing if not _read_as_of(source, moment)]
            if waiting:
                readings += len(waiting)
                sandbox.set_clock(moment)
                runs = list(pool.map(lambda source: _read(source, moment), waiting))  # noqa: B023 - used at once
                say(f"{month.label}: {_records(runs)}")
        sandbox.set_clock(None)
        waiting = [source for source in sources if not _read_after(source, months[-1], zone)]
        readings += len(waiting)
        if waiting:
            say(f"Today: {_records(list(pool.map(_read, waiting)))}")
    return readings


def _read_as_of(source: Connection, moment: datetime) -> bool:
    return source.runs.filter(state=CollectorRun.State.DONE, as_of__gte=moment).exists()


def _read_after(source: Connection, month: Month, zone: ZoneInfo) -> bool:
    return source.runs.filter(state=CollectorRun.State.DONE, as_of__gte=month.moments(zone)[1]).exists()


def _read(source: Connection, moment: datetime | None = None) -> CollectorRun:
    try:
        # What this world no longer lists is gone: a month may take a client of many machines with it.
        run = collect.run(source, as_of=moment, deadline_seconds=SECONDS_A_RUN, confirm_retire=True)
    finally:
        connections.close_all()  # this thread's own
    if run.state != CollectorRun.State.DONE:
        raise RuntimeError(f"{source.label} could not be read: {run.error or run.get_state_display()}")
    return run


def _records(runs: Sequence[CollectorRun]) -> str:
    """What each collector read: `NinjaOne 825, ConnectWise PSA 1,319`."""
    read = {run.connection.label: sum(counts.get("read", 0) for counts in run.counts.values()) for run in runs}
    return ", ".join(f"{label} {many:,}" for label, many in read.items())
