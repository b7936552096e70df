"""The monthly business review: metrics as rows, the months of a year as columns, as the owner lays them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.periods import Month, Year
from metrics.reading import Numbers
from qbr.pages import tables
from qbr.pages.filters import Question
from qbr.pages.formats import Style
from qbr.pages.layout import Ask, Context, Panel
from qbr.pages.tables import Column, Line, Table


@dataclass(frozen=True)
class Block:
    """A heading, its rows, and which of them are totals and carry last year's row beneath."""

    name: str
    metrics: tuple[str, ...]
    totals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MonthlyReview(Panel):
    template: ClassVar[str] = "pages/panels/table.html"
    blocks: tuple[Block, ...]

    def year(self, question: Question) -> Year:
        return Year(question.last_month.year, 1)

    def asks(self, question: Question) -> Iterable[Ask]:
        year = self.year(question)
        yield Ask(self.seen(question), (*year.months, *year.previous.months))
        yield Ask(self.seen(question), (year, year.previous))

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        table = self.table(question, numbers)
        return {"table": table, "sticky": True, "dense": True} if table.lines else None

    def table(self, question: Question, numbers: Numbers) -> Table:
        year, seen = self.year(question), set(self.seen(question))
        columns = (
            Column(self.year(question).label),
            *(Column(month.label[:3], Unit.COUNT) for month in year.months),
            Column("Total", Unit.COUNT),
        )
        lines: list[Line] = []
        for block in self.blocks:
            rows = [
                line
                for key in block.metrics
                if key in seen
                for line in self._lines(key, block, year, question, numbers)
            ]
            if rows:
                lines += [tables.section(block.name, len(columns)), *rows]
        return Table(f"{self.title} {year.label}", columns, tuple(lines))

    def _lines(self, key: str, block: Block, year: Year, question: Question, numbers: Numbers) -> Iterable[Line]:
        is_total = key in block.totals
        yield self._line(CATALOGUE[key].label, key, year, question, numbers, "total" if is_total else "")
        if is_total:
            yield self._line(f"{year.previous.label}", key, year.previous, question, numbers, "last-year")

    def _line(self, label: str, key: str, year: Year, question: Question, numbers: Numbers, kind: str) -> Line:
        scope = question.scope
        begun = Month.holding(question.today)
        return Line(
            (
                tables.text(label),
                *(
                    tables.number(numbers[key, scope, month] if month <= begun else None, question, Style.WHOLE)
                    for month in year.months
                ),
                tables.number(numbers[key, scope, year], question, Style.WHOLE),
            ),
            kind,
        )
