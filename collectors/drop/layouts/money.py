"""What files of money hold: agreements and their additions, the ledger, invoices, licences."""

from __future__ import annotations

from collectors.convert import text as or_else
from collectors.declare import Convert, Layer
from collectors.drop.declare import Column, Kind, Layout, Named
from collectors.drop.layouts.common import (
    BY_COMPANY,
    COMPANY,
    COMPANY_ID,
    COMPANY_IF_ANY,
    CURRENCY,
    amount,
    day,
    flag,
    text,
    whole,
)  # fmt: skip
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.licenses import License
from collectors.facts.money import InvoiceLine, LedgerAccount, LedgerBalance

CYCLES = {
    "monthly": "1", "month": "1", "1": "1", "bi-monthly": "2", "quarterly": "3", "quarter": "3", "3": "3",
    "semi-annual": "6", "half-yearly": "6", "6": "6", "annual": "12", "annually": "12", "yearly": "12", "year": "12",
    "12": "12", "biennial": "24", "24": "24", "triennial": "36", "36": "36", "one time": "", "one-time": "", "once": "",
}  # fmt: skip
CYCLE = Convert(("Billed",), lambda months: int(months) if months else None)
BILLED = Column(
    name="Billed", meaning="monthly, quarterly, semi-annual, annual or once: what one amount pays for", required=True,
    example="monthly", kind=Kind.CHOICE, choices=CYCLES, also=("Billing cycle", "Cycle", "Term", "Frequency"),
)  # fmt: skip
SIDES = {
    "income": "income", "revenue": "income", "sales": "income", "cost of goods sold": "cogs", "cogs": "cogs",
    "cost of sales": "cogs", "expense": "expense", "expenses": "expense", "overheads": "expense",
    "other income": "other_income", "other expense": "other_expense", "other expenses": "other_expense",
    "none": "none", "bank": "none", "accounts receivable": "none", "accounts payable": "none", "equity": "none",
    "fixed asset": "none", "other current asset": "none", "other current liability": "none", "credit card": "none",
    "long term liability": "none",
}  # fmt: skip
TYPE = Column(
    name="Type", meaning="income, cost of goods sold, expense, other income, other expense, or none",
    example="income", required=True, kind=Kind.CHOICE, choices=SIDES, also=("Account type", "Side"),
)  # fmt: skip
ACCOUNT = text(
    "Account", "The ledger account's name", "Managed services", "Account name", "Ledger account", "Name", required=True,
)  # fmt: skip
NUMBER = text("Number", "Its number in the chart of accounts", "4000", "Account number", "Account #", "Account code")
BASIS = Column(
    name="Basis", meaning="accrual or cash; empty means accrual. One source holds one of them", example="accrual",
    kind=Kind.CHOICE, choices={"accrual": "accrual", "cash": "cash"}, also=("Accounting method",),
)  # fmt: skip

AGREEMENTS = Layout(
    key="agreements",
    label="Agreements",
    about="Every agreement with a client, as it stands on one day.",
    layer=Layer.PSA,
    into=Agreement,
    id="Agreement id",
    known_by=("Company", "Agreement"),
    named=(BY_COMPANY,),
    columns=(
        text("Agreement", "The agreement's name", "Managed services", "Name", "Contract", "Contract name",
             required=True),
        COMPANY,
        amount("Amount", "What one billing cycle costs, without additions", "4,250.00", "Price", "Bill amount",
               required=True),
        BILLED, COMPANY_ID,
        text("Agreement id", "The source's own id", "A-118", "Contract id", "Id"),
        text("Type", "The agreement's type, by which managed ones are told", "Managed", "Agreement type",
             "Contract type"),
        CURRENCY,
        amount("Hours included", "Hours of a billing cycle that the amount covers", "", "Budget hours"),
        day("Begins", "Its first day", "2025-01-01", "Start date", "Starts", "From"),
        day("Ends", "The last day of its term; empty: it goes on", "", "End date", "Expires", "Through"),
        day("Cancelled", "The day it was cancelled", "", "Date cancelled", "Cancel date"),
    ),
    fields={
        "account": "Company key", "name": "Agreement", "kind": "Type", "amount": "Amount", "cycle_months": CYCLE,
        "currency": "Currency", "budget_hours": "Hours included", "starts_on": "Begins", "ends_on": "Ends",
        "cancelled_on": "Cancelled", "cancelled": Convert(("Cancelled",), lambda at: at is not None),
    },
)  # fmt: skip

