"""The eighteen SmartNumbers of any months, against an evaluator of our own in exact fractions (R128 to R145)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction as F

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from metrics import rollup
from metrics.definitions import CATALOGUE
from metrics.models import MonthlyValue, QuarterlyValue, YearlyValue
from tests.metrics.rollup.world import TABLES, enter, period, scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SUMMED = (
    "reactive_tickets_created", "reactive_tickets_closed", "reactive_hours", "nrr", "mrr", "orr", "product_sales",
    "misc_revenue", "employee_expense", "owner_comp_taxes", "owner_compensation", "cogs", "other_expenses",
    "telemarketing_dials", "first_time_appointments", "new_agreements", "new_mrr", "lost_mrr",
)
MEANT = ("endpoints_managed", "employees", "technical_employees", "seats_managed", "managed_services_agreements")
money = st.one_of(
    st.just(F(0)), st.integers(-(10**13), 10**13).map(lambda cents: F(cents, 100)),
    st.integers(-(10**6), 10**6).map(lambda cents: F(cents, 100)),
)
counts = st.one_of(st.just(F(0)), st.integers(1, 2000).map(F))
parts = st.one_of(st.just(F(0)), st.integers(1, 400).map(lambda halves: F(halves, 4)))
KINDS = dict.fromkeys(SUMMED[3:13], money) | dict.fromkeys(SUMMED, counts) | {
    **dict.fromkeys(("nrr", "mrr", "orr", "product_sales", "misc_revenue", *SUMMED[8:13]), money),
    "reactive_hours": st.integers(0, 10**6).map(lambda cents: F(cents, 100)),
    **dict.fromkeys(MEANT, parts),
}
months = st.lists(st.fixed_dictionaries({**KINDS, **dict.fromkeys(MEANT, parts)}), min_size=12, max_size=12)
holes = st.lists(st.tuples(st.sampled_from([*SUMMED, *MEANT]), st.integers(0, 11)), max_size=2)


def smart_numbers(span: list[dict[str, F | None]]) -> dict[str, F | None]:
    """From the owner's words for each; None where an input is missing or a divisor is nought."""
    n = len(span)

    def over(top: F | None, under: F | None) -> F | None:
        return None if top is None or not under else top / under

    def total(name: str) -> F | None:
        values = [month[name] for month in span]
        return None if None in values else sum(values, F(0))  # type: ignore[arg-type]

    def mean(name: str) -> F | None:
        return over(total(name), F(n))

    def both(*values: F | None) -> F | None:
        return None if None in values else sum(values, F(0))  # type: ignore[arg-type]

    def times(value: F | None, by: F | int) -> F | None:
        return None if value is None else value * by

    created, closed, hours = (total(name) for name in SUMMED[:3])
    endpoints, employees, techs, seats, agreements = (mean(name) for name in MEANT)
    service, mrr = both(total("nrr"), total("mrr")), total("mrr")
    with_orr = both(service, total("orr"))
    revenue = both(*(total(name) for name in SUMMED[3:8]))
    spent = both(*(total(name) for name in SUMMED[8:13]))
    profit = both(revenue, times(spent, -1))
    met = total("first_time_appointments")
    return {
        "reactive_tickets_per_tech_per_month": over(times(closed, F(1, n)), techs),
        "total_close_pct": times(over(closed, created), 100),
        "reactive_tickets_per_endpoint_per_month": over(times(created, F(1, n)), endpoints),
        "rhem": over(times(hours, F(1, n)), endpoints),
        "average_resolution_time": over(hours, closed),
        "reactive_service_pct": times(over(times(hours, F(1, n)), times(techs, 167)), 100),
        "net_profit_pct": times(over(profit, revenue), 100),
        "service_revenue_pct": times(over(service, revenue), 100),
        "services_from_mrr_pct": times(over(mrr, service), 100),
        "service_revenue_per_employee": times(over(service, employees), F(12, n)),
        "service_revenue_per_technical_employee": times(over(service, techs), F(12, n)),
        "service_revenue_per_employee_v2": times(over(with_orr, employees), F(12, n)),
        "service_revenue_per_technical_employee_v2": times(over(with_orr, techs), F(12, n)),
        "aisp": over(times(mrr, F(1, n)), seats),
        "mrr_per_agreement": over(times(mrr, F(1, n)), agreements),
        "new_mrr_added": total("new_mrr"), "lost_mrr_churn": total("lost_mrr"),
        "net_mrr_gain": both(total("new_mrr"), times(total("lost_mrr"), -1)),
        "dials_per_appointment": over(total("telemarketing_dials"), met),
        "sales_call_close_pct": times(over(total("new_agreements"), met), 100),
    }


def rounded(value: F | None) -> Decimal | None:
    """To eight places, half away from zero; None where a column cannot hold it."""
    if value is None:
        return None
    scaled = abs(value) * 10**8
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return None if whole >= 10**20 else Decimal(whole if value >= 0 else -whole) / 10**8


@settings(
    max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(year=months, missing=holes)
def test_every_smart_number_of_every_period_is_the_exact_one_rounded_once(
    year: list[dict[str, F]], missing: list[tuple[str, int]]
) -> None:
    given_months: list[dict[str, F | None]] = [dict(month) for month in year]
    for name, number in missing:
        given_months[number][name] = None
    names = [f"2025-{number:02d}" for number in range(1, 13)]
    with transaction.atomic():
        for name, month in zip(names, given_months, strict=True):
            for metric, value in month.items():
                if value is not None:
                    enter(metric, name, Decimal(value.numerator) / Decimal(value.denominator))
        rollup.run("test", now=NOW)
        spans = [([name], [month]) for name, month in zip(names, given_months, strict=True)]
        wanted: dict[str, dict[str, F | None]] = {name[0]: smart_numbers(span) for name, span in spans}
        wanted |= {f"2025-Q{q + 1}": smart_numbers(given_months[q * 3 : q * 3 + 3]) for q in range(4)}
        wanted["2025"] = smart_numbers(given_months)
        for when, numbers in wanted.items():
            grain = {7: "month" if "Q" not in when else "quarter", 4: "year"}[len(when)]
            rows = TABLES[grain].objects.filter(scope=scope(), period=period(when))
            stored = {
                metric if version == CATALOGUE[metric].version else f"{metric}_v{version}": value
                for metric, version, value in rows.values_list("definition__metric", "definition__version", "value")
            }
            for metric, exact in numbers.items():
                assert stored.get(metric) == rounded(exact), (when, metric, exact)
        for table in (MonthlyValue, QuarterlyValue, YearlyValue):
            table.objects.all().delete()
        transaction.set_rollback(True)


def test_a_number_no_column_can_hold_stops_no_other() -> None:
    for month in ("2025-01", "2025-02", "2025-03"):
        enter("mrr", month, "999999999999")
        enter("nrr", month, "5")
        enter("employees", month, "0.25")
    rollup.run("test", now=NOW)
    quarter = QuarterlyValue.objects.filter(scope=scope(), period=period("2025-Q1"), definition__version=1)
    told = {row.definition.metric: (row.get_state_display(), row.value, row.cause) for row in quarter}
    assert told["nrr"][:2] == ("measured", 15)
    assert told["mrr"] == ("undefined", None, "too large to keep")
    assert told["service_revenue_per_employee"][:2] == ("undefined", None)
    january = MonthlyValue.objects.get(scope=scope(), period=period("2025-01"),
                                     definition__metric="service_revenue_per_employee",
                                     definition__version=1)  # fmt: skip
    assert (january.get_state_display(), january.value, january.cause) == ("undefined", None, "too large to keep")
