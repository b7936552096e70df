"""A table as a file, with a sheet that says whose it is, over which period, and as of when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.http import Http404, HttpResponse
from django.utils.text import slugify

from metrics import spreadsheets
from metrics.declare import Unit
from qbr.pages import formats
from qbr.pages.filters import Question
from qbr.pages.tables import Cell, Column, Plain, Table

WRITERS = {
    "csv": (spreadsheets.to_csv, "text/csv; charset=utf-8"),
    "xlsx": (spreadsheets.to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
KINDS = {unit: spreadsheets.Kind[unit.name] for unit in Unit}


def download(table: Table, question: Question, form: str) -> HttpResponse:
    if form not in WRITERS:
        raise Http404("A table can be taken as csv or xlsx.")
    write, content_type = WRITERS[form]
    name = slugify(f"{question.whom} {table.title} {question.period}")
    return HttpResponse(
        write(_sheet(table, question)),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{form}"',
        },
    )


def _sheet(table: Table, question: Question) -> spreadsheets.Table:
    rows = [[_plain(cell) for cell in line.cells] for line in table.lines]
    columns = [
        spreadsheets.Column(column.label, _kind(column, [row[place] for row in rows]))
        for place, column in enumerate(table.columns)
    ]
    notes = (
        f"For {question.whom}, {question.period.label}.",
        f"Taken {formats.moment(question.now, question.zone)}, {question.zone.key}.",
        *([table.note] if table.note else []),
        "Where a number is missing, its cell says why. A missing number is never zero.",
    )
    return spreadsheets.Table(table.title, columns, rows, notes)


def _kind(column: Column, values: Sequence[Plain]) -> spreadsheets.Kind:
    """Numbers by their unit; days and moments are known by themselves."""
    if column.unit is not None:
        return KINDS[column.unit]
    if any(isinstance(value, datetime) for value in values):
        return spreadsheets.Kind.MOMENT
    return spreadsheets.Kind.DAY if any(isinstance(value, date) for value in values) else spreadsheets.Kind.TEXT


def _plain(cell: Cell) -> Plain:
    """The exact value; where there is none, the reason in words."""
    return cell.value if cell.value is not None else cell.why
