"""What a file would change, cell by cell, before anything is saved; and the saving of just that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from metrics.definitions import CATALOGUE
from metrics.entering import CellEdit, Change, Checked, check, enterable_keys, store
from metrics.models import Entry
from metrics.reading import Person, ScopeRef, may_see
from metrics.spreadsheets.names import client_finder, metric_finder
from metrics.spreadsheets.parse import CLIENT_HEADINGS, HEADING_ROWS, Found, Reader, SheetError
from metrics.spreadsheets.sheet import Rows, Sheet, read


@dataclass(frozen=True)
class Repair:
    """Text that looks as if UTF-8 was read as Mac Roman (C43): how one cell reads now, and how it would."""

    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """Each change with its kind, what stays as it is, what is wrong by cell, and what was passed over."""

    file: str
    changes: tuple[Change, ...]
    unchanged: int
    errors: tuple[SheetError, ...]
    left_out: tuple[str, ...]  # rows of metrics that are worked out, named once each
    repair: Repair | None  # offered, not done
    encoding: str
    found: tuple[Found, ...]


def preview(
    person: Person, file: str, content: bytes, scope: ScopeRef, *, encoding: str = "", repair: bool = False
) -> Preview:
    """Reads a file and saves nothing. `repair` puts right what `Preview.repair` offered. Raises Unusable."""
    sheet = read(file, content, encoding)
    mended = sheet.repaired()
    offered = _first_difference(sheet, mended) if mended and not repair else None
    rows = (mended or sheet).rows if repair else sheet.rows
    visible = (metric for metric in CATALOGUE.values() if may_see(person, metric))
    reader = Reader(rows, metric_finder(visible), client_finder(_clients(rows)), scope)
    reader.read()
    found, left_out = _enterable(person, reader.found)
    checked = _check(person, found, f"import of {file}")
    return Preview(
        file=file, changes=tuple(checked.changes), unchanged=checked.unchanged,
        errors=tuple(reader.errors) + _by_cell(checked, found), left_out=left_out, repair=offered,
        encoding=sheet.encoding, found=found,
    )


def commit(preview: Preview, person: Person, note: str = "") -> Checked:
    """Saves what the preview showed, checked again as things stand now, all in one transaction.

    Run the roll-up afterwards. A month that holds a collected value gets a correction with the note.
    """
    checked = _check(person, preview.found, note or f"import of {preview.file}")
    store(checked.changes, person)
    return checked


def _check(person: Person, found: Iterable[Found], note: str) -> Checked:
    edits = [(one.scope, CellEdit(one.metric.key, one.month, one.text)) for one in found]
    return check(person, edits, Entry.Kind.IMPORTED, note)


def _by_cell(checked: Checked, found: Iterable[Found]) -> tuple[SheetError, ...]:
    cells = {(one.scope, one.metric.key, one.month): one.cell for one in found}
    return tuple(SheetError(cells[e.scope, e.metric, e.month], e.problem) for e in checked.errors)


def _enterable(person: Person, found: Iterable[Found]) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """The figures that can be given, and the labels of those that are worked out or not kept for this scope."""
    found = tuple(found)
    allowed = enterable_keys(person, {one.scope for one in found})
    kept: list[Found] = []
    left_out: dict[str, None] = {}
    for one in found:
        if one.metric.key in allowed[one.scope]:
            kept.append(one)
        else:
            left_out[one.metric.label] = None
    return tuple(kept), tuple(left_out)


def _clients(rows: Rows) -> Iterable[str]:
    """The texts under a client heading, wherever that stands."""
    for number, row in enumerate(rows[:HEADING_ROWS]):
        for column, heading in enumerate(row):
            if heading.casefold() in CLIENT_HEADINGS:
                return {below[column] for below in rows[number + 1:] if column < len(below)}
    return ()


def _first_difference(sheet: Sheet, mended: Sheet) -> Repair:
    cells = (zip(before, after, strict=True) for before, after in zip(sheet.rows, mended.rows, strict=True))
    return next(Repair(before, after) for before, after in chain.from_iterable(cells) if before != after)
