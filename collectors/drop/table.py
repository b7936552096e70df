"""A CSV or XLSX file as rows of text, within limits, whatever its encoding."""

from __future__ import annotations

import csv
import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

LARGEST_FILE = 20 * 1024 * 1024
LARGEST_UNPACKED = 300 * 1024 * 1024  # an XLSX is a zip; a small one can unpack to anything
MOST_CELLS = 4_000_000
ZIP = b"PK\x03\x04"
OLD_XLS = b"\xd0\xcf\x11\xe0"
PARTS = re.compile(r"\[Content_Types\]\.xml|_rels/.*|xl/(_rels/.*|workbook\.xml|styles\.xml|sharedStrings\.xml"
                   r"|worksheets/[^/]*\.xml)", re.IGNORECASE)  # fmt: skip
PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,9})[\"']")  # of a cell, or a row
VALUE = re.compile(rb">\s*(\d{1,9})\s*</")
SHARED = re.compile(rb"<(?:\w+:)?si\b")
UNREADABLE = (  # what a broken archive makes its readers raise
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, CalamineError, RuntimeError, OSError, EOFError, ValueError,
    LookupError,
)  # fmt: skip


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
        book = CalamineWorkbook.from_filelike(io.BytesIO(_plain_zip(name, content)))
        for sheet_name in book.sheet_names:
            sheet = book.get_sheet_by_name(sheet_name)
            if (sheet.total_height + 1) * (sheet.total_width + 1) > MOST_CELLS:  # these are the last row and column
                raise DropError(_too_many(name))
            rows = _numbered([_cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False))
            if rows:
                return Table(name, rows)
    except DropError:
        raise
    except UNREADABLE as problem:
        raise DropError(f"{name} cannot be read as a workbook. Save it again as .xlsx or .csv.") from problem
    return Table(name, ())


def _plain_zip(name: str, content: bytes) -> bytes:
    """The parts of a workbook that hold cells, unpacked by one who stops at what the archive says they come to.

    The reader of workbooks unpacks until the end, wherever that is; it gets an archive that is not packed at all.
    """
    plain = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(plain, "w") as unpacked:
        parts = [part for part in archive.infolist() if PARTS.fullmatch(part.filename)]
        if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise DropError(f"{name} unpacks to more than 300 MB. Save only the sheet to load.")
        found = {part.filename: archive.read(part) for part in parts}
        shared = next((cells for part, cells in found.items() if part.lower() == "xl/sharedstrings.xml"), b"")
        lengths = [len(text) for text in SHARED.split(shared)[1:]]
        for part, cells in found.items():
            if "worksheets" in part.lower():
                _must_fit(name, cells, lengths)
            unpacked.writestr(part, cells)
    return plain.getvalue()


def _must_fit(name: str, sheet: bytes, shared: Sequence[int]) -> None:
    """The reader makes room for every place up to the last cell, and copies a shared text wherever it is named.

    Two cells at opposite corners, or one long text named by every cell, are small in the file and nowhere else.
    """
    places = {(letters.upper(), int(number)) for letters, number in PLACE.findall(sheet)}
    width = max((_column(letters) for letters, _ in places), default=0)
    if width * max((row for _, row in places), default=0) > MOST_CELLS:
        raise DropError(f"{_too_many(name)} A cell far from the others counts with all that lies between.")
    if sum(shared[place] for place in map(int, VALUE.findall(sheet)) if place < len(shared)) > LARGEST_UNPACKED:
        raise DropError(f"{name} holds more than 300 MB of text. Save only the sheet to load.")


def _column(letters: bytes) -> int:
    """Counted from 1; a row's own number has no letters."""
    place = 0
    for letter in letters:
        place = place * 26 + letter - ord("A") + 1
    return place


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
            raise DropError(_too_many(name))
        yield [cell.strip() for cell in line]


def _numbered(lines: Iterable[list[str]]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    return tuple((number, tuple(line)) for number, line in enumerate(lines, start=1) if any(line))


def _too_many(name: str) -> str:
    return f"{name} holds more than {MOST_CELLS:,} cells. Split it into smaller files."
