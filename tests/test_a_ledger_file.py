"""A ledger without an API: QuickBooks Desktop's report as a file becomes the numbers of the Financial page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from collectors.drop.layouts import LAYOUTS
from collectors.drop.loading import check, load
from collectors.drop.table import Table, table
from collectors.facts.accounts import Account
from collectors.facts.money import InvoiceLine, LedgerAccount, LedgerBalance
from collectors.facts.touched import Calendar
from metrics import reading
from metrics.models import LedgerCategory, State
from metrics.periods import Month, Quarter, Span
from metrics.reading import COMPANY, Number
from qbr import tasks

pytestmark = pytest.mark.django_db(transaction=True)
BY_MONTH, BY_CUSTOMER, INCOME = (
    LAYOUTS[f"quickbooks_desktop_{name}"] for name in ("pl_by_month", "pl_by_customer", "income_by_customer")
)
REPORT = """Lanternworks IT,,,,
,Jan 26,Feb 26,Mar 26,TOTAL
Income,,,,
4000 · Managed services,"1,000.00","1,100.00","1,200.00","3,300.00"
4100 · Projects,250.00,(50.00),0.00,200.00
Total Income,"1,250.00","1,050.00","1,200.00","3,500.00"
Cost of Goods Sold,,,,
5000 · Hardware,400.00,100.00,,500.00
Total COGS,400.00,100.00,,500.00
Gross Profit,850.00,950.00,"1,200.00","3,000.00"
Expense,,,,
6000 · Payroll,300.00,300.00,300.00,900.00
Total Expense,300.00,300.00,300.00,900.00
Net Income,550.00,650.00,900.00,"2,100.00"
"""
JOBS = """January 2026,Brightwater Dental,Corner Bakery:Move,Corner Bakery,Not classified,TOTAL
Income,,,,,
4000 · Managed services,600.00,,400.00,,"1,000.00"
4100 · Projects,,250.00,20.00,(20.00),250.00
Total Income,600.00,250.00,420.00,(20.00),"1,250.00"
Cost of Goods Sold,,,,,
5000 · Hardware,,,,400.00,400.00
Total COGS,,,,400.00,400.00
Expense,,,,,
6000 · Payroll,,,,300.00,300.00
Total Expense,,,,300.00,300.00
Net Income,600.00,250.00,420.00,(720.00),550.00
"""
CATEGORIES = {"4000": "mrr", "4100": "nrr", "5000": "cogs", "6000": "employee_expense"}


@pytest.fixture
def admin() -> User:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago", "read_from": date(2026, 1, 1)})
    return User.objects.create_superuser("admin")


def sheet(text: str = REPORT) -> Table:
    return table(text.encode(), "report.csv")


def decide() -> None:
    for account in LedgerAccount.objects.filter(categories=None):
        LedgerCategory.objects.create(ledger_account=account, category=CATEGORIES[account.number], note="as it is sold")
    tasks.follow()


def number(person: User, metric: str, period: Span) -> Number:
    found = reading.number(person, metric, COMPANY, period)
    assert found is not None
    return found


def test_the_metrics_of_each_month_are_the_totals_of_the_file(admin: User) -> None:
    load(BY_MONTH, sheet(), "Books", by=admin)
    decide()
    totals = {
        Month(2026, 1): ("1250", "400", "300", "550"), Month(2026, 2): ("1050", "100", "300", "650"),
        Month(2026, 3): ("1200", "0", "300", "900"), Quarter(2026, 1): ("3500", "500", "900", "2100"),
    }  # fmt: skip
    for period, stated in totals.items():
        for metric, amount in zip(("total_revenue", "cogs", "employee_expense", "net_profit"), stated, strict=True):
            found = number(admin, metric, period)
            assert (metric, found.value, found.state) == (metric, Decimal(amount), State.MEASURED)


def test_the_report_by_customer_tells_the_ledger_the_same_and_never_adds_to_it(admin: User) -> None:
    load(BY_MONTH, sheet(), "Books")
    before = list(LedgerBalance.objects.order_by("pk").values("external_id", "amount", "ledger_account", "basis"))
    checked = check(BY_CUSTOMER, sheet(JOBS), "Books")
    assert (checked.new, checked.changed, checked.same) == (0, 0, 4)
    load(BY_CUSTOMER, sheet(JOBS), "Books")
    assert (
        list(LedgerBalance.objects.order_by("pk").values("external_id", "amount", "ledger_account", "basis")) == before
    )


def test_a_report_that_says_its_basis_is_the_same_as_one_that_did_not(admin: User) -> None:
    load(BY_MONTH, sheet(), "Books")
    checked = check(BY_MONTH, sheet(REPORT.replace("Lanternworks IT", "Accrual Basis")), "Books")
    assert (checked.new, checked.same) == (0, 11)


def test_what_each_customer_was_charged_is_its_own_and_a_new_one_waits_to_be_mapped(admin: User) -> None:
    checked = check(INCOME, sheet(JOBS), "Books")
    assert checked.accounts == ("Brightwater Dental", "Corner Bakery")
    load(INCOME, sheet(JOBS), "Books")
    lines = InvoiceLine.objects.order_by("pk").values_list("account__name", "category", "amount")
    assert list(lines) == [
        ("Brightwater Dental", "Managed services", Decimal(600)), ("Corner Bakery", "Managed services", Decimal(400)),
        ("Corner Bakery", "Projects", Decimal(270)),
    ]  # fmt: skip
    assert Account.objects.filter(links=None).count() == 2


def test_a_corrected_report_takes_the_place_of_the_one_before(admin: User) -> None:
    load(BY_MONTH, sheet(), "Books")
    decide()
    corrected = REPORT.replace("1,100.00", "1,150.00").replace("3,300.00", "3,350.00").replace("1,050.00", "1,100.00")
    corrected = (
        corrected.replace("3,500.00", "3,550.00").replace(",950.00", ',"1,000.00"').replace("3,000.00", "3,050.00")
    )
    corrected = corrected.replace("650.00", "700.00").replace("2,100.00", "2,150.00")
    load(BY_MONTH, sheet(corrected), "Books")
    tasks.follow()
    assert number(admin, "total_revenue", Month(2026, 2)).value == Decimal(1100)
    assert number(admin, "net_profit", Quarter(2026, 1)).value == Decimal(2150)


def test_an_account_that_a_later_report_leaves_out_has_no_amount_any_more(admin: User) -> None:
    load(BY_MONTH, sheet(), "Books")
    without = REPORT.replace("4100 · Projects,250.00,(50.00),0.00,200.00\n", "").replace("850.00", "600.00")
    without = without.replace(
        '"1,250.00","1,050.00","1,200.00","3,500.00"', '"1,000.00","1,100.00","1,200.00","3,300.00"'
    )
    without = without.replace("600.00,950.00", '600.00,"1,000.00"').replace("3,000.00", "2,800.00")
    without = without.replace("550.00,650.00", "300.00,700.00").replace("2,100.00", "1,900.00")
    assert check(BY_MONTH, sheet(without), "Books").retired == 3
    load(BY_MONTH, sheet(without), "Books", confirm_retire=True)
    standing = LedgerBalance.objects.filter(retired_on=None)
    assert sum(standing.filter(ledger_account__side="income").values_list("amount", flat=True)) == Decimal(3300)


def test_a_month_that_no_file_told_is_not_nought(admin: User) -> None:
    load(BY_MONTH, sheet(), "Books")
    decide()
    april = reading.number(admin, "total_revenue", COMPANY, Month(2026, 4))
    assert april is None or april.state is not State.MEASURED


def test_the_plain_form_tells_the_same_of_any_ledger(admin: User) -> None:
    rows = ["Month,Account,Number,Account id,Type,Amount,Basis"]
    rows += [
        f"2026-{month:02},{account},{number},{number},{kind},{amount},accrual"
        for account, number, kind, *amounts in (
            ("Managed services", "4000", "Income", "1000", "1100", "1200"),
            ("Projects", "4100", "Income", "250", "-50", "0"),
            ("Hardware", "5000", "Cost of goods sold", "400", "100"),
            ("Payroll", "6000", "Expense", "300", "300", "300"),
        )
        for month, amount in enumerate(amounts, start=1)
    ]
    load(LAYOUTS["ledger"], sheet("\n".join(rows)), "Books")
    checked = check(BY_MONTH, sheet(REPORT.replace("Lanternworks IT", "Accrual Basis")), "Books")
    assert (checked.new, checked.changed, checked.same) == (0, 0, 11)
