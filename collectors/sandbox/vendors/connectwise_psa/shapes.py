"""Rows cut down to the fields asked for, and keys to sort them by."""

from __future__ import annotations

from typing import cast

from collectors.sandbox.exchange import Row
from collectors.sandbox.vendors.connectwise_psa.conditions import value_of


def sortable(value: object) -> tuple[bool, object]:
    """Missing values come first."""
    return (value is not None, value)


def cut(row: Row, paths: list[tuple[str, ...]]) -> Row:
    made: Row = {}
    for path in paths:
        value = value_of(row, path)
        if value is None:
            continue
        place = made
        for name in path[:-1]:
            inner = place.setdefault(name, {})
            place = cast(Row, inner)
        place[path[-1]] = value
    return made
