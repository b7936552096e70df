"""NinjaOne, against the sandbox and whatever its sheet leaves open."""

from __future__ import annotations

import json

import pytest

from collectors.declare import Vendor
from collectors.facts.estate import AssetKind
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
