"""What the stand-in for Datto RMM does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

PUBLIC = ("public-client", "public")


def token(caller: Caller, *, auth: tuple[str, str] = PUBLIC, **change: Any) -> requests.Response:
    keys = caller.secrets("datto_rmm")
    form = {"grant_type": "password", "username": keys["api_key"], "password": keys["api_secret"], **change}
    return caller.session.post(f"{caller.base}/datto_rmm/auth/oauth/token", data=form, auth=auth, timeout=20)


def ask(caller: Caller, path: str, **query: object) -> requests.Response:
    bearer = {"Authorization": f"Bearer {token(caller).json()['access_token']}"}
    params: Any = query
    return caller.session.get(f"{caller.base}/datto_rmm/api/v2/{path}", params=params, headers=bearer, timeout=20)


def test_a_token_is_given_to_the_client_everybody_knows_for_a_right_key_alone(caller: Caller) -> None:
    assert token(caller).json()["expires_in"] == 360_000
    assert token(caller, auth=("public-client", "guess")).status_code == 401
    wrong: list[dict[str, Any]] = [{"password": "guess"}, {"grant_type": "refresh_token"}, {"scope": "everything"}]
    for change in wrong:
        assert token(caller, **change).status_code == 400


def test_nothing_is_told_without_a_token_but_that_it_is_there(caller: Caller) -> None:
    base = f"{caller.base}/datto_rmm/api/v2"
    assert caller.session.get(f"{base}/system/status", timeout=20).status_code == 200
    refused = caller.session.get(f"{base}/account/sites", timeout=20)
    assert (refused.status_code, refused.json()["error"]) == (401, "Request can not be authorized")


def test_a_list_is_walked_by_its_links(caller: Caller) -> None:
    first = ask(caller, "account/devices", max=60).json()
    told = first["pageDetails"]
    assert told["count"] == len(first["devices"]) == 60 < told["totalCount"] and told["prevPageUrl"] is None
    bearer = {"Authorization": f"Bearer {token(caller).json()['access_token']}"}
    seen, following = len(first["devices"]), told["nextPageUrl"]
    while following:
        page = caller.session.get(following, headers=bearer, timeout=20).json()
        seen, following = seen + page["pageDetails"]["count"], page["pageDetails"]["nextPageUrl"]
    assert seen == told["totalCount"]


def test_pages_count_from_one_and_links_forget_what_was_asked(caller: Caller) -> None:
    caller.switch("datto_rmm", first_page=1, link_keeps=False, last_link="empty")
    assert ask(caller, "account/sites", page=0).status_code == 400
    first = ask(caller, "account/sites", max=3).json()["pageDetails"]
    assert first["nextPageUrl"].endswith("sites?page=2")
    assert ask(caller, "account/sites").json()["pageDetails"]["nextPageUrl"] == ""


def test_a_page_larger_than_the_largest_is_cut_or_refused(caller: Caller) -> None:
    caller.switch("datto_rmm", alerts_most=10)
    assert len(ask(caller, "account/alerts/resolved", max=50).json()["alerts"]) == 10
    caller.switch("datto_rmm", over_max="refused")
    assert ask(caller, "account/alerts/resolved", max=50).status_code == 400


@pytest.mark.parametrize(("path", "query", "status"), [
    ("account/devices", {"modifiedSince": "2026-01-01"}, 400), ("account/sites", {"max": 0}, 400),
    ("account/alerts/open", {"page": "two"}, 400), ("account/components", {}, 404),
    ("audit/device/no-such-device", {}, 404), ("account", {"page": 0}, 400), ("account/devices", {"filterId": 7}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["status"]) == (status, status)


def test_devices_are_filtered_by_a_part_of_a_name(caller: Caller) -> None:
    found = ask(caller, "account/devices", operatingSystem="server 2019").json()["devices"]
    assert found and all("Server 2019" in row["operatingSystem"] for row in found)


def test_moments_are_written_in_three_ways_and_alerts_come_in_two_orders(caller: Caller) -> None:
    def raised() -> list[Any]:
        return [row["timestamp"] for row in ask(caller, "account/alerts/resolved").json()["alerts"]]

    newest = raised()
    assert newest == sorted(newest, reverse=True) and newest[0] > 10**12
    caller.switch("datto_rmm", moments="seconds")
    assert raised() == [moment // 1000 for moment in newest]
    caller.switch("datto_rmm", moments="iso", alerts_order="oldest")
    assert raised()[0].endswith("Z") and raised() == sorted(raised())


def test_a_key_may_not_write_and_a_refusal_may_be_a_block(caller: Caller) -> None:
    bearer = {"Authorization": f"Bearer {token(caller).json()['access_token']}"}
    address = f"{caller.base}/datto_rmm/api/v2/account/sites"
    refused = caller.session.put(address, json={}, headers=bearer, timeout=20)
    assert (refused.status_code, refused.json()["error"]) == (403, "Forbidden")
    caller.switch("datto_rmm", forbidden_is_block=True)
    assert "blocked" in caller.session.put(address, json={}, headers=bearer, timeout=20).json()["error"]
