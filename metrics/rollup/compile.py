"""Declarations to SQL: facts that share a relation and a day are counted in one grouped statement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from metrics.declare import (
    Bridge,
    Derived,
    Facts,
    Flow,
    For,
    Manual,
    MayBeUntold,
    Measured,
    Median,
    Metric,
    Movement,
    Opening,
    Part,
    Standing,
    Stock,
    Told,
    Total,
    facts_of,
)
from metrics.definitions import VERSIONS, versions_of
from metrics.formula import Formula, parse
from metrics.periods import Month
from metrics.rollup.sql import day, text
from metrics.settings import COLUMNS

RULE = re.compile(r"(?<![:\w]):([a-z_]+)")
# A cheap mark of which rows were counted: PostgreSQL's own integer hash of each row's id, added up.
CHECKSUM = "sum(hashint8(({row})::bigint))"

def entities_of(facts: Facts) -> list[str]:
    """The entities whose readings rule these facts."""
    return [entity.__name__ for entity in (facts.entity, *facts.also)]


def moved_by(facts: Facts) -> list[str]:
    """The entities whose marks ask for these facts: those that rule them, and those read beside them."""
    return [*entities_of(facts), *(entity.__name__ for entity in facts.beside)]


def bridges() -> list[Bridge]:
    found = {m.bridge.facts.name: m.bridge for m in VERSIONS.values() if isinstance(m, Movement | Opening)}
    return list(found.values())


def moved(bridge: Bridge) -> str:
    """The name under which `fed` keeps whether a month and the one before it were both read."""
    return f"{bridge.facts.name}, moved"


FACTS = {name: facts for name, metric in VERSIONS.items() if (facts := facts_of(metric))}
COUNTED = frozenset(name for facts in FACTS.values() for name in moved_by(facts))  # entities metrics count
# What happened once and is looked back at from the end of each month since.
LOOKED_BACK_AT = frozenset(
    entity.__name__ for facts in FACTS.values() for entity in facts.beside if not hasattr(entity, "state_model")
)
STANDING = frozenset(
    name for of, facts in FACTS.items() if isinstance(VERSIONS[of], Standing) for name in entities_of(facts)
)
BRIDGED = frozenset(
    name for of, facts in FACTS.items() if isinstance(VERSIONS[of], Movement) for name in entities_of(facts)
)


def standing(entity: str) -> str:
    """What a month needs where an entity moved earlier and may still stand open at its end."""
    return f"{entity}, standing"


STOOD = frozenset(standing(name) for name in STANDING)


PARTS: Mapping[Part, tuple[str, str]] = {  # what is added up, and over which things
    Part.NEW: ("now", "before <= 0 AND now > 0"),
    Part.LOST: ("before", "before > 0 AND now <= 0"),
    Part.EXPANSION: ("now - before", "before > 0 AND now > before"),
    Part.CONTRACTION: ("before - now", "now > 0 AND now < before"),
}


@dataclass(frozen=True)
class Group:
    """Metrics counted in one statement: the SELECT by (scope, month) and each metric's place in it."""

    fed_as: str  # the name under which the facts' states are kept
    facts: Facts
    metrics: tuple[Measured, ...]
    columns: str  # v, n and k of each metric: value, rows and checksum; of a Told a and t: rows among, rows told
    source: str  # FROM and WHERE, with the alias `r` for the month and its rules
    span: tuple[Month, Month]  # the months it counts, both included

    @property
    def account(self) -> str:
        return "p.account_id" if isinstance(self.metrics[0], Movement | Opening) else self.facts.account

    def needed(self, needs: frozenset[str] | None) -> bool:
        """Whether any of these entities is counted here."""
        if needs is None:
            return True
        mine = set(moved_by(self.facts))
        if isinstance(self.metrics[0], Standing):
            mine |= {standing(name) for name in mine}
        return bool(mine & needs)


@cache
def in_order() -> tuple[Metric, ...]:
    """Every version of every metric, after all versions of those it is worked out from.

    Raises ValueError where they go round in a circle.
    """
    placed: dict[str, Metric] = {}

    def place(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"{' -> '.join([*path, name])} goes round in a circle.")
        if name not in placed:
            metric = VERSIONS[name]
            for scope in For:
                for needed in formula_inputs(metric, scope):
                    for version in versions_of(needed):
                        place(version, (*path, name))
            placed[name] = metric

    for name in VERSIONS:
        place(name, ())
    return tuple(placed.values())


