"""What the stand-in for QuickBooks Online does and what it refuses."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

BACK = "http://127.0.0.1:1/back"


def consent(caller: Caller, **changed: str) -> requests.Response:
    params = {
        "client_id": caller.secrets("quickbooks_online")["client_id"], "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting", "redirect_uri": BACK, "state": "s-1", **changed,
    }  # fmt: skip
    return requests.get(f"{caller.base}/quickbooks_online/connect/oauth2", params=params, timeout=20)


def press_allow(caller: Caller, page: requests.Response, method: str = "POST") -> dict[str, str]:
    """What a browser is told after the button: the parameters of the redirect."""
    action = re.search(r'action="([^"]+)"', page.text)
    assert action is not None
    reply = requests.request(method, action[1], allow_redirects=False, timeout=20)
    assert reply.status_code == 302 and reply.headers["Location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_consent_page_leads_back_with_a_code_that_buys_tokens_once(caller: Caller, method: str) -> None:
    back = press_allow(caller, consent(caller), method)
    assert back["state"] == "s-1" and back["realmId"] == caller.secrets("quickbooks_online")["realm_id"]
    tokens = caller.books_grant(grant_type="authorization_code", code=back["code"], redirect_uri=BACK).json()
    assert caller.books("preferences", token=tokens["access_token"]).status_code == 200
    again = caller.books_grant(grant_type="authorization_code", code=back["code"], redirect_uri=BACK)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "changed", [{"client_id": "x"}, {"scope": "openid"}, {"response_type": "token"}, {"state": ""}, {"auto": "1"}]
)
def test_a_consent_request_the_sheet_does_not_name_is_refused(caller: Caller, changed: dict[str, str]) -> None:
    assert consent(caller, **changed).status_code == 400


def test_a_code_is_bound_to_its_address(caller: Caller) -> None:
    back = press_allow(caller, consent(caller))
    other = caller.books_grant(grant_type="authorization_code", code=back["code"], redirect_uri=f"{BACK}2")
    assert other.json() == {"error": "invalid_grant"}


def refresh_token(caller: Caller) -> str:
    return str(caller.control("GET", "info")["vendors"]["quickbooks_online"]["secrets"]["refresh_token"])


def test_a_refresh_gives_a_new_value_and_the_old_one_is_worthless(caller: Caller) -> None:
    old = refresh_token(caller)
    new = caller.books_grant(grant_type="refresh_token", refresh_token=old).json()["refresh_token"]
    assert new != old
    late = caller.books_grant(grant_type="refresh_token", refresh_token=old)
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})
    assert caller.books_grant(grant_type="refresh_token", refresh_token=new).status_code == 200


def test_with_daily_rotation_the_value_lasts_the_day(caller: Caller) -> None:
    caller.switch("quickbooks_online", rotation="daily")
    old = refresh_token(caller)
    reply = caller.books_grant(grant_type="refresh_token", refresh_token=old).json()
    assert reply["refresh_token"] == old and reply["expires_in"] == 3600


def test_a_consent_that_was_withdrawn_gives_nothing_more(caller: Caller) -> None:
    old, access = refresh_token(caller), caller.books_token()
    caller.control("POST", "revoke")
    assert caller.books_grant(grant_type="refresh_token", refresh_token=old).status_code == 400
    assert caller.books("preferences", token=access).status_code == 401


def test_wrong_application_keys_are_refused(caller: Caller) -> None:
    url = f"{caller.base}/quickbooks_online/oauth2/v1/tokens/bearer"
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token(caller)}
    assert requests.post(url, auth=("x", "y"), data=form, timeout=20).json() == {"error": "invalid_client"}


def test_a_token_that_is_unknown_or_expired_is_refused(caller: Caller) -> None:
    assert caller.books("preferences", token="x").json()["Fault"]["Error"][0]["code"] == "3200"
    caller.switch("quickbooks_online", token_seconds=0)
    assert caller.books("preferences").status_code == 401


def test_errors_may_come_in_lower_case_or_as_xml(caller: Caller) -> None:
    caller.switch("quickbooks_online", gateway_faults=True)
    assert caller.books("preferences", token="x").json()["fault"]["type"] == "AUTHENTICATION"
    caller.switch("quickbooks_online", gateway_faults=False, errors_as_xml=True)
    assert caller.books("preferences", token="x").text.startswith("<?xml")


def test_another_company_is_refused(caller: Caller) -> None:
    headers = {"Authorization": f"Bearer {caller.books_token()}", "Accept": "application/json"}
    reply = requests.get(f"{caller.base}/quickbooks_online/v3/company/1/preferences", headers=headers, timeout=20)
    assert (reply.status_code, reply.json()["Fault"]["Error"][0]["code"]) == (403, "3100")


def rows(caller: Caller, statement: str) -> list[dict[str, Any]]:
    reply = caller.query(statement)
    assert reply.status_code == 200, reply.text
    response = reply.json()["QueryResponse"]
    return list(next((value for value in response.values() if isinstance(value, list)), []))


@pytest.mark.parametrize("entity", ["Customer", "Account", "Employee"])
def test_start_position_and_max_results_read_every_row_once(caller: Caller, entity: str) -> None:
    where = "WHERE Active IN (true, false)"
    count = caller.query(f"SELECT count(*) FROM {entity} {where}").json()["QueryResponse"]["totalCount"]
    seen: list[str] = []
    while page := rows(caller, f"SELECT * FROM {entity} {where} ORDERBY Id STARTPOSITION {len(seen) + 1} MAXRESULTS 4"):
        seen += [row["Id"] for row in page]
    assert len(seen) == len(set(seen)) == count > 4
    assert caller.query(f"SELECT * FROM {entity} {where} STARTPOSITION 5000").json()["QueryResponse"] == {}


def test_every_operator_keeps_what_it_says(caller: Caller) -> None:
    accounts = rows(caller, "SELECT * FROM Account WHERE Active IN (true, false) MAXRESULTS 1000")

    def got(where: str) -> list[str]:
        return [row["Id"] for row in rows(caller, f"SELECT * FROM Account WHERE {where} MAXRESULTS 1000")]

    assert got("AccountType = 'Income'") == [row["Id"] for row in accounts if row["AccountType"] == "Income"]
    assert got("Name LIKE 'Owner%'") == [row["Id"] for row in accounts if row["Name"].startswith("Owner")]
    assert got(r"Name = 'Owner\'s Compensation'") == ["44"]
    assert got("Id IN ('1', '2')") == ["1", "2"]
    assert got("SubAccount = true AND Classification = 'Revenue'") == ["2", "3", "5"]
    assert got("MetaData.LastUpdatedTime > '2026-06-01T00:00:00Z'") == []
    assert len(got("MetaData.LastUpdatedTime <= '2026-06-01'")) == len(accounts)
    names = [row["Name"] for row in rows(caller, "select Name from Account order by Name desc")]
    assert names == sorted(names, reverse=True)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Widget", "SELECT * FROM Account WHERE Colour = 'red'", "SELECT * FROM Account MAXRESULTS 1001",
        "SELECT * FROM Account STARTPOSITION 0", "SELECT * FROM Account WHERE Id = '1' OR Id = '2'",
        "SELECT * FROM Account WHERE NOT Id = '1'", "SELECT * FROM Account GROUP BY Name", "DELETE FROM Account",
        "SELECT * FROM Account WHERE Id != '1'", "SELECT * FROM Account WHERE Id = '1' AND", "",
    ],
)  # fmt: skip
def test_a_statement_the_sheet_does_not_name_is_refused(caller: Caller, statement: str) -> None:
    reply = caller.query(statement)
    assert (reply.status_code, reply.json()["Fault"]["Error"][0]["code"]) == (400, "4001")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("query", {"query": "SELECT * FROM Account", "limit": 1}), ("preferences", {"minorversion": 65}),
        ("reports/ProfitAndLoss", {"format": "json"}), ("reports/ProfitAndLoss", {"summarize_column_by": "Moon"}),
        ("reports/ProfitAndLoss", {"accounting_method": "Modified"}), ("cdc", {"entities": "Widget"}),
        ("reports/ProfitAndLoss", {"start_date": "2026-03-01", "end_date": "2026-02-01"}),
        ("cdc", {"entities": "Customer", "changedSince": "2026-01-01T00:00:00Z"}),
    ],
)  # fmt: skip
def test_a_parameter_the_sheet_does_not_name_is_refused(caller: Caller, path: str, params: dict[str, object]) -> None:
    assert caller.books(path, **params).status_code == 400


def test_an_unknown_path_is_not_found(caller: Caller) -> None:
    assert caller.books("reports/BalanceSheet").json()["Fault"]["Error"][0]["code"] == "610"


def test_only_active_rows_come_unless_asked(caller: Caller) -> None:
    caller.edit("customers", 104, delete=True)
    active = {row["Id"] for row in rows(caller, "SELECT * FROM Customer MAXRESULTS 1000")}
    every = {row["Id"]: row for row in rows(caller, "SELECT * FROM Customer WHERE Active IN (true, false)")}
    assert "104" in every.keys() - active
    assert every["104"]["DisplayName"].endswith(" (deleted)")


def test_cdc_names_what_changed_since(caller: Caller) -> None:
    caller.edit("customers", 104, set={"DisplayName": "Renamed"})
    reply = caller.books("cdc", entities="Customer,Account", changedSince="2026-06-17T00:00:00Z").json()
    customers, accounts = reply["CDCResponse"][0]["QueryResponse"]
    assert [row["DisplayName"] for row in customers["Customer"]] == ["Renamed"] and accounts == {}


def test_a_batch_holds_queries(caller: Caller) -> None:
    secrets = caller.secrets("quickbooks_online")
    headers = {"Authorization": f"Bearer {caller.books_token()}", "Accept": "application/json"}
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Account maxresults 2"}]}
    url = f"{caller.base}/quickbooks_online/v3/company/{secrets['realm_id']}/batch"
    reply = requests.post(url, headers=headers, json=body, timeout=20).json()
    assert len(reply["BatchItemResponse"][0]["QueryResponse"]["Account"]) == 2


def report(caller: Caller, **params: str) -> dict[str, Any]:
    span = {"start_date": "2026-03-01", "end_date": "2026-05-31", "accounting_method": "Accrual", **params}
    reply = caller.books("reports/ProfitAndLoss", **span)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def leaves(listed: list[dict[str, Any]]) -> dict[str, list[Decimal]]:
    """Every account's own amounts by its id, a parent's from its header."""
    found: dict[str, list[Decimal]] = {}
    for row in listed:
        own = row["ColData"] if row.get("type") == "Data" else row.get("Header", {}).get("ColData", [{}])
        if "id" in own[0]:
            found[own[0]["id"]] = [Decimal(cell["value"] or 0) for cell in own[1:]]
        found |= leaves(row.get("Rows", {}).get("Row", []))
    return found


@pytest.mark.parametrize("columns", ["Total", "Month", "Quarter", "Year", "Days", "Customers"])
def test_the_columns_of_a_report_add_up_to_its_total_and_its_summaries(caller: Caller, columns: str) -> None:
    made = report(caller, summarize_column_by=columns)
    amounts = leaves(made["Rows"]["Row"])
    for values in amounts.values():
        assert len(values) == len(made["Columns"]["Column"]) - 1
        assert columns == "Total" or sum(values[:-1]) == values[-1]
    income = next(row for row in made["Rows"]["Row"] if row.get("group") == "Income")
    total = sum(values[-1] for number, values in amounts.items() if int(number) < 20)
    assert total == Decimal(income["Summary"]["ColData"][-1]["value"])
    groups = [row["group"] for row in made["Rows"]["Row"]]
    assert groups == ["Income", "COGS", "GrossProfit", "Expenses", "NetOperatingIncome", "OtherIncome",
                      "OtherExpenses", "NetOtherIncome", "NetIncome"]  # fmt: skip


def test_month_columns_carry_their_dates(caller: Caller) -> None:
    heads = report(caller, summarize_column_by="Month", end_date="2026-05-22")["Columns"]["Column"][1:-1]
    spans = [tuple(item["Value"] for item in head["MetaData"]) for head in heads]
    assert spans == [("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30"), ("2026-05-01", "2026-05-22")]
    assert heads[-1]["ColTitle"] == "May 1-22, 2026"


def test_customer_columns_carry_the_customers_id_or_not(caller: Caller) -> None:
    with_key = report(caller, summarize_column_by="Customers")["Columns"]["Column"]
    assert with_key[1]["MetaData"][0]["Name"] == "ColKey"
    assert with_key[-2]["ColTitle"] == "Not Specified"
    caller.switch("quickbooks_online", customer_key=False)
    assert report(caller, summarize_column_by="Customers")["Columns"]["Column"][1]["MetaData"] == []


def test_the_books_reach_to_the_clock_and_no_further(caller: Caller) -> None:
    caller.at("2026-04-10T17:00:00Z")
    amounts = leaves(report(caller, summarize_column_by="Month")["Rows"]["Row"])
    assert amounts["1"][1] > 0 and all(values[2] == 0 for values in amounts.values())
    assert amounts["44"][1] == 0  # the owner is paid on the twentieth


def test_a_period_without_postings_says_so(caller: Caller) -> None:
    made = report(caller, start_date="2019-01-01", end_date="2019-12-31")
    assert {"Name": "NoReportData", "Value": "true"} in made["Header"]["Option"] and made["Rows"] == {"Row": []}


def test_cash_and_accrual_differ(caller: Caller) -> None:
    accrual = leaves(report(caller)["Rows"]["Row"])
    cash = leaves(report(caller, accounting_method="Cash")["Rows"]["Row"])
    assert accrual["7"] != cash["7"] and accrual["46"] == cash["46"]


def test_a_late_entry_restates_a_closed_month(caller: Caller) -> None:
    before = caller.control("GET", "truth?month=2026-04")["company"]
    caller.control("POST", "edit", {"record": "postings",
                                    "add": {"day": "2026-04-30", "account": 4, "amount": "250.50"}})  # fmt: skip
    after = caller.control("GET", "truth?month=2026-04")["company"]
    assert Decimal(after["nrr"]) - Decimal(before["nrr"]) == Decimal("250.50")


def test_sales_are_invoices_credit_memos_and_receipts_whose_lines_add_up_before_tax(caller: Caller) -> None:
    documents = [(name, row) for name in ("Invoice", "CreditMemo", "SalesReceipt")
                 for row in rows(caller, f"SELECT * FROM {name} MAXRESULTS 1000")]  # fmt: skip
    assert {name for name, _ in documents} == {"Invoice", "CreditMemo", "SalesReceipt"}
    assert any(row["TxnTaxDetail"]["TotalTax"] for _, row in documents)
    customers = {row["Id"] for row in rows(caller, "SELECT * FROM Customer WHERE Active IN (true, false)")}
    for name, row in documents:
        *lines, subtotal = row["Line"]
        assert round(sum(line["Amount"] for line in lines), 2) == subtotal["Amount"] > 0
        assert round(subtotal["Amount"] + row["TxnTaxDetail"]["TotalTax"], 2) == row["TotalAmt"]
        assert row["CustomerRef"]["value"] in customers
        assert ("DueDate" in row) == (name == "Invoice")
