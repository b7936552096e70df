"""Datto RMM: what its document shows becomes our rows, whichever way its open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors import collect
from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.estate import Alert, AssetKind
from collectors.transform import Batch, Plan
from collectors.vendors.datto_rmm import blocked, page_of_console, what_watched
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

SITE = {
    "id": 100, "uid": "site-uid-1", "accountUid": "acct-1", "name": "Harbor Freightways", "description": "",
    "notes": None, "onDemand": False, "splashtopAutoInstall": True, "proxySettings": None,
    "devicesStatus": {"numberOfDevices": 12, "numberOfOnlineDevices": 10, "numberOfOfflineDevices": 2},
    "autotaskCompanyName": "Harbor Freightways LLC", "autotaskCompanyId": "29683512",
    "portalUrl": "https://pinotage.centrastage.net/csm/site/100",
}  # fmt: skip
DEVICE = {
    "id": 1, "uid": "device-uid-1", "siteId": 100, "siteUid": "site-uid-1", "siteName": "Harbor Freightways",
    "deviceType": {"category": "server", "type": "physical"}, "hostname": "HARB-SRV-001",
    "operatingSystem": "Windows Server 2019", "lastLoggedInUser": "operator", "online": True, "suspended": False,
    "deleted": False, "lastSeen": 1721131200000, "lastReboot": 1721023200000, "creationDate": 1704067200000,
    "udf": {"udf1": None}, "deviceClass": "device", "portalUrl": "https://rmm.datto.com/devices/1",
    "warrantyDate": "2026-01-01",
    "antivirus": {"antivirusProduct": "Windows Defender", "antivirusStatus": "RunningAndUpToDate"},
    "patchManagement": {"patchStatus": "FullyPatched", "patchesApprovedPending": 0, "patchesNotApproved": 0,
                        "patchesInstalled": 100},
}  # fmt: skip
ALERT = {
    "alertUid": "alert-uid-1", "priority": "Information", "resolved": True, "resolvedBy": "system",
    "resolvedOn": 1721141000000, "muted": True, "timestamp": 1721140500000,
    "alertContext": {"@class": "online_offline_status_ctx"},
    "alertSourceInfo": {"deviceUid": "device-uid-2", "deviceName": "server2", "siteUid": "site-uid-1"},
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> dict[str, dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def now(playing: Playing) -> datetime:
    return datetime.fromtimestamp(playing.sandbox.world.clock.now(), UTC)


def test_a_site_is_a_client_and_brings_the_id_it_has_in_autotask(vendor: Vendor) -> None:
    [row] = rows(vendor, "sites", SITE).values()
    assert (row["name"], row["kind"]) == ("Harbor Freightways", "client")
    assert json.loads(row["evidence"]) == {"ids": {"autotask": "29683512"}}
    assert row["link"] == "https://pinotage.centrastage.net/csm/site/100"


def test_what_is_no_clients_is_not_read(vendor: Vendor) -> None:
    assert rows(vendor, "sites", {**SITE, "onDemand": True}, {**SITE, "name": "Deleted Devices"}) == {}
    assert rows(vendor, "devices", {**DEVICE, "deleted": True}, {**DEVICE, "siteName": "OnDemand"}) == {}


def test_a_device_is_told_with_its_state(vendor: Vendor) -> None:
    [row] = rows(vendor, "devices", DEVICE).values()
    assert (row["account"], row["kind"], row["os"], row["os_version"]) == (
        "site-uid-1", AssetKind.SERVER, "Windows Server 2019", "",
    )  # fmt: skip
    assert (row["patches_missing"], row["antivirus"], row["online"]) == (0, "protected", True)
    assert (row["warranty_until"], row["booted_on"]) == (date(2026, 1, 1), date(2024, 7, 15))
    assert row["last_seen_at"] == datetime(2024, 7, 16, 12, tzinfo=UTC)


def test_a_network_device_of_which_nothing_is_told_is_neither_patched_nor_protected(vendor: Vendor) -> None:
    nothing = dict.fromkeys(("operatingSystem", "antivirus", "patchManagement", "lastReboot", "warrantyDate", "online"))
    seen = {"lastSeen": -62135596800000, "deviceClass": "rmmnetworkdevice", "deviceType": None}
    [row] = rows(vendor, "devices", {**DEVICE, **nothing, **seen}).values()
    assert (row["kind"], row["os"], row["antivirus"]) == (AssetKind.NETWORK, "", "")
    assert {row[name] for name in ("patches_missing", "last_seen_at", "booted_on", "online", "warranty_until")} == {
        None
    }


@pytest.mark.parametrize(
    ("told", "name", "version"),
    [
        ("Microsoft Windows 11 Pro 10.0.22631", "Microsoft Windows 11 Pro", "10.0.22631"),
        ("macOS 14.4.1", "macOS 14.4.1", "14.4.1"), ("Ubuntu 22.04 LTS", "Ubuntu 22.04 LTS", ""),
    ],
)  # fmt: skip
def test_one_text_is_a_systems_name_and_its_version(vendor: Vendor, told: str, name: str, version: str) -> None:
    [row] = rows(vendor, "devices", {**DEVICE, "operatingSystem": told}).values()
    assert (row["os"], row["os_version"]) == (name, version)


@pytest.mark.parametrize(("status", "pending", "missing"), [
    ("NoPolicy", 0, None), ("NoData", 0, None), ("ApprovedPending", 7, 7), ("InstallError", "2", 2),
    ("SomethingNew", 1, 1),
])  # fmt: skip
def test_a_device_without_a_patch_policy_is_not_called_patched(
    vendor: Vendor, status: str, pending: Any, missing: int | None
) -> None:
    patches = {"patchStatus": status, "patchesApprovedPending": pending}
    [row] = rows(vendor, "devices", {**DEVICE, "patchManagement": patches}).values()
    assert row["patches_missing"] == missing


@pytest.mark.parametrize(("class_", "category", "kind"), [
    ("device", "Laptop", AssetKind.WORKSTATION), ("esxihost", "ESXi Host", AssetKind.VM_HOST),
    ("printer", "Printer", AssetKind.NETWORK), ("unknown", "Smartphone", AssetKind.MOBILE),
    ("somethingnew", None, AssetKind.OTHER),
])  # fmt: skip
def test_kinds_are_told_by_class_and_then_by_category(
    vendor: Vendor, class_: str, category: str | None, kind: AssetKind
) -> None:
    [row] = rows(vendor, "devices", {**DEVICE, "deviceClass": class_, "deviceType": {"category": category}}).values()
    assert row["kind"] == kind


def test_an_alert_without_words_is_titled_by_what_watched(vendor: Vendor) -> None:
    [row] = rows(vendor, "resolved alerts", ALERT).values()
    assert (row["title"], row["severity"], row["asset"]) == ("online offline status", "low", "device-uid-2")
    assert row["raised_at"] == datetime(2024, 7, 16, 14, 35, tzinfo=UTC)
    assert row["resolved_at"] == datetime(2024, 7, 16, 14, 43, 20, tzinfo=UTC)
    new = {**ALERT, "diagnostics": "C: is full", "priority": "New", "resolvedOn": None}
    [row] = rows(vendor, "open alerts", new).values()
    assert (row["title"], row["severity"], row["resolved_at"]) == ("C: is full", "unknown", None)
    assert what_watched(None) == ""


def test_only_a_page_in_a_console_of_the_vendor_is_linked_to() -> None:
    assert page_of_console("https://rmm.datto.com/devices/1")
    others = ("https://datto.com.example/x", "javascript:alert(1)", "http://rmm.datto.com/1", None)
    assert [page_of_console(one) for one in others] == ["", "", "", ""]


def test_serial_numbers_are_asked_for_device_by_device_and_some_were_never_audited(
    playing: Playing, listed: Listed
) -> None:
    world, devices, audits = playing.sandbox.world, listed("devices"), listed("audits")
    serials = {one.device.name: one.device.serial for one in world.health.at(world.clock.now())}
    assert 0 < len(audits) < len(devices)
    assert all(row["serial"] == serials[devices[key]["hostname"]] for key, row in audits.items())


@pytest.mark.parametrize(
    "ways",
    [
        {"first_page": 1}, {"link_keeps": False}, {"last_link": "empty"}, {"alerts_most": 7}, {"moments": "iso"},
        {"moments": "seconds"}, {"alerts_order": "oldest"},
    ],
)  # fmt: skip
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | int | str]
) -> None:
    names = ("sites", "devices", "open alerts", "resolved alerts")
    before = {name: listed(name) for name in names}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in names} == before


def test_a_block_is_waited_for_and_a_missing_right_is_not(playing: Playing, vendor: Vendor) -> None:
    with Client(playing.connection(vendor), vendor, sleep=lambda seconds: None) as client:
        client.answer("/v2/account", {})
        playing.fault(vendor, "403", path="/v2/account", times=None)
        with pytest.raises(Refused, match="does not let this key read"):
            client.answer("/v2/account", {})
        playing.switch(vendor, forbidden_is_block=True)
        with pytest.raises(Unavailable, match="blocked for some minutes") as caught:
            client.answer("/v2/account", {})
    assert caught.value.retry_after == 300
    slow = blocked(429, None)
    assert slow and slow.wait and slow.after == 60


@pytest.mark.django_db(transaction=True)
def test_an_alert_that_is_resolved_leaves_one_list_for_the_other_and_is_one_record(
    playing: Playing, vendor: Vendor
) -> None:
    source, world = playing.connection(vendor), playing.sandbox.world
    one = next(alert for alert in world.health.alerts(world.clock.now()) if alert.resolved_at is None)
    assert collect.run(source, as_of=now(playing)).state == "done"
    before = Alert.objects.count()
    ended_at = world.clock.now() - 60
    playing.change("alerts", str(one.id), set={"resolved_at": ended_at})
    world.clock.set(world.clock.now() + 60)
    assert collect.run(source, as_of=now(playing)).state == "done"
    assert Alert.objects.count() == before and not Alert.objects.exclude(retired_on=None).exists()
    assert Alert.objects.get(resolved_at=datetime.fromtimestamp(ended_at, UTC)).asset is not None
