"""Each fault does what its name says, as often as it was told, and then the vendor is well again."""

from __future__ import annotations

import time

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

VENDORS = ("ninjaone", "connectwise_psa", "quickbooks_online")


def ask(caller: Caller, vendor: str, token: str, **params: object) -> requests.Response:
    if vendor == "ninjaone":
        return caller.ninja("devices", token, **params)
    if vendor == "connectwise_psa":
        return caller.psa("service/tickets", **params)
    return caller.books("query", token, query="SELECT * FROM Account")


def token_of(caller: Caller, vendor: str) -> str:
    if vendor == "ninjaone":
        return str(caller.ninja_token().json()["access_token"])
    return caller.books_token() if vendor == "quickbooks_online" else ""


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        ("429", 429, "application/json"), ("500", 500, "application/json"), ("503", 503, "text/html"),
        ("401", 401, "application/json"), ("403", 403, "application/json"), ("html", 200, "text/html"),
        ("error_200", 200, "application/json"),
    ],
)  # fmt: skip
def test_an_answer_is_replaced_once(caller: Caller, vendor: str, kind: str, status: int, content: str) -> None:
    token = token_of(caller, vendor)
    caller.fault(vendor, kind)
    reply = ask(caller, vendor, token)
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, content)
    well = ask(caller, vendor, token)
    assert well.status_code == 200 and well.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("wait", ["7", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", ""])
def test_retry_after_can_say_anything(caller: Caller, wait: str) -> None:
    caller.fault("connectwise_psa", "429", retry_after=wait)
    assert caller.psa("service/boards").headers.get("Retry-After", "") == wait


def test_a_fault_waits_for_its_turn_counts_and_keeps_to_its_path(caller: Caller) -> None:
    caller.fault("connectwise_psa", "500", path="/service/", times=2, after=1)
    assert caller.psa("time/workTypes").status_code == 200
    assert [caller.psa("service/boards").status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_permanent_fault_stays_until_it_is_cleared(caller: Caller) -> None:
    caller.fault("connectwise_psa", "503", times=None)
    assert {caller.psa("service/boards").status_code for _ in range(3)} == {503}
    caller.control("DELETE", "faults")
    assert caller.psa("service/boards").status_code == 200


def test_a_hang_outlasts_a_readers_patience(caller: Caller) -> None:
    caller.fault("ninjaone", "hang", path="/v2/devices", seconds=1.5)
    headers = {"Authorization": f"Bearer {caller.ninja_token().json()['access_token']}"}
    with pytest.raises(requests.Timeout):
        requests.get(f"{caller.base}/ninjaone/v2/devices", headers=headers, timeout=0.3)


def test_a_drip_is_slow_but_whole(caller: Caller) -> None:
    caller.fault("connectwise_psa", "drip", seconds=0.6)
    began = time.monotonic()
    assert len(caller.psa("service/tickets").json()) == 25
    assert time.monotonic() - began > 0.5


@pytest.mark.parametrize("kind", ["reset", "truncated"])
def test_a_connection_breaks(caller: Caller, kind: str) -> None:
    caller.fault("connectwise_psa", kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError, ValueError)):
        caller.psa("service/tickets", pageSize=1000).json()
    assert caller.psa("service/tickets").status_code == 200


def test_one_record_is_malformed(caller: Caller) -> None:
    caller.fault("connectwise_psa", "malformed", row=3)
    assert [place for place, row in enumerate(caller.psa("service/tickets").json()) if "id" not in row] == [3]
    caller.fault("connectwise_psa", "malformed", row=0, field="closedFlag", value=["perhaps"])
    assert caller.psa("service/tickets").json()[0]["closedFlag"] == ["perhaps"]


def pages(caller: Caller, count: int = 3) -> list[list[int]]:
    return [[row["id"] for row in caller.psa("service/tickets", page=page, pageSize=10).json()]
            for page in range(1, count + 1)]  # fmt: skip


def test_a_row_comes_twice_between_pages(caller: Caller) -> None:
    clean = pages(caller)
    caller.fault("connectwise_psa", "duplicate_row", after=1)
    spoilt = pages(caller)
    assert spoilt == [clean[0], [clean[0][-1], *clean[1]], clean[2]]


def test_a_row_moves_to_the_next_page(caller: Caller) -> None:
    clean = pages(caller)
    caller.fault("connectwise_psa", "moved_row", times=2)
    assert pages(caller) == [clean[0][:-1], [clean[0][-1], *clean[1]], clean[2]]


def test_a_row_falls_between_two_pages(caller: Caller) -> None:
    clean = pages(caller)
    caller.fault("connectwise_psa", "missing_row", after=1)
    assert pages(caller) == [clean[0], clean[1][1:], clean[2]]


def test_a_page_is_empty_and_yet_goes_on(caller: Caller) -> None:
    caller.fault("connectwise_psa", "empty_page")
    reply = caller.psa("service/tickets", pageSize=10)
    assert reply.json() == [] and "next" in reply.links


def test_a_cursor_is_given_twice(caller: Caller) -> None:
    caller.fault("connectwise_psa", "repeated_cursor", after=1)
    forward = {"pagination-type": "forward-only"}
    first = caller.psa("service/tickets", forward, pageSize=10)
    second = caller.psa(first.links["next"]["url"], forward)
    assert second.content == first.content and second.links == first.links
    third = caller.psa(second.links["next"]["url"], forward)
    assert third.json()[0]["id"] > first.json()[-1]["id"]


def test_an_unknown_fault_is_named(caller: Caller) -> None:
    reply = requests.post(f"{caller.base}/_sandbox/faults", json={"vendor": "ninjaone", "kind": "gremlin"}, timeout=20)
    assert reply.status_code == 400 and "429" in reply.json()["error"]


def test_a_rate_limit_refuses_and_says_how_long_to_wait(caller: Caller) -> None:
    caller.switch("connectwise_psa", requests_a_minute=3, retry_after=9)
    replies = [caller.psa("service/boards") for _ in range(5)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429, 429]
    assert replies[-1].headers["Retry-After"] == "9"


@pytest.mark.parametrize(("status", "named"), [(429, False), (403, True)])
def test_the_throttle_of_quickbooks_is_a_switch(caller: Caller, status: int, named: bool) -> None:
    token = caller.books_token()
    caller.switch("quickbooks_online", requests_a_minute=1, throttle_status=status, throttle_wait=named)
    caller.books("preferences", token)
    reply = caller.books("preferences", token)
    assert reply.status_code == status and reply.json()["Fault"]["Error"][0]["code"] == "3001"
    assert ("Retry-After" in reply.headers) == named
