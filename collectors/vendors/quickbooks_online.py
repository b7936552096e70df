"""QuickBooks Online: chart of accounts, customers, profit and loss by month, invoice lines (Accounting API v3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from collectors.auth import RefreshToken
from collectors.convert import choice, constant, day, decimal, evidence, flag, tagged, text, whole_months
from collectors.declare import About, Consent, Convert, Endpoint, Fault, Layer, Record, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.money import InvoiceLine, LedgerAccount, LedgerBalance
from collectors.pagination import Answer, Cursor, OnePage, Paginate

SIDES = {
    "Income": LedgerAccount.Side.INCOME, "Cost of Goods Sold": LedgerAccount.Side.COGS,
    "Expense": LedgerAccount.Side.EXPENSE, "Other Income": LedgerAccount.Side.OTHER_INCOME,
    "Other Expense": LedgerAccount.Side.OTHER_EXPENSE,
}  # fmt: skip
WAITS = {"3001", "003001", "6002", "10000"}  # throttled, a report that took too long, a fault of theirs

KIND = Convert(("ParentRef.value",), lambda parent: (Account.Kind.SITE if parent else Account.Kind.CLIENT).value)


@dataclass(frozen=True, kw_only=True)
class Statement(Paginate):
    """Pages of a query: the place stands in the statement, counted from one."""

    size: int = 1000

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        start = cursor["start"] if cursor else 1
        return {**params, "query": f"{params['query']} STARTPOSITION {start} MAXRESULTS {self.size}"}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        start = cursor["start"] if cursor else 1
        if records and answer.body["QueryResponse"].get("startPosition", start) != start:
            raise ValueError("another page than the one asked for")
        return {"start": start + len(records)} if len(records) >= self.size else None


def counting(params: Mapping[str, str]) -> dict[str, str]:
    """The statement that counts what another selects."""
    what, _, _ = params["query"].removeprefix("SELECT * ").partition(" ORDERBY ")
    return {**params, "query": f"SELECT COUNT(*) {what}"}


COUNTED = Total(path="/query", at="QueryResponse.totalCount", of=counting)


def fault(status: int, body: Any) -> Fault | None:
    """The fault that an answer carries, even one that says 200; a gateway writes it in lower case, or as XML."""
    if isinstance(body, str):
        return Fault("ThrottleExceeded", wait=True) if "ThrottleExceeded" in body else None
    told = {name.lower(): value for name, value in body.items()} if isinstance(body, dict) else {}
    errors = {name.lower(): value for name, value in (told.get("fault") or {}).items()}.get("error") or []
    found = [{name.lower(): str(value) for name, value in error.items()} for error in errors]
    says = "; ".join(f"{error.get('message')} {error.get('detail', '')} ({error.get('code')})" for error in found)
    return Fault(says, wait=any(error.get("code") in WAITS for error in found)) if found else None


def balances(report: Any) -> Iterator[Record]:
    """The accounts' own amounts in a profit-and-loss report, by account and month column; an empty cell is none."""
    header = report["Header"]
    months = {
        place: meta["StartDate"][:7]
        for place, column in enumerate(report["Columns"]["Column"])
        if "StartDate" in (meta := {item["Name"]: item["Value"] for item in column.get("MetaData", ())})
        and meta.get("ColKey") != "total" and column.get("ColTitle") != "Total"
    }  # fmt: skip
    lines, _ = own_lines(report["Rows"], sorted(months))
    for cells, (place, month) in product(lines, months.items()):
        account, name = cells[0].get("id"), cells[0]["value"]
        if cells[place]["value"]:
            yield {
                "key": f"{account or name}/{month}/{header['ReportBasis'].lower()}", "account": account, "name": name,
                "month": f"{month}-01", "amount": amount(cells[place]), "basis": header["ReportBasis"],
                "currency": header.get("Currency"),
            }  # fmt: skip


def own_lines(rows: Mapping[str, Any], places: Sequence[int]) -> tuple[list[Any], list[Decimal]]:
    """Every line with its own amounts, and their sum by column, which must be the one each section states."""
    lines: list[Any] = []
    total = [Decimal(0)] * len(places)
    for row in rows.get("Row", ()):
        own = row.get("ColData") or row.get("Header", {}).get("ColData")
        inner, below = own_lines(row.get("Rows", {}), places)
        amounts = [amount(own[place]) if own and place < len(own) else Decimal(0) for place in places]
        whole = [one + other for one, other in zip(amounts, below, strict=True)]
        stated = row.get("Summary", {}).get("ColData") if own else None
        if stated and [amount(stated[place]) for place in places] != whole:
            raise ValueError(f"the section {own[0]['value']} does not add up to its own total")
        lines += [own] if own and (own[0].get("id") or any(amounts)) else []
        lines += inner
        total = [one + other for one, other in zip(total, whole, strict=True)]
    return lines, total


