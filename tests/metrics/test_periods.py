"""Months, quarters and years."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.periods import Month, Quarter, Year, months_between, parse

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


@given(DAYS)
def test_every_day_is_in_exactly_one_month_quarter_and_year(day: date) -> None:
    for kind in (Month, Quarter, Year):
        span = kind.holding(day)
        assert span.starts_on <= day < span.ends_on
        assert span.previous.ends_on == span.starts_on


@given(DAYS, st.integers(-60, 60))
def test_shifting_there_and_back_changes_nothing(day: date, by: int) -> None:
    for kind in (Month, Quarter, Year):
        assert kind.holding(day).shift(by).shift(-by) == kind.holding(day)


def test_a_quarter_is_its_three_months() -> None:
    assert Quarter(2025, 1).months == (Month(2025, 1), Month(2025, 2), Month(2025, 3))
    assert Quarter(2025, 4).ends_on == date(2026, 1, 1)
    assert Quarter(2025, 1).previous == Quarter(2024, 4)
    assert Quarter(2025, 1).year_ago == Quarter(2024, 1)


def test_a_span_with_a_clock_change_is_an_hour_short_or_long() -> None:
    begins, ends = Month(2026, 3).moments(ZoneInfo("America/Chicago"))
    assert begins.utcoffset() != ends.utcoffset()
    assert (ends.astimezone(ZoneInfo("UTC")) - begins.astimezone(ZoneInfo("UTC"))).total_seconds() == 31 * 86400 - 3600


@pytest.mark.parametrize(
    ("text", "span"), [("2025-03", Month(2025, 3)), ("2025-q1", Quarter(2025, 1)), (" 2025 ", Year(2025, 1))]
)
def test_it_reads_what_people_write(text: str, span: object) -> None:
    assert parse(text) == span


@pytest.mark.parametrize("text", ["", "2025-13", "2025-Q5", "25-Q1", "soon", "2025-Q0"])
def test_it_says_what_it_expects_instead(text: str) -> None:
    with pytest.raises(ValueError, match="2025-Q1 for a quarter"):
        parse(text)


def test_a_leap_february_ends_on_its_29th() -> None:
    assert (Month(2028, 2).ends_on - Month(2028, 2).starts_on).days == 29


def test_months_between_has_both_ends() -> None:
    assert list(months_between(Month(2025, 11), Month(2026, 1))) == [Month(2025, 11), Month(2025, 12), Month(2026, 1)]
