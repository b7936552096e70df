"""Xero: reports by month that add up, invoice lines without tax, and what its documents leave open."""

from __future__ import annotations

import copy
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.client import Client
from collectors.collect import run
from collectors.connections import CollectorRun, Connection
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.money import InvoiceLine, LedgerBalance
from collectors.patience import Patience
from collectors.sandbox.truth import truth
from collectors.sandbox.world.dates import parse_month
from collectors.sandbox.world.edits import Edit
from collectors.transform import Batch, Plan
from collectors.vendors.xero import CLASSIC, balances, ended, fault
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import YEAR, Listed

pytestmark = pytest.mark.django_db

SALES = "e2bacdc6-2006-43c2-a5da-3c0e5f43b452"
BOOKED = ("mrr", "nrr", "orr", "product_sales", "misc_revenue", "employee_expense", "cogs", "other_expenses")


def row(name: str, value: str, account: str = "", kind: str = "Row") -> dict[str, Any]:
    more = {"Attributes": [{"Value": account, "Id": "account"}]} if account else {}
    return {"RowType": kind, "Cells": [{"Value": name, **more}, {"Value": value, **more}]}


def section(title: str, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"RowType": "Section", "Title": title, "Rows": list(rows)}


REPORT: dict[str, Any] = {"Reports": [{"ReportID": "ProfitAndLoss", "Rows": [
    {"RowType": "Header", "Cells": [{"Value": ""}, {"Value": "28 Feb 26"}]},
    section(" Income", row("Sales", "9220.05", SALES), row("Quiet", "", SALES.replace("e", "f")),
            row("Currency gains", "-20.05", "FXGROUPID"), row("Total Income", "9200.00", kind="SummaryRow")),
    section("", row("Gross Profit", "9200.00")),
]}]}  # fmt: skip

INVOICE: dict[str, Any] = {
    "Type": "ACCREC", "InvoiceID": "254591b2-68c7-403f-91af-e3584f9577fe", "InvoiceNumber": "INV-0016",
    "Contact": {"ContactID": "8696589a", "Name": "Fern"}, "DateString": "2026-01-31T00:00:00", "Status": "PAID",
    "Date": "/Date(1769817600000+0000)/", "DueDateString": "2026-02-10T00:00:00", "LineAmountTypes": "Inclusive",
    "FullyPaidOnDate": "/Date(1769990400000)/", "CurrencyCode": "NZD", "SubTotal": Decimal("470.65"),
    "LineItems": [
        {"LineItemID": "one", "ItemCode": "Support-M", "LineAmount": Decimal("541.25"), "TaxAmount": Decimal("70.60"),
         "Tracking": [{"Name": "Region", "Option": "North"}]},
        {"Description": "Thank you"},
    ],
}  # fmt: skip


def made_of(vendor: Vendor, name: str, document: dict[str, Any]) -> tuple[list[dict[str, Any]], Batch]:
    endpoint = next(one for one in vendor.endpoints if one.name == name)
    plan, batch = Plan(endpoint, vendor, {}), Batch()
    plan.read([document], batch)
    return [dict(zip(plan.columns, one, strict=True)) for one in batch.rows.values()], batch


def test_a_report_is_read_as_amounts_by_account_and_an_empty_cell_is_none() -> None:
    found = [(one["key"], one["account"], one["month"], one["amount"]) for one in balances(REPORT)]
    assert found == [
        (f"{SALES}/2026-02", SALES, "2026-02-01", Decimal("9220.05")),
        ("Currency gains/2026-02", None, "2026-02-01", Decimal("-20.05")),
    ]


def test_a_section_that_does_not_add_up_is_not_believed() -> None:
    wrong = copy.deepcopy(REPORT)
    wrong["Reports"][0]["Rows"][1]["Rows"][0]["Cells"][1]["Value"] = "1.00"
    with pytest.raises(ValueError, match="does not add up"):
        list(balances(wrong))
    wrong["Reports"][0]["Rows"][1]["Rows"][0]["Cells"][1]["Value"] = "a lot"
    with pytest.raises(ValueError, match="no amount"):
        list(balances(wrong))


@pytest.mark.parametrize("label", ["28 Feb 26", "28 February 2026", "Feb 28, 2026"])
def test_the_head_of_a_column_is_read_however_a_country_writes_it(label: str) -> None:
    assert ended(label) == date(2026, 2, 28)


def test_a_head_that_names_no_day_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="head of no month"):
        ended("YTD")


def test_a_line_whose_price_includes_tax_is_read_without_it(vendor: Vendor) -> None:
    [line], _ = made_of(vendor, "invoices", INVOICE)
    assert (line["amount"], line["category"], line["account"]) == (INVOICE["SubTotal"], "North", "8696589a")
    assert (line["posted_on"], line["due_on"]) == (date(2026, 1, 31), date(2026, 2, 10))
    assert (line["paid_on"], line["layer"], line["number"]) == (date(2026, 2, 2), "ledger", "INV-0016")
    [line], _ = made_of(vendor, "invoices", {**INVOICE, "LineAmountTypes": "Exclusive"})
    assert line["amount"] == Decimal("541.25")


def test_a_credit_note_takes_off(vendor: Vendor) -> None:
    note = {**INVOICE, "Type": "ACCRECCREDIT", "CreditNoteNumber": "CN-1"}
    [line], _ = made_of(vendor, "credit notes", note)
    assert (line["amount"], line["number"], line["external_id"]) == (Decimal("-470.65"), "CN-1", "credit/one")


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED", "VOIDED", "DELETED"])
def test_what_is_no_standing_invoice_is_not_read(vendor: Vendor, status: str) -> None:
    rows, batch = made_of(vendor, "invoices", {**INVOICE, "Status": status})
    assert (rows, batch.unread, batch.read) == ([], [], 1)


