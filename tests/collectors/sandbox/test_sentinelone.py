"""What the stand-in for SentinelOne does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller


def ask(caller: Caller, path: str, **query: Any) -> requests.Response:
    return ask_as(caller, "ApiToken", path, **query)


def ask_as(caller: Caller, scheme: str, path: str, **query: Any) -> requests.Response:
    headers = {"Authorization": f"{scheme} {caller.secrets('sentinelone')['token']}"}
    base = f"{caller.base}/sentinelone/web/api/v2.1"
    return caller.session.get(f"{base}/{path}", params=query, headers=headers, timeout=9)


def listed(caller: Caller, path: str, **query: object) -> list[dict[str, Any]]:
    return list(ask(caller, path, limit=1000, **query).json()["data"])


def test_only_its_own_scheme_is_let_in(caller: Caller) -> None:
    assert ask(caller, "system/info").json()["data"]["version"]
    refused = ask_as(caller, "Bearer", "system/info")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, 4010010)


@pytest.mark.parametrize(("path", "query", "status"), [
    ("agents", {"limit": 1001}, 400), ("agents", {"limit": "ten"}, 400), ("agents", {"skip": 1001}, 400),
    ("agents", {"updatedSince": "2026-01-01"}, 400), ("agents", {"sortBy": "computerName"}, 400),
    ("agents", {"isActive": "perhaps"}, 400), ("threats", {"createdAt__gte": "yesterday"}, 400),
    ("agents", {"cursor": "guess"}, 400), ("sites", {"agentIds": "1"}, 400), ("users", {}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert reply.status_code == status
    assert reply.json()["data"] is None and reply.json()["errors"][0]["title"]


def test_pages_are_of_ten_and_go_on_from_a_cursor_with_the_same_filters(caller: Caller) -> None:
    first = ask(caller, "agents", isUninstalled="false").json()
    cursor = first["pagination"]["nextCursor"]
    assert len(first["data"]) == 10 < first["pagination"]["totalItems"]
    second = ask(caller, "agents", isUninstalled="false", cursor=cursor).json()["data"]
    assert second[0]["id"] > first["data"][-1]["id"]
    assert ask(caller, "agents", cursor=cursor).status_code == 400
    whole = ask(caller, "agents", limit=1000).json()
    assert whole["pagination"] == {"totalItems": len(whole["data"]), "nextCursor": None}
    assert ask(caller, "agents/count").json() == {"data": {"total": len(whole["data"])}}


def test_a_cursor_does_not_live_long(caller: Caller) -> None:
    caller.switch("sentinelone", cursor_seconds=-1)
    cursor = ask(caller, "agents").json()["pagination"]["nextCursor"]
    assert "expired cursor" in ask(caller, "agents", cursor=cursor).json()["errors"][0]["title"]


def test_counting_is_left_out_or_all_there_is(caller: Caller) -> None:
    assert ask(caller, "agents", skipCount="true").json()["pagination"]["totalItems"] == 0
    counted = ask(caller, "agents", countOnly="true").json()
    assert counted["data"] == [] and counted["pagination"]["totalItems"] > 0


def test_sites_come_in_an_envelope_of_their_own_one_client_twice_and_some_nobodys(caller: Caller) -> None:
    answer = ask(caller, "sites", limit=1000).json()["data"]
    names = [site["name"] for site in answer["sites"]]
    assert set(answer) == {"sites", "allSites"} and "Default site" in names
    assert sum(name.endswith("(old)") for name in names) == 1
    assert any(site["externalId"] for site in answer["sites"])
    assert answer["allSites"]["activeLicenses"] == len(listed(caller, "agents"))


def test_deleted_sites_are_listed_when_asked_for_or_unasked(caller: Caller) -> None:
    def states(**query: object) -> set[str]:
        return {site["state"] for site in ask(caller, "sites", limit=1000, **query).json()["data"]["sites"]}

    assert (states(), states(state="deleted")) == ({"active"}, {"deleted"})
    caller.switch("sentinelone", old_sites_listed=True)
    assert states() == {"active", "deleted", "expired"}


def test_filters_choose_agents_and_threats(caller: Caller) -> None:
    agents = listed(caller, "agents")
    site = agents[0]["siteId"]
    assert listed(caller, "agents", siteIds=site) == [one for one in agents if one["siteId"] == site]
    assert listed(caller, "agents", isDecommissioned="True") == []
    assert {one["machineType"] for one in listed(caller, "agents", machineTypes="server")} == {"server"}
    threats = listed(caller, "threats", sortBy="updatedAt", sortOrder="asc")
    moments = [one["threatInfo"]["updatedAt"] for one in threats]
    assert moments == sorted(moments) and len(moments) > 3
    assert listed(caller, "threats", sortBy="updatedAt", updatedAt__gte=moments[2]) == threats[2:]
    closed = listed(caller, "threats", incidentStatuses="resolved")
    assert listed(caller, "threats", resolved="true") == closed


def test_a_token_of_one_site_may_not_list_accounts(caller: Caller) -> None:
    assert listed(caller, "accounts")[0]["usageType"] == "mssp"
    caller.switch("sentinelone", scope="site")
    refused = ask(caller, "accounts")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, 4030010)
    assert ask(caller, "sites").status_code == 200


def test_what_is_missing_is_null_left_out_or_a_word(caller: Caller) -> None:
    assert listed(caller, "agents")[0]["modelName"] is None
    caller.switch("sentinelone", nulls="missing")
    assert "modelName" not in listed(caller, "agents")[0]
    caller.switch("sentinelone", nulls="None")
    assert listed(caller, "agents")[0]["modelName"] == "None"


def test_a_good_answer_has_an_empty_list_of_errors_none_or_an_empty_object(caller: Caller) -> None:
    assert ask(caller, "agents").json()["errors"] == []
    caller.switch("sentinelone", errors="missing")
    assert "errors" not in ask(caller, "agents").json()
    caller.switch("sentinelone", errors="object")
    assert ask(caller, "agents").json()["errors"] == [{}]


def test_engines_are_objects_or_texts(caller: Caller) -> None:
    assert listed(caller, "threats")[0]["threatInfo"]["detectionEngines"][0]["key"] == "reputation"
    caller.switch("sentinelone", engines="texts")
    assert listed(caller, "threats")[0]["threatInfo"]["detectionEngines"] == ["Reputation"]


def test_too_many_requests_name_a_wait_or_none(caller: Caller) -> None:
    caller.switch("sentinelone", requests_a_minute=1)
    ask(caller, "agents")
    assert "Retry-After" in ask(caller, "agents").headers
    caller.switch("sentinelone", names_wait=False)
    ask(caller, "agents")
    refused = ask(caller, "agents")
    assert refused.status_code == 429 and "Retry-After" not in refused.headers
