"""Stored values over time: a chart, the sentence that says what it shows, and the table behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from metrics import comparisons, reading
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.periods import Span
from metrics.reading import Number, Numbers
from qbr.pages import charts, formats, marks, tables, turns
from qbr.pages.filters import Question
from qbr.pages.layout import Ask, Context, Panel
from qbr.pages.panels.noted import Listed, note_address, noted
from qbr.pages.tables import Column, Line, Table
from qbr.pages.turns import Turn


@dataclass(frozen=True, kw_only=True)
class Trend(Panel):
    """Up to five metrics of one unit, month by month over two years."""

    kind: charts.Kind = charts.Kind.LINES
    by_quarter: bool = False
    template: ClassVar[str] = "pages/panels/chart.html"

    def periods(self, question: Question) -> Sequence[Span]:
        return question.quarters if self.by_quarter else question.months

    def asks(self, question: Question) -> Iterable[Ask]:
        yield Ask(self.seen(question), tuple(self.periods(question)))

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        keys = self.seen(question)
        if not keys:
            return None
        rows = self._rows(question, numbers)
        if not any(number.value is not None for row in rows.values() for number in row):
            return {"empty": why_empty(next(iter(rows.values())))}
        periods = self.periods(question)
        notes, met = noted(question, keys), turns.turns(question, numbers, rows, periods)
        return {
            "figure": charts.trend(
                self.kind,
                [period.label for period in periods],
                [_series(CATALOGUE[key].label, rows[key]) for key in keys],
                goals=self._goals(question, keys),
                band=self._band(question, keys, rows),
                marks=[*marks.of_turns(met), *marks.of_notes(notes, periods)],
                **_axis(CATALOGUE[keys[0]].unit),
            ),
            "legend": legend([CATALOGUE[key].label for key in keys]) if len(keys) > 1 else (),
            "summary": " ".join(finding(rows[key], named=len(keys) > 1) for key in keys[:2]),
            "table": self._table(question, rows, met),
            "turns": met,
            "notes": [Listed.of(note, number) for number, note in enumerate(notes, 1)],
            "add_note": note_address(question, keys[0] if len(keys) == 1 else ""),
        }

    def table(self, question: Question, numbers: Numbers) -> Table:
        rows = self._rows(question, numbers)
        return self._table(question, rows, turns.turns(question, numbers, rows, self.periods(question)))

    def _table(self, question: Question, rows: turns.Rows, met: Sequence[Turn]) -> Table:
        begins = {turn.at: f"{turn.letter} {turn.word} from here on" for turn in met}
        columns = (
            Column("Month" if not self.by_quarter else "Quarter"),
            *(Column(CATALOGUE[key].label, CATALOGUE[key].unit) for key in rows),
        )
        by_period = zip(self.periods(question), zip(*rows.values(), strict=True), strict=True) if rows else ()
        places = list(enumerate(by_period))
        return Table(
            self.title,
            columns,
            tuple(
                Line((
                    tables.text(period.label, why=begins.get(at, "")),
                    *(tables.number(each, question) for each in found),
                ))
                for at, (period, found) in reversed(places)
            ),
        )

    def _goals(self, question: Question, keys: Sequence[str]) -> list[charts.GoalLine]:
        """Beside one series, as it stands on each period's last day; two series have no goal in common."""
        goal = question.goals.get(keys[0])
        if goal is None or len(keys) > 1 or self.kind is charts.Kind.STACK:
            return []
        days = [comparisons.last_day(period) for period in self.periods(question)]
        line = tuple(
            None if goal.glide and day < goal.glide.from_on else comparisons.line_on(goal, day) for day in days
        )
        if goal.direction != "band":
            return [charts.GoalLine(line, is_ceiling=goal.direction == "at_most")]
        ceiling = charts.GoalLine((Decimal(goal.ceiling),) * len(days), "goal at most", is_ceiling=True)
        return [charts.GoalLine(line, "goal at least"), ceiling]

    def _band(self, question: Question, keys: Sequence[str], rows: turns.Rows) -> charts.Band | None:
        """Months of one series lie within limits, a month of more working days within wider ones.

        Limits are of one version: months before another began lie within none of them.
        """
        if len(keys) > 1 or self.kind is charts.Kind.STACK or self.by_quarter:
            return None
        held = question.held.get(keys[0])
        if held is None:
            return None
        switches = reading.switches(rows[keys[0]])
        begins = question.months.index(switches[-1].period) if switches else 0
        each = [held.of_month(question.working_days[month]) for month in question.months[begins:]]
        return charts.Band(
            tuple(one.lower for one in each), tuple(one.mean for one in each), tuple(one.upper for one in each)
        )

    def _rows(self, question: Question, numbers: Numbers) -> dict[str, list[Number]]:
        return {
            key: [numbers[key, question.scope, period] for period in self.periods(question)]
            for key in self.seen(question)
        }


def _series(name: str, row: Sequence[Number]) -> charts.Series:
    counted = [number.value if number.state is not State.INCOMPLETE else None for number in row]
    return charts.Series(
        name,
        tuple(counted),
        tuple(formats.of(number.metric, value) for value, number in zip(counted, row, strict=True)),
        tuple(number.state is State.SO_FAR for number in row),
    )


def _axis(unit: Unit) -> dict[str, Any]:
    return {"prefix": "$"} if unit is Unit.MONEY else {"suffix": "%"} if unit is Unit.PERCENT else {}


def legend(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name, "colour": charts.COLOURS[at % len(charts.COLOURS)]} for at, name in enumerate(names)]


def finding(row: Sequence[Number], *, named: bool = False) -> str:
    """Latest, lowest and highest in one sentence, and how many periods are missing."""
    settled = [number for number in row if number.value is not None and number.state is State.MEASURED]
    if not settled:
        return "Nothing is fully measured yet."
    latest = settled[-1]
    alike = [number for number in settled if number.version == latest.version]  # others are not compared unasked
    low, high = min(alike, key=_size), max(alike, key=_size)
    subject = f"{latest.metric.label}: " if named else ""
    since = "" if len(alike) == len(settled) else f" by version {latest.version}"
    sentence = f"{subject}{_said(latest)}" + (
        f", between {_said(low)} and {_said(high)}{since}." if low.value != high.value else
        f", unchanged throughout{since}."
    )
    missing = len(row) - len(settled) - sum(number.state in (State.SO_FAR, State.NOT_APPLICABLE) for number in row)
    return sentence + (f" {formats.plural(missing, 'period')} not measured." if missing else "")


def _size(number: Number) -> Decimal:
    return number.value or Decimal(0)


def _said(number: Number) -> str:
    return f"{formats.of(number.metric, number.value)} in {number.period.label}"


def why_empty(row: Sequence[Number]) -> str:
    """The reason its last period gives stands for all of them."""
    last = row[-1]
    return f"{last.metric.label}: {formats.reason(last.state, last.cause)}."
