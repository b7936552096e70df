"""The golden quarter: the seed's own months, entered by hand, give its eighteen SmartNumbers (R128 to R145)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from metrics import rollup
from metrics.models import Origin, State
from tests.metrics.rollup.world import enter, value, values_of

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
MONTHS = Path(__file__).parents[3] / "qbr" / "examples" / "golden_q1_2025.csv"

QUARTER = {
    "reactive_tickets_per_tech_per_month": "65.45454545",
    "total_close_pct": "99.90749306",
    "reactive_tickets_per_endpoint_per_month": "0.60662177",
    "rhem": "0.25369248",
    "average_resolution_time": "0.41859259",
    "reactive_service_pct": "16.40645981",
    "net_profit_pct": "10.47589857",
    "service_revenue_pct": "70.27088894",
    "services_from_mrr_pct": "91.08900778",
    "service_revenue_per_employee": "170464.94117647",
    "service_revenue_per_technical_employee": "263445.81818182",
    "aisp": "201.44017094",
    "mrr_per_agreement": "2972.60360360",
    "new_mrr_added": "2902",
    "lost_mrr_churn": "2536",
    "net_mrr_gain": "366",
    "dials_per_appointment": "0",
    "sales_call_close_pct": "50",
}
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
def golden() -> Mapping[str, Mapping[str, Decimal]]:
    with MONTHS.open() as lines:
        rows = {row.pop("metric"): row for row in csv.DictReader(lines)}
    months = {key: {m: Decimal(n) for m, n in row.items() if m != "unit"} for key, row in rows.items()}
    for key, of_months in months.items():
        for month, number in of_months.items():
            enter(key, month, number)
    rollup.run("golden", now=NOW)
    return months


def test_it_gives_the_quarters_smart_numbers_to_eight_places(golden: object) -> None:
    assert {key: value(key, "2025-Q1").value for key in QUARTER} == {key: Decimal(n) for key, n in QUARTER.items()}


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
