"""ConnectWise RMM: what its document shows becomes our rows, whichever way its open points turn out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors import collect
from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.estate import Alert, Asset, AssetKind
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from collectors.vendors.connectwise_rmm import Linked, devices, heartbeats, summary
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

C, S, E = (f"5b6c1b3a-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
COMPANY = {
    "id": C, "name": "Harbor Freightways Ltd", "friendlyName": "Harbor",
    "externalIds": [{"externalId": "77", "productId": "sage-books"}, {"externalId": "250", "productId": "cw-manage"}],
    "activityStatus": {"id": "1", "name": "Active", "activeFlag": True}, "createdDate": "2024-01-10T10:00:00Z",
    "primarySite": {"id": S, "primaryAddress": {"addressLine1": "48 Mill Lane", "locality": "Fernbrook",
                                                "postCode": "43001"}},
    "inactiveDate": None, "deletedDate": None,
}  # fmt: skip
SITE = {"id": S, "name": "Head Office", "activeFlag": False, "company": {"id": C}, "each": {"id": C}}
ENDPOINT: dict[str, Any] = {
    "endpointID": E, "deviceName": "HARB-SRV-01", "friendlyName": "", "resourceType": "Server",
    "endpointType": "Server", "virtualType": "Physical", "ipAddress": ["192.0.2.30"],
    "createdAt": "2024-02-01T10:00:00Z", "modifiedAt": "2026-01-12T09:00:00Z",
    "os": {"product": "Microsoft Windows Server 2022 Standard", "version": "10.0.20348", "buildNumber": "20348",
           "productKey": "never to be kept"},
    "system": {"product": "Rack R450", "serialNumber": "NW0000077"}, "bios": {"serialNumber": "NW-BIOS"},
    "antiViruses": [{"name": "Windows Defender", "version": "4.18"}],
}  # fmt: skip
DEVICES = {"platform": [{"companyID": C, "siteID": S, "endpoints": [ENDPOINT]}], "network": [], "cloud": []}
BEATS = {
    "status": "partial_success",
    "successfulRecords": [{"clientID": C, "siteID": S, "endpoints": [
        {"EndpointID": E, "DcDateTimeUTC": "2025-11-28 05:16:43.565000+00:00", "Availability": True}]}],
    "failedRecords": [{"resourceType": "endpoints", "resource": "other", "error": "Not Found"}],
}  # fmt: skip
PATCHES: dict[str, Any] = {
    "summary": {"assessedAt": "2026-01-12T02:00:00Z", "missingCount": 3, "pendingRebootCount": 1, "installedCount": 112,
                "compliance": 97.4, "outOfSupport": False, "deploymentStatus": True, "policyName": "Default"},
    "patches": [{"updateID": E, "kbArticleID": "5050000", "status": 1, "policyMatch": True, "installedDate": None}],
}  # fmt: skip
TICKET: dict[str, Any] = {
    "id": "t-1", "number": "41", "summary": "C: is almost full", "status": {"id": "1", "name": "In Progress"},
    "priority": {"id": "2", "name": "High"}, "source": {"id": "3", "name": "Monitoring"}, "company": {"id": C},
    "site": {"id": S}, "assets": [{"id": E}], "createdAt": "2026-01-12T02:00:00Z", "updatedAt": "2026-01-13T02:00:00Z",
    "dueDate": "01/14/2026", "tags": [],
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: Any, **settings: str) -> dict[str, dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, settings), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def device(vendor: Vendor, *, settings: dict[str, str] | None = None, **change: Any) -> dict[str, Any]:
    answer = {**DEVICES, "platform": [{"companyId": C, "siteId": S, "endpoints": [{**ENDPOINT, **change}]}]}
    told = [{**one, "each": {"id": C}} for one in devices(answer)]
    return rows(vendor, "devices", *told, **(settings or {}))[E]


def test_a_company_is_a_client_and_brings_its_address_and_the_id_it_has_in_the_psa(vendor: Vendor) -> None:
    [row] = rows(vendor, "companies", COMPANY).values()
    assert (row["external_id"], row["name"], row["kind"]) == (C, "Harbor Freightways Ltd", "client")
    assert json.loads(row["evidence"]) == {
        "addresses": ["48 Mill Lane, Fernbrook, 43001"], "ids": {"connectwise_psa": "250"},
    }  # fmt: skip


def test_a_company_that_ended_is_not_read_and_one_that_ended_in_the_year_one_did_not(vendor: Vendor) -> None:
    ended = [{**COMPANY, name: "2025-05-04T08:00:00Z"} for name in ("inactiveDate", "deletedDate")]
    assert rows(vendor, "companies", *ended) == {}
    never = {**COMPANY, "deletedDate": "0001-01-01T00:00:00Z", "inactiveDate": ""}
    assert list(rows(vendor, "companies", never)) == [C]


def test_a_site_is_its_companys_and_may_be_out_of_use(vendor: Vendor) -> None:
    [row] = rows(vendor, "sites", SITE).values()
    assert (row["kind"], row["parent"], row["active"]) == ("site", C, False)


def test_a_device_is_told_with_its_system_and_its_place(vendor: Vendor) -> None:
    row = device(vendor)
    assert (row["account"], row["name"], row["hostname"], row["kind"]) == (S, "HARB-SRV-01", "HARB-SRV-01", "server")
    assert (row["os"], row["os_version"]) == ("Microsoft Windows Server 2022 Standard", "10.0.20348")
    assert (row["serial"], row["model"]) == ("NW0000077", "Rack R450")
    assert device(vendor, friendlyName="File server")["name"] == "File server"
    assert device(vendor, system=None)["serial"] == "NW-BIOS"


@pytest.mark.parametrize(("os", "name", "version"), [
    ({"product": "Microsoft Windows 11 Pro", "version": "10.0", "buildNumber": "22631"}, "Microsoft Windows 11 Pro",
     "10.0.22631"),
    ({"product": "macOS", "version": "14.4", "buildNumber": "23E214"}, "macOS 14.4", "14.4"),
    ({"product": "macOS 14 Sonoma", "version": "14.4"}, "macOS 14 Sonoma", "14.4"),
    ({"product": "Ubuntu", "version": "22.04"}, "Ubuntu 22.04", "22.04"), (None, "", ""),
])  # fmt: skip
def test_a_system_is_told_so_that_its_end_of_life_can_be_found(
    vendor: Vendor, os: dict[str, str] | None, name: str, version: str
) -> None:
    row = device(vendor, os=os)
    assert (row["os"], row["os_version"]) == (name, version)


@pytest.mark.parametrize(("change", "kind"), [
    ({"endpointType": "Desktop"}, AssetKind.WORKSTATION), ({"virtualType": "Host"}, AssetKind.VM_HOST),
    ({"virtualType": "Guest"}, AssetKind.SERVER), ({"endpointType": "Mobile"}, AssetKind.MOBILE),
    ({"endpointType": "Firewall", "resourceType": None}, AssetKind.NETWORK),
    ({"endpointType": "Something new", "resourceType": None}, AssetKind.OTHER),
])  # fmt: skip
def test_kinds_are_told_by_type(vendor: Vendor, change: dict[str, Any], kind: AssetKind) -> None:
    assert device(vendor, **({"resourceType": change.get("endpointType", "Server")} | change))["kind"] == kind


def test_whatever_is_listed_as_network_is_network_gear(vendor: Vendor) -> None:
    answer = {"network": [{"companyID": C, "endpoints": [{"endpointID": E, "deviceName": "SW-1"}]}]}
    [row] = rows(vendor, "devices", *({**one, "each": {"id": C}} for one in devices(answer))).values()
    assert (row["kind"], row["account"], row["os"], row["antivirus"]) == (AssetKind.NETWORK, C, "", "")


def test_an_antivirus_that_is_listed_counts_as_the_settings_say_and_as_nothing_by_itself(vendor: Vendor) -> None:
    said = {"listed_antivirus": "protected"}
    assert device(vendor)["antivirus"] == device(vendor, antiViruses=[])["antivirus"] == ""
    assert device(vendor, settings=said)["antivirus"] == "protected"
    assert device(vendor, settings=said, antiViruses=[])["antivirus"] == "missing"
    assert device(vendor, settings=said, antiViruses=None)["antivirus"] == ""
    assert device(vendor, settings=said, antiViruses=[], os={"product": "Ubuntu"})["antivirus"] == ""


def test_a_heartbeat_tells_when_a_device_was_last_heard_of(vendor: Vendor) -> None:
    [row] = rows(vendor, "heartbeats", *heartbeats(BEATS)).values()
    assert (row["external_id"], row["online"]) == (E, True)
    assert row["last_seen_at"] == datetime(2025, 11, 28, 5, 16, 43, 565000, tzinfo=UTC)
    [row] = rows(vendor, "heartbeats", {"endpointid": E, "dcdatetimeutc": "2025-11-28T05:16:43"}).values()
    assert (row["online"], row["last_seen_at"]) == (None, datetime(2025, 11, 28, 5, 16, 43, tzinfo=UTC))


@pytest.mark.parametrize(("change", "missing"), [
    ({}, 3), ({"missingCount": 0}, 0), ({"missingCount": 0, "policyName": None}, None),
    ({"assessedAt": None}, None), ({"assessedAt": "0001-01-01T00:00:00Z"}, None), ({"missingCount": None}, None),
])  # fmt: skip
def test_no_missing_patch_is_news_only_where_a_policy_asks_and_somebody_looked(
    vendor: Vendor, change: dict[str, Any], missing: int | None
) -> None:
    told = summary({**PATCHES, "summary": {**PATCHES["summary"], **change}})
    [row] = rows(vendor, "patches", *({**one, "each": {"endpointID": E}} for one in told)).values()
    assert row["patches_missing"] == missing


def test_a_ticket_of_a_monitor_is_an_alert(vendor: Vendor) -> None:
    [row] = rows(vendor, "tickets of monitors", TICKET).values()
    assert (row["title"], row["kind"], row["severity"]) == ("C: is almost full", "Monitoring", "high")
    assert (row["account"], row["asset"]) == (C, E)
    assert (row["raised_at"], row["resolved_at"]) == (datetime(2026, 1, 12, 2, tzinfo=UTC), None)
    odd = {**TICKET, "assets": [], "priority": {"name": "New word"}, "category": {"name": "Disk"}}
    [row] = rows(vendor, "tickets of monitors", odd).values()
    assert (row["asset"], row["severity"], row["kind"]) == (None, "unknown", "Disk")


def test_an_alert_ended_when_its_ticket_was_last_touched_once_its_status_is_one_of_the_closed(vendor: Vendor) -> None:
    closed = {**TICKET, "status": {"name": "closed"}}
    [row] = rows(vendor, "tickets of monitors", closed).values()
    assert row["resolved_at"] == datetime(2026, 1, 13, 2, tzinfo=UTC)
    [row] = rows(vendor, "tickets of monitors", closed, closed_statuses="Done, Gone").values()
    assert row["resolved_at"] is None
    [row] = rows(vendor, "tickets of monitors", {**closed, "updatedAt": None}).values()
    assert row["resolved_at"] is None


@pytest.mark.parametrize("read", [devices, heartbeats, summary])
def test_an_answer_that_is_something_else_is_no_empty_list(read: Any) -> None:
    with pytest.raises(ValueError, match="no "):
        list(read({"code": "500", "message": "Oops"}))


@pytest.mark.parametrize("ways", [
    {"full_page_links": False}, {"place_names": "clientID"}, {"place_names": "companyId"}, {"heartbeat_time": "T"},
    {"heartbeats_most": 50}, {"compliance": "share"}, {"tickets_most": 7}, {"zero_dates": True}, {"origin": "required"},
    {"psa_product": "ConnectWise PSA"}, {"limit_headers": "x"},
])  # fmt: skip
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, ways: dict[str, bool | int | str]
) -> None:
    source = playing.connection(vendor)
    before = everything(source, vendor)
    playing.switch(vendor, **ways)
    assert everything(source, vendor) == before


def everything(source: Connection, vendor: Vendor) -> dict[str, list[Any]]:
    """Every list as rows, of those asked for each of something that of the first two."""
    told: dict[str, list[Any]] = {}
    heads: dict[str, list[Any]] = {}
    with Client(source, vendor) as client:
        for endpoint in vendor.endpoints:
            parents = heads.get(endpoint.each or "", [None])[:2]
            pages = [page for parent in parents for page in client.pages(endpoint, parent=parent)]
            records = [one for page in pages for one in page.records]
            batch, plan = Batch(), Plan(endpoint, vendor, client.connection.settings)
            plan.read(records, batch)
            assert batch.unread == []
            kept = [one for one in records if plan.keeps is None or plan.keeps(one)]
            heads[endpoint.name] = kept
            told[endpoint.name] = sorted(map(str, batch.rows.values()))
    assert all(told.values())
    return told


@pytest.mark.parametrize("links", [True, False])
def test_a_last_page_that_is_full_is_the_last_whether_or_not_it_names_another(
    playing: Playing, vendor: Vendor, links: bool
) -> None:
    listing = next(one for one in vendor.endpoints if one.name == "devices")
    playing.switch(vendor, full_page_links=links)
    with Client(playing.connection(vendor), vendor) as client:
        parent = next(client.pages(vendor.endpoints[0])).records[1]
        [page] = client.pages(listing, parent=parent)
        full = replace(listing, paginate=Linked(size=len(page.records)))
        assert [len(one.records) for one in client.pages(full, parent=parent)] == [len(page.records), 0]


def test_assets_of_tickets_that_are_no_endpoints_leave_the_alerts_with_their_companies(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    before = listed("tickets of monitors")
    playing.switch(vendor, ticket_assets="own")
    after = listed("tickets of monitors")
    assert {key: row["account"] for key, row in after.items()} == {key: row["account"] for key, row in before.items()}


# Keys


def test_a_key_without_a_scope_that_is_needed_is_told_which(playing: Playing, vendor: Vendor) -> None:
    source = playing.connection(vendor)
    playing.switch(vendor, lacks="platform.devices.read")
    with pytest.raises(Refused, match=r"lacks platform\.devices\.read"), Client(source, vendor) as client:
        client.test()
    playing.switch(vendor, lacking_gives="refused")
    with pytest.raises(Refused, match="lacks a scope"), Client(source, vendor) as client:
        client.test()


def test_a_key_without_a_scope_that_is_only_wanted_reads_the_rest(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, lacks="platform.tickets.read")
    with Client(playing.connection(vendor), vendor) as client:
        assert "It does not give tickets of monitors" in client.test()


def test_a_key_that_is_locked_is_waited_for_and_nobody_is_asked_to_mend_it(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, signins=1)
    source = playing.connection(vendor)
    with Client(source, vendor) as client:
        assert next(client.pages(vendor.endpoints[0])).records
    with Client(source, vendor) as client, pytest.raises(Unavailable, match="no more for a while") as caught:
        next(client.pages(vendor.endpoints[0]))
    assert caught.value.retry_after == 900


def test_heartbeats_that_the_key_may_not_ask_for_are_refused_and_not_taken_for_silence(vendor: Vendor) -> None:
    assert vendor.errors is not None
    failed = [{"resource": E, "error": "Forbidden"}]
    fault = vendor.errors(200, {"status": "failed", "successfulRecords": [], "failedRecords": failed})
    assert fault and not fault.wait
    unknown = [*failed, {"resource": C, "error": "Not Found"}]
    assert vendor.errors(200, {"status": "failed", "successfulRecords": [], "failedRecords": unknown}) is None


@pytest.mark.django_db(transaction=True)
def test_a_partner_who_did_not_buy_patching_has_the_rest_read_and_does_not_sign_in_for_every_device(
    playing: Playing, vendor: Vendor
) -> None:
    source = playing.connection(vendor)
    playing.switch(vendor, entitled=False, signins=4)
    ended = collect.run(source, as_of=now(playing), patience=Patience(tries=1))
    assert (ended.state, ended.error) == ("done", "")
    problem = Connection.objects.get(pk=source.pk).problem
    assert problem.startswith("Read, but not patches") and "not entitled" in problem
    assert not Asset.objects.exclude(states__patches_missing=None).exists()
    assert Alert.objects.exclude(asset=None).exists() and Asset.objects.exclude(last_seen_at=None).exists()


def now(playing: Playing) -> datetime:
    return datetime.fromtimestamp(playing.sandbox.world.clock.now(), UTC)