def formula_of(metric: Derived, scope: For) -> Formula:
    return parse(metric.formula_for(scope))


def formula_inputs(metric: Metric, scope: For) -> tuple[str, ...]:
    """The metrics a metric is worked out from."""
    if not isinstance(metric, Derived):
        return ()
    return tuple(word for word in formula_of(metric, scope).inputs if word not in COLUMNS)


def is_gathered(metric: Metric) -> bool:
    """Whether a longer period is made of the metric's own months, and not worked out afresh."""
    return isinstance(metric, Total) or not isinstance(metric, Derived)


def with_rules(sql: str, alias: str = "r") -> str:
    """`:rule_name` becomes the column that holds the rule for the row's month."""
    return RULE.sub(lambda match: f"{alias}.{match[1]}", sql)


def counted(aggregate: str, where: str) -> str:
    return f"{aggregate} FILTER (WHERE {with_rules(where)})" if where else aggregate


def _columns(number: int, value: str, rows: str, checksum: str) -> str:
    # Rounded here, to the places values are stored with, so that clients add up to the company to the last of them.
    return f"round(({value})::numeric, 8) AS v{number}, {rows} AS n{number}, {checksum} AS k{number}"


def _owner(facts: Facts, on: str) -> tuple[str, str, str]:
    """The scope a row counts for, the join that finds it, and what must hold of it."""
    if not facts.account:
        return "NULL::bigint", "", "true"
    join = f"LEFT JOIN owned o ON o.account_id = {facts.account} AND {on} >= o.starts_on AND {on} < o.ends_on"
    kept = "o.ignored IS NOT TRUE" + ("" if facts.internal else " AND o.internal IS NOT TRUE")
    return "o.scope_id", join, kept


def _counts_on(facts: Facts, on: str) -> str:
    """The connection's own days: outside them its facts count nowhere."""
    return f"JOIN connection c ON c.id = {facts.connection} AND {on} >= c.counts_from AND {on} < c.counts_to"


def groups(spans: Sequence[tuple[Month, Month]]) -> Iterator[Group]:
    """Every statement the catalogue needs for some spans of months (first and last, both included)."""
    flows: dict[tuple[str, str], list[Flow]] = {}
    standings: dict[tuple[str, str, str], list[Standing]] = {}
    stocks: dict[str, list[Stock]] = {}
    moves: dict[str, list[Movement | Opening]] = {}
    for metric in VERSIONS.values():
        match metric:
            case Flow(facts=facts, dated=dated):
                flows.setdefault((facts.name, dated), []).append(metric)
            case Standing(facts=facts, began=began, until=until):
                standings.setdefault((facts.name, began, until), []).append(metric)
            case Stock(facts=facts):
                stocks.setdefault(facts.name, []).append(metric)
            case Movement(bridge=bridge) | Opening(bridge=bridge):
                moves.setdefault(bridge.facts.name, []).append(metric)
    for span in spans:
        for flow_group in flows.values():
            yield _flows(flow_group, *span)
        for standing_group in standings.values():
            yield _standings(standing_group, *span)
        for stock_group in stocks.values():
            yield _stocks(stock_group, *span)
        for move_group in moves.values():
            yield _moves(move_group, *span)


def _select(facts: Facts, metrics: Sequence[Flow | Stock | Standing]) -> str:
    checksum = CHECKSUM.format(row=facts.row)
    columns = [
        _columns(
            number, counted(getattr(metric, "value", "count(*)"), metric.where),
            counted("count(*)", metric.where), counted(checksum, metric.where),
        )
        for number, metric in enumerate(metrics)
    ]
    for number, metric in enumerate(metrics):
        if isinstance(metric, MayBeUntold):
            columns += [f"{counted('count(*)', metric.among)} AS a{number}",
                        f"{counted('count(*)', metric.told)} AS t{number}"]  # fmt: skip
    if facts.unsettled:
        columns.append(f"{facts.unsettled} AS unsettled")
    return ", ".join(columns)


