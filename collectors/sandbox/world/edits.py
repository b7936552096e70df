"""Changes that a test makes to the world. Each holds from the moment it was made."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from threading import Lock

FIRST_ADDED = 1_900_000_000
"""Ids of added records lie far above those the world makes."""


@dataclass(frozen=True, slots=True)
class Edit:
    at: int
    set: dict[str, object]
    raw: dict[str, object]
    delete: bool


@dataclass
class Edits:
    """Edits by kind of record and id, in the order they were made."""

    version: int = 0
    _edits: dict[str, dict[int, list[Edit]]] = field(default_factory=dict)
    _added: dict[str, list[object]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(FIRST_ADDED))

    def change(self, kind: str, identity: int, edit: Edit) -> None:
        with self._lock:
            self._edits.setdefault(kind, {}).setdefault(identity, []).append(edit)
            self.version += 1

    def add(self, kind: str, record: object) -> None:
        with self._lock:
            self._added.setdefault(kind, []).append(record)
            self.version += 1

    def next_id(self) -> int:
        return next(self._ids)

    def clear(self) -> None:
        with self._lock:
            self._edits.clear()
            self._added.clear()
            self.version += 1

    def of(self, kind: str, identity: int, moment: int) -> list[Edit]:
        found = self._edits.get(kind)
        if not found:
            return []
        return [edit for edit in found.get(identity, ()) if edit.at <= moment]

    def edited(self, kind: str) -> list[int]:
        return list(self._edits.get(kind, ()))

    def added(self, kind: str) -> list[object]:
        return list(self._added.get(kind, ()))
