"""What clients pay for month by month: agreements, their additions, and how both changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import TypeAlias

from collectors.sandbox.world.clients import Client, Clients
from collectors.sandbox.world.dates import Calendar, Month, days_of, month_of
from collectors.sandbox.world.devices import WORKSTATIONS, Device, Devices
from collectors.sandbox.world.options import Options

SLOTS = 8
ADDITION_SLOTS = 16
FIRST_ID = 10
CYCLES = {"Monthly": (2, 1), "Quarterly": (3, 3), "Annually": (4, 12)}
SEAT = "MS-SEAT"

Steps: TypeAlias = tuple[tuple[int, Decimal], ...]
"""Values and the moment from which each holds, the earliest first."""


@dataclass(frozen=True, slots=True)
class Addition:
    id: int
    agreement: int
    product: str
    description: str
    quantities: Steps
    included: Decimal
    price: Decimal  # per unit and billing cycle
    cost: Decimal
    billing: str
    effective: date
    cancelled: date | None
    entered_at: int


@dataclass(frozen=True, slots=True)
class Agreement:
    id: int
    client: int
    name: str
    type_id: int
    type_name: str
    cycle: str
    amounts: Steps  # the base fee per billing cycle
    start: date
    end: date | None
    cancelled: date | None
    entered_at: int
    additions: tuple[Addition, ...]

    @property
    def cycle_months(self) -> int:
        return CYCLES[self.cycle][1]

    def status(self, day: date) -> str:
        if self.cancelled is not None and self.cancelled <= day:
            return "Cancelled"
        if self.end is not None and self.end < day:
            return "Expired"
        return "Active" if self.start <= day else "Inactive"


def value_at(steps: Steps, moment: int) -> Decimal:
    """The value that held at that moment, the first one before it began."""
    return next((value for since, value in reversed(steps) if since <= moment), steps[0][1])


def in_force(addition: Addition, day: date) -> bool:
    return addition.effective <= day and (addition.cancelled is None or addition.cancelled > day)


def extended(addition: Addition, moment: int) -> Decimal:
    return (value_at(addition.quantities, moment) - addition.included) * addition.price


def monthly(agreement: Agreement, moment: int, day: date) -> Decimal:
    """What an active agreement is worth a month."""
    if agreement.status(day) != "Active":
        return Decimal(0)
    total = value_at(agreement.amounts, moment)
    for addition in agreement.additions:
        if addition.entered_at <= moment and addition.billing == "Billable" and in_force(addition, day):
            total += extended(addition, moment)
    return (total / agreement.cycle_months).quantize(Decimal("0.01"))


class Agreements:
    def __init__(self, options: Options, calendar: Calendar, clients: Clients, devices: Devices) -> None:
        self.options, self.calendar, self.clients, self.devices = options, calendar, clients, devices
        self.of_client = lru_cache(maxsize=12_000)(self._make)

    def client_of(self, agreement_id: int) -> int:
        return (agreement_id - FIRST_ID) // SLOTS

    def covering(self, client: int) -> int | None:
        """The agreement that time on a client's tickets is charged to."""
        kind = self.clients.get(client).kind
        return FIRST_ID + client * SLOTS if kind == "client" else None

    def _make(self, index: int) -> tuple[Agreement, ...]:
        client = self.clients.get(index)
        if client.kind != "client":
            return ()
        random = Random(f"{self.options.seed}/agreements/{index}")
        writer = _Writer(self, client, random)
        made = [writer.managed()]
        # Lost clients come first in this order, so as many second agreements as wanted go to those who stay.
        turn = self.clients.turn(index)
        active = self.options.clients - self.clients.lost
        seconds = max(0, round(self.options.clients * 37 / 36) - active)
        if client.left_at is None and turn < seconds + self.clients.lost:
            made.append(writer.backup(turn))
        if turn % 12 == 5:
            made.append(writer.expired())
        return tuple(made)

    def quarters(self) -> list[Month]:
        """Months in which quantities are brought in line with what is installed."""
        return [month for month in range(self.options.first_month, self.options.end_month) if month % 3 == 1]


