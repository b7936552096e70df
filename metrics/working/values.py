"""Stored values as plain data, scope by scope: each with its state and reason, and with what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from metrics.declare import Across, Derived, Median, Metric, facts_of
from metrics.definitions import CATALOGUE, VERSIONS
from metrics.formula import MONTHS, MONTHS_IN_YEAR
from metrics.joined import bases_of
from metrics.models import Origin, State
from metrics.periods import Month, Span
from metrics.reading import Numbers
from metrics.reading.resolved import read_bases, resolved
from metrics.reading.stored import TABLES, fetched
from metrics.rollup.compile import formula_inputs, formula_of, is_gathered
from metrics.settings import NUMBERS
from metrics.working.known import Known, Line, Whose, least_resolved
from metrics.working.rests_on import middle_of

AT_ONCE = 2_000
GOOD = (State.MEASURED, State.SO_FAR, State.INSUFFICIENT_COVERAGE)

VALUES = """
SELECT scope_id, definition_id, period_id, basis_id, value, state, cause, origin, collected, months, of_months,
       coverage, fact_rows, checksum, rollup_id, revision
FROM {table} WHERE %(scope)s::bigint IS NULL OR scope_id = %(scope)s ORDER BY scope_id"""
ENTRIES = """
SELECT e.scope_id, e.metric, e.period_id, e.kind, e.value, e.note, coalesce(u.username, ''), e.at, e.superseded_at
FROM entry e LEFT JOIN auth_user u ON u.id = e.by_id
WHERE %(scope)s::bigint IS NULL OR e.scope_id = %(scope)s ORDER BY e.scope_id, e.id"""
# The clients of a segment and what each has in a month.
OF_CLIENTS = """
SELECT v.definition_id, o.slug, o.name, v.value, v.state, v.cause, v.fact_rows, v.checksum, v.coverage
FROM organization o
JOIN scope c ON c.kind = 'organization' AND c.organization_id = o.id
JOIN metrics_monthly v ON v.scope_id = c.id AND v.period_id = %(period)s
WHERE o.kind = 'client' AND o.merged_into_id IS NULL AND lower(btrim(o.segment)) = lower(%(segment)s)
ORDER BY o.slug"""


class Stored(NamedTuple):
    """One row of a value table."""

    scope: int
    definition: int
    period: int
    basis: int
    value: Decimal | None
    state: int
    cause: str | None
    origin: int
    collected: Decimal | None
    months: int | None
    of_months: int | None
    coverage: Decimal | None
    fact_rows: int | None
    checksum: int | None
    rollup: int
    revision: int


class Given(NamedTuple):
    """One entry, standing or superseded."""

    scope: int
    metric: str
    period: int
    kind: str
    value: Decimal | None
    note: str
    by: str
    at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True)
class Of:
    """Everything that is stored for one scope."""

    whose: Whose
    values: Mapping[tuple[int, int], Stored]  # by definition and period
    entries: Mapping[tuple[str, int], Sequence[Given]]
    bases: Numbers  # the months of what coverage is told of, for the company and for what is not linked


def values_by_scope(known: Known, whose: Mapping[int, Whose], scope: int | None = None) -> Iterator[Of]:
    """One scope after another, each whole, so that no more than one is held at a time."""
    bases = _bases(known)
    with connection.chunked_cursor() as months, connection.chunked_cursor() as quarters, \
            connection.chunked_cursor() as years, connection.chunked_cursor() as entries:  # fmt: skip
        tables = zip((months, quarters, years), TABLES.values(), strict=True)
        read = [_streamed(cursor, VALUES.format(table=table), scope, Stored) for cursor, table in tables]
        rows = merge(*read, _streamed(entries, ENTRIES, scope, Given), key=attrgetter("scope"))
        for scope_id, found in groupby(rows, key=attrgetter("scope")):
            values: dict[tuple[int, int], Stored] = {}
            given: dict[tuple[str, int], list[Given]] = {}
            for row in found:
                if isinstance(row, Given):
                    given.setdefault((row.metric, row.period), []).append(row)
                else:
                    values[row.definition, row.period] = row
            if scope_id in whose and values:
                yield Of(whose[scope_id], values, given, bases)


def _streamed(cursor: Any, statement: str, scope: int | None, shape: Any) -> Iterator[Any]:
    cursor.execute(statement, {"scope": scope})
    while part := cursor.fetchmany(AT_ONCE):
        yield from map(shape._make, part)


def _bases(known: Known) -> Numbers:
    names = {name for metric in VERSIONS.values() for side in metric.scopes for name in bases_of(metric, side)}
    names |= {name for name, metric in VERSIONS.items() if facts_of(metric)}
    months = [span for span in known.spans.values() if isinstance(span, Month) and span.starts_on <= known.today]
    return read_bases(names, months)


def lines_of(known: Known, of: Of, metric: str | None = None, period: Span | None = None) -> Iterator[Line]:
    """A line for each value of one scope that may be seen, or for those of one metric and period."""
    clients: dict[int, list[tuple[Any, ...]]] = {}
    by_period = sorted(of.values.values(), key=lambda row: (row.period, row.definition))
    for period_id, rows in groupby(by_period, key=attrgetter("period")):
        span = known.spans[period_id]
        if period is not None and span != period:
            continue
        if of.whose.ref.kind == "segment" and isinstance(span, Month):
            clients = _clients(of.whose, period_id)
        for row in rows:
            if known.may_see(row.definition) and metric in (None, known.definitions[row.definition].metric):
                yield _line(known, of, row, clients)


def _clients(whose: Whose, period: int) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for definition, *rest in fetched(OF_CLIENTS, {"period": period, "segment": whose.ref.slug}):
        found.setdefault(definition, []).append(tuple(rest))
    return found


def _line(known: Known, of: Of, row: Stored, clients: Mapping[int, list[tuple[Any, ...]]]) -> Line:
    definition, span = known.definitions[row.definition], known.spans[row.period]
    declared = definition.declared
    line: Line = {
        "line": "value", **definition.named, "scope": of.whose.named, "period": str(span), "grain": span.grain,
        "period_state": known.closed[row.period], "value": text(row.value), "state": State(row.state).label,
        "cause": row.cause, "origin": Origin(row.origin).label, "collected": text(row.collected),
        "months": row.months, "of_months": row.of_months, "coverage": text(row.coverage),
        "fact_rows": row.fact_rows, "checksum": row.checksum, "revision": row.revision,
        "rules": known.bases[row.basis][1], "entries": _entries(of, definition.metric, row.period),
        "rollup": {"id": row.rollup, "cause": known.rollups[row.rollup], "at": known.worked_out_at[row.rollup]},
    }
    if declared is None:
        return line | {"made_of": "a version the code no longer holds"}
    if row.coverage is not None:
        shares = resolved(declared, of.whose.ref, known.begun(span), of.bases)
        line["resolved"] = [{"of": each.base, "share": text(each.share)} for each in shares]
        line["least_resolved"] = least_resolved(known, span)
    return line | _made_of(known, of, row, declared, clients)


def _made_of(
    known: Known, of: Of, row: Stored, metric: Metric, clients: Mapping[int, list[tuple[Any, ...]]]
) -> Line:
    """Its months, its formula with its inputs, a segment's clients, rows, or what people gave."""
    span = known.spans[row.period]
    if not isinstance(span, Month) and is_gathered(metric):
        return {"made_of": "months", "across": metric.across.value,  # type: ignore[attr-defined]
                "parts": [_month(known, of, row.definition, month) for month in known.begun(span)]}  # fmt: skip
    if isinstance(metric, Median):
        return {"made_of": "median", **_formula(known, of, row, metric, span), "formula": middle_of(metric)}
    if isinstance(metric, Derived):
        return {"made_of": "formula", **_formula(known, of, row, metric, span)}
    if facts_of(metric) is None:
        return {"made_of": "entries"}
    if of.whose.ref.kind == "segment":
        return {"made_of": "clients", "parts": [_client(each) for each in clients.get(row.definition, [])]}
    return {"made_of": "rows"}


