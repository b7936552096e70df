"""Files as people bring them: of headings and rows, as CSV or as a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from collectors.drop.declare import Layout
from collectors.drop.layouts import LAYOUTS
from collectors.drop.table import Table, table


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[Any]], far: tuple[int, int] | None = None) -> bytes:
    """Days and times as days and times, numbers as numbers; something stands in a cell `far` away."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"default_date_format": "yyyy-mm-dd hh:mm", "in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
        if far:
            sheet.write(*far, "x")
    return content.getvalue()


def example(layout: Layout) -> Table:
    """The template with its example row."""
    return table(as_csv([[one.name for one in layout.columns], [one.example for one in layout.columns]]), "example.csv")


def of(key: str, *rows: Mapping[str, str], name: str = "rows.csv") -> tuple[Layout, Table]:
    """A file of this layout: each row is the template's example, but for what is given."""
    layout = LAYOUTS[key]
    told = {one.name: one.example for one in layout.columns}
    lines = [[(told | dict(row))[one.name] for one in layout.columns] for row in rows]
    return layout, table(as_csv([[one.name for one in layout.columns], *lines]), name)