def _flows(metrics: Sequence[Flow], first: Month, last: Month, months: str = "known_month") -> Group:
    facts, dated = metrics[0].facts, metrics[0].dated
    scope, owner, kept = _owner(facts, dated)
    columns = _select(facts, metrics)
    source = f"""{facts.sql.replace("{day}", dated)}
        JOIN {months} r ON r.month = date_trunc('month', {dated}::timestamp)::date AND r.rolled
        {_counts_on(facts, dated)}
        {owner}
        WHERE {dated} >= {day(first.starts_on)} AND {dated} < {day(last.ends_on)}
          AND {facts.keep or "true"} AND {kept}"""
    rows = f"{scope} AS scope_id, r.period_id, {columns}"
    return Group(facts.name, facts, tuple(metrics), rows, with_rules(source), (first, last))


def told_by_rows(medians: Sequence[Median], first: Month, last: Month, months: str) -> str:
    """A SELECT of the owner, the month and what each of some medians of flows of one day takes from a row, or NULL.

    `months` is a table of months with their rules, as `known_month` is.
    """
    flows = [median.of for median in medians]
    group = _flows(flows, first, last, months)
    conditions = [f"({with_rules(flow.where)})" if flow.where else "true" for flow in flows]
    told = ", ".join(
        f"CASE WHEN {condition} THEN {with_rules(median.each)} END AS m{number}"
        for number, (median, condition) in enumerate(zip(medians, conditions, strict=True))
    )
    scope = "o.scope_id" if group.facts.account else "NULL::bigint AS scope_id"
    return f"SELECT {scope}, r.period_id, {told} FROM {group.source} AND ({' OR '.join(conditions)})"


def untold(metric: Told, month: Month) -> str:
    """A boolean in SQL: whether there are rows of which it could be told in a month, of anyone, and none is."""
    rows = f"SELECT 1 FROM {_flows([metric], month, month).source}"
    return f"(NOT EXISTS ({rows} AND ({with_rules(metric.told)})) AND EXISTS ({rows} AND ({with_rules(metric.among)})))"


def stood(began: str, until: str) -> str:
    """Whether a thing stood at the end of any month, as the index of those that did has it: most never do."""
    return f"({until} IS NULL OR date_trunc('month', ({began})::timestamp) < date_trunc('month', ({until})::timestamp))"


def _standings(metrics: Sequence[Standing], first: Month, last: Month) -> Group:
    """A thing counts at each month end between the day it began and the day it ended; most end where they begin."""
    facts, began, until = metrics[0].facts, metrics[0].began, metrics[0].until
    at_end = "(r.ends_on - 1)"
    scope, owner, kept = _owner(facts, at_end)
    source = f"""{facts.sql.replace("{day}", began)}
        CROSS JOIN LATERAL generate_series(
            date_trunc('month', greatest({began}, {day(first.starts_on)})::timestamp),
            least(date_trunc('month', ({until})::timestamp) - interval '1 month', timestamp '{last.starts_on}'),
            interval '1 month') AS stood(month)
        JOIN known_month r ON r.month = stood.month::date AND r.rolled
        {_counts_on(facts, at_end)}
        {owner}
        WHERE {began} < {day(last.ends_on)} AND (({until}) >= {day(first.ends_on)} OR ({until}) IS NULL)
          AND {stood(began, until)}
          AND {facts.keep or "true"} AND {kept}"""
    rows = f"{scope} AS scope_id, r.period_id, {_select(facts, metrics)}"
    return Group(facts.name, facts, tuple(metrics), rows, with_rules(source), (first, last))


def _stocks(metrics: Sequence[Stock], first: Month, last: Month) -> Group:
    facts = metrics[0].facts
    scope, owner, kept = _owner(facts, "d.day")
    source = f"""stock_day d
        JOIN known_month r ON r.period_id = d.period_id AND r.rolled
        CROSS JOIN {_listed(facts)}
        {owner}
        WHERE {_within(first, last)} AND {_stands(facts)} AND {kept}"""
    rows = f"{scope} AS scope_id, r.period_id, {_select(facts, metrics)}"
    return Group(facts.name, facts, tuple(metrics), rows, source, (first, last))


