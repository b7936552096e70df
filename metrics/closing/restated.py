"""Restatements as people see them: for whom, of what, why, with the changed rows, and what stands or falls together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Q

from collectors.facts.changed import FactChange
from metrics.closing.periods import span_of
from metrics.declare import Metric
from metrics.definitions import CATALOGUE
from metrics.late_changes import words_of
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


@dataclass(frozen=True)
class Batch:
    """Restatements that share changed rows, so that they are decided together."""

    rows: tuple[Restated, ...]
    changes: tuple[int, ...]

    @property
    def cause(self) -> str:
        """As the rows say it that most of the changes are behind."""
        return max(self.rows, key=lambda each: len(each.row.changes)).row.cause

    @property
    def decision(self) -> str:
        return self.rows[0].row.decision


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
    return [each for each in told if each and may_see(person, each.metric)]


def batches(person: Person, *, waiting: bool = True, **asked: object) -> list[Batch]:
    """The same, by what is decided together: the batch whose rows move the company's figures most is named first."""
    rows = restatements(person, waiting=waiting, **asked)  # type: ignore[arg-type]
    by_key = {each.row.pk: each for each in rows}
    return [
        Batch(
            tuple(by_key[row.pk] for row in group),
            tuple(sorted({change for row in group for change in row.changes})),
        )
        for group in together([each.row for each in rows])
    ]


def together(rows: Sequence[Restatement]) -> list[list[Restatement]]:
    """Rows with a decision alike that share a changed row, directly or through others, in the order they come in."""
    group_of: dict[object, list[Restatement]] = {}
    groups: list[list[Restatement]] = []
    for row in rows:
        marks: list[object] = [(row.decision, row.decided_at, change) for change in row.changes]
        marks = marks or [(row.decision, row.decided_at, row.cause)]
        joined = list({id(group_of[mark]): group_of[mark] for mark in marks if mark in group_of}.values())
        group = joined[0] if joined else []
        if not joined:
            groups.append(group)
        for other in joined[1:]:
            group += other
            groups.remove(other)
            for mark in [mark for mark, of in group_of.items() if of is other]:
                group_of[mark] = group
        group.append(row)
        group_of |= dict.fromkeys(marks, group)
    return groups


def changes_of(rows: Iterable[Restatement]) -> list[LateChange]:
    """The changed rows behind, the latest first, at most `SHOWN_CHANGES`."""
    wanted = {change for row in rows for change in row.changes}
    changes = list(FactChange.objects.filter(pk__in=wanted).order_by("-changed_at", "-pk")[:SHOWN_CHANGES])
    links: dict[tuple[str, int], str] = {}
    for entity in {change.entity for change in changes}:
        model = apps.get_model("collectors", entity)
        facts = [change.fact for change in changes if change.entity == entity]
        rows_now = model._default_manager.filter(pk__in=facts).values_list("pk", "link")
        links |= {(entity, pk): link for pk, link in rows_now}
    return [LateChange(change, words_of(change), links.get((change.entity, change.fact), "")) for change in changes]


def _told(row: Restatement, segments: dict[int, str]) -> Restated | None:
    metric = CATALOGUE.get(row.definition.metric)
    if metric is None:
        return None
    organization = row.scope.organization
    name = organization.name if organization else segments.get(row.scope.key or 0, "")
    reference = ScopeRef(row.scope.kind, organization.slug if organization else name)
    return Restated(row, metric, reference, name, span_of(row.period))
