"""A file to start from: the headings of a layout, one invented row, and what each column means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collectors.declare import Layer
from collectors.drop.declare import Column, Kind, Layout
from collectors.drop.layouts import LAYOUTS
from metrics import spreadsheets
from qbr.vendor_docs.entities import LAYERS

WRITERS = {
    "csv": (spreadsheets.to_csv, "text/csv; charset=utf-8"),
    "xlsx": (spreadsheets.to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def example(layout: Layout) -> spreadsheets.Table:
    """The file as a table. A report of a form of its own begins with the heads of its columns."""
    if layout.sample:
        head, *rows = layout.sample
        columns = [spreadsheets.Column(label) for label in head]
    else:
        columns = [spreadsheets.Column(column.name) for column in layout.columns]
        rows = [tuple(column.example for column in layout.columns)]
    return spreadsheets.Table(layout.label, columns, rows, [layout.about, *_notes(layout)])


def _notes(layout: Layout) -> Iterator[str]:
    for column in layout.columns if not layout.sample else ():
        required = ", required" if column.required else ""
        yield f"{column.name} ({holds(column)}{required}): {column.meaning}"


def holds(column: Column) -> str:
    """What may stand in a column's cells, in words; the words of a list where its meaning does not name them all."""
    if column.kind is Kind.CHOICE and not all(word in column.meaning for word in column.choices):
        return f"one of {', '.join(column.choices)}"
    return str(column.kind)


def by_layer() -> Mapping[str, list[Layout]]:
    """The layouts under the kind of system that each speaks for, in the order of kinds."""
    kinds: dict[Layer, list[Layout]] = {kind: [] for kind in LAYERS}
    for layout in LAYOUTS.values():
        kinds.setdefault(layout.layer, []).append(layout)
    return {LAYERS.get(kind, str(kind)): listed for kind, listed in kinds.items() if listed}
