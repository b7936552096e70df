"""Months, days and moments in the business time zone of the synthetic MSP."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

DAY = 86_400

Month: TypeAlias = int
"""A month as years times twelve plus months, so that subtracting two gives a distance."""


def month_of(day: date) -> Month:
    return day.year * 12 + day.month - 1


def first_day(month: Month) -> date:
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: Month) -> date:
    return first_day(month + 1) - timedelta(days=1)


def days_of(month: Month) -> list[date]:
    first = first_day(month)
    return [first + timedelta(days=n) for n in range((first_day(month + 1) - first).days)]


def parse_month(text: str) -> Month:
    year, month = text.split("-")
    return month_of(date(int(year), int(month), 1))


def month_text(month: Month) -> str:
    return first_day(month).isoformat()[:7]


@lru_cache(maxsize=65_536)
def utc_text(moment: int) -> str:
    """ISO 8601 in UTC with Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str) -> int:
    """Epoch seconds of an ISO moment; a moment without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


class Calendar:
    """Turns moments into business days and back, in one time zone."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self._midnights: dict[date, int] = {}

    def midnight(self, day: date) -> int:
        found = self._midnights.get(day)
        if found is None:
            found = int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())
            self._midnights[day] = found
        return found

    def month_start(self, month: Month) -> int:
        return self.midnight(first_day(month))

    def day(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, self.zone).date()

    def month(self, moment: int) -> Month:
        return month_of(self.day(moment))

    def at(self, day: date, hour: float) -> int:
        return self.midnight(day) + int(hour * 3600)
