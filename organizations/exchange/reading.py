"""A mapping file as rows of text, within limits; what cannot be read at all is said in a sentence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from organizations.exchange.cells import plain

LARGEST_FILE = 25 * 1024 * 1024
MOST_ROWS = 250_000
LARGEST_CELL = 100_000  # characters
NEEDED = ("system", "account_id", "verdict", "organization", "from")
READ = (*NEEDED, "connection", "organization_name", "reason")
ZIP = b"PK\x03\x04"
SAVE_AS = "In a spreadsheet, save it as “CSV UTF-8”."


class Unusable(ValueError):
    """The file cannot be used at all; its text is a sentence for the person who chose it."""


@dataclass(frozen=True)
class RowError:
    """What is wrong with one row, counted as a spreadsheet counts: the header is row 1."""

    row: int
    problem: str

    def __str__(self) -> str:
        return f"Row {self.row}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says, as text. A cell whose column the file does not have is empty."""

    number: int
    system: str
    account_id: str
    verdict: str
    organization: str
    starts_on: str
    connection: str
    organization_name: str
    reason: str


def read(name: str, content: bytes) -> tuple[list[Row], list[RowError]]:
    """The rows, and those that do not fit the header. Raises Unusable."""
    lines = _lines(name, _text(name, content))
    places = _places(name, next(lines, []))
    rows: list[Row] = []
    errors: list[RowError] = []
    width = max(places.values()) + 1
    for number, line in enumerate(lines, 2):
        if not any(line):
            continue
        if len(rows) >= MOST_ROWS:
            raise Unusable(f"{name} has more than {MOST_ROWS:,} rows. Split it, a system a file.")
        if len(line) < width:
            errors.append(RowError(number, "It has fewer cells than the header. Is a comma or a quote missing?"))
        else:
            rows.append(Row(number, *(plain(line[at]) if (at := places.get(key)) is not None else "" for key in READ)))
    return rows, errors


def _text(name: str, content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise Unusable(f"{name} is larger than {LARGEST_FILE // 1024**2} MB. Split it, a system a file.")
    if not content.strip():
        raise Unusable(f"{name} is empty.")
    if content.startswith(ZIP):
        raise Unusable(f"{name} is a workbook and not CSV. {SAVE_AS}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(f"{name} is not UTF-8, so its names would be misread. {SAVE_AS}") from None
    if "\0" in text:
        raise Unusable(f"{name} is not a text file. {SAVE_AS}")
    return text


def _lines(name: str, text: str) -> Iterator[list[str]]:
    """Comma, semicolon or tab, whichever the header holds most of."""
    header = text[: text.find("\n")] if "\n" in text else text
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_CELL))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    except csv.Error as problem:
        raise Unusable(f"{name} cannot be read as CSV ({problem}). Is a quote missing?") from None


def _places(name: str, header: Sequence[str]) -> dict[str, int]:
    """In which column each thing stands, by the header's words in any order and case."""
    words = [word.strip().casefold().replace(" ", "_") for word in header]
    missing = [column for column in NEEDED if column not in words]
    if missing:
        raise Unusable(
            f"The first row of {name} does not name all the columns it needs: {_listed(missing)} cannot be found. "
            "Download the mapping and keep its first row."
        )
    if twice := [column for column in READ if words.count(column) > 1]:
        raise Unusable(f"{name} has the column {_listed(twice)} twice. Take one of them out.")
    return {column: words.index(column) for column in READ if column in words}


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