ADDITIONS = Layout(
    key="additions",
    label="Additions to agreements",
    about="Every product billed on top of an agreement, as it stands on one day.",
    layer=Layer.PSA,
    into=Addition,
    id="Addition id",
    known_by=("Agreement id", "Product"),
    columns=(
        text("Agreement id", "The id of its agreement, as the file of agreements gives it", "A-118", "Contract id",
             required=True),
        text("Product", "What is billed", "Managed workstation", "Addition", "Item", "Service", required=True),
        amount("Quantity", "How many", "24", "Qty", "Units", required=True),
        amount("Amount", "What they cost together in one billing cycle of the agreement", "1,080.00", "Extended price",
               "Total", required=True),
        amount("Included", "How many of them the agreement's own amount covers", ""),
        text("Addition id", "The source's own id", "", "Id"),
        flag("Is billed", "Whether the client is billed for it; empty means yes", "yes", "Billable"),
        day("From", "Its first day", "", "Effective", "Effective date", "Start date"),
        day("Cancelled", "The day it was cancelled", "", "Date cancelled", "End date"),
    ),
    fields={
        "agreement": "Agreement id", "product": "Product", "quantity": "Quantity", "included": "Included",
        "amount": "Amount", "billed": Convert(("Is billed",), lambda said: True if said is None else said),
        "effective_on": "From", "cancelled_on": "Cancelled",
    },
)  # fmt: skip

LEDGER_ACCOUNTS = Layout(
    key="ledger_accounts",
    label="Chart of accounts",
    about="Every account of the ledger, as it stands on one day.",
    layer=Layer.LEDGER,
    into=LedgerAccount,
    id="Account id",
    known_by=("Account",),
    columns=(ACCOUNT, TYPE, NUMBER, text("Account id", "The ledger's own id of it", "", "Id"),
             flag("Active", "Whether it is in use", "yes")),
    fields={"name": "Account", "number": "Number", "side": "Type", "active": "Active"},
)  # fmt: skip

LEDGER = Layout(
    key="ledger",
    label="Profit and loss by month",
    about="What each ledger account came to in each month. Costs are positive, and so are sales; months left out are "
    "not nought, they are not known.",
    layer=Layer.LEDGER,
    into=LedgerBalance,
    known_by=("Account", "Month"),  # a source holds one basis
    by="month",
    dated=("Month",),
    settles="Basis",
    named=(Named(into=LedgerAccount, column="Account", id="Account id", fields={"number": "Number", "side": "Type"}),),
    columns=(
        Column(name="Month", meaning="The month", example="2026-04", required=True, kind=Kind.MONTH,
               also=("Period", "Date")),
        ACCOUNT, TYPE,
        amount("Amount", "What it came to in the month", "48,200.00", "Balance", "Total", required=True),
        NUMBER, text("Account id", "The ledger's own id of the account", "", "Id"), BASIS, CURRENCY,
    ),
    fields={
        "ledger_account": "Account key", "month": "Month", "basis": or_else("Basis", "accrual"), "amount": "Amount",
        "currency": "Currency",
    },
)  # fmt: skip


