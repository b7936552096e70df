"""A median over months that no stored period holds: from the rows themselves, as the roll-up has it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from metrics.breakdowns.source import Source
from metrics.declare import Median
from metrics.periods import Month
from metrics.reading.shapes import ScopeRef

MIDDLE = "SELECT round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ({each})::float8))::numeric, 8) FROM {rows}"
# Those of a segment's clients, in the months each is a client in.
OF_SEGMENT = """o.slug IN (
    SELECT g.slug FROM organization g WHERE g.kind = 'client' AND lower(btrim(g.segment)) = lower(%(segment)s)
      AND r.month >= coalesce(date_trunc('month', g.client_from::timestamp)::date, date '0001-01-01')
      AND r.month < coalesce(g.client_to, date '9999-12-31'))"""


def median_of(metric: Median, scope: ScopeRef, months: Sequence[Month]) -> Decimal | None:
    """None where no row tells. Of a client, `months` are its own."""
    of_segment = OF_SEGMENT if scope.kind == "segment" else ""
    where = " AND ".join(f"({part})" for part in (metric.of.where, of_segment) if part)
    source = Source(scope, tuple(months))
    rows = source.flowing(metric.of.facts, metric.of.dated, where)
    [(value,)] = source.rows(MIDDLE.format(each=metric.each, rows=rows), {"segment": scope.slug})
    return None if value is None else Decimal(value)
