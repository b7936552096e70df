"""Months, quarters and years: half-open spans of local days. Pure; knows no database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, order=True)
class Span:
    """A calendar span named by its year and its number within the year, counted from 1."""

    year: int
    number: int

    grain: ClassVar[str]
    of_months: ClassVar[int]

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9998 and 1 <= self.number <= 12 // self.of_months):
            raise ValueError(f"There is no {self.grain} {self.number} in {self.year}.")

    @classmethod
    def holding(cls, day: date) -> Self:
        return cls(day.year, (day.month - 1) // cls.of_months + 1)

    @property
    def starts_on(self) -> date:
        return date(self.year, (self.number - 1) * self.of_months + 1, 1)

    @property
    def ends_on(self) -> date:
        """The day after the last."""
        return self.shift(1).starts_on

    @property
    def label(self) -> str:
        """As people write it."""
        raise NotImplementedError

    def shift(self, by: int) -> Self:
        in_year = 12 // self.of_months
        index = self.year * in_year + self.number - 1 + by
        return type(self)(index // in_year, index % in_year + 1)

    @property
    def previous(self) -> Self:
        return self.shift(-1)

    @property
    def year_ago(self) -> Self:
        return type(self)(self.year - 1, self.number)

    @property
    def months(self) -> tuple[Month, ...]:
        first = Month.holding(self.starts_on)
        return tuple(first.shift(offset) for offset in range(self.of_months))

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first moment and the first moment after it, in the business time zone."""
        return (
            datetime.combine(self.starts_on, time.min, zone),
            datetime.combine(self.ends_on, time.min, zone),
        )


class Month(Span):
    grain = "month"
    of_months = 1

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"

    @property
    def label(self) -> str:
        return f"{MONTH_NAMES[self.number - 1]} {self.year}"


class Quarter(Span):
    grain = "quarter"
    of_months = 3

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def label(self) -> str:
        return f"Q{self.number} {self.year}"


class Year(Span):
    grain = "year"
    of_months = 12

    def __str__(self) -> str:
        return str(self.year)

    @property
    def label(self) -> str:
        return str(self.year)


def closed_in_words(month: Month) -> str:
    """Why a figure of a closed month takes no change."""
    return f"{month.label} is closed: reopen it to change a figure"


def parse(text: str) -> Month | Quarter | Year:
    """`2025-03`, `2025-Q1` or `2025`. Raises ValueError with a sentence that says what is expected."""
    if match := re.fullmatch(r"(\d{4})-Q([1-4])", text.strip(), re.IGNORECASE):
        return Quarter(int(match[1]), int(match[2]))
    if match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text.strip()):
        return Month(int(match[1]), int(match[2]))
    if re.fullmatch(r"[1-9]\d{3}", text.strip()):
        return Year(int(text), 1)
    raise ValueError(f"“{text}” is no period: write 2025-03 for a month, 2025-Q1 for a quarter or 2025 for a year.")


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """Both ends included."""
    month = first
    while month <= last:
        yield month
        month = month.shift(1)
