"""What the stand-in for Autotask does and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

EVERY = [{"op": "gte", "field": "id", "value": 0}]


def headers(caller: Caller, **change: str) -> dict[str, str]:
    settings, secrets = (caller.info["vendors"]["autotask"][part] for part in ("settings", "secrets"))
    sent = {"ApiIntegrationCode": secrets["integration_code"], "UserName": settings["user_name"],
            "Secret": secrets["secret"], "Content-Type": "application/json"}  # fmt: skip
    return {**sent, **change}


def ask(caller: Caller, path: str, body: Any = None, **change: str) -> requests.Response:
    address = path if path.startswith("http") else f"{caller.base}/autotask/atservicesrest/V1.0/{path}"
    method = "GET" if body is None else "POST"
    return caller.session.request(method, address, json=body, headers=headers(caller, **change), timeout=20)


def items(caller: Caller, entity: str, *conditions: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    reply = ask(caller, f"{entity}/query", {"filter": list(conditions) or EVERY, **more})
    assert reply.status_code == 200, reply.text
    return list(reply.json()["items"])


def test_the_zone_is_told_to_a_known_user_without_a_key(caller: Caller) -> None:
    address = f"{caller.base}/autotask/atservicesrest/v1.0/zoneInformation"
    user = caller.info["vendors"]["autotask"]["settings"]["user_name"]
    assert caller.session.get(address, params={"user": user}, timeout=20).json()["url"].endswith("/atservicesrest/")
    for wrong in ("nobody@example.com", ""):
        assert caller.session.get(address, params={"user": wrong}, timeout=20).status_code == 500


@pytest.mark.parametrize("name", ["ApiIntegrationCode", "UserName", "Secret"])
def test_each_header_is_needed(caller: Caller, name: str) -> None:
    assert ask(caller, "ThresholdInformation").status_code == 200
    assert ask(caller, "ThresholdInformation", **{name: "wrong"}).status_code == 401
    assert ask(caller, "ThresholdInformation", **{"Content-Type": "text/plain"}).status_code == 415


def test_pages_lead_on_by_the_same_question_put_to_the_next_address(caller: Caller) -> None:
    question = {"MaxRecords": 100, "IncludeFields": ["id", "status"], "filter": EVERY}
    reply, ids = ask(caller, "Tickets/query", question).json(), []
    while True:
        assert reply["pageDetails"]["count"] == len(reply["items"]) <= 100
        ids += [row["id"] for row in reply["items"]]
        if reply["pageDetails"]["nextPageUrl"] is None:
            break
        reply = ask(caller, reply["pageDetails"]["nextPageUrl"], question).json()
    assert ids == sorted(set(ids))
    assert ask(caller, "Tickets/query/count", {"filter": EVERY}).json() == {"queryCount": len(ids)}
    assert ids[100:200] == [
        row["id"] for row in items(caller, "Tickets", {"op": "gt", "field": "id", "value": ids[99]}, MaxRecords=100)
    ]


@pytest.mark.parametrize(("entity", "question"), [
    ("Tickets", {}), ("Tickets", {"filter": []}), ("Tickets", {"filter": EVERY, "pageNumber": 2}),
    ("Tickets", {"filter": EVERY, "MaxRecords": 501}), ("Tickets", {"filter": EVERY, "IncludeFields": ["Status"]}),
    ("Tickets", {"filter": [{"op": "between", "field": "id", "value": 1}]}),
    ("Tickets", {"filter": [{"op": "eq", "field": "status", "value": "5"}]}),
    ("Tickets", {"filter": [{"op": "in", "field": "id", "value": list(range(501))}]}),
    ("TimeEntries", {"filter": [{"op": "eq", "field": "companyID", "value": 1}]}),
    ("TicketHistory", {"filter": EVERY}),
])  # fmt: skip
def test_a_bad_question_is_told_under_500(caller: Caller, entity: str, question: dict[str, Any]) -> None:
    reply = ask(caller, f"{entity}/query", question)
    assert (reply.status_code, list(reply.json())) == (500, ["errors"])


def test_what_there_is_not_is_404_and_what_may_not_be_viewed_500(caller: Caller) -> None:
    assert ask(caller, "Nothing/query", {"filter": EVERY}).status_code == 404
    caller.switch("autotask", forbidden="Invoices")
    refused = ask(caller, "Invoices/query", {"filter": EVERY})
    assert refused.status_code == 500 and "permissions" in refused.json()["errors"][0]


def test_a_search_in_the_address_finds_what_a_body_does(caller: Caller) -> None:
    either = [{"op": "eq", "field": "id", "value": number} for number in (11, 13)]
    search = json.dumps({"filter": [{"op": "or", "items": either}]})
    reply = ask(caller, f"Services/query?search={search}").json()
    assert [row["id"] for row in reply["items"]] == [11, 13]
    assert ask(caller, f"Services/query?search={search}&page=2").status_code == 500


def test_picklists_say_in_words_what_records_have_as_numbers(caller: Caller) -> None:
    fields = {row["name"]: row for row in ask(caller, "Tickets/entityInformation/fields").json()["fields"]}
    for name in ("status", "queueID", "priority", "issueType", "subIssueType"):
        known = {value["value"] for value in fields[name]["picklistValues"]}
        assert {str(row[name]) for row in items(caller, "Tickets", IncludeFields=[name]) if row[name]} <= known
    assert fields["title"]["picklistValues"] is None
    for number in (1, 3):
        caller.switch("autotask", customer=number)
        lists = {row["name"]: row for row in ask(caller, "Companies/entityInformation/fields").json()["fields"]}
        types = {one["label"]: one["value"] for one in lists["companyType"]["picklistValues"]}
        assert types["Customer"] == str(number)


def test_a_price_is_of_all_units_or_of_one(caller: Caller) -> None:
    whole = items(caller, "ContractServiceUnits")
    caller.switch("autotask", price="unit")
    single = {row["id"]: row for row in items(caller, "ContractServiceUnits")}
    assert all(row["price"] == pytest.approx(single[row["id"]]["price"] * row["units"]) for row in whole)
    assert any(row["units"] > 1 for row in whole)


def test_a_history_tells_of_a_status_in_either_way(caller: Caller) -> None:
    of = {"op": "in", "field": "ticketID", "value": [row["id"] for row in items(caller, "Tickets")][:20]}
    assert any('from "' in row["detail"] for row in items(caller, "TicketHistory", of))
    caller.switch("autotask", history="arrow")
    assert any(" -> " in row["detail"] for row in items(caller, "TicketHistory", of))


def test_costs_are_shown_to_those_who_may_see_them(caller: Caller) -> None:
    assert any(row["internalCost"] for row in items(caller, "Resources"))
    caller.switch("autotask", internal_cost=False)
    assert {row["internalCost"] for row in items(caller, "Resources")} == {None}
