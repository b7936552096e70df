"""Restatements as people see them: for whom, of what, why, with the changed rows, and what stands or falls together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from django.apps import apps
from django.db.models import Count, Q, QuerySet

from collectors.facts.changed import FactChange
from metrics.closing.batches import Together, together
from metrics.closing.causes import Causes
from metrics.closing.periods import span_of
from metrics.declare import Metric
from metrics.definitions import CATALOGUE
from metrics.late_changes import kind_of, words_of
from metrics.models import Restatement, Scope, Segment
from metrics.periods import Span
from metrics.reading.shapes import Person, ScopeRef, may_see

WAITING = Restatement.Decision.WAITING
SHOWN_CHANGES = 200


@dataclass(frozen=True)
class Restated:
    """One value that would be, was, or was not to be another."""

    row: Restatement
    metric: Metric
    scope: ScopeRef
    name: str  # of the client or segment; else empty
    period: Span
    cause: str  # as the person may read it; the row's own may name what they may not see


@dataclass(frozen=True)
class Batch:
    """Waiting restatements that share changed rows, so that they are decided together.

    `followers` are figures of the company and of segments: they move by as much as the batch, and go on waiting where
    other batches move them too.
    """

    rows: tuple[Restated, ...]
    followers: tuple[Restated, ...]
    changes: tuple[int, ...]
    cause: str


@dataclass(frozen=True)
class LateChange:
    """A row behind a restatement, in words, with its page in the vendor's console."""

    row: FactChange
    words: str
    link: str


@dataclass(frozen=True)
class Asked:
    """Of which periods, of whom, of which number or which rows; None or empty: of all."""

    spans: Iterable[Span] | None = None
    scope: ScopeRef | None = None
    metric: str = ""
    rows: Iterable[int] | None = None

    @property
    def where(self) -> Q:
        wanted = Q()
        if self.spans is not None:
            wanted = Q(pk__in=[])
            for span in self.spans:
                wanted |= Q(period__grain=span.grain, period__starts_on=span.starts_on)
        if self.scope is not None:
            wanted &= Q(scope__kind=self.scope.kind)
            if self.scope.kind == Scope.Kind.ORGANIZATION:
                wanted &= Q(scope__organization__slug=self.scope.slug)
            elif self.scope.kind == Scope.Kind.SEGMENT:
                wanted &= Q(scope__key__in=Segment.objects.filter(name=self.scope.slug).values("pk"))
        if self.metric:
            wanted &= Q(definition__metric=self.metric)
        if self.rows is not None:
            wanted &= Q(pk__in=list(self.rows))
        return wanted


ALL = Asked()


def restatements(
    person: Person, asked: Asked = ALL, *decisions: Restatement.Decision, within: slice = slice(None)
) -> list[Restated]:
    """Those the person may see, the latest first: what waits, or what was decided as named; `within` in SQL."""
    rows = _seen_by(person, asked).filter(decision__in=decisions or [WAITING])
    whole = rows.select_related("scope__organization", "definition", "period", "decided_by")
    return _told(person, whole.order_by("-found_at", "-period__ends_on", "pk")[within])


def how_many(person: Person, asked: Asked = ALL) -> Mapping[Restatement.Decision, int]:
    """By decision, of those the person may see."""
    counted = _seen_by(person, asked).values_list("decision").annotate(Count("pk")).order_by()
    return {Restatement.Decision(decision): many for decision, many in counted}


class Batches(Sequence[Batch]):
    """What waits, by what is decided together: those that hold a row asked for, each with all the person may see of it.

    They are told apart from a few columns of what waits; what is shown of it is read for those that are taken.
    """

    def __init__(self, person: Person, asked: Asked = ALL) -> None:
        self.person = person
        waiting = Restatement.objects.filter(decision=WAITING).select_related("scope", "definition")
        every = together(waiting.only("changes", "scope__kind", "definition__metric").order_by("pk"))
        kept = set(_seen_by(person, asked).filter(decision=WAITING).values_list("pk", flat=True))
        self._found = [batch for batch in every if any(row.pk in kept for row in (*batch.rows, *batch.followers))]

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, place: int) -> Batch: ...

    @overload
    def __getitem__(self, place: slice) -> list[Batch]: ...

    def __getitem__(self, place: int | slice) -> Batch | list[Batch]:
        return self._read(self._found[place]) if isinstance(place, slice) else self._read([self._found[place]])[0]

    def _read(self, found: Sequence[Together]) -> list[Batch]:
        wanted = [row.pk for batch in found for row in (*batch.rows, *batch.followers)]
        told = {each.row.pk: each for each in restatements(self.person, Asked(rows=wanted))}
        first = Restatement.objects.in_bulk([batch.rows[0].pk for batch in found])
        causes = Causes(self.person, first.values())
        return [
            Batch(
                tuple(told[row.pk] for row in batch.rows if row.pk in told),
                tuple(told[row.pk] for row in batch.followers if row.pk in told),
                tuple(sorted(batch.changes)), causes.of(first[batch.rows[0].pk]),
            )
            for batch in found
        ]


def changes_of(person: Person, rows: Iterable[Restatement]) -> list[LateChange]:
    """The changed rows behind, the latest first, at most `SHOWN_CHANGES`; the hidden by their kind, with no link."""
    rows = list(rows)
    hidden = Causes(person, rows).hidden
    wanted = {change for row in rows for change in row.changes}
    changes = list(FactChange.objects.filter(pk__in=wanted).order_by("-changed_at", "-pk")[:SHOWN_CHANGES])
    links: dict[tuple[str, int], str] = {}
    for entity in {change.entity for change in changes}:
        model = apps.get_model("collectors", entity)
        facts = [change.fact for change in changes if change.entity == entity]
        rows_now = model._default_manager.filter(pk__in=facts).values_list("pk", "link")
        links |= {(entity, pk): link for pk, link in rows_now}
    return [
        LateChange(change, kind_of(change), "") if change.pk in hidden else
        LateChange(change, words_of(change), links.get((change.entity, change.fact), "")) for change in changes
    ]  # fmt: skip


def _seen_by(person: Person, asked: Asked) -> QuerySet[Restatement]:
    seen = [key for key, metric in CATALOGUE.items() if may_see(person, metric)]
    return Restatement.objects.filter(asked.where, definition__metric__in=seen)


def _told(person: Person, rows: Iterable[Restatement]) -> list[Restated]:
    rows = list(rows)
    segments = dict(Segment.objects.values_list("pk", "name")) if rows else {}
    causes, found = Causes(person, rows), []
    for row in rows:
        organization = row.scope.organization
        name = organization.name if organization else segments.get(row.scope.key or 0, "")
        reference = ScopeRef(row.scope.kind, organization.slug if organization else name)
        metric = CATALOGUE[row.definition.metric]
        found.append(Restated(row, metric, reference, name, span_of(row.period), causes.of(row)))
    return found
