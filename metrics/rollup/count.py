"""Counting facts: one statement for all metrics that share them, for the clients and months that need it."""

from __future__ import annotations

from collections.abc import Sequence

from metrics.declare import Facts, MayBeUntold, Movement, Opening, Standing
from metrics.definitions import VERSIONS, name_of
from metrics.models import Origin, State
from metrics.periods import Month, months_between
from metrics.rollup.asked import Asked
from metrics.rollup.compile import STOOD, Group, amounts, groups
from metrics.rollup.in_force import Definitions
from metrics.rollup.sql import day, execute, fetch, ids, lay, text
from metrics.rollup.tables import Periods, company_scope, not_linked_scope

# The accounts of the clients asked for.
ACCOUNTS = "SELECT DISTINCT o.account_id FROM owned o JOIN asked a ON a.scope_id = o.scope_id"
# What stands open was counted again because it may have moved; where it did not, nothing that rests on it did.
LEAVE = """
WITH now AS (
    SELECT scope_id, period_id, {columns} FROM worked WHERE period_id = ANY({months})
), before AS (
    SELECT a.scope_id, a.period_id, {columns} FROM asked a JOIN metrics_monthly v USING (scope_id, period_id)
    WHERE a.period_id = ANY({months}) AND v.definition_id = ANY({definitions})
), moved AS (
    (TABLE now EXCEPT TABLE before) UNION ALL (TABLE before EXCEPT TABLE now)
), same AS (
    SELECT scope_id, period_id FROM asked WHERE period_id = ANY({months})
    EXCEPT SELECT scope_id, period_id FROM moved
    EXCEPT SELECT {company}, period_id FROM moved  -- its coverage may move though its value does not
), left_out AS (
    DELETE FROM worked w USING same s WHERE w.scope_id = s.scope_id AND w.period_id = s.period_id
)
DELETE FROM asked a USING same s WHERE a.scope_id = s.scope_id AND a.period_id = s.period_id"""
LEFT_BY = "definition_id, value, state, cause, origin, fact_rows, checksum"


def count(asked: Asked, periods: Periods, narrow: frozenset[Month], definitions: Definitions) -> None:
    """Count the facts each month needs; metrics whose facts did not move keep the values that stand.

    Months asked for because something may still stand open at their end are asked for no more where nothing moved.
    """
    company, apart = company_scope(), not_linked_scope()
    accounts = ids(account for (account,) in fetch(ACCOUNTS))
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
            of_accounts = is_narrow and bool(group.facts.account)
            execute(_counted_sql(group, definitions, company, apart, accounts if of_accounts else None))
            if of_accounts:
                differing.append(group)
    if differing:
        _company_by_difference(differing, definitions, company)
    _leave_what_stands(asked, periods, definitions)
    _keep(kept, definitions)
    execute("ANALYZE worked")


def _lay_metric_months(table: str, of: Sequence[Group], definitions: Definitions) -> None:
    rows = [
        f"({definitions[name_of(metric)]}, {day(month.starts_on)})"
        for group in of for metric in group.metrics for month in months_between(*group.span)
    ]
    lay(table, f"""
        SELECT k.definition_id::bigint, m.period_id
        FROM (VALUES {", ".join(rows) or "(0, NULL::date)"}) k(definition_id, month)
        JOIN known_month m ON m.month = k.month""")


def _leave_what_stands(asked: Asked, periods: Periods, definitions: Definitions) -> None:
    months = [month for month in asked.months if (needs := asked.needs(month)) is not None and needs <= STOOD]
    if months:
        kinds = ids(definitions[name] for name, metric in VERSIONS.items() if isinstance(metric, Standing))
        periods_of = ids(periods[month] for month in months)
        execute(LEAVE.format(
                months=periods_of, definitions=kinds, columns=LEFT_BY, company=company_scope()
            ))
        execute("ANALYZE asked")


def _keep(of: Sequence[Group], definitions: Definitions) -> None:
    _lay_metric_months("kept", of, definitions)
    if not of:  # where the planner takes the stored values for a few rows, it would walk them all to find none
        return
    execute("""
        INSERT INTO worked
            (scope_id, definition_id, period_id, value, state, cause, origin, collected, fact_rows, checksum)
        SELECT v.scope_id, v.definition_id, v.period_id, v.value, v.state, v.cause, v.origin, v.collected, v.fact_rows,
               v.checksum
        FROM asked a
        JOIN kept k ON k.period_id = a.period_id
        JOIN metrics_monthly v ON v.scope_id = a.scope_id AND v.definition_id = k.definition_id
            AND v.period_id = k.period_id""")


