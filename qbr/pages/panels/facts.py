"""Panels over a breakdown of facts: rankings, tables and stacks. Each names the function that reads its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from django.urls import reverse

from metrics.declare import Unit
from metrics.models import State
from metrics.reading import Numbers
from qbr.pages import charts, formats, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Ask, Context, Panel
from qbr.pages.panels.trend import legend, why_empty
from qbr.pages.tables import Column, Line, Table

SEE_DATA = "See what has been read"
SERIES = 4  # more are folded into "Other"


@dataclass(frozen=True)
class Ranked:
    """One bar and what its table row holds beside it."""

    name: str
    value: Decimal | int
    href: str = ""
    beside: tuple[Decimal | int | None, ...] = ()


@dataclass(frozen=True)
class Over:
    """Named amounts over the same labels, a missing one None."""

    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[Decimal | None, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class FactPanel(Panel):
    """A panel over facts. `stands_on` is the metric that counts the same facts: it knows whether they were read."""

    stands_on: str
    empty: str = "Nothing in this period."

    def asks(self, question: Question) -> Iterable[Ask]:
        yield Ask((self.stands_on,), (question.period,))

    def nothing(self, question: Question, numbers: Numbers) -> Context:
        """That there is nothing is said only where it was looked for: missing is not none."""
        counted = numbers.get((self.stands_on, question.scope, question.period))
        if counted is None or counted.state in (State.MEASURED, State.SO_FAR):
            return {"empty": self.empty}
        return {"empty": why_empty([counted]), "action": {"href": reverse("data"), "label": SEE_DATA}}


@dataclass(frozen=True, kw_only=True)
class Ranking(FactPanel):
    """Horizontal bars from zero in plain HTML, in the order they are read."""

    read: Callable[[Question], Sequence[Ranked]]
    unit: Unit
    of: str  # the heading of the names
    figure: str  # the heading of the figures
    beside: tuple[Column, ...] = ()  # what the table holds beside them
    at_most: int = 12
    template: ClassVar[str] = "pages/panels/ranking.html"

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        rows = self.read(question)
        if not rows:
            return self.nothing(question, numbers)
        longest = max(abs(Decimal(row.value)) for row in rows) or Decimal(1)
        return {
            "bars": [
                {
                    "name": row.name,
                    "href": row.href,
                    "text": formats.written(row.value, self.unit),
                    "length": round(max(Decimal(0), Decimal(row.value)) / longest * 100, 2),
                }
                for row in rows[: self.at_most]
            ],
            "more": max(0, len(rows) - self.at_most),
            "table": self._table(rows),
        }

    def table(self, question: Question, numbers: Numbers) -> Table:
        return self._table(self.read(question))

    def _table(self, rows: Sequence[Ranked]) -> Table:
        return Table(
            self.title,
            (Column(self.of), Column(self.figure, self.unit), *self.beside),
            tuple(
                Line(
                    (
                        tables.text(row.name, row.href),
                        tables.amount(row.value, self.unit),
                        *(
                            tables.amount(value, column.unit or Unit.COUNT)
                            for value, column in zip(row.beside, self.beside, strict=True)
                        ),
                    )
                )
                for row in rows
            ),
        )


@dataclass(frozen=True, kw_only=True)
class FactTable(FactPanel):
    """A table of facts, as its reader has written it."""

    read: Callable[[Question], Table]
    at_most: int = 25  # lines on the page; a file holds all
    template: ClassVar[str] = "pages/panels/table.html"

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        table = self.read(question)
        if table.is_empty:
            return self.nothing(question, numbers)
        return {
            "table": replace(table, lines=table.lines[: self.at_most]),
            "more": max(0, len(table.lines) - self.at_most),
        }

    def table(self, question: Question, numbers: Numbers) -> Table:
        return self.read(question)


@dataclass(frozen=True, kw_only=True)
class Stacked(FactPanel):
    """Parts of a whole over time: the four largest and the rest."""

    read: Callable[[Question], Over]
    unit: Unit = Unit.COUNT
    of: str = "Month"
    template: ClassVar[str] = "pages/panels/chart.html"

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        over = folded(self.read(question))
        if not any(value is not None for _, values in over.series for value in values):
            return self.nothing(question, numbers)
        return {
            "figure": charts.trend(charts.Kind.STACK, over.labels, [self._series(*each) for each in over.series]),
            "legend": legend([name for name, _ in over.series]),
            "summary": self._finding(over),
            "table": self._table(over),
        }

    def table(self, question: Question, numbers: Numbers) -> Table:
        return self._table(self.read(question))

    def _series(self, name: str, values: tuple[Decimal | None, ...]) -> charts.Series:
        return charts.Series(name, values, tuple(formats.written(value, self.unit) for value in values))

    def _table(self, over: Over) -> Table:
        by_label = zip(over.labels, zip(*(values for _, values in over.series), strict=True), strict=True)
        return Table(
            self.title,
            (Column(self.of), *(Column(name, self.unit) for name, _ in over.series)),
            tuple(
                Line(
                    (
                        tables.text(label),
                        *(
                            tables.amount(value, self.unit, why="" if value is not None else "not collected")
                            for value in values
                        ),
                    )
                )
                for label, values in reversed(list(by_label))
            ),
        )

    def _finding(self, over: Over) -> str:
        latest = [(name, values[-1]) for name, values in over.series if values[-1] is not None]
        said = ", ".join(f"{formats.written(value, self.unit)} {name.lower()}" for name, value in latest)
        return f"In {over.labels[-1]}: {said}." if said else f"Nothing is known for {over.labels[-1]}."


def folded(over: Over) -> Over:
    """The largest series by their last known values, the others added up as one."""
    if len(over.series) <= SERIES + 1:
        return over
    ordered = sorted(over.series, key=lambda each: sum((v for v in each[1] if v is not None), Decimal(0)), reverse=True)
    rest = tuple(_together(values) for values in zip(*(values for _, values in ordered[SERIES:]), strict=True))
    return Over(over.labels, (*ordered[:SERIES], ("Other", rest)))


def _together(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
