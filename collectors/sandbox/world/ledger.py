"""The books: postings on days, from which every profit-and-loss is added up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from collectors.sandbox.world.agreements import Agreements, monthly
from collectors.sandbox.world.clients import Client, Clients
from collectors.sandbox.world.dates import DAY, Calendar, Month, days_of, first_day, last_day
from collectors.sandbox.world.options import Options

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Posting:
    day: date
    account: int
    client: int | None
    amount: Decimal
    entered_at: int
    paid_after: int = 0
    """Days until the money moved, which is when cash books show it."""


class Ledger:
    def __init__(self, options: Options, calendar: Calendar, clients: Clients, agreements: Agreements) -> None:
        self.options, self.calendar, self.clients = options, calendar, clients
        self.agreements = agreements
        # The month whose credit memos outweigh its project labour.
        self.credit_month = options.this_month - min(options.months, 8)
        self.month = lru_cache(maxsize=64)(self._month)

    def _month(self, month: Month) -> tuple[Posting, ...]:
        if not self.options.first_month <= month < self.options.end_month:
            return ()
        writer = _MonthWriter(self, month)
        for index in self.clients.served:
            client = self.clients.get(index)
            if client.kind == "client":
                writer.income(client)
        writer.company()
        return tuple(writer.postings)


class _MonthWriter:
    def __init__(self, ledger: Ledger, month: Month) -> None:
        self.ledger, self.month = ledger, month
        self.days = days_of(month)
        self.postings: list[Posting] = []
        self.random = Random(f"{ledger.options.seed}/ledger/{month}")
        self.place = month - ledger.options.first_month

    def _post(self, day: date, account: int, amount: Decimal, client: int | None = None, *, late: int = 0,
              paid_after: int = 0) -> None:  # fmt: skip
        if amount:
            entered_at = self.ledger.calendar.at(day, 8) + late * DAY
            self.postings.append(Posting(day, account, client, amount.quantize(CENT), entered_at, paid_after))

    def income(self, client: Client) -> None:
        ledger, random = self.ledger, Random(f"{self.ledger.options.seed}/income/{client.index}/{self.month}")
        first = first_day(self.month)
        moment = ledger.calendar.month_start(self.month)
        worth = sum((monthly(agreement, moment, first) for agreement in
                     ledger.agreements.of_client(client.index)), Decimal(0))  # fmt: skip
        if not client.here_at(moment) or not worth:
            return
        billed = worth * Decimal(random.randrange(985, 1012)) / 1000
        servers = (billed * Decimal("0.22")).quantize(CENT)
        base = Decimal(min(300, int(billed / 4)))
        self._post(first, 1, base, client.index)
        self._post(first, 3, servers, client.index)
        self._post(first, 2, billed.quantize(CENT) - servers - base, client.index)
        self._extras(client, random)

    def _extras(self, client: Client, random: Random) -> None:
        size = Decimal(client.devices)
        cloud = size * Decimal(21) * Decimal(random.randrange(97, 104)) / 100
        self._post(self.days[2], 6, cloud, client.index)
        self._post(self.days[3], 20, cloud * Decimal("0.82"), client.index)
        if random.random() < 0.42:
            day = self.days[random.randrange(4, 27)]
            labour = size * Decimal(random.randrange(26, 118))
            self._post(day, 4, labour, client.index, paid_after=28)
        if random.random() < 0.38:
            day = self.days[random.randrange(4, 27)]
            hardware = size * Decimal(random.randrange(30, 165))
            self._post(day, 7, hardware, client.index, paid_after=25)
            # A supplier's bill often comes after the month is over.
            late = 9 if random.random() < 0.2 else 0
            self._post(day, 21, hardware * Decimal("0.84"), client.index, late=late, paid_after=30)
        if self.month == self.ledger.credit_month:
            credit = -size * Decimal(random.randrange(46, 60))
            self._post(self.days[19], 5, credit, client.index)

    def company(self) -> None:
        scale = Decimal(str(self.ledger.options.scale))
        growth = 1 + Decimal(self.place) * Decimal("0.002")
        wages = 26_400 * scale * growth
        middle, last = self.days[14], last_day(self.month)
        for day in (middle, last - timedelta(days=1)):
            self._post(day, 41, wages)
            self._post(day, 42, wages * Decimal("0.0765"))
        self._post(middle, 40, Decimal(185) * scale)
        self._post(self.days[0], 43, 5_200 * scale)
        self._post(self.days[19], 44, 12_500 * scale)
        if self.month % 12 in (0, 3, 5, 8):
            self._post(self.days[14], 45, 9_500 * scale)
        self._overhead(scale)

    def _overhead(self, scale: Decimal) -> None:
        random = self.random
        for day, account, low, high in (
            (0, 46, 4_200, 4_201), (9, 47, 2_300, 2_700), (4, 48, 1_450, 1_500), (11, 49, 300, 600),
            (17, 50, 380, 720), (13, 51, 900, 2_600), (6, 52, 820, 900), (5, 22, 14_400, 15_600),
            (21, 23, 400, 2_400), (27, 70, 20, 90), (26, 80, 210, 260), (23, 8, 120, 900),
        ):  # fmt: skip
            self._post(self.days[day], account, Decimal(random.randrange(low * 100, high * 100)) / 100 * scale)
        if self.month == self.ledger.options.this_month - min(9, self.ledger.options.months):
            # One bad month: a new vehicle, paid at once.
            self._post(self.days[16], 49, 31_000 * scale)
