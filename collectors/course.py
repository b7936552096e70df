"""The course of one list, page by page, and what about it cannot be right."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from collectors.declare import Endpoint
from collectors.pagination import Answer, Cursor, number_at

EMPTY_IN_A_ROW = 50  # pages, of a list that may have empty ones: after so many it goes nowhere


@dataclass
class Course:
    """What a list has given so far. `whole`: it was read from its beginning, so what it says it has must be there."""

    endpoint: Endpoint
    sparse: bool
    whole: bool
    listed: int = 0
    _empty: int = 0
    _before: list[Any] = field(default_factory=list)
    _places: set[str] = field(default_factory=set)

    def begins_at(self, cursor: Cursor | None) -> None:
        self._places.add(json.dumps(cursor, sort_keys=True))

    def fault(self, rows: list[Any], cursor: Cursor | None, said: int | None) -> str:
        """What is wrong with the page that came, in words that follow the vendor's name; empty where nothing is."""
        self.listed += len(rows)
        self._empty = 0 if rows else self._empty + 1
        before, self._before = self._before, rows
        if cursor and rows and rows == before:
            return "gave the same page twice"
        if cursor and json.dumps(cursor, sort_keys=True) in self._places:
            return "names a page it has already given"
        if cursor and self._empty > (EMPTY_IN_A_ROW if self.sparse else 0):
            return "sent an empty page and says there is more"
        if self.whole and cursor is None and said is not None and said > self.listed:
            return f"says it has {said} {self.endpoint.name} to give and listed {self.listed}"
        return ""

    def lost(self, said: int) -> str:
        """What is wrong with the whole list where the vendor, asked for their number, says how many there are."""
        most = self.endpoint.total.most if self.endpoint.total else 0
        if (min(said, most) if most else said) <= self.listed:
            return ""
        if not self.listed:
            return "listed nothing and says there is something"
        return f"says it has {said} records for {self.endpoint.name} and listed {self.listed}"


def total_in(endpoint: Endpoint, answer: Answer) -> int | None:
    """How many records the list has, as an answer says."""
    total = endpoint.total
    if total is None:
        return None
    if total.header:
        told = answer.headers.get(total.header.lower(), "")
        return int(told) if told.isdigit() else None
    return number_at(answer.body, total.at)


def total_on_page(endpoint: Endpoint, answer: Answer) -> int | None:
    """The same, where the list's own pages say it."""
    return None if endpoint.total and endpoint.total.path else total_in(endpoint, answer)
