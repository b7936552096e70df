"""Working out what is asked for, into the temporary view `outcome`; what becomes of it others decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from metrics.declare import For, Total
from metrics.definitions import VERSIONS
from metrics.models import Origin, State
from metrics.rollup.asked import Asked
from metrics.rollup.bases import Bases
from metrics.rollup.compile import entered_by_hand
from metrics.rollup.count import count
from metrics.rollup.cover import cover
from metrics.rollup.derive import GIVEN, GOOD, derived_sql
from metrics.rollup.gather import gather
from metrics.rollup.in_force import Definitions, lay_definitions, lay_in_force
from metrics.rollup.medians import fill
from metrics.rollup.segments import add_up
from metrics.rollup.sql import execute, ids, lay, text
from metrics.rollup.tables import lay_tables, lay_upper

WORKED = """
CREATE TEMPORARY TABLE worked (
    scope_id bigint NOT NULL, definition_id bigint NOT NULL, period_id bigint NOT NULL, value numeric(20, 8),
    state smallint NOT NULL, cause text, origin smallint NOT NULL, collected numeric(20, 8),
    months smallint, of_months smallint, fact_rows integer, checksum bigint,
    exact numeric,  -- a mean as it goes into formulas, so that they are rounded once
    coverage numeric(7, 6)
) ON COMMIT DROP"""

OUTCOME = """
CREATE TEMPORARY VIEW outcome AS
SELECT w.*, b.basis_id, p.grain
FROM worked w
JOIN scoped s ON s.scope_id = w.scope_id
JOIN period p ON p.id = w.period_id
JOIN basis_of b ON b.definition_id = w.definition_id AND b.period_id = w.period_id
    AND b.kind = s.kind"""


def compute(asked: Asked, known_at: datetime | None = None) -> None:
    """Fill `outcome` for the months asked and the quarters and years that hold them.

    `known_at` asks whose each account was as it was known at an earlier moment.
    """
    for old in ("VIEW IF EXISTS pg_temp.outcome", "TABLE IF EXISTS pg_temp.worked"):
        execute(f"DROP {old}")
    definitions = lay_definitions()
    periods, narrow = lay_tables(asked, known_at)
    read = lay_in_force(definitions, periods)
    execute(WORKED)
    count(asked, periods, narrow, definitions)
    _overlay(definitions)
    sides = list(For) if add_up(definitions) else [For.COMPANY, For.ORGANIZATION]
    Bases(definitions, lay_upper(asked, periods), read).lay(sides)
    _derive_months(definitions, sides)
    execute("ANALYZE worked")
    gather(definitions)
    _derive_upper(definitions, sides)
    execute("ANALYZE worked")
    fill(asked, definitions, sides)
    cover(definitions, sides)
    execute(OUTCOME)


def _overlay(definitions: Definitions) -> None:
    """What people gave: it stands where nothing was collected, and a correction stands over what was.

    They gave it for the metric, so it stands in every version of it.
    """
    by_hand = ", ".join(f"({text(m.key)}, {definitions[name]})" for name, m in VERSIONS.items() if entered_by_hand(m))
    origins = " ".join(f"WHEN {text(kind.value)} THEN {int(origin)}" for kind, origin in GIVEN.items())
    lay("given", f"""
        SELECT a.scope_id, d.definition_id::bigint, a.period_id, e.value, e.kind, CASE e.kind {origins} END AS origin
        FROM asked a
        JOIN entry e ON e.scope_id = a.scope_id AND e.period_id = a.period_id AND e.superseded_at IS NULL
        JOIN (VALUES {by_hand}) d(metric, definition_id) ON d.metric = e.metric
        WHERE NOT EXISTS (
            SELECT 1 FROM kept k WHERE k.definition_id = d.definition_id AND k.period_id = a.period_id)""")
    same = "w.scope_id = g.scope_id AND w.definition_id = g.definition_id AND w.period_id = g.period_id"
    execute(f"""
        UPDATE worked w SET value = g.value, origin = g.origin, state = {int(State.MEASURED)}, cause = NULL,
               collected = CASE WHEN w.state IN (0, 1, 2, 3) THEN w.value END
        FROM given g
        WHERE {same} AND g.origin IS NOT NULL AND (g.kind = 'corrected' OR w.state NOT IN {GOOD})""")
    execute(f"""
        UPDATE worked w SET value = NULL, state = {int(State.NOT_APPLICABLE)}, cause = 'not used',
               fact_rows = NULL, checksum = NULL
        FROM given g WHERE {same} AND g.kind = 'not_used' AND coalesce(w.fact_rows, 0) = 0""")
    totals = ids(definitions[name] for name, metric in VERSIONS.items() if isinstance(metric, Total))
    execute(f"""
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin)
        SELECT g.scope_id, g.definition_id, g.period_id, g.value,
               CASE WHEN g.kind = 'not_used' THEN {int(State.NOT_APPLICABLE)} ELSE {int(State.MEASURED)} END,
               CASE WHEN g.kind = 'not_used' THEN 'not used' END, coalesce(g.origin, {int(Origin.ENTERED)})
        FROM given g
        WHERE g.definition_id <> ALL({totals}) AND NOT EXISTS (SELECT 1 FROM worked w WHERE {same})""")


def _derive_months(definitions: Definitions, sides: Iterable[For]) -> None:
    totals = ids(definitions[name] for name, metric in VERSIONS.items() if isinstance(metric, Total))
    source = """
        SELECT w.scope_id, w.period_id, w.definition_id, w.value, w.state, w.months, w.of_months FROM worked w
        JOIN scoped s ON s.scope_id = w.scope_id AND s.kind = {kind}
        UNION ALL
        SELECT g.scope_id, g.period_id, -g.definition_id, g.value, g.origin::smallint, NULL, NULL FROM given g
        JOIN scoped s ON s.scope_id = g.scope_id AND s.kind = {kind}
        WHERE g.definition_id = ANY({totals}) AND g.origin IS NOT NULL"""
    for scope in sides:
        rows = source.format(kind=text(scope.value), totals=totals)
        execute(derived_sql(scope, definitions, of_months=True, source=rows))


def _derive_upper(definitions: Definitions, sides: Iterable[For]) -> None:
    for scope in sides:
        rows = f"""
            SELECT w.scope_id, w.period_id, w.definition_id, coalesce(w.exact, w.value) AS value, w.state, w.months,
                   w.of_months
            FROM worked w JOIN asked_upper a ON a.scope_id = w.scope_id AND a.period_id = w.period_id
            WHERE a.kind = {text(scope.value)}"""
        execute(derived_sql(scope, definitions, of_months=False, source=rows))
