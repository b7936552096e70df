"""Sales and invoices: the open pipeline by stage, and what was invoiced by what it was for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from metrics.breakdowns.source import Source, month_of
from metrics.definitions.facts import DEALS, INVOICES, LEDGER_INVOICES
from metrics.definitions.sales import MAY_STAND, UNTIL
from metrics.periods import Span
from metrics.reading import ScopeRef

# Where each deal stood on a day: the stage it came into last. A deal without a history stands where it does now.
BY_STAGE = """
SELECT coalesce(s.stage, f.stage), count(*)::int, sum(f.amount)
FROM {sql} JOIN r ON true
    JOIN connection c ON c.id = f.connection_id AND %(on)s >= c.counts_from AND %(on)s < c.counts_to
    LEFT JOIN LATERAL (
        SELECT x.stage FROM deal_stage x
        WHERE x.deal_id = f.id AND x.entered_on <= %(on)s AND x.retired_on IS NULL
        ORDER BY x.entered_at DESC, x.id DESC LIMIT 1
    ) s ON true
    {owner}
WHERE f.created_on <= %(on)s AND ({until} IS NULL OR {until} > %(on)s) AND {may_stand} AND {kept}
GROUP BY 1 ORDER BY 3 DESC NULLS LAST, 2 DESC, 1"""

BY_KIND = """
SELECT CASE WHEN f.agreement_id IS NOT NULL THEN 'Agreements' ELSE f.kind END, sum(f.amount),
       count(DISTINCT f.number)::int
FROM {rows} GROUP BY 1 ORDER BY 2 DESC, 1"""
BY_CLASS = "SELECT f.category, sum(f.amount), count(DISTINCT f.number)::int FROM {rows} GROUP BY 1 ORDER BY 2 DESC, 1"


@dataclass(frozen=True)
class Stage:
    name: str  # "" where it is not told
    deals: int
    amount: Decimal | None


@dataclass(frozen=True)
class Billed:
    name: str  # as the vendor says; "" where it does not
    amount: Decimal
    invoices: int


def pipeline_by_stage(scope: ScopeRef, on: date) -> list[Stage]:
    """Deals open at the end of a day, by the stage each was in, the largest first."""
    source = Source(scope, month_of(on))
    body = BY_STAGE.format(
        sql=DEALS.sql, owner=source.owner(DEALS, "%(on)s"), kept=source.kept(DEALS), until=f"({UNTIL})",
        may_stand=MAY_STAND,
    )
    return [Stage(*row) for row in source.rows(body, {"on": on})]


def invoiced_by_kind(scope: ScopeRef, span: Span) -> list[Billed]:
    """What the PSA invoiced on agreements and, beside them, by its own kind of invoice."""
    source = Source.over(scope, span)
    return [Billed(*row) for row in source.rows(BY_KIND.format(rows=source.flowing(INVOICES, "f.posted_on")))]


def invoiced_by_class(scope: ScopeRef, span: Span) -> list[Billed]:
    """What the ledger invoiced, by its class or item."""
    source = Source.over(scope, span)
    return [Billed(*row) for row in source.rows(BY_CLASS.format(rows=source.flowing(LEDGER_INVOICES, "f.posted_on")))]
