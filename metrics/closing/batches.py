"""Which restatements stand or fall together: those of clients that share a changed row.

The company's and the segments' figures are made of many clients', so they tie none together: they follow, by as much
as the clients that were decided. Named themselves, they stand for every batch they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from metrics.declare import For, facts_of
from metrics.definitions import CATALOGUE
from metrics.joined import counted_inputs
from metrics.models import Restatement, Scope

NO_ROW = 0  # what was read whole since stands together


@dataclass
class Together:
    """Rows that are decided as one, and the figures that move with them."""

    rows: list[Restatement] = field(default_factory=list)
    changes: set[int] = field(default_factory=set)
    followers: list[Restatement] = field(default_factory=list)


def together(rows: Iterable[Restatement]) -> list[Together]:
    """The batches in the order of their first rows."""
    found, following = _Found(), []
    for row in rows:
        if is_made_of_clients(row):
            following.append(row)
        else:
            found.add(row)
    for row in following:
        if concerned := found.concerned(row):
            for place in concerned:
                found.batches[place].followers.append(row)
        else:  # what it is made of was corrected by people, and stands
            found.add(row)
    return list(found.batches.values())


class _Found:
    """The batches so far, by the place of their first row, and in which of them each changed row is."""

    def __init__(self) -> None:
        self.batches: dict[int, Together] = {}
        self.home: dict[int, int] = {}
        self.places = count()

    def concerned(self, row: Restatement) -> list[int]:
        return sorted({self.home[change] for change in _behind(row) if change in self.home})

    def add(self, row: Restatement) -> None:
        first, *others = self.concerned(row) or [next(self.places)]
        batch = self.batches.setdefault(first, Together())
        for other in others:
            gone = self.batches.pop(other)
            batch.rows += gone.rows
            batch.changes |= gone.changes
            self.home |= dict.fromkeys(gone.changes, first)
        batch.rows.append(row)
        batch.changes |= set(row.changes)
        self.home |= dict.fromkeys(_behind(row), first)


def _behind(row: Restatement) -> list[int]:
    return row.changes or [NO_ROW]


def covered(batches: Iterable[Together]) -> list[Restatement]:
    """The rows of these batches, and the figures that these alone move."""
    batches = list(batches)
    changes = {change for batch in batches for change in batch.changes}
    rows = {row.pk: row for batch in batches for row in batch.rows}
    rows |= {
        row.pk: row for batch in batches for row in batch.followers if changes.issuperset(row.changes)
    }
    return list(rows.values())


def is_made_of_clients(row: Restatement) -> bool:
    """Whether a figure is the sum of others' here, or is worked out from such."""
    if row.scope.kind == Scope.Kind.SEGMENT:
        return True
    if row.scope.kind != Scope.Kind.COMPANY or row.definition.metric not in CATALOGUE:
        return False
    counted = (facts_of(CATALOGUE[key]) for key in counted_inputs(row.definition.metric, For.COMPANY))
    return any(facts.account for facts in counted if facts)


def is_counted(row: Restatement) -> bool:
    """Whether it is a month's figure of facts, from which the others follow."""
    metric = CATALOGUE.get(row.definition.metric)
    counted = metric is not None and facts_of(metric) is not None
    return counted and row.period.grain == "month" and row.scope.kind != Scope.Kind.SEGMENT
