"""QuickBooks Online, against the sandbox, reports written by hand, and whatever its sheet leaves open."""

from __future__ import annotations

import copy
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.client import Client
from collectors.collect import run
from collectors.connections import CollectorRun
from collectors.declare import Vendor
from collectors.errors import Refused
from collectors.facts.money import InvoiceLine
from collectors.pagination import Answer
from collectors.patience import Patience
from collectors.sandbox.truth import truth
from collectors.sandbox.world.dates import parse_month
from collectors.sandbox.world.edits import Edit
from collectors.transform import Batch, Plan
from collectors.vendors.quickbooks_online import balances, fault
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import YEAR, Listed

pytestmark = pytest.mark.django_db

CATEGORIES = (
    "mrr", "nrr", "orr", "product_sales", "misc_revenue", "employee_expense", "owner_compensation", "cogs",
    "other_expenses",
)  # fmt: skip
MONTHS = [{"ColTitle": "", "ColType": "Account"}] + [
    {"ColTitle": title, "ColType": "Money", "MetaData": [{"Name": "StartDate", "Value": start}, *more]}
    for title, start, more in (
        ("Jan 2026", "2026-01-01", [{"Name": "EndDate", "Value": "2026-01-31"}]),
        ("Feb 1-22, 2026", "2026-02-01", [{"Name": "EndDate", "Value": "2026-02-22"}]),
        ("Total", "2026-01-01", [{"Name": "ColKey", "Value": "total"}]),
    )
]


def cells(name: str, *amounts: str, account: str = "") -> dict[str, Any]:
    first = {"value": name, "id": account} if account else {"value": name}
    return {"ColData": [first, *({"value": amount} for amount in amounts)]}


