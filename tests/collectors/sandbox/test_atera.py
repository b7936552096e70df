"""What the stand-in for Atera does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

LEGACY = {"X-API-KEY": "sandbox-atera-legacy-key"}


def bearer(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {caller.secrets('atera')['api_key']}"}


def ask(caller: Caller, path: str, headers: dict[str, str] | None = None, **query: object) -> requests.Response:
    params: Any = query
    sent = bearer(caller) if headers is None else headers
    return caller.session.get(f"{caller.base}/atera/api/v3/{path}", params=params, headers=sent, timeout=20)


def test_a_token_is_a_bearer_and_a_legacy_key_has_a_header_of_its_own(caller: Caller) -> None:
    token = caller.secrets("atera")["api_key"]
    assert len(token) > 100
    assert ask(caller, "account").json()["CompanyName"] == ask(caller, "account", LEGACY).json()["CompanyName"]
    for wrong in ({}, {"X-API-KEY": token}, {"X-API-KEY": "guess"}, {"Authorization": f"Bearer {LEGACY['X-API-KEY']}"}):
        refused = ask(caller, "account", wrong)
        assert (refused.status_code, refused.content) == (401, b"")
    caller.switch("atera", token_in="x_api_key")
    assert ask(caller, "account", {"X-API-KEY": token}).status_code == 200
    assert ask(caller, "account").status_code == 401


def test_a_list_is_walked_by_its_numbered_pages(caller: Caller) -> None:
    pages = [ask(caller, "agents", page=page, itemsInPage=50).json() for page in (1, 2, 3, 4, 5)]
    first, last = pages[0], pages[-1]
    assert sum(len(page["items"]) for page in pages) == first["totalItemCount"] and first["totalPages"] == 5
    assert (first["prevLink"], last["nextLink"]) == (None, None)
    following = caller.session.get(first["nextLink"], headers=bearer(caller), timeout=20).json()
    assert following["items"] == pages[1]["items"]
    assert ask(caller, "agents", page=6, itemsInPage=50).json()["items"] == []
    caller.switch("atera", last_link="empty", order="newest")
    turned = ask(caller, "agents", itemsInPage=50).json()
    assert turned["prevLink"] == "" and turned["items"][0] == last["items"][-1]


def test_a_page_has_twenty_records_unless_more_are_asked_for_and_never_more_than_fifty(caller: Caller) -> None:
    assert len(ask(caller, "agents").json()["items"]) == 20
    assert len(ask(caller, "agents", itemsInPage=51).json()["items"]) == 50
    caller.switch("atera", over_fifty="refused")
    refused = ask(caller, "agents", itemsInPage=51)
    assert (refused.status_code, refused.json()["title"]) == (400, "Bad Request")


@pytest.mark.parametrize(("path", "query", "status"), [
    ("agents", {"modifiedSince": "2026-01-01"}, 400), ("agents", {"page": 0}, 400), ("agents", {"page": "two"}, 400),
    ("alerts", {"alertStatus": "Closed"}, 400), ("customers", {"FromLastModifiedDate": "2026-01-01T00:00:00Z"}, 400),
    ("customers", {"SortBy": "Name"}, 400), ("account", {"page": 1}, 400), ("remotecontrol", {}, 404),
    ("agents/00000000-0000-4000-a000-000000000000/available-patches", {}, 404),
])  # fmt: skip
def test_what_the_document_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, Any], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["status"]) == (status, status)


def test_nothing_is_written_and_a_right_that_is_not_given_is_missed(caller: Caller) -> None:
    address = f"{caller.base}/atera/api/v3/customers"
    assert caller.session.post(address, json={}, headers=bearer(caller), timeout=20).status_code == 403
    caller.switch("atera", forbidden="/devices/")
    assert ask(caller, "devices/snmpdevices").status_code == 403
    assert ask(caller, "agents").status_code == 200


def test_lists_are_narrowed_as_the_document_says(caller: Caller) -> None:
    customer = ask(caller, "customers", itemsInPage=50).json()["items"][3]["CustomerID"]
    mine = ask(caller, f"agents/customer/{customer}").json()["items"]
    assert mine and {row["CustomerID"] for row in mine} == {customer}
    of_all = {row["CustomerID"] for row in ask(caller, "devices/snmpdevices", itemsInPage=50).json()["items"]}
    some = min(of_all)
    assert {row["CustomerID"] for row in ask(caller, "devices/snmpdevices", customerId=some).json()["items"]} == {some}
    assert ask(caller, "devices/tcpdevices").json()["items"] == []
    states = ("Open", "Snoozed", "Resolved")
    counts = [ask(caller, "alerts", alertStatus=one).json()["totalItemCount"] for one in states]
    assert all(counts) and sum(counts) == ask(caller, "alerts").json()["totalItemCount"]
    lately = ask(caller, "customers", FromLastModifiedDate="2026-05-01", SortBy="LastModified").json()
    assert lately["totalItemCount"] < 13


def test_a_resolved_alert_may_have_no_date_of_archiving(caller: Caller) -> None:
    def dates() -> set[bool]:
        return {bool(row["ArchivedDate"]) for row in ask(caller, "alerts", alertStatus="Resolved").json()["items"]}

    assert dates() == {True}
    caller.switch("atera", archived=False)
    assert dates() == {True, False}


def test_moments_are_written_in_three_ways(caller: Caller) -> None:
    def seen() -> str:
        return str(ask(caller, "agents", itemsInPage=1).json()["items"][0]["LastSeen"])

    assert seen().endswith("Z")
    caller.switch("atera", times="offset")
    with_offset = seen()
    assert with_offset[-6:] in ("-05:00", "-06:00")
    caller.switch("atera", times="plain", times_zone="America/Chicago")
    assert seen() == with_offset[:19]


def test_an_agent_whose_patches_nobody_looked_for_answers_in_one_of_three_ways(caller: Caller) -> None:
    guids = [row["DeviceGuid"] for row in ask(caller, "agents", itemsInPage=50).json()["items"]]
    told = {guid: ask(caller, f"agents/{guid}/available-patches").json() for guid in guids}
    unscanned = next(guid for guid, answer in told.items() if answer["timestamp"] is None)
    assert told[unscanned]["availableUpdates"] == []
    assert any(answer["availableUpdates"] for answer in told.values())
    caller.switch("atera", unscanned="null")
    assert ask(caller, f"agents/{unscanned}/available-patches").json()["availableUpdates"] is None
    caller.switch("atera", unscanned="404")
    assert ask(caller, f"agents/{unscanned}/available-patches").status_code == 404
