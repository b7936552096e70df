"""Acronis Cyber Protect: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed, Rows

pytestmark = pytest.mark.django_db

UUID = "f313ecf6-9256-4afd-9d47-72e032ee81d0"
TENANT = {
    "id": UUID, "version": 2, "name": "Harbor Freightways", "customer_type": "enterprise", "kind": "customer",
    "parent_id": "fa6859a9-f5e1-4faf-a56c-5a0ae866dc4f", "enabled": True, "created_at": "2016-06-22T18:25:16",
    "deleted_at": None, "customer_id": "250", "pricing_mode": "production",
}  # fmt: skip
CONTEXT = {
    "id": "5c350066-2ba6-4eeb-aa91-1213dd35f033", "name": "HARBOR-SRV-01", "type": "resource.machine",
    "tenant_id": "56", "tenant_name": "Harbor Freightways", "created_at": "2021-02-03T14:57:07.311022688Z",
}  # fmt: skip
PLAN = {
    "type": "policy.backup.machine", "status": "ok", "last_run_time": "2026-01-12T01:10:00Z",
    "last_success_run_time": "2026-01-12T01:10:00Z", "next_run_time": "2026-01-13T01:00:00Z",
}  # fmt: skip
VIRUS = {"type": "policy.security.antimalware_protection", "status": "ok", "last_success_run": "2026-01-12T03:00:00Z"}
ALERT = {
    "id": "01C2D69A-112B-4DE1-98AE-8688223C5F4B", "type": "BackupFailed", "severity": "critical",
    "category": "Backup", "createdAt": "2021-04-05T20:41:41Z", "receivedAt": "2021-04-01T22:16:19.71025511Z",
    "updatedAt": "2021-04-05T20:41:42.352636392Z", "tenant": {"id": "56", "locator": "/1/50/53/56/"},
}  # fmt: skip
GOOD, LATER = datetime(2026, 1, 12, 1, 10, tzinfo=UTC), datetime(2026, 1, 13, 1, 10, tzinfo=UTC)


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> dict[str, dict[str, Any]]:
    endpoint = next(one for one in vendor.endpoints if one.name == name)
    found = endpoint.records({"items": list(records), "paging": {"cursors": {}}}) if endpoint.records else records
    plan, batch = Plan(endpoint, vendor, {}), Batch()
    plan.read([{**one, "each": TENANT} if endpoint.each else one for one in found], batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def resource(*policies: dict[str, Any], **context: Any) -> dict[str, Any]:
    return {"context": {**CONTEXT, **context}, "aggregate": {"status": "idle"}, "policies": list(policies)}


def test_a_customer_brings_the_psas_id(vendor: Vendor) -> None:
    [row] = rows(vendor, "customers", TENANT).values()
    assert (row["external_id"], row["name"]) == (UUID, "Harbor Freightways")
    assert '"connectwise_psa": "250"' in row["evidence"]


@pytest.mark.parametrize("change", [
    {"kind": "partner"}, {"kind": "folder"}, {"kind": "unit"}, {"enabled": False}, {"pricing_mode": "trial"},
    {"deleted_at": "2026-01-01T00:00:00"},
])  # fmt: skip
def test_what_is_no_customer_that_pays_is_not_read(vendor: Vendor, change: dict[str, Any]) -> None:
    assert rows(vendor, "customers", {**TENANT, **change}) == {}


def test_a_machine_with_a_backup_plan_is_the_customers_that_was_asked_for(vendor: Vendor) -> None:
    [row] = rows(vendor, "backups", resource(PLAN, VIRUS)).values()
    assert (row["account"], row["hostname"], row["kind"]) == (UUID, "HARBOR-SRV-01", "continuity")
    assert (row["service"], row["paused"]) == ("", False)
    [row] = rows(vendor, "backups", resource({**PLAN, "enabled": False})).values()
    assert row["paused"] is True


def test_what_has_no_backup_plan_and_what_is_a_group_is_not_backed_up(vendor: Vendor) -> None:
    group = resource(PLAN, type="resource.group.computers")
    assert rows(vendor, "backups", resource(VIRUS), resource(), group) == {}


def test_a_mailbox_is_a_seat_without_its_name(vendor: Vendor) -> None:
    mailbox = resource(PLAN, type="resource.office365.mailbox", name="someone@harbor-freightways.example")
    [row] = rows(vendor, "backups", mailbox).values()
    assert (row["kind"], row["service"], row["hostname"]) == ("saas", "mailbox", "")
    backups = vendor.endpoints[1]
    assert backups.records and "someone" not in str(list(backups.records({"items": [mailbox]})))


@pytest.mark.parametrize("end", ["_time", ""])
def test_runs_are_read_under_either_name(vendor: Vendor, end: str) -> None:
    failed = {
        "type": "policy.backup.machine", "status": "error", f"last_run{end}": "2026-01-13T01:10:00Z",
        f"last_success_run{end}": "2026-01-12T01:10:00Z",
    }  # fmt: skip
    found = rows(vendor, "runs", resource(failed, VIRUS))
    assert [(run["outcome"], run["finished_at"]) for run in found.values()] == [("succeeded", GOOD), ("failed", LATER)]
    assert {run["backup"] for run in found.values()} == {CONTEXT["id"]}


def test_what_is_no_record_stops_no_other(vendor: Vendor) -> None:
    assert len(rows(vendor, "runs", resource(PLAN), "nothing", {"policies": "none"}, resource(7))) == 1  # type: ignore[arg-type]


def test_a_warning_is_one_and_what_still_runs_has_not_failed(vendor: Vendor) -> None:
    [run] = rows(vendor, "runs", resource({**PLAN, "status": "warning"})).values()
    assert run["outcome"] == "warned"
    running = {**PLAN, "status": "running", "last_run_time": "2026-01-13T01:10:00Z"}
    [run] = rows(vendor, "runs", resource(running)).values()
    assert (run["outcome"], run["finished_at"]) == ("succeeded", GOOD)
    never = {"type": "policy.backup.machine", "status": "scheduled"}
    assert rows(vendor, "runs", resource(never)) == {}


def test_an_alert_has_nine_digits_of_a_second_and_is_over_when_it_was_deleted(vendor: Vendor) -> None:
    [row] = rows(vendor, "alerts", ALERT).values()
    assert (row["account"], row["severity"], row["layer"], row["resolved_at"]) == (UUID, "critical", "backup", None)
    [row] = rows(vendor, "alerts", {**ALERT, "deletedAt": "2021-04-06T20:41:42.352636392Z"}).values()
    assert row["resolved_at"] == datetime(2021, 4, 6, 20, 41, 42, 352636, tzinfo=UTC)
    [row] = rows(vendor, "alerts", {**ALERT, "severity": "a word of tomorrow"}).values()
    assert row["severity"] == "unknown"


def test_alerts_are_asked_for_from_a_moment_in_nanoseconds(vendor: Vendor) -> None:
    endpoint = next(one for one in vendor.endpoints if one.name == "alerts")
    assert endpoint.window is not None
    assert endpoint.window(datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), LATER) == {
        "updated_at": "ge(1700000000000000000)"
    }


def everything(vendor: Vendor, listed: Listed) -> dict[str, Rows]:
    return {one.name: listed(one.name) for one in vendor.endpoints}


def test_each_open_point_gives_the_same_rows_either_way(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    before = everything(vendor, listed)
    playing.switch(vendor, run_fields="short", type_filter=False, tenants_paged=False, after_alone=False, totals=False)
    assert everything(vendor, listed) == before


def test_no_customer_is_given_what_is_another_ones(playing: Playing, vendor: Vendor) -> None:
    """The partner's own token would see every customer's machines, under ids of former days."""
    customers, backups = vendor.endpoints[:2]
    with Client(playing.connection(vendor), vendor, sleep=lambda seconds: None) as client:
        every = [record for page in client.pages(customers) for record in page.records]
        told = {one["id"]: {row["context"]["id"] for page in client.pages(backups, parent=one) for row in page.records}
                for one in every if one["kind"] == "customer"}  # fmt: skip
    seen = [key for keys in told.values() for key in keys]
    assert len(seen) == len(set(seen)) and sum(bool(keys) for keys in told.values()) == 1


def test_a_customer_whose_token_is_not_given_is_told_in_a_sentence(playing: Playing, vendor: Vendor) -> None:
    stranger = {**TENANT, "id": "00000000-0000-4000-8000-000000000000"}
    with (
        Client(playing.connection(vendor), vendor, sleep=lambda seconds: None) as client,
        pytest.raises(Refused, match="no token for one of the customers"),
    ):
        list(client.pages(vendor.endpoints[1], parent=stranger))
