"""What people enter in soft-closed months: laid over what was collected by the close, with no fact read again.

A counted value takes its entry, or what was collected shows again where an entry was taken back; then formulas,
quarters and years follow from the stored values, by the links known at the close. Of what a correction stood over only
the number is kept: taken back after the close, it counts as measured.
"""

from __future__ import annotations

from dataclasses import replace

from metrics.declare import facts_of
from metrics.definitions import CATALOGUE
from metrics.models import Origin, Rollup, State
from metrics.rollup.asked import ENTRY, Asked, Part
from metrics.rollup.compute import compute
from metrics.rollup.cover import BY_HAND
from metrics.rollup.derive import GIVEN, GOOD
from metrics.rollup.restate import by_moment_of_close
from metrics.rollup.sql import execute
from metrics.rollup.store import store

COUNTED = [key for key, metric in CATALOGUE.items() if facts_of(metric) is not None]
ORIGINS = " ".join(f"WHEN '{kind.value}' THEN {int(origin)}" for kind, origin in GIVEN.items())

LAID = f"""
WITH mine AS (
    SELECT v.scope_id, v.definition_id, v.period_id, e.value AS given, e.kind,
           CASE WHEN v.origin IN {BY_HAND} THEN v.collected ELSE v.value END AS base,
           CASE WHEN v.origin IN {BY_HAND} AND v.collected IS NULL OR v.cause = 'not used'
                THEN {int(State.NOT_COLLECTED)}
                WHEN v.origin = {int(Origin.CORRECTED)} THEN {int(State.MEASURED)}
                WHEN v.origin IN {BY_HAND} THEN {int(State.INCOMPLETE)} ELSE v.state END AS base_state,
           CASE WHEN v.origin NOT IN {BY_HAND} AND v.cause <> 'not used' THEN v.cause END AS base_cause,
           coalesce(v.fact_rows, 0) = 0 AS nothing_counted
    FROM metrics_monthly v
    JOIN unnest(%(scopes)s::bigint[], %(months)s::date[]) x(scope_id, month) ON x.scope_id = v.scope_id
    JOIN period p ON p.id = v.period_id AND p.grain = 'month' AND p.starts_on = x.month
    JOIN definition d ON d.id = v.definition_id AND d.metric = ANY(%(counted)s)
    LEFT JOIN entry e ON e.metric = d.metric AND e.scope_id = v.scope_id AND e.period_id = v.period_id
        AND e.superseded_at IS NULL
), judged AS (
    SELECT *, coalesce(kind = 'corrected' OR kind <> 'not_used' AND base_state NOT IN {GOOD}, false) AS stands,
           coalesce(kind = 'not_used' AND nothing_counted, false) AS unused FROM mine
), laid AS (
    SELECT scope_id, definition_id, period_id,
           CASE WHEN stands THEN given WHEN NOT unused THEN base END AS value,
           CASE WHEN stands THEN {int(State.MEASURED)} WHEN unused THEN {int(State.NOT_APPLICABLE)}
                ELSE base_state END::smallint AS state,
           CASE WHEN stands THEN NULL WHEN unused THEN 'not used' ELSE base_cause END AS cause,
           CASE WHEN stands THEN CASE kind {ORIGINS} END ELSE {int(Origin.COLLECTED)} END::smallint AS origin,
           CASE WHEN stands THEN base END AS collected
    FROM judged
)
UPDATE metrics_monthly v
SET value = l.value, state = l.state, cause = l.cause, origin = l.origin, collected = l.collected,
    rollup_id = %(rollup)s
FROM laid l
WHERE v.scope_id = l.scope_id AND v.definition_id = l.definition_id AND v.period_id = l.period_id
  AND (v.value, v.state, v.cause, v.origin, v.collected)
      IS DISTINCT FROM (l.value, l.state, l.cause, l.origin, l.collected)"""

# Counted for others but never for this one, as for a client without an account there.
ADDED = f"""
INSERT INTO metrics_monthly (scope_id, definition_id, period_id, basis_id, value, state, origin, rollup_id, revision)
SELECT e.scope_id, d.id, e.period_id, b.basis_id, e.value,
       CASE e.kind WHEN 'not_used' THEN {int(State.NOT_APPLICABLE)} ELSE {int(State.MEASURED)} END,
       CASE e.kind {ORIGINS} ELSE {int(Origin.COLLECTED)} END, %(rollup)s, 0
FROM entry e
JOIN unnest(%(scopes)s::bigint[], %(months)s::date[]) x(scope_id, month) ON x.scope_id = e.scope_id
JOIN period p ON p.id = e.period_id AND p.starts_on = x.month
JOIN definition d ON d.metric = e.metric AND d.metric = ANY(%(counted)s)
CROSS JOIN LATERAL (
    SELECT v.basis_id FROM metrics_monthly v WHERE v.definition_id = d.id AND v.period_id = e.period_id LIMIT 1) b
WHERE e.superseded_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM metrics_monthly v
    WHERE v.scope_id = e.scope_id AND v.definition_id = d.id AND v.period_id = e.period_id)"""


def lay_entries(asked: Asked, rollup: Rollup) -> int:
    """Work out again what was entered in soft-closed months, and nothing else there; how many rows were written."""
    written = 0
    for known_at, months in by_moment_of_close(asked.entered):
        of = [(scope, month) for month in months for scope in asked.entered[month]]
        values = {
            "scopes": [scope for scope, _ in of], "months": [month.starts_on for _, month in of],
            "counted": COUNTED, "rollup": rollup.pk,
        }
        written += execute(LAID, values) + execute(ADDED, values)
        partly = {month: Part(asked.entered[month], frozenset({ENTRY})) for month in months}
        compute(replace(asked, whole=frozenset(), partly=partly, closed_through=None), known_at)
        written += store(rollup)
    return written
