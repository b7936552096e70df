"""QuickBooks Desktop's reports, which are no lists of rows: a profit and loss by month, and one by customer."""

from __future__ import annotations

from dataclasses import replace

from collectors.drop.declare import Kind
from collectors.drop.layouts.money import INVOICES, LEDGER
from collectors.drop.quickbooks_desktop import by_customer, by_month, income_by_customer

CUSTOMERS = (
    ("January 2026", "Brightwater Dental", "Corner Bakery:Move", "Corner Bakery", "Not classified", "TOTAL"),
    ("Income", "", "", "", "", ""),
    ("4000 · Managed services", "1,000.00", "", "500.00", "", "1,500.00"),
    ("4100 · Projects", "", "250.00", "50.00", "(20.00)", "280.00"),
    ("Total Income", "1,000.00", "250.00", "550.00", "(20.00)", "1,780.00"),
    ("Net Income", "1,000.00", "250.00", "550.00", "(20.00)", "1,780.00"),
)

BY_MONTH = replace(
    LEDGER,
    key="quickbooks_desktop_pl_by_month",
    label="QuickBooks Desktop: profit and loss by month",
    about="Reports, Company & Financial, Profit & Loss Standard; Total columns by Month; Excel, as CSV or XLSX. Its "
    "totals are added up again, and a report that does not come out is refused.",
    shapes=by_month,
    sample=(
        ("", "Jan 26", "Feb 26", "TOTAL"),
        ("Income", "", "", ""),
        ("4000 · Managed services", "", "", ""),
        ("4010 · Server care", "1,000.00", "1,100.00", "2,100.00"),
        ("4000 · Managed services - Other", "50.00", "(25.00)", "25.00"),
        ("Total 4000 · Managed services", "1,050.00", "1,075.00", "2,125.00"),
        ("Total Income", "1,050.00", "1,075.00", "2,125.00"),
        ("Cost of Goods Sold", "", "", ""),
        ("5000 · Hardware", "400.00", "100.00", "500.00"),
        ("Total COGS", "400.00", "100.00", "500.00"),
        ("Gross Profit", "650.00", "975.00", "1,625.00"),
        ("Net Income", "650.00", "975.00", "1,625.00"),
    ),
)

BY_CUSTOMER = replace(
    LEDGER,
    key="quickbooks_desktop_pl_by_customer",
    label="QuickBooks Desktop: profit and loss by customer, the ledger",
    about="Reports, Company & Financial, Profit & Loss by Job, of one month. The ledger's accounts are read: what all "
    "customers and nobody came to. It tells the same as the profit and loss by month, and the two never add up.",
    shapes=by_customer,
    sample=CUSTOMERS,
)

INCOME_BY_CUSTOMER = replace(
    INVOICES,
    key="quickbooks_desktop_income_by_customer",
    label="QuickBooks Desktop: profit and loss by customer, each customer's part",
    about="The same report by customer: what each was charged, by account; a job's amounts are its customer's. It "
    "stands in place of a file of invoices, never beside one.",
    columns=tuple(
        replace(column, kind=Kind.MONTH) if column.name == "Invoiced" else column for column in INVOICES.columns
    ),
    shapes=income_by_customer,
    sample=CUSTOMERS,
)

QUICKBOOKS = (BY_MONTH, BY_CUSTOMER, INCOME_BY_CUSTOMER)