def section(header: dict[str, Any], summary: dict[str, Any], *rows: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Section", "Header": header, "Rows": {"Row": list(rows)}, "Summary": summary}


# Income 150.00 in January (a parent's own 100.00 and its child's 50.00), nothing in February; costs of 20.25 there.
SERVICES = section(
    cells("Services", "100.00", "", "100.00", account="1"),
    cells("Total Services", "150.00", "", "150.00"),
    cells("Projects", "50.00", "", "50.00", account="2"),
)
REPORT: dict[str, Any] = {
    "Header": {"ReportBasis": "Cash", "Currency": "USD"},
    "Columns": {"Column": MONTHS},
    "Rows": {
        "Row": [
            section(cells("Income", "", "", ""), cells("Total Income", "150.00", "", "150.00"), SERVICES),
            {"group": "GrossProfit", "Summary": cells("Gross Profit", "150.00", "", "150.00")},
            section(
                cells("Expenses", "", "", ""),
                cells("Total Expenses", "", "20.25", "20.25"),
                cells("Not Specified", "", "20.25", "20.25"),
            ),
            {"group": "NetIncome", "Summary": cells("Net Income", "150.00", "-20.25", "129.75")},
        ]
    },
}


def test_a_report_is_read_as_each_accounts_own_amount_a_month() -> None:
    found = {row["key"]: (row["account"], row["month"], row["amount"]) for row in balances(REPORT)}
    assert found == {
        "1/2026-01/cash": ("1", "2026-01-01", Decimal("100.00")),
        "2/2026-01/cash": ("2", "2026-01-01", Decimal("50.00")),
        "Not Specified/2026-02/cash": (None, "2026-02-01", Decimal("20.25")),
    }


def test_a_section_that_does_not_add_up_is_not_believed() -> None:
    wrong = copy.deepcopy(REPORT)
    wrong["Rows"]["Row"][0]["Rows"]["Row"][0]["Header"]["ColData"][1]["value"] = "99.00"
    with pytest.raises(ValueError, match="Services does not add up"):
        list(balances(wrong))


def test_an_amount_that_is_none_is_not_believed() -> None:
    wrong = copy.deepcopy(REPORT)
    wrong["Rows"]["Row"][2]["Rows"]["Row"][0]["ColData"][2]["value"] = "a lot"
    with pytest.raises(ValueError, match="no amount"):
        list(balances(wrong))


def test_a_report_without_data_has_no_balances() -> None:
    empty = {**REPORT, "Rows": {}}
    assert list(balances(empty)) == []


def test_the_books_add_up_to_the_worlds_own_figures(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    sums: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    categories: Any = truth(world, parse_month("2026-05"))["ledger_accounts"]
    for row in listed("profit and loss").values():
        sums[categories[row["ledger_account"]], row["month"]] += row["amount"]
    for month in ("2026-03", "2026-05"):
        company: Any = truth(world, parse_month(month))["company"]
        for category in (
            "mrr",
            "nrr",
            "orr",
            "product_sales",
            "misc_revenue",
            "employee_expense",
            "cogs",
            "other_expenses",
        ):
            assert sums[category, date.fromisoformat(f"{month}-01")] == Decimal(company[category]), (category, month)
    assert {row["basis"] for row in listed("profit and loss").values()} == {"accrual"}


def test_every_account_of_a_balance_is_in_the_chart_inactive_ones_too(playing: Playing, listed: Listed) -> None:
    playing.change("accounts", "1", raw={"Active": False})
    accounts, found = listed("ledger accounts"), listed("profit and loss")
    assert {row["ledger_account"] for row in found.values()} <= set(accounts)
    assert [key for key, row in accounts.items() if not row["active"]] == ["1"]
    assert {"income", "cogs", "expense", "none"} <= {row["side"] for row in accounts.values()}


def test_jobs_are_sites_of_their_customer(listed: Listed) -> None:
    rows = listed("customers")
    sites = {key: row for key, row in rows.items() if row["kind"] == "site"}
    assert sites
    assert {row["parent"] for row in sites.values()} <= set(rows) - set(sites)


def test_the_basis_is_the_one_that_was_chosen(playing: Playing, vendor: Vendor) -> None:
    connection = playing.connection(vendor)
    connection.settings["basis"] = "Cash"
    endpoint = next(one for one in vendor.endpoints if one.window)
    with Client(connection, vendor) as client:
        records = [record for page in client.pages(endpoint, window=YEAR) for record in page.records]
    assert {record["basis"] for record in records} == {"Cash"}


@pytest.mark.parametrize(
    "ways",
    [{"rotation": "daily"}, {"customer_key": False}, {"errors_as_xml": True}],
)
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | str]
) -> None:
    names = [endpoint.name for endpoint in vendor.endpoints]
    before = {name: listed(name) for name in names}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in names} == before


@pytest.mark.parametrize("status", [429, 403])
@pytest.mark.parametrize("as_xml", [False, True])
def test_being_throttled_is_waited_for_whatever_its_status(
    playing: Playing, vendor: Vendor, status: int, as_xml: bool
) -> None:
    waits: list[float] = []
    with Client(playing.connection(vendor), vendor, sleep=waits.append, patience=Patience(tries=4)) as client:
        client.test()
        playing.switch(vendor, throttle_status=status, errors_as_xml=as_xml)
        playing.fault(vendor, "429", times=2)
        client.test()
    assert len(waits) == 2


@pytest.mark.parametrize("ways", [{"gateway_faults": True}, {"errors_as_xml": True}, {}])
def test_a_consent_that_was_withdrawn_needs_a_person(
    playing: Playing, vendor: Vendor, ways: dict[str, bool | str]
) -> None:
    playing.switch(vendor, **ways)
    with Client(playing.connection(vendor), vendor, sleep=lambda seconds: None) as client:
        client.test()
        playing.sandbox.vendors[vendor.slug].consent.revoke()  # type: ignore[attr-defined]
        with pytest.raises(Refused, match="Reconnect"):
            client.test()


