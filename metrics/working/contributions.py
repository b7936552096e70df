"""What each row adds to the numbers it counts in: the same aggregates, grouped by row, never all held at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from django.db import connection

from metrics.declare import MayBeUntold, Measured, Median, Metric
from metrics.definitions import VERSIONS
from metrics.periods import Month
from metrics.rollup.compile import counted, with_rules
from metrics.working.listings import listing_of
from metrics.working.source import Source, aggregate_of, source_of, sources

CURSOR = "contributions"
AT_ONCE = 2_000  # rows read, and put together, at a time
MEDIANS = tuple(metric for metric in VERSIONS.values() if isinstance(metric, Median))
DISTINCT = re.compile(r"count\(DISTINCT (.+)\)")


@dataclass(frozen=True)
class Added:
    """One column of what rows say: to which metric, and what of it.

    `adds` is an amount, `thing` what is counted once however many rows name it, `each` what a median is the middle of,
    `among` and `told` the rows of a metric that not every vendor tells. Without a metric it is an amount that people
    have not decided on.
    """

    metric: Metric | None
    what: str
    sql: str


@dataclass(frozen=True)
class Contributions:
    """Some rows of one owner in one month, each (id, the vendor's own id, one text or None a column)."""

    facts: str
    scope_id: int | None  # None: nobody's
    month: Month
    columns: tuple[Added, ...]
    rows: tuple[tuple[Any, ...], ...]


def everyone(months: Sequence[Month]) -> Iterator[Contributions]:
    """Every row that counts in any metric, by facts, owner and month; those of one may come in several parts."""
    for source in sources(months):
        yield from _read(source, source.group.metrics)


def of_metric(metric: Measured, months: Sequence[Month], organization: int | None = None) -> Iterator[Contributions]:
    """The rows of one metric, of everyone or of one organization."""
    yield from _read(source_of(metric, months, organization), [metric])


def _read(source: Source, metrics: Sequence[Measured]) -> Iterator[Contributions]:
    columns = tuple(_columns(source, metrics))
    months = dict(enumerate(source.months, 1))
    listing = listing_of(metrics[0])
    assert listing is not None, metrics[0].key
    added = ", ".join(f"({column.sql})::text" for column in columns)
    statement = f"""{source.tables}
        SELECT {source.scope}, r.period_id, {source.row}, min({listing.external}), {added}
        FROM {source.source}
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""  # noqa: S608 - declarations and quoted literals
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        rows = iter(cursor)
        for (scope_id, number), of in groupby(rows, key=lambda row: (row[0], row[1])):
            there = (row[2:] for row in of if any(value is not None for value in row[4:]))
            while part := tuple(islice(there, AT_ONCE)):
                yield Contributions(source.group.facts.name, scope_id, months[number], columns, part)


def _columns(source: Source, metrics: Sequence[Measured]) -> Iterator[Added]:
    for metric in metrics:
        aggregate, where = aggregate_of(metric)
        if distinct := DISTINCT.fullmatch(aggregate):
            yield Added(metric, "thing", counted(f"min({distinct[1]})", where))
        else:
            yield Added(metric, "adds", _or_nothing(aggregate, where))
        for median in MEDIANS:
            if median.of is metric:
                yield Added(median, "each", counted(f"max({with_rules(median.each)})", where))
        if isinstance(metric, MayBeUntold):
            yield Added(metric, "among", _or_nothing("count(*)", metric.among))
            yield Added(metric, "told", _or_nothing("count(*)", metric.told))
    if source.group.facts.unsettled:
        yield Added(None, "unsettled", source.group.facts.unsettled)


def _or_nothing(aggregate: str, where: str) -> str:
    """A count of a row that is left out is not zero but none of its business."""
    condition = with_rules(where) if where else "true"
    return f"CASE WHEN bool_or({condition}) THEN {counted(aggregate, where)} END"
