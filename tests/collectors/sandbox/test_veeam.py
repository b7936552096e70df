"""What the stand-in for Veeam Service Provider Console does and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

JOBS = "infrastructure/backupAgents/jobs"


def ask(caller: Caller, path: str, key: str = "", **query: Any) -> requests.Response:
    bearer = {"Authorization": f"Bearer {key or caller.secrets('veeam')['api_key']}"}
    params: Any = {name: json.dumps(value) if isinstance(value, list) else value for name, value in query.items()}
    return caller.session.get(f"{caller.base}/veeam/api/v3/{path}", params=params, headers=bearer, timeout=20)


def told(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    return list(ask(caller, path, **query).json()["data"])


def test_a_wrong_key_is_refused_in_the_consoles_own_words(caller: Caller) -> None:
    wrong = ask(caller, "about", key="guess")
    assert (wrong.status_code, wrong.json()["errors"][0]["type"]) == (401, "security")
    assert ask(caller, "about").json()["data"]["serverVersion"]


@pytest.mark.parametrize(("path", "query"), [
    (JOBS, {"page": 1}), (JOBS, {"limit": 0}), (JOBS, {"offset": "two"}), (JOBS, {"sort": "name"}),
    (JOBS, {"sort": [{"property": "nothing", "direction": "ascending"}]}), (JOBS, {"expand": "Organization"}),
    (JOBS, {"sort": [{"property": "name", "direction": "up"}]}),
    (JOBS, {"filter": [{"property": "name", "operation": "like", "value": "x"}]}),
    (JOBS, {"filter": [{"property": "nothing", "operation": "equals", "value": "x"}]}),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(caller: Caller, path: str, query: dict[str, Any]) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["data"]) == (400, None)
    assert ask(caller, "infrastructure/nothing").status_code == 404


def test_records_come_by_offset_with_their_number(caller: Caller) -> None:
    order = [{"property": "instanceUid", "direction": "ascending"}]
    whole = told(caller, JOBS, sort=order)
    page = ask(caller, JOBS, sort=order, limit=2, offset=2).json()
    assert page["meta"]["pagingInfo"] == {"total": len(whole), "count": 2, "offset": 2}
    assert page["data"] == whole[2:4] and page["errors"] is None
    caller.switch("veeam", largest_page=1)
    assert len(told(caller, JOBS, limit=500)) == 1


def test_filters_and_a_choice_of_fields_are_kept_to(caller: Caller) -> None:
    failed = {"property": "status", "operation": "equals", "value": "Failed"}
    rows = told(caller, JOBS, filter=[failed], select=[{"propertyPath": "status"}])
    assert rows and all(row == {"status": "Failed"} for row in rows)
    other = {"operation": "not", "items": [failed]}
    late = {"property": "lastRun", "operation": "greaterThan", "value": "2026-06-17"}
    every = {"operation": "or", "items": [{"property": "status", "operation": "in", "value": ["Failed"]}, other]}
    assert len(told(caller, JOBS, filter=[every])) == len(told(caller, JOBS)) > len(told(caller, JOBS, filter=[other]))
    assert all(row["lastRun"] for row in told(caller, JOBS, filter=[{"operation": "and", "items": [late]}]))


def test_a_company_brings_its_organization_only_if_asked(caller: Caller) -> None:
    assert not any("_embedded" in row for row in told(caller, "organizations/companies"))
    rows = told(caller, "organizations/companies", expand="Organization")
    assert all(row["_embedded"]["organization"]["instanceUid"] == row["instanceUid"] for row in rows)
    assert [row["type"] for row in told(caller, "organizations")].count("Provider") == 1


def test_a_fault_of_the_server_is_520_whatever_it_was(caller: Caller) -> None:
    caller.fault("veeam", "500")
    reply = ask(caller, JOBS)
    assert (reply.status_code, reply.json()["errors"][0]["type"]) == (520, "retryableLogical")


def test_a_long_question_is_answered_when_it_is_put_again(caller: Caller) -> None:
    caller.switch("veeam", long_answers=True)
    first, second = ask(caller, JOBS), ask(caller, JOBS)
    assert (first.status_code, second.status_code) == (202, 200) and first.headers["Location"]


def test_names_groups_and_owners_are_told_either_way(caller: Caller) -> None:
    jobs, alarms = "infrastructure/backupServers/jobs", "alarms/active"
    assert all(row["mappedOrganizationUid"] and "lastEndTime" in row for row in told(caller, jobs))
    assert all("organizationUid" in row["object"] for row in told(caller, alarms))
    caller.switch("veeam", mapped=False, job_end="endTime", alarm_client="companyUid", cloud_mapped=False)
    assert all(row["mappedOrganizationUid"] is None and "endTime" in row for row in told(caller, jobs))
    assert all("companyUid" in row["object"] for row in told(caller, alarms))
    assert not any(row["organizationUid"] for row in told(caller, "protectedWorkloads/vb365ProtectedObjects"))
    caller.switch("veeam", all_groups=False)
    assert {ask(caller, path).status_code for path in (jobs, alarms)} == {403} and told(caller, JOBS)
