"""Timing two ways of doing one thing in turn, so that a drift of the machine falls on both."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Ratio:
    """Ours over theirs, round by round."""

    ours: list[float]
    theirs: list[float]

    @property
    def rounds(self) -> list[float]:
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    def __str__(self) -> str:
        middle, low, high = statistics.median(self.rounds), min(self.rounds), max(self.rounds)
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        return f"ratio {middle:.2f} (from {low:.2f} to {high:.2f}); {ours:.2f} s against {theirs:.2f} s"


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 3, before: Callable[[], object] = int
) -> Ratio:
    """Both in turn, round by round; `before` makes ready for each and is not timed."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, times in ((ours, took[0]), (theirs, took[1])):
            before()
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
    return Ratio(*took)


def wal_bytes(work: Callable[[], object]) -> int:
    """Bytes of write-ahead log that a piece of work wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        before = cursor.fetchone()[0]
        work()
        cursor.execute("SELECT pg_current_wal_insert_lsn() - %s::pg_lsn", [before])
        return int(cursor.fetchone()[0])


def peak_megabytes() -> float:
    """The most memory this program held. Linux lets ru_maxrss begin at what the parent held, its own count does not."""
    try:
        with open("/proc/self/status") as lines:
            [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
        return int(peak) / 1024
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(name: str, figure: object, goal: str, of: str) -> None:
    print(f"{name}\n    {figure}\n    goal {goal}; {of}\n", flush=True)
