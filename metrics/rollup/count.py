"""Counting facts: one statement for all metrics that share them, for the clients and months that need it."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.declare import Facts, Movement, Opening, Told
from metrics.models import Origin, State
from metrics.periods import Month, months_between
from metrics.rollup.asked import Asked
from metrics.rollup.bases import Definitions
from metrics.rollup.compile import Group, amounts, groups
from metrics.rollup.sql import day, execute, lay, text
from metrics.rollup.tables import company_scope, not_linked_scope


def count(asked: Asked, narrow: frozenset[Month], definitions: Definitions) -> None:
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
               CASE WHEN f.state IN (0, 1, 2, 3) THEN {before} + coalesce(m.value, 0) END,
               CASE WHEN {before} IS NULL THEN v.state ELSE f.state END, f.cause, {int(Origin.COLLECTED)},
               CASE WHEN f.state IN (0, 1, 2, 3) THEN v.fact_rows + coalesce(m.rows, 0) END,
               CASE WHEN f.state IN (0, 1, 2, 3) THEN v.checksum + coalesce(m.checksum, 0) END
        FROM differing d
        JOIN metrics_monthly v ON v.scope_id = {company_scope()} AND v.definition_id = d.definition_id
            AND v.period_id = d.period_id
        JOIN fed f ON f.facts = CASE d.definition_id {fed_as} END AND f.scope_id = v.scope_id
            AND f.period_id = v.period_id
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
    untold = dict.fromkeys(numbers, "false")
    for n, metric in enumerate(group.metrics):
        if isinstance(metric, Told):
            named += [f"a{n}", f"t{n}"]
            untold[n] = f"coalesce(e.a{n}, 0) > 0 AND e.t{n} = 0"
    unsettled = bool(group.facts.unsettled)
    if unsettled:
        named.append("unsettled")
    sums = ", ".join(f"sum({name}) AS {name}" for name in named)
    values = ", ".join(
        f"({definitions[metric.key]}::bigint, e.v{n}, e.n{n}, e.k{n}, {untold[n]})"
        for n, metric in enumerate(group.metrics)
    )
    there = "f.state IN (0, 1, 2, 3) AND NOT u.untold"
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
                AND f.period_id = p.period_id AND f.state IN (0, 1, 2, 3)
            GROUP BY p.period_id
        )
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin, fact_rows, checksum)
        SELECT a.scope_id, u.definition_id, a.period_id,
               CASE WHEN {there} THEN coalesce(u.value, 0) END,
               CASE WHEN u.untold AND f.state IN (0, 1, 2, 3) THEN {int(State.NOT_COLLECTED)}
                    WHEN {doubt} THEN {int(State.INCOMPLETE)} ELSE f.state END,
               CASE WHEN u.untold AND f.state IN (0, 1, 2, 3) THEN 'the vendor does not tell'
                    WHEN {doubt} THEN {_unsettled(group.facts)} ELSE f.cause END,
               {int(Origin.COLLECTED)},
               CASE WHEN {there} THEN coalesce(u.rows, 0) END,
               CASE WHEN {there} THEN coalesce(u.checksum, 0) END
        FROM asked a
        JOIN known_month m ON m.period_id = a.period_id AND {between}
        JOIN fed f ON f.facts = {text(group.fed_as)} AND f.scope_id = a.scope_id AND f.period_id = a.period_id
        LEFT JOIN every e ON e.scope_id = a.scope_id AND e.period_id = a.period_id
        CROSS JOIN LATERAL (VALUES {values}) u(definition_id, value, rows, checksum, untold)
        WHERE {mine}"""


def _unsettled(facts: Facts) -> str:
    if not facts.unsettled:
        return "NULL"
    return f"to_char(e.unsettled, 'FM999,999,999,990.00') || {text(f' {facts.unsettled_words}')}"
