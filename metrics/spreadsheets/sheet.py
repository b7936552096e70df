"""A CSV or XLSX file as rows of text cells, within limits, whatever its encoding."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from collectors import workbook

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 60 * 1024 * 1024  # an XLSX is a zip; a small one can unpack to anything
MOST_CELLS = 50_000
ZIP = b"PK\x03\x04"
OLD_XLS = b"\xd0\xcf\x11\xe0"
ENCODINGS = ("utf-8-sig", "cp1252")

Rows = tuple[tuple[str, ...], ...]


class Unusable(ValueError):
    """The file cannot be read at all; its text is a sentence for the person who chose it."""


@dataclass(frozen=True)
class Sheet:
    rows: Rows
    encoding: str = ""  # empty for XLSX

    def repaired(self) -> Sheet | None:
        """The same sheet with UTF-8 that was read as Mac Roman put right (C43), or None where nothing is to repair."""
        rows = tuple(tuple(repaired(cell) or cell for cell in row) for row in self.rows)
        return replace(self, rows=rows) if rows != self.rows else None


def repaired(text: str) -> str | None:
    """“Caf√©” becomes “Café”: what UTF-8 looks like after it was read as Mac Roman and saved again."""
    if text.isascii():
        return None
    try:
        return text.encode("mac_roman").decode("utf-8")
    except UnicodeError:
        return None


def address(row: int, column: int) -> str:
    """The name a spreadsheet gives a cell; both counted from 0."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def read(name: str, content: bytes, encoding: str = "") -> Sheet:
    """The first sheet of an XLSX file, or a CSV file. Raises Unusable."""
    if len(content) > LARGEST_FILE:
        raise Unusable(f"{name} is larger than 5 MB. Split it into smaller files.")
    if not content.strip():
        raise Unusable(f"{name} is empty.")
    if content.startswith(OLD_XLS):
        raise Unusable(f"{name} is an old .xls workbook. Save it as .xlsx or .csv.")
    sheet = Sheet(_workbook(name, content)) if content.startswith(ZIP) else _text(name, content, encoding)
    if not any(any(row) for row in sheet.rows):
        raise Unusable(f"{name} holds no cells.")
    return sheet


def _workbook(name: str, content: bytes) -> Rows:
    try:
        cells = next(workbook.sheets(name, content, unpacked=LARGEST_UNPACKED, cells=MOST_CELLS), [])
    except workbook.Unusable as problem:
        raise Unusable(str(problem)) from problem
    return tuple(tuple(map(_cell_text, row)) for row in cells)


def _cell_text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _text(name: str, content: bytes, encoding: str) -> Sheet:
    if encoding:
        try:
            return Sheet(_csv(name, content.decode(encoding)), encoding)
        except LookupError:
            raise Unusable(f"“{encoding}” is no known encoding.") from None
        except UnicodeError:
            raise Unusable(f"{name} is not encoded as {encoding}.") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _text(name, content, "utf-16")
    if b"\0" in content:
        raise Unusable(f"{name} is neither CSV nor XLSX.")
    for known in ENCODINGS:
        try:
            return Sheet(_csv(name, content.decode(known)), known)
        except UnicodeDecodeError:
            continue
    raise Unusable(f"{name} is in an encoding that cannot be told. Save it as UTF-8.")


def _csv(name: str, text: str) -> Rows:
    """Comma, semicolon or tab, whichever its first lines hold most of."""
    head = text[:4000]
    delimiter = max(",;\t", key=head.count)
    try:
        return _limited(name, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as problem:
        raise Unusable(f"{name} cannot be read as CSV: {problem}.") from problem


def _limited(name: str, lines: Iterable[Sequence[str]]) -> Rows:
    rows, cells = [], 0
    for line in lines:
        cells += len(line)
        if cells > MOST_CELLS:
            raise Unusable(workbook.too_many(name, MOST_CELLS))
        rows.append(tuple(cell.strip() for cell in line))
    return tuple(rows)
