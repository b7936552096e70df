"""Scores as they are shown: by system and dimension, the latest in percent and how it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from django.utils.safestring import SafeString

from metrics.models import QualityScore
from metrics.quality.scores import MADE_OF
from qbr.pages import charts, formats

SHOWN_DAYS = 90
TENTHS = Decimal("0.1")
LOW, POOR = Decimal(98), Decimal(90)  # percent; below the first it is to be looked at, below the second it is bad
Dimension = QualityScore.Dimension


@dataclass(frozen=True)
class Score:
    """A dimension of one system on its last day; cut off and never rounded up, so that 100 % is all of it."""

    percent: Decimal
    good: int
    total: int
    spark: SafeString | str

    @property
    def text(self) -> str:
        return f"{formats.rounded(self.percent, 0 if self.percent == 100 else 1)} %"

    @property
    def of(self) -> str:
        return f"{self.good:,} of {self.total:,}"

    @property
    def tone(self) -> str:
        return "good" if self.percent >= LOW else "watch" if self.percent >= POOR else "act"


@dataclass(frozen=True)
class SystemScores:
    name: str
    cells: tuple[Score | None, ...]
    days: tuple[tuple[str, tuple[str, ...]], ...]  # newest first, each with a text a dimension


@dataclass(frozen=True)
class Scored:
    dimensions: tuple[str, ...]
    made_of: tuple[tuple[str, str], ...]
    systems: tuple[SystemScores, ...]
    day: str  # of the latest


def scored(today: date) -> Scored:
    """The scores of the last days, in one statement."""
    rows = QualityScore.objects.filter(day__gt=today - timedelta(days=SHOWN_DAYS)).select_related("connection")
    by_system: dict[str, dict[date, dict[str, Split]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows.order_by("connection__label", "day"):
        if row.total:  # of nothing there is no share
            by_system[row.connection.label][row.day][row.dimension] = (row.good, row.total)
    latest = max((day for days in by_system.values() for day in days), default=None)
    return Scored(
        tuple(dimension.label for dimension in Dimension),
        tuple((dimension.label, MADE_OF[dimension]) for dimension in Dimension),
        tuple(_system(name, days) for name, days in by_system.items()),
        formats.day(latest) if latest else "",
    )


Split = tuple[int, int]
Days = Mapping[date, Mapping[str, Split]]


def _system(name: str, days: Days) -> SystemScores:
    return SystemScores(
        name, tuple(_score(name, dimension, days) for dimension in Dimension),
        tuple(
            (formats.day(day), tuple(_text(days[day].get(dimension)) for dimension in Dimension))
            for day in sorted(days, reverse=True)
        ),
    )  # fmt: skip


def _score(name: str, dimension: QualityScore.Dimension, days: Days) -> Score | None:
    splits = [days[day].get(dimension) for day in sorted(days)]
    known = [split for split in splits if split]
    if not known:
        return None
    good, total = known[-1]
    percents = [None if split is None else _percent(*split) for split in splits]
    return Score(_percent(good, total), good, total, _spark(percents, f"{name}, {dimension.label.lower()}, by day"))


def _spark(percents: Sequence[Decimal | None], label: str) -> SafeString | str:
    """Nothing where it never moved: a level line says no more than the figure."""
    return charts.spark(percents, label) if len({each for each in percents if each is not None}) > 1 else ""


def _percent(good: int, total: int) -> Decimal:
    return (Decimal(good) * 100 / total).quantize(TENTHS, rounding=ROUND_DOWN)


def _text(split: Split | None) -> str:
    return f"{formats.rounded(_percent(*split), 1)} %" if split else formats.MISSING
