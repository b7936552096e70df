"""Veeam Service Provider Console: what its documents show becomes our rows, whichever way open points turn out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Unavailable
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed, Rows

pytestmark = pytest.mark.django_db

UID = "39f65b4c-a7d2-451e-936d-aeae418b53e1"
COMPANY = {
    "instanceUid": UID, "name": "Harbor Freightways", "status": "Active", "resellerUid": None, "loginUrl": None,
    "_embedded": {"organization": {"instanceUid": UID, "name": "Harbor Freightways", "alias": None, "type": "Company",
                                   "website": "harbor-freightways.example", "companyId": "250"}},
}  # fmt: skip
SERVER_JOB = {
    "instanceUid": "edeb5975-b409-49b5-8ece-fffecb13494f", "uniqueUid": "0f8b9b1e-0000-4000-8000-000000000001",
    "name": "Web server Backup to Cloud", "organizationUid": "provider", "mappedOrganizationUid": None,
    "status": "Failed", "type": "BackupVm", "lastRun": "2016-11-01T10:35:28.0000000-07:00",
    "lastEndTime": "2016-11-01T10:40:56.0000000-07:00", "isEnabled": True, "failureMessage": None,
}  # fmt: skip
AGENT_JOB = {
    "instanceUid": "job-1", "backupAgentUid": "agent-1", "organizationUid": UID, "name": "Daily", "status": "Failed",
    "lastRun": "2016-11-01T10:35:28.0000000-07:00", "lastEndTime": "2016-11-01T10:40:56.0000000-07:00",
    "isEnabled": True, "failureMessage": "Error: no route\nto the repository",
}  # fmt: skip
ALARM: dict[str, Any] = {
    "instanceUid": "08b46982-1160-4804-bb12-6227b521972e", "repeatCount": 3,
    "object": {"type": "ObjectEntity", "organizationUid": UID, "computerName": "ws-5floor", "objectName": "Premium"},
    "lastActivation": {"instanceUid": "86477f51", "time": "2020-01-12T23:20:50.5200000+00:00", "status": "Error",
                       "message": "Free space (2.55%, 1.01 GB) is below the defined threshold (5%).\n"},
}  # fmt: skip
ENDED = datetime(2016, 11, 1, 17, 40, 56, tzinfo=UTC)


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> dict[str, dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def test_a_company_brings_its_website_and_the_psas_id(vendor: Vendor) -> None:
    [row] = rows(vendor, "companies", COMPANY).values()
    assert (row["external_id"], row["active"]) == (UID, True)
    assert "harbor-freightways.example" in row["evidence"] and '"connectwise_psa": "250"' in row["evidence"]
    [row] = rows(vendor, "companies", {**COMPANY, "status": "Disabled"}).values()
    assert row["active"] is False


def test_an_agent_that_a_backup_server_manages_is_told_by_that_server_alone(vendor: Vendor) -> None:
    agent = {"instanceUid": "agent-1", "organizationUid": UID, "name": "HARBOR-01"}
    found = rows(
        vendor, "backup agents", {**agent, "managementMode": "ManagedByConsole"},
        {**agent, "instanceUid": "agent-2", "managementMode": "ManagedByVBR"},
        {**agent, "instanceUid": "agent-3", "managementMode": "a word of tomorrow"},
    )  # fmt: skip
    assert list(found) == ["agent/agent-1", "agent/agent-3"]


def test_a_restore_point_is_a_good_backup_at_its_moment_and_none_is_none(vendor: Vendor) -> None:
    point = {"backupAgentUid": "agent-1", "latestRestorePointDate": "2016-11-01T10:40:56.0000000-07:00"}
    never = {"backupAgentUid": "agent-2", "latestRestorePointDate": None}
    [(key, run)] = rows(vendor, "restore points of agents", point, never).items()
    assert (key, run["backup"], run["outcome"]) == ("point/agent-1/20161101T174056", "agent/agent-1", "succeeded")
    assert run["finished_at"] == ENDED


@pytest.mark.parametrize(("change", "finished"), [
    ({}, ENDED), ({"lastEndTime": None, "endTime": "2016-11-01T10:40:56.0000000-07:00"}, ENDED),
    ({"lastEndTime": None}, datetime(2016, 11, 1, 17, 35, 28, tzinfo=UTC)),
])  # fmt: skip
def test_a_failed_job_ended_when_any_of_its_names_for_that_says(
    vendor: Vendor, change: dict[str, Any], finished: datetime
) -> None:
    [run] = rows(vendor, "failed jobs of agents", {**AGENT_JOB, **change}).values()
    assert (run["backup"], run["outcome"], run["finished_at"]) == ("agent/agent-1", "failed", finished)


def test_jobs_that_are_switched_off_running_or_well_are_no_failures(vendor: Vendor) -> None:
    words = ("None", "Running", "Success", "a word of tomorrow")
    others: list[dict[str, Any]] = [{"isEnabled": False}, *({"status": word} for word in words)]
    assert not any(rows(vendor, "failed jobs of agents", {**AGENT_JOB, **one}) for one in others)
    logs = {"type": "SqlLogBackup"}
    assert not any(rows(vendor, "failed jobs of backup servers", {**SERVER_JOB, **one}) for one in (*others, logs))


def test_a_job_of_a_backup_server_is_of_the_client_it_is_assigned_to_or_else_of_its_owner(vendor: Vendor) -> None:
    [run] = rows(vendor, "failed jobs of backup servers", SERVER_JOB).values()
    assert run["account"] == "provider"
    [run] = rows(vendor, "failed jobs of backup servers", {**SERVER_JOB, "mappedOrganizationUid": UID}).values()
    assert (run["account"], run["finished_at"]) == (UID, ENDED)


def test_a_verification_job_is_a_recovery_tried_and_never_a_failed_backup(vendor: Vendor) -> None:
    sure = {**SERVER_JOB, "type": "SureBackup"}
    [test] = rows(vendor, "recovery verification", sure).values()
    assert (test["passed"], test["tested_at"]) == (False, ENDED)
    [test] = rows(vendor, "recovery verification", {**sure, "status": "Warning"}).values()
    assert test["passed"] is True
    assert rows(vendor, "recovery verification", {**sure, "status": "Running"}, SERVER_JOB) == {}
    assert rows(vendor, "failed jobs of backup servers", sure) == {}


def test_an_alarm_names_its_client_either_way_and_one_that_was_seen_to_is_over(vendor: Vendor) -> None:
    [alarm] = rows(vendor, "alarms", ALARM).values()
    assert (alarm["account"], alarm["severity"], alarm["layer"]) == (UID, "high", "backup")
    older = {**ALARM, "object": {"type": "ObjectEntity", "companyUid": UID}}
    [alarm] = rows(vendor, "alarms", older).values()
    assert alarm["account"] == UID
    over = {**ALARM, "lastActivation": {**ALARM["lastActivation"], "status": "Acknowledged"}}
    assert rows(vendor, "alarms", over) == {}


def everything(vendor: Vendor, listed: Listed) -> dict[str, Rows]:
    return {one.name: listed(one.name) for one in vendor.endpoints}


def test_answers_that_are_not_ready_names_of_older_versions_and_short_pages_change_nothing(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    before = everything(vendor, listed)
    playing.switch(vendor, long_answers=True, largest_page=7)
    assert everything(vendor, listed) == before
    playing.switch(vendor, long_answers=False, job_end="endTime", alarm_client="companyUid", mapped=False)
    assert everything(vendor, listed) == before


def test_an_agent_is_paused_when_none_of_its_jobs_is_switched_on(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    world = playing.sandbox.world
    things = {one.hostname: one for client in world.clients.served
              for one in world.backups.things(client, world.clock.now()) if one.product == "veeam"}  # fmt: skip
    agents = {key: things.get(row["hostname"]) for key, row in listed("backup agents").items()}

    def paused() -> set[str]:
        return {key for key, row in listed("jobs of agents, paused or not").items() if row["paused"]}

    before = {key for key, one in agents.items() if one and one.paused}
    assert paused() == before
    key, one = next((key, one) for key, one in agents.items() if one and not one.paused)
    playing.change("backups", str(one.id), set={"paused": True})
    assert paused() == {*before, key}


def test_objects_of_a_cloud_that_is_assigned_to_nobody_are_read_and_wait(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    before = listed("Microsoft 365 objects")
    assert {row["kind"] for row in before.values()} == {"saas"} and all(row["account"] for row in before.values())
    playing.switch(vendor, cloud_mapped=False)
    assert {key: row["account"] for key, row in listed("Microsoft 365 objects").items()} == dict.fromkeys(before)


def test_a_fault_of_the_server_arrives_as_520_and_is_waited_out(playing: Playing, vendor: Vendor) -> None:
    waited: list[float] = []
    with Client(playing.connection(vendor), vendor, sleep=waited.append) as client:
        playing.fault(vendor, "500", path="companies")
        assert [page.records for page in client.pages(vendor.endpoints[0])] and len(waited) == 1
        playing.fault(vendor, "500", path="companies", times=None)
        with pytest.raises(Unavailable, match="asks for patience"):
            list(client.pages(vendor.endpoints[0]))
