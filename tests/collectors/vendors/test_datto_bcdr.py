"""Datto BCDR: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors.declare import Vendor
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

DEVICE = {
    "serialNumber": "001122AABBCC", "name": "HARBOR-SIRIS", "model": "S5-4", "region": None,
    "lastSeenDate": "2026-01-12T09:00:16+00:00", "organizationId": 12345, "organizationName": "Harbor Freightways",
    "clientCompanyName": "Harbor (PSA: 250)", "hidden": False, "servicePlan": "1 Year Time-Based Retention",
    "warrantyExpire": "2028-02-01T00:00:00+00:00", "agentCount": 4, "remoteWebUrl": "https://example.invalid/",
}  # fmt: skip
ASSET = {
    "name": "harbor-srv01", "volume": "4b65219643aa4bc78e359928ead7fab5", "os": "Windows Server 2022",
    "isPaused": False, "isArchived": False, "latestOffsite": 1584817262, "localSnapshots": 5,
    "lastSnapshot": 1588168863, "lastScreenshotAttempt": 1584817262, "lastScreenshotAttemptStatus": True,
    "lastScreenshotUrl": "https://device.example/latest.png?cb=1234576", "type": "agent",
    "backups": [
        {"timestamp": "2020-04-29T14:01:03+00:00", "backup": {"status": "success", "errorMessage": ""},
         "localVerification": {"status": "success", "errors": []}},
    ],
}  # fmt: skip
DOMAIN = {
    "saasCustomerId": 98765, "saasCustomerName": "Harbor Freightways", "domain": "harbor-freightways.example",
    "organizationId": 12345, "organizationName": "Harbor Freightways", "seatsUsed": 42, "productType": "Office365",
    "retentionType": "ICR", "backupStats": {"activeServicesCount": 120, "activeServicesWithRecentBackupCount": 118},
}  # fmt: skip
KEY = "001122AABBCC/4b65219643aa4bc78e359928ead7fab5"


def rows(vendor: Vendor, name: str, body: Any, parent: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    endpoint = next(one for one in vendor.endpoints if one.name == name)
    records = endpoint.records(body) if endpoint.records else body
    plan, batch = Plan(endpoint, vendor, {}), Batch()
    plan.read([{**one, "each": parent} if parent else one for one in records], batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def history(*counts: tuple[int, int, int]) -> list[dict[str, Any]]:
    told = [
        {"startTime": 1_781_000_000 + at, "endTime": 1_781_003_600 + at, "status": "Done", "activeServiceCount": active,
         "activeServiceWithBackupCount": some, "activeServiceWithPerfectBackupCount": perfect}
        for at, (active, some, perfect) in enumerate(counts)
    ]  # fmt: skip
    apps = [{"appType": "Exchange", "backupHistory": told}]
    return [{"customerId": 98765, "customerName": "Harbor", "suites": [{"suiteType": "Office365", "appTypes": apps}]}]


def test_an_appliance_brings_its_organization_and_the_psas_id_someone_wrote(vendor: Vendor) -> None:
    [account] = rows(vendor, "organizations", [DEVICE]).values()
    assert (account["external_id"], account["name"]) == ("12345", "Harbor Freightways")
    assert '"connectwise_psa": "250"' in account["evidence"]
    [appliance] = rows(vendor, "appliances", [DEVICE]).values()
    assert (appliance["account"], appliance["layer"]) == ("12345", "backup")
    assert appliance["warranty_until"] == date(2028, 2, 1)


def test_an_appliance_of_no_organization_goes_by_the_companys_name_and_one_in_stock_is_nobodys(vendor: Vendor) -> None:
    unnamed = {**DEVICE, "organizationId": None, "organizationName": None}
    [(key, account)] = rows(vendor, "organizations", [unnamed]).items()
    assert (key, account["name"]) == ("name/Harbor (PSA: 250)", "Harbor (PSA: 250)")
    assert rows(vendor, "organizations", [{**unnamed, "clientCompanyName": None}]) == {}


def test_a_machine_is_kept_as_long_as_the_appliances_plan_says(vendor: Vendor) -> None:
    [machine] = rows(vendor, "protected machines", [ASSET], DEVICE).values()
    assert (machine["external_id"], machine["account"], machine["hostname"]) == (KEY, "12345", "harbor-srv01")
    assert (machine["kind"], machine["paused"], machine["retention_days"]) == ("continuity", False, 365)
    endless = {**DEVICE, "servicePlan": "Infinite Cloud Retention"}
    [machine] = rows(vendor, "protected machines", [ASSET], endless).values()
    assert machine["retention_days"] is None


def test_an_archived_machine_is_read_nowhere(vendor: Vendor) -> None:
    archived = [{**ASSET, "isArchived": True}]
    assert not any(rows(vendor, name, archived, DEVICE) for name in ("protected machines", "backups", "screenshots"))


@pytest.mark.parametrize(("backup", "verified", "outcome"), [
    ({"status": "success", "errorMessage": ""}, "success", "succeeded"), ({"status": "Success"}, None, "succeeded"),
    ({"status": "success"}, "failure", "warned"), ({"status": "warning"}, None, "warned"),
    ({"status": "failure", "errorMessage": ""}, None, "failed"),
    ({"status": "string", "errorMessage": "VSS writer timed out"}, None, "failed"),
])  # fmt: skip
def test_a_backup_ended_as_its_status_or_its_error_says(
    vendor: Vendor, backup: dict[str, str], verified: str | None, outcome: str
) -> None:
    told = {"timestamp": "2020-04-29T14:01:03+00:00", "backup": backup, "localVerification": {"status": verified}}
    [run] = rows(vendor, "backups", [{**ASSET, "lastSnapshot": 0, "backups": [told]}], DEVICE).values()
    assert (run["outcome"], run["backup"]) == (outcome, KEY)
    assert run["finished_at"] == datetime(2020, 4, 29, 14, 1, 3, tzinfo=UTC)


def test_a_backup_that_says_nothing_is_no_run_and_one_never_made_is_none(vendor: Vendor) -> None:
    running = {"timestamp": "2020-04-29T14:01:03+00:00", "backup": {"status": "in progress", "errorMessage": ""}}
    assert rows(vendor, "backups", [{**ASSET, "lastSnapshot": 0, "backups": [running]}], DEVICE) == {}
    never = {**ASSET, "lastSnapshot": 0, "backups": [], "lastScreenshotAttempt": 0}
    assert rows(vendor, "backups", [never], DEVICE) == rows(vendor, "screenshots", [never], DEVICE) == {}


def test_where_only_failures_are_remembered_the_last_good_backup_is_a_run_too(vendor: Vendor) -> None:
    failed = {"timestamp": "2020-04-30T14:01:03+00:00", "backup": {"status": "failure", "errorMessage": "No space"}}
    found = rows(vendor, "backups", [{**ASSET, "backups": [failed]}], DEVICE)
    assert sorted(run["outcome"] for run in found.values()) == ["failed", "succeeded"]
    [remembered] = rows(vendor, "backups", [ASSET], DEVICE)
    assert remembered in found  # the same moment, written otherwise, is the same run


def test_what_is_no_record_stops_no_other(vendor: Vendor) -> None:
    odd = [ASSET, "nothing", {**ASSET, "volume": "other", "backups": "none", "lastSnapshot": 0}]
    assert len(rows(vendor, "backups", odd, DEVICE)) == 1
    assert rows(vendor, "SaaS backups", [{"suites": [7, {"appTypes": None}]}, None], DOMAIN) == {}


def test_a_screenshot_is_a_recovery_tried(vendor: Vendor) -> None:
    [test] = rows(vendor, "screenshots", [ASSET], DEVICE).values()
    assert (test["backup"], test["passed"], test["tested_at"].year) == (KEY, True, 2020)


def test_a_plain_list_and_one_in_pages_are_read_alike(vendor: Vendor) -> None:
    paged = {"pagination": {"page": 1, "perPage": 100, "totalPages": 1, "count": 1}, "items": [ASSET]}
    assert rows(vendor, "protected machines", paged, DEVICE) == rows(vendor, "protected machines", [ASSET], DEVICE)


def test_a_customer_of_saas_protection_is_its_organization_and_a_domain_under_it(vendor: Vendor) -> None:
    [client] = rows(vendor, "SaaS organizations", [DOMAIN]).values()
    assert (client["external_id"], client["kind"]) == ("12345", "client")
    [site] = rows(vendor, "SaaS customers", [DOMAIN]).values()
    assert (site["external_id"], site["parent"], site["kind"]) == ("domain/98765", "12345", "site")
    assert "harbor-freightways.example" in site["evidence"]
    alone = {**DOMAIN, "organizationId": None, "organizationName": None}
    assert list(rows(vendor, "SaaS organizations", [alone])) == ["saas/98765"]
    [site] = rows(vendor, "SaaS customers", [alone]).values()
    assert site["parent"] == "saas/98765"


def test_a_service_fails_when_nothing_in_it_was_backed_up(vendor: Vendor) -> None:
    told = history((40, 40, 40), (40, 38, 37), (40, 0, 0), (0, 0, 0))
    [service] = rows(vendor, "SaaS services", told, DOMAIN).values()
    assert (service["external_id"], service["kind"], service["service"]) == (
        "saas/98765/Office365/Exchange", "saas", "Exchange"
    )  # fmt: skip
    found = rows(vendor, "SaaS backups", told, DOMAIN).values()
    assert [run["outcome"] for run in found] == ["succeeded", "warned", "failed"]
    assert {run["backup"] for run in found} == {service["external_id"]}


def test_bare_lists_give_what_lists_in_pages_give(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    names = ("SaaS organizations", "SaaS customers", "protected machines", "backups", "screenshots")
    before = [listed(name) for name in names]
    playing.switch(vendor, saas_pages=False, asset_pages=False)
    assert [listed(name) for name in names] == before


def test_good_backups_are_known_by_whatever_word(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    before = listed("backups")
    playing.switch(vendor, status_words="Success", machine_serial=False)
    assert listed("backups") == before
    assert not any(row["serial"] for row in listed("protected machines").values())
    playing.switch(vendor, status_words="string")  # a word nobody knows: the last good moment is left
    assert {key for key, row in listed("backups").items() if row["outcome"] == "failed"} <= before.keys()


def test_the_machines_are_the_rmms_by_serial_number(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    world = playing.sandbox.world
    now = world.clock.now()
    serials = {device.serial for client in world.clients.served for device in world.ground.devices_of(client, now)}
    told = {row["serial"] for row in listed("protected machines").values()}
    assert told and told <= serials
