"""The working of numbers as plain data, so that anyone can work each of them out again and compare.

`one` holds all there is to a single number. `everything` is the same for every stored value, a line at a time and in
little memory: what many values share first, then the rows that are counted, then the values by whose they are.
Amounts are exact text. What a person may not see is absent, or named as hidden where a formula reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from django.db import transaction

from metrics.closing.causes import Causes
from metrics.declare import Measured, Median, facts_of
from metrics.definitions import CATALOGUE
from metrics.models import Finding, Restatement, Scope, State
from metrics.periods import Month, Span, months_between
from metrics.reading import Person, ScopeRef, may_see
from metrics.reading.read_through import entities_of
from metrics.reading.stored import scope_ids
from metrics.working import contributions
from metrics.working.contributions import Added, Contributions
from metrics.working.known import (
    Known,
    Line,
    Whose,
    about,
    connections,
    definition_line,
    definitions,
    scope_lines,
    scopes,
)
from metrics.working.values import lines_of, text, values_by_scope

AT_ONCE = 500  # restatements whose rows are looked up together


@transaction.atomic
def everything(person: Person) -> Iterator[Line]:
    """Every stored value, with all it rests on, one dict a line."""
    known, whose = Known(person), scopes()
    yield about(known)
    yield from definitions(known)
    yield from connections()
    yield from scope_lines(whose)
    months = sorted(span for span in known.spans.values() if isinstance(span, Month) and span.starts_on <= known.today)
    if months:
        read = contributions.everyone(tuple(months_between(months[0], months[-1])))
        yield from _rows(known, whose, read)
    for of in values_by_scope(known, whose):
        yield from lines_of(known, of)
    yield from _restatements(known, whose)
    yield from _findings(known, whose)


@transaction.atomic
def one(person: Person, metric: str, scope: ScopeRef, period: Span) -> Line | None:
    """One number with its definition, scope, systems and rows; None where nothing is stored, or it may not be seen."""
    known, [scope_id] = Known(person), [*scope_ids([scope])] or [0]
    whose = scopes(scope_id)
    if not whose or metric not in CATALOGUE or not may_see(person, CATALOGUE[metric]):
        return None
    of = next(iter(values_by_scope(known, whose, scope_id)), None)
    line = next(lines_of(known, of, metric, period), None) if of else None
    if line is None:
        return None
    read = {line["metric"]: line["version"], **{each["metric"]: each["version"] for each in line.get("inputs", [])}}
    rows = {row.metric: row.id for row in known.definitions.values() if read.get(row.metric) == row.version}
    return {
        "about": about(known), "definition": definition_line(known, rows[metric]),
        "inputs": [definition_line(known, row) for key, row in rows.items() if key != metric and known.may_see(row)],
        "scope": next(scope_lines(whose)), "connections": [*connections(entities_of(CATALOGUE[metric]))],
        "value": line, "rows": [*_rows_of(known, metric, whose[scope_id], period)],
        "restatements": [*_restatements(known, whose, rows[metric], period)],
        "findings": [*_findings(known, whose, metric, period)],
    }


def _rows_of(known: Known, metric: str, whose: Whose, period: Span) -> Iterator[Line]:
    """The rows of each month; the company's with whose each is."""
    declared, months = CATALOGUE[metric], known.begun(period)
    if isinstance(declared, Median):
        declared = declared.of
    if not isinstance(declared, Measured) or facts_of(declared) is None or not months or whose.ref.kind == "segment":
        return
    read = contributions.of_metric(declared, months, whose.organization)
    wanted = whose.id if whose.organization else None
    mine = (part for part in read if whose.ref.is_company or part.scope_id == wanted)
    yield from _rows(known, scopes(), mine)


def _rows(known: Known, whose: Mapping[int, Whose], read: Iterable[Contributions]) -> Iterator[Line]:
    for part in read:
        seen = [number for number, column in enumerate(part.columns) if _may_see(known, column)]
        if not seen:
            continue
        yield {
            "line": "rows", "of": part.facts, "month": str(part.month), "scope": _owner(part.scope_id, whose),
            "columns": [_column(part.columns[number]) for number in seen],
            "rows": [[row[0], row[1], *(row[2 + number] for number in seen)] for row in part.rows],
        }


def _owner(scope: int | None, whose: Mapping[int, Whose]) -> Line:
    return whose[scope].named if scope is not None else {"kind": Scope.Kind.NOT_LINKED.value, "slug": ""}


def _may_see(known: Known, column: Added) -> bool:
    return column.metric is None or may_see(known.person, column.metric)


def _column(column: Added) -> Line:
    if column.metric is None:
        return {"what": column.what}
    return {"metric": column.metric.key, "version": column.metric.version, "what": column.what}


def _restatements(
    known: Known, whose: Mapping[int, Whose], definition: int | None = None, period: Span | None = None
) -> Iterator[Line]:
    found = Restatement.objects.filter(scope__in=whose).order_by("pk")
    if definition is not None and period is not None:
        found = found.filter(definition=definition, period__in=_rows_for(known, period))
    rows = (row for row in found.iterator() if known.may_see(row.definition_id))
    while some := [*islice(rows, AT_ONCE)]:
        causes = Causes(known.person, some)
        for row in some:
            yield {
                "line": "restatement", **known.definitions[row.definition_id].named,
                "scope": whose[row.scope_id].named, "period": str(known.spans[row.period_id]), "cause": causes.of(row),
                "old_value": text(row.old_value), "old_state": _state(row.old_state),
                "new_value": text(row.new_value), "new_state": _state(row.new_state), "decision": row.decision,
                "reason": row.reason, "found_at": row.found_at, "decided_at": row.decided_at,
            }


def _findings(
    known: Known, whose: Mapping[int, Whose], metric: str | None = None, period: Span | None = None
) -> Iterator[Line]:
    found = Finding.objects.filter(scope__in=whose, period__in=known.spans).exclude(metric="").order_by("pk")
    if metric is not None and period is not None:
        found = found.filter(metric=metric, period__in=_rows_for(known, period))
    for row in found.exclude(life=Finding.Life.FIXED).iterator():
        if row.metric in CATALOGUE and may_see(known.person, CATALOGUE[row.metric]):
            assert row.scope_id is not None and row.period_id is not None
            yield {
                "line": "finding", "rule": row.rule, "metric": row.metric, "scope": whose[row.scope_id].named,
                "period": str(known.spans[row.period_id]), "severity": row.severity, "says": row.says,
                "life": row.life, "reason": row.reason, "first_seen_at": row.first_seen_at,
            }


def _rows_for(known: Known, period: Span) -> Sequence[int]:
    """The period and its months."""
    wanted = {period, *period.months}
    return [row for row, span in known.spans.items() if span in wanted]


def _state(value: int | None) -> str | None:
    return None if value is None else State(value).label
