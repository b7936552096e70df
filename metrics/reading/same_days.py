"""The first days of a period beside as many of earlier ones, counted from facts by day, while the period runs.

Only what happens on a day can be counted so, and ratios of nothing else. Ledgers tell months, and what stands has no
first forty days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from collectors.declare import Layer
from metrics.breakdowns.source import Source
from metrics.declare import Derived, Facts, Flow, Median, Metric, Told, Total
from metrics.definitions import CATALOGUE
from metrics.formula import OWN_WORDS, evaluate, parse
from metrics.periods import Month, Span, months_between
from metrics.reading.shapes import Person, ScopeRef, may_see
from metrics.reading.versions import version_on
from metrics.rollup.compile import counted
from metrics.rollup.sql import day

Counts = dict[tuple[str, Span], Decimal | None]  # None: it cannot be told, or divides by zero


def can_be_counted(metric: Metric, scope: ScopeRef) -> bool:
    """Whether its first days can be told from facts by day."""
    return bool(_flows(metric, scope))


def days_read(period: Span, read_through: datetime | None, zone: ZoneInfo) -> int:
    """How many whole days of the period have been read."""
    if read_through is None:
        return 0
    through = read_through.astimezone(zone).date()
    return max(0, (min(through, period.ends_on) - period.starts_on).days)


def first_days(person: Person, metrics: Iterable[str], scope: ScopeRef, spans: Sequence[Span], days: int) -> Counts:
    """What each metric was in the first `days` of each span. One statement for metrics that share facts and a day.

    All are counted by the version in force in the first span. Those the person may not see, or that cannot be counted
    by day, are left out.
    """
    on = spans[0].starts_on
    asked = [version_on(key, on) for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    flows = {flow.key: version_on(flow.key, on) for metric in asked for flow in _flows(metric, scope)}
    groups: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows.values():
        assert isinstance(flow, Flow)  # in every version
        groups.setdefault((flow.facts.name, flow.dated), []).append(flow)
    found: Counts = {}
    for group in groups.values() if days > 0 else ():
        found |= _counted(group, scope, spans, days)
    return {
        (metric.key, span): _value(metric, scope, span, found)
        for metric in asked if days > 0 and _flows(metric, scope) for span in spans
    }


def _flows(metric: Metric, scope: ScopeRef) -> tuple[Flow, ...]:
    """What the metric is counted from; empty where any part of it cannot be counted by day."""
    match metric:
        case Flow(facts=facts):
            return (metric,) if facts.layer is not Layer.LEDGER and metric.is_for(scope.side) else ()
        case Total() | Median():
            return ()
        case Derived():
            words = parse(metric.formula_for(scope.side)).words
            if OWN_WORDS & set(words) or not set(words) <= set(CATALOGUE):
                return ()
            parts = [_flows(CATALOGUE[word], scope) for word in words]
            return tuple(flow for part in parts for flow in part) if all(parts) else ()
    return ()


def _value(metric: Metric, scope: ScopeRef, span: Span, counts: Counts) -> Decimal | None:
    if not isinstance(metric, Derived):
        return counts.get((metric.key, span))
    formula = parse(metric.formula_for(scope.side))
    return evaluate(formula, {word: _value(CATALOGUE[word], scope, span, counts) for word in formula.words}).value


def _counted(flows: Sequence[Flow], scope: ScopeRef, spans: Sequence[Span], days: int) -> Counts:
    facts, dated = flows[0].facts, flows[0].dated
    ends = {span: min(span.starts_on + timedelta(days=days), span.ends_on) for span in spans}
    rows = _rows(facts, dated, flows, scope, ends)
    found: Counts = {}
    for number, span in enumerate(spans):
        values = rows.get(number)
        for at, flow in enumerate(flows):
            amount, rows_among, rows_told = values[3 * at:3 * at + 3] if values else (None, 0, 0)
            told = not isinstance(flow, Told) or not rows_among or bool(rows_told)
            found[flow.key, span] = Decimal(amount or 0) if told else None  # where it was read, nothing is zero
    return found


def _rows(
    facts: Facts, dated: str, flows: Sequence[Flow], scope: ScopeRef, ends: Mapping[Span, date]
) -> dict[int, tuple[Any, ...]]:
    """By the span's place: of each flow its amount, and of a Told the rows among which it is told and the rows told."""
    within = [f"{dated} >= {day(span.starts_on)} AND {dated} < {day(end)}" for span, end in ends.items()]
    of_span = " ".join(f"WHEN {within_it} THEN {number}" for number, within_it in enumerate(within))
    columns = []
    for flow in flows:
        told = (flow.among, flow.told) if isinstance(flow, Told) else ("false", "false")
        columns += [f"round(({counted(flow.value, flow.where)})::numeric, 8)", *(counted("count(*)", x) for x in told)]
    months = {
        month for span, end in ends.items()
        for month in months_between(Month.holding(span.starts_on), Month.holding(end - timedelta(days=1)))
    }
    source = Source(scope, tuple(sorted(months)))
    body = f"""SELECT CASE {of_span} END AS span, {", ".join(columns)}
        FROM {source.flowing(facts, dated, f"({' OR '.join(within)})")} GROUP BY 1"""  # noqa: S608 - declared words
    return {row[0]: row[1:] for row in source.rows(body)}
