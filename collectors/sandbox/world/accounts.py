"""The chart of accounts, with the category each account means to the MSP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    id: int
    name: str
    group: str  # Income, COGS, Expenses, OtherIncome or OtherExpenses
    category: str
    parent: int | None = None
    active: bool = True


_ROWS = (
    (1, "Managed Services", "Income", "mrr", None),
    (2, "Managed Services - Seats", "Income", "mrr", 1),
    (3, "Managed Services - Servers", "Income", "mrr", 1),
    (4, "Project Labor", "Income", "nrr", None),
    (5, "Project Labor Credits", "Income", "nrr", 4),
    (6, "Cloud Resale", "Income", "orr", None),
    (7, "Hardware Sales", "Income", "product_sales", None),
    (8, "Miscellaneous Income", "Income", "misc_revenue", None),
    (20, "Cost of Cloud Resale", "COGS", "cogs", None),
    (21, "Cost of Hardware", "COGS", "cogs", None),
    (22, "RMM and Security Tools", "COGS", "cogs", None),
    (23, "Subcontractors", "COGS", "cogs", None),
    (40, "Payroll Expenses", "Expenses", "employee_expense", None),
    (41, "Wages", "Expenses", "employee_expense", 40),
    (42, "Payroll Taxes", "Expenses", "employee_expense", 40),
    (43, "Employee Benefits", "Expenses", "employee_expense", 40),
    (44, "Owner's Compensation", "Expenses", "owner_compensation", None),
    (45, "Owner's Quarterly Taxes", "Expenses", "owner_comp_taxes", None),
    (46, "Rent", "Expenses", "other_expenses", None),
    (47, "Office Software", "Expenses", "other_expenses", None),
    (48, "Insurance", "Expenses", "other_expenses", None),
    (49, "Vehicle", "Expenses", "other_expenses", None),
    (50, "Fuel", "Expenses", "other_expenses", 49),
    (51, "Marketing", "Expenses", "other_expenses", None),
    (52, "Telephone and Internet", "Expenses", "other_expenses", None),
    (70, "Interest Earned", "OtherIncome", "misc_revenue", None),
    (80, "Interest Paid", "OtherExpenses", "other_expenses", None),
)  # fmt: skip
ACCOUNTS = {row[0]: LedgerAccount(*row) for row in _ROWS}
BALANCE_SHEET = (
    (90, "Checking", "Asset", "Bank", "Checking"),
    (91, "Accounts Receivable (A/R)", "Asset", "Accounts Receivable", "AccountsReceivable"),
    (92, "Accounts Payable (A/P)", "Liability", "Accounts Payable", "AccountsPayable"),
    (93, "Retained Earnings", "Equity", "Equity", "RetainedEarnings"),
)
GROUPS = ("Income", "COGS", "Expenses", "OtherIncome", "OtherExpenses")


def children(account: int | None, group: str) -> list[LedgerAccount]:
    return [row for row in ACCOUNTS.values() if row.parent == account and row.group == group]
