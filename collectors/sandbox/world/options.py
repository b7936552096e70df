"""What can be chosen about a world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from collectors.sandbox.world.dates import Calendar, Month, month_of

# Months made beyond the present one, so that a clock set ahead finds a world that went on.
AHEAD = 3


@dataclass(frozen=True)
class Options:
    today: date
    clients: int = 36
    months: int = 24
    seed: int = 7
    zone: str = "America/Chicago"

    @property
    def this_month(self) -> Month:
        return month_of(self.today)

    @property
    def first_month(self) -> Month:
        return self.this_month - self.months

    @property
    def end_month(self) -> Month:
        """The first month that is not made."""
        return self.this_month + AHEAD

    @property
    def scale(self) -> float:
        """How much larger the MSP is than the one of the seed."""
        return self.clients / 36

    def calendar(self) -> Calendar:
        return Calendar(self.zone)
