"""ThreatLocker: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.pagination import Answer
from collectors.transform import Batch, Plan
from collectors.vendors.threatlocker import ByStatus, Totals
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

ORGANIZATION = {
    "organizationId": "0f3c-0001", "displayName": "Harbor Freightways", "name": "harbor-freightways",
    "computerCount": 43, "dateAdded": "2021-01-01T00:00:00Z",
}  # fmt: skip
COMPUTER = {
    "computerName": "HF-WS-01", "hostname": "HF-WS-01", "group": "Default Group", "mode": "Secure",
    "operatingSystem": "Windows 10 Pro", "lastCheckin": "2025-09-01T02:15:57.435815Z", "username": "HARBOR\\someone",
    "organizationId": "0f3c-0001", "computerId": "0f3c-0002", "denyCountOneDay": 5,
}  # fmt: skip
REQUEST = {
    "approvalRequestId": "0f3c-0003", "dateTime": "2026-01-05T14:03:11.1Z", "path": "c:\\users\\someone\\setup.exe",
    "username": "HARBOR\\someone", "hostname": "HF-WS-01", "computerId": "0f3c-0002", "organizationId": "0f3c-0001",
    "statusId": 1, "requestorReason": "need it", "actionDate": None,
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return [dict(zip(plan.columns, row, strict=True)) for row in batch.rows.values()]


def computer(vendor: Vendor, **change: Any) -> dict[str, Any]:
    [row] = rows(vendor, "computers", {**COMPUTER, **change})
    return row


def request(vendor: Vendor, **change: Any) -> dict[str, Any]:
    [row] = rows(vendor, "approval requests", {**REQUEST, **change})
    return row


def test_an_organization_goes_by_the_name_people_see(vendor: Vendor) -> None:
    [row] = rows(vendor, "organizations", ORGANIZATION)
    assert (row["external_id"], row["name"]) == ("0f3c-0001", "Harbor Freightways")
    assert rows(vendor, "organizations", {**ORGANIZATION, "displayName": None})[0]["name"] == "harbor-freightways"


def test_a_computer_is_a_device_under_control_known_by_its_host_name(vendor: Vendor) -> None:
    row = computer(vendor)
    assert (row["layer"], row["account"], row["hostname"]) == ("control", "0f3c-0001", "HF-WS-01")
    assert (row["kind"], row["os"], row["compliant"]) == ("workstation", "Windows 10 Pro", True)
    assert row["last_seen_at"] == datetime(2025, 9, 1, 2, 15, 57, 435815, UTC)
    assert computer(vendor, operatingSystem="Windows Server 2022", hostname=None)["kind"] == "server"


def test_rules_are_kept_in_secure_mode_alone(vendor: Vendor) -> None:
    modes = ("Learning", "Installation Mode", "Monitor Only", "Lockdown", None)
    assert [computer(vendor, mode=mode)["compliant"] for mode in modes] == [False, False, False, None, None]


def test_what_is_deleted_or_never_came_is_no_device(vendor: Vendor) -> None:
    assert rows(vendor, "computers", {**COMPUTER, "isDeleted": True}) == []
    assert rows(vendor, "computers", {**COMPUTER, "hasAtLeastOneCheckin": False}) == []


def test_a_moment_without_an_offset_is_in_utc_and_the_first_day_is_none(vendor: Vendor) -> None:
    plain = computer(vendor, lastCheckin="2025-09-01T02:15:57")
    assert plain["last_seen_at"] == datetime(2025, 9, 1, 2, 15, 57, tzinfo=UTC)
    assert computer(vendor, lastCheckin="2025-09-01T02:15:57-05:00")["last_seen_at"].astimezone(UTC).hour == 7
    assert computer(vendor, lastCheckin="0001-01-01T00:00:00")["last_seen_at"] is None


def test_a_request_is_an_alert_about_its_computer_and_names_no_folder(vendor: Vendor) -> None:
    row = request(vendor)
    assert (row["asset"], row["account"], row["title"]) == ("0f3c-0002", "0f3c-0001", "setup.exe")
    assert (row["kind"], row["layer"], row["resolved_at"]) == ("approval request", "control", None)
    assert row["raised_at"] == datetime(2026, 1, 5, 14, 3, 11, 100_000, UTC)


def test_a_request_is_over_when_it_is_decided(vendor: Vendor) -> None:
    acted = {"actionDate": "2026-01-06T08:00:00Z"}
    assert request(vendor, statusId=4, **acted)["resolved_at"] == datetime(2026, 1, 6, 8, tzinfo=UTC)
    assert request(vendor, statusId=13, **acted)["resolved_at"] is None
    assert request(vendor, statusId=10)["resolved_at"] == request(vendor)["raised_at"]


def told(page: int, pages: int, total: int) -> dict[str, str]:
    return {"pagination": json.dumps({"currentPage": page, "totalPages": pages, "totalItems": total})}


def test_a_list_ends_with_its_last_page_and_is_told_where_it_is_short() -> None:
    pages = Totals(size=2)
    assert pages.after(Answer([], told(1, 2, 3)), [{}, {}], None) == {"page": 2, "read": 2}
    assert pages.after(Answer([], told(2, 2, 3)), [{}], {"page": 2, "read": 2}) is None
    with pytest.raises(ValueError, match="2 of 3 records"):
        pages.after(Answer([], told(2, 2, 3)), [{}], {"page": 2, "read": 1})
    with pytest.raises(ValueError, match="another page"):
        pages.after(Answer([], told(1, 2, 3)), [{}], {"page": 2, "read": 2})


def test_without_the_header_rows_tell_the_number_or_a_short_page_is_the_end() -> None:
    pages = Totals(size=2)
    assert pages.after(Answer([], {}), [{"totalRows": 3}, {"totalRows": 3}], None) == {"page": 2, "read": 2}
    assert pages.after(Answer([], {}), [{"totalRows": 2}, {"totalRows": 2}], None) is None
    assert pages.after(Answer([], {}), [{}, {}], None) == {"page": 2, "read": 2}
    assert pages.after(Answer(None, {}), [], {"page": 2, "read": 2}) is None


def test_one_status_is_read_after_the_other() -> None:
    pages, cursor, asked = ByStatus(size=2), None, []
    while True:
        asked.append(pages.params({}, cursor)["statusId"])
        cursor = pages.after(Answer([], told(1, 1, 0)), [], cursor)
        if cursor is None:
            break
    assert asked == ["1", "13", "4", "6", "10", "12", "16"]


@pytest.mark.parametrize("ways", [
    {"totals": "rows"}, {"totals": "none"}, {"organization_from": "override"}, {"zulu": False}, {"no_rows": "null"},
    {"no_rows": "nothing"}, {"children_from": "childOrganizations"},
])  # fmt: skip
def test_each_way_of_answering_gives_the_same_rows(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, Any]
) -> None:
    before = [listed(one.name) for one in vendor.endpoints]
    playing.switch(vendor, **ways)
    assert [listed(one.name) for one in vendor.endpoints] == before


def test_requests_that_name_no_decision_end_where_they_began(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    playing.switch(vendor, acted=False)
    ended = [row for row in listed("approval requests").values() if row["resolved_at"]]
    assert ended and all(row["resolved_at"] == row["raised_at"] for row in ended)


def test_a_key_that_may_not_list_organizations_is_told_so(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, children_listed=False)
    with Client(playing.connection(vendor), vendor) as client, pytest.raises(Refused, match="role may view"):
        client.test()


def test_an_error_under_a_good_status_is_no_empty_list(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    playing.fault(vendor, "error_200", path="Computer", times=None)
    with pytest.raises(Unavailable, match="An error under a status"):
        listed("computers")
