"""Quarters and years from their months: all that apply must be there, or there is no value but the reason."""

from __future__ import annotations

from metrics.declare import Across, For
from metrics.definitions import VERSIONS
from metrics.models import State
from metrics.rollup.compile import is_gathered
from metrics.rollup.derive import ABSENT, GOOD, RESOLVED, TOO_LARGE
from metrics.rollup.in_force import Definitions
from metrics.rollup.sql import execute, ids

ACROSS = {  # the measured months' values made one, with what tells the first and the last month of a period apart
    Across.SUM: "sum(x.value) FILTER (WHERE x.good)",
    Across.MEAN: "round(sum(x.value) FILTER (WHERE x.good), 40) / nullif(count(*) FILTER (WHERE x.good), 0)",
    Across.FIRST: "(array_agg(x.value ORDER BY x.number) FILTER (WHERE x.good))[1]",
    Across.LAST: "(array_agg(x.value ORDER BY x.number DESC) FILTER (WHERE x.good))[1]",
}


def gather(definitions: Definitions) -> None:
    """Quarters and years from their months, those asked for and those that stand; all that apply must be there."""
    for across in Across:
        names = [name for name, metric in VERSIONS.items() if is_gathered(metric) and _across(name) is across]
        if names:
            execute(_gathered_sql(ids(definitions[name] for name in names), across))


def _across(name: str) -> Across:
    across: Across = VERSIONS[name].across  # type: ignore[attr-defined]  # every class but plain Derived has one
    return across


def _gathered_sql(wanted: str, across: Across) -> str:
    for_client, otherwise = int(ABSENT[For.ORGANIZATION]), int(ABSENT[For.COMPANY])
    absent = f"CASE WHEN a.kind IN ('organization', 'segment') THEN {for_client} ELSE {otherwise} END"
    columns = "{0}.scope_id, {0}.definition_id, m.period_id, m.number, {0}.value, {1}, {2}, {0}.origin, " \
              "{0}.fact_rows, {0}.checksum"
    # What a month lacked in coverage is not the longer period's: that is told its own.
    covered = f"v.coverage < 1 AND v.cause LIKE '% {RESOLVED}'"
    state = f"CASE WHEN {covered} AND v.state = {int(State.INSUFFICIENT_COVERAGE)} THEN 0 ELSE v.state END AS state"
    cause = f"CASE WHEN NOT coalesce({covered}, false) THEN v.cause END AS cause"
    return f"""
        INSERT INTO worked (scope_id, definition_id, period_id, value, exact, state, cause, origin, months, of_months,
                            fact_rows, checksum)
        SELECT z.scope_id, z.definition_id, z.period_id, CASE WHEN z.final IN {GOOD} THEN round(z.value, 8) END,
               CASE WHEN z.final IN {GOOD} THEN z.value END, z.final,
               CASE WHEN z.due <> 0 AND z.lacking = 0 AND abs(z.value) >= {TOO_LARGE} THEN 'too large to keep'
                    WHEN z.final IN {GOOD} OR z.final <> {int(State.INCOMPLETE)} THEN z.cause
                    ELSE z.months || ' of ' || z.of_months || ' months, without ' || (
                        SELECT string_agg(to_char(m.month, 'Mon YYYY'), ', ' ORDER BY m.number) FROM (
                            SELECT m.month, m.number FROM member m
                            WHERE m.period_id = z.period_id AND z.lacking & (1 << m.number) <> 0
                            ORDER BY m.number LIMIT 3) m
                    ) || CASE WHEN bit_count(z.lacking::bit(12)) > 3 THEN ' and others' ELSE '' END END,
               z.origin, z.months, z.of_months, z.fact_rows, z.checksum
        FROM (
            SELECT y.*, y.due & ~y.present AS lacking,
                   bit_count(y.present::bit(12))::smallint AS months, bit_count(y.due::bit(12))::smallint AS of_months,
                   CASE WHEN y.due = 0 THEN {int(State.NOT_APPLICABLE)}
                        WHEN y.due & ~y.present = 0 AND abs(y.value) >= {TOO_LARGE} THEN {int(State.UNDEFINED)}
                        WHEN y.due & ~y.present = 0 THEN greatest(y.best, CASE WHEN y.running THEN 1 ELSE 0 END)
                        WHEN y.present = 0 AND y.lowest = y.highest
                             AND (y.lowest = y.absent OR y.due & ~y.told = 0) THEN y.lowest
                        ELSE {int(State.INCOMPLETE)} END::smallint AS final
            FROM (
                SELECT g.*, a.running, {absent} AS absent, a.mask & ~g.apart AS due
                FROM (
                    SELECT x.scope_id, x.definition_id, x.period_id, {ACROSS[across]} AS value,
                           coalesce(bit_or(1 << x.number) FILTER (WHERE x.good), 0) AS present,
                           coalesce(bit_or(1 << x.number) FILTER (WHERE x.state = 6), 0) AS apart,
                           bit_or(1 << x.number) AS told,
                           max(x.state) FILTER (WHERE x.good) AS best,
                           min(x.state) FILTER (WHERE NOT x.good AND x.state <> 6) AS lowest,
                           max(x.state) FILTER (WHERE NOT x.good AND x.state <> 6) AS highest,
                           max(x.cause) AS cause,
                           coalesce(max(x.origin) FILTER (WHERE x.origin IN (1, 2, 3)), min(x.origin)) AS origin,
                           sum(x.fact_rows)::integer AS fact_rows, sum(x.checksum)::bigint AS checksum
                    FROM (
                        SELECT {columns.format("w", "w.state", "w.cause")}, w.state IN {GOOD} AS good
                        FROM worked w JOIN member m ON m.month_id = w.period_id
                        WHERE w.definition_id = ANY({wanted})
                        UNION ALL
                        SELECT {columns.format("v", state, cause)}, v.state IN {GOOD}
                        FROM asked_upper a
                        JOIN member m ON m.period_id = a.period_id
                        JOIN metrics_monthly v ON v.scope_id = a.scope_id AND v.period_id = m.month_id
                            AND v.definition_id = ANY({wanted})
                        WHERE NOT EXISTS (
                            SELECT 1 FROM asked q WHERE q.scope_id = a.scope_id AND q.period_id = m.month_id)
                    ) x
                    GROUP BY 1, 2, 3
                ) g
                JOIN asked_upper a ON a.scope_id = g.scope_id AND a.period_id = g.period_id
            ) y
        ) z"""
