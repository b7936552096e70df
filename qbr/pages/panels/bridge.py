"""How an amount of money became another: a waterfall over stored values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.reading import Number, Numbers
from qbr.pages import charts, formats, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Ask, Context, Panel
from qbr.pages.panels.trend import why_empty
from qbr.pages.tables import Column, Line, Table


@dataclass(frozen=True, kw_only=True)
class Bridge(Panel):
    """From the first metric to the last; those in `takes_away` lead downwards. The ends stand on zero."""

    takes_away: frozenset[str] = frozenset()
    template: ClassVar[str] = "pages/panels/chart.html"

    def asks(self, question: Question) -> Iterable[Ask]:
        yield Ask(self.seen(question), (question.period,))

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        steps = self._steps(question, numbers)
        if len(steps) < len(self.metrics):
            return None
        if any(step.value is None for step in steps):
            return {"empty": why_empty([step for step in steps if step.value is None])}
        values = [self._signed(step) for step in steps]
        if not any(values):
            return {"empty": f"Nothing stood and nothing moved in {question.period.label}."}
        texts = [formats.money(value) for value in values]
        names = [CATALOGUE[key].label for key in self.metrics]
        return {
            "figure": charts.bridge(names, values, texts, [step in (steps[0], steps[-1]) for step in steps]),
            "summary": f"From {texts[0]} to {texts[-1]} in {question.period.label}: "
            + ", ".join(f"{name} {text}" for name, text in zip(names[1:-1], texts[1:-1], strict=True))
            + ".",
            "table": self.table(question, numbers),
        }

    def table(self, question: Question, numbers: Numbers) -> Table:
        steps = self._steps(question, numbers)
        ends = (steps[0], steps[-1]) if steps else ()
        return Table(
            self.title,
            (Column("Step"), Column("Amount", Unit.MONEY)),
            tuple(
                Line((tables.text(step.metric.label), tables.number(step, question)), "total" if step in ends else "")
                for step in steps
            ),
        )

    def _steps(self, question: Question, numbers: Numbers) -> list[Number]:
        return [numbers[key, question.scope, question.period] for key in self.seen(question)]

    def _signed(self, step: Number) -> Decimal:
        amount = step.value or Decimal(0)
        return -amount if step.metric.key in self.takes_away else amount
