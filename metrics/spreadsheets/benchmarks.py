"""Benchmarks from a CSV or XLSX file: one metric a row, with what is wrong named by cell before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from metrics.definitions import CATALOGUE
from metrics.models import Benchmark, BenchmarkSet
from metrics.reading import Person
from metrics.spreadsheets.names import metric_finder
from metrics.spreadsheets.parse import HEADING_ROWS, METRIC_HEADINGS, SheetError
from metrics.spreadsheets.sheet import Rows, Unusable, address, read
from metrics.typed import read_number

MEDIAN = frozenset({"median", "middle", "p50", "50th percentile"})
LOWER = frozenset({"lower quartile", "first quartile", "q1", "p25", "25th percentile"})
UPPER = frozenset({"upper quartile", "third quartile", "q3", "p75", "75th percentile"})


@dataclass(frozen=True)
class Figure:
    """One metric's row of a set."""

    cell: str
    metric: str
    median: Decimal
    lower_quartile: Decimal | None
    upper_quartile: Decimal | None


@dataclass(frozen=True)
class BenchmarkPreview:
    figures: tuple[Figure, ...]
    errors: tuple[SheetError, ...]


def preview_benchmarks(file: str, content: bytes) -> BenchmarkPreview:
    """Reads a file and saves nothing. Raises Unusable where no heading names a metric and a median."""
    rows = read(file, content).rows
    top, columns = _headings(rows)
    find = metric_finder(CATALOGUE.values())
    figures: dict[str, Figure] = {}
    errors: list[SheetError] = []
    for number in range(top + 1, len(rows)):
        if not any(rows[number]):
            continue
        try:
            figure = _figure(number, rows[number], columns, find(_cell(rows[number], columns[0])).key)
            if figure.metric in figures:
                problem = f"{CATALOGUE[figure.metric].label} stands at {figures[figure.metric].cell} already"
                raise _Wrong(address(number, columns[0] or 0), problem)
            figures[figure.metric] = figure
        except LookupError as unknown:
            errors.append(SheetError(address(number, columns[0] or 0), str(unknown.args[0])))
        except _Wrong as wrong:
            errors.append(SheetError(wrong.cell, wrong.problem))
    return BenchmarkPreview(tuple(figures.values()), tuple(errors))


def commit_benchmarks(
    preview: BenchmarkPreview, *, source: str, published_on: date, population: str, note: str = "",
    by: Person | None = None,
) -> BenchmarkSet:
    """Saves the set with its figures, in place of what the same source said of the same population on that day.

    Raises Unusable where a row is wrong or there is none: a set is taken whole or not at all.
    """
    if preview.errors:
        raise Unusable("Put right what is wrong first: a set is taken whole or not at all.")
    if not preview.figures:
        raise Unusable("The file holds no figure.")
    if not source.strip() or not population.strip():
        raise Unusable("Say who published the figures, and of whom they are.")
    with transaction.atomic():
        kept, _ = BenchmarkSet.objects.update_or_create(
            source=source.strip(), published_on=published_on, population=population.strip(),
            defaults={"note": note.strip(), "by": by if by is not None and by.pk else None},
        )
        kept.benchmarks.all().delete()
        Benchmark.objects.bulk_create(
            Benchmark(
                set=kept, metric=figure.metric, median=figure.median, lower_quartile=figure.lower_quartile,
                upper_quartile=figure.upper_quartile,
            )
            for figure in preview.figures
        )
    return kept


class _Wrong(ValueError):
    def __init__(self, cell: str, problem: str) -> None:
        super().__init__(problem)
        self.cell, self.problem = cell, problem


def _headings(rows: Rows) -> tuple[int, tuple[int | None, ...]]:
    """The row of the headings, and the columns of metric, median, lower and upper quartile."""
    for number, row in enumerate(rows[:HEADING_ROWS]):
        columns = tuple(_column(row, names) for names in (METRIC_HEADINGS, MEDIAN, LOWER, UPPER))
        if columns[0] is not None and columns[1] is not None:
            return number, columns
    raise Unusable("No row of headings names a metric and a median: write “Metric” and “Median” above the columns.")


def _column(row: Sequence[str], names: frozenset[str]) -> int | None:
    return next((at for at, heading in enumerate(row) if heading.casefold().strip() in names), None)


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column] if column is not None and column < len(row) else ""


def _figure(number: int, row: Sequence[str], columns: tuple[int | None, ...], metric: str) -> Figure:
    """Raises _Wrong for what is no number, and for quartiles that do not stand about the median."""
    median, lower, upper = (_number(number, row, column) for column in columns[1:])
    at = address(number, columns[1] or 0)
    if median is None:
        raise _Wrong(at, "no median is given")
    if (lower is not None and lower > median) or (upper is not None and upper < median):
        raise _Wrong(at, "the median does not lie between its quartiles")
    return Figure(address(number, columns[0] or 0), metric, median, lower, upper)


def _number(number: int, row: Sequence[str], column: int | None) -> Decimal | None:
    try:
        return read_number(_cell(row, column))
    except ValueError as problem:
        raise _Wrong(address(number, column or 0), str(problem)) from None