def _month(known: Known, of: Of, definition: int, month: Month) -> Line:
    row = _stored(known, of, definition, month)
    return {"period": str(month), **_short(row)}


def _short(row: Stored | None) -> Line:
    if row is None:
        return {"value": None, "state": None}
    return {
        "value": text(row.value), "state": State(row.state).label, "cause": row.cause,
        "origin": Origin(row.origin).label, "fact_rows": row.fact_rows, "checksum": row.checksum,
        "coverage": text(row.coverage),
    }


def _client(row: tuple[Any, ...]) -> Line:
    slug, name, value, state, cause, fact_rows, checksum, coverage = row
    return {
        "client": slug, "name": name, "value": text(value), "state": State(state).label, "cause": cause,
        "fact_rows": fact_rows, "checksum": checksum, "coverage": text(coverage),
    }


def _formula(known: Known, of: Of, row: Stored, metric: Derived, span: Span) -> Line:
    side = of.whose.ref.side
    formula, read = formula_of(metric, side), known.inputs_of(row.basis)
    inputs = [_input(known, of, key, read.get(key), span) for key in formula_inputs(metric, side)]
    words = {word: str(known.bases[row.basis][1][word]) for word in formula.inputs if word in NUMBERS}
    if MONTHS in formula.words:
        words[MONTHS] = str(row.months or 1)
    if MONTHS_IN_YEAR in formula.words:
        words[MONTHS_IN_YEAR] = "12"
    return {"formula": formula.text, "inputs": inputs, "words": words}


def _input(known: Known, of: Of, key: str, definition: int | None, span: Span) -> Line:
    """What went into a formula: of a mean, the sum and by how much it was divided, so that rounding comes last."""
    metric = CATALOGUE[key]
    version = known.definitions[definition].version if definition else metric.version
    line: Line = {"metric": key, "version": version}
    if definition is not None and not known.may_see(definition):
        return line | {"hidden": True}
    row = _stored(known, of, definition, span) if definition else None
    line |= _short(row)
    line |= {"months": row and row.months, "of_months": row and row.of_months,
             "adds_up": getattr(metric, "across", None) is Across.SUM}  # fmt: skip
    if definition and row and row.value is not None and is_mean(metric) and not isinstance(span, Month):
        there = [month.value for month in (_stored(known, of, definition, m) for m in known.begun(span))
                 if month and month.state in GOOD and month.value is not None]  # fmt: skip
        line["exact"] = {"sum": text(sum(there, Decimal(0))), "over": len(there)}
    return line


def is_mean(metric: Metric) -> bool:
    """Whether a longer period is the mean of the metric's months."""
    return is_gathered(metric) and metric.across is Across.MEAN  # type: ignore[attr-defined]


def _stored(known: Known, of: Of, definition: int, span: Span) -> Stored | None:
    return of.values.get((definition, known.ids[span])) if span in known.ids else None


def _entries(of: Of, metric: str, period: int) -> list[Line]:
    """Oldest first; one that is superseded says since when."""
    return [
        {"kind": each.kind, "value": text(each.value), "by": each.by, "at": each.at, "note": each.note,
         "superseded_at": each.superseded_at}
        for each in of.entries.get((metric, period), ())
    ]  # fmt: skip


def text(value: Decimal | None) -> str | None:
    """Exact, without an exponent."""
    return None if value is None else f"{value:f}"
