"""NinjaOne's JSON for the world's records."""

from __future__ import annotations

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.clients import RmmOrganization
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.devices import WORKSTATIONS, Device
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.people import Member


def moment_of(seconds: int, salt: int = 0) -> float:
    """Epoch seconds as a double with a fraction, as recorded replies have them."""
    return seconds + (salt * 37 % 1000) / 1000


def is_offline(device: Device, moment: int) -> bool:
    return moment - device.last_contact(moment) > DAY


def organization(row: RmmOrganization) -> Row:
    made: Row = {"id": row.id, "name": row.name, "userData": {}, "nodeApprovalMode": "AUTOMATIC"}
    if row.description is not None:
        made["description"] = row.description
    return made


def organization_detailed(row: RmmOrganization) -> Row:
    return organization(row) | {"locations": locations(row), "policies": [], "settings": {}}


def locations(row: RmmOrganization) -> list[Row]:
    names = ("Main Office", "Branch", "Warehouse")
    return [{"id": row.id * 10 + place, "name": names[place]} for place in range(row.sites)]


def device(row: Device, moment: int) -> Row:
    contact = moment_of(row.last_contact(moment), row.id)
    made: Row = {
        "id": row.id, "uid": opaque(f"device/{row.id}"), "organizationId": row.organization,
        "locationId": row.site, "nodeClass": row.node_class, "nodeRoleId": _role(row), "rolePolicyId": 40,
        "approvalStatus": row.approval(moment), "offline": is_offline(row, moment), "systemName": row.name,
        "dnsName": f"{row.name.lower()}.local", "created": moment_of(row.came_at, row.id),
        "lastContact": contact, "lastUpdate": contact,
    }  # fmt: skip
    if row.id % 10:
        made["displayName"] = row.name
    return made


def device_detailed(row: Device, moment: int) -> Row:
    made = device(row, moment) | {
        "tags": [], "ipAddresses": [f"192.0.2.{row.id % 250 + 1}"],
        "macAddresses": [f"02:00:00:{row.id >> 16 & 255:02X}:{row.id >> 8 & 255:02X}:{row.id & 255:02X}"],
        "publicIP": "203.0.113.7", "deviceType": "AGENT",
        "system": {"name": row.name, "manufacturer": "Northwall", "model": f"N{row.id % 7 + 3}00",
                   "serialNumber": row.serial, "domain": "WORKGROUP"},
    }  # fmt: skip
    if row.os_name:
        made["os"] = {key: value for key, value in operating_system(row, moment).items()
                      if key not in ("deviceId", "timestamp")}  # fmt: skip
    return made


def operating_system(row: Device, moment: int) -> Row:
    name, build, release = row.system(moment)
    contact = row.last_contact(moment)
    maker = "Microsoft Corporation" if name.startswith("Windows") else "Apple Inc." if "mac" in name else "Other"
    return {
        "deviceId": row.id, "name": name, "manufacturer": maker, "architecture": "64-bit", "buildNumber": build,
        "releaseId": release, "needsReboot": row.id % 19 == 0,
        "lastBootTime": float(contact - contact % (7 * DAY)), "timestamp": moment_of(contact, row.id),
    }  # fmt: skip


def health(row: Device, moment: int) -> Row:
    pending = row.id * 7 % 5 if row.node_class in WORKSTATIONS else row.id % 3
    state = "HEALTHY" if pending < 3 else "NEEDS_ATTENTION"
    return {
        "deviceId": row.id, "healthStatus": state, "alertCount": int(pending > 3), "activeThreatsCount": 0,
        "quarantinedThreatsCount": 0, "blockedThreatsCount": 0, "failedOSPatchesCount": int(row.id % 23 == 0),
        "pendingOSPatchesCount": pending, "failedSoftwarePatchesCount": 0, "pendingSoftwarePatchesCount": 0,
        "productsInstallationStatuses": {}, "offline": is_offline(row, moment), "parentOffline": False,
        "installationIssuesCount": 0, "activeJobCount": 0,
    }  # fmt: skip


def user(row: Member) -> Row:
    return {
        "id": row.id, "uid": opaque(f"user/{row.id}"), "firstName": row.first_name, "lastName": row.last_name,
        "email": row.email, "enabled": row.left_at is None, "userType": "TECHNICIAN", "roles": [],
    }  # fmt: skip


def _role(row: Device) -> int:
    return 1 if row.node_class in WORKSTATIONS else 2
