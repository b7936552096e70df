"""Segments: the clients of a kind together, each number added up over them, and formulas worked out from those sums.

A segment adds its clients' values as they stand, corrections included, since nobody can give a segment a number. A
client without an account in a system is no part of what is counted there; one whose month is missing makes the
segment's incomplete. Segments are few, so all of them are worked out wherever anything is: who is in which may have
changed, and what is not linked could be anybody's, so that each one's coverage moves with the company's.
"""

from __future__ import annotations

from metrics.declare import For, facts_of
from metrics.definitions import VERSIONS
from metrics.models import Origin, State
from metrics.rollup.derive import GOOD
from metrics.rollup.in_force import Definitions
from metrics.rollup.sql import execute, fetch, ids, lay

COUNTED = tuple(
    name for name, metric in VERSIONS.items() if metric.is_for(For.SEGMENT) and facts_of(metric) is not None
)

# What an admin types is free text: a segment is known by it, but for case and the spaces around it.
SCOPES = """
INSERT INTO segment (name)
SELECT min(btrim(o.segment)) FROM organization o
WHERE btrim(o.segment) <> ''
  AND NOT EXISTS (SELECT 1 FROM segment g WHERE lower(g.name) = lower(btrim(o.segment)))
GROUP BY lower(btrim(o.segment));
INSERT INTO scope (kind, key)
SELECT 'segment', g.id FROM segment g
WHERE NOT EXISTS (SELECT 1 FROM scope s WHERE s.kind = 'segment' AND s.key = g.id)"""
ASK = """
INSERT INTO scoped (scope_id, kind, organization_id, internal, from_month, to_month)
SELECT id, 'segment', NULL, false, date '0001-01-01', date '9999-12-31' FROM scope WHERE kind = 'segment';
INSERT INTO asked (scope_id, period_id)
SELECT s.scope_id, a.period_id FROM scoped s CROSS JOIN (SELECT DISTINCT period_id FROM asked) a
WHERE s.kind = 'segment';
ANALYZE asked"""
# One that went into another keeps the months before it did.
CLIENTS = """
SELECT c.id AS scope_id, s.id AS segment_id, o.name
FROM organization o
JOIN segment g ON lower(g.name) = lower(btrim(o.segment))
JOIN scope s ON s.kind = 'segment' AND s.key = g.id
JOIN scope c ON c.kind = 'organization' AND c.organization_id = o.id
WHERE o.kind = 'client'"""
# Clients that are not worked out again in a month that is asked for: their values stand as they are stored.
STANDING = """
SELECT c.scope_id, a.period_id FROM client_of c CROSS JOIN (SELECT DISTINCT period_id FROM asked) a
EXCEPT SELECT scope_id, period_id FROM asked"""

ADD_UP = """
INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin, fact_rows, checksum)
SELECT x.segment_id, x.definition_id, x.period_id, CASE WHEN x.state IN (0, 1, 2, 3) THEN x.value END, x.state,
       CASE WHEN x.state = {not_applicable} OR x.all_alike THEN x.cause ELSE x.named END,
       {derived}, x.fact_rows, x.checksum
FROM (
    SELECT t.segment_id, t.definition_id, t.period_id, sum(t.value) AS value, sum(t.fact_rows)::integer AS fact_rows,
           sum(t.checksum)::bigint AS checksum,
           CASE WHEN bool_and(t.apart) THEN {not_applicable}
                WHEN bool_and(t.good OR t.apart) THEN max(t.state) FILTER (WHERE t.good)
                WHEN bool_or(t.good) THEN {incomplete}
                WHEN min(t.state) FILTER (WHERE NOT t.apart) = max(t.state) FILTER (WHERE NOT t.apart)
                THEN max(t.state) FILTER (WHERE NOT t.apart)
                ELSE {incomplete} END::smallint AS state,
           bool_and(t.apart OR NOT t.good) AND min(t.cause) FILTER (WHERE NOT t.apart)
               = max(t.cause) FILTER (WHERE NOT t.apart) AS all_alike,
           coalesce(min(t.cause) FILTER (WHERE NOT t.apart), min(t.cause)) AS cause,
           min(t.name || coalesce(': ' || t.cause, '')) FILTER (WHERE t.state NOT IN (0, 1) AND NOT t.apart) AS named
    FROM (
        SELECT c.segment_id, c.name, v.*, v.state IN {good} AS good, v.state = {not_applicable} AS apart
        FROM (
            SELECT scope_id, definition_id, period_id, value, state, cause, fact_rows, checksum FROM worked
            WHERE definition_id = ANY({counted})
            UNION ALL
            SELECT v.scope_id, v.definition_id, v.period_id, v.value, v.state, v.cause, v.fact_rows, v.checksum
            FROM standing s JOIN metrics_monthly v ON v.scope_id = s.scope_id AND v.period_id = s.period_id
            WHERE v.definition_id = ANY({counted}) AND v.period_id = ANY({months})
        ) v
        JOIN client_of c ON c.scope_id = v.scope_id
    ) t
    GROUP BY 1, 2, 3
) x"""


def add_up(definitions: Definitions) -> bool:
    """Ask for every segment in each month that is asked for, and add its clients up there; whether there is any."""
    execute(SCOPES)
    [(there,)] = fetch("SELECT EXISTS (SELECT 1 FROM scope WHERE kind = 'segment')")
    if there:
        lay("client_of", CLIENTS)
        lay("standing", STANDING)
        months = ids(row for (row,) in fetch("SELECT DISTINCT period_id FROM standing"))
        execute(ASK)
        execute(ADD_UP.format(
            counted=ids(definitions[name] for name in COUNTED), months=months, good=GOOD, derived=int(Origin.DERIVED),
            incomplete=int(State.INCOMPLETE), not_applicable=int(State.NOT_APPLICABLE),
        ))
    return bool(there)