def test_a_company_that_is_not_ours_needs_a_person(playing: Playing, vendor: Vendor) -> None:
    with (
        Client(playing.connection(vendor, realm_id="1234"), vendor) as client,
        pytest.raises(Refused, match=r"says: ApplicationAuthorizationFailed.*3100"),
    ):
        client.test()


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [
        (200, {"QueryResponse": {}}, None),
        (200, {"Fault": {"Error": [{"Message": "Invalid query", "Detail": "x", "code": "4001"}]}}, False),
        (200, {"Fault": {"Error": [{"Message": "An application error", "code": "10000"}]}}, True),
        (403, {"fault": {"error": [{"message": "ThrottleExceeded", "code": "003001"}]}}, True),
        (403, "<Message>message=ThrottleExceeded; errorCode=003001</Message>", True),
        (403, "<Message>Forbidden</Message>", None),
        (200, [], None),
        (200, {"Fault": None}, None),
    ],
)
def test_a_fault_is_found_in_any_answer(status: int, body: Any, wait: bool | None) -> None:
    found = fault(status, body)
    assert (found.wait if found else None) is wait


def test_a_page_that_is_not_the_one_asked_for_is_not_believed(vendor: Vendor) -> None:
    answer = Answer({"QueryResponse": {"startPosition": 1}}, {})
    with pytest.raises(ValueError, match="another page"):
        vendor.paginate.after(answer, [{}], {"start": 1001})


def test_a_shorter_window_names_the_same_balances(listed: Listed) -> None:
    """A line that is empty in every month of a report is not in it at all: what it names must not hang on that."""
    whole = listed("profit and loss")
    start = date(2026, 4, 1)
    short = listed("profit and loss", window=(datetime(2026, 4, 1, 12, tzinfo=UTC), YEAR[1]))
    assert short == {key: row for key, row in whole.items() if row["month"] >= start}


