"""What the stand-in for ConnectWise RMM does and what it refuses."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

SLUG = "connectwise_rmm"
READS = " ".join(f"platform.{what}.read" for what in ("companies", "sites", "devices", "patching", "tickets"))
COMPANIES, TICKETS = "/api/platform/v1/company/companies", "/api/platform/v2/service/ticketing/tickets"
DEVICES = "/api/platform/v2/device/categories/{}/endpoints"
HEARTBEAT = "/api/platform/v2/device/endpoints/heartbeat"


def token(caller: Caller, **change: Any) -> requests.Response:
    asked = {"grant_type": "client_credentials", **caller.secrets(SLUG), "scope": READS, **change}
    return caller.session.post(f"{caller.base}/{SLUG}/v1/token", json=asked, timeout=20)


def ask(
    caller: Caller, path: str, method: str = "GET", body: Any = None, scope: str = READS,
    headers: dict[str, Any] | None = None, **query: Any,
) -> requests.Response:  # fmt: skip
    sent = {"Authorization": f"Bearer {token(caller, scope=scope).json()['access_token']}"}
    sent |= {"X-Request-ID": str(uuid4())} if headers is None else headers
    return caller.session.request(
        method, f"{caller.base}/{SLUG}{path}", params=query, json=body, headers=sent, timeout=20
    )


def devices(caller: Caller, of: Any, category: str = "all", type_: str = "company", **query: Any) -> requests.Response:
    return ask(caller, DEVICES.format(category), "POST", {"resourceType": type_, "resources": of}, **query)


def company(caller: Caller) -> str:
    return str(ask(caller, COMPANIES).json()[1]["id"])


def endpoints(answer: requests.Response) -> list[dict[str, Any]]:
    body: dict[str, list[dict[str, Any]]] = answer.json()
    return [one for groups in body.values() for group in groups for one in group["endpoints"]]


def test_a_token_is_given_for_a_right_key_as_json_and_tells_its_scopes(caller: Caller) -> None:
    assert token(caller).json() | {"access_token": ""} == {
        "access_token": "", "scope": READS, "token_type": "Bearer", "expires_in": 3599,
    }  # fmt: skip
    assert token(caller, client_secret="guess").status_code == 401
    wrong: list[dict[str, Any]] = [{"grant_type": "password"}, {"scope": "platform.everything"}, {"audience": "x"}]
    assert [token(caller, **change).status_code for change in wrong] == [400, 400, 400]
    form = caller.session.post(f"{caller.base}/{SLUG}/v1/token", data=caller.secrets(SLUG), timeout=20)
    assert form.status_code == 400


def test_a_key_that_lacks_a_scope_gets_a_narrower_token_or_none(caller: Caller) -> None:
    caller.switch(SLUG, lacks="platform.tickets.read")
    assert "tickets" not in token(caller).json()["scope"]
    assert ask(caller, TICKETS).status_code == 403
    caller.switch(SLUG, lacking_gives="refused")
    assert token(caller).status_code == 400


def test_who_signs_in_too_often_is_locked_out(caller: Caller) -> None:
    caller.switch(SLUG, signins=2)
    assert [token(caller).status_code for _ in range(4)] == [200, 200, 423, 423]


def test_nothing_is_told_without_a_token_or_to_who_would_write(caller: Caller) -> None:
    refused = caller.session.get(f"{caller.base}/{SLUG}{COMPANIES}", timeout=20)
    assert (refused.status_code, refused.json()["code"]) == (401, "401")
    assert ask(caller, COMPANIES, "POST", {"name": "New"}).status_code == 404
    caller.switch(SLUG, token_seconds=-1)
    assert ask(caller, COMPANIES).status_code == 401


@pytest.mark.parametrize(("shape", "told"), [
    ("code", {"code": "400", "message": "unknown parameter page"}),
    ("message", {"error": {"message": "unknown parameter page"}}),
    ("description", {"error": {"code": "400", "description": "unknown parameter page"}}),
])  # fmt: skip
def test_errors_come_in_three_shapes(caller: Caller, shape: str, told: dict[str, Any]) -> None:
    caller.switch(SLUG, errors_as=shape)
    assert ask(caller, COMPANIES, page=2).json() == told


def test_devices_are_walked_by_the_link_until_there_is_none_or_nothing_behind_it(caller: Caller) -> None:
    one = company(caller)
    everything = endpoints(devices(caller, [one]))
    size, seen, place = len(everything) // 2 + len(everything) % 2, [], "0"
    while (answer := devices(caller, [one], limit=size, cursor=place)).status_code == 200:
        seen += endpoints(answer)
        if "next" not in answer.links:
            break
        place = answer.links["next"]["url"].partition("cursor=")[2].partition("&")[0]
    assert seen == everything
    assert "next" in devices(caller, [one], limit=len(everything)).links
    assert devices(caller, [one], cursor=len(everything)).status_code == 404
    caller.switch(SLUG, full_page_links=False)
    assert "next" not in devices(caller, [one], limit=len(everything)).links


def test_devices_are_told_by_category_and_as_far_as_asked(caller: Caller) -> None:
    one = company(caller)
    least = endpoints(devices(caller, [one]))
    assert "os" not in least[0]
    named = endpoints(devices(caller, [one], category="platform", field="os,system"))
    assert named and all(row.keys() <= {"endpointID", "os", "system"} for row in named)
    network = devices(caller, [one], category="network").json()
    assert network["network"] and not network["platform"]
    servers = endpoints(devices(caller, [one], filter="endpointType in (Server)"))
    assert {row["endpointType"] for row in servers} == {"Server"}
    by_id = devices(caller, [servers[0]["endpointID"]], type_="endpoint")
    assert [row["endpointID"] for row in endpoints(by_id)] == [servers[0]["endpointID"]]


@pytest.mark.parametrize(("of", "query", "status"), [
    (["no-such-company"], {}, 404), ([], {}, 400), (["a"] * 5, {}, 400), ("a", {}, 400), (["a"], {"limit": 501}, 400),
    (["a"], {"field": ",".join(["os"] * 16)}, 400), (["a"], {"pageSize": 5}, 400), (["a"], {"cursor": "next"}, 400),
])  # fmt: skip
def test_a_question_for_devices_that_the_sheet_does_not_know_is_refused(
    caller: Caller, of: Any, query: dict[str, Any], status: int
) -> None:
    assert devices(caller, of, **query).status_code == status


def test_calls_for_devices_name_themselves_and_where_they_come_from(caller: Caller) -> None:
    asks: dict[str, Any] = {"body": {"resourceType": "company", "resources": [company(caller)]}, "method": "POST"}
    path = DEVICES.format("all")
    assert ask(caller, path, headers={}, **asks).status_code == 400
    assert ask(caller, path, **asks).status_code == 200
    caller.switch(SLUG, origin="required")
    assert ask(caller, path, **asks).status_code == 400
    named = {"X-Request-ID": str(uuid4()), "Origin": "https://example.com"}
    assert ask(caller, path, headers=named, **asks).status_code == 200


def test_places_are_named_in_three_ways(caller: Caller) -> None:
    one, names = company(caller), set()
    for way in ("companyID", "companyId", "clientID"):
        caller.switch(SLUG, place_names=way)
        names |= devices(caller, [one]).json()["platform"][0].keys() - {"endpoints"}
    assert names == {"companyID", "companyId", "clientID", "siteID", "siteId"}


def test_heartbeats_are_asked_for_in_batches_and_the_unknown_stand_apart(caller: Caller) -> None:
    keys = [row["endpointID"] for row in endpoints(devices(caller, [company(caller)], category="platform"))]
    told = ask(caller, HEARTBEAT, resourceType="endpoints", resources=",".join([keys[0], "nobody"])).json()
    [group] = told["successfulRecords"]
    assert told["status"] == "partial_success" and [one["resource"] for one in told["failedRecords"]] == ["nobody"]
    assert group["endpoints"][0]["DcDateTimeUTC"][10] == " "
    caller.switch(SLUG, heartbeat_time="T", heartbeats_most=1)
    told = ask(caller, HEARTBEAT, resourceType="endpoints", resources=keys[0]).json()
    assert told["status"] == "success"
    assert told["successfulRecords"][0]["endpoints"][0]["DcDateTimeUTC"][10] == "T"
    for query in ({"resources": ",".join(keys[:2])}, {"resources": ""}, {"resources": keys[0], "resourceType": "all"}):
        assert ask(caller, HEARTBEAT, **{"resourceType": "endpoints", **query}).status_code == 400


def test_patches_are_told_device_by_device_to_who_bought_that(caller: Caller) -> None:
    keys = [row["endpointID"] for row in endpoints(devices(caller, [company(caller)], category="platform"))]
    answers = [ask(caller, f"/api/platform/v2/patching/{key}/patches") for key in keys]
    told = [one.json()["summary"] for one in answers if one.status_code == 200]
    assert told and max(one["compliance"] for one in told) > 1
    caller.switch(SLUG, compliance="share")
    path = f"/api/platform/v2/patching/{keys[[one.status_code for one in answers].index(200)]}/patches"
    assert ask(caller, path).json()["summary"]["compliance"] <= 1
    caller.switch(SLUG, entitled=False)
    assert ask(caller, path).status_code == 401


def test_tickets_come_in_pages_and_by_groups_of_criteria(caller: Caller) -> None:
    caller.switch(SLUG, tickets_most=10)
    asked: dict[str, Any] = {"pageSize": 50, "pageNum": 1, "sortBy": "createdAt", "sortDir": "asc"}
    first = ask(caller, TICKETS, sourceNames="Monitoring", **asked).json()
    assert len(first["tickets"]) == 10 < first["totalCount"]
    assert ask(caller, TICKETS, pageSize=10, pageNum=10_000).json() == {"tickets": [], "totalCount": 0}
    both = ask(caller, TICKETS, sourceNames="Monitoring", sourceNames1="Phone", **asked).json()
    assert both["totalCount"] == ask(caller, TICKETS, **asked).json()["totalCount"] > first["totalCount"]
    late = ask(caller, TICKETS, updatedAtFrom="2026-06-10T00:00:00+00:00", **asked).json()
    assert late["totalCount"] > 0 and all(row["updatedAt"] >= "2026-06-10" for row in late["tickets"])


@pytest.mark.parametrize("query", [
    {"pageSize": 5}, {"pageNum": 1}, {"pageSize": 0, "pageNum": 1}, {"status": "New"}, {"updatedAtFrom": "yesterday"},
    {"sortBy": "mood"},
])  # fmt: skip
def test_a_question_for_tickets_that_the_sheet_does_not_know_is_refused(caller: Caller, query: dict[str, Any]) -> None:
    assert ask(caller, TICKETS, **query).status_code == 400


def test_ids_days_and_limits_are_written_in_either_way(caller: Caller) -> None:
    plain = ask(caller, COMPANIES)
    assert plain.headers["Remaining"] == "499" and plain.json()[0]["deletedDate"] is None
    tickets = ask(caller, TICKETS, sourceNames="Monitoring").json()["tickets"]
    caller.switch(SLUG, limit_headers="x", zero_dates=True, psa_product="ConnectWise PSA", ticket_assets="own")
    other = ask(caller, COMPANIES)
    assert other.headers["X-RateLimit-Remaining"] == "499"
    assert other.json()[0]["deletedDate"] == "0001-01-01T00:00:00Z"
    assert {one["productId"] for row in other.json() for one in row["externalIds"]} == {"sage-books", "ConnectWise PSA"}
    own = ask(caller, TICKETS, sourceNames="Monitoring").json()["tickets"]
    assert own[0]["id"] == tickets[0]["id"] and own[0]["assets"] != tickets[0]["assets"]
