"""NinjaOne, against the sandbox and whatever its sheet leaves open."""

from __future__ import annotations

import json

import pytest

from collectors import collect
from collectors.declare import Vendor
from collectors.facts.estate import Asset, AssetKind
from collectors.vendors.ninjaone import best
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db


def test_devices_belong_to_their_location_and_locations_to_their_organization(listed: Listed) -> None:
    organizations, locations, devices = listed("organizations"), listed("locations"), listed("devices")
    assert {row["parent"] for row in locations.values()} <= set(organizations)
    assert {row["kind"] for row in locations.values()} == {"site"}
    assert {row["account"] for row in devices.values()} <= set(locations)


def test_only_approved_devices_are_kept(playing: Playing, listed: Listed) -> None:
    moment = playing.sandbox.world.clock.now()
    there = list(playing.sandbox.world.devices_at(moment))
    approved = {str(device.id) for device in there if device.approval(moment) == "APPROVED"}
    assert 0 < len(approved) < len(there)
    assert set(listed("devices")) == approved


def test_hosts_guests_and_network_devices_are_told_apart(playing: Playing, listed: Listed) -> None:
    kinds = {
        "WINDOWS_WORKSTATION": AssetKind.WORKSTATION, "MAC": AssetKind.WORKSTATION,
        "LINUX_WORKSTATION": AssetKind.WORKSTATION, "WINDOWS_SERVER": AssetKind.SERVER,
        "LINUX_SERVER": AssetKind.SERVER, "VMWARE_VM_HOST": AssetKind.VM_HOST, "VMWARE_VM_GUEST": AssetKind.VM_GUEST,
        "HYPERV_VMM_HOST": AssetKind.VM_HOST, "HYPERV_VMM_GUEST": AssetKind.VM_GUEST,
    }  # fmt: skip
    rows = listed("devices")
    seen = set()
    for device in playing.sandbox.world.devices_at(playing.sandbox.world.clock.now()):
        if str(device.id) in rows:
            seen.add(device.node_class)
            wanted = AssetKind.NETWORK if device.node_class.startswith("NMS_") else kinds[device.node_class]
            assert rows[str(device.id)]["kind"] == wanted
    assert {"VMWARE_VM_HOST", "VMWARE_VM_GUEST", "WINDOWS_SERVER", "WINDOWS_WORKSTATION"} <= seen


def test_the_psas_id_in_a_description_is_evidence(playing: Playing, listed: Listed) -> None:
    named = {}
    for index in playing.sandbox.world.clients.everyone:
        client = playing.sandbox.world.clients.get(index)
        for organization in client.organizations:
            if str(client.psa_id) in (organization.description or ""):
                named[str(organization.id)] = {"ids": {"connectwise_psa": str(client.psa_id)}}
    found = {key: json.loads(row["evidence"]) for key, row in listed("organizations").items()}
    assert {key: said for key, said in found.items() if said} == named
    assert 0 < len(named) < len(found)


@pytest.mark.parametrize(
    "ways",
    [
        {"no_rows": "null"}, {"no_rows": "204"}, {"content_type": False}, {"link_header": True}, {"page_size": 10},
    ],
)  # fmt: skip
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | str]
) -> None:
    before = {name: listed(name) for name in ("organizations", "locations", "devices")}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in before} == before


def test_patches_antivirus_and_warranty_are_told_of_devices_that_are_listed(playing: Playing, listed: Listed) -> None:
    world, devices = playing.sandbox.world, listed("devices")
    known = {str(one.id): one for one in world.health.at(world.clock.now())}
    health, antivirus, warranties = listed("health"), listed("antivirus"), listed("warranties")
    patched = {key: one.patches_missing for key, one in known.items() if one.patches_missing is not None}
    assert {key: row["patches_missing"] for key, row in health.items() if key in patched} == patched
    named = {"protected", "outdated", "off", "none"}
    told = {key: one.antivirus_state for key, one in known.items() if one.antivirus_state in named}
    ours = {key: row["antivirus"].replace("missing", "none") for key, row in antivirus.items() if key in told}
    assert ours == told and len(set(ours.values())) > 1
    until = {key: one.warranty_until for key, one in known.items()}
    assert {key: warranties[key]["warranty_until"] for key in until} == until
    assert {row["os_version"] for row in devices.values()} >= {"22631", "20348"}


def test_of_two_antivirus_products_the_one_that_runs_counts() -> None:
    rows = [
        {"deviceId": 1, "productName": "Aegis", "productState": "ON", "definitionStatus": "Out-of-date"},
        {"deviceId": 2, "productName": "NONE", "productState": "OFF"},
        {"deviceId": 1, "productName": "Windows Defender", "productState": "OFF"},
        {"deviceId": 3, "productName": "Aegis", "productState": "ON", "definitionStatus": "UP_TO_DATE"},
        {"deviceId": 4, "productName": "Aegis", "productState": "EXPIRED"},
    ]
    assert {row["deviceId"]: row["state"] for row in best({"results": rows})} == {
        1: "outdated", 2: "missing", 3: "protected", 4: "off",
    }  # fmt: skip


def test_an_alert_is_raised_by_one_activity_and_ended_by_another(playing: Playing, listed: Listed) -> None:
    raised, ended = listed("alerts"), listed("alerts ended")
    assert raised and 0 < len(ended.keys() & raised.keys()) < len(raised)
    both = [(raised[key]["raised_at"], ended[key]["resolved_at"]) for key in ended.keys() & raised.keys()]
    assert all(began < end for began, end in both)
    assert {row["severity"] for row in raised.values()} >= {"critical", "high", "medium"}


@pytest.mark.parametrize("way", ["empty", "no_cursor", "stuck"])
def test_a_report_ends_whichever_way_it_says_so(playing: Playing, vendor: Vendor, listed: Listed, way: str) -> None:
    whole = listed("health")
    playing.switch(vendor, report_end=way)
    assert listed("health") == whole


@pytest.mark.django_db(transaction=True)  # a run reads ahead on a connection of its own
def test_where_no_warranty_is_given_the_devices_are_read_all_the_same(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, expand=False)
    run = collect.run(playing.connection(vendor))
    assert run.state == "done" and run.connection.problem.startswith("Read, but not warranties")
    assert Asset.objects.exclude(states__antivirus="").exists()
