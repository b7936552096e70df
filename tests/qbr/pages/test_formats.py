"""Each value is written once, rounded half up, with a true minus; missing is a dash with a reason."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.periods import Month, Quarter, Year
from qbr.pages import formats
from qbr.pages.formats import Style


@pytest.mark.parametrize(
    ("value", "style", "expected"),
    [
        ("170464.94117647", Style.TABLE, "$170,465"),
        ("201.44017094", Style.TABLE, "$201.44"),
        ("2972.6036036", Style.TABLE, "$2,973"),
        ("366", Style.TABLE, "$366"),
        ("-2044", Style.TABLE, "−$2,044"),
        ("-0.004", Style.TABLE, "$0"),
        ("0", Style.TABLE, "$0"),
        ("999.995", Style.TABLE, "$1,000"),
        ("54321", Style.TILE, "$54.3k"),
        ("159210", Style.TILE, "$159k"),
        ("1234567", Style.TILE, "$1.23M"),
        ("-54321", Style.AXIS, "−$54k"),
        ("813.4", Style.WHOLE, "$813"),
        ("848.00000001", Style.TABLE, "$848"),
    ],
)
def test_it_writes_money_with_cents_only_where_they_matter(value: str, style: Style, expected: str) -> None:
    assert formats.money(Decimal(value), style) == expected


@pytest.mark.parametrize(
    ("metric", "exact", "expected"),
    [
        ("reactive_tickets_per_tech_per_month", "65.45454545454545", "65.45"),
        ("total_close_pct", "99.90749306197965", "99.9%"),
        ("reactive_tickets_per_endpoint_per_month", "0.60662177328844", "0.607"),
        ("rhem", "0.25369248035915", "0.254"),
        ("average_resolution_time", "0.41859259259259", "25.1 min"),
        ("reactive_service_pct", "16.40645980765741", "16.4%"),
        ("service_revenue_per_technical_employee", "263445.81818182", "$263,446"),
        ("aisp", "201.44017094017", "$201.44"),
        ("aisp", "264", "$264.00"),
        ("dials_per_appointment", "0", "0"),
        ("sales_call_close_pct", "50", "50.0%"),
    ],
)
def test_it_shows_the_golden_quarter_as_its_owner_does(metric: str, exact: str, expected: str) -> None:
    assert formats.of(CATALOGUE[metric], Decimal(exact)) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("0.125", Unit.RATE, "0.125"),
        ("0.0625", Unit.RATE, "0.063"),
        ("-0.0625", Unit.RATE, "−0.063"),
        ("0.05", Unit.PERCENT, "0.1%"),
        ("1.9999", Unit.HOURS, "120.0 min"),
        ("3.35", Unit.HOURS, "3.4 h"),
        ("0", Unit.HOURS, "0.0 h"),
        ("0.5", Unit.HOURS, "30 min"),
        ("1234", Unit.COUNT, "1,234"),
        ("5.5", Unit.COUNT, "5.5"),
    ],
)
def test_it_rounds_half_up_away_from_zero(value: str, unit: Unit, expected: str) -> None:
    assert formats.written(Decimal(value), unit) == expected


def test_a_missing_value_is_a_dash_and_never_zero() -> None:
    assert [formats.written(None, unit) for unit in Unit] == ["—"] * len(Unit)


def test_every_state_but_measured_gives_a_reason() -> None:
    assert {state: bool(formats.reason(state)) for state in State} == {
        state: state is not State.MEASURED for state in State
    }


def test_a_cause_is_told_in_place_of_the_bare_state() -> None:
    assert formats.reason(State.INCOMPLETE, "2 of 3 months") == "2 of 3 months"


def test_it_says_days_and_moments_in_the_business_time_zone() -> None:
    assert formats.day(date(2025, 3, 31)) == "31 Mar 2025"
    assert formats.moment(datetime(2025, 4, 1, 3, 5, tzinfo=UTC), ZoneInfo("America/Chicago")) == "31 Mar 2025, 22:05"


def test_it_names_the_months_of_a_period() -> None:
    assert [formats.months_of(period) for period in (Quarter(2025, 1), Month(2025, 2), Year(2025, 1))] == [
        "Jan to Mar",
        "Feb",
        "Jan to Dec",
    ]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, "just now"),
        (1, "1 minute ago"),
        (59, "59 minutes ago"),
        (60, "1 hour ago"),
        (2880, "2 days ago"),
    ],
)
def test_it_says_how_long_ago_in_one_unit(minutes: int, expected: str) -> None:
    now = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    assert formats.age(datetime.fromtimestamp(now.timestamp() - minutes * 60, UTC), now) == expected


def test_differences_of_percents_are_points() -> None:
    assert [formats.points(Decimal(value)) for value in ("1.25", "-0.44")] == ["+1.3 pp", "−0.4 pp"]
