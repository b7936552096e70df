"""Number tiles: one figure large enough to read across a table, and what it is measured against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from django.utils.safestring import SafeString

from metrics import comparisons, reading
from metrics.declare import Goal
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.reading import ChangedBy, Number, Numbers
from qbr.pages import charts, comparing, formats
from qbr.pages.comparing import FirstDays
from qbr.pages.filters import Question
from qbr.pages.formats import Style
from qbr.pages.layout import Ask, Context, Panel

SPARK_MONTHS = 13


@dataclass(frozen=True)
class Versus:
    change: str  # empty where nothing is compared
    css: str
    arrow: str
    said: str  # "better than Q2 2026", or why there is no basis
    more: str = ""  # what was set otherwise then


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
    signal: str  # "within normal range"
    goal: str
    spark: SafeString | str


@dataclass(frozen=True, kw_only=True)
class Tiles(Panel):
    bare: bool = True
    template: ClassVar[str] = "pages/panels/tiles.html"

    def asks(self, question: Question) -> Iterable[Ask]:
        earlier = [period for _, period in comparisons.earlier(question.period)]
        yield Ask(self.seen(question), (question.period, *earlier))
        yield Ask(self.seen(question), question.months[-SPARK_MONTHS:])

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        """While a period runs its same days are counted from facts: tiles come first and ask for that by themselves."""
        return self.of(self.seen(question), question, numbers)

    def of(self, keys: tuple[str, ...], question: Question, numbers: Numbers) -> Context | None:
        """A tile for each of these, which it has asked for."""
        if not keys:
            return None
        found = [numbers[key, question.scope, question.period] for key in keys]
        waits = any(map(comparing.by_day, found)) and not _asked_alone(self, question)
        days = None if waits else comparing.counted_by_day(question, found)
        changed = comparing.changed(question, numbers, keys)
        tiles = [tile(key, question, numbers, changed, days) for key in keys]
        across = next((many for many in (4, 5, 3) if len(tiles) % many == 0), 4)
        return {"tiles": tiles, "across": across, "later": question.address(panel=self.key) if waits else ""}


def _asked_alone(panel: Panel, question: Question) -> bool:
    return "whole" in question.given or question.given.get("panel") == panel.key


def tile(
    key: str, question: Question, numbers: Numbers, changed: ChangedBy | None = None, days: FirstDays | None = None
) -> Tile:
    """Without `changed` it stands by itself, beside no other period; `days` is None where they are still to come."""
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
        versus=() if changed is None else tuple(versus(found, question, numbers, changed, days)),
        signal=_signal(found, question),
        goal=goal_words(found, question.goals.get(key)),
        spark=_spark(key, question, numbers),
    )


def versus(
    found: Number, question: Question, numbers: Numbers, changed: ChangedBy, days: FirstDays | None
) -> Iterator[Versus]:  # fmt: skip
    """Beside the previous period and the same one last year; while the period runs, beside their first days."""
    if found.value is None:
        return
    if found.state is State.SO_FAR:
        yield from _first_days(found, question, numbers, days)
        return
    for each in comparing.earlier(found, question, numbers, changed):
        if each.compared is None:
            why = each.why if each.base.is_final else comparisons.is_missing(each.base, brief=True)
            yield Versus("", "", "", f"No basis: {why}")
            continue
        judgement, label = each.compared.judgement, each.base.period.label
        yield Versus(
            comparing.change_words(each.compared, found),
            comparing.JUDGED.get(judgement, ""),
            comparing.ARROWS[each.compared.movement],
            f"{judgement} than {label}" if judgement in comparing.JUDGED else f"vs {label}",
            comparing.settings_words(each.settings),
        )


def _first_days(
    found: Number, question: Question, numbers: Numbers, days: FirstDays | None
) -> Iterator[Versus]:  # fmt: skip
    """Neither better nor worse, and in no colour: it is too early to say."""
    for each in comparing.over_first_days(found, question, numbers, days):
        if each.then is None or each.now is None:
            yield Versus("", "", "", each.why)
            continue
        moved, arrow = comparing.moved_words(found.metric, each.then, each.now), comparing.arrow(each.then, each.now)
        yield Versus(moved, "", arrow, f"vs the {each.said}")


def goal_words(found: Number, goal: Goal | None) -> str:
    if goal is None:
        return ""
    target = comparing.goal_words(found.metric, goal, found.period)
    return (
        f"Goal: {target}" if found.value is None else f"{formats.of(found.metric, found.value)} for a goal of {target}"
    )


def _signal(found: Number, question: Question) -> str:
    verdict = question.signals.get(found.metric.key)
    return verdict.words if verdict else ""


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
    return comparing.MET_WORDS.get(met.met) if met else None


def _spark(key: str, question: Question, numbers: Numbers) -> SafeString | str:
    months = question.months[-SPARK_MONTHS:]
    row = [numbers[key, question.scope, month] for month in months]
    values = [number.value if number.state is not State.INCOMPLETE else None for number in row]
    switches = {switch.period for switch in reading.switches(row)}
    breaks = [at for at, month in enumerate(months) if month in switches]
    return charts.spark(values, f"{CATALOGUE[key].label} by month, {months[0].label} to {months[-1].label}", breaks)