SALES = ("invoices", "credit memos", "sales receipts")
DOCUMENT: dict[str, Any] = {
    "Id": "130", "DocNumber": "1037", "TxnDate": "2026-05-19", "DueDate": "2026-06-18", "TotalAmt": Decimal("362.07"),
    "CustomerRef": {"name": "Fern", "value": "24"}, "CurrencyRef": {"value": "USD"}, "PrivateNote": "for the roof",
    "Line": [
        {"Id": "1", "Amount": Decimal("275.00"), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {
            "ItemRef": {"name": "Labor", "value": "5"}, "ClassRef": {"name": "Projects", "value": "7"}}},
        {"Id": "2", "DetailType": "GroupLineDetail", "Amount": Decimal("80.25"), "GroupLineDetail": {"Line": [
            {"Id": "3", "Amount": Decimal("80.25"), "DetailType": "SalesItemLineDetail",
             "SalesItemLineDetail": {"ItemRef": {"name": "Cable", "value": "6"}}}]}},
        {"Id": "4", "Description": "Thank you", "DetailType": "DescriptionOnly"},
        {"Id": "5", "Amount": Decimal("20.00"), "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}},
        {"Amount": Decimal("335.25"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ],
    "TxnTaxDetail": {"TotalTax": Decimal("26.82")},
}  # fmt: skip


def made_of(vendor: Vendor, name: str, document: dict[str, Any]) -> Batch:
    endpoint = next(one for one in vendor.endpoints if one.name == name)
    batch = Batch()
    Plan(endpoint, vendor, {}).read([document], batch)
    return batch


def told(vendor: Vendor, name: str, document: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    columns = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}).columns
    rows = made_of(vendor, name, document).rows
    wanted = [columns.index(one) for one in ("category", "amount", "account", "number", "layer")]
    return {key: tuple(row[place] for place in wanted) for key, row in rows.items()}


def test_an_invoice_is_read_as_its_lines_and_their_sum_is_what_it_says_less_its_tax(vendor: Vendor) -> None:
    rows = told(vendor, "invoices", DOCUMENT)
    assert rows == {
        "invoice/130/1": ("Projects", Decimal("275.00"), "24", "1037", "ledger"),
        "invoice/130/3": ("Cable", Decimal("80.25"), "24", "1037", "ledger"),
        "invoice/130/5": ("", Decimal("-20.00"), "24", "1037", "ledger"),
    }
    assert sum(row[1] for row in rows.values()) == DOCUMENT["TotalAmt"] - DOCUMENT["TxnTaxDetail"]["TotalTax"]


def test_a_credit_takes_off_and_a_class_of_the_whole_document_is_that_of_its_lines(vendor: Vendor) -> None:
    classed = {**DOCUMENT, "ClassRef": {"name": "Cloud", "value": "8"}}
    rows = told(vendor, "credit memos", classed)
    assert [row[:2] for row in rows.values()] == [
        ("Projects", Decimal("-275.00")), ("Cloud", Decimal("-80.25")), ("Cloud", Decimal("20.00")),
    ]  # fmt: skip


def test_what_was_voided_counts_for_nothing_whatever_amounts_it_still_shows(vendor: Vendor) -> None:
    batch = made_of(vendor, "invoices", {**DOCUMENT, "PrivateNote": "Voided"})
    assert (batch.rows, batch.unread, batch.read) == ({}, [], 1)


def test_an_invoice_without_the_shape_of_one_is_set_aside_without_its_note(vendor: Vendor) -> None:
    [fault] = made_of(vendor, "invoices", {**DOCUMENT, "Line": "none"}).unread
    assert fault.reason and "PrivateNote" not in fault.record


def test_the_lines_of_a_month_are_the_income_of_the_books(playing: Playing, listed: Listed) -> None:
    lines = [row for name in SALES for row in listed(name).values()]
    company: Any = truth(playing.sandbox.world, parse_month("2026-04"))["company"]
    income = sum(Decimal(company[name]) for name in ("mrr", "nrr", "orr", "product_sales"))
    assert sum(row["amount"] for row in lines if row["posted_on"].isoformat()[:7] == "2026-04") == income
    assert {row["account"] for row in lines} <= set(listed("customers"))
    assert {row["category"] for row in lines} == {"Managed services", "Projects", "Cloud", "HARDWARE"}
    credits: dict[str, Decimal] = defaultdict(Decimal)
    for row in listed("credit memos").values():
        credits[row["number"]] += row["amount"]
    assert credits and max(credits.values()) < 0
    assert all(row["due_on"] for row in listed("invoices").values())


@pytest.mark.django_db(transaction=True)
def test_an_invoice_that_was_deleted_takes_its_lines_with_it_and_the_others_stay(
    playing: Playing, vendor: Vendor
) -> None:
    source = playing.connection(vendor)
    assert run(source, patience=Patience(tries=2)).state == CollectorRun.State.DONE
    before = set(InvoiceLine.objects.values_list("external_id", flat=True))
    invoice = next(one for one in playing.sandbox.world.billing.invoices(1_781_000_000) if len(one.lines) == 3)
    edits = playing.sandbox.world.edits
    edits.change("invoices", invoice.id, Edit(playing.sandbox.world.clock.now(), {}, {}, True))
    assert run(source, patience=Patience(tries=2)).state == CollectorRun.State.DONE
    gone = InvoiceLine.objects.exclude(retired_on=None).values_list("external_id", flat=True)
    assert set(gone) == {f"invoice/{invoice.id}/{place}" for place in (1, 2, 3)} < before


@pytest.mark.django_db(transaction=True)
def test_half_the_invoices_are_not_taken_for_all_though_their_lines_are_as_many(
    playing: Playing, vendor: Vendor
) -> None:
    source = playing.connection(vendor)
    playing.fault(vendor, "missing_row", path="/query", query="SELECT * FROM Invoice", times=None)
    ended = run(source, patience=Patience(tries=1))
    assert ended.state == CollectorRun.State.FAILED and "invoices to give" in ended.error


def test_books_that_may_not_be_read_by_invoice_are_read_all_the_same(vendor: Vendor) -> None:
    assert [one.name for one in vendor.endpoints if one.optional] == list(SALES)
