"""What the stand-in for Pipedrive does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

V2 = "api/v2"


def ask(caller: Caller, path: str, **query: object) -> requests.Response:
    params: Any = query
    token = {"x-api-token": caller.secrets("pipedrive")["token"]}
    return caller.session.get(f"{caller.base}/pipedrive/{path}", params=params, headers=token, timeout=20)


def test_the_token_goes_into_a_header_and_nowhere_else(caller: Caller) -> None:
    token = caller.secrets("pipedrive")["token"]
    for headers, query in (({}, {}), ({"x-api-token": "guess"}, {}), ({}, {"api_token": token})):
        reply = caller.session.get(f"{caller.base}/pipedrive/{V2}/deals", params=query, headers=headers, timeout=20)
        assert (reply.status_code, reply.json()["success"]) == (401, False)


@pytest.mark.parametrize(("path", "query", "status"), [
    (f"{V2}/deals", {"limit": 501}, 400), (f"{V2}/deals", {"start": 0}, 400), (f"{V2}/deals", {"cursor": "x"}, 400),
    (f"{V2}/deals", {"sort_by": "value"}, 400), (f"{V2}/deals", {"updated_since": "lately"}, 400),
    (f"{V2}/persons", {}, 404), ("v1/deals", {}, 404), ("v1/deals/1/changelog", {}, 404),
    (f"{V2}/deals/archived", {"include_option_labels": "true"}, 400),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["success"]) == (status, False)


def test_a_cursor_goes_on_with_its_own_question_alone(caller: Caller) -> None:
    first = ask(caller, f"{V2}/deals", limit=2, status="open").json()
    cursor = first["additional_data"]["next_cursor"]
    second = ask(caller, f"{V2}/deals", limit=2, status="open", cursor=cursor).json()
    assert not {row["id"] for row in first["data"]} & {row["id"] for row in second["data"]}
    assert ask(caller, f"{V2}/deals", limit=2, status="won", cursor=cursor).status_code == 400


def test_archived_deals_are_listed_apart_and_changes_from_a_moment_on(caller: Caller) -> None:
    deals, archived = (ask(caller, f"{V2}/{path}", limit=500).json()["data"] for path in ("deals", "deals/archived"))
    assert deals and archived
    assert not any(row["is_archived"] for row in deals) and all(row["is_archived"] for row in archived)
    since = "2026-06-10T00:00:00Z"
    changed = ask(caller, f"{V2}/deals", updated_since=since, sort_by="update_time").json()["data"]
    assert [row["update_time"] for row in changed] == sorted(row["update_time"] for row in deals
                                                             if row["update_time"] >= since)  # fmt: skip


def test_a_history_is_newest_first_and_its_moments_have_no_zone(caller: Caller) -> None:
    moved = next(row for row in ask(caller, f"{V2}/deals").json()["data"] if row["stage_change_time"])
    told = ask(caller, f"v1/deals/{moved['id']}/changelog").json()["data"]
    times = [row["time"] for row in told]
    assert times == sorted(times, reverse=True) and "T" not in times[0] and "Z" not in times[0]
    assert next(row["new_value"] for row in told if row["field_key"] == "stage_id") == str(moved["stage_id"])


def test_a_deal_opened_again_keeps_its_moment_or_not(caller: Caller) -> None:
    def lost_and_open() -> int:
        found = ask(caller, f"{V2}/deals", status="open", limit=500).json()["data"]
        return sum(row["lost_time"] is not None for row in found)

    assert lost_and_open() > 0
    caller.switch("pipedrive", reopened_keeps=False)
    assert lost_and_open() == 0


def test_a_custom_field_that_nobody_has_is_passed_over_or_refused(caller: Caller) -> None:
    asked = {"custom_fields": "0" * 40}
    assert all(row["custom_fields"] == {} for row in ask(caller, f"{V2}/deals", **asked).json()["data"])
    caller.switch("pipedrive", unknown_field="refused")
    assert ask(caller, f"{V2}/deals", **asked).status_code == 400


def test_a_throttle_is_429_with_or_without_a_wait_or_a_page(caller: Caller) -> None:
    def throttled(**switches: object) -> requests.Response:
        caller.switch("pipedrive", requests_a_minute=1, **switches)
        ask(caller, "v1/users")
        return ask(caller, "v1/users")

    reply = throttled()
    assert (reply.status_code, reply.json()["error"]) == (429, "request over limit")
    assert "Retry-After" not in reply.headers
    assert "Retry-After" in throttled(names_wait=True).headers
    page = throttled(throttled_page=True)
    assert (page.status_code, page.headers["Content-Type"]) == (403, "text/html")
