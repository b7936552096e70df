"""Atera: what its document shows becomes our rows, whichever way its open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors import collect
from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind
from collectors.transform import Batch, Plan
from collectors.vendors.atera import kind, page_of_console, system, troubled, updates, version
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

GUID = "0b0c2f9e-6d7b-4a61-bb0e-1d2f3a4b5c6d"
CUSTOMER = {
    "CustomerID": 100, "CustomerName": "Harbor Freightways", "CreatedOn": "2024-02-04T10:30:00Z",
    "LastModified": "2026-02-04T10:30:00Z", "BusinessNumber": None, "Domain": "harborfreightways.com",
    "Address": "48 Mill Lane", "City": "Fernbrook", "State": "OH", "Country": "US", "ZipCodeStr": "43001",
    "Phone": "312 555 0134", "Fax": None, "Notes": None, "Logo": None, "Links": None,
}  # fmt: skip
AGENT = {
    "MachineID": "7f3c0d7e-1f0b-4a53-9a53-0a4b1fd1c001", "AgentID": 12345, "DeviceGuid": GUID, "FolderID": None,
    "FolderName": None, "CustomerID": 100, "CustomerName": "Harbor Freightways", "AgentName": "HARB-WS-001",
    "SystemName": "HARB-WS-001", "MachineName": "HARB-WS-001", "DomainName": "harbor.local", "Monitored": True,
    "CurrentLoggedUsers": None, "AgentVersion": "1.8.7.2", "Created": "2024-02-04T10:30:00Z", "Online": True,
    "LastSeen": "2026-02-04T10:30:00Z", "Memory": 32768, "Vendor": "Halden", "VendorSerialNumber": "ABC123X",
    "VendorBrandModel": "Optima 7010", "OS": "Microsoft Windows 11 Pro", "OSType": "Work Station",
    "OSVersion": "10.0.22631", "OSBuild": "22631", "LastRebootTime": "2026-02-01T08:00:00Z",
    "LastLoginUser": "HARB\\operator", "DeviceType": None, "AppViewUrl": "https://app.atera.com/new/rmm/device/12345",
}  # fmt: skip
NETWORK = {
    "Name": "Core switch", "DeviceID": 77, "DeviceGuid": GUID, "CustomerID": 100, "CustomerName": "Harbor Freightways",
    "FolderID": None, "Hostname": "switch-1", "Online": True, "Port": "161", "Community": "never to be kept",
    "Type": "Switch", "Version": "V2", "Monitored": True, "MonitoringAgentID": 12345, "Model": "N300",
}  # fmt: skip
PATCHES = {
    "deviceGuid": GUID, "timestamp": "2026-02-04T06:00:00Z",
    "availableUpdates": [{"name": "2026-01 Cumulative Update for Windows 11", "class": "Security Updates",
                          "kbId": "KB5050000", "status": "Pending"}],
}  # fmt: skip
ALERT = {
    "AlertID": 9001, "Code": 1001, "Source": "Threshold", "Title": "High CPU usage", "Severity": "Critical",
    "Created": "2026-02-04T09:30:00Z", "SnoozedEndDate": None, "DeviceGuid": GUID.upper(), "AgentId": 12345,
    "AdditionalInfo": None, "Archived": True, "AlertCategoryID": "Performance", "TicketID": 1001,
    "ArchivedDate": "2026-02-04T10:00:00Z", "AlertMessage": "CPU usage exceeded 90%", "DeviceName": "HARB-WS-001",
    "CustomerID": 100, "CustomerName": "Harbor Freightways", "FolderID": None, "PollingCyclesCount": 3,
}  # fmt: skip
NOBODYS = {"CustomerID": 1, "CustomerName": "Unassigned"}


def rows(vendor: Vendor, name: str, *records: Any, **settings: str) -> dict[str, dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, settings), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def patched(vendor: Vendor, body: Any) -> dict[str, Any]:
    [told] = updates(body)
    [row] = rows(vendor, "available patches", {**told, "each": {"DeviceGuid": GUID.upper()}}).values()
    return row


def now(playing: Playing) -> datetime:
    return datetime.fromtimestamp(playing.sandbox.world.clock.now(), UTC)


def test_a_customer_brings_its_domain_telephone_and_address(vendor: Vendor) -> None:
    [row] = rows(vendor, "customers", CUSTOMER).values()
    assert (row["external_id"], row["name"], row["kind"]) == ("100", "Harbor Freightways", "client")
    assert json.loads(row["evidence"]) == {
        "domains": ["harborfreightways.com"], "phones": ["312 555 0134"],
        "addresses": ["48 Mill Lane, Fernbrook, 43001"],
    }  # fmt: skip


@pytest.mark.parametrize(("name", "record"), [
    ("customers", CUSTOMER), ("agents", AGENT), ("network devices", NETWORK), ("open alerts", ALERT),
])  # fmt: skip
def test_what_is_not_yet_anyones_is_not_read(vendor: Vendor, name: str, record: dict[str, Any]) -> None:
    assert rows(vendor, name, {**record, **NOBODYS}) == {}


def test_an_agent_is_told_with_its_state(vendor: Vendor) -> None:
    [row] = rows(vendor, "agents", AGENT).values()
    assert (row["external_id"], row["account"], row["layer"], row["kind"]) == (GUID, "100", "rmm", "workstation")
    assert (row["os"], row["os_version"]) == ("Microsoft Windows 11 Pro", "10.0.22631")
    assert (row["serial"], row["model"], row["hostname"]) == ("ABC123X", "Optima 7010", "HARB-WS-001")
    assert (row["booted_on"], row["online"]) == (date(2026, 2, 1), True)
    assert row["last_seen_at"] == datetime(2026, 2, 4, 10, 30, tzinfo=UTC)
    assert row["link"] == "https://app.atera.com/new/rmm/device/12345"


def test_an_agent_of_which_little_is_told_has_gaps_and_no_guesses(vendor: Vendor) -> None:
    little = {"OS": None, "OSType": None, "OSVersion": None, "OSBuild": None, "LastSeen": "0001-01-01T00:00:00",
              "LastRebootTime": None, "Online": None, "VendorSerialNumber": None, "AppViewUrl": None}  # fmt: skip
    [row] = rows(vendor, "agents", {**AGENT, **little}).values()
    assert (row["kind"], row["os"], row["os_version"], row["serial"], row["link"]) == (AssetKind.OTHER, "", "", "", "")
    assert {row[name] for name in ("last_seen_at", "booted_on", "online")} == {None}


def test_an_agent_without_the_key_of_its_patches_is_set_aside_and_stops_nothing(vendor: Vendor) -> None:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == "agents"), vendor, {}), Batch()
    plan.read([{**AGENT, "DeviceGuid": None}, AGENT], batch)
    assert list(batch.rows) == [GUID] and len(batch.unread) == 1


@pytest.mark.parametrize(("written", "zone", "hour"), [
    ("2026-02-04T10:30:00.1234567Z", "Europe/Amsterdam", 10), ("2026-02-04T10:30:00", "UTC", 10),
    ("2026-02-04T10:30:00", "Europe/Amsterdam", 9), ("2026-02-04T10:30:00-05:00", "UTC", 15),
])  # fmt: skip
def test_a_time_without_an_offset_is_of_the_zone_in_the_settings(
    vendor: Vendor, written: str, zone: str, hour: int
) -> None:
    [row] = rows(vendor, "agents", {**AGENT, "LastSeen": written}, time_zone=zone).values()
    assert row["last_seen_at"].replace(microsecond=0) == datetime(2026, 2, 4, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(("type_", "name", "found"), [
    ("Work Station", "Microsoft Windows 10 Pro", AssetKind.WORKSTATION), ("Server", None, AssetKind.SERVER),
    ("Domain Controller", "Microsoft Windows Server 2019 Standard", AssetKind.SERVER),
    (None, "Microsoft Windows Server 2022 Standard", AssetKind.SERVER), (None, "macOS 15", AssetKind.WORKSTATION),
    ("Something new", "Ubuntu 22.04 LTS", AssetKind.OTHER), (None, None, AssetKind.OTHER),
])  # fmt: skip
def test_kinds_are_told_by_the_agents_type_and_else_by_its_system(
    type_: str | None, name: str | None, found: AssetKind
) -> None:
    assert kind(type_, name) is found


def test_a_system_is_named_so_that_the_day_its_support_ends_can_be_found() -> None:
    windows = "Microsoft Windows 11 Pro"
    assert [version(told, build, windows) for told, build in
            (("10.0.22631", "22631"), ("10.0", "22631"), ("", "22631"), (None, None))] == [
        "10.0.22631", "10.0.22631", "22631", "",
    ]  # fmt: skip
    assert version("14.4", "23E214", "macOS") == "14.4"
    assert (system("macOS", "14.4"), system("macOS 15 Sequoia", "15.0")) == ("macOS 14.4", "macOS 15 Sequoia")
    assert (system(None, "10.0"), system(windows, "10.0")) == ("", windows)


def test_what_is_watched_by_snmp_is_a_network_device_and_its_community_is_not_kept(vendor: Vendor) -> None:
    [row] = rows(vendor, "network devices", NETWORK).values()
    assert (row["kind"], row["name"], row["hostname"], row["model"]) == ("network", "Core switch", "switch-1", "N300")
    assert "never to be kept" not in str(row)


def test_the_missing_patches_of_an_agent_are_counted_whatever_the_case_of_its_names(vendor: Vendor) -> None:
    row = patched(vendor, PATCHES)
    assert (row["external_id"], row["patches_missing"]) == (GUID, 1)
    assert row["patched_at"] == datetime(2026, 2, 4, 6, tzinfo=UTC)
    assert patched(vendor, {name[:1].upper() + name[1:]: value for name, value in PATCHES.items()}) == row
    assert patched(vendor, {**PATCHES, "availableUpdates": []})["patches_missing"] == 0


@pytest.mark.parametrize("told", [
    {"availableUpdates": [], "timestamp": None}, {"availableUpdates": None, "timestamp": None}, {},
])  # fmt: skip
def test_an_agent_whose_patches_nobody_looked_for_is_not_called_patched(vendor: Vendor, told: dict[str, Any]) -> None:
    row = patched(vendor, told)
    assert (row["patches_missing"], row["patched_at"]) == (None, None)


def test_an_alert_ends_when_it_is_archived(vendor: Vendor) -> None:
    [row] = rows(vendor, "resolved alerts", ALERT).values()
    assert (row["title"], row["kind"], row["severity"]) == ("High CPU usage", "Performance", "critical")
    assert (row["asset"], row["account"]) == (GUID, "100")
    assert row["resolved_at"] == datetime(2026, 2, 4, 10, tzinfo=UTC)
    new = {**ALERT, "Title": None, "Severity": "Error", "ArchivedDate": None}
    [row] = rows(vendor, "open alerts", new).values()
    assert (row["title"], row["severity"], row["resolved_at"]) == ("CPU usage exceeded 90%", "unknown", None)


def test_an_alert_resolved_without_a_date_counts_as_raised_and_is_not_open(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    before = listed("resolved alerts")
    playing.switch(vendor, archived=False)
    undated = [row for key, row in listed("resolved alerts").items() if row != before[key]]
    assert 0 < len(undated) < len(before)
    assert all(row["resolved_at"] == row["raised_at"] for row in undated)


def test_only_a_page_in_the_vendors_console_that_carries_nothing_else_is_linked_to() -> None:
    others = ("https://app.atera.com.example/x", "https://app.atera.com/x?token=abc", "javascript:alert(1)", None)
    assert [page_of_console(one) for one in others] == ["", "", "", ""]


@pytest.mark.parametrize(("key", "sent_as", "header"), [
    ("k" * 32, "", "X-API-KEY"), ("t" * 101, "", "Authorization"), ("t" * 101, "x_api_key", "X-API-KEY"),
    ("k" * 32, "bearer", "Authorization"),
])  # fmt: skip
def test_a_key_is_sent_by_its_length_or_as_the_form_says(
    playing: Playing, vendor: Vendor, key: str, sent_as: str, header: str
) -> None:
    connection = playing.connection(vendor, api_key=key)
    connection.settings = {**connection.settings, "sent_as": sent_as}
    with Client(connection, vendor) as client:
        assert list(vendor.auth.credentials(client)) == [header]


def test_a_token_is_accepted_in_either_header(playing: Playing, vendor: Vendor) -> None:
    connection = playing.connection(vendor)
    playing.switch(vendor, token_in="x_api_key")
    with Client(connection, vendor) as client, pytest.raises(Refused, match=r"refuses our key \(401\)"):
        client.test()
    connection.settings = {**connection.settings, "sent_as": "x_api_key"}
    with Client(connection, vendor) as client:
        assert "The first client is" in client.test()


def test_an_error_under_a_status_that_says_all_is_well_is_waited_for() -> None:
    told = troubled(200, {"type": "about:blank", "title": "Internal Server Error", "status": 500})
    slow = troubled(429, "")
    assert told and told.wait and slow and slow.wait and slow.after == 10
    assert troubled(200, PATCHES) is None


@pytest.mark.parametrize(
    "ways",
    [
        {"last_link": "empty"}, {"order": "newest"}, {"over_fifty": "refused"}, {"times": "offset"},
        {"times": "plain"},
    ],
)  # fmt: skip
def test_what_the_document_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | int | str]
) -> None:
    names = ("customers", "agents", "network devices", "open alerts", "snoozed alerts", "resolved alerts")
    before = {name: listed(name) for name in names}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in names} == before


def test_patches_that_nobody_looked_for_are_unknown_whichever_way_that_is_said(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    before = listed("available patches")
    known = {key: row for key, row in before.items() if row["patches_missing"] is not None}
    assert 0 < len(known) < len(before)
    playing.switch(vendor, unscanned="404")
    assert listed("available patches") == known


@pytest.mark.django_db(transaction=True)
def test_a_run_knows_whose_each_device_and_alert_is_and_an_alert_ends_once(playing: Playing, vendor: Vendor) -> None:
    source, world = playing.connection(vendor), playing.sandbox.world
    one = [alert for alert in world.health.alerts(world.clock.now()) if alert.resolved_at is None][-1]
    assert collect.run(source, as_of=now(playing)).state == "done"
    assert not Account.objects.filter(name="Unassigned").exists()
    assert not Asset.objects.filter(states__account=None).exists()
    before = Alert.objects.count()
    ended_at = world.clock.now() - 60
    playing.change("alerts", str(one.id), set={"resolved_at": ended_at})
    world.clock.set(world.clock.now() + 60)
    assert collect.run(source, as_of=now(playing)).state == "done"
    assert Alert.objects.count() == before and not Alert.objects.exclude(retired_on=None).exists()
    ended = Alert.objects.get(resolved_at=datetime.fromtimestamp(ended_at, UTC))
    assert ended.asset is not None and ended.account is not None
