"""Rules over stored values: what is told as a breach, and what beside it is none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from collectors.connections import Connection
from metrics.models import MonthlyValue, Origin, Scope, State
from metrics.periods import Month, Quarter
from metrics.reading import NOT_LINKED, client
from metrics.settings import decide
from organizations.models import Organization
from tests.metrics.quality.world import found, look, says, series
from tests.metrics.stored_values import scope_row, store

pytestmark = pytest.mark.django_db
MARCH = Month(2025, 3)
YEAR_AGO = Month(2024, 3)


@pytest.fixture(autouse=True)
def source() -> Connection:
    return Connection.objects.create(vendor="connectwise_psa", label="PSA", enabled=True)


@pytest.fixture
def acme() -> Organization:
    return Organization.objects.create(slug="acme", name="Acme")


def test_zero_is_told_after_twelve_months_without_one() -> None:
    series("reactive_tickets_created", YEAR_AGO, [*["5"] * 12, "0"])
    look()
    [finding] = found("zero")
    assert finding.says == "Reactive tickets created fell to zero in Mar 2025, after 12 months in a row above it."
    assert finding.period is not None and finding.period.starts_on == MARCH.starts_on


@pytest.mark.parametrize("before", [[*["5"] * 11, "0"], [*["5"] * 11, None], ["5"] * 11])
def test_zero_is_none_where_it_was_zero_before_or_the_year_is_not_whole(before: list[str | None]) -> None:
    series("reactive_tickets_created", MARCH.shift(-len(before)), [*before, "0"])
    look()
    assert found("zero") == []


def test_counts_and_hours_below_zero_stop_and_credits_do_not() -> None:
    store("reactive_hours", MARCH, "-1.5")
    store("nrr", MARCH, "-500")
    look()
    [finding] = found("negative")
    assert (finding.metric, finding.severity) == ("reactive_hours", "stop")
    assert finding.says == "Reactive hours came to −1.5 h in Mar 2025, and cannot be below zero."


@pytest.mark.parametrize("before, now, told", [
    ("100", "151", 1), ("100", "150", 0), ("100", "49", 1), ("100", "50", 0), ("2", "4", 0), ("38", "58", 1),
    ("39", "58", 0), ("0", "400", 0),
])  # fmt: skip
def test_a_jump_is_more_than_half_of_the_month_before_and_more_than_a_handful(
    before: str, now: str, told: int
) -> None:
    series("reactive_tickets_created", MARCH.previous, [before, now])
    look()
    assert len(found("jump")) == told


def test_a_fall_to_nothing_is_told_once() -> None:
    series("reactive_tickets_created", YEAR_AGO, [*["50"] * 12, "0"])
    look()
    assert found("jump") == [] and len(found("zero")) == 1
    series("reactive_hours", MARCH.previous, ["50", "0"])
    look()
    assert says("jump") == ["Reactive hours fell from 50 h in Feb 2025 to 0 h in Mar 2025 (−100 %)."]


def test_a_jump_says_both_months() -> None:
    series("reactive_tickets_created", MARCH.previous, ["1000", "250"])
    look()
    assert says("jump") == ["Reactive tickets created fell from 1,000 in Feb 2025 to 250 in Mar 2025 (−75 %)."]


def test_how_far_a_jump_goes_is_a_rule_with_a_day() -> None:
    series("reactive_tickets_created", Month(2025, 1), ["100", "140", "200"])
    decide("jump_percent", "30", from_on=date(2025, 3, 1))
    look()
    assert says("jump") == ["Reactive tickets created rose from 140 in Feb 2025 to 200 in Mar 2025 (+43 %)."]


def test_a_month_that_runs_or_was_not_read_whole_is_no_jump() -> None:
    series("reactive_tickets_created", MARCH.previous, ["1000"])
    store("reactive_tickets_created", MARCH, "100", state=State.INCOMPLETE)
    store("reactive_tickets_created", Month(2025, 4), "10", state=State.SO_FAR)
    look()
    assert found("jump") == []


def test_a_finding_on_a_month_that_is_incomplete_now_is_neither_green_nor_told_anew() -> None:
    series("reactive_tickets_created", MARCH.previous, ["1000", "100"])
    look()
    MonthlyValue.objects.filter(period__starts_on=MARCH.starts_on).update(state=State.INCOMPLETE)
    look()
    assert len(found("jump")) == 1
    MonthlyValue.objects.filter(period__starts_on=MARCH.starts_on).update(state=State.MEASURED, value=900)
    look()
    assert found("jump") == [] and len(found("jump", "fixed")) == 1


def test_a_month_between_two_measured_ones_is_missing_and_one_after_the_last_is_not() -> None:
    series("employees", Month(2025, 1), ["9"])
    store("employees", MARCH, "9")
    series("reactive_hours", Month(2025, 1), ["9", "9", None])
    look()
    assert says("missing") == ["Employees of Feb 2025 is missing between months that are there."]


def test_what_nobody_was_read_for_is_told_once_and_not_of_every_client(acme: Organization) -> None:
    series("reactive_hours", Month(2025, 1), ["9", None, "9"])
    series("reactive_hours", Month(2025, 1), ["3", None, "3"], client("acme"))
    look()
    assert [finding.scope for finding in found("missing")] == [Scope.objects.get(kind="company")]
    MonthlyValue.objects.filter(scope__kind="company").update(state=State.MEASURED, value=9)
    look()
    assert [finding.scope for finding in found("missing")] == [scope_row(client("acme"))]


def test_parts_that_do_not_make_the_whole_stop(acme: Organization) -> None:
    store("reactive_hours", MARCH, "10.5")
    store("reactive_hours", MARCH, "10", client("acme"))
    look()
    [finding] = found("parts")
    assert finding.says == (
        "Reactive hours of Mar 2025: clients, internal and not linked make 10, and the company has 10.5."
    )
    store("reactive_hours", MARCH, "0.5", NOT_LINKED)
    look()
    assert found("parts") == []


def test_a_correction_of_the_whole_leaves_the_parts_alone(acme: Organization) -> None:
    store("reactive_hours", MARCH, "99", origin=Origin.CORRECTED, collected=Decimal(10))
    store("reactive_hours", MARCH, "10", client("acme"))
    look()
    assert found("parts") == []


@pytest.mark.parametrize("metric, quarter, told", [
    ("reactive_hours", "6", 0), ("reactive_hours", "6.00000002", 1), ("employees", "2", 0), ("employees", "3", 1),
    ("tickets_open", "3", 0), ("tickets_open", "6", 1), ("opening_mrr", "1", 0), ("opening_mrr", "3", 1),
])  # fmt: skip
def test_a_quarter_is_its_months(metric: str, quarter: str, told: int) -> None:
    series(metric, Month(2025, 1), ["1", "2", "3"])
    store(metric, Quarter(2025, 1), quarter)
    look()
    assert len(found("quarter")) == told


@pytest.mark.parametrize("billed, managed, told", [
    ("40", "30", 1), ("40", "40", 0), ("40", "38", 0), ("10", "8", 0), ("0", "30", 0), ("100", "96", 0),
    ("100", "94", 1),
])  # fmt: skip
def test_seats_billed_and_managed_are_compared_where_seats_are_billed(
    acme: Organization, billed: str, managed: str, told: int
) -> None:
    store("agreement_seats", MARCH, billed, client("acme"))
    store("seats_managed", MARCH, managed, client("acme"))
    look()
    assert len(found("seats")) == told


def test_a_difference_in_seats_is_one_finding_however_many_months_it_lasts(acme: Organization) -> None:
    from tests.metrics.quality.world import APRIL

    series("agreement_seats", MARCH, ["40", "40"], client("acme"))
    series("seats_managed", MARCH, ["30", "30"], client("acme"))
    look()
    assert says("seats") == ["40 seats billed and 30 managed at the end of Mar 2025."]
    look(APRIL.replace(month=5))
    assert says("seats") == ["40 seats billed and 30 managed at the end of Apr 2025."]


def test_a_fall_through_zero_is_told_without_a_percentage() -> None:
    series("nrr", MARCH.shift(-1), ["23610", "-16614"])
    look()
    [finding] = found("jump")
    assert finding.says == "NRR fell from $23,610 in Feb 2025 to −$16,614 in Mar 2025."
