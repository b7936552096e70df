"""What a cell means: one value however it is written, and none where it could be two."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from collectors.drop.cells import Habits, choice, flag, habits, harmless, moment, month, number, value
from collectors.drop.declare import Column, Kind

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "text",
    ["2026-01-31 14:05", "2026-01-31T14:05:00-05:00", "2026-01-31T19:05:00Z", "1/31/2026 2:05 PM", "31/01/2026 14:05",
     "31.1.26 14:05", "31 Jan 2026 14:05", "January 31, 2026 2:05 pm", "31-Jan-2026, 14:05:00"],
)  # fmt: skip
def test_a_moment_however_it_is_written(text: str) -> None:
    assert moment(text, Habits(ZONE)) == datetime(2026, 1, 31, 14, 5, tzinfo=ZONE)


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31 00:00:00+02:00", "01/31/2026"])
def test_a_plain_day_keeps_its_date_whatever_offset_its_midnight_has(text: str) -> None:
    assert value(Column(name="Due", meaning="", kind=Kind.DAY), text, Habits(ZONE)) == date(2026, 1, 31)


@pytest.mark.parametrize("text", ["soon", "2026-02-30", "31/31/2026", "13:00 pm", "0001-01-01", "3/4/2026"])
def test_no_moment_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no day|outside of history|can be read two ways"):
        moment(text, Habits(ZONE))


def test_the_other_days_of_a_file_tell_how_it_writes_them() -> None:
    for other, first in (("25/12/2026", date(2026, 4, 3)), ("12/25/2026", date(2026, 3, 4))):
        told = habits([(Kind.DAY, "3/4/2026"), (Kind.DAY, other)], ZONE, ",")
        assert moment("3/4/2026", told).astimezone(ZONE).date() == first
    both = habits([(Kind.DAY, "25/12/2026"), (Kind.DAY, "12/25/2026")], ZONE, ",")
    assert both.day_first is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1234.50", "1234.50"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("$1,234.50", "1234.50"),
     ("(1,234.50)", "-1234.50"), ("$(5.00)", "-5.00"), ("5-", "-5"), ("-$3.00", "-3.00"), ("1 234,5", "1234.5"),
     ("0,125", "0.125"), ("1,234,567", "1234567"), ("EUR 5", "5"), (".5", "0.5"), ("1,234", "1234")],
)  # fmt: skip
def test_a_number_however_it_is_written(text: str, expected: str) -> None:
    assert number(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "-", "abc", "1.2.3", "12,34,5", "1e5", "NaN", "Infinity", "1-2", "٣"])
def test_what_is_no_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        number(text)


def test_one_sign_that_could_be_either_is_told_by_the_other_numbers_or_not_at_all() -> None:
    told = habits([(Kind.NUMBER, "1,234"), (Kind.NUMBER, "7,5")], ZONE, ";")
    assert number("1,234", told.decimal) == Decimal("1.234") and number("1.234", told.decimal) == Decimal(1234)
    untold = habits([(Kind.NUMBER, "1,234")], ZONE, ";")
    with pytest.raises(ValueError, match="two ways"):
        number("1,234", untold.decimal)
    assert habits([(Kind.NUMBER, "1,234")], ZONE, ",").decimal == "."


@pytest.mark.parametrize("text", ["2026-04", "04/2026", "Apr 2026", "April '26", "2026-04-30", "4/30/2026"])
def test_a_month_however_it_is_written(text: str) -> None:
    assert month(text, Habits(ZONE)) == date(2026, 4, 1)


def test_flags_and_choices_are_told_in_any_case() -> None:
    assert (flag("YES"), flag("0")) == (True, False)
    column = Column(name="Kind", meaning="", kind=Kind.CHOICE, choices={"Laptop": "workstation"})
    assert choice(column, "laptop") == "workstation"
    for call in (lambda: flag("maybe"), lambda: choice(column, "toaster")):
        with pytest.raises(ValueError, match=r"neither yes nor no|is not one of Laptop"):
            call()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_nothing_begins_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
