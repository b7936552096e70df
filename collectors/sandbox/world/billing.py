"""Invoices, made of the ledger's own postings: one for what was posted to a client on one day.

So the lines of a client's month add up to the ledger's income of that client and month, to the cent. Income without a
client (accounts 8 and 70) is on no invoice, nor is a posting that a test has added. Lines of an agreement carry the
client's main agreement, though a second one of that client is in the same sum.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from collectors.sandbox.world.chance import chance, whole
from collectors.sandbox.world.dates import DAY, Month
from collectors.sandbox.world.ground import Ground, by_then
from collectors.sandbox.world.ledger import Posting

SLOTS = 32
LINE_SLOTS = 8
FIRST_INVOICE = 30_000
LATEST_PAYMENT = 120 * DAY
# By ledger account: kind of line, what it says, item, class.
LINES = {
    1: ("agreement", "Managed services", "MS-BASE", "Managed services"),
    2: ("addition", "Managed seats", "MS-SEAT", "Managed services"),
    3: ("addition", "Managed servers", "MS-SERVER", "Managed services"),
    4: ("project", "Project labor", "LABOR", "Projects"),
    5: ("credit", "Credit for project labor", "CREDIT", "Projects"),
    6: ("cloud", "Cloud subscriptions", "CLOUD", "Cloud"),
    7: ("product", "Hardware", "HARDWARE", "Hardware"),
}
COST_OF = {20: 6, 21: 7}  # the account of a cost, and the income it belongs to


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    id: int
    kind: str  # agreement, addition, project, credit, cloud or product
    description: str
    item: str
    account: int
    ledger_class: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    cost: Decimal | None
    agreement: int | None


@dataclass(frozen=True, slots=True)
class Invoice:
    id: int
    client: int
    number: str
    kind: str  # agreement, cloud, project, product or credit
    posted_on: date
    due_on: date
    paid_on: date | None
    lines: tuple[InvoiceLine, ...]
    created_at: int
    updated_at: int

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    def balance(self) -> Decimal:
        return Decimal(0) if self.paid_on is not None else self.total


class Billing:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._month = lru_cache(maxsize=64)(self._made)

    def invoices(self, moment: int, since: int = 0, client: int | None = None) -> list[Invoice]:
        first = 0 if self.ground.edits.edited("invoices") else max(0, since - LATEST_PAYMENT)
        rows = (self._at(row, moment) for month in self.ground.months(first, moment) for row in self._month(month)
                if row.created_at <= moment and client in (None, row.client))  # fmt: skip
        told = self.ground.standing("invoices", rows, moment, Invoice, client)
        return [row for row in told if row.updated_at >= since]

    def _at(self, row: Invoice, moment: int) -> Invoice:
        if row.paid_on is None:
            return row
        paid_at = by_then(self.ground.calendar.at(row.paid_on, 12), moment)
        return replace(row, updated_at=paid_at) if paid_at is not None else replace(row, paid_on=None)

    def _made(self, month: Month) -> tuple[Invoice, ...]:
        days: dict[tuple[int, date], list[Posting]] = defaultdict(list)
        for posting in self.ground.ledger.month(month):
            if posting.client is not None and (posting.account in LINES or posting.account in COST_OF):
                days[posting.client, posting.day].append(posting)
        turns: dict[int, int] = defaultdict(int)
        made = []
        for (client, day), postings in sorted(days.items(), key=lambda one: (one[0][1], one[0][0])):
            if any(posting.account in LINES for posting in postings):
                number = FIRST_INVOICE + self.ground.cell(client, month) * SLOTS + turns[client]
                turns[client] += 1
                costs = days.get((client, day + timedelta(days=1)), [])
                made.append(self._invoice(number, client, day, postings, costs))
        return tuple(made)

    def _invoice(self, number: int, client: int, day: date, postings: list[Posting], later: list[Posting]) -> Invoice:
        """The day's income; what cloud costs is posted a day later."""
        costs = {COST_OF[row.account]: row.amount for row in (*postings, *later) if row.account in COST_OF}
        income = [row for row in postings if row.account in LINES]
        lines = tuple(self._line(number * LINE_SLOTS + place, row, costs) for place, row in enumerate(income))
        terms = 15 if client % 3 else 30
        kind = "agreement" if any(row.account == 1 for row in income) else LINES[income[0].account][0]
        late = whole(0, 45, "late", number) if chance("pays late", number) < 0.12 else -whole(0, 10, "early", number)
        paid_on = None if chance("never pays", number) < 0.006 else day + timedelta(days=max(1, terms + late))
        created_at = self.ground.calendar.at(day, 8)
        return Invoice(number, client, f"INV-{number}" if kind != "credit" else f"CM-{number}", kind, day,
                       day + timedelta(days=terms), paid_on, lines, created_at, created_at)  # fmt: skip

    def _line(self, number: int, row: Posting, costs: dict[int, Decimal]) -> InvoiceLine:
        kind, description, item, ledger_class = LINES[row.account]
        agreement = self.ground.agreements.covering(row.client or 0) if kind in ("agreement", "addition") else None
        return InvoiceLine(number, kind, description, item, row.account, ledger_class,
                           Decimal(1), row.amount, row.amount, costs.get(row.account), agreement)  # fmt: skip
