"""The ledger: amounts that nobody has put in a category, and recurring revenue as agreements and ledger tell it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from collectors.facts.money import LedgerAccount
from metrics.breakdowns.source import Source, listed
from metrics.definitions.facts import AGREEMENT_LINES, AS_INCOME, INCOME, MANAGED
from metrics.periods import Month, Span
from metrics.reading import COMPANY

UNMAPPED = """
SELECT la.id, la.name, la.number, la.side, sum(f.amount), count(DISTINCT r.month)::int
FROM {balances}
GROUP BY 1, 2, 3, 4 HAVING bool_or(f.amount <> 0)
ORDER BY abs(sum(f.amount)) DESC, 2, 1"""

# A month that the ledger or the agreements were not read for has nothing on that side.
BESIDE = """, {listed}
SELECT r.month, a.amount, l.amount
FROM r
LEFT JOIN (SELECT d.month, sum(f.monthly_amount) AS amount FROM {lines} GROUP BY 1) a ON a.month = r.month
LEFT JOIN (
    SELECT r.month, coalesce({as_income} FILTER (WHERE lc.category = 'mrr'), 0) AS amount FROM {balances} GROUP BY 1
) l ON l.month = r.month
ORDER BY 1"""


@dataclass(frozen=True)
class Unmapped:
    """A ledger account that nobody has put in a category, and what it holds back."""

    ledger_account: int
    name: str
    number: str
    side: LedgerAccount.Side
    amount: Decimal
    months: int


@dataclass(frozen=True)
class Beside:
    """A month's MRR as the agreements bill it at its end, and as the ledger shows it. None: not read."""

    month: Month
    agreements: Decimal | None
    ledger: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """How much more the ledger shows."""
        return None if self.agreements is None or self.ledger is None else self.ledger - self.agreements


def unmapped_ledger(span: Span) -> list[Unmapped]:
    """Ledger accounts with an amount in the period and no category, the largest first."""
    source = Source.over(COMPANY, span)
    where = "lc.category IS NULL AND la.side <> 'none'"
    found = source.rows(UNMAPPED.format(balances=source.flowing(INCOME, "f.month", where)))
    return [
        Unmapped(account, name, number, LedgerAccount.Side(side), amount, months)
        for account, name, number, side, amount, months in found
    ]


def mrr_beside_ledger(span: Span) -> list[Beside]:
    """Agreement MRR and ledger MRR, month by month."""
    source = Source.over(COMPANY, span)
    body = BESIDE.format(
        listed=listed(AGREEMENT_LINES), lines=source.standing(AGREEMENT_LINES, MANAGED),
        as_income=AS_INCOME, balances=source.flowing(INCOME, "f.month"),
    )
    return [Beside(Month.holding(month), agreements, ledger) for month, agreements, ledger in source.rows(body)]
