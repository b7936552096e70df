"""Tables as HTML. A page may hold a thousand cells, and writing them here costs a tenth of a template's loop."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from qbr.pages.tables import Cell, Column, Line, Table

ARROWS = {"ascending": "▲", "descending": "▼"}


def table(shown: Table, caption: str, css: str = "") -> SafeString:
    """A region that scrolls sideways by itself, so that the page never does. Everything in it is escaped."""
    name = escape(caption)
    return mark_safe(  # noqa: S308 - put together from escaped parts only
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table of {name}">'
        f'<table class="{escape(css)}"><caption class="unseen">{name}</caption>'
        f"<thead><tr>{''.join(_heading(column) for column in shown.columns)}</tr></thead>"
        f"<tbody>{''.join(_line(line, shown.width) for line in shown.lines)}</tbody></table></div>"
    )


def _heading(column: Column) -> str:
    css = ' class="n"' if column.is_number else ""
    order = f' aria-sort="{column.sorted}"' if column.sorted else ""
    arrow = f'<span aria-hidden="true">{ARROWS[column.sorted]}</span>' if column.sorted else ""
    label = escape(column.label)
    inside = f'<a href="{escape(column.href)}">{label}{arrow}</a>' if column.href else label
    return f'<th scope="col"{css}{order}>{inside}</th>'


def _line(line: Line, width: int) -> str:
    if line.kind == "section":
        name = escape(line.cells[0].text)
        return f'<tr class="section"><th scope="colgroup" colspan="{width}">{name}</th></tr>'
    css = f' class="{line.kind}"' if line.kind else ""
    return f"<tr{css}>{''.join(_cells(line))}</tr>"


def _cells(line: Line) -> Iterator[str]:
    first, *others = line.cells
    yield f'<th scope="row" class="{first.css}">{_inside(first)}</th>'
    for cell in others:
        yield f'<td class="{"n " if cell.is_number else ""}{cell.css}">{_inside(cell)}</td>'


def _inside(cell: Cell) -> str:
    text: str = escape(cell.text)
    if cell.href:
        text = f'<a href="{escape(cell.href)}"{" data-number" if cell.explains else ""}>{text}</a>'
    return f'{text}<span class="why">{escape(cell.why)}</span>' if cell.why else text
