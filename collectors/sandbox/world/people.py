"""The people who work at the synthetic MSP."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from collectors.sandbox.world import names
from collectors.sandbox.world.dates import Calendar, days_of
from collectors.sandbox.world.options import Options


@dataclass(frozen=True, slots=True)
class Member:
    id: int
    identifier: str
    first_name: str
    last_name: str
    email: str
    technical: bool
    role: str
    licence: str
    hourly_cost: Decimal
    hourly_rate: Decimal
    joined_at: int | None
    left_at: int | None

    def here_at(self, moment: int) -> bool:
        return (self.joined_at or 0) <= moment and (self.left_at is None or moment < self.left_at)


class People:
    """Six technicians and three others for every thirty-six clients, one technician replaced on the way."""

    def __init__(self, options: Options, calendar: Calendar) -> None:
        self.options, self.calendar = options, calendar
        random = Random(f"{options.seed}/people")
        technicians = max(6, round(6 * options.scale))
        self.change_at = calendar.at(days_of(options.first_month + options.months // 2)[9], 9)
        members = [self._technician(n, random) for n in range(technicians + 1)]
        members += [self._office(technicians + 1 + n, role, random) for n, role in enumerate(
            ("Owner", "Service Coordinator", "Account Manager"))]  # fmt: skip
        members.append(self._integration(technicians + 4))
        self.members = members
        self.technicians = [member for member in members if member.technical]

    def _technician(self, place: int, random: Random) -> Member:
        left_at = self.change_at if place == 0 else None
        joined_at = self.change_at if place == 1 else None
        role = "Engineer" if place % 3 == 2 else "Technician"
        cost = Decimal(random.randint(2600, 4800)) / 100
        return self._member(place, role, True, "F", cost, joined_at, left_at, random)

    def _office(self, place: int, role: str, random: Random) -> Member:
        cost = Decimal(random.randint(2800, 6000)) / 100
        return self._member(place, role, False, "F", cost, None, None, random)

    def _integration(self, place: int) -> Member:
        return Member(
            id=150 + place, identifier="ReportingAPI", first_name="Reporting", last_name="API", email="",
            technical=False, role="Integration", licence="A", hourly_cost=Decimal(0), hourly_rate=Decimal(0),
            joined_at=None, left_at=None,
        )  # fmt: skip

    def _member(
        self, place: int, role: str, technical: bool, licence: str, cost: Decimal,
        joined_at: int | None, left_at: int | None, random: Random,
    ) -> Member:  # fmt: skip
        first, last = names.GIVEN[(place * 7) % 20], names.FAMILY[(place * 3 + place // 20) % 20]
        return Member(
            id=150 + place, identifier=f"{first[0]}{last}{place // 60 or ''}", first_name=first, last_name=last,
            email=f"{first.lower()}.{last.lower()}@lanternworksit.example", technical=technical, role=role,
            licence=licence, hourly_cost=cost, hourly_rate=Decimal(random.choice((150, 165, 185))),
            joined_at=joined_at, left_at=left_at,
        )  # fmt: skip

    def on_duty(self, moment: int) -> list[Member]:
        """Technicians at work at that moment."""
        if len(self.technicians) > 20:
            return self.technicians[2:]
        return [member for member in self.technicians if member.here_at(moment)]
