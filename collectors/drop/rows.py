"""The rows of a file in our words: cells found by their headings, values read, and ids for what has none."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from collectors.connections import Connection
from collectors.drop import cells
from collectors.drop.cells import FORMULA, Habits
from collectors.drop.declare import Column, Kind, Layout, Line, Named, Span
from collectors.drop.table import DropError, Table
from collectors.facts.shapes import FOREVER
from collectors.facts.touched import Calendar

HEADING_ROWS = 20  # titles and blank lines may stand above the headings
LONGEST = 10_000  # characters of a cell


@dataclass
class Row:
    """One row: its number, its cells as they stand there, what they mean, and why it cannot be loaded, if so."""

    number: int
    text: Mapping[str, str]
    record: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def key(self) -> str:
        return str(self.record["key"])


@dataclass(frozen=True)
class Read:
    """The rows of a file, and sentences about what was left aside."""

    rows: Sequence[Row]
    notes: tuple[str, ...]

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if not row.problem]


def read(layout: Layout, table: Table, source: Connection, span: Span | None) -> Read:
    """Every row of the file. Raises DropError where it is no file of this layout."""
    notes: list[str] = []
    lines = list(layout.shapes(table, span) if layout.shapes else _lines(layout, table, notes))
    if not lines:
        raise DropError(f"{table.name} has headings and no rows. Nothing was loaded, and nothing was taken away.")
    columns = {column.name: column for column in layout.columns}
    rows = [Row(number, {name: _plain(cell) for name, cell in cells.items()}) for number, cells in lines]
    written = ((columns[name].kind, text) for row in rows for name, text in row.text.items() if text)
    told = cells.habits(written, Calendar.current().zone, table.delimiter)
    for row in rows:
        _values(layout.columns, row, told)
    for named in layout.named:
        _named(named, rows, source, layout.named)
    _keys(layout, rows)
    good = [row.key for row in rows if not row.problem]
    if again := len(good) - len(set(good)):
        said = "row repeats the id" if again == 1 else "rows repeat the ids"
        notes.append(f"{again} {said} of others; the last counts.")
    return Read(rows, tuple(notes))


# Headings


def _lines(layout: Layout, table: Table, notes: list[str]) -> Iterator[Line]:
    top, places, unknown = _headings(layout, table)
    if unknown:
        notes.append(f"Not read, as no column of {layout.label.lower()} is called so: {', '.join(unknown)}.")
    for number, line in table.numbered:
        if number > top:
            found = {name: line[place] for place, name in places.items() if place < len(line)}
            if any(found.values()):
                yield number, found


def _headings(layout: Layout, table: Table) -> tuple[int, dict[int, str], list[str]]:
    """The number of the row of headings, the column at each place, and the headings that are none."""
    names = {_heading(name): column.name for column in layout.columns for name in column.also}
    names |= {_heading(column.name): column.name for column in layout.columns}
    best: tuple[int, dict[int, str], list[str]] = (0, {}, [])
    for number, line in table.numbered[:HEADING_ROWS]:
        places: dict[int, str] = {}
        for place, cell in sorted(enumerate(line), key=lambda one: _heading(one[1]) not in _own(layout)):
            name = names.get(_heading(cell))
            if name is not None and name not in places.values():
                places[place] = name
        if len(places) > len(best[1]):
            best = number, places, [cell for place, cell in enumerate(line) if cell and place not in places]
    missing = [column.name for column in layout.required if column.name not in best[1].values()]
    if missing:
        known = f"{table.name} is no file of {layout.label.lower()}: it has no column called "
        raise DropError(f"{known}{' and none called '.join(map(_quoted, missing))}. The template shows every column.")
    return best


def _own(layout: Layout) -> set[str]:
    return {_heading(column.name) for column in layout.columns}


def _heading(text: str) -> str:
    """Case, punctuation and spacing do not tell headings apart."""
    return " ".join(re.sub(r"[^\w#%]+", " ", text.casefold().replace("_", " ").replace("#", " # ")).split())


def _quoted(name: str) -> str:
    return f"“{name}”"


def _plain(cell: str) -> str:
    """Without the sign by which a spreadsheet is told that no formula follows."""
    return cell[1:] if cell.startswith("'") and cell[1:2] and cell[1:2] in FORMULA else cell


# Values


def _values(columns: Iterable[Column], row: Row, told: Habits) -> None:
    for column in columns:
        text = row.text.get(column.name, "")
        if not text:
            row.record[column.name] = None
            if column.required:
                _fault(row, f"{column.name} is empty")
            continue
        try:
            if len(text) > LONGEST:
                raise ValueError(f"longer than {LONGEST:,} characters")
            row.record[column.name] = text if column.kind is Kind.TEXT else cells.value(column, text, told)
        except (ValueError, OverflowError) as fault:
            row.record[column.name] = None
            _fault(row, f"{column.name}: {fault}")


def _fault(row: Row, problem: str) -> None:
    row.problem = row.problem or problem


# What rows name by the way


def _named(named: Named, rows: Sequence[Row], source: Connection, all_named: Sequence[Named]) -> None:
    """Put the external id of what a row names at “<column> key”, by its id or else by its name in this source."""
    under = next((other for other in all_named if other.column == named.under), None)
    known = _known(named, source)
    for row in rows:
        if (given := row.record.get(named.id)) and (name := row.record.get(named.column)):
            known[_place(row, under), norm(name)].add(given)
    for row in rows:
        given, name = row.record.get(named.id) if named.id else None, row.record.get(named.column)
        row.record[f"{named.column} name"] = name or given
        row.record[f"{named.column} key"] = given
        if given or not name:
            continue
        place = _place(row, under)
        found = known.get((place, norm(name)), set())
        if len(found) > 1:
            wanted = f"add the column {named.id}" if named.id else "rename one of them"
            _fault(row, f"{named.column}: this source has {len(found)} called “{name[:60]}”; {wanted}")
        row.record[f"{named.column} key"] = next(iter(found)) if len(found) == 1 else joined(place, norm(name))


def _place(row: Row, under: Named | None) -> str:
    return str(row.record.get(f"{under.column} key") or "") if under else ""


def _known(named: Named, source: Connection) -> dict[tuple[str, str], set[str]]:
    """External ids of this source's things by the thing they are under and their name."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    things: QuerySet[Any] = named.into._default_manager.filter(connection=source, retired_on=None)
    if not named.under:
        for key, name in things.values_list("external_id", "name"):
            found["", norm(name)].add(key)
        return found
    current = things.filter(states__until_on=FOREVER)
    for key, name, whose in current.values_list("external_id", "hostname", "states__account__external_id"):
        found[whose or "", norm(name)].add(key)
    return found