def amount(cell: Mapping[str, str]) -> Decimal:
    """The amount in a cell; an empty one means no amount was posted."""
    try:
        return Decimal(cell["value"] or 0)
    except InvalidOperation:
        raise ValueError(f"“{cell['value'][:40]}” is no amount") from None


CATEGORY = Convert(
    ("detail.ClassRef.name", "ClassRef.name", "detail.ItemRef.name"),
    lambda *names: next((name for name in names if name), ""),
)


def sold(document: Record) -> Iterator[Record]:
    """The lines of a sale, each with its document; nothing of one that was voided, whatever amounts it still shows.

    Subtotals repeat what stands above them, and a discount is told as a positive amount.
    """
    if str(document.get("PrivateNote") or "").startswith("Voided"):
        return
    for place, line in enumerate(_flat(document["Line"]), start=1):
        detail = line.get(line["DetailType"]) or {}
        sign = -1 if line["DetailType"] == "DiscountLineDetail" else 1
        if line.get("Amount") is not None:
            key = f"{document['Id']}/{line.get('Id') or place}"
            yield {**document, "key": key, "detail": detail, "amount": sign * line["Amount"]}


def _flat(lines: Sequence[Record]) -> Iterator[Record]:
    """Those that sell something or take off; of a group its members, since its own amount is theirs."""
    for line in lines:
        if line["DetailType"] == "GroupLineDetail":
            yield from _flat(line["GroupLineDetail"].get("Line") or [])
        elif line["DetailType"] in ("SalesItemLineDetail", "DiscountLineDetail"):
            yield line


def sales(name: str, document: str, kind: str, *, credit: bool = False) -> Endpoint:
    """A kind of document by which customers are charged, read whole: a deleted one is named no more."""
    amount = Convert(("amount",), lambda value: -value) if credit else decimal("amount")
    return Endpoint(
        name=name,
        path="/query",
        params={"query": f"SELECT * FROM {document} ORDERBY Id"},  # noqa: S608 - no database of ours
        records_at=f"QueryResponse.{document}",
        total=COUNTED,
        into=InvoiceLine,
        complete=True,
        optional=True,
        parts=sold,
        fields={
            "external_id": tagged(kind, "key"),
            "account": "CustomerRef.value",
            "number": text("DocNumber"),
            "kind": constant(kind),
            "category": CATEGORY,
            "amount": amount,
            "currency": text("CurrencyRef.value"),
            "posted_on": day("TxnDate"),
            "due_on": day("DueDate"),
        },
    )


