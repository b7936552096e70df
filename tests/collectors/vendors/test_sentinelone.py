"""SentinelOne: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

SITE = {
    "id": "225494730938493804", "name": "Harbor Freightways", "accountId": "225494730938493700", "state": "active",
    "siteType": "Paid", "activeLicenses": 42, "externalId": "250", "isDefault": False, "registrationToken": "secret",
    "createdAt": "2023-02-27T04:49:26.257525Z", "updatedAt": "2026-01-12T09:00:00.000000Z",
}  # fmt: skip
AGENT = {
    "id": "1100000000000000001", "computerName": "HF-WS-01", "siteId": SITE["id"], "machineType": "laptop",
    "osType": "windows", "osName": "Windows 11 Pro", "osRevision": "22631", "isActive": True, "isUpToDate": True,
    "operationalState": "na", "isDecommissioned": False, "isUninstalled": False, "serialNumber": "HF0001",
    "modelName": "Meridian 5", "lastActiveDate": "2026-01-01T00:00:00.000000Z", "lastLoggedInUserName": "someone",
}  # fmt: skip
INFO = {
    "threatId": "1283745619283746501", "threatName": "sample.bin", "classification": "Malware",
    "confidenceLevel": "malicious", "incidentStatus": "unresolved", "analystVerdict": "undefined",
    "mitigationStatus": "mitigated", "createdAt": "2026-01-27T04:49:26.257525Z",
    "identifiedAt": "2026-01-27T04:49:25.900000Z", "updatedAt": "2026-01-27T05:00:00.000000Z",
}  # fmt: skip
THREAT = {
    "id": "1283745619283746501", "threatInfo": INFO, "agentDetectionInfo": {"siteId": SITE["id"]},
    "agentRealtimeInfo": {"agentId": AGENT["id"], "siteId": "1"}, "mitigationStatus": [], "indicators": [],
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    endpoint = next(one for one in vendor.endpoints if one.name == name)
    plan, batch = Plan(endpoint, vendor, {"address": "https://console.example"}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return [dict(zip(plan.columns, row, strict=True)) for row in batch.rows.values()]


def test_a_site_is_a_client_with_the_psas_id(vendor: Vendor) -> None:
    [row] = rows(vendor, "sites", SITE)
    assert (row["external_id"], row["kind"], row["active"]) == (SITE["id"], "client", True)
    assert json.loads(row["evidence"]) == {"ids": {"connectwise_psa": "250"}}
    [described] = rows(vendor, "sites", {**SITE, "externalId": None, "description": "PSA: 262"})
    assert json.loads(described["evidence"]) == {"ids": {"connectwise_psa": "262"}}


def test_an_expired_site_is_inactive_and_a_deleted_one_is_none(vendor: Vendor) -> None:
    assert [row["active"] for row in rows(vendor, "sites", {**SITE, "state": "expired"})] == [False]
    assert rows(vendor, "sites", {**SITE, "state": "deleted"}) == []


def test_an_agent_is_a_device_of_the_edr_known_by_serial_and_host_name(vendor: Vendor) -> None:
    [row] = rows(vendor, "agents", AGENT)
    assert (row["layer"], row["account"], row["serial"], row["hostname"]) == ("edr", SITE["id"], "HF0001", "HF-WS-01")
    assert (row["kind"], row["os"], row["os_version"]) == ("workstation", "Windows 11 Pro", "22631")
    assert (row["last_seen_at"], row["online"]) == (datetime(2026, 1, 1, tzinfo=UTC), True)


def test_what_an_agent_protects_is_told_by_its_state_and_its_version(vendor: Vendor) -> None:
    def antivirus(**change: Any) -> str:
        [row] = rows(vendor, "agents", {**AGENT, **change})
        return str(row["antivirus"])

    assert antivirus() == antivirus(operationalState=None) == "protected"
    assert antivirus(isUpToDate=False) == "outdated"
    assert antivirus(operationalState="fully_disabled") == "off"
    assert antivirus(isUpToDate="None") == ""


def test_what_was_taken_off_is_no_device(vendor: Vendor) -> None:
    assert rows(vendor, "agents", {**AGENT, "isUninstalled": True}, {**AGENT, "isDecommissioned": True}) == []


def test_none_as_a_word_is_no_value(vendor: Vendor) -> None:
    nothing = dict.fromkeys(("serialNumber", "modelName", "lastActiveDate", "isActive", "osName"), "None")
    [row] = rows(vendor, "agents", {**AGENT, **nothing})
    assert (row["serial"], row["model"], row["last_seen_at"], row["online"], row["os"]) == ("", "", None, None, "")


def test_a_threat_is_open_until_it_is_resolved_and_then_as_of_its_last_change(vendor: Vendor) -> None:
    [row] = rows(vendor, "threats", THREAT)
    assert (row["account"], row["title"], row["severity"]) == (SITE["id"], "sample.bin", "high")
    assert row["raised_at"] == datetime(2026, 1, 27, 4, 49, 26, 257525, UTC) and row["resolved_at"] is None
    assert row["link"] == "https://console.example/incidents/threats/1283745619283746501/overview"
    [ended] = rows(vendor, "threats", {**THREAT, "threatInfo": {**INFO, "incidentStatus": "resolved"}})
    assert ended["resolved_at"] == datetime(2026, 1, 27, 5, tzinfo=UTC)


def test_a_false_positive_is_dismissed_and_a_guess_is_less_severe(vendor: Vendor) -> None:
    def threat(**change: Any) -> tuple[bool, str]:
        [row] = rows(vendor, "threats", {**THREAT, "threatInfo": {**INFO, **change}})
        return row["dismissed"], row["severity"]

    assert threat(analystVerdict="false_positive") == (True, "high")
    assert threat(mitigationStatus="marked_as_benign", confidenceLevel="suspicious") == (True, "medium")
    assert threat(classification="Ransomware") == (False, "critical")
    assert threat(confidenceLevel="n/a") == threat(confidenceLevel="a new word") == (False, "unknown")


def test_a_threat_of_a_machine_that_is_gone_keeps_its_site(vendor: Vendor) -> None:
    [row] = rows(vendor, "threats", {**THREAT, "agentRealtimeInfo": None})
    assert row["account"] == SITE["id"]
    [other] = rows(vendor, "threats", {**THREAT, "agentDetectionInfo": None})
    assert other["account"] == "1"


@pytest.mark.parametrize("ways", [
    {"nulls": "missing"}, {"nulls": "None"}, {"errors": "missing"}, {"errors": "object"}, {"engines": "texts"},
    {"scope": "site"},
])  # fmt: skip
def test_each_way_of_writing_gives_the_same_rows(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, str]
) -> None:
    before = [listed(one.name) for one in vendor.endpoints]
    playing.switch(vendor, **ways)
    assert [listed(one.name) for one in vendor.endpoints] == before


def test_sites_that_are_no_more_change_nothing_but_the_expired(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    before = listed("sites")
    playing.switch(vendor, old_sites_listed=True)
    more = {key: row for key, row in listed("sites").items() if key not in before}
    assert [(row["name"], row["active"]) for row in more.values()] == [("Lapsed trial", False)]


def test_a_place_that_ran_out_is_waited_for_and_a_wrong_question_is_told(playing: Playing, vendor: Vendor) -> None:
    quick = Patience(silence=5, tries=2, longest_wait=1)
    with Client(playing.connection(vendor), vendor, patience=quick, sleep=lambda seconds: None) as client:
        with pytest.raises(Unavailable, match="Invalid cursor") as gone:
            client.answer("/sites", {"cursor": "guess"})
        assert gone.value.retry_after == 900
        with pytest.raises(Refused, match="Unknown field"):
            client.answer("/sites", {"colour": "red"})


def test_an_error_under_a_good_status_is_no_empty_list(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    playing.fault(vendor, "error_200", path="/threats", times=None)
    with pytest.raises(Unavailable, match="An error under a status"):
        listed("threats")