def new_ones(named: Named, rows: Iterable[Row], source: Connection) -> dict[str, Row]:
    """The first row of each thing that is not known yet, or no longer listed."""
    first: dict[str, Row] = {}
    for row in rows:
        if key := row.record.get(f"{named.column} key"):
            first.setdefault(key, row)
    listed = named.into._default_manager.filter(connection=source, retired_on=None, external_id__in=list(first))
    known = set(listed.values_list("external_id", flat=True))
    return {key: row for key, row in first.items() if key not in known}


# Ids


def _keys(layout: Layout, rows: Iterable[Row]) -> None:
    """The external id of each row, at “key”. Two equal rows of what happened, without ids, happened twice."""
    met: Counter[str] = Counter()
    for row in rows:
        key = str(row.record.get(layout.id) or "") if layout.id else ""
        if not key and layout.known_by:
            parts = [_part(row, name) for name in layout.known_by]
            if layout.happens:
                key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
                met[key] += 1
                key += f"#{met[key]}" if met[key] > 1 else ""
            else:
                key = joined(*parts)
        row.record["key"] = key
        if not key:
            _fault(row, f"{layout.id} is empty")


def _part(row: Row, name: str) -> str:
    value = row.record.get(f"{name} key") or row.record.get(name)
    match value:
        case None:
            return ""
        case datetime() | date():
            return value.isoformat()
    return norm(format(value.normalize(), "f") if hasattr(value, "normalize") else str(value))


def norm(name: str) -> str:
    return " ".join(name.casefold().split())


def joined(*parts: str) -> str:
    return " / ".join(part for part in parts if part)


def moments(rows: Iterable[Row], layout: Layout) -> list[date]:
    """The local days the rows tell that the span is meant by."""
    zone, found = Calendar.current().zone, []
    for row in rows:
        value = next((row.record[name] for name in layout.dated if row.record.get(name)), None)
        if value is not None:
            found.append(value.astimezone(zone).date() if isinstance(value, datetime) else value)
    return found


def is_month(layout: Layout) -> bool:
    return any(column.kind is Kind.MONTH for column in layout.columns if column.name in layout.dated)
