"""Huntress: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.pagination import Answer
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from collectors.vendors.huntress import Tokens
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

QUICK = Patience(silence=5, tries=2, longest_wait=1)
ORGANIZATION = {
    "id": 7, "account_id": 5, "name": "Harbor Freightways", "key": "harbor", "agents_count": 42,
    "identity_provider_tenant_id": "dcd219dd-bc68-4b9b-bf0b-4a33a796be35",
    "report_recipients": ["someone@harbor-freightways.example"], "updated_at": "2022-03-01T18:54:02Z",
}  # fmt: skip
AGENT = {
    "id": 1, "organization_id": 7, "hostname": "hf-laptop01", "platform": "windows", "os": "Windows 11 Pro",
    "os_build_version": "22631", "edr_version": "0.3.20", "defender_status": "Healthy", "serial_number": "HF0001",
    "last_callback_at": "2026-03-01T20:05:10Z", "external_ip": "198.51.100.42",
}  # fmt: skip
REPORT = {
    "id": 1, "organization_id": 7, "agent_id": 1, "platform": "windows", "severity": "low", "status": "sent",
    "subject": "LOW - Incident on hf-laptop01", "summary": "A scheduled task", "body": "<Content>", "closed_at": None,
    "sent_at": "2026-03-01T21:00:00Z", "status_updated_at": "2026-03-02T08:00:00Z",
    "updated_at": "2026-03-02T08:00:01Z",
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return [dict(zip(plan.columns, row, strict=True)) for row in batch.rows.values()]


def report(vendor: Vendor, **change: Any) -> dict[str, Any]:
    [row] = rows(vendor, "incident reports", {**REPORT, **change})
    return row


def test_an_organization_brings_the_tenant_it_watches_and_nobodys_address(vendor: Vendor) -> None:
    [row] = rows(vendor, "organizations", ORGANIZATION)
    assert (row["external_id"], row["name"], row["kind"]) == ("7", "Harbor Freightways", "client")
    assert json.loads(row["evidence"]) == {"tenant_id": ORGANIZATION["identity_provider_tenant_id"]}
    [other] = rows(vendor, "organizations", {**ORGANIZATION, "identity_provider_tenant_id": None})
    assert json.loads(other["evidence"]) == {}


def test_an_agent_is_a_device_of_the_edr_known_by_serial_and_host_name(vendor: Vendor) -> None:
    [row] = rows(vendor, "agents", AGENT)
    assert (row["layer"], row["account"], row["serial"], row["hostname"]) == ("edr", "7", "HF0001", "hf-laptop01")
    assert (row["kind"], row["os"], row["os_version"]) == ("workstation", "Windows 11 Pro", "22631")
    assert row["last_seen_at"] == datetime(2026, 3, 1, 20, 5, 10, tzinfo=UTC)


def test_an_agent_without_its_edr_protects_no_device(vendor: Vendor) -> None:
    assert rows(vendor, "agents", {**AGENT, "edr_version": None}) == []


def test_a_server_is_told_by_its_system_and_protection_by_defender(vendor: Vendor) -> None:
    def agent(**change: Any) -> tuple[str, str]:
        [row] = rows(vendor, "agents", {**AGENT, **change})
        return row["kind"], row["antivirus"]

    assert agent() == ("workstation", "protected")
    assert agent(os="Windows Server 2022 Standard", defender_status="Disabled") == ("server", "off")
    assert agent(os="Ubuntu 22.04", platform="linux", defender_status=None) == ("server", "")
    assert agent(os="macOS 15", platform="darwin", defender_status="Unhealthy") == ("workstation", "")
    assert agent(os=None, platform="amiga", defender_status="Protected") == ("other", "protected")


def test_a_report_is_raised_when_it_is_sent_and_over_when_it_is_closed(vendor: Vendor) -> None:
    sent = report(vendor)
    assert (sent["account"], sent["severity"], sent["title"]) == ("7", "low", "LOW - Incident on hf-laptop01")
    assert (sent["raised_at"], sent["resolved_at"]) == (datetime(2026, 3, 1, 21, tzinfo=UTC), None)
    closed = report(vendor, status="closed", closed_at="2026-03-15T14:22:00Z")
    assert closed["resolved_at"] == datetime(2026, 3, 15, 14, 22, tzinfo=UTC) and not closed["dismissed"]
    assert report(vendor, status="auto_remediating")["resolved_at"] is None


def test_a_dismissed_report_ends_with_its_status(vendor: Vendor) -> None:
    for status in ("dismissed", "partner_dismissed", "deleting"):
        row = report(vendor, status=status)
        assert row["dismissed"] and row["resolved_at"] == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert not report(vendor, status="a new word")["dismissed"]


def test_a_report_that_names_no_sending_is_raised_by_its_last_change(vendor: Vendor) -> None:
    assert report(vendor, sent_at=None)["raised_at"] == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_a_test_is_no_incident_and_a_title_names_nobody(vendor: Vendor) -> None:
    assert rows(vendor, "incident reports", {**REPORT, "subject": "LOW - Incident on hf-laptop01 (Test)"}) == []
    named = report(vendor, subject="HIGH - Incident on Some.One@harbor.example (Identity)", severity="urgent")
    assert (named["title"], named["severity"]) == ("HIGH - Incident on a user (Identity)", "unknown")


def test_a_next_page_may_be_named_by_its_address_alone() -> None:
    pages = Tokens(at="pagination.next_page_token", param="page_token")
    told = {"pagination": {"next_page_url": "https://elsewhere.example/v1/agents?page_token=Mj%3D&limit=10"}}
    assert pages.after(Answer(told, {}), [], None) == {"token": "Mj="}
    assert pages.after(Answer({"pagination": {}}, {}), [], None) is None


@pytest.mark.parametrize("ways", [{"last_page": "null"}, {"deleted_reports": False}, {"errors": "object"}])
def test_each_way_of_writing_gives_the_same_rows(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, Any]
) -> None:
    before = [listed(one.name) for one in vendor.endpoints]
    playing.switch(vendor, **ways)
    assert [listed(one.name) for one in vendor.endpoints] == before


def test_an_uninstalled_agent_is_a_device_while_it_is_listed(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    before = listed("agents")
    playing.switch(vendor, uninstalled_listed=True)
    assert [row["hostname"] for key, row in listed("agents").items() if key not in before] == ["GONE-01"]


@pytest.mark.parametrize("shape", ["message", "list", "object"])
def test_an_error_is_told_whatever_its_shape(playing: Playing, vendor: Vendor, shape: str) -> None:
    playing.switch(vendor, errors=shape)
    with Client(playing.connection(vendor), vendor, patience=QUICK) as client:
        with pytest.raises(Refused, match="does not have a valid value"):
            client.answer("/agents", {"limit": "0"})
        playing.fault(vendor, "error_200", times=None)
        with pytest.raises(Unavailable, match="An error under a status"):
            client.answer("/agents", {})


def test_without_a_named_wait_a_minute_is_waited(playing: Playing, vendor: Vendor) -> None:
    playing.fault(vendor, "429", times=None)
    with Client(playing.connection(vendor), vendor, patience=QUICK) as client:
        with pytest.raises(Unavailable) as full:
            client.answer("/agents", {})
        assert full.value.retry_after == 60
