"""The golden quarter: the seed's own months, entered by hand, give its eighteen SmartNumbers (R128 to R145)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from metrics.models import Origin, State
from tests.metrics.golden import SMART_NUMBERS, enter_months
from tests.metrics.rollup.world import value, values_of

pytestmark = pytest.mark.django_db

BY_MONTH = {  # worked by hand from the same months, January to March
    "reactive_tickets_per_tech_per_month": ("64.54545455", "53.45454545", "78.36363636"),
    "total_close_pct": ("100.28248588", "100", "99.53810624"),
    "reactive_tickets_per_endpoint_per_month": ("0.59296482", "0.49494949", "0.73265651"),
    "rhem": ("0.24532663", "0.23282828", "0.28311337"),
    "services_from_mrr_pct": ("101.89895762", "91.02194782", "82.43074133"),
    "net_mrr_gain": ("0", "631", "-265"),
    "net_profit": ("14795", "9989", "29218"),
}


@pytest.fixture
def golden() -> None:
    enter_months()


def test_it_gives_the_quarters_smart_numbers_to_eight_places(golden: object) -> None:
    found = {key: value(key, "2025-Q1").value for key in SMART_NUMBERS}
    assert found == {key: Decimal(number) for key, number in SMART_NUMBERS.items()}


def test_it_gives_each_months_numbers(golden: object) -> None:
    for key, expected in BY_MONTH.items():
        assert [value(key, f"2025-0{m}").value for m in (1, 2, 3)] == [Decimal(n) for n in expected], key


def test_a_quarter_adds_counts_and_money_and_takes_the_mean_of_what_stands(golden: object) -> None:
    expected = {"reactive_tickets_created": 1081, "endpoints_managed": 594, "mrr": 329959, "nrr": 32279,
                "total_revenue": 515488, "total_expenses": 461486, "net_profit": 54002, "employees": Decimal("8.5")}
    assert {key: value(key, "2025-Q1").value for key in expected} == expected


def test_totals_given_whole_say_so_and_their_parts_stay_missing(golden: object) -> None:
    assert (value("total_revenue", "2025-01").cause, value("total_revenue", "2025-Q1").cause) == ("unsplit", "unsplit")
    assert value("total_revenue", "2025-01").origin == Origin.ENTERED
    assert not values_of("orr")


def test_negative_revenue_is_neither_refused_nor_capped(golden: object) -> None:
    assert value("services_from_mrr_pct", "2025-01").value == Decimal("101.89895762")


def test_no_appointments_leave_dials_undefined_and_two_make_them_zero(golden: object) -> None:
    january = value("dials_per_appointment", "2025-01")
    assert (january.state, january.value, january.cause) == (State.UNDEFINED, None, "no first-time appointments")
    assert value("dials_per_appointment", "2025-Q1").value == 0


def test_a_year_that_lacks_months_says_which_and_gives_no_number(golden: object) -> None:
    year = value("reactive_tickets_created", "2025")
    assert (year.value, year.state, year.months, year.of_months) == (None, State.INCOMPLETE, 3, 5)
    assert year.cause == "3 of 5 months, without Apr 2025, May 2025"
