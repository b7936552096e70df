"""What a sheet says: which cell is which metric, whose and of which month. Months stand in a row or in a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from metrics.declare import Metric
from metrics.periods import MONTH_NAMES, Month
from metrics.reading import ScopeRef
from metrics.spreadsheets.sheet import Rows, Unusable, address

CLIENT_HEADINGS = frozenset({"client", "organization", "organisation", "customer", "account", "scope"})
METRIC_HEADINGS = frozenset({"metric", "kpi", "measure", "name", "smartnumber"})
MONTH_HEADINGS = frozenset({"month", "period", "date"})
OTHER_HEADINGS = frozenset({  # beside the figures, and nothing to import
    "", "unit", "units", "note", "notes", "source", "owner", "goal", "target", "total", "sum", "average", "avg", "ytd",
    "year to date", "change",
})
OTHER_PERIOD = re.compile(r"(q[1-4]|\d{4}|fy)([ -]*(q[1-4]|\d{4}))?", re.IGNORECASE)
HEADING_ROWS = 20  # titles and blank lines may stand above the headings

NUMBERED = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2})?(?:[T ].*)?")
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{4})")
NAMED = re.compile(r"([a-z]{3,9})\.?[\s\-/,]*['’]?(\d{4}|\d{2})", re.IGNORECASE)
T = TypeVar("T")
FULL_NAMES = tuple(date(2000, number, 1).strftime("%B").lower() for number in range(1, 13))


@dataclass(frozen=True)
class Found:
    """One figure of the sheet, still as text."""

    cell: str
    metric: Metric
    scope: ScopeRef
    month: Month
    text: str


@dataclass(frozen=True)
class SheetError:
    """What is wrong with one cell."""

    cell: str
    problem: str

    def __str__(self) -> str:
        return f"{self.cell}: {self.problem}"


@dataclass
class Reader:
    """Reads a sheet's cells in order, keeping what was found and what was wrong.

    `metric_named` and `client_named` raise LookupError with a few words for a name they do not know.
    """

    rows: Rows
    metric_named: Callable[[str], Metric]
    client_named: Callable[[str], ScopeRef]
    scope: ScopeRef
    found: list[Found] = field(default_factory=list)
    errors: list[SheetError] = field(default_factory=list)
    _given: dict[tuple[str, ScopeRef, Month], str] = field(default_factory=dict)

    def read(self) -> None:
        """Raises Unusable where no heading names a month or a metric."""
        for number, row in enumerate(self.rows[:HEADING_ROWS]):
            if any(month_named(cell) for cell in row):
                return self._months_across(number)
            if any(self._is_metric(cell) for cell in row):
                return self._metrics_across(number)
        raise Unusable("No heading names a month, such as 2025-01 or Jan 2025.")

    def _months_across(self, top: int) -> None:
        headings = self.rows[top]
        months = self._headings(top, _month_or_error, skip=_before_months(headings))
        client = _column(headings, CLIENT_HEADINGS)
        first_month = min(months)
        names = [column for column in range(first_month) if column != client]
        if not names:
            raise Unusable("No column stands before the first month to name the metrics.")
        named = _column(headings[:first_month], METRIC_HEADINGS)
        name = names[0] if named is None else named
        for number, row in self._below(top):
            figures = {column: month for column, month in months.items() if column < len(row) and row[column]}
            if not figures:
                continue
            metric = self._looked_up(number, name, row, self.metric_named)
            scope = self._scope(number, client, row)
            if metric and scope:
                for column, month in figures.items():
                    self._keep(number, column, metric, scope, month, row[column])

    def _metrics_across(self, top: int) -> None:
        headings = self.rows[top]
        client = _column(headings, CLIENT_HEADINGS)
        month_at = _column(headings, MONTH_HEADINGS)
        month_at = next(c for c in range(len(headings)) if c != client) if month_at is None else month_at
        metrics = self._headings(top, self.metric_named, skip={client, month_at})
        for number, row in self._below(top):
            figures = {column: metric for column, metric in metrics.items() if column < len(row) and row[column]}
            if not figures:
                continue
            month = self._looked_up(number, month_at, row, _month_or_error)
            scope = self._scope(number, client, row)
            if month and scope:
                for column, metric in figures.items():
                    self._keep(number, column, metric, scope, month, row[column])

    def _headings(self, top: int, named: Callable[[str], T], skip: set[int | None]) -> dict[int, T]:
        """What each heading names; columns that stand beside the figures are passed over, others are errors."""
        columns = {}
        for column, heading in enumerate(self.rows[top]):
            if column in skip or heading.casefold() in OTHER_HEADINGS or OTHER_PERIOD.fullmatch(heading):
                continue
            if (value := self._looked_up(top, column, self.rows[top], named)) is not None:
                columns[column] = value
        return columns

    def _below(self, top: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        return enumerate(self.rows[top + 1:], top + 1)

    def _scope(self, number: int, client: int | None, row: tuple[str, ...]) -> ScopeRef | None:
        return self.scope if client is None else self._looked_up(number, client, row, self.client_named)

    def _looked_up(self, number: int, column: int, row: tuple[str, ...], named: Callable[[str], T]) -> T | None:
        try:
            return named(row[column])
        except LookupError as problem:
            self.errors.append(SheetError(address(number, column), str(problem.args[0])))
            return None

    def _keep(self, number: int, column: int, metric: Metric, scope: ScopeRef, month: Month, text: str) -> None:
        cell, place = address(number, column), (metric.key, scope, month)
        if place in self._given:
            problem = f"{metric.label} for {month.label} is given at {self._given[place]} already"
            self.errors.append(SheetError(cell, problem))
            return
        self._given[place] = cell
        self.found.append(Found(cell, metric, scope, month, text))

    def _is_metric(self, text: str) -> bool:
        try:
            return bool(text) and bool(self.metric_named(text))
        except LookupError:
            return False


def _column(headings: tuple[str, ...], names: frozenset[str]) -> int | None:
    return next((column for column, heading in enumerate(headings) if heading.casefold() in names), None)


def _before_months(headings: tuple[str, ...]) -> set[int | None]:
    """The columns that name things: those before the first month."""
    return set(range(next(column for column, heading in enumerate(headings) if month_named(heading))))


def _month_or_error(text: str) -> Month:
    if month := month_named(text):
        return month
    raise LookupError(f"“{text}” is not a month: write 2025-01 or Jan 2025")


def month_named(text: str) -> Month | None:
    """2025-01, 2025-01-31, 01/2025, Jan 2025, Jan-25, January '25; None for anything else."""
    text = text.strip()
    if match := NUMBERED.fullmatch(text):
        year, number = int(match[1]), int(match[2])
    elif match := YEAR_LAST.fullmatch(text):
        year, number = int(match[2]), int(match[1])
    elif (match := NAMED.fullmatch(text)) and (named := _month_number(match[1])):
        year, number = int(match[2]), named
        year += 2000 if year < 100 else 0
    else:
        return None
    return Month(year, number) if 1 <= number <= 12 and 1990 <= year <= 2100 else None


def _month_number(name: str) -> int | None:
    for number, (short, full) in enumerate(zip(MONTH_NAMES, FULL_NAMES, strict=True), 1):
        if name.lower() in (short.lower(), full, "sept" if number == 9 else short.lower()):
            return number
    return None
