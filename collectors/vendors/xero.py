"""Xero: the chart of accounts, customers, profit and loss by month, invoice lines (Accounting API 2.0)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from collectors.auth import ClientCredentials
from collectors.convert import choice, constant, day, decimal, evidence, first, only, tagged, text, whole_months
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Record, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.money import InvoiceLine, LedgerAccount, LedgerBalance
from collectors.pagination import Cursor, OnePage, Pages, Paginate

SIDES = {
    "REVENUE": LedgerAccount.Side.INCOME, "SALES": LedgerAccount.Side.INCOME,
    "OTHERINCOME": LedgerAccount.Side.OTHER_INCOME, "DIRECTCOSTS": LedgerAccount.Side.COGS,
    "EXPENSE": LedgerAccount.Side.EXPENSE, "OVERHEADS": LedgerAccount.Side.EXPENSE,
    "DEPRECIATN": LedgerAccount.Side.EXPENSE, "WAGESEXPENSE": LedgerAccount.Side.EXPENSE,
    "SUPERANNUATIONEXPENSE": LedgerAccount.Side.EXPENSE,
}  # fmt: skip
GRANULAR = (
    "accounting.settings.read accounting.contacts.read accounting.reports.profitandloss.read accounting.invoices.read"
)
CLASSIC = (
    "accounting.settings.read accounting.contacts.read accounting.reports.read accounting.transactions.read"
)
COUNTED = Total(at="pagination.itemCount")
LABELS = ("%d %b %y", "%d %B %Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %y")
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MICROSOFT = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


@dataclass(frozen=True, kw_only=True)
class OneMonth(Paginate):
    """One month's report. Its basis is asked for in Xero's words: whether payments alone count."""

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        asked = {name: value for name, value in params.items() if name != "basis"}
        return {**asked, "paymentsOnly": str(params["basis"] == "cash").lower()}


def fault(status: int, body: Any) -> Fault | None:
    """An error under a status that says all is well."""
    told = isinstance(body, dict) and ("ErrorNumber" in body or ("Title" in body and "Detail" in body))
    return Fault(str(body.get("Detail") or body.get("Message")), wait=True) if told and status < 300 else None


def balances(answer: Any) -> Iterator[Record]:
    """The accounts' amounts in a month's report; an empty cell is none.

    What a section lists must be what it sums up; one that sums up nothing, such as the gross profit, is a sum itself.
    """
    rows = answer["Reports"][0]["Rows"]
    [label] = [row["Cells"][1]["Value"] for row in rows if row["RowType"] == "Header"]
    month = ended(label).replace(day=1)
    for section in (row for row in rows if row["RowType"] == "Section"):
        lines = [row["Cells"] for row in section["Rows"] if row["RowType"] == "Row"]
        sums = [row["Cells"] for row in section["Rows"] if row["RowType"] == "SummaryRow"]
        if sums and amount(sums[0]) != sum(map(amount, lines)):
            raise ValueError(f"the section {section['Title']} does not add up to its own total")
        for cells in lines if sums else ():
            account, name = account_of(cells[0]), cells[0]["Value"]
            if cells[1]["Value"]:
                key = f"{account or name}/{month:%Y-%m}"
                yield {"key": key, "account": account, "month": month.isoformat(), "amount": amount(cells)}


def ended(label: str) -> date:
    """The last day of a report's column, as its head writes it."""
    for pattern in LABELS:
        try:
            return datetime.strptime(label.strip(), pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(f"“{label[:40]}” is the head of no month")


def account_of(cell: Record) -> str | None:
    """The account of a line; gains by exchange rates have a word where its id would be."""
    found = [one["Value"] for one in cell.get("Attributes") or () if one["Id"] == "account"]
    return found[0] if found and ID.fullmatch(found[0]) else None


def amount(cells: list[Record]) -> Decimal:
    try:
        return Decimal(cells[1]["Value"] or 0)
    except InvalidOperation:
        raise ValueError(f"“{cells[1]['Value'][:40]}” is no amount") from None


def lines(document: Record) -> Iterator[Record]:
    """The lines of an invoice or a credit note, each without its tax."""
    inclusive = document.get("LineAmountTypes") == "Inclusive"
    for place, line in enumerate(document["LineItems"], start=1):
        if line.get("LineAmount") is not None:
            net = line["LineAmount"] - (line.get("TaxAmount") or 0 if inclusive else 0)
            tracked = next((one.get("Option") for one in line.get("Tracking") or ()), None)
            key = line.get("LineItemID") or f"{document[ID_OF[document['Type']]]}/{place}"
            yield {**document, "key": key, "net": net, "category": tracked or line.get("ItemCode") or ""}


ID_OF = {"ACCREC": "InvoiceID", "ACCRECCREDIT": "CreditNoteID"}


def microsoft_day(path: str) -> Convert:
    """A day written as “/Date(1539993600000+0000)/”: milliseconds, in UTC."""

    def of(value: Any) -> date | None:
        if value in (None, ""):
            return None
        if not (found := MICROSOFT.fullmatch(str(value))):
            raise ValueError(f"“{str(value)[:40]}” is no date")
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date()

    return Convert((path,), of)


def dated(kind: str) -> Callable[[datetime, datetime], Mapping[str, str]]:
    """The documents of one kind whose day lies in the calendar months of a span."""

    def of(start: datetime, end: datetime) -> Mapping[str, str]:
        begin, last = (found.replace("-", ",") for found in whole_months(start, end))
        return {"where": f'Type=="{kind}" AND Date>=DateTime({begin}) AND Date<=DateTime({last})'}

    return of


def charged(name: str, path: str, kind: str, tag: str, *, credit: bool = False) -> Endpoint:
    """Documents by which customers are charged, read again for the latest months: what was voided is kept no more."""
    net = Convert(("net",), lambda value: -value) if credit else decimal("net")
    return Endpoint(
        name=name,
        path=path,
        params={"order": "Date ASC"},
        records_at=path.removeprefix("/"),
        window=dated(kind),
        total=COUNTED,
        into=InvoiceLine,
        complete=True,
        optional=True,
        keep=only("Status", "AUTHORISED", "PAID"),
        parts=lines,
        fields={
            "external_id": tagged(tag, "key"),
            "account": "Contact.ContactID",
            "number": text("CreditNoteNumber" if credit else "InvoiceNumber"),
            "kind": constant(tag),
            "category": "category",
            "amount": net,
            "currency": text("CurrencyCode"),
            "posted_on": first(day("DateString"), microsoft_day("Date")),
            "due_on": first(day("DueDateString"), microsoft_day("DueDate")),
            "paid_on": microsoft_day("FullyPaidOnDate"),
        },
    )


VENDOR = Vendor(
    slug="xero",
    label="Xero",
    layer=Layer.LEDGER,
    base_url="{address}/api.xro/2.0",
    auth=ClientCredentials(token="{token_address}/connect/token", sent="basic", more={"scope": "{scope}"}),  # noqa: S106
    paginate=Pages(size_param="pageSize", size=100, pages_at="pagination.pageCount"),
    test="/Organisation",
    headers={"Accept": "application/json", "xero-tenant-id": ""},  # the token of a custom connection names it
    pace=0.9,  # 60 a minute
    errors=fault,
    advice="In Xero's developer portal make a custom connection with the four reading scopes.",
    settings=(
        Setting(name="address", label="API address", default="https://api.xero.com"),
        Setting(name="token_address", label="Token address", default="https://identity.xero.com"),
        Setting(
            name="scope", label="Scopes", default=GRANULAR,
            help="Those that you ticked; connections made before March 2026 have the older ones.",
            choices=((GRANULAR, "By kind of record"), (CLASSIC, "Older: all reports and transactions")),
        ),
        Setting(
            name="basis", label="Basis", default="accrual",
            help="How your books are read: when work is invoiced, or when money moves.",
            choices=(("accrual", "Accrual"), ("cash", "Cash")),
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="ledger accounts",
            path="/Accounts",
            records_at="Accounts",
            paginate=OnePage(),
            into=LedgerAccount,
            complete=True,
            fields={
                "external_id": "AccountID",
                "name": text("Name"),
                "number": text("Code"),
                "side": choice("Type", SIDES, default=LedgerAccount.Side.NONE),
                "active": choice("Status", {"ARCHIVED": False, "DELETED": False}, default=True),
            },
        ),
        Endpoint(
            name="customers",
            path="/Contacts",
            params={"includeArchived": "true", "order": "Name ASC"},
            records_at="Contacts",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=only("IsCustomer", True),
            fields={
                "external_id": "ContactID",
                "name": "Name",
                "kind": constant(Account.Kind.CLIENT),
                "active": choice("ContactStatus", {"ARCHIVED": False, "GDPRREQUEST": False}, default=True),
                "evidence": evidence(
                    domains=("Website", "EmailAddress"),
                    ids={"connectwise_psa": "AccountNumber"},
                ),
            },
        ),
        Endpoint(
            name="profit and loss",
            path="/Reports/ProfitAndLoss",
            params={"standardLayout": "true", "basis": "{basis}"},
            window=lambda start, end: dict(zip(("fromDate", "toDate"), whole_months(start, end), strict=True)),
            span_months=1,  # of several periods each is as long as the first, which cuts days off longer months
            records=balances,
            paginate=OneMonth(),
            into=LedgerBalance,
            complete=True,
            among={"basis": "{basis}"},
            fields={
                "external_id": Convert(("key", "{basis}"), lambda key, basis: f"{key}/{basis}" if key else None),
                "ledger_account": "account",
                "month": day("month"),
                "basis": Convert(("{basis}",), lambda basis: basis),
                "amount": decimal("amount"),
            },
        ),
        charged("invoices", "/Invoices", "ACCREC", "invoice"),
        charged("credit notes", "/CreditNotes", "ACCRECCREDIT", "credit", credit=True),
    ),
    about=About(
        gives="the books: revenue and costs by month and ledger account, and what each customer was invoiced",
        key=(
            "Sign in at developer.xero.com as a person who may administer your own organisation, open My Apps and make "
            "an app of the kind Custom connection. Xero charges a monthly fee for it.",
            "Tick the four scopes named here and nothing else, and name the person who is to authorise it.",
            "That person follows the link in Xero's e-mail, chooses your organisation and connects it.",
            "Copy the client id, generate a secret, and enter both here.",
            "Press Test connection: it names the first customer.",
        ),
        scopes={
            "accounting.settings.read": "the chart of accounts",
            "accounting.contacts.read": "customers, to link them with organizations",
            "accounting.reports.profitandloss.read": "profit and loss by month",
            "accounting.invoices.read": "invoices and credit notes by line",
        },
        never=(
            "bank accounts and payments", "payroll", "bills and suppliers", "attachments and notes",
            "names of contact persons; of an e-mail address only its domain",
        ),
        limits="54 requests a minute. Xero allows 60 a minute and 5,000 a day for each organisation, 1,000 on its free "
        "tier.",
        unsure=(
            Unsure(
                "Which scopes a connection has: those made since March 2026 have finer ones.",
                "Both are offered, the finer ones first.",
            ),
            Unsure(
                "Whether a custom connection's requests need the organisation's id.",
                "The header is sent empty, which Xero takes for the one organisation the token is for.",
            ),
            Unsure("How many records a page may hold.", "A hundred, which every reading allows."),
            Unsure("How a column of a report is headed in other countries.", "Six ways are read; any other stops."),
            Unsure("Whether older answers tell the number of pages.", "Without it a page that is short is the last."),
        ),
    ),
)