def invoices(key: str, label: str, layer: Layer, about: str) -> Layout:
    return Layout(
        key=key,
        label=label,
        about=about,
        layer=layer,
        into=InvoiceLine,
        id="Line id",
        known_by=("Invoice", "Invoiced", "Company", "Kind", "Category", "Amount"),
        by="posted_on",
        dated=("Invoiced",),
        named=(BY_COMPANY,),
        columns=(
            day("Invoiced", "The day of the invoice", "2026-04-30", "Date", "Invoice date", "Posted", required=True),
            COMPANY_IF_ANY,
            amount("Amount", "What the line came to without tax; credits are negative", "4,250.00", "Line amount",
                   "Net amount", required=True),
            text("Invoice", "The invoice's number", "INV-2044", "Invoice number", "Invoice #", "Num", "Number"),
            COMPANY_ID,
            text("Line id", "The line's own id, where there is one", "", "Id"),
            text("Kind", "agreement, time, product, project, credit, or as you call it", "agreement",
                 "Transaction type"),
            text("Category", "The item, class or category", "Managed services", "Item", "Class", "Product"),
            amount("Cost", "What it cost you", ""),
            CURRENCY,
            day("Due", "The day it is due", "2026-05-30", "Due date"),
            day("Paid", "The day it was paid", "", "Paid date", "Date paid"),
        ),
        fields={
            "account": "Company key", "number": "Invoice", "kind": "Kind", "category": "Category", "amount": "Amount",
            "cost": "Cost", "currency": "Currency", "posted_on": "Invoiced", "due_on": "Due", "paid_on": "Paid",
        },
    )  # fmt: skip


INVOICES = invoices(
    "invoices", "Invoices of the ledger", Layer.LEDGER,
    "What each client was invoiced, by line: for the days it covers, every line. An invoice that is told in one sum is "
    "one line.",
)  # fmt: skip
PSA_INVOICES = invoices(
    "psa_invoices", "Invoices of the service desk", Layer.PSA,
    "What the service desk invoiced, by line: for the days it covers, every line. It never adds to the ledger's.",
)  # fmt: skip


def licenses(key: str, label: str, layer: Layer, about: str) -> Layout:
    return Layout(
        key=key,
        label=label,
        about=about,
        layer=layer,
        into=License,
        id="Subscription id",
        known_by=("Company", "Product"),
        named=(BY_COMPANY,),
        columns=(
            COMPANY, text("Product", "The product as people know it", "Microsoft 365 Business Premium",
                          "License", "Subscription", "Service", required=True),
            whole("Seats", "Seats bought", "25", "Quantity", "Licenses", "Purchased"),
            whole("Assigned", "Seats given to somebody", "23", "Used", "Consumed"),
            whole("Active", "Of these, seats of people who signed in lately", "", "Active users"),
            COMPANY_ID, text("Subscription id", "The source's own id", "", "Id"),
            text("SKU", "The maker's code, by which free ones are told", "SPB", "Part number", "Sku id"),
            amount("Unit cost", "What one seat costs you", "18.00", "Cost"),
            amount("Unit price", "What the client pays for one seat", "22.00", "Price"),
            Column(name="Billed", meaning="monthly, annual, …: what one price pays for", example="monthly",
                   kind=Kind.CHOICE, choices=CYCLES, also=BILLED.also),
            CURRENCY,
            flag("Trial", "Whether it is a trial", "no"),
            flag("Suspended", "Whether it is suspended", "no"),
            day("Renews", "The day it renews", "2026-11-30", "Renewal date", "End date"),
        ),
        fields={
            "account": "Company key", "product": "Product", "sku": "SKU", "seats": "Seats", "assigned": "Assigned",
            "active": "Active", "unit_cost": "Unit cost", "unit_price": "Unit price", "cycle_months": CYCLE,
            "currency": "Currency", "trial": "Trial", "suspended": "Suspended", "renews_on": "Renews",
        },
    )  # fmt: skip


LICENSES = licenses(
    "licenses", "Licences of cloud tenants", Layer.TENANT,
    "Seats of each product a client's cloud tenant has, as they stand on one day.",
)  # fmt: skip
BOUGHT_LICENSES = licenses(
    "bought_licenses", "Licences bought in a marketplace", Layer.MARKETPLACE,
    "What each client has bought and what it costs, as it stands on one day.",
)  # fmt: skip

MONEY = (AGREEMENTS, ADDITIONS, LEDGER_ACCOUNTS, LEDGER, INVOICES, PSA_INVOICES, LICENSES, BOUGHT_LICENSES)
