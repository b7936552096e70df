"""Metrics as rows, the last five quarters, how the last one moved, and the year to date, in the owner's own order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from metrics import comparisons, reading, varying
from metrics.definitions import CATALOGUE
from metrics.reading import Changed, Number, Numbers
from qbr.pages import comparing, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Ask, Context, Panel
from qbr.pages.tables import Cell, Column, Line, Table


@dataclass(frozen=True, kw_only=True)
class QuarterTable(Panel):
    template: ClassVar[str] = "pages/panels/table.html"
    of: str  # the heading of the names

    def asks(self, question: Question) -> Iterable[Ask]:
        yield Ask(self.seen(question), question.quarters)

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        table = self.table(question, numbers)
        return {"table": table, "sticky": True} if table.lines else None

    def table(self, question: Question, numbers: Numbers) -> Table:
        keys = self.seen(question)
        through = question.quarters[-1]
        to_date = reading.year_to_date(question.person, keys, question.scope, through)
        columns = (
            (
                Column(self.of),
                *(Column(quarter.label, CATALOGUE[keys[0]].unit) for quarter in question.quarters),
                Column("Change", CATALOGUE[keys[0]].unit),
                Column("Year to date", CATALOGUE[keys[0]].unit),
            )
            if keys
            else ()
        )
        change = self._changes(question, numbers, keys)
        lines: list[Line] = []
        for section, members in groupby(keys, key=lambda key: CATALOGUE[key].section):
            lines.append(tables.section(str(section), len(columns)))
            lines.extend(self._line(key, question, numbers, change[key], to_date.get(key)) for key in members)
        return Table(self.title, columns, tuple(lines))

    def _changes(self, question: Question, numbers: Numbers, keys: Sequence[str]) -> dict[str, Cell]:
        """How the last quarter moved from the one before, and whether that is more than chance."""
        *_, before, last = question.quarters
        pairs = {key: (numbers[key, question.scope, before], numbers[key, question.scope, last]) for key in keys}
        changed = reading.changed_settings(pairs.values())
        signals = varying.signals(question.person, keys, [question.scope], last)
        cells = {}
        for key, (base, now) in pairs.items():
            inputs = changed.get((key, question.scope, before, last), Changed()).definitions
            cells[key] = comparing.moved(
                now, comparisons.compare(now, base, before.label, inputs=inputs),
                f"no basis: {comparisons.no_basis(now, base, inputs=inputs)}", signals.get((key, question.scope)),
            )
        return cells

    def _line(self, key: str, question: Question, numbers: Numbers, change: Cell, to_date: Number | None) -> Line:
        metric = CATALOGUE[key]
        return Line(
            (
                tables.text(metric.label),
                *(tables.number(numbers[key, question.scope, quarter], question) for quarter in question.quarters),
                change,
                tables.number(to_date, question, to_date=True),
            )
        )