class _Writer:
    def __init__(self, agreements: Agreements, client: Client, random: Random) -> None:
        self.agreements, self.client, self.random = agreements, client, random
        self.calendar, self.options = agreements.calendar, agreements.options
        self.machines = agreements.devices.of_client(client.index)

    def managed(self) -> Agreement:
        random, client = self.random, self.client
        cycle = "Annually" if client.index % 17 == 9 else "Quarterly" if client.index % 12 == 4 else "Monthly"
        factor = CYCLES[cycle][1]
        start = self._start()
        identity = FIRST_ID + client.index * SLOTS
        base = Decimal(random.randrange(240, 620, 10)) * factor
        amounts: Steps = ((0, base),)
        if random.random() < 0.35:
            raised = self._day(random.uniform(0.2, 0.95))
            amounts += ((self.calendar.at(raised, 10), (base * Decimal("1.06")).quantize(Decimal("0.01"))),)
        return Agreement(
            id=identity, client=client.index, name="Managed Services", type_id=31, type_name="Managed Services",
            cycle=cycle, amounts=amounts, start=start, end=None,
            cancelled=None if client.left_at is None else self.calendar.day(client.left_at),
            entered_at=self._entered(start), additions=tuple(self._managed_additions(identity, start, factor)),
        )  # fmt: skip

    def backup(self, turn: int) -> Agreement:
        """A second agreement, some of them sold during the history."""
        identity = FIRST_ID + self.client.index * SLOTS + 1
        start = self._day(0.3 + (turn % 5) * 0.13) if turn % 2 else self._start()
        start = max(start, self._start())
        addition = self._addition(identity * ADDITION_SLOTS, identity, "CO-SUPPORT", "Co-managed support block",
                                  ((0, Decimal(1)),), Decimal(0), Decimal(350), start)  # fmt: skip
        return Agreement(
            id=identity, client=self.client.index, name="Co-managed IT", type_id=32, type_name="Co-managed",
            cycle="Monthly", amounts=((0, Decimal(250)),), start=start, end=None, cancelled=None,
            entered_at=self._entered(start), additions=(addition,),
        )  # fmt: skip

    def expired(self) -> Agreement:
        """An older agreement with an end, listed long after it is over."""
        identity = FIRST_ID + self.client.index * SLOTS + 2
        end = self._day(0.45)
        return Agreement(
            id=identity, client=self.client.index, name="Support Agreement (old)", type_id=33,
            type_name="Block hours", cycle="Monthly", amounts=((0, Decimal(420)),),
            start=end - timedelta(days=730), end=end, cancelled=None, entered_at=0, additions=(),
        )  # fmt: skip

    def _managed_additions(self, agreement: int, start: date, factor: int) -> list[Addition]:
        random, first = self.random, agreement * ADDITION_SLOTS
        seats = self._counted(WORKSTATIONS)
        servers = self._counted(frozenset({"WINDOWS_SERVER", "LINUX_SERVER"}))
        included = Decimal(random.choice((0, 0, 2)))
        price = Decimal(random.randrange(130, 178))
        made = [
            self._addition(first, agreement, SEAT, "Managed seat", seats, included, price * factor, start),
            self._addition(first + 1, agreement, "MS-SERVER", "Managed server", servers, Decimal(0),
                           Decimal(random.randrange(140, 185)) * factor, start),
            self._addition(first + 2, agreement, "ONBOARD", "Onboarding, no charge", ((0, Decimal(1)),),
                           Decimal(0), Decimal(0), start, billing="NoCharge"),
        ]  # fmt: skip
        if random.random() < 0.6:
            sold = max(start, self._day(random.uniform(0, 1.1))) if random.random() < 0.5 else start
            gone = self._day(random.uniform(0.5, 0.95)) if random.random() < 0.25 else None
            made.append(self._addition(
                first + 3, agreement, "SEC-STACK", "Security stack", seats, Decimal(0),
                Decimal(random.randrange(14, 24)) * factor, sold,
                cancelled=gone if gone is not None and gone > sold else None))  # fmt: skip
        if random.random() < 0.5:
            made.append(self._addition(first + 4, agreement, "BACKUP", "Server backup", servers, Decimal(0),
                                       Decimal(random.randrange(65, 95)) * factor, start))  # fmt: skip
        return made

    def _addition(
        self, identity: int, agreement: int, product: str, description: str, quantities: Steps,
        included: Decimal, price: Decimal, effective: date, *, billing: str = "Billable",
        cancelled: date | None = None,
    ) -> Addition:  # fmt: skip
        lowest = min(quantity for _, quantity in quantities)
        return Addition(
            identity, agreement, product, description, quantities, min(included, lowest), price,
            (price * Decimal("0.38")).quantize(Decimal("0.01")), billing, effective, cancelled,
            self._entered(effective),
        )  # fmt: skip

    def _counted(self, classes: frozenset[str]) -> Steps:
        """How many such machines were there each time somebody counted."""
        wanted = [device for device in self.machines if device.node_class in classes
                  and not device.name.startswith("SPARE-")]  # fmt: skip
        start = self.calendar.month_start(self.options.first_month)
        steps = [(0, _standing(wanted, max(start, (self.client.joined_at or 0) + 12 * 86_400)))]
        for month in self.agreements.quarters():
            moment = self.calendar.at(days_of(month)[self.client.index % 20 + 3], 10)
            count = _standing(wanted, moment)
            if self.client.here_at(moment) and count != steps[-1][1] and count > 0:
                steps.append((moment, count))
        return tuple(steps)

    def _start(self) -> date:
        if self.client.joined_at is not None:
            return self.calendar.day(self.client.joined_at)
        return date(self.options.first_month // 12 - 1 - self.client.index % 4, self.client.index % 12 + 1, 1)

    def _day(self, share: float) -> date:
        month = self.options.first_month + min(self.options.months, int(share * self.options.months))
        return days_of(month)[self.random.randint(5, 22)]

    def _entered(self, start: date) -> int:
        """Agreements appear on their first day at nine; what is older was always there."""
        return 0 if month_of(start) < self.options.first_month else self.calendar.at(start, 9)


def _standing(devices: list[Device], moment: int) -> Decimal:
    return Decimal(sum(1 for row in devices if row.came_at <= moment and (row.went_at is None or row.went_at > moment)))
