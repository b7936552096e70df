"""A layer's figures by system: what each connection tells, and whether it is read as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from django.urls import reverse

from collectors.declare import Layer
from metrics import breakdowns
from metrics.breakdowns import OfSystem
from metrics.definitions import CATALOGUE
from metrics.reading import Freshness, Numbers, SystemFreshness
from qbr.pages import formats, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Ask, Context, Panel
from qbr.pages.panels.layers import is_read
from qbr.pages.tables import Cell, Column, Line, Table

STATES = {
    Freshness.FRESH: ("Up to date", "nowrap"), Freshness.STALE: ("Stale", "provisional"),
    Freshness.FAILING: ("Needs a person", "missing"), Freshness.ENTERED: ("Entered without a collector", ""),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BySystem(Panel):
    """Metrics split by connection: what happened over the whole period, what stood at its end."""

    layers: tuple[Layer, ...]
    headings: Mapping[str, str] = field(default_factory=dict)  # short ones, where the title says what they are of
    slow: bool = True
    template: ClassVar[str] = "pages/panels/table.html"
    of_layer: ClassVar[bool] = True

    def asks(self, question: Question) -> Iterable[Ask]:
        yield Ask(self.seen(question), (question.period,))

    def is_there(self, question: Question, numbers: Numbers) -> bool:
        return any(is_read(numbers[key, question.scope, question.period]) for key in self.seen(question))

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        return {"table": self.table(question, numbers)} if self.is_there(question, numbers) else None

    def table(self, question: Question, numbers: Numbers) -> Table:
        keys = self.seen(question)
        months = tuple(month for month in question.period.months if month <= question.last_month)
        found = breakdowns.by_system(question.scope, months, self.layers, keys)
        told = (Column(self.headings.get(key, CATALOGUE[key].label), CATALOGUE[key].unit) for key in keys)
        lines = tuple(_line(each, keys, question.systems.get(each.connection), question) for each in found)
        return Table(self.title, (Column("System"), Column("State"), *told), lines)


def _line(row: OfSystem, keys: Iterable[str], state: SystemFreshness | None, question: Question) -> Line:
    told = (_amount(row, key) for key in keys)
    return Line((tables.text(row.label, reverse("data")), _state(state, question), *told))


def _amount(row: OfSystem, key: str) -> Cell:
    value = row.values[key]
    return tables.amount(value, CATALOGUE[key].unit, why="" if value is not None else "not told")


def _state(state: SystemFreshness | None, question: Question) -> Cell:
    if state is None:
        return tables.text("")
    word, css = STATES[state.state]
    read = f"read {formats.age(state.read_through, question.now)}" if state.read_through else ""
    return Cell(word, word, why=state.problem or read, css=css)
