"""The world's records as ThreatLocker writes them."""

from __future__ import annotations

from collections.abc import Callable

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.endpoint_security import ApprovalRequest, Computer
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record

PENDING, APPROVED, IGNORED, SELF_APPROVED = 1, 4, 10, 16
STATUSES = (PENDING, APPROVED, 6, IGNORED, 12, 13, SELF_APPROVED)
KEYS = {"Organization": "organizationId", "Computer": "computerId", "ApprovalRequest": "approvalRequestId"}
NOBODYS = {opaque(f"threatlocker/{name}"): name for name in ("Template organization", "Proof of concept")}
MODES = {"secured": "Secure", "learning": "Learning"}


def guid(record: Record) -> str:
    return opaque(f"threatlocker/{record.id}")


def micro(moment: int, *, zulu: bool) -> str:
    return utc_text(moment).replace("Z", ".435815Z" if zulu else ".435815")


def organization(identity: str, name: str, parent: str, computers: int, added: str) -> Row:
    return {
        "organizationId": identity, "name": name.casefold().replace(" ", "-"), "displayName": name, "parentId": parent,
        "computerCount": computers, "activeCount": 0, "manualCount": 0, "dateAdded": added,
        "billingMethod": None, "products": [{"name": "defaultdeny", "displayName": "Allowlisting"}],
        "computerDenyCountDtos": [{"oneDay": 0, "threeDays": 0, "sevenDays": 0}], "organizationParents": [],
    }  # fmt: skip


def computer(one: Computer, home: Record, text: Callable[[int], str]) -> Row:
    mode = MODES[one.mode]
    return {
        "computerId": one.guid, "computerName": one.hostname, "hostname": one.hostname, "username": None,
        "organizationId": guid(home), "organization": home.name, "computerGroupId": opaque(f"{home.id}/group"),
        "group": "Servers" if "Server" in one.os else "Workstations", "operatingSystem": one.os, "osType": 1,
        "mode": mode, "action": mode, "lastCheckin": text(one.last_seen_at), "dateAdded": text(one.installed_at),
        "installDate": text(one.installed_at), "threatLockerVersion": "9.3.1", "driverStatusString": "Active",
        "denyCountOneDay": 0, "denyCountThreeDays": 0, "denyCountSevenDays": 0, "isReadyToSecure": False,
        "isTamperProtectionDisabled": False, "isIsolated": False, "isLockedOut": False,
        "hasAtLeastOneCheckin": True, "isDeleted": False, "maintenanceTypeId": 0, "maintenanceEndDate": None,
    }  # fmt: skip


def deleted(organization_id: str, text: str) -> Row:
    return {
        "computerId": opaque("threatlocker/deleted"), "computerName": "OLD-01", "hostname": "OLD-01",
        "organizationId": organization_id, "organization": "Template organization", "group": "Workstations",
        "operatingSystem": "Windows 10 Pro", "osType": 1, "mode": "Secure", "action": "Secure", "lastCheckin": text,
        "installDate": text, "hasAtLeastOneCheckin": True, "isDeleted": True,
    }  # fmt: skip


def request(
    one: ApprovalRequest, home: Record, hostname: str | None, text: Callable[[int], str], *, acted: bool
) -> Row:
    statuses = {"pending": PENDING, "denied": IGNORED, "approved": SELF_APPROVED if one.id % 5 == 0 else APPROVED}
    return {
        "approvalRequestId": opaque(f"approval/{one.id}"), "dateTime": text(one.requested_at),
        "path": f"c:\\users\\someone\\downloads\\{one.file}", "hash": opaque(one.file).replace("-", ""),
        "username": "HOME\\someone", "hostname": hostname, "computerId": opaque(f"computer/{one.computer}"),
        "organizationId": guid(home), "organizationName": home.name, "statusId": statuses[one.status],
        "requestor": "someone", "requestorReason": "need it", "comments": "",
        "actionDate": text(one.decided_at) if one.decided_at and acted else None, "approvedBy": "", "ticketId": "",
        "count": 1,
    }  # fmt: skip
