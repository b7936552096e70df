"""Restatements as people see them: for whom, of what, why, with the changed rows, and what stands or falls together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.apps import apps
from django.db.models import Q

from collectors.facts.changed import FactChange
from metrics.closing.batches import together
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
    cause: str = ""  # as the person may read it; the row's own may name what they may not see


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


def restatements(
    person: Person, *, waiting: bool = True, spans: Iterable[Span] | None = None, scope: ScopeRef | None = None,
    metric: str = "",
) -> list[Restated]:
    """Those the person may see, the latest first: only what waits, or everything there was."""
    rows = Restatement.objects.select_related("scope__organization", "definition", "period", "decided_by")
    if waiting:
        rows = rows.filter(decision=WAITING)
    if spans is not None:
        wanted = Q(pk__in=[])
        for span in spans:
            wanted |= Q(period__grain=span.grain, period__starts_on=span.starts_on)
        rows = rows.filter(wanted)
    if scope is not None:
        rows = rows.filter(scope__kind=scope.kind)
        if scope.kind == Scope.Kind.ORGANIZATION:
            rows = rows.filter(scope__organization__slug=scope.slug)
        elif scope.kind == Scope.Kind.SEGMENT:
            rows = rows.filter(scope__key__in=Segment.objects.filter(name=scope.slug).values("pk"))
    if metric:
        rows = rows.filter(definition__metric=metric)
    names = dict(Segment.objects.values_list("pk", "name"))
    told = (_told(row, names) for row in rows.order_by("-found_at", "-period__ends_on", "pk"))
    found = [each for each in told if each and may_see(person, each.metric)]
    causes = Causes(person, [each.row for each in found])
    return [replace(each, cause=causes.of(each.row)) for each in found]


def batches(
    person: Person, *, spans: Iterable[Span] | None = None, scope: ScopeRef | None = None, metric: str = "",
) -> list[Batch]:
    """What waits, by what is decided together; of each batch only the rows the person may see and asked for."""
    told = {each.row.pk: each for each in restatements(person, spans=spans, scope=scope, metric=metric)}
    waiting = Restatement.objects.filter(decision=WAITING).select_related("period", "scope", "definition")
    every = together(list(waiting.order_by("pk")))
    causes = Causes(person, [batch.rows[0] for batch in every])
    found = [
        Batch(
            tuple(told[row.pk] for row in batch.rows if row.pk in told),
            tuple(told[row.pk] for row in batch.followers if row.pk in told),
            tuple(sorted(batch.changes)), causes.of(batch.rows[0]),
        )
        for batch in every
    ]
    return [batch for batch in found if batch.rows or batch.followers]


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


def _told(row: Restatement, segments: dict[int, str]) -> Restated | None:
    metric = CATALOGUE.get(row.definition.metric)
    if metric is None:
        return None
    organization = row.scope.organization
    name = organization.name if organization else segments.get(row.scope.key or 0, "")
    reference = ScopeRef(row.scope.kind, organization.slug if organization else name)
    return Restated(row, metric, reference, name, span_of(row.period))
