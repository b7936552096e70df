"""Working out what is asked for, into the temporary view `outcome`; what becomes of it others decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from metrics.declare import Across, Facts, For, Manual, Movement, Opening, Total
from metrics.definitions import CATALOGUE
from metrics.models import Origin, State
from metrics.periods import Month, months_between
from metrics.rollup.asked import Asked
from metrics.rollup.bases import Bases, Definitions, lay_definitions
from metrics.rollup.compile import Group, amounts, entered_by_hand, groups, is_gathered
from metrics.rollup.derive import ABSENT, GIVEN, GOOD, derived_sql
from metrics.rollup.sql import day, execute, ids, lay, text
from metrics.rollup.tables import company_scope, lay_tables, not_linked_scope

WORKED = """
CREATE TEMPORARY TABLE worked (
    scope_id bigint NOT NULL, definition_id bigint NOT NULL, period_id bigint NOT NULL, value numeric(20, 8),
    state smallint NOT NULL, cause text, origin smallint NOT NULL, collected numeric(20, 8),
    months smallint, of_months smallint, fact_rows integer, checksum bigint
) ON COMMIT DROP"""

OUTCOME = """
CREATE TEMPORARY VIEW outcome AS
SELECT w.*, b.basis_id, p.grain
FROM worked w
JOIN scoped s ON s.scope_id = w.scope_id
JOIN period p ON p.id = w.period_id
JOIN basis_of b ON b.definition_id = w.definition_id AND b.period_id = w.period_id
    AND b.client = (s.kind = 'organization')"""


def compute(asked: Asked, known_at: datetime | None = None) -> None:
    """Fill `outcome` for the months asked and the quarters and years that hold them.

    `known_at` asks whose each account was as it was known at an earlier moment.
    """
    for old in ("VIEW IF EXISTS pg_temp.outcome", "TABLE IF EXISTS pg_temp.worked"):
        execute(f"DROP {old}")
    definitions = lay_definitions()
    periods, narrow = lay_tables(asked, known_at)
    Bases(definitions, periods).lay()
    execute(WORKED)
    _count(asked, narrow, definitions)
    _overlay(definitions)
    _derive_months(definitions)
    execute("ANALYZE worked")
    _gather(definitions)
    _derive_upper(definitions)
    execute("ANALYZE worked")
    execute(OUTCOME)


def _count(asked: Asked, narrow: frozenset[Month], definitions: Definitions) -> None:
    """Count the facts each month needs; metrics whose facts did not move keep the values that stand."""
    kept: list[Group] = []
    differing: list[Group] = []
    alike = {(asked.needs(month), month in narrow) for month in asked.months}
    for needs, is_narrow in alike:
        months = [month for month in asked.months if (asked.needs(month), month in narrow) == (needs, is_narrow)]
        for group in groups(_spans(months)):
            if not group.needed(needs):
                kept.append(group)
                continue
            first = group.metrics[0]
            if isinstance(first, Movement | Opening):
                lay("amount", amounts(first.bridge))
            execute(_counted_sql(group, definitions, is_narrow))
            if is_narrow:
                differing.append(group)
    _keep(kept, definitions)
    if differing:
        _company_by_difference(differing, definitions)
    execute("ANALYZE worked")


def _lay_metric_months(table: str, of: Sequence[Group], definitions: Definitions) -> None:
    rows = [
        f"({definitions[metric.key]}, {day(month.starts_on)})"
        for group in of for metric in group.metrics for month in months_between(*group.span)
    ]
    lay(table, f"""
        SELECT k.definition_id::bigint, m.period_id
        FROM (VALUES {", ".join(rows) or "(0, NULL::date)"}) k(definition_id, month)
        JOIN known_month m ON m.month = k.month""")


def _keep(of: Sequence[Group], definitions: Definitions) -> None:
    _lay_metric_months("kept", of, definitions)
    execute("""
        INSERT INTO worked
            (scope_id, definition_id, period_id, value, state, cause, origin, collected, fact_rows, checksum)
        SELECT v.scope_id, v.definition_id, v.period_id, v.value, v.state, v.cause, v.origin, v.collected, v.fact_rows,
               v.checksum
        FROM asked a
        JOIN kept k ON k.period_id = a.period_id
        JOIN metrics_monthly v ON v.scope_id = a.scope_id AND v.definition_id = k.definition_id
            AND v.period_id = k.period_id""")


def _company_by_difference(of: Sequence[Group], definitions: Definitions) -> None:
    """In narrow months the company moves by as much as the clients asked for, since it is the sum of its parts."""
    _lay_metric_months("differing", of, definitions)
    before = "CASE WHEN v.origin = 0 THEN v.value ELSE v.collected END"
    fed_as = " ".join(
        f"WHEN {definitions[metric.key]} THEN {text(group.fed_as)}" for group in of for metric in group.metrics
    )
    execute(f"""
        WITH moved AS (
            SELECT x.definition_id, x.period_id, sum(x.value) AS value, sum(x.rows) AS rows,
                   sum(x.checksum) AS checksum
            FROM (
                SELECT w.definition_id, w.period_id, w.value, w.fact_rows AS rows, w.checksum
                FROM worked w JOIN differing d ON d.definition_id = w.definition_id AND d.period_id = w.period_id
                UNION ALL
                SELECT v.definition_id, v.period_id, -({before}), -v.fact_rows, -v.checksum
                FROM asked a
                JOIN differing d ON d.period_id = a.period_id
                JOIN metrics_monthly v ON v.scope_id = a.scope_id AND v.definition_id = d.definition_id
                    AND v.period_id = d.period_id
                WHERE a.scope_id <> {company_scope()}
            ) x
            GROUP BY 1, 2
        )
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin, fact_rows, checksum)
        SELECT v.scope_id, v.definition_id, v.period_id,
               CASE WHEN f.state IN (0, 1, 2) THEN {before} + coalesce(m.value, 0) END,
               CASE WHEN {before} IS NULL THEN v.state ELSE f.state END, f.cause, {int(Origin.COLLECTED)},
               CASE WHEN f.state IN (0, 1, 2) THEN v.fact_rows + coalesce(m.rows, 0) END,
               CASE WHEN f.state IN (0, 1, 2) THEN v.checksum + coalesce(m.checksum, 0) END
        FROM differing d
        JOIN metrics_monthly v ON v.scope_id = {company_scope()} AND v.definition_id = d.definition_id
            AND v.period_id = d.period_id
        JOIN fed f ON f.facts = CASE d.definition_id {fed_as} END AND f.scope_id = v.scope_id AND f.period_id = v.period_id
        LEFT JOIN moved m ON m.definition_id = d.definition_id AND m.period_id = d.period_id""")


def _spans(months: list[Month]) -> list[tuple[Month, Month]]:
    """Months that follow one another are read in one go."""
    spans: list[tuple[Month, Month]] = []
    for month in months:
        if spans and spans[-1][1].shift(1) == month:
            spans[-1] = (spans[-1][0], month)
        else:
            spans.append((month, month))
    return spans


def _counted_sql(group: Group, definitions: Definitions, narrow: bool) -> str:
    """One pass over the facts, the company as the sum of its parts, and a row for each metric, scope and month.

    In narrow months only the accounts of the clients asked for are read, and the company is left to them.
    """
    numbers = range(len(group.metrics))
    named = [f"{letter}{number}" for number in numbers for letter in "vnk"]
    unsettled = bool(group.facts.unsettled)
    if unsettled:
        named.append("unsettled")
    sums = ", ".join(f"sum({name}) AS {name}" for name in named)
    values = ", ".join(
        f"({definitions[metric.key]}::bigint, e.v{n}, e.n{n}, e.k{n})" for n, metric in enumerate(group.metrics)
    )
    only = f" AND {group.account} IN (SELECT account_id FROM asked_account)" if narrow else ""
    mine = f"a.scope_id <> {company_scope()}" if narrow else "true"
    if not group.facts.account:
        mine = f"a.scope_id = {company_scope()}"
    between = f"m.month >= {day(group.span[0].starts_on)} AND m.month < {day(group.span[1].ends_on)}"
    doubt = "coalesce(e.unsettled, 0) <> 0 AND f.state IN (0, 1)" if unsettled else "false"
    return f"""
        WITH counted AS MATERIALIZED (
            SELECT {group.columns} FROM {group.source}{only} GROUP BY 1, 2
        ), part AS (
            SELECT coalesce(scope_id, {not_linked_scope()}) AS scope_id, period_id, {", ".join(named)} FROM counted
        ), every AS (
            SELECT * FROM part
            UNION ALL
            SELECT {company_scope()}, p.period_id, {sums}
            FROM part p JOIN fed f ON f.facts = {text(group.fed_as)} AND f.scope_id = p.scope_id
                AND f.period_id = p.period_id AND f.state IN (0, 1, 2)
            GROUP BY p.period_id
        )
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin, fact_rows, checksum)
        SELECT a.scope_id, u.definition_id, a.period_id,
               CASE WHEN f.state IN (0, 1, 2) THEN coalesce(u.value, 0) END,
               CASE WHEN {doubt} THEN {int(State.INCOMPLETE)} ELSE f.state END,
               CASE WHEN {doubt} THEN {_unsettled(group.facts)} ELSE f.cause END,
               {int(Origin.COLLECTED)},
               CASE WHEN f.state IN (0, 1, 2) THEN coalesce(u.rows, 0) END,
               CASE WHEN f.state IN (0, 1, 2) THEN coalesce(u.checksum, 0) END
        FROM asked a
        JOIN known_month m ON m.period_id = a.period_id AND {between}
        JOIN fed f ON f.facts = {text(group.fed_as)} AND f.scope_id = a.scope_id AND f.period_id = a.period_id
        LEFT JOIN every e ON e.scope_id = a.scope_id AND e.period_id = a.period_id
        CROSS JOIN LATERAL (VALUES {values}) u(definition_id, value, rows, checksum)
        WHERE {mine}"""


def _unsettled(facts: Facts) -> str:
    if not facts.unsettled:
        return "NULL"
    return f"to_char(e.unsettled, 'FM999,999,999,990.00') || {text(f' {facts.unsettled_words}')}"


def _overlay(definitions: Definitions) -> None:
    """What people gave: it stands where nothing was collected, and a correction stands over what was."""
    by_hand = ", ".join(f"({text(key)}, {definitions[key]})" for key, m in CATALOGUE.items() if entered_by_hand(m))
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
    totals = ids(definitions[key] for key, metric in CATALOGUE.items() if isinstance(metric, Total))
    execute(f"""
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin)
        SELECT g.scope_id, g.definition_id, g.period_id, g.value,
               CASE WHEN g.kind = 'not_used' THEN {int(State.NOT_APPLICABLE)} ELSE {int(State.MEASURED)} END,
               CASE WHEN g.kind = 'not_used' THEN 'not used' END, coalesce(g.origin, {int(Origin.ENTERED)})
        FROM given g
        WHERE g.definition_id <> ALL({totals}) AND NOT EXISTS (SELECT 1 FROM worked w WHERE {same})""")


def _derive_months(definitions: Definitions) -> None:
    totals = ids(definitions[key] for key, metric in CATALOGUE.items() if isinstance(metric, Total))
    source = """
        SELECT w.scope_id, w.period_id, w.definition_id, w.value, w.state, w.months, w.of_months FROM worked w
        JOIN scoped s ON s.scope_id = w.scope_id AND s.kind = {kind}
        UNION ALL
        SELECT g.scope_id, g.period_id, -g.definition_id, g.value, g.origin::smallint, NULL, NULL FROM given g
        JOIN scoped s ON s.scope_id = g.scope_id AND s.kind = {kind}
        WHERE g.definition_id = ANY({totals}) AND g.origin IS NOT NULL"""
    for scope in For:
        rows = source.format(kind=text(scope.value), totals=totals)
        execute(derived_sql(scope, definitions, of_months=True, source=rows))


def _derive_upper(definitions: Definitions) -> None:
    for scope in For:
        rows = f"""
            SELECT w.scope_id, w.period_id, w.definition_id, w.value, w.state, w.months, w.of_months FROM worked w
            JOIN asked_upper a ON a.scope_id = w.scope_id AND a.period_id = w.period_id
            WHERE a.kind = {text(scope.value)}"""
        execute(derived_sql(scope, definitions, of_months=False, source=rows))


ACROSS = {  # the measured months' values made one, with what tells the first and the last month of a period apart
    Across.SUM: "sum(x.value) FILTER (WHERE x.good)",
    Across.MEAN: "round(round(sum(x.value) FILTER (WHERE x.good), 40) / nullif(count(*) FILTER (WHERE x.good), 0), 8)",
    Across.FIRST: "(array_agg(x.value ORDER BY x.number) FILTER (WHERE x.good))[1]",
    Across.LAST: "(array_agg(x.value ORDER BY x.number DESC) FILTER (WHERE x.good))[1]",
}


def _gather(definitions: Definitions) -> None:
    """Quarters and years from their months, those asked for and those that stand; all that apply must be there."""
    for across in Across:
        keys = [key for key, metric in CATALOGUE.items() if is_gathered(metric) and _across(key) is across]
        if keys:
            execute(_gathered_sql(ids(definitions[key] for key in keys), across))


def _across(key: str) -> Across:
    metric = CATALOGUE[key]
    across: Across = getattr(metric, "across", Across.SUM) if not isinstance(metric, Manual) else metric.across
    return across


def _gathered_sql(wanted: str, across: Across) -> str:
    for_client, otherwise = int(ABSENT[For.ORGANIZATION]), int(ABSENT[For.COMPANY])
    absent = f"CASE WHEN a.kind = 'organization' THEN {for_client} ELSE {otherwise} END"
    columns = "{0}.scope_id, {0}.definition_id, m.period_id, m.number, {0}.value, {0}.state, {0}.cause, {0}.origin, " \
              "{0}.fact_rows, {0}.checksum"
    return f"""
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin, months, of_months,
                            fact_rows, checksum)
        SELECT z.scope_id, z.definition_id, z.period_id, CASE WHEN z.final IN {GOOD} THEN z.value END, z.final,
               CASE WHEN z.final IN {GOOD} OR z.final <> {int(State.INCOMPLETE)} THEN z.cause
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
                        SELECT {columns.format("w")}, w.state IN {GOOD} AS good
                        FROM worked w JOIN member m ON m.month_id = w.period_id
                        WHERE w.definition_id = ANY({wanted})
                        UNION ALL
                        SELECT {columns.format("v")}, v.state IN {GOOD}
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
