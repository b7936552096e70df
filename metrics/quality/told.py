"""Findings as people may see them: those that touch a number, those that stop a close, all of them for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from django.db.models import Q, QuerySet

from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.touched import Calendar
from metrics.declare import Access, Derived, Metric
from metrics.definitions import CATALOGUE
from metrics.formula import parse
from metrics.models import Finding, Segment
from metrics.periods import Span
from metrics.quality.rules import RULES
from metrics.reading.read_through import entities_of
from metrics.reading.shapes import PERMISSIONS, Person, ScopeRef, may_see

WORST_FIRST = {Finding.Severity.STOP: 0, Finding.Severity.WATCH: 1, Finding.Severity.NOTE: 2}
# Rules whose findings are about records: the subject begins with their kind.
COUNTED, ENTITIES = ("set_aside", "future"), ("set_aside", "future", "numbers_twice")


def visible(person: Person) -> QuerySet[Finding]:
    """Every finding this person may know of. One about finance is absent for those who may not see finance."""
    if not (person.is_active and person.is_authenticated):
        return Finding.objects.none()
    hidden = [metric.key for metric in CATALOGUE.values() if not may_see(person, metric)]
    rules = [rule.key for rule in RULES.values() if not _may(person, rule.access)]
    records = Q(pk__in=[])
    for entity, metrics in counted_from().items():
        if not any(may_see(person, metric) for metric in metrics):
            records |= Q(rule__in=ENTITIES, subject__startswith=entity) | Q(subject__startswith=f"{entity} ")
    return Finding.objects.filter(rule__in=RULES).exclude(metric__in=hidden).exclude(rule__in=rules).exclude(records)


def blocking(period: Span) -> list[Finding]:
    """The open findings of severity stop on a period and on its months, oldest first."""
    open_ones = Finding.objects.filter(life=Finding.Life.OPEN, severity=Finding.Severity.STOP, rule__in=RULES)
    return list(
        open_ones.filter(_within(period)).select_related("period", "scope__organization", "connection")
        .order_by("period__starts_on", "rule", "pk")
    )  # fmt: skip


def findings_for(person: Person, metric: str, scope: ScopeRef, period: Span) -> list[Finding]:
    """What is open or accepted about one number: its own, its months', its inputs', and its records set aside.

    A finding about no period is of how things stood when it was seen, and touches no number of an earlier month.
    """
    if not may_see(person, CATALOGUE[metric]):
        return []
    keys = {metric, *inputs_of(metric)}
    zone = Calendar.current().zone
    entities = entities_of(CATALOGUE[metric])
    of_records = Q(rule__in=COUNTED) & _any(Q(subject__startswith=entity) for entity in entities)
    own = Q(metric__in=keys) & _scoped(scope)
    twice = Q(rule="counted_twice") & _scoped(scope)
    touching = (own | of_records | twice) & (_within(period) | Q(period=None))
    standing = visible(person).exclude(life=Finding.Life.FIXED)
    rows = standing.filter(touching).select_related("period", "owner", "connection")
    found = [
        row for row in rows
        if row.period_id or period.ends_on >= row.first_seen_at.astimezone(zone).date().replace(day=1)
    ]
    return sorted(found, key=lambda row: (row.life, WORST_FIRST[Finding.Severity(row.severity)], row.pk))


@cache
def inputs_of(metric: str) -> frozenset[str]:
    """The metrics a metric is worked out from, and theirs."""
    of = CATALOGUE[metric]
    if not isinstance(of, Derived):
        return frozenset()
    words = {word for text in (of.formula, of.client_formula) if text for word in parse(text).inputs}
    named = {word for word in words if word in CATALOGUE}
    return frozenset(named).union(*(inputs_of(word) for word in named))


@cache
def counted_from() -> Mapping[str, Sequence[Metric]]:
    """What is counted from each kind of record; a ledger account is in what its balances are in."""
    found: dict[str, list[Metric]] = defaultdict(list)
    for metric in CATALOGUE.values():
        for entity in entities_of(metric):
            found[entity].append(metric)
    return {**found, LedgerAccount.__name__: found[LedgerBalance.__name__]}


def _may(person: Person, access: Access) -> bool:
    permission = PERMISSIONS.get(access)
    return permission is None or person.has_perm(permission)


def _within(period: Span) -> Q:
    own = Q(period__grain=period.grain, period__starts_on=period.starts_on)
    shorter = Q(period__grain="month") if period.grain != "year" else Q(period__grain__in=["month", "quarter"])
    return own | shorter & Q(period__starts_on__gte=period.starts_on, period__ends_on__lte=period.ends_on)


def _scoped(scope: ScopeRef) -> Q:
    match scope.kind:
        case "organization":
            return Q(scope__organization__slug=scope.slug)
        case "segment":
            return Q(scope__kind="segment", scope__key__in=Segment.objects.filter(name=scope.slug).values("pk"))
    return Q(scope__kind=scope.kind, scope__organization=None)


def _any(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


