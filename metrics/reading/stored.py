"""Stored values, one statement a grain however many metrics, scopes and periods are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from metrics.declare import For, Manual, Metric
from metrics.definitions import CATALOGUE, version_of
from metrics.models import Origin, State
from metrics.periods import Span
from metrics.reading.read_through import read_through
from metrics.reading.shapes import COMPANY, Number, Numbers, Person, ScopeRef, may_see, segment

TABLES = {"month": "metrics_monthly", "quarter": "metrics_quarterly", "year": "metrics_yearly"}

# Which version of each metric is shown in each period: the one in force, else the one the code declares.
_SHOWN = """
WITH shown AS (
    SELECT asked.metric, p.starts_on, p.id AS period_id, d.id AS definition_id, d.version
    FROM unnest(%(metrics)s::text[], %(versions)s::int[]) AS asked(metric, version)
    CROSS JOIN period p
    JOIN definition d ON d.metric = asked.metric AND d.id = coalesce(
        {in_force},
        (SELECT x.id FROM definition x WHERE x.metric = asked.metric AND x.version = asked.version))
    WHERE p.grain = %(grain)s AND p.starts_on = ANY(%(days)s)
)"""
_IN_FORCE = """(SELECT i.definition_id FROM in_force i WHERE i.metric = asked.metric AND i.from_on <= {on}
         ORDER BY i.from_on DESC LIMIT 1)"""
SHOWN = _SHOWN.format(in_force=_IN_FORCE.format(on="p.starts_on"))
SHOWN_ON = _SHOWN.format(in_force=_IN_FORCE.format(on="%(on)s"))  # as a longer period beginning on a day reads them
NAMED = _SHOWN.format(in_force="NULL")  # the version asked for and no other
# A pair without a value comes back once without a scope: "no row for this client" is not "never worked out". OFFSET 0
# keeps the planner to one look by both keys for each pair; joined freely it reads a definition's every period.
VALUES = """
SELECT shown.metric, shown.starts_on, v.scope_id, v.value, v.state, v.cause, v.origin, v.collected, v.months,
       v.of_months, v.coverage, v.fact_rows, shown.version, v.basis_id
FROM shown LEFT JOIN LATERAL (
    SELECT * FROM {table} m
    WHERE m.definition_id = shown.definition_id AND m.period_id = shown.period_id AND {scopes} OFFSET 0
) v ON true"""
THESE = "m.scope_id = ANY(%(scopes)s)"
EVERYONE = "true"

SCOPES = """
SELECT s.id, s.kind, '' FROM scope s
WHERE s.organization_id IS NULL AND s.key IS NULL AND s.kind = ANY(%(kinds)s)
UNION ALL
SELECT s.id, s.kind, o.slug FROM organization o JOIN scope s ON s.organization_id = o.id WHERE o.slug = ANY(%(slugs)s)
UNION ALL
SELECT s.id, s.kind, g.name FROM segment g
JOIN scope s ON s.kind = 'segment' AND s.organization_id IS NULL AND s.key = g.id WHERE g.name = ANY(%(segments)s)"""
SEGMENTS = """
SELECT g.name FROM segment g WHERE EXISTS (
    SELECT 1 FROM organization o
    WHERE o.kind = 'client' AND o.merged_into_id IS NULL AND lower(btrim(o.segment)) = lower(g.name))
ORDER BY g.name"""
EVERY_CLIENT = """
SELECT s.id, 'organization', o.slug FROM organization o LEFT JOIN scope s ON s.organization_id = o.id
WHERE o.kind = 'client' AND o.merged_into_id IS NULL ORDER BY o.name"""

STATES = {state.value: state for state in State}
ORIGINS = {origin.value: origin for origin in Origin}

ScopeIds = Mapping[int, ScopeRef]


def numbers(
    person: Person, metrics: Iterable[str], scopes: Iterable[ScopeRef], periods: Iterable[Span]
) -> Numbers:
    """Every permitted metric for every scope and period asked, in one query a grain whatever their number."""
    return numbers_of(_permitted(person, metrics), scopes, periods)


def numbers_by_grain(
    person: Person, asks: Iterable[tuple[Iterable[str], Iterable[Span]]], scopes: Iterable[ScopeRef]
) -> Numbers:
    """Several such questions for the same scopes, whose scopes and readings are looked up once for all."""
    asked = tuple(dict.fromkeys(scopes))
    parts = [(_permitted(person, metrics), tuple(dict.fromkeys(periods))) for metrics, periods in asks]
    if not any(metrics and periods for metrics, periods in parts):
        return Numbers({})
    every = {metric.key: metric for metrics, _ in parts for metric in metrics}
    ids, read = scope_ids(asked), read_through(every.values())
    found: dict[tuple[str, ScopeRef, Span], Number] = {}
    for metrics, periods in parts:
        found |= _numbers(metrics, asked, ids, periods, THESE, read)
    return Numbers(found)


def number(person: Person, metric: str, scope: ScopeRef, period: Span) -> Number | None:
    """One value, or None where the person may not see the metric."""
    return numbers(person, [metric], [scope], [period]).get((metric, scope, period))


def for_all_clients(person: Person, metrics: Sequence[str], period: Span) -> dict[ScopeRef, dict[str, Number]]:
    """Every client's values of one period, one query: what rankings and the portfolio are made of."""
    permitted = _permitted(person, metrics)
    rows = fetched(EVERY_CLIENT, {})
    scopes = [ScopeRef(kind, slug) for _, kind, slug in rows]
    ids = {row: scope for (row, _, _), scope in zip(rows, scopes, strict=True)}
    found = _numbers(permitted, scopes, ids, (period,), EVERYONE)
    return {scope: {metric.key: found[metric.key, scope, period] for metric in permitted} for scope in scopes}


