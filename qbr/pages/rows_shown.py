"""The rows behind a number as a table: a screen at a time, in any order, with a link into the vendor's console each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404

from metrics import working
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.periods import Month
from metrics.reading.to_date import months_to_date
from metrics.spreadsheets import Kind
from metrics.working import Row, Rows, Working
from qbr.pages import formats, tables
from qbr.pages.filters import Question
from qbr.pages.tables import Cell, Column, Line, Table

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


def rows_table(metric: str, question: Question) -> Table:
    """All rows behind a number, for a file. Raises Http404 where listing them takes too long."""
    months = months_to_date(question.period) if question.to_date else ()
    try:
        found = working.rows(
            question.person, metric, question.scope, question.period, limit=A_FILE, order=_order(question),
            months=months,
        )  # fmt: skip
    except working.OverBudget as problem:
        raise Http404(str(problem)) from None
    return _rows_table(f"{CATALOGUE[metric].label} rows", found, question)


def listed(explained: Working, question: Question) -> Listed:
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
            months=explained.whole if explained.to_date else (),
            counted=number.fact_rows,
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
