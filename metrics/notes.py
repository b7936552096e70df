"""Notes with a date: what happened (an onboarding, an outage, a price rise), for whom and to which number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from metrics.definitions import CATALOGUE
from metrics.entering.grid import name_of
from metrics.models import Note, Scope
from metrics.reading import Person, ScopeRef, may_see

LONGEST = 300  # characters: a note is a sentence or two


class Refused(ValueError):
    """A sentence for the person who wrote it."""


@dataclass(frozen=True)
class Dated:
    """One note that stands. `scope` None: about everyone; `metric` empty: about every number."""

    pk: int
    kind: Note.Kind
    on: date
    until: date | None  # the day after the last; None: one day
    text: str
    scope: ScopeRef | None
    name: str  # whose it is, as people name them; empty for everyone
    metric: str
    by: str
    at: datetime

    def touches(self, scope: ScopeRef, metric: str) -> bool:
        return self.scope in (None, scope) and self.metric in ("", metric)


def touching(person: Person, scope: ScopeRef, metrics: Iterable[str], first: date, until: date) -> list[Dated]:
    """Every note on this scope or everyone, on one of these metrics or all, within the days; oldest first."""
    seen = {key for key in metrics if may_see(person, CATALOGUE[key])}
    found = _standing(person).filter(on__lt=until).filter(Q(until__gt=first) | Q(until=None, on__gte=first))
    notes = (_dated(row) for row in found.order_by("on", "pk"))
    return [note for note in notes if note.scope in (None, scope) and note.metric in {"", *seen}]


def every(person: Person) -> list[Dated]:
    """Every note that stands and that the person may see, newest first."""
    return [_dated(row) for row in _standing(person)]


def add(
    by: Any, *, kind: str, on: date, text: str, until: date | None = None, scope: ScopeRef | None = None,
    metric: str = "",
) -> Note:
    """Write a note down. Raises Refused with a sentence where it says nothing or ends before it begins."""
    text = text.strip()
    if not text:
        raise Refused("Say in a few words what happened.")
    if len(text) > LONGEST:
        raise Refused(f"Keep a note under {LONGEST} characters.")
    if until is not None and until <= on:
        raise Refused("The last day is before the first.")
    if metric and (metric not in CATALOGUE or not may_see(by, CATALOGUE[metric])):
        raise Refused("There is no such number.")
    return Note.objects.create(
        kind=Note.Kind(kind), on=on, until=until, scope=_scope_row(scope), metric=metric, text=text, by=by
    )


def take_back(person: Person, pk: int) -> bool:
    """A note is kept and no longer shown; False where there is none that stands, or one the person may not see."""
    row = _standing(person).filter(pk=pk).first()
    return row is not None and bool(
        Note.objects.filter(pk=row.pk, taken_back_at=None).update(taken_back_at=timezone.now())
    )


def _standing(person: Person) -> Any:
    """A note on a number somebody may not see is absent for them."""
    hidden = [key for key, metric in CATALOGUE.items() if not may_see(person, metric)]
    rows = Note.objects.filter(taken_back_at=None).exclude(metric__in=hidden)
    return rows.select_related("scope__organization", "by")


def _dated(row: Note) -> Dated:
    organization = row.scope.organization if row.scope else None
    scope = None if row.scope is None else ScopeRef(row.scope.kind, organization.slug if organization else "")
    name = "" if row.scope is None else organization.name if organization else "Whole company"
    return Dated(
        row.pk, Note.Kind(row.kind), row.on, row.until, row.text, scope, name, row.metric, name_of(row.by), row.at
    )


def _scope_row(scope: ScopeRef | None) -> Scope | None:
    if scope is None:
        return None
    return Scope.objects.get(kind=scope.kind, organization__slug=scope.slug or None, key=None)
