"""What the stand-in for Xero does and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

SCOPE = "accounting.settings.read accounting.contacts.read accounting.reports.profitandloss.read"
FEBRUARY: dict[str, Any] = {"fromDate": "2026-02-01", "toDate": "2026-02-28"}


def token(caller: Caller, secret: str = "", **form: str) -> requests.Response:
    keys = caller.secrets("xero")
    return caller.session.post(
        f"{caller.base}/xero/connect/token", auth=(keys["client_id"], secret or keys["client_secret"]),
        data={"grant_type": "client_credentials", "scope": SCOPE, **form}, timeout=20,
    )  # fmt: skip


def ask(caller: Caller, path: str, headers: dict[str, str] | None = None, **query: object) -> requests.Response:
    sent = {"Authorization": f"Bearer {token(caller).json()['access_token']}", "Accept": "application/json"}
    params: Any = query
    return caller.session.get(
        f"{caller.base}/xero/api.xro/2.0/{path}", params=params, headers=sent | (headers or {}), timeout=20
    )


def test_a_token_is_given_for_half_an_hour_to_the_right_key_and_the_scopes_it_has(caller: Caller) -> None:
    assert token(caller).json()["expires_in"] == 1800
    assert token(caller, secret="guess").json() == {"error": "invalid_client"}
    assert token(caller, scope="payroll.employees").json() == {"error": "invalid_scope"}
    assert token(caller, scope="accounting.transactions.read").json() == {"error": "invalid_scope"}
    caller.switch("xero", scopes="classic")
    assert token(caller, scope="accounting.transactions.read").status_code == 200


def test_a_token_that_has_run_out_is_refused(caller: Caller) -> None:
    caller.switch("xero", token_seconds=0)
    reply = ask(caller, "Accounts")
    assert (reply.status_code, reply.json()["Title"]) == (401, "Unauthorized")


def test_another_organisation_is_refused_and_without_asking_for_json_it_is_xml(caller: Caller) -> None:
    assert ask(caller, "Accounts", {"xero-tenant-id": "another"}).status_code == 403
    assert ask(caller, "Accounts", {"xero-tenant-id": ""}).status_code == 200
    assert ask(caller, "Accounts", {"Accept": "*/*"}).headers["Content-Type"] == "text/xml"


@pytest.mark.parametrize(("path", "query", "status"), [
    ("Accounts", {"page": 1}, 400), ("Invoices", {"page": 0}, 400), ("Invoices", {"where": "Type='ACCREC'"}, 400),
    ("Invoices", {"where": 'Colour=="red"'}, 400), ("Invoices", {"order": "Colour ASC"}, 400), ("Payments", {}, 404),
    ("Reports/ProfitAndLoss", {"fromDate": "2026-02-01"}, 400), ("Reports/BalanceSheet", {}, 404),
    ("Reports/ProfitAndLoss", {"fromDate": "2024-01-01", "toDate": "2026-01-01"}, 400),
])  # fmt: skip
def test_what_the_documents_do_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, Any], status: int
) -> None:
    assert ask(caller, path, **query).status_code == status


def test_pages_count_from_one_and_tell_how_many_there_are_or_not(caller: Caller) -> None:
    told = ask(caller, "Invoices", pageSize=50).json()
    first, pages = told["Invoices"], told["pagination"]["pageCount"]
    rest = [row for page in range(2, pages + 1) for row in ask(caller, "Invoices", pageSize=50, page=page).json()[
        "Invoices"]]  # fmt: skip
    assert len(first) == 50
    assert len({row["InvoiceID"] for row in [*first, *rest]}) == told["pagination"]["itemCount"] == 50 + len(rest)
    caller.switch("xero", pagination=False)
    assert "pagination" not in ask(caller, "Invoices").json()


def test_bills_and_drafts_are_among_the_invoices_unless_asked_otherwise(caller: Caller) -> None:
    every = ask(caller, "Invoices", pageSize=1000).json()["Invoices"]
    assert {row["Type"] for row in every} == {"ACCREC", "ACCPAY"} and "DRAFT" in {row["Status"] for row in every}
    where = 'Type=="ACCREC" AND Date>=DateTime(2026,04,01) AND Date<=DateTime(2026,04,30)'
    asked = ask(caller, "Invoices", where=where, Statuses="AUTHORISED,PAID", pageSize=1000).json()["Invoices"]
    assert {(row["Type"], row["DateString"][:7]) for row in asked} == {("ACCREC", "2026-04")}
    assert {row["Status"] for row in asked} <= {"AUTHORISED", "PAID"}


def test_archived_contacts_come_when_asked_for(caller: Caller) -> None:
    def standing(**query: Any) -> set[str]:
        return {row["ContactStatus"] for row in ask(caller, "Contacts", pageSize=1000, **query).json()["Contacts"]}

    assert standing() == {"ACTIVE"}
    assert standing(includeArchived="true") >= {"ACTIVE"}


def test_the_lines_of_an_invoice_add_up_whether_they_include_its_tax_or_not(caller: Caller) -> None:
    rows = ask(caller, "Invoices", pageSize=1000).json()["Invoices"]
    assert {row["LineAmountTypes"] for row in rows} == {"Inclusive", "Exclusive"}
    for row in rows:
        lines = round(sum(line["LineAmount"] for line in row["LineItems"]), 2)
        assert lines == row["Total" if row["LineAmountTypes"] == "Inclusive" else "SubTotal"]
        assert round(row["SubTotal"] + row["TotalTax"], 2) == row["Total"]


def test_sections_of_a_report_sum_up_their_rows_and_cash_differs(caller: Caller) -> None:
    [report] = ask(caller, "Reports/ProfitAndLoss", **FEBRUARY).json()["Reports"]
    sections = [row for row in report["Rows"] if row["RowType"] == "Section"]
    assert report["Rows"][0]["Cells"][1]["Value"] == "28 Feb 26"
    for section in sections:
        own = [Decimal(row["Cells"][1]["Value"]) for row in section["Rows"] if row["RowType"] == "Row"]
        sums = [Decimal(row["Cells"][1]["Value"]) for row in section["Rows"] if row["RowType"] == "SummaryRow"]
        assert sums in ([], [sum(own)])
    assert {section["Title"] for section in sections} >= {" Income", "Less Operating Expenses", ""}
    [cash] = ask(caller, "Reports/ProfitAndLoss", **FEBRUARY, paymentsOnly="true").json()["Reports"]
    assert cash["Rows"] != report["Rows"]


@pytest.mark.parametrize(("way", "head"), [("28 February 2018", "28 February 2026"), ("Feb 28, 2018", "Feb 28, 2026")])
def test_the_head_of_a_column_is_a_switch(caller: Caller, way: str, head: str) -> None:
    caller.switch("xero", dated_labels=way)
    [report] = ask(caller, "Reports/ProfitAndLoss", **FEBRUARY).json()["Reports"]
    assert report["Rows"][0]["Cells"][1]["Value"] == head
