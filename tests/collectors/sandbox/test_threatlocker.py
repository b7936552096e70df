"""What the stand-in for ThreatLocker does and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

ORGANIZATIONS = "Organization/OrganizationGetChildOrganizationsByParameters"
MOVES = "Organization/OrganizationGetForMoveComputers"
COMPUTERS = "Computer/ComputerGetByAllParameters"
REQUESTS = "ApprovalRequest/ApprovalRequestGetByParameters"
COUNT = "ApprovalRequest/ApprovalRequestGetCount"
ALL: dict[str, Any] = {
    ORGANIZATIONS: {"includeAllChildren": True, "childOrganizations": True}, COMPUTERS: {"childOrganizations": True},
    REQUESTS: {"statusId": 4, "showChildOrganizations": True},
}  # fmt: skip


def headers(caller: Caller, **more: str) -> dict[str, str]:
    vendor = caller.info["vendors"]["threatlocker"]
    own = vendor["settings"]["organization"]
    return {"Authorization": vendor["secrets"]["token"], "ManagedOrganizationId": own, **more}


def post(caller: Caller, path: str, sent: dict[str, str] | None = None, **body: Any) -> requests.Response:
    address = f"{caller.base}/threatlocker/portalapi/{path}"
    wanted = {"pageNumber": 1, "pageSize": 500, **ALL.get(path, {}), **body}
    return caller.session.post(address, json=wanted, headers=sent or headers(caller), timeout=9)


def get(caller: Caller, path: str, **query: Any) -> requests.Response:
    address = f"{caller.base}/threatlocker/portalapi/{path}"
    return caller.session.get(address, params=query, headers=headers(caller), timeout=9)


def test_a_token_is_sent_bare(caller: Caller) -> None:
    bearer = headers(caller, Authorization=f"Bearer {headers(caller)['Authorization']}")
    refused = post(caller, COMPUTERS, bearer)
    assert refused.status_code == 401 and "revoked" in refused.json()["Message"]
    assert post(caller, COMPUTERS).status_code == 200


@pytest.mark.parametrize(("path", "body", "status"), [
    (COMPUTERS, {"updatedSince": "2026-01-01"}, 400), (COMPUTERS, {"pageSize": 501}, 400),
    (COMPUTERS, {"pageNumber": "1"}, 400), (COMPUTERS, {"orderBy": "guess"}, 400), (REQUESTS, {"statusId": 2}, 500),
    ("Organization/OrganizationGetAuthKeyById", {}, 403), ("Computer/ComputerUpdateShouldRestart", {}, 404),
    (COUNT, {}, 405),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(caller: Caller, path: str, body: dict[str, Any], status: int) -> None:
    reply = post(caller, path, **body)
    assert (reply.status_code, reply.json()["StatusCode"]) == (status, status)


def test_only_json_is_read(caller: Caller) -> None:
    address = f"{caller.base}/threatlocker/portalapi/{COMPUTERS}"
    form = caller.session.post(address, data={"pageNumber": 1}, headers=headers(caller), timeout=9)
    assert form.status_code == 415


def test_a_header_tells_the_totals_and_rows_come_bare(caller: Caller) -> None:
    whole = post(caller, COMPUTERS)
    told = json.loads(whole.headers["pagination"])
    assert told["totalItems"] == len(whole.json()) == whole.json()[0]["totalRows"] and told["totalPages"] == 1
    second = post(caller, COMPUTERS, pageSize=10, pageNumber=2)
    assert second.json() == whole.json()[10:20]
    assert json.loads(second.headers["pagination"])["currentPage"] == 2


def test_totals_stand_in_the_header_in_the_rows_or_nowhere(caller: Caller) -> None:
    caller.switch("threatlocker", totals="rows")
    shown = post(caller, COMPUTERS)
    assert "pagination" not in shown.headers and shown.json()[0]["totalRows"] == len(shown.json())
    caller.switch("threatlocker", totals="none")
    assert "totalRows" not in post(caller, COMPUTERS).json()[0]


def test_without_an_organization_there_is_nothing(caller: Caller) -> None:
    own = headers(caller)
    neither = {"Authorization": own["Authorization"]}
    assert post(caller, COMPUTERS, neither).json() == []
    caller.switch("threatlocker", organization_from="override")
    assert post(caller, COMPUTERS).json() == []
    assert post(caller, COMPUTERS, own | {"OverrideManagedOrganizationId": own["ManagedOrganizationId"]}).json()


def test_child_organizations_are_asked_for_by_one_field_or_the_other(caller: Caller) -> None:
    assert post(caller, ORGANIZATIONS, childOrganizations=False).json()
    assert post(caller, ORGANIZATIONS, includeAllChildren=False).json() == []
    caller.switch("threatlocker", children_from="childOrganizations")
    assert post(caller, ORGANIZATIONS, includeAllChildren=False).json()
    assert post(caller, COMPUTERS, childOrganizations=False).json() == []


def test_a_key_that_may_not_list_child_organizations_has_their_names_elsewhere(caller: Caller) -> None:
    names = {row["organizationId"]: row["displayName"] for row in post(caller, ORGANIZATIONS).json()}
    caller.switch("threatlocker", children_listed=False)
    assert post(caller, ORGANIZATIONS).status_code == 403
    assert {row["value"]: row["label"] for row in get(caller, MOVES, searchText="").json()} == names


def test_deleted_computers_are_listed_when_asked_for(caller: Caller) -> None:
    assert not any(row["isDeleted"] for row in post(caller, COMPUTERS).json())
    assert any(row["isDeleted"] for row in post(caller, COMPUTERS, showDeleted=True).json())


def test_computers_are_chosen_by_mode_and_sorted_as_asked(caller: Caller) -> None:
    assert {row["mode"] for row in post(caller, COMPUTERS, action="Secure").json()} == {"Secure"}
    names = [row["computerName"] for row in post(caller, COMPUTERS, orderBy="computername", isAscending=False).json()]
    assert names == sorted(names, reverse=True)


def test_pending_requests_are_counted_and_the_others_listed_by_status(caller: Caller) -> None:
    assert get(caller, COUNT).json() == len(post(caller, REQUESTS, statusId=1).json())
    rows = post(caller, REQUESTS).json()
    assert rows and {row["statusId"] for row in rows} == {4} and all(row["actionDate"] for row in rows)
    caller.switch("threatlocker", acted=False)
    assert not any(row["actionDate"] for row in post(caller, REQUESTS).json())


def test_nothing_is_an_empty_list_null_or_no_body(caller: Caller) -> None:
    assert post(caller, REQUESTS, statusId=6).content == b"[]"
    caller.switch("threatlocker", no_rows="null")
    assert post(caller, REQUESTS, statusId=6).content == b"null"
    caller.switch("threatlocker", no_rows="nothing")
    assert post(caller, REQUESTS, statusId=6).content == b""


def test_moments_say_their_offset_or_not(caller: Caller) -> None:
    assert post(caller, COMPUTERS).json()[0]["lastCheckin"].endswith("Z")
    caller.switch("threatlocker", zulu=False)
    assert not post(caller, COMPUTERS).json()[0]["lastCheckin"].endswith("Z")
