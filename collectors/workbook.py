"""The sheets of an XLSX workbook that anybody may have made, within the memory its size lets one expect.

A workbook is a zip archive, and small ones can unpack to anything. The reader of its cells unpacks to the end, makes
room for every place up to the last cell, and copies a shared text wherever it is named.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

PARTS = re.compile(r"\[Content_Types\]\.xml|_rels/.*|xl/(_rels/.*|workbook\.xml|styles\.xml|sharedStrings\.xml"
                   r"|worksheets/[^/]*\.xml)", re.IGNORECASE)  # fmt: skip
PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,9})[\"']")  # of a cell, or a row
VALUE = re.compile(rb">\s*(\d{1,9})\s*</")
SHARED = re.compile(rb"<(?:\w+:)?si\b")
BROKEN = (  # what a broken archive makes its readers raise
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, CalamineError, RuntimeError, OSError, EOFError, ValueError,
    LookupError,
)  # fmt: skip


class Unusable(Exception):
    """The workbook cannot be read; its text is a sentence that says what to do."""


def sheets(name: str, content: bytes, *, unpacked: int, cells: int) -> Iterator[list[list[Any]]]:
    """The cells of each sheet, row by row from the first row and column on, as Python's own values.

    `unpacked` is how many bytes it may come to, `cells` how many places a sheet may have. Raises Unusable.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(_plain(name, content, unpacked, cells)))
        for sheet_name in book.sheet_names:
            sheet = book.get_sheet_by_name(sheet_name)
            if (sheet.total_height + 1) * (sheet.total_width + 1) > cells:  # these are the last row and column
                raise Unusable(too_many(name, cells))
            yield sheet.to_python(skip_empty_area=False)
    except BROKEN as problem:
        raise Unusable(f"{name} cannot be read as a workbook. Save it again as .xlsx or .csv.") from problem


def too_many(name: str, cells: int) -> str:
    return f"{name} holds more than {cells:,} cells. Split it into smaller files."


def _plain(name: str, content: bytes, unpacked: int, cells: int) -> bytes:
    """An archive that is not packed at all, of the parts that hold cells.

    They are unpacked by one who stops at what the archive says they come to.
    """
    most = f"{unpacked // 1024 // 1024} MB"
    plain = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(plain, "w") as made:
        parts = [part for part in archive.infolist() if PARTS.fullmatch(part.filename)]
        if sum(part.file_size for part in parts) > unpacked:
            raise Unusable(f"{name} unpacks to more than {most}. Save only the sheet that is wanted.")
        found = {part.filename: archive.read(part) for part in parts}
        shared = next((text for part, text in found.items() if part.lower() == "xl/sharedstrings.xml"), b"")
        lengths = [len(text) for text in SHARED.split(shared)[1:]]
        for part, text in found.items():
            if "worksheets" in part.lower():
                if _places(text) > cells:
                    alone = "A cell far from the others counts with all that lies between."
                    raise Unusable(f"{too_many(name, cells)} {alone}")
                if _length(text, lengths) > unpacked:
                    raise Unusable(f"{name} holds more than {most} of text. Save only the sheet that is wanted.")
            made.writestr(part, text)
    return plain.getvalue()


def _places(sheet: bytes) -> int:
    """How many there are up to the last cell: two cells at opposite corners are small in the file and nowhere else."""
    places = {(letters.upper(), int(number)) for letters, number in PLACE.findall(sheet)}
    return max((_column(letters) for letters, _ in places), default=0) * max((row for _, row in places), default=0)


def _length(sheet: bytes, shared: Sequence[int]) -> int:
    """What its texts come to, each as often as it is named."""
    return sum(shared[place] for place in map(int, VALUE.findall(sheet)) if place < len(shared))


def _column(letters: bytes) -> int:
    """Counted from 1; a row's own number has no letters."""
    place = 0
    for letter in letters:
        place = place * 26 + letter - ord("A") + 1
    return place
