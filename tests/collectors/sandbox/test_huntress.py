"""What the stand-in for Huntress does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller


def ask(caller: Caller, path: str, **query: Any) -> requests.Response:
    key = caller.secrets("huntress")
    return caller.session.get(
        f"{caller.base}/huntress/v1/{path}", params=query, auth=(key["api_key"], key["api_secret"]), timeout=9
    )


def listed(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    return list(ask(caller, path, **{"limit": 500, **query}).json()[path])


def test_a_key_is_sent_as_basic_and_the_actor_tells_whose_it_is(caller: Caller) -> None:
    assert ask(caller, "actor").json()["account"] == ask(caller, "account").json()["account"]
    key = caller.secrets("huntress")
    wrong = caller.session.get(
        f"{caller.base}/huntress/v1/agents", auth=(key["api_key"], key["api_secret"] + "\n"), timeout=9
    )
    assert wrong.status_code == 401


@pytest.mark.parametrize(("path", "query", "status"), [
    ("agents", {"limit": 501}, 400), ("agents", {"limit": 0}, 400), ("agents", {"page": 2}, 400),
    ("agents", {"updated_since": "2026-01-01"}, 400), ("agents", {"sort_field": "hostname"}, 400),
    ("agents", {"sort_direction": "up"}, 400), ("agents", {"platform": "amiga"}, 400),
    ("agents", {"page_token": "guess"}, 400), ("organizations", {"status": "sent"}, 400), ("users", {}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(caller: Caller, path: str, query: dict[str, Any], status: int) -> None:
    assert ask(caller, path, **query).status_code == status


def test_pages_are_of_ten_with_the_newest_first_and_a_token_holds_for_one_question(caller: Caller) -> None:
    first = ask(caller, "agents").json()
    ids = [one["id"] for one in first["agents"]]
    assert len(ids) == 10 and ids == sorted(ids, reverse=True)
    token = first["pagination"]["next_page_token"]
    assert f"page_token={token.replace('=', '%3D')}" in first["pagination"]["next_page_url"]
    assert ask(caller, "agents", page_token=token).json()["agents"][0]["id"] < ids[-1]
    assert ask(caller, "agents", page_token=token, platform="windows").status_code == 400


def test_the_last_page_has_no_token_or_one_that_is_null(caller: Caller) -> None:
    assert ask(caller, "agents", limit=500).json()["pagination"] == {}
    caller.switch("huntress", last_page="null")
    assert ask(caller, "agents", limit=500).json()["pagination"]["next_page_token"] is None


def test_lists_are_sorted_and_filtered_as_asked(caller: Caller) -> None:
    agents = listed(caller, "agents", sort_field="updated_at", sort_direction="asc")
    moments = [one["updated_at"] for one in agents]
    assert moments == sorted(moments)
    home = agents[0]["organization_id"]
    assert {one["organization_id"] for one in listed(caller, "agents", organization_id=home)} == {home}
    assert {one["status"] for one in listed(caller, "incident_reports", status="closed")} == {"closed"}
    shown = listed(caller, "incident_reports", indicator_type="managed_identity")
    assert [one["subject"][-6:] for one in shown] == ["(Test)"]
    names = [one["name"] for one in listed(caller, "organizations", sort_field="name", sort_direction="asc")]
    assert names == sorted(names) and "Demo lab" in names


def test_organizations_know_their_tenant_or_not_and_count_their_agents(caller: Caller) -> None:
    organizations = listed(caller, "organizations")
    assert {bool(one["identity_provider_tenant_id"]) for one in organizations} == {True, False}
    assert sum(one["agents_count"] for one in organizations) == len(listed(caller, "agents"))


def test_an_uninstalled_agent_is_listed_or_not(caller: Caller) -> None:
    before = {one["id"] for one in listed(caller, "agents")}
    caller.switch("huntress", uninstalled_listed=True)
    assert len({one["id"] for one in listed(caller, "agents")} - before) == 1


def test_an_errors_body_has_one_of_three_shapes(caller: Caller) -> None:
    bodies = []
    for shape in ("message", "list", "object"):
        caller.switch("huntress", errors=shape)
        bodies.append(ask(caller, "agents", limit=0).json())
    message = "does not have a valid value"
    assert bodies == [
        {"status": 400, "message": message}, {"errors": [{"field": "limit", "message": message}]},
        {"errors": {"limit": [message]}},
    ]  # fmt: skip


def test_too_many_requests_name_no_wait_unless_they_do(caller: Caller) -> None:
    caller.switch("huntress", requests_a_minute=1)
    ask(caller, "agents")
    refused = ask(caller, "agents")
    assert refused.status_code == 429 and "Retry-After" not in refused.headers
    caller.switch("huntress", names_wait=True)
    ask(caller, "agents")
    assert "Retry-After" in ask(caller, "agents").headers


def test_reports_outlive_their_organization_or_go_with_it(caller: Caller) -> None:
    before = listed(caller, "incident_reports")
    caller.switch("huntress", deleted_reports=False)
    assert [one for one in listed(caller, "incident_reports") if one not in before] == []
