"""How far a reading has come, for a bar that moves."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.connections import CollectorRun, Connection
from collectors.declare import Vendor
from collectors.vendors import VENDORS

UNDER_WAY = (CollectorRun.State.RUNNING, CollectorRun.State.PAUSED)


@dataclass(frozen=True)
class Step:
    """One list of the vendor: what was read of it so far. `state` is done, now or waiting."""

    name: str
    state: str
    read: int
    added: int
    changed: int
    retired: int
    quarantined: int


@dataclass(frozen=True)
class Progress:
    source: Connection
    run: CollectorRun | None
    steps: tuple[Step, ...]
    asked: bool  # a person asked for a reading that the worker has not begun

    @property
    def moving(self) -> bool:
        return self.asked or (self.run is not None and self.run.state in UNDER_WAY)

    @property
    def percent(self) -> int:
        """Lists done of lists to read."""
        if self.asked or self.run is None or not self.steps:
            return 0
        if self.run.state == CollectorRun.State.DONE:
            return 100
        return 100 * sum(step.state == "done" for step in self.steps) // len(self.steps)

    @property
    def read(self) -> int:
        return sum(step.read for step in self.steps)

    @property
    def sentence(self) -> str:
        if self.asked:
            return "Waiting for the worker to begin."
        if self.run is None:
            return "Not read yet."
        records = f"{self.read:,} record{'' if self.read == 1 else 's'}"
        match self.run.state:
            case CollectorRun.State.RUNNING:
                now = spoken(self.run.step) or "the first list"
                return f"Reading {now}: {records} so far."
            case CollectorRun.State.PAUSED:
                return f"Met its time limit after {records}; it goes on at once."
            case CollectorRun.State.DONE:
                return f"Done: {records} read."
            case _:
                return self.run.error or "It ended early."


def spoken(name: str) -> str:
    return name.replace("_", " ")


def progress_of(source: Connection, *, after: int | None = None) -> Progress:
    """The newest run; with `after`, one begun since run number `after`, which the worker may still owe."""
    return progress_in(source, source.runs.order_by("-started_at", "-pk").first(), after=after)


def newest_runs() -> dict[int, CollectorRun]:
    """The newest run of each connection."""
    runs = CollectorRun.objects.order_by("connection", "-started_at", "-pk").distinct("connection")
    return {run.connection_id: run for run in runs}


def progress_in(source: Connection, run: CollectorRun | None, *, after: int | None = None) -> Progress:
    asked = after is not None and (run is None or run.pk <= after) and not (run and run.state in UNDER_WAY)
    return Progress(source, run, () if asked else _steps(VENDORS.get(source.vendor), run), asked)


def _steps(vendor: Vendor | None, run: CollectorRun | None) -> tuple[Step, ...]:
    if vendor is None or run is None:
        return ()
    names = [endpoint.name for endpoint in vendor.endpoints]
    begun = max((names.index(name) for name in (*run.counts, run.step) if name in names), default=-1)
    return tuple(
        Step(spoken(name), _state(place, begun, run), *_counted(run.counts.get(name) or {}))
        for place, name in enumerate(names)
    )


def _state(place: int, begun: int, run: CollectorRun) -> str:
    if run.state == CollectorRun.State.DONE or place < begun:
        return "done"
    return "now" if place == begun else "waiting"


def _counted(counts: dict[str, int]) -> tuple[int, int, int, int, int]:
    return (
        counts.get("read", 0), counts.get("added", 0), counts.get("changed", 0), counts.get("retired", 0),
        counts.get("quarantined", 0),
    )  # fmt: skip
