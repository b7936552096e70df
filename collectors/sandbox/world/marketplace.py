"""What the MSP buys of a distributor for its clients: a little more or less than the tenants have.

`products()` is the catalogue; `companies(moment)` the clients as the distributor knows them; `subscriptions(client,
moment)` what each has had, cancelled ones among them. Quantities are those of the tenant's licences at the month's
beginning, a seat or two off; a tenant that the MSP does not see buys nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.ground import Ground
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.tenants import BASIC, EXCHANGE, PREMIUM, STANDARD, Tenants

MARKET = "pax8"
SLOTS = 16
FIRST_SUBSCRIPTION = 700_000_000


@dataclass(frozen=True, slots=True)
class Product:
    id: int
    guid: str
    name: str
    vendor: str
    part_number: str
    price: Decimal  # a seat and month
    partner_cost: Decimal


@dataclass(frozen=True, slots=True)
class Subscription:
    id: int
    client: int
    guid: str
    product: Product
    quantity: int
    price: Decimal  # a seat and term
    partner_cost: Decimal
    term: str  # Monthly or Annual
    start_on: date
    end_on: date | None
    status: str  # active, trial or cancelled
    created_at: int
    updated_at: int


PRODUCTS = tuple(
    Product(place, opaque(f"product/{part}"), name, vendor, part, Decimal(price), Decimal(cost))
    for place, (part, name, vendor, price, cost) in enumerate((
        (PREMIUM[0], PREMIUM[2], "Microsoft", "22.00", "17.60"),
        (STANDARD[0], STANDARD[2], "Microsoft", "12.50", "10.00"),
        (BASIC[0], BASIC[2], "Microsoft", "6.00", "4.80"), (EXCHANGE[0], EXCHANGE[2], "Microsoft", "4.00", "3.20"),
        ("MAILSHIELD", "Mail Shield Pro", "Corvid Systems", "3.50", "2.10"),
        ("AWARE", "Awareness Training", "Halden", "2.25", "1.30"),
    ), start=1)
)  # fmt: skip


class Marketplace:
    def __init__(self, ground: Ground, tenants: Tenants) -> None:
        self.ground, self.tenants = ground, tenants
        self._bought = lru_cache(maxsize=8_000)(self._licensed)

    @staticmethod
    def products() -> tuple[Product, ...]:
        return PRODUCTS

    def companies(self, moment: int) -> Iterator[Record]:
        for index in self.ground.clients.served:
            if index != INTERNAL and (row := self.ground.others.account(MARKET, index, moment)) is not None:
                yield row

    def subscriptions(self, client: int, moment: int) -> list[Subscription]:
        if client == INTERNAL or client not in self.ground.clients.served:
            return []
        rows = (row for product in PRODUCTS if (row := self._subscription(client, product, moment)) is not None)
        return list(self.ground.standing("licenses", rows, moment, Subscription, client))

    def _subscription(self, client: int, product: Product, moment: int) -> Subscription | None:
        ground, who = self.ground, self.ground.clients.get(client)
        created_at = who.joined_at or ground.start - whole(60, 700, "subscribed", client, product.id) * DAY
        ended_at = who.left_at
        if product.vendor != "Microsoft":
            created_at = max(created_at, ground.start + whole(-200, 500, "sold", client, product.id) * DAY)
            if chance("buys", client, product.id) > 0.3:
                return None
            if chance("cancels", client, product.id) < 0.2:
                ended_at = min(ended_at or moment + 1, created_at + 200 * DAY)
        if created_at > moment:
            return None
        ended = ended_at is not None and ended_at <= moment
        asked_at = self._counted_at(client, created_at, min(moment, (ended_at or moment + 1) - 1))
        quantity = self._quantity(client, product, asked_at)
        if not quantity:
            return None
        annual = chance("annual", client, product.id) < 0.6
        months = 12 if annual else 1
        start_on = ground.calendar.day(created_at)
        renews_on = _renews(start_on, ground.calendar.day(moment)) if annual else None
        trial = product.vendor != "Microsoft" and moment < created_at + 30 * DAY
        return Subscription(
            id=FIRST_SUBSCRIPTION + client * SLOTS + product.id, client=client,
            guid=opaque(f"subscription/{client}/{product.id}"), product=product, quantity=quantity,
            price=product.price * months, partner_cost=product.partner_cost * months,
            term="Annual" if annual else "Monthly", start_on=start_on,
            end_on=ground.calendar.day(ended_at) if ended and ended_at else renews_on,
            status="cancelled" if ended else "trial" if trial else "active", created_at=created_at,
            updated_at=ended_at if ended and ended_at else asked_at,
        )  # fmt: skip

    def _counted_at(self, client: int, created_at: int, moment: int) -> int:
        """Somebody brings the quantity in line on the month's first day, and when the client comes."""
        return max(created_at, self.ground.calendar.month_start(self.ground.calendar.month(moment)))

    def _quantity(self, client: int, product: Product, moment: int) -> int:
        bought = self._bought(client, moment)
        if product.vendor != "Microsoft":
            return max(bought.values(), default=0)
        seats = bought.get(product.part_number, 0)
        off = pick((0, 0, 0, 0, 1, 2, 3, -1, -2), "off", client, product.id, self.ground.calendar.month(moment) // 4)
        return max(1, seats + off) if seats else 0

    def _licensed(self, client: int, moment: int) -> dict[str, int]:
        return {row.part_number: max(row.enabled, row.warning) for row in self.tenants.licensed(client, moment)
                if not row.free and not row.trial}  # fmt: skip


def _renews(start: date, today: date) -> date:
    """The day before the next turn of a year."""
    years = (today - start).days // 365 + 1
    return start + timedelta(days=365 * years - 1)