def segments() -> list[ScopeRef]:
    """Every segment that has a client, by name."""
    return [segment(name) for (name,) in fetched(SEGMENTS, {})]


def numbers_of(
    metrics: Sequence[Metric], scopes: Iterable[ScopeRef], periods: Iterable[Span], on: date | None = None
) -> Numbers:
    """The same for whoever asks: only for what is worked out here from inputs a person may not see one by one.

    `on`: in the versions in force that day, as a longer period that begins then reads its months.
    """
    asked = tuple(dict.fromkeys(scopes))
    shown = SHOWN if on is None else SHOWN_ON
    return Numbers(_numbers(metrics, asked, scope_ids(asked), tuple(dict.fromkeys(periods)), THESE, shown=shown, on=on))


def in_version(
    person: Person, metric: str, version: int, scopes: Iterable[ScopeRef], periods: Iterable[Span]
) -> Numbers:
    """One version of a metric, whichever is in force: asked for by name, never compared unasked.

    Raises KeyError where there is no such version.
    """
    declared = version_of(metric, version)
    if declared is None:
        raise KeyError(f"{metric}, version {version}")
    return numbers_of_version(declared, scopes if may_see(person, declared) else (), periods)


def numbers_of_version(metric: Metric, scopes: Iterable[ScopeRef], periods: Iterable[Span]) -> Numbers:
    """The same for whoever asks."""
    asked = tuple(dict.fromkeys(scopes))
    return Numbers(_numbers([metric], asked, scope_ids(asked), tuple(dict.fromkeys(periods)), THESE, shown=NAMED))


def scope_ids(scopes: Sequence[ScopeRef]) -> ScopeIds:
    """The scope rows of those asked for; one that has none is left out."""
    names = {
        "kinds": [ref.kind for ref in scopes if not ref.slug],
        "slugs": [ref.slug for ref in scopes if ref.kind == "organization"],
        "segments": [ref.slug for ref in scopes if ref.kind == "segment"],
    }
    return {row: ScopeRef(kind, slug) for row, kind, slug in fetched(SCOPES, names)} if scopes else {}


def _permitted(person: Person, metrics: Iterable[str]) -> tuple[Metric, ...]:
    return tuple(CATALOGUE[key] for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key]))


def fetched(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _numbers(
    metrics: Sequence[Metric], scopes: Sequence[ScopeRef], ids: ScopeIds, periods: Sequence[Span], where: str,
    read: Mapping[str, datetime] | None = None, shown: str = SHOWN, on: date | None = None,
) -> dict[tuple[str, ScopeRef, Span], Number]:
    if not (metrics and scopes and periods):
        return {}
    found: dict[tuple[str, ScopeRef, Span], Number] = {}
    worked_out: set[tuple[str, Span]] = set()
    read = read_through(metrics) if read is None else read
    for grain in dict.fromkeys(period.grain for period in periods):
        by_day = {period.starts_on: period for period in periods if period.grain == grain}
        for key, day, scope_id, value, state, cause, origin, *rest in fetched(
            shown + VALUES.format(table=TABLES[grain], scopes=where), {
                "metrics": [metric.key for metric in metrics], "versions": [metric.version for metric in metrics],
                "grain": grain, "days": list(by_day), "scopes": list(ids), "on": on,
            }
        ):
            period = by_day[day]
            worked_out.add((key, period))
            if scope := ids.get(scope_id):
                collected, months, of_months, coverage, fact_rows, version, basis = rest
                found[key, scope, period] = Number(
                    version_of(key, version) or CATALOGUE[key], scope, period, value, STATES[state], cause or "",
                    ORIGINS[origin], collected, months, of_months, coverage, fact_rows, read.get(key), version, basis,
                )
    return {
        (metric.key, scope, period): found.get((metric.key, scope, period))
        or absent(metric, scope, period, (metric.key, period) in worked_out, read.get(metric.key))
        for metric in metrics for scope in scopes for period in periods
    }


def absent(metric: Metric, scope: ScopeRef, period: Span, worked_out: bool, read: datetime | None) -> Number:
    """What it means that no row is stored: not linked for a client, not collected for the company."""
    state, cause = _why_absent(metric, scope, worked_out)
    return Number(metric=metric, scope=scope, period=period, value=None, state=state, cause=cause, read_through=read)


def _why_absent(metric: Metric, scope: ScopeRef, worked_out: bool) -> tuple[State, str]:
    if scope.kind in ("organization", "segment") and not metric.is_for(scope.side):
        return State.NOT_APPLICABLE, "for the company only"
    if scope == COMPANY and not metric.is_for(For.COMPANY):
        return State.NOT_APPLICABLE, "for clients only"
    if isinstance(metric, Manual):
        return State.NOT_COLLECTED, "not entered"
    if not worked_out or scope == COMPANY:
        return State.NOT_COLLECTED, "nothing read for this period"
    if scope.kind == "not_linked":
        return State.NOT_APPLICABLE, "nothing waits to be linked"
    return State.NOT_LINKED, "no client of it linked" if scope.kind == "segment" else "no account linked"


