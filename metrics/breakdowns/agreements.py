"""Agreements: what each bills, what it covers and what was used of it, and how their MRR moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from metrics.breakdowns.source import Source, listed
from metrics.declare import Part
from metrics.definitions.facts import AGREEMENT_BRIDGE, AGREEMENT_LINES, MANAGED, SEATS
from metrics.periods import Month, Span
from metrics.reading import ScopeRef
from metrics.rollup.compile import with_rules

AGREEMENTS = """, {listed},
billed AS (
    SELECT f.agreement_id, d.day, max(coalesce(o.client, '')) AS client, max(coalesce(o.slug, '')) AS slug,
           max(f.kind) AS kind, sum(f.monthly_amount) AS mrr,
           coalesce(sum(f.seats) FILTER (WHERE {seats}), 0) AS seats
    FROM {lines}
    GROUP BY 1, 2
)
SELECT a.id, a.name, b.client, b.slug, b.kind, b.mrr, b.seats, s.budget_hours, coalesce(u.hours, 0),
       s.starts_on, s.ends_on, s.cancelled_on, s.currency, a.link
FROM billed b
JOIN agreement a ON a.id = b.agreement_id
JOIN agreement_state s ON s.thing_id = a.id AND s.from_on <= b.day AND s.until_on > b.day
LEFT JOIN (
    SELECT f.agreement_id, sum(f.hours) AS hours FROM time_entry f
    WHERE f.entered_on >= %(first)s AND f.entered_on < %(after)s AND f.retired_on IS NULL AND f.agreement_id IS NOT NULL
    GROUP BY 1
) u ON u.agreement_id = a.id
ORDER BY b.mrr DESC, a.name, a.id"""

# Each agreement's amount at two month ends side by side, where both were listed; whose it is, is asked at the later.
MOVED = """, {listed},
amount AS (
    SELECT d.month, d.connection_id, {thing} AS thing, {account} AS account_id, {sum} AS amount
    FROM listed d JOIN r ON r.month = d.month CROSS JOIN ({sql})
    WHERE {connection} = d.connection_id AND f.from_on <= d.day AND f.until_on > d.day AND {where}
    GROUP BY 1, 2, 3, 4
),
paired AS (
    SELECT month, connection_id, thing, account_id, sum(now) AS now, sum(before) AS before FROM (
        SELECT month, connection_id, thing, account_id, amount AS now, 0 AS before FROM amount
        UNION ALL
        SELECT (month + interval '1 month')::date, connection_id, thing, account_id, 0, amount FROM amount
    ) ends GROUP BY 1, 2, 3, 4
)
SELECT f.month, f.thing, a.name, coalesce(o.client, ''), coalesce(o.slug, ''), f.before, f.now, a.link
FROM paired f
JOIN listed d ON d.connection_id = f.connection_id AND d.month = f.month
JOIN listed b ON b.connection_id = f.connection_id AND b.month = (f.month - interval '1 month')::date
JOIN agreement a ON a.id = f.thing
{owner}
WHERE f.month >= %(first)s AND f.before <> f.now AND (f.before > 0 OR f.now > 0) AND {kept}
ORDER BY 1, abs(f.now - f.before) DESC, 3, 2"""


@dataclass(frozen=True)
class AgreementRow:
    """An agreement as it was listed last in the period. `mrr` is in `currency`, a month; None is not told."""

    agreement: int
    name: str
    client: str  # "" where the account is not linked
    slug: str
    kind: str
    mrr: Decimal
    seats: Decimal
    budget_hours: Decimal | None
    hours_used: Decimal  # entered in the period
    starts_on: date | None
    ends_on: date | None  # the last day of the term, None: until further notice
    cancelled_on: date | None
    currency: str
    link: str


@dataclass(frozen=True)
class MovedAgreement:
    """One agreement's step from one month end to the next."""

    month: Month
    agreement: int
    name: str
    client: str
    slug: str
    before: Decimal
    now: Decimal
    link: str

    @property
    def part(self) -> Part:
        if self.before <= 0:
            return Part.NEW
        if self.now <= 0:
            return Part.LOST
        return Part.EXPANSION if self.now > self.before else Part.CONTRACTION

    @property
    def amount(self) -> Decimal:
        """What it adds to its part, zero or more."""
        return abs(self.now - max(self.before, Decimal()) if self.now > 0 else self.before)


def agreements(scope: ScopeRef, span: Span) -> list[AgreementRow]:
    """The agreements that billed or stood on the last listing of the period's last month, largest first."""
    source = Source(scope, span.months[-1:])
    body = AGREEMENTS.format(
        listed=listed(AGREEMENT_LINES), lines=source.standing(AGREEMENT_LINES, MANAGED), seats=with_rules(SEATS)
    )
    return [AgreementRow(*row) for row in source.rows(body, {"first": span.starts_on, "after": span.ends_on})]


def moved_agreements(scope: ScopeRef, span: Span) -> list[MovedAgreement]:
    """The agreements behind new, lost, expansion and contraction MRR of the period's months."""
    source = Source(scope, (Month.holding(span.starts_on).previous, *span.months))
    facts, bridge = AGREEMENT_LINES, AGREEMENT_BRIDGE
    body = MOVED.format(
        listed=listed(facts), thing=bridge.thing, account=facts.account, sum=bridge.amount, sql=facts.sql,
        connection=facts.connection, where=with_rules(bridge.where or "true"), owner=source.owner(facts, "d.day"),
        kept=source.kept(facts),
    )
    found = source.rows(body, {"first": span.starts_on})
    return [MovedAgreement(Month.holding(row[0]), *row[1:]) for row in found]
