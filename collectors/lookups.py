"""Records with what their ids stand for, as short lists of the same vendor say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from collectors.declare import Endpoint, Lookup, Record
from collectors.facts.shapes import Record as Entity
from collectors.pagination import found_at

Index: TypeAlias = Mapping[str, Record]


def as_list(name: str, lookup: Lookup) -> Endpoint:
    """The lookup as a list that can be read, and that becomes nothing."""
    return Endpoint(
        name=name, path=lookup.path, into=Entity, fields={},  # type: ignore[type-abstract]
        params=lookup.params, paginate=lookup.paginate, records_at=lookup.records_at, records=lookup.records,
    )  # fmt: skip


def indexed(lookup: Lookup, records: Iterable[Any]) -> Index:
    """The list's records by their id."""
    known = ((found_at(record, lookup.id), record) for record in records if isinstance(record, dict))
    return {str(id): record for id, record in known if id is not None}


def with_found(rows: list[Any], found: Mapping[str, tuple[Lookup, Index]]) -> list[Any]:
    """The rows, each with what was found for it at the lookup's name; None where nothing is known by its id."""
    if not found:
        return rows
    return [_with_found(row, found) if isinstance(row, dict) else row for row in rows]


def _with_found(row: Record, found: Mapping[str, tuple[Lookup, Index]]) -> Record:
    known = dict(row)
    for name, (one, index) in found.items():
        known[name] = index.get(str(found_at(known, one.by)))
    return known
