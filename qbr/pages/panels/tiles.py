"""Number tiles: one figure large enough to read across a table, and what it is measured against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from django.utils.safestring import SafeString

from metrics import comparisons
from metrics.comparisons import Change, Comparison, Judgement, Met
from metrics.declare import Goal
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.reading import Number, Numbers
from qbr.pages import charts, formats
from qbr.pages.filters import Question
from qbr.pages.formats import Style
from qbr.pages.layout import Ask, Context, Panel

SPARK_MONTHS = 13
MET_WORDS = {Met.MET: ("good", "Meets goal"), Met.NEAR: ("watch", "Near goal"), Met.MISSED: ("act", "Misses goal")}
JUDGED = {Judgement.BETTER: "good", Judgement.WORSE: "act"}
ARROWS = {"up": "▲", "down": "▼", "level": "■"}


@dataclass(frozen=True)
class Versus:
    change: str
    css: str
    arrow: str
    said: str  # "better than Q2 2026"


@dataclass(frozen=True)
class Tile:
    label: str
    meaning: str
    text: str
    exact: str
    href: str
    why: str
    css: str
    state: tuple[str, str] | None
    versus: tuple[Versus, ...]
    goal: str
    spark: SafeString | str


@dataclass(frozen=True, kw_only=True)
class Tiles(Panel):
    bare: bool = True
    template: ClassVar[str] = "pages/panels/tiles.html"

    def asks(self, question: Question) -> Iterable[Ask]:
        period = question.period
        yield Ask(self.seen(question), (period, comparisons.previous(period)[1], comparisons.year_ago(period)[1]))
        yield Ask(self.seen(question), question.months[-SPARK_MONTHS:])

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        keys = self.seen(question)
        if not keys:
            return None
        tiles = [tile(key, question, numbers) for key in keys]
        return {"tiles": tiles, "across": next((many for many in (4, 5, 3) if len(tiles) % many == 0), 4)}


def tile(key: str, question: Question, numbers: Numbers) -> Tile:
    found = numbers[key, question.scope, question.period]
    metric = found.metric
    return Tile(
        label=metric.label,
        meaning=metric.meaning,
        text=formats.of(metric, found.value, Style.TILE),
        exact=formats.of(metric, found.value),
        href=question.number_address(key),
        why=formats.why(found),
        css="missing" if found.value is None else "" if found.is_final else "provisional",
        state=_state(found, question.goals.get(key)),
        versus=tuple(versus(found, question, numbers)),
        goal=goal_words(found, question.goals.get(key)),
        spark=_spark(key, question, numbers),
    )


def versus(found: Number, question: Question, numbers: Numbers) -> Iterable[Versus]:
    """Beside the previous period and the same one last year, where both are there."""
    for against, period in (comparisons.previous(question.period), comparisons.year_ago(question.period)):
        compared = comparisons.compare(found, numbers[found.metric.key, question.scope, period], against)
        if compared is not None:
            yield Versus(
                change_words(compared, found),
                JUDGED.get(compared.judgement, ""),
                ARROWS[compared.movement],
                f"{compared.judgement} than {period.label}" if compared.judgement in JUDGED else f"vs {period.label}",
            )


def change_words(compared: Comparison, found: Number) -> str:
    """Percent, percentage points, or both ends where there is nothing to take a percentage of."""
    sign = "+" if compared.change > 0 else ""
    if compared.told_in is Change.POINTS:
        return formats.points(compared.change)
    if compared.told_in is Change.PERCENT:
        return sign + formats.percent(compared.change)
    ends = (formats.of(found.metric, value, Style.TILE) for value in (compared.base.value, found.value))
    return " to ".join(ends)


def goal_words(found: Number, goal: Goal | None) -> str:
    if goal is None:
        return ""
    target = f"{goal.direction.replace('_', ' ')} {formats.of(found.metric, Decimal(goal.target))}"
    return (
        f"Goal: {target}" if found.value is None else f"{formats.of(found.metric, found.value)} for a goal of {target}"
    )


def _state(found: Number, goal: Goal | None) -> tuple[str, str] | None:
    if found.value is None:
        return ("", "Not measured")
    if found.state is State.SO_FAR:
        return ("", "So far")
    if found.state is State.INSUFFICIENT_COVERAGE:
        return ("", "Insufficient coverage")
    if not found.is_final:
        return ("", "Not final")
    met = comparisons.against_goal(found, goal)
    return MET_WORDS.get(met.met) if met else None


def _spark(key: str, question: Question, numbers: Numbers) -> SafeString | str:
    months = question.months[-SPARK_MONTHS:]
    row = [numbers[key, question.scope, month] for month in months]
    values = [number.value if number.state is not State.INCOMPLETE else None for number in row]
    return charts.spark(values, f"{CATALOGUE[key].label} by month, {months[0].label} to {months[-1].label}")
