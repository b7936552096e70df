"""What the stand-in for HubSpot does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

OBJECTS = "crm/v3/objects"


def key(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {caller.secrets('hubspot')['token']}"}


def ask(caller: Caller, path: str, **query: object) -> requests.Response:
    params: Any = query
    return caller.session.get(f"{caller.base}/hubspot/{path}", params=params, headers=key(caller), timeout=20)


def search(caller: Caller, kind: str, **body: object) -> requests.Response:
    return caller.session.post(
        f"{caller.base}/hubspot/{OBJECTS}/{kind}/search", json=body, headers=key(caller), timeout=20
    )


def changed(operator: str, value: object) -> list[dict[str, object]]:
    return [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": operator, "value": value}]}]


def test_only_the_private_apps_token_opens_anything(caller: Caller) -> None:
    for header in ({}, {"Authorization": "Bearer pat-na1-guess"}):
        reply = caller.session.get(f"{caller.base}/hubspot/{OBJECTS}/deals", headers=header, timeout=20)
        assert (reply.status_code, reply.json()["category"]) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize(("path", "query", "status"), [
    (f"{OBJECTS}/contacts", {}, 404), (f"{OBJECTS}/deals", {"limit": 101}, 400), (f"{OBJECTS}/deals", {"page": 2}, 400),
    (f"{OBJECTS}/deals", {"after": "nowhere"}, 400), (f"{OBJECTS}/deals/search", {}, 405),
    ("crm/v3/owners", {"since": 1}, 400), ("crm/v4/objects/deals", {}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["status"]) == (status, "error")


def test_a_list_comes_by_id_and_only_with_what_was_asked_for(caller: Caller) -> None:
    first = ask(caller, f"{OBJECTS}/deals", limit=2, properties="dealname,no_such_property").json()
    second = ask(caller, f"{OBJECTS}/deals", limit=2, after=first["paging"]["next"]["after"]).json()
    ids = [int(row["id"]) for row in first["results"] + second["results"]]
    assert ids == sorted(ids) and len(set(ids)) == 4
    [row, _] = first["results"]
    assert set(row["properties"]) == {"dealname", "hs_object_id", "hs_lastmodifieddate", "createdate"}
    assert "associations" not in row


def test_the_history_of_a_stage_makes_pages_smaller(caller: Caller) -> None:
    asked = {"propertiesWithHistory": "dealstage", "limit": 100}
    assert ask(caller, f"{OBJECTS}/deals", **asked).status_code == 400
    caller.switch("hubspot", history_limit=100)
    told = ask(caller, f"{OBJECTS}/deals", **asked).json()["results"]
    times = [entry["timestamp"] for entry in told[0]["propertiesWithHistory"]["dealstage"]]
    assert times == sorted(times, reverse=True)


def test_a_search_ends_at_its_cap_and_refuses_to_go_beyond(caller: Caller) -> None:
    caller.switch("hubspot", search_cap=4)
    page = search(caller, "companies", limit=3, after="3").json()
    assert page["total"] > 4 and len(page["results"]) == 1
    assert search(caller, "companies", limit=3, after="4").status_code == 400


@pytest.mark.parametrize("body", [
    {"limit": 201}, {"page": 1}, {"properties": ["no_such_property"]}, {"filterGroups": changed("LIKE", "1")},
    {"sorts": [{"propertyName": "name"}, {"propertyName": "domain"}]},
])  # fmt: skip
def test_a_search_refuses_what_it_does_not_know(caller: Caller, body: dict[str, object]) -> None:
    assert search(caller, "companies", **body).status_code == 400


def test_filters_take_milliseconds_and_perhaps_iso_text(caller: Caller) -> None:
    whole = search(caller, "companies").json()["total"]
    one, other = changed("GTE", "1767225600000"), changed("GTE", "2026-01-01T00:00:00Z")
    since = search(caller, "companies", filterGroups=one).json()["total"]
    assert 0 < since < whole
    assert search(caller, "companies", filterGroups=other).json()["total"] == since
    caller.switch("hubspot", iso_filters=False)
    assert search(caller, "companies", filterGroups=other).status_code == 400


def test_a_seller_who_left_is_named_among_the_archived(caller: Caller) -> None:
    now, past = (ask(caller, "crm/v3/owners", archived=archived).json()["results"] for archived in ("false", "true"))
    assert (len(now), len(past)) == (2, 1)


def test_a_limit_says_whose_it_is_and_perhaps_how_long(caller: Caller) -> None:
    def throttled() -> requests.Response:
        caller.switch("hubspot", requests_a_minute=1)
        ask(caller, "crm/v3/owners")
        return ask(caller, "crm/v3/owners")

    reply = throttled()
    assert (reply.status_code, reply.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert "Retry-After" not in reply.headers
    caller.switch("hubspot", names_wait=True, daily_limit=True)
    reply = throttled()
    assert reply.json()["policyName"] == "DAILY" and "Retry-After" in reply.headers
