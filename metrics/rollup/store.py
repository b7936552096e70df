"""Storing what was worked out: only rows that differ are written, and closed periods never."""

from __future__ import annotations

from metrics.models import Rollup
from metrics.rollup.sql import execute, fetch

TABLES = {"month": "metrics_monthly", "quarter": "metrics_quarterly", "year": "metrics_yearly"}
# The planner is told at once of so many rows where they are a tenth of the table: believing it empty, the next
# roll-up and the look at the data's quality took minutes.
MANY, A_TENTH = 1_000, 10
COMPARED = (
    "basis_id", "value", "state", "cause", "origin", "collected", "months", "of_months", "coverage", "fact_rows",
    "checksum",
)


def store(rollup: Rollup) -> int:
    """Make the stored values of what was asked equal to `outcome`; how many rows were written or taken away."""
    return sum(_store(grain, table, rollup) for grain, table in TABLES.items())


def _store(grain: str, table: str, rollup: Rollup) -> int:
    same = "v.scope_id = w.scope_id AND v.definition_id = w.definition_id AND v.period_id = w.period_id"
    mine = f"w.grain = '{grain}'"
    old, new = (", ".join(f"{alias}.{name}" for name in COMPARED) for alias in "vw")
    asked = "asked" if grain == "month" else "asked_upper"
    gone = execute(f"""
        DELETE FROM {table} v USING {asked} a
        WHERE v.scope_id = a.scope_id AND v.period_id = a.period_id
          AND v.definition_id IN (SELECT DISTINCT definition_id FROM basis_of)
          AND NOT EXISTS (SELECT 1 FROM worked w WHERE {same})""")
    changed = execute(f"""
        UPDATE {table} v SET {", ".join(f"{name} = w.{name}" for name in COMPARED)}, rollup_id = {rollup.pk}
        FROM outcome w WHERE {same} AND {mine} AND ({old}) IS DISTINCT FROM ({new})""")
    added = execute(f"""
        INSERT INTO {table} (scope_id, definition_id, period_id, rollup_id, revision, {", ".join(COMPARED)})
        SELECT w.scope_id, w.definition_id, w.period_id, {rollup.pk}, 0, {new}
        FROM outcome w WHERE {mine} AND NOT EXISTS (SELECT 1 FROM {table} v WHERE {same})""")
    written = gone + changed + added
    if written >= MANY and written * A_TENTH >= _believed(table):
        execute(f"ANALYZE {table}")
    return written


def _believed(table: str) -> int:
    """How many rows the planner takes a table to have."""
    [(rows,)] = fetch("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
    return int(rows)
