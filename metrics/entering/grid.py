"""The month grid: rows of metrics, columns of months, each cell with what stands there and who put it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from metrics.declare import Metric
from metrics.entering.standing import Standing, enterable, standing
from metrics.models import Entry, Origin, State
from metrics.periods import Month
from metrics.reading import Person, ScopeRef

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ORIGINS = {
    Entry.Kind.ENTERED: Origin.ENTERED, Entry.Kind.IMPORTED: Origin.IMPORTED,
    Entry.Kind.CORRECTED: Origin.CORRECTED, Entry.Kind.NOT_USED: Origin.ENTERED,
}


@dataclass(frozen=True)
class Cell:
    """One cell as it stands: the entry if there is one, else what was collected."""

    metric: Metric
    month: Month
    value: Decimal | None
    state: State  # of the stored value, which may lag an entry until the next roll-up
    cause: str
    origin: Origin | None  # None: nothing here
    by: str = ""
    at: datetime | None = None
    note: str = ""
    collected: Decimal | None = None  # what an entry stands over
    not_used: bool = False
    locked: str = ""  # why it cannot be changed; empty: it can


@dataclass(frozen=True)
class Grid:
    scope: ScopeRef
    months: tuple[Month, ...]
    rows: tuple[tuple[Metric, tuple[Cell, ...]], ...]


def grid(person: Person, scope: ScopeRef, months: Iterable[Month], metrics: Iterable[str] | None = None) -> Grid:
    """Every cell a person may fill for one scope, or those of the metrics named."""
    columns = tuple(months)
    wanted = None if metrics is None else frozenset(metrics)
    rows = [metric for metric in enterable(person, scope) if wanted is None or metric.key in wanted]
    stands = standing(person, [(metric.key, scope, month) for metric in rows for month in columns])
    return Grid(scope, columns, tuple(
        (metric, tuple(_cell(metric, month, stands[metric.key, scope, month]) for month in columns)) for metric in rows
    ))


def _cell(metric: Metric, month: Month, stands: Standing) -> Cell:
    entry, number = stands.entry, stands.number
    if entry is None:
        return Cell(
            metric=metric, month=month, value=stands.collected, state=number.state, cause=number.cause,
            origin=None if stands.collected is None else Origin.COLLECTED, locked=stands.locked,
        )
    return Cell(
        metric=metric, month=month, value=entry.value, state=number.state, cause=number.cause,
        origin=ORIGINS[Entry.Kind(entry.kind)], by=name_of(entry.by), at=entry.at, note=entry.note,
        collected=stands.collected, not_used=entry.kind == Entry.Kind.NOT_USED, locked=stands.locked,
    )


def name_of(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""
