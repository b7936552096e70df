"""Rules over the books and the strip: what must add up, what two systems say, what is left over."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from collectors.connections import Connection
from collectors.facts.money import LedgerAccount, LedgerBalance
from metrics import quality
from metrics.models import LedgerCategory, Scope
from metrics.periods import Month, Quarter
from metrics.settings import decide
from tests.metrics.quality.world import found, look, months_known, says, series
from tests.metrics.stored_values import person, store

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = Month(2025, 1), Month(2025, 2), Month(2025, 3)
Q1 = Quarter(2025, 1)


@pytest.fixture(autouse=True)
def ledger() -> Connection:
    Scope.objects.get_or_create(kind="company")
    months_known(JANUARY, Month(2025, 4))
    return Connection.objects.create(vendor="quickbooks_online", label="Books")


def balance(ledger: Connection, month: str, amount: str, side: str = "income", category: str = "") -> LedgerAccount:
    number = str(LedgerAccount.objects.count())
    account = LedgerAccount.objects.create(connection=ledger, external_id=number, name=number, side=side)
    if category:
        LedgerCategory.objects.create(ledger_account=account, category=category)
    LedgerBalance.objects.create(
        connection=ledger, external_id=number, ledger_account=account, month=month, basis="Accrual",
        amount=Decimal(amount),
    )
    return account


def test_amounts_in_no_category_are_told_by_month_and_side(ledger: Connection) -> None:
    balance(ledger, "2025-03-01", "1200.50")
    balance(ledger, "2025-03-01", "-200")
    balance(ledger, "2025-03-01", "75", "expense")
    balance(ledger, "2025-02-01", "0", "expense")
    balance(ledger, "2025-02-01", "99", "income", "mrr")
    balance(ledger, "2025-02-01", "99", "none")
    look()
    assert {(finding.metric, finding.says) for finding in found("unmapped")} == {
        ("total_revenue", "$1,400.50 of income in Mar 2025 are on 2 ledger accounts without a category."),
        ("total_expenses", "$75 of costs in Mar 2025 is on 1 ledger account without a category."),
    }


def test_a_category_from_a_later_day_does_not_settle_an_earlier_month(ledger: Connection) -> None:
    account = balance(ledger, "2025-03-01", "10")
    decided = LedgerCategory.objects.create(ledger_account=account, category="mrr", from_on="2025-04-01")
    look()
    assert len(found("unmapped")) == 1
    LedgerCategory.objects.filter(pk=decided.pk).update(from_on="2025-03-01")
    look()
    assert found("unmapped") == []


@pytest.mark.parametrize("whole, told", [("100", 0), ("101", 0), ("101.01", 1), ("60", 1)])
def test_a_total_given_whole_is_compared_with_its_parts_where_they_are_there(whole: str, told: int) -> None:
    store("total_revenue", MARCH, whole)
    look()
    assert found("results") == []
    for key, value in (("nrr", "10"), ("mrr", "90"), ("orr", "0"), ("product_sales", "0"), ("misc_revenue", "0")):
        store(key, MARCH, value)
    look()
    assert len(found("results")) == told


def test_net_profit_is_revenue_less_expenses() -> None:
    for key, value in (("total_revenue", "500"), ("total_expenses", "300"), ("net_profit", "250")):
        store(key, MARCH, value)
    look()
    assert says("results") == ["Net profit of Mar 2025 was given as $250, and its parts make $200."]


def moved(key: str, values: list[str | None]) -> None:
    series(key, JANUARY, values)


def bridge(period: Month | Quarter) -> quality.Line:
    [line] = [line for line in quality.strip_for_all(period) if line.key == "mrr_bridge"]
    return line


def entered() -> None:
    """Recurring revenue moves by 321 from January to March, and new less lost MRR explain 366 of it."""
    moved("mrr", ["100000", "100592", "100321"])
    moved("new_mrr", ["0", "700", "0"])
    moved("lost_mrr", ["0", "69", "265"])


def test_the_remainder_of_the_bridge_is_what_new_and_lost_leave_unexplained() -> None:
    entered()
    assert [bridge(month).difference for month in (FEBRUARY, MARCH)] == [-39, -6]
    assert (bridge(Q1).difference, bridge(Q1).when) == (-45, "Feb 2025 to Mar 2025")
    assert bridge(Q1).within  # a tenth of a percent of 100,321


def test_a_remainder_beyond_the_tolerance_stops_and_one_within_it_is_still_shown() -> None:
    entered()
    look()
    assert found("mrr_bridge") == []
    decide("bridge_tolerance", "0.03")
    look()
    [finding] = found("mrr_bridge")
    assert (finding.severity, finding.measure, finding.metric) == ("stop", -39, "mrr")
    assert finding.says == (
        "Feb 2025: closing ledger MRR $100,592, opening and what moved it $100,631. They are $39 apart, more than "
        "the $30.18 allowed."
    )
    assert finding in quality.blocking(Q1) and finding not in quality.blocking(MARCH)


def test_growth_and_shrinkage_explain_the_rest() -> None:
    entered()
    moved("expansion_mrr", [None, "0", "0"])
    moved("contraction_mrr", [None, "39", "6"])
    assert bridge(Q1).difference == 0


def test_the_bridge_is_of_agreements_where_they_are_read() -> None:
    entered()
    moved("agreement_mrr", ["90000", "90631", "90366"])
    assert bridge(Q1).left.metric == "agreement_mrr" and bridge(Q1).difference == 0


def test_a_bridge_starts_anew_after_a_month_that_is_not_known() -> None:
    series("mrr", JANUARY, ["100", "110", None, "130", "150"])
    series("new_mrr", JANUARY, ["1", "10", "1", "1", "20"])
    series("lost_mrr", JANUARY, ["0", "0", "0", "0", "0"])
    assert [line.key for line in quality.strip_for_all(Month(2025, 4))] == []
    assert bridge(Month(2025, 5)).difference == 0


@pytest.mark.parametrize("agreements, told", [("102", 0), ("102.01", 1), ("97.9", 1)])
def test_agreements_and_ledger_may_differ_by_a_share_of_the_ledger(agreements: str, told: int) -> None:
    store("mrr", MARCH, "100")
    store("agreement_mrr", MARCH, agreements)
    look()
    assert len(found("mrr_twice")) == told


def test_a_line_is_there_only_where_both_its_sources_are() -> None:
    store("mrr", MARCH, "100")
    store("agreement_seats", MARCH, "0")
    store("seats_managed", MARCH, "40")
    assert quality.strip_for_all(Q1) == []
    store("agreement_mrr", MARCH, "100")
    store("agreement_seats", FEBRUARY, "38")
    store("seats_managed", FEBRUARY, "40")
    assert [(line.key, line.when, line.within) for line in quality.strip_for_all(Q1)] == [
        ("mrr_twice", "Mar 2025", True), ("seats", "Feb 2025", True),
    ]


def test_whoever_may_not_see_money_sees_no_line_of_it() -> None:
    for key in ("mrr", "agreement_mrr", "agreement_seats", "seats_managed"):
        store(key, MARCH, "100")
    assert [line.key for line in quality.strip(person("reader"), MARCH)] == ["seats"]
    assert [line.key for line in quality.strip(person("vcio", "see_finance"), MARCH)] == ["mrr_twice", "seats"]
    assert quality.strip(User(is_active=False), MARCH) == []


def test_invoices_stand_beside_each_other_and_beside_what_the_ledger_earned() -> None:
    store("invoiced", MARCH, "100")
    store("total_revenue", MARCH, "110")
    assert [(line.key, line.left.metric, line.within) for line in quality.strip_for_all(MARCH)] == [
        ("invoiced_and_earned", "invoiced", False)
    ]
    store("invoiced_in_ledger", MARCH, "108.5")
    assert [(line.key, line.left.metric, line.difference, line.within) for line in quality.strip_for_all(MARCH)] == [
        ("invoiced_twice", "invoiced", Decimal("-8.5"), False),
        ("invoiced_and_earned", "invoiced_in_ledger", Decimal("-1.5"), True),
    ]


def test_seats_billed_stand_beside_the_people_with_a_licence() -> None:
    store("agreement_seats", MARCH, "100")
    store("licensed_users", MARCH, "95")
    [line] = quality.strip_for_all(MARCH)
    assert (line.key, line.right.metric, line.within) == ("licensed_users", "licensed_users", True)
