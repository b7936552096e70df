"""The goal in force for a metric: the latest dated row, for this scope before every scope, else the one in code."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from metrics.declare import Glide, Goal
from metrics.definitions import CATALOGUE
from metrics.models import Goal as GoalRow
from metrics.reading.shapes import Person, ScopeRef, may_see
from metrics.typed import plain_decimal


def goals(person: Person, metrics: Iterable[str], scope: ScopeRef, on: date) -> dict[str, Goal]:
    """By metric key, those the person may see; a metric without a goal is left out. One statement."""
    permitted = [key for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    rows = GoalRow.objects.filter(metric__in=permitted, from_on__lte=on).select_related("scope__organization")
    ours = [row for row in rows if row.scope is None or _is(row, scope)]
    ours.sort(key=lambda row: (row.scope is not None, row.from_on))  # the last one wins
    found = {key: goal for key in permitted if (goal := CATALOGUE[key].goal)}
    return found | {row.metric: declared(row) for row in ours}


def _is(row: GoalRow, scope: ScopeRef) -> bool:
    assert row.scope is not None
    slug = row.scope.organization.slug if row.scope.organization else ""
    return (row.scope.kind, slug) == (scope.kind, scope.slug)


def declared(row: GoalRow) -> Goal:
    """A row in the words of a declaration."""
    glide = None
    if row.starts_at is not None and row.reached_on is not None:
        glide = Glide(starts_at=plain_decimal(row.starts_at), from_on=row.from_on, reached_on=row.reached_on)
    return Goal(
        direction=row.direction, target=plain_decimal(row.target), glide=glide,
        warn_at="" if row.warn_at is None else plain_decimal(row.warn_at),
        ceiling="" if row.ceiling is None else plain_decimal(row.ceiling),
    )
