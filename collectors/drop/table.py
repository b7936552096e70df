"""A CSV or XLSX file as rows of text, within limits, whatever its encoding."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from collectors import workbook

LARGEST_FILE = 20 * 1024 * 1024
LARGEST_UNPACKED = 300 * 1024 * 1024  # an XLSX is a zip; a small one can unpack to anything
MOST_CELLS = 4_000_000
ZIP = b"PK\x03\x04"
OLD_XLS = b"\xd0\xcf\x11\xe0"


class DropError(ValueError):
    """The file cannot be loaded; its text is a sentence that says what to do."""


@dataclass(frozen=True)
class Table:
    """The cells of a file as text, each row with its number as a spreadsheet shows it; empty rows are left out.

    `delimiter` is that of a CSV file, "" of a workbook, whose days are ISO text and whose numbers have a point.
    """

    name: str
    numbered: tuple[tuple[int, tuple[str, ...]], ...]
    delimiter: str = ""
    sha256: str = ""

    @property
    def headers(self) -> tuple[str, ...]:
        """The cells of the first row that has any."""
        return self.numbered[0][1]

    @property
    def rows(self) -> tuple[tuple[int, dict[str, str]], ...]:
        """The rows below the first, each with its number, its cells by heading."""
        return tuple((number, dict(zip(self.headers, cells, strict=False))) for number, cells in self.numbered[1:])


def table(content: bytes, name: str) -> Table:
    """The first sheet of a workbook that holds anything, or a CSV file. Raises DropError."""
    if len(content) > LARGEST_FILE:
        raise DropError(f"{name} is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it into smaller files.")
    if not content.strip():
        raise DropError(f"{name} is empty. Save the sheet again with its rows.")
    if content.startswith(OLD_XLS):
        raise DropError(f"{name} is an old .xls workbook, or has a password. Save it as .xlsx or .csv without one.")
    found = _workbook(name, content) if content.startswith(ZIP) else _text(name, content)
    if not found.numbered:
        raise DropError(f"{name} holds no cells. Save the sheet again with its rows.")
    return replace(found, sha256=hashlib.sha256(content).hexdigest())


def _workbook(name: str, content: bytes) -> Table:
    try:
        for cells in workbook.sheets(name, content, unpacked=LARGEST_UNPACKED, cells=MOST_CELLS):
            if rows := _numbered([_cell_text(cell) for cell in row] for row in cells):
                return Table(name, rows)
    except workbook.Unusable as problem:
        raise DropError(str(problem)) from problem
    return Table(name, ())


def _cell_text(value: Any) -> str:
    """As a person would write it: no 250.0 for an id, no hour for a day."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return format(Decimal(format(value, ".15g")), "f")
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
    return str(value).strip()


def _text(name: str, content: bytes) -> Table:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in content:
        raise DropError(f"{name} is neither CSV nor XLSX. Save the sheet as .xlsx or .csv.")
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return _csv(name, content.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise DropError(f"{name} is in an encoding that cannot be told. Save it as CSV UTF-8.")


def _csv(name: str, text: str) -> Table:
    """Comma, semicolon or tab, whichever its first lines hold most of."""
    if stated := re.match(r"sep=([,;\t])\r?\n", text):  # a first line that only spreadsheets understand
        text = text[stated.end() - 1 :]
    delimiter = stated[1] if stated else max(",;\t", key=text[:4000].count)
    try:
        return Table(name, _numbered(_within(name, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))),
                     delimiter)  # fmt: skip
    except csv.Error as problem:
        raise DropError(f"{name} cannot be read as CSV ({problem}). Save it again as .xlsx or .csv.") from problem


def _within(name: str, lines: Iterable[Sequence[str]]) -> Iterable[list[str]]:
    cells = 0
    for line in lines:
        cells += len(line)
        if cells > MOST_CELLS:
            raise DropError(workbook.too_many(name, MOST_CELLS))
        yield [cell.strip() for cell in line]


def _numbered(lines: Iterable[list[str]]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    return tuple((number, tuple(line)) for number, line in enumerate(lines, start=1) if any(line))