def test_the_books_add_up_to_the_worlds_own_figures(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    categories: Any = truth(world, parse_month("2026-05"))["ledger_accounts"]
    played: Any = playing.sandbox.vendors["xero"]
    names = {one["AccountID"]: str(int(str(one["Code"])) - 200) for one in played.records.accounts(world.clock.now())}
    sums: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for one in listed("profit and loss").values():
        sums[categories[names[one["ledger_account"]]], one["month"]] += one["amount"]
    for month in ("2026-03", "2026-05"):
        company: Any = truth(world, parse_month(month))["company"]
        for category in BOOKED:
            assert sums[category, date.fromisoformat(f"{month}-01")] == Decimal(company[category]), (category, month)


def test_the_lines_of_a_month_are_the_income_of_the_books(playing: Playing, listed: Listed) -> None:
    lines = [one for name in ("invoices", "credit notes") for one in listed(name).values()]
    company: Any = truth(playing.sandbox.world, parse_month("2026-04"))["company"]
    income = sum(Decimal(company[name]) for name in ("mrr", "nrr", "orr", "product_sales"))
    assert sum(one["amount"] for one in lines if one["posted_on"].isoformat()[:7] == "2026-04") == income
    assert {one["account"] for one in lines} <= set(listed("customers"))
    assert {one["category"] for one in lines} == {"Managed services", "Projects", "Cloud", "HARDWARE"}


def test_customers_alone_are_accounts_and_carry_what_tells_whose_they_are(listed: Listed) -> None:
    found = listed("customers").values()
    assert "Old Mill Properties" not in {one["name"] for one in found}
    assert any("connectwise_psa" in str(one["evidence"]) for one in found)


def test_the_basis_is_the_one_that_was_chosen(playing: Playing, vendor: Vendor) -> None:
    accrual, cash = (dict(books(playing, vendor, basis)) for basis in ("accrual", "cash"))
    assert accrual.keys() == cash.keys() and accrual != cash


def books(playing: Playing, vendor: Vendor, basis: str) -> list[tuple[str, Decimal]]:
    connection = playing.connection(vendor)
    connection.settings["basis"] = basis
    endpoint = next(one for one in vendor.endpoints if one.into is LedgerBalance)
    window = (datetime(2026, 4, 1, 12, tzinfo=UTC), datetime(2026, 5, 31, 12, tzinfo=UTC))
    with Client(connection, vendor) as client:
        records = [one for page in client.pages(endpoint, window=window) for one in page.records]
    connection.delete()
    months: dict[str, Decimal] = defaultdict(Decimal)
    for one in records:
        months[one["month"]] += one["amount"]
    return sorted(months.items())


@pytest.mark.parametrize("ways", [
    {"pagination": False}, {"dated_labels": "28 February 2018"}, {"dated_labels": "Feb 28, 2018"},
])  # fmt: skip
def test_what_the_documents_leave_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | str]
) -> None:
    names = [endpoint.name for endpoint in vendor.endpoints]
    before = {name: listed(name) for name in names}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in names} == before


def test_a_connection_with_the_older_scopes_is_asked_for_by_them(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, scopes="classic")
    connection = playing.connection(vendor)
    with pytest.raises(Refused, match="invalid_scope"), Client(connection, vendor) as client:
        client.test()
    connection.settings["scope"] = CLASSIC
    with Client(connection, vendor) as client:
        assert client.test().startswith("Connected to Xero.")


@pytest.mark.parametrize(("status", "body", "waits"), [
    (200, {"Status": "OK", "Accounts": []}, None),
    (200, {"ErrorNumber": 10, "Message": "A validation exception occurred"}, True),
    (200, {"Title": "Error", "Detail": "Something is wrong", "Status": 500}, True),
    (403, {"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, None), (200, [], None),
])  # fmt: skip
def test_an_error_is_found_under_a_status_that_says_all_is_well(status: int, body: Any, waits: bool | None) -> None:
    found = fault(status, body)
    assert (found.wait if found else None) is waits


def test_a_page_that_came_short_is_told_by_the_number_beside_it(playing: Playing, vendor: Vendor) -> None:
    playing.fault(vendor, "missing_row", path="/Invoices", times=None)
    endpoint = next(one for one in vendor.endpoints if one.name == "invoices")
    with Client(playing.connection(vendor), vendor) as client, pytest.raises(Unavailable, match="to give and listed"):
        list(client.pages(endpoint, window=YEAR))


@pytest.mark.django_db(transaction=True)
def test_an_invoice_that_is_gone_takes_its_lines_with_it_and_no_balance(playing: Playing, vendor: Vendor) -> None:
    source = playing.connection(vendor)
    read(source)
    world = playing.sandbox.world
    latest = world.billing.invoices(world.clock.now())[-40:]
    invoice = next(one for one in latest if len(one.lines) == 3 and one.client % 4)  # and no credit note with it
    world.edits.change("invoices", invoice.id, Edit(world.clock.now(), {}, {}, True))
    read(source)
    gone = InvoiceLine.objects.exclude(retired_on=None)
    assert {one.number for one in gone} == {invoice.number} and len(gone) >= 3
    assert not LedgerBalance.objects.exclude(retired_on=None).exists()


def read(source: Connection) -> None:
    ended = run(source, as_of=YEAR[1], patience=Patience(tries=2))
    assert ended.state == CollectorRun.State.DONE, ended.error
