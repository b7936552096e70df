"""Every table of a page as CSV or XLSX: numbers as numbers, and text that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import xlsxwriter

from metrics.declare import Metric, Unit
from metrics.reading import Number
from metrics.typed import plain_decimal
from organizations.exchange.cells import safe

Cell = str | Decimal | int | date | datetime | None

LONGEST_SHEET_NAME = 31
NOT_IN_A_SHEET_NAME = str.maketrans("[]:*?/\\'", "        ")


class Kind(Enum):
    """What a column holds, and the number format a spreadsheet shows it in."""

    TEXT = ""
    COUNT = "#,##0.##"
    HOURS = "#,##0.00"
    MONEY = "#,##0.00;−#,##0.00"
    PERCENT = '0.0"%"'  # runs 0 to 100
    RATE = "0.000"
    DAY = "yyyy-mm-dd"
    MOMENT = "yyyy-mm-dd hh:mm"


UNIT_KINDS = {
    Unit.COUNT: Kind.COUNT, Unit.HOURS: Kind.HOURS, Unit.MONEY: Kind.MONEY, Unit.PERCENT: Kind.PERCENT,
    Unit.RATE: Kind.RATE,
}


@dataclass(frozen=True)
class Column:
    label: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """Rows as wide as the columns. Where a number is missing, put the words that say why in its cell.

    `kinds` gives a row's numbers a format of their own, where rows are metrics of different units. `notes` are lines
    for a second sheet: the period and scope, as of when, what the states mean.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    kinds: Sequence[Kind] = ()


def to_csv(table: Table) -> bytes:
    """UTF-8 with a mark that lets Excel see so; numbers at full precision, without separators."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([safe(column.label) for column in table.columns])
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain_decimal(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat(sep=" ", timespec="minutes") if isinstance(cell, datetime) else cell.isoformat()
    return safe(cell) if isinstance(cell, str) else str(cell)


def to_xlsx(table: Table) -> bytes:
    """One sheet of figures with frozen headings, and one of notes where there are any."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(_sheet_name(table.title))
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {kind: book.add_format({"num_format": kind.value}) for kind in Kind if kind.value}
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, safe(column.label), bold)
            sheet.set_column(place, place, _width(column, [row[place] for row in table.rows[:200]]))
        for line, row in enumerate(table.rows, 1):
            for place, cell in enumerate(row):
                kind = table.columns[place].kind
                if table.kinds and kind is not Kind.TEXT:
                    kind = table.kinds[line - 1]
                _write(sheet, line, place, cell, formats.get(kind))
        sheet.freeze_panes(1, 1)
        if table.notes:
            notes = book.add_worksheet("Notes")
            notes.set_column(0, 0, 100)
            for line, text in enumerate((table.title, *table.notes)):
                notes.write_string(line, 0, safe(text), None if line else bold)
    return out.getvalue()


def _write(sheet: xlsxwriter.worksheet.Worksheet, line: int, place: int, cell: Cell, form: object) -> None:
    if cell is None:
        return
    if isinstance(cell, str):
        sheet.write_string(line, place, safe(cell))
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, place, cell.replace(tzinfo=None), form)
    elif isinstance(cell, date):
        sheet.write_datetime(line, place, cell, form)
    else:
        sheet.write_number(line, place, float(cell), form)


def _sheet_name(title: str) -> str:
    return title.translate(NOT_IN_A_SHEET_NAME).strip()[:LONGEST_SHEET_NAME] or "Figures"


def _width(column: Column, cells: Sequence[Cell]) -> int:
    return min(60, max([10, len(column.label), *(len(_plain(cell)) for cell in cells)]) + 2)


def values_table(title: str, numbers: Sequence[Number], notes: Sequence[str] = ()) -> Table:
    """One row a number: its key, name, period, value or the reason there is none, unit, state and origin."""
    columns = (
        Column("Metric"), Column("Name"), Column("Period"), Column("Value", Kind.COUNT), Column("Unit"),
        Column("State"), Column("Reason"), Column("Origin"), Column("Read through", Kind.MOMENT),
    )
    rows = [
        (
            n.metric.key, n.metric.label, str(n.period), n.value, n.metric.unit.value, n.state.label, n.cause,
            n.origin.label if n.value is not None else "", n.read_through,
        )
        for n in numbers
    ]
    return Table(title, columns, rows, notes, tuple(kind_of(number.metric) for number in numbers))


def kind_of(metric: Metric) -> Kind:
    return UNIT_KINDS[metric.unit]
