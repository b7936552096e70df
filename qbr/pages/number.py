"""The working of one number, written for people: value, formula, inputs, rules, systems, entries and rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404

from metrics import comparisons, reading, working
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.models import Origin
from metrics.periods import Month
from metrics.reading import Number
from metrics.spreadsheets import Kind
from metrics.working import EntryMade, Row, Rows, Working
from qbr.pages import formats, tables
from qbr.pages.filters import Question
from qbr.pages.panels.tiles import SPARK_MONTHS, Tile, tile
from qbr.pages.tables import Cell, Column, Line, Table

UNKNOWN = "There is no such number."
A_SCREEN = 50
A_FILE = 20_000
UNITS = {Kind[unit.name]: unit for unit in Unit}


@dataclass(frozen=True)
class Listed:
    """One screen of the rows behind a number."""

    table: Table
    counted: str
    moved: str  # said where the rows are no longer those that were counted
    earlier: str
    later: str
    span: str
    exports: dict[str, str]
    empty: str = "No row was counted."


@dataclass(frozen=True)
class NumberShown:
    label: str
    meaning: str
    tile: Tile
    formula: str
    formula_with_values: str
    across: str
    inputs: Table | None
    months: Table | None
    facts: tuple[tuple[str, str], ...]
    rows: Listed | None
    entries: Table | None


def shown(metric: str, question: Question) -> NumberShown:
    """Raises Http404 for a metric that does not exist, or that this person may not see: the two look alike."""
    explained = working.explain(question.person, _known(metric, question), question.scope, question.period)
    if explained is None:
        raise Http404(UNKNOWN)
    return NumberShown(
        label=explained.number.metric.label,
        meaning=explained.meaning,
        tile=_tile(explained.number, question),
        formula=explained.formula,
        formula_with_values=explained.formula_with_values,
        across=explained.across,
        inputs=_numbers("Inputs", "Input", explained.inputs, question) if explained.inputs else None,
        months=_months(explained, question),
        facts=tuple(_facts(explained, question)),
        rows=_listed(explained, question) if explained.has_rows else None,
        entries=_entries(explained, question) if explained.entries else None,
    )


def rows_table(metric: str, question: Question) -> Table:
    """All rows behind a number, for a file. Raises Http404 as `shown` does."""
    metric = _known(metric, question)
    try:
        found = working.rows(
            question.person, metric, question.scope, question.period, limit=A_FILE, order=_order(question)
        )
    except working.OverBudget as problem:
        raise Http404(str(problem)) from None
    return _rows_table(f"{CATALOGUE[metric].label} rows", found, question)


def _known(metric: str, question: Question) -> str:
    if metric not in CATALOGUE or not reading.may_see(question.person, CATALOGUE[metric]):
        raise Http404(UNKNOWN)
    return metric


def _tile(number: Number, question: Question) -> Tile:
    key, period = number.metric.key, question.period
    asked = (period, comparisons.previous(period)[1], comparisons.year_ago(period)[1], *question.months[-SPARK_MONTHS:])
    numbers = reading.numbers(question.person, [key], [question.scope], asked)
    return tile(key, question, numbers)


def _numbers(title: str, of: str, numbers: tuple[Number, ...], question: Question) -> Table:
    return Table(
        title,
        (Column(of), Column("Value", Unit.COUNT)),
        tuple(Line((tables.text(each.metric.label), tables.number(each, question))) for each in numbers),
    )


def _months(explained: Working, question: Question) -> Table | None:
    if not explained.months:
        return None
    return Table(
        "Months",
        (Column("Month"), Column("Value", explained.number.metric.unit)),
        tuple(Line((tables.text(each.period.label), tables.number(each, question))) for each in explained.months),
    )


def _facts(explained: Working, question: Question) -> list[tuple[str, str]]:
    number, made = explained.number, explained.provenance
    said = [
        ("Exact value", _exact(number)),
        ("Where it comes from", number.origin.label.capitalize() if number.value is not None else ""),
    ]
    if number.origin is Origin.CORRECTED and number.collected is not None:
        said.append(("Collected value beneath it", formats.of(number.metric, number.collected)))
    if number.months is not None and number.of_months:
        said.append(("Months measured", f"{number.months} of {number.of_months}"))
    said.append(("Resolved", ", ".join(each.words for each in explained.resolved)))
    said.append(("What is counted", explained.counted))
    if number.fact_rows is not None:
        said.append(("Rows counted", f"{number.fact_rows:,}"))
    said += [(rule.label, rule.value) for rule in explained.rules]
    said += [
        (f"{system.connection}: {system.records}", f"read through {formats.moment(system.read_through, question.zone)}")
        for system in explained.systems
    ]
    if made:
        said += [("Definition", f"version {made.version}"), ("Worked out", formats.moment(made.at, question.zone))]
    return [(name, text) for name, text in said if text]


def _exact(number: Number) -> str:
    if number.value is None:
        return ""
    return f"{number.value.normalize():,f}".replace("-", formats.MINUS)


def _entries(explained: Working, question: Question) -> Table:
    columns = (
        Column("Month"),
        Column("What"),
        Column("Value", explained.number.metric.unit),
        Column("By"),
        Column("When"),
        Column("Why"),
    )
    return Table(
        "Entries", columns, tuple(Line(_entry(each, explained.number, question)) for each in explained.entries)
    )


def _entry(made: EntryMade, number: Number, question: Question) -> tuple[Cell, ...]:
    stands = "" if made.superseded_at is None else f"until {formats.moment(made.superseded_at, question.zone)}"
    value = Cell(formats.of(number.metric, made.value), made.value, is_number=True)
    return (
        tables.text(made.month.label),
        tables.text(str(made.kind.label), why=stands),
        value,
        tables.text(made.by),
        tables.text(formats.moment(made.at, question.zone)),
        tables.text(made.note),
    )


def _listed(explained: Working, question: Question) -> Listed:
    number, page = explained.number, _page(question)
    try:
        found = working.rows(
            question.person,
            number.metric.key,
            question.scope,
            question.period,
            limit=A_SCREEN,
            offset=page * A_SCREEN,
            order=_order(question),
        )
    except working.OverBudget as problem:
        return Listed(
            table=_rows_table("Rows", working.NO_ROWS, question), counted="Not listed", moved="", earlier="", later="",
            span="", exports={}, empty=str(problem),
        )  # fmt: skip
    first, last = page * A_SCREEN, page * A_SCREEN + len(found.rows)
    moved = number.fact_rows is not None and number.fact_rows != found.total
    return Listed(
        table=_rows_table("Rows", found, question),
        counted=formats.plural(found.total, "row"),
        moved=f"The value was worked out from {number.fact_rows:,}; the next roll-up will take the change in."
        if moved
        else "",
        earlier=question.address(page=page - 1) if page else "",
        later=question.address(page=page + 1) if last < found.total else "",
        span=f"{first + 1:,} to {last:,} of {found.total:,}" if found.rows else "",
        exports={form: question.address(format=form) for form in ("xlsx", "csv")},
    )


def _rows_table(title: str, found: Rows, question: Question) -> Table:
    columns = tuple(
        Column(
            column.label,
            UNITS.get(column.kind),
            sort=key,
            sorted=("descending" if found.order.startswith("-") else "ascending")
            if found.order.lstrip("-") == key
            else "",
            href=question.address(sort=key if found.order == f"-{key}" else f"-{key}", page=None),
        )
        for column, key in zip(found.columns, found.keys, strict=True)
    )
    return Table(title, columns, tuple(Line(tuple(_cells(row, found, question))) for row in found.rows))


def _cells(row: Row, found: Rows, question: Question) -> Iterator[Cell]:
    """The record's own name leads to its page in the vendor's console."""
    named = next((key for key in found.keys if key != "month"), "")
    for value, key, column in zip(row.cells, found.keys, found.columns, strict=True):
        yield _cell(value, key, column.kind, question, row.link if key == named else "")


def _cell(value: Any, key: str, kind: Kind, question: Question, link: str) -> Cell:
    if kind in UNITS and value is not None:
        return tables.amount(Decimal(value), UNITS[kind])
    if isinstance(value, datetime):
        return Cell(formats.moment(value, question.zone), value, link, css="nowrap")
    if isinstance(value, date):
        text = Month.holding(value).label if key == "month" else formats.day(value)
        return Cell(text, value, link, css="nowrap")
    return tables.text("" if value is None else str(value), link)


def _page(question: Question) -> int:
    text = question.given.get("page", "0")
    return int(text) if text.isdigit() and len(text) < 6 else 0


def _order(question: Question) -> str:
    return question.given.get("sort", "")
