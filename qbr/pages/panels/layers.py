"""Panels of a layer that a client may not have: where nothing of it is read they are absent, never empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from django.urls import reverse

from metrics.breakdowns.gaps import GAPS
from metrics.declare import Derived
from metrics.models import State
from metrics.periods import Span
from metrics.reading import Number, Numbers
from qbr.pages.filters import Question
from qbr.pages.layout import Context
from qbr.pages.panels.facts import FactTable, Ranking
from qbr.pages.panels.tiles import Tiles
from qbr.pages.panels.trend import Trend


def is_read(number: Number) -> bool:
    """Whether anything is stored, if only why there is no number. What is worked out says less than what it lacks."""
    absent = isinstance(number.metric, Derived) and number.state in (State.NOT_LINKED, State.NOT_COLLECTED)
    return number.version is not None and not absent


def _there(question: Question, numbers: Numbers, keys: Iterable[str], periods: Iterable[Span]) -> tuple[str, ...]:
    asked = tuple(periods)
    return tuple(key for key in keys if any(is_read(numbers[key, question.scope, period]) for period in asked))


@dataclass(frozen=True, kw_only=True)
class LayerTiles(Tiles):
    """The figures of one layer, and the ways to what stands behind them by name."""

    bare: bool = False
    gaps: tuple[str, ...] = ()
    template: ClassVar[str] = "pages/panels/layer.html"

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        there = _there(question, numbers, self.seen(question), (question.period,))
        context = self.of(there, question, numbers)
        if context is None:
            return None
        links = [
            {"label": GAPS[gap].label, "href": question.address(reverse("gaps"), gap=gap, panel=None, whole=None)}
            for gap in self.gaps if GAPS[gap].behind in there
        ]  # fmt: skip
        return {**context, "links": links}


@dataclass(frozen=True, kw_only=True)
class LayerTrend(Trend):
    """A chart of one layer's metrics."""

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        if not _there(question, numbers, self.seen(question), self.periods(question)):
            return None
        return super().context(question, numbers)


@dataclass(frozen=True, kw_only=True)
class LayerRanking(Ranking):
    """Facts of one layer as bars."""

    of_layer: ClassVar[bool] = True

    def is_there(self, question: Question, numbers: Numbers) -> bool:
        return bool(_there(question, numbers, (self.stands_on,), (question.period,)))

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        return super().context(question, numbers) if self.is_there(question, numbers) else None


@dataclass(frozen=True, kw_only=True)
class LayerTable(FactTable):
    """Facts of one layer as a table."""

    of_layer: ClassVar[bool] = True

    def is_there(self, question: Question, numbers: Numbers) -> bool:
        return bool(_there(question, numbers, (self.stands_on,), (question.period,)))

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        return super().context(question, numbers) if self.is_there(question, numbers) else None