VENDOR = Vendor(
    slug="quickbooks_online",
    label="QuickBooks Online",
    layer=Layer.LEDGER,
    base_url="{address}/v3/company/{realm_id}",
    auth=RefreshToken(
        token="{token_address}/oauth2/v1/tokens/bearer",  # noqa: S106
        token_headers={"x-include-refresh-token-hard-expires-in": "true"},
    ),
    consent=Consent(
        authorize="{consent_address}/connect/oauth2",
        scope="com.intuit.quickbooks.accounting",
        keeps={"realm_id": "realmId"},
    ),
    paginate=Statement(),
    test="/companyinfo/{realm_id}",
    test_shows="CompanyInfo.CompanyName",
    headers={"Accept": "application/json"},
    params={"minorversion": "75"},
    pace=3.0,  # reports: 200 a minute
    errors=fault,
    advice="Intuit has no read-only scope; this product only ever reads. A company admin must give consent.",
    settings=(
        Setting(
            name="address",
            label="API address",
            default="https://quickbooks.api.intuit.com",
            free=True,
            choices=(
                ("https://quickbooks.api.intuit.com", "Production"),
                ("https://sandbox-quickbooks.api.intuit.com", "Sandbox company"),
            ),
        ),
        Setting(name="consent_address", label="Consent address", default="https://appcenter.intuit.com"),
        Setting(name="token_address", label="Token address", default="https://oauth.platform.intuit.com"),
        Setting(
            name="basis",
            label="Basis",
            help="How your books are read: when work is invoiced, or when money moves.",
            default="Accrual",
            choices=(("Accrual", "Accrual"), ("Cash", "Cash")),
        ),
        Setting(name="realm_id", label="Company ID", help="Connect fills this in.", required=False),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="ledger accounts",
            path="/query",
            params={"query": "SELECT * FROM Account WHERE Active IN (true, false) ORDERBY Id"},
            records_at="QueryResponse.Account",
            total=COUNTED,
            into=LedgerAccount,
            complete=True,
            fields={
                "external_id": "Id",
                "name": text("FullyQualifiedName"),
                "number": text("AcctNum"),
                "side": choice("AccountType", SIDES, default=LedgerAccount.Side.NONE),
                "active": flag("Active", True),
            },
        ),
        Endpoint(
            name="customers",
            path="/query",
            params={"query": "SELECT * FROM Customer WHERE Active IN (true, false) ORDERBY Id"},
            records_at="QueryResponse.Customer",
            total=COUNTED,
            into=Account,
            complete=True,
            fields={
                "external_id": "Id",
                "name": "DisplayName",
                "kind": KIND,
                "parent": "ParentRef.value",
                "active": flag("Active", True),
                "evidence": evidence(
                    domains=("WebAddr.URI", "PrimaryEmailAddr.Address"),
                    phones=("PrimaryPhone.FreeFormNumber",),
                    addresses=(("BillAddr.Line1", "BillAddr.City", "BillAddr.PostalCode"),),
                ),
            },
        ),
        Endpoint(
            name="profit and loss",
            path="/reports/ProfitAndLoss",
            params={"summarize_column_by": "Month", "accounting_method": "{basis}"},
            window=lambda start, end: dict(zip(("start_date", "end_date"), whole_months(start, end), strict=True)),
            span_months=6,
            records=balances,
            paginate=OnePage(),
            into=LedgerBalance,
            complete=True,
            among={"basis": "{basis}"},
            fields={
                "external_id": "key",
                "ledger_account": "account",
                "month": day("month"),
                "basis": choice("basis", {"Accrual": "accrual", "Cash": "cash"}),
                "amount": decimal("amount"),
                "currency": text("currency"),
            },
        ),
        sales("invoices", "Invoice", "invoice"),
        sales("credit memos", "CreditMemo", "credit", credit=True),
        sales("sales receipts", "SalesReceipt", "receipt"),
    ),
    about=About(
        gives="the books: revenue and costs by month and ledger account, and what each customer was invoiced",
        key=(
            "Sign in at developer.intuit.com as the person who will own the application, and create an app of the "
            "platform QuickBooks Online and Payments with the one scope Accounting.",
            "Add the address of return that this product shows on the connection's page to the app's redirect "
            "addresses, for production.",
            "Answer Intuit's questions about the app, which production keys wait for; Intuit need not list it.",
            "Copy the production client ID and client secret into this form and save.",
            "Press Connect, sign in to QuickBooks as an admin of your own company, choose the company and press Allow.",
            "Press Test connection: it names the company whose books are read.",
        ),
        scopes={"com.intuit.quickbooks.accounting": "the only right by which the books can be read; it also writes"},
        writes="Intuit has no right that only reads: what you consent to could also write. This product sends only "
        "questions, and its client refuses any other method, host or path.",
        never=(
            "bank accounts, cards and payment details", "what employees are paid", "bills and vendors", "attachments",
            "memos, messages and addresses to ship to", "names of contacts; of an e-mail address only its domain",
        ),
        limits="3 requests a second. Intuit allows each company 500 a minute and 10 a second, fewer for reports, and "
        "500,000 reads a month on its free tier.",
        unsure=(
            Unsure("How long to wait when throttled: no time is named.", "We wait longer each time we are told."),
            Unsure("How many reports a minute are allowed; others say 200.", "We keep to three requests a second."),
            Unsure("Whether the person who consents must be an admin of the company.", "We ask for one."),
            Unsure(
                "When the amounts of a voided document become nought.",
                "One whose note begins with “Voided” counts for nothing, whatever amounts it still shows.",
            ),
            Unsure(
                "Whether a line's amount holds tax where prices include it.",
                "It is taken to be without tax, as the line's own tax stands beside it.",
            ),
        ),
    ),
)
