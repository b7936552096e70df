"""N-central: what its document shows becomes our rows, whichever way its open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors import collect
from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Unavailable
from collectors.facts.estate import Alert, AssetKind
from collectors.pagination import Answer
from collectors.transform import Batch, Plan
from collectors.vendors.nable_ncentral import asset, kind, services
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

CUSTOMER = {
    "customerId": 2001, "customerName": "Harbor Freightways", "parentId": 50, "isSystem": False,
    "isServiceOrg": False, "externalId": "29683512", "externalId2": None, "phone": "312 555 0134",
    "street1": "48 Mill Lane", "city": "Fernbrook", "country": "US", "postalCode": "43001",
}  # fmt: skip
DEVICE = {
    "deviceId": 4001, "uri": "192.0.2.40", "remoteControlUri": None, "longName": "HARB-SRV-001",
    "deviceClass": "Servers - Windows", "description": "", "isProbe": False, "discoveredName": "HARB-SRV-001",
    "supportedOsLabel": "Microsoft Windows Server 2022 Standard x64 Edition", "lastLoggedInUser": "HARB\\operator",
    "stillLoggedIn": "false", "orgUnitId": 3001, "soId": 50, "customerId": 2001, "siteId": 3001,
    "lastApplianceCheckinTime": "2026-03-23T21:33:26.278",
}  # fmt: skip
ASSET = {
    "data": {
        "os": {"reportedos": "Microsoft Windows Server 2022", "version": "10.0.20348"},
        "ComputerSystem": {"SerialNumber": "NW0000077", "model": "Rack R450"},
        "_extra": {"device": {"warrantyexpirationdate": "2027-05-01 00:00:00"},
                   "os": {"lastbootuptime": "2026-03-20T04:00:00.000", "licensekey": "never to be kept"}},
    }
}  # fmt: skip
SERVICE = {
    "taskId": 6001, "serviceId": 112, "serviceItemId": 9, "moduleName": "Patch Status v2", "stateStatus": "Warning",
    "lastScanTime": "2026-03-23T21:30:00.000", "transitionTime": "2026-03-22T10:00:00.000", "isManagedTask": True,
}  # fmt: skip
ISSUE = {
    "orgUnitId": 2001, "deviceId": 4001, "deviceName": "HARB-SRV-001", "serviceId": 101, "serviceName": "Disk",
    "serviceType": "Monitoring", "taskId": 6002, "serviceItemId": 1, "notificationState": 5,
    "transitionTime": "2026-03-22T10:00:00.000", "_extra": {"deviceClassValue": None, "deviceClassLabel": None},
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: Any, **settings: str) -> dict[str, dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, settings), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def of_device(record: Any) -> dict[str, Any]:
    return {**record, "each": {"deviceId": 4001}}


def watched(vendor: Vendor, *told: tuple[str, str], **settings: str) -> dict[str, Any]:
    tasks = [{**SERVICE, "moduleName": name, "stateStatus": state} for name, state in told]
    [row] = rows(vendor, "monitored services", *map(of_device, services({"data": tasks})), **settings).values()
    return row


@pytest.mark.parametrize("psa", ["", "autotask"])
def test_the_external_id_is_evidence_of_the_psa_that_is_named_and_else_of_none(vendor: Vendor, psa: str) -> None:
    [row] = rows(vendor, "customers", CUSTOMER, psa=psa).values()
    said = {"phones": ["312 555 0134"], "addresses": ["48 Mill Lane, Fernbrook, 43001"]}
    assert json.loads(row["evidence"]) == said | ({"ids": {"autotask": "29683512"}} if psa else {})


def test_what_is_no_clients_is_not_read(vendor: Vendor) -> None:
    assert rows(vendor, "customers", {**CUSTOMER, "isSystem": True}, {**CUSTOMER, "isServiceOrg": True}) == {}
    assert rows(vendor, "devices", {**DEVICE, "isProbe": True}) == {}


@pytest.mark.parametrize(("written", "zone", "hour"), [
    ("2026-03-23T21:33:26.278", "UTC", 21), ("2026-03-23T21:33:26.278", "Europe/Amsterdam", 20),
    ("2026-03-23T17:33:26.278-04:00", "Europe/Amsterdam", 21), ("2026-03-23T21:33:26Z", "Europe/Amsterdam", 21),
])  # fmt: skip
def test_a_time_without_an_offset_is_of_the_zone_in_the_settings(
    vendor: Vendor, written: str, zone: str, hour: int
) -> None:
    [row] = rows(vendor, "devices", {**DEVICE, "lastApplianceCheckinTime": written}, time_zone=zone).values()
    assert row["last_seen_at"].replace(microsecond=0) == datetime(2026, 3, 23, hour, 33, 26, tzinfo=UTC)


def test_a_device_stands_at_its_site_or_else_at_its_customer_and_a_time_nobody_can_read_is_none(
    vendor: Vendor,
) -> None:
    two = {**DEVICE, "deviceId": 4002, "siteId": None, "lastApplianceCheckinTime": "yesterday"}
    one, other = rows(vendor, "devices", DEVICE, two).values()
    assert (one["account"], other["account"], other["last_seen_at"]) == ("3001", "2001", None)
    assert (one["kind"], one["os"]) == (AssetKind.SERVER, "Microsoft Windows Server 2022 Standard x64 Edition")


def test_kinds_are_told_by_a_word_of_the_class() -> None:
    told = ("Laptop - Windows", "Servers - ESX Host", "Switch/Router", "Something new", None)
    kinds = [AssetKind.WORKSTATION, AssetKind.VM_HOST, AssetKind.NETWORK, AssetKind.OTHER, AssetKind.OTHER]
    assert [kind(one) for one in told] == kinds


def test_an_asset_is_read_whatever_the_case_of_its_names(vendor: Vendor) -> None:
    [row] = rows(vendor, "assets", *map(of_device, asset(ASSET))).values()
    assert (row["serial"], row["model"], row["os_version"]) == ("NW0000077", "Rack R450", "10.0.20348")
    assert (row["warranty_until"], row["booted_on"]) == (date(2027, 5, 1), date(2026, 3, 20))


@pytest.mark.parametrize(("written", "day"), [
    ("1809216000000", date(2027, 5, 2)), ("05/01/2027", None), ("", None), (None, None),
])  # fmt: skip
def test_a_day_in_no_known_form_is_none_and_the_rest_is_read(vendor: Vendor, written: Any, day: date | None) -> None:
    told = {**ASSET["data"], "_extra": {"device": {"warrantyexpirationdate": written}}}
    [row] = rows(vendor, "assets", *map(of_device, asset({"data": told}))).values()
    assert (row["warranty_until"], row["serial"]) == (day, "NW0000077")


def test_antivirus_is_told_by_the_services_that_the_settings_name(vendor: Vendor) -> None:
    assert watched(vendor, ("AV Defender Status", "Failed"))["antivirus"] == "off"
    assert watched(vendor, ("AV Defender Status", "Failed"), ("Windows Defender", "Normal"))["antivirus"] == "protected"
    assert watched(vendor, ("Windows Defender", "Stale"))["antivirus"] == ""
    assert watched(vendor, ("Aegis Watch", "Warning"))["antivirus"] == ""
    assert watched(vendor, ("Aegis Watch", "Warning"), antivirus_services="aegis, other")["antivirus"] == "outdated"


def test_a_patch_service_tells_when_patches_were_looked_at_and_no_number(vendor: Vendor) -> None:
    row = watched(vendor, ("Patch Status v2", "Normal"))
    assert row["patched_at"] == datetime(2026, 3, 23, 21, 30, tzinfo=UTC) and "patches_missing" not in row
    assert watched(vendor, ("CPU", "Normal"))["patched_at"] is None


@pytest.mark.parametrize(("state", "severity"), [(5, "high"), ("Failed", "high"), ("4", "medium"), (99, "unknown")])
def test_an_issues_state_is_a_number_or_a_word(vendor: Vendor, state: Any, severity: str) -> None:
    [row] = rows(vendor, "active issues", {**ISSUE, "notificationState": state}).values()
    assert (row["severity"], row["title"], row["asset"]) == (severity, "Disk", "4001")
    moved = {**ISSUE, "transitionTime": None, "_extra": {"transitionTime": ISSUE["transitionTime"]}}
    [other] = rows(vendor, "active issues", moved).values()
    assert other["raised_at"] == row["raised_at"] == datetime(2026, 3, 22, 10, tzinfo=UTC)
    assert other["external_id"] == row["external_id"]


@pytest.mark.parametrize("pages", [{"totalPages": 2}, {"_page": {"totalPages": 2}}, {}])
def test_pages_end_wherever_their_number_stands(vendor: Vendor, pages: dict[str, Any]) -> None:
    def after(page: int) -> Any:
        link = "/api/devices?pageNumber=2" if page == 1 else None
        return vendor.paginate.after(Answer({**pages, "_links": {"nextPage": link}}, {}), [{}], {"page": page})

    assert (after(1), after(2)) == ({"page": 2}, None)


@pytest.mark.parametrize(
    "ways",
    [
        {"pages_at": "_page"}, {"pages_at": "none"}, {"most": 30}, {"times": "mixed"}, {"state": "text"},
        {"sites_with_customer": False}, {"names": "mixed"},
    ],
)  # fmt: skip
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | int | str]
) -> None:
    def told() -> dict[str, Any]:
        issues = listed("active issues") | listed("active issues of sites")
        return {**{name: listed(name) for name in ("customers", "sites", "devices", "assets")}, "issues": issues}

    before = told()
    playing.switch(vendor, **ways)
    assert told() == before


def test_a_password_that_expired_is_named_as_what_may_be_wrong(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, password_expired=True)
    with (
        Client(playing.connection(vendor), vendor, sleep=lambda seconds: None) as client,
        pytest.raises(Unavailable, match=r"\(500\).*the password of the API user has expired"),
    ):
        client.test()


@pytest.mark.django_db(transaction=True)
def test_an_issue_that_is_over_is_listed_no_more_and_ends(playing: Playing, vendor: Vendor) -> None:
    source, world = playing.connection(vendor), playing.sandbox.world
    one = next(alert for alert in world.health.alerts(world.clock.now()) if alert.resolved_at is None)
    assert collect.run(source, as_of=datetime.fromtimestamp(world.clock.now(), UTC)).state == "done"
    [issue] = Alert.objects.filter(external_id__startswith=f"{one.id}/")
    assert issue.asset is not None and issue.resolved_at is None
    playing.change("alerts", str(one.id), set={"resolved_at": world.clock.now() - 60})
    world.clock.set(world.clock.now() + 60)
    later = datetime.fromtimestamp(world.clock.now(), UTC)
    assert collect.run(source, as_of=later).state == "done"
    ended = Alert.objects.get(pk=issue.pk)
    assert (ended.resolved_at, ended.retired_on) == (later, None)
