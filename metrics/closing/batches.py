"""Which restatements stand or fall together: those of clients that share a changed row.

The company's and the segments' figures are made of many clients', so they tie none together: they follow, by as much
as the clients that were decided. Named themselves, they stand for every batch they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from metrics.declare import For, facts_of
from metrics.definitions import CATALOGUE
from metrics.joined import counted_inputs
from metrics.models import Restatement, Scope


@dataclass
class Together:
    """Rows that are decided as one, and the figures that move with them."""

    rows: list[Restatement] = field(default_factory=list)
    changes: set[int] = field(default_factory=set)
    followers: list[Restatement] = field(default_factory=list)

    def concerns(self, row: Restatement) -> bool:
        return bool(self.changes & set(row.changes)) if row.changes else not self.changes


def together(rows: Sequence[Restatement]) -> list[Together]:
    """The batches in the order of their first rows."""
    found: list[Together] = []
    following = [row for row in rows if is_made_of_clients(row)]
    for row in rows:
        if row not in following:
            _add(found, row)
    for row in following:
        if concerned := [batch for batch in found if batch.concerns(row)]:
            for batch in concerned:
                batch.followers.append(row)
        else:  # what it is made of was corrected by people, and stands
            _add(found, row)
    return found


def _add(found: list[Together], row: Restatement) -> None:
    joined = [batch for batch in found if batch.concerns(row)]
    home = joined[0] if joined else Together()
    if not joined:
        found.append(home)
    for other in joined[1:]:
        home.rows += other.rows
        home.changes |= other.changes
        found.remove(other)
    home.rows.append(row)
    home.changes |= set(row.changes)


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