def _within(first: Month, last: Month) -> str:
    return f"r.month >= {day(first.starts_on)} AND r.month < {day(last.ends_on)}"


def _listed(facts: Facts) -> str:
    return f"({facts.sql.replace('{day}', 'd.day')})"


def _stands(facts: Facts) -> str:
    """The row was listed by the connection on the day its month is read."""
    return (
        f"d.facts = {text(facts.name)} AND {facts.connection} = d.connection_id"
        f" AND f.from_on <= d.day AND f.until_on > d.day AND {facts.keep or 'true'}"
    )


def _moves(metrics: Sequence[Movement | Opening], first: Month, last: Month) -> Group:
    """Each thing's amount at two month ends side by side; whose it is, is asked at the later one."""
    bridge: Bridge = metrics[0].bridge
    facts = bridge.facts
    scope, owner, kept = _owner(replace(facts, account="p.account_id"), "d.day")
    source = f"""(
            SELECT coalesce(n.month, b.month) AS month, coalesce(n.connection_id, b.connection_id) AS connection_id,
                   coalesce(n.thing, b.thing) AS thing, coalesce(n.account_id, b.account_id) AS account_id,
                   coalesce(n.amount, 0) AS now, coalesce(b.amount, 0) AS before
            FROM amount n FULL JOIN (
                SELECT (month + interval '1 month')::date AS month, connection_id, thing, account_id, amount FROM amount
            ) b ON b.month = n.month AND b.connection_id = n.connection_id AND b.thing = n.thing
               AND coalesce(b.account_id, 0) = coalesce(n.account_id, 0)
        ) p
        JOIN stock_day d ON d.facts = {text(facts.name)} AND d.connection_id = p.connection_id AND d.month = p.month
        JOIN known_month r ON r.period_id = d.period_id AND r.rolled
        {owner}
        WHERE {_within(first, last)} AND {kept}"""
    checksum = CHECKSUM.format(row="p.thing")
    columns = []
    for number, metric in enumerate(metrics):
        value, where = ("before", "before > 0") if isinstance(metric, Opening) else PARTS[metric.part]
        columns.append(_columns(
            number, counted(f"sum({value})", where), counted("count(*)", where), counted(checksum, where)
        ))
    rows = f"{scope} AS scope_id, r.period_id, {', '.join(columns)}"
    return Group(moved(bridge), facts, tuple(metrics), rows, source, (first, last))


def amounts(bridge: Bridge, only: str = "true") -> str:
    """What each thing's amount was at every month end in play, by account; of those things `only` that meet it."""
    facts = bridge.facts
    return f"""
        SELECT d.month, d.connection_id, {bridge.thing} AS thing, {facts.account} AS account_id,
               {counted(bridge.amount, bridge.where)} AS amount
        FROM stock_day d
        JOIN known_month r ON r.period_id = d.period_id
        CROSS JOIN {_listed(facts)}
        WHERE {_stands(facts)} AND {only}
        GROUP BY 1, 2, 3, 4"""


def changing(bridge: Bridge, months: int) -> str:
    """The things of which a line began or ended between the first and the last of these month ends; no other moves.

    Where a month end was not read, anything may seem to have moved.
    """
    facts = bridge.facts
    return f"""
        SELECT {bridge.thing} AS thing
        FROM (
            SELECT connection_id, max(day) AS last_day,
                   CASE WHEN count(day) = {months} THEN min(day) ELSE '-infinity' END AS first_day
            FROM stock_day WHERE facts = {text(facts.name)} GROUP BY 1
        ) d CROSS JOIN ({facts.sql.replace("{day}", "d.last_day")})
        WHERE {facts.connection} = d.connection_id AND f.from_on <= d.last_day AND f.until_on > d.first_day
          AND NOT (f.from_on <= d.first_day AND f.until_on > d.last_day)"""


def entered_by_hand(metric: Metric) -> bool:
    """Whether an entry may stand for the metric's month: all but what is always worked out from others."""
    return isinstance(metric, Manual | Total) or facts_of(metric) is not None