def _company_by_difference(of: Sequence[Group], definitions: Definitions, company: int) -> None:
    """In narrow months the company moves by as much as the clients asked for, since it is the sum of its parts."""
    _lay_metric_months("differing", of, definitions)
    before = "CASE WHEN v.origin = 0 THEN v.value ELSE v.collected END"
    fed_as = " ".join(
        f"WHEN {definitions[name_of(metric)]} THEN {text(group.fed_as)}" for group in of for metric in group.metrics
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
                WHERE a.scope_id <> {company}
            ) x
            GROUP BY 1, 2
        )
        INSERT INTO worked (scope_id, definition_id, period_id, value, state, cause, origin, fact_rows, checksum)
        SELECT v.scope_id, v.definition_id, v.period_id,
               CASE WHEN f.state IN (0, 1, 2, 3) THEN {before} + coalesce(m.value, 0) END,
               CASE WHEN {before} IS NULL THEN v.state ELSE f.state END,
               CASE WHEN {before} IS NULL THEN v.cause ELSE f.cause END, {int(Origin.COLLECTED)},
               CASE WHEN f.state IN (0, 1, 2, 3) THEN v.fact_rows + coalesce(m.rows, 0) END,
               CASE WHEN f.state IN (0, 1, 2, 3) THEN v.checksum + coalesce(m.checksum, 0) END
        FROM differing d
        JOIN metrics_monthly v ON v.scope_id = {company} AND v.definition_id = d.definition_id
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


def _counted_sql(group: Group, definitions: Definitions, company: int, apart: int, accounts: str | None) -> str:
    """One pass over the facts, the company as the sum of its parts, and a row for each metric, scope and month.

    In narrow months only the `accounts` of the clients asked for are read, and the company is left to them. They are
    written out, so that the planner knows how few they are.
    """
    numbers = range(len(group.metrics))
    named = [f"{letter}{number}" for number in numbers for letter in "vnk"]
    untold = dict.fromkeys(numbers, "false")
    for n, metric in enumerate(group.metrics):
        if isinstance(metric, MayBeUntold):
            named += [f"a{n}", f"t{n}"]
            untold[n] = f"coalesce(e.a{n}, 0) > 0 AND e.t{n} = 0"
    unsettled = bool(group.facts.unsettled)
    if unsettled:
        named.append("unsettled")
    sums = ", ".join(f"sum({name}) AS {name}" for name in named)
    values = ", ".join(
        f"({definitions[name_of(metric)]}::bigint, e.v{n}, e.n{n}, e.k{n}, {untold[n]})"
        for n, metric in enumerate(group.metrics)
    )
    there = "f.state IN (0, 1, 2, 3) AND NOT u.untold"
    only = f" AND {group.account} = ANY({accounts})" if accounts is not None else ""
    mine = f"a.scope_id <> {company}" if accounts is not None else "true"
    if not group.facts.account:
        mine = f"a.scope_id = {company}"
    # What belongs to no account is the company's, of which nothing else is a part.
    nobodys = apart if group.facts.account else company
    together = "" if not group.facts.account else f"""
            UNION ALL
            SELECT {company}, p.period_id, {sums}
            FROM part p JOIN fed f ON f.facts = {text(group.fed_as)} AND f.scope_id = p.scope_id
                AND f.period_id = p.period_id AND f.state IN (0, 1, 2, 3)
            GROUP BY p.period_id"""
    between = f"m.month >= {day(group.span[0].starts_on)} AND m.month < {day(group.span[1].ends_on)}"
    doubt = "coalesce(e.unsettled, 0) <> 0 AND f.state IN (0, 1)" if unsettled else "false"
    return f"""
        WITH counted AS MATERIALIZED (
            SELECT {group.columns} FROM {group.source}{only} GROUP BY 1, 2
        ), part AS (
            SELECT coalesce(scope_id, {nobodys}) AS scope_id, period_id, {", ".join(named)} FROM counted
        ), every AS (
            SELECT * FROM part{together}
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
