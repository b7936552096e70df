"""What was read lately, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from collectors.connections import CollectorRun

TONES = {
    CollectorRun.State.DONE: "good", CollectorRun.State.FAILED: "act", CollectorRun.State.STOPPED: "act",
    CollectorRun.State.PAUSED: "watch",
}  # fmt: skip
COUNTED = ("read", "added", "changed", "retired", "quarantined")


@dataclass(frozen=True)
class Run:
    """One run, its counts added up over the vendor's lists."""

    run: CollectorRun
    counts: dict[str, int]

    @property
    def tone(self) -> str:
        return TONES.get(CollectorRun.State(self.run.state), "")

    @property
    def word(self) -> str:
        return CollectorRun.State(self.run.state).label

    @property
    def took(self) -> str:
        if self.run.ended_at is None:
            return "not ended"
        return spoken(self.run.ended_at - self.run.started_at)


def spoken(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def newest(how_many: int) -> list[Run]:
    return [
        counted(run) for run in CollectorRun.objects.select_related("connection").order_by("-started_at")[:how_many]
    ]


def counted(run: CollectorRun) -> Run:
    return Run(run, {word: sum(counts.get(word, 0) for counts in run.counts.values()) for word in COUNTED})
