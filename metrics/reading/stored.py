"""Stored values, one statement a grain however many metrics, scopes and periods are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import connection

from metrics.declare import For, Manual, Metric
from metrics.definitions import CATALOGUE
from metrics.models import Origin, State
from metrics.periods import Span
from metrics.reading.read_through import read_through
from metrics.reading.shapes import COMPANY, Number, Numbers, Person, ScopeRef, client, may_see

TABLES = {"month": "metrics_monthly", "quarter": "metrics_quarterly", "year": "metrics_yearly"}

# Which version of each metric is shown in each period: the one in force, else the one the code declares.
SHOWN = """
WITH shown AS (
    SELECT asked.metric, p.starts_on, p.id AS period_id, d.id AS definition_id, d.version
    FROM unnest(%(metrics)s::text[], %(versions)s::int[]) AS asked(metric, version)
    CROSS JOIN period p
    JOIN definition d ON d.metric = asked.metric AND d.id = coalesce(
        (SELECT i.definition_id FROM in_force i WHERE i.metric = asked.metric AND i.from_on <= p.starts_on
         ORDER BY i.from_on DESC LIMIT 1),
        (SELECT x.id FROM definition x WHERE x.metric = asked.metric AND x.version = asked.version))
    WHERE p.grain = %(grain)s AND p.starts_on = ANY(%(days)s)
)"""
# A pair without a value comes back once with an empty scope: "no row for this client" is not "never worked out".
VALUES = SHOWN + """
SELECT shown.metric, shown.starts_on, shown.version, v.kind, v.slug, v.value, v.state, v.cause, v.origin, v.collected,
       v.months, v.of_months, v.coverage, v.fact_rows
FROM shown LEFT JOIN LATERAL (
    SELECT s.kind, coalesce(o.slug, '') AS slug, m.*
    FROM {table} m JOIN scope s ON s.id = m.scope_id LEFT JOIN organization o ON o.id = s.organization_id
    WHERE m.definition_id = shown.definition_id AND m.period_id = shown.period_id AND {scopes}
) v ON true"""  # noqa: S608 - names of our own
THESE = """m.scope_id = ANY(ARRAY(
        SELECT s.id FROM scope s LEFT JOIN organization o ON o.id = s.organization_id
        WHERE (s.organization_id IS NULL AND s.kind = ANY(%(kinds)s)) OR o.slug = ANY(%(slugs)s)))"""
EVERY_CLIENT = "o.kind = 'client'"


def numbers(
    person: Person, metrics: Iterable[str], scopes: Iterable[ScopeRef], periods: Iterable[Span]
) -> Numbers:
    """Every permitted metric for every scope and period asked, in one query a grain whatever their number."""
    return numbers_of(_permitted(person, metrics), scopes, periods)


def number(person: Person, metric: str, scope: ScopeRef, period: Span) -> Number | None:
    """One value, or None where the person may not see the metric."""
    return numbers(person, [metric], [scope], [period]).get((metric, scope, period))


def for_all_clients(person: Person, metrics: Sequence[str], period: Span) -> dict[ScopeRef, dict[str, Number]]:
    """Every client's values of one period, one query: what rankings and the portfolio are made of."""
    permitted = _permitted(person, metrics)
    scopes = _every_client()
    found = _numbers(permitted, scopes, (period,), EVERY_CLIENT, {})
    return {scope: {metric.key: found[metric.key, scope, period] for metric in permitted} for scope in scopes}


def numbers_of(metrics: Sequence[Metric], scopes: Iterable[ScopeRef], periods: Iterable[Span]) -> Numbers:
    """The same for whoever asks: only for what is worked out here from inputs a person may not see one by one."""
    asked = tuple(dict.fromkeys(scopes))
    names = {"kinds": [ref.kind for ref in asked if not ref.slug], "slugs": [ref.slug for ref in asked if ref.slug]}
    return _numbers(metrics, asked, tuple(dict.fromkeys(periods)), THESE, names)


def _permitted(person: Person, metrics: Iterable[str]) -> tuple[Metric, ...]:
    return tuple(CATALOGUE[key] for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key]))


def _every_client() -> tuple[ScopeRef, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug FROM organization WHERE kind = 'client' AND merged_into_id IS NULL ORDER BY name")
        return tuple(client(slug) for (slug,) in cursor.fetchall())


def _numbers(
    metrics: Sequence[Metric], scopes: Sequence[ScopeRef], periods: Sequence[Span], where: str, values: dict[str, Any]
) -> Numbers:
    stored: dict[tuple[str, ScopeRef, Span], Number] = {}
    worked_out: set[tuple[str, Span]] = set()
    read = read_through(metrics) if metrics and scopes and periods else {}
    for grain in dict.fromkeys(period.grain for period in periods if metrics and scopes):
        by_day = {period.starts_on: period for period in periods if period.grain == grain}
        for row in _rows(metrics, grain, by_day, where, values):
            key, period, kind = row[0], by_day[row[1]], row[3]
            worked_out.add((key, period))
            if kind is not None:
                found = _stored(row, period, read.get(key))
                stored[key, found.scope, period] = found
    return Numbers({
        (metric.key, scope, period): stored.get((metric.key, scope, period))
        or replace(absent(metric, scope, period, (metric.key, period) in worked_out), read_through=read.get(metric.key))
        for metric in metrics for scope in scopes for period in periods
    })


def _stored(row: tuple[Any, ...], period: Span, read: datetime | None) -> Number:
    key, _, version, kind, slug, value, state, cause, origin, collected, months, of_months, coverage, fact_rows = row
    return Number(
        metric=CATALOGUE[key], scope=ScopeRef(kind, slug), period=period, value=value, state=State(state),
        cause=cause or "", origin=Origin(origin), collected=collected, months=months, of_months=of_months,
        coverage=coverage, fact_rows=fact_rows, read_through=read, version=version,
    )


def _rows(
    metrics: Sequence[Metric], grain: str, by_day: dict[date, Span], where: str, values: dict[str, Any]
) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(VALUES.format(table=TABLES[grain], scopes=where), values | {
            "metrics": [metric.key for metric in metrics], "versions": [metric.version for metric in metrics],
            "grain": grain, "days": list(by_day),
        })
        yield from cursor.fetchall()


def absent(metric: Metric, scope: ScopeRef, period: Span, worked_out: bool) -> Number:
    """What it means that no row is stored: not linked for a client, not collected for the company."""
    state, cause = _why_absent(metric, scope, worked_out)
    return Number(metric=metric, scope=scope, period=period, value=None, state=state, cause=cause)


def _why_absent(metric: Metric, scope: ScopeRef, worked_out: bool) -> tuple[State, str]:
    if scope.kind == "organization" and For.ORGANIZATION not in metric.scopes:
        return State.NOT_APPLICABLE, "for the company only"
    if scope == COMPANY and For.COMPANY not in metric.scopes:
        return State.NOT_APPLICABLE, "for clients only"
    if isinstance(metric, Manual):
        return State.NOT_COLLECTED, "not entered"
    if not worked_out or scope == COMPANY:
        return State.NOT_COLLECTED, "nothing read for this period"
    if scope.kind == "not_linked":
        return State.NOT_APPLICABLE, "nothing waits to be linked"
    return State.NOT_LINKED, "no account linked"


