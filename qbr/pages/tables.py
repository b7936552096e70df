"""A table as a person reads it: cells already written, each knowing the plain value an export wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.urls import reverse

from metrics.declare import Unit
from metrics.models import State
from metrics.reading import Number
from qbr.pages import formats
from qbr.pages.filters import Question
from qbr.pages.formats import Style

Plain = str | Decimal | int | date | datetime | None


@dataclass(frozen=True)
class Column:
    label: str
    unit: Unit | None = None  # None: text
    sort: str = ""  # the word in the address that sorts by it
    sorted: str = ""  # ascending or descending, where it is sorted by now
    href: str = ""

    @property
    def is_number(self) -> bool:
        return self.unit is not None


@dataclass(frozen=True)
class Cell:
    text: str
    value: Plain = None
    href: str = ""
    why: str = ""  # under the value: why it is missing or not final
    css: str = ""
    is_number: bool = False
    explains: bool = False  # its link is the working of a number


@dataclass(frozen=True)
class Line:
    cells: tuple[Cell, ...]
    kind: str = ""  # section, total, last-year; empty: plain

    @property
    def name(self) -> Cell:
        return self.cells[0]

    @property
    def rest(self) -> tuple[Cell, ...]:
        return self.cells[1:]


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    note: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.lines

    @property
    def width(self) -> int:
        return len(self.columns)


def text(value: str, href: str = "", why: str = "", css: str = "") -> Cell:
    return Cell(value or formats.MISSING, value=value, href=href, why=why, css=css)


def client_page(slug: str, question: Question) -> str:
    """Where one client's overview is; nowhere for what is not linked."""
    return question.address(reverse("client"), client=slug, panel=None, format=None) if slug else ""


def client(name: str, slug: str, question: Question) -> Cell:
    return text(name, client_page(slug, question)) if slug else text("not linked")


def on_day(value: date | None) -> Cell:
    return Cell(formats.day(value), value, css="nowrap") if value else Cell(formats.MISSING)


def amount(value: Decimal | int | None, unit: Unit, href: str = "", why: str = "") -> Cell:
    """A figure from facts, which has no working of its own. Hours keep one form all down a column."""
    if value is None:
        return Cell(formats.MISSING, href=href, why=why or "not recorded", css="missing", is_number=True)
    exact = Decimal(value)
    text = formats.rounded(exact, 2) if unit is Unit.HOURS else formats.written(exact, unit)
    return Cell(text, exact, href, why, is_number=True)


def number(
    found: Number | None, question: Question, style: Style = Style.TABLE, *, to_date: bool = False
) -> Cell:
    """A value with a link to its working, or a dash with its reason; `to_date` that of the year so far."""
    if found is None:
        return Cell("", is_number=True)
    return Cell(
        text=formats.of(found.metric, found.value, style),
        value=found.value,
        href=question.number_address(found.metric.key, found.scope, found.period, to_date=to_date),
        why=formats.why(found, style),
        css="missing" if found.value is None else "" if found.state is State.MEASURED else "provisional",
        is_number=True,
        explains=True,
    )


def section(name: str, width: int) -> Line:
    """A heading that spans the table."""
    return Line((Cell(name, value=name), *(Cell("") for _ in range(width - 1))), kind="section")


def lines(rows: Sequence[Sequence[Cell]]) -> tuple[Line, ...]:
    return tuple(Line(tuple(cells)) for cells in rows)
