"""The world's records as SentinelOne writes them."""

from __future__ import annotations

from collections.abc import Collection

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.endpoint_security import Agent
from collectors.sandbox.world.incidents import Incident
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record

ACCOUNT, ACCOUNT_NAME = "225494730938493700", "Lanternworks Partner"
LONG = 10**18  # ids have up to nineteen digits
HOUR = 3600
SURE = {"critical": "malicious", "high": "malicious", "medium": "malicious", "low": "suspicious"}


def micro(moment: int) -> str:
    return utc_text(moment).replace("Z", ".000000Z")


def flat(row: Row) -> Row:
    """A threat's fields stand one level down, and filters name them without it."""
    inner = [row[name] for name in ("threatInfo", "agentDetectionInfo") if isinstance(row.get(name), dict)]
    return row | {name: value for one in inner if isinstance(one, dict) for name, value in one.items()}


def without(row: Row, nulls: str) -> Row:
    """The row with what has no value written in one of the ways that occur."""
    if nulls == "missing":
        return {name: value for name, value in row.items() if value is not None}
    return {name: "None" if value is None and nulls == "None" else value for name, value in row.items()}


def account(sites: int) -> Row:
    return {
        "id": ACCOUNT, "name": ACCOUNT_NAME, "state": "active", "accountType": "Paid", "usageType": "mssp",
        "numberOfSites": sites, "externalId": None, "unlimitedExpiration": True, "expiration": None,
        "createdAt": "2023-02-27T04:49:26.257525Z", "updatedAt": "2023-02-27T04:49:26.257525Z",
    }  # fmt: skip


def site(record: Record, agents: int, begun: int, state: str = "active") -> Row:
    return {
        "id": record.id, "name": record.name, "accountId": ACCOUNT, "accountName": ACCOUNT_NAME, "state": state,
        "siteType": "Paid", "activeLicenses": agents, "totalLicenses": 0, "unlimitedLicenses": True,
        "expiration": None, "unlimitedExpiration": True, "externalId": next(iter(record.ids.values()), None),
        "description": None, "isDefault": record.client is None and record.name.startswith("Default"),
        "healthStatus": True, "sku": "Complete", "suite": "Complete", "registrationToken": opaque(record.id),
        "createdAt": micro(begun), "updatedAt": micro(begun),
    }  # fmt: skip


def old_sites(begun: int) -> list[Row]:
    return [
        site(Record(number, name, None, {}, "", (), ()), 0, begun, state)
        for number, name, state in (
            ("225494730938493901", "Old Harbor Foods", "deleted"), ("225494730938493902", "Lapsed trial", "expired"),
        )
    ]  # fmt: skip


def agent(one: Agent, home: Record, now: int) -> Row:
    active = now - one.last_seen_at < HOUR
    return {
        "id": str(LONG + one.id), "uuid": opaque(f"sentinelone/{one.id}").replace("-", ""),
        "computerName": one.hostname, "siteId": home.id, "siteName": home.name, "accountId": ACCOUNT,
        "accountName": ACCOUNT_NAME, "groupName": "Default Group",
        "machineType": "server" if one.server else "laptop" if one.id % 2 else "desktop", "osType": os_type(one.os),
        "osName": one.os, "osRevision": one.os_version, "osArch": "64 bit", "agentVersion": one.version,
        "isUpToDate": not one.out_of_date, "isActive": active, "infected": one.infected,
        "activeThreats": int(one.infected), "isDecommissioned": False, "isUninstalled": False,
        "isPendingUninstall": False, "lastActiveDate": micro(one.last_seen_at), "registeredAt": micro(one.installed_at),
        "createdAt": micro(one.installed_at), "updatedAt": micro(one.updated_at), "networkStatus": "connected",
        "mitigationMode": "protect", "mitigationModeSuspicious": "detect", "scanStatus": "finished",
        "scanFinishedAt": micro(one.installed_at), "appsVulnerabilityStatus": "up_to_date", "operationalState": "na",
        "userActionsNeeded": [], "missingPermissions": [], "serialNumber": one.serial or None, "modelName": None,
        "domain": "WORKGROUP", "lastLoggedInUserName": None, "networkInterfaces": [], "detectionState": None,
        "locations": None,
    }  # fmt: skip


def os_type(name: str) -> str:
    if name.startswith("Windows"):
        return "windows_legacy" if name.startswith("Windows 7") else "windows"
    return "macos" if name.startswith("macOS") else "linux"


def threat(one: Incident, home: Record, here: Collection[int], *, texts: bool) -> Row:
    """`here` are the machines that still have an agent: of the others nothing is known now."""
    number, ended = str(LONG + one.id), one.status == "resolved"
    status = "resolved" if ended else "in_progress" if one.mitigated_at else "unresolved"
    place = {"siteId": home.id, "siteName": home.name, "accountId": ACCOUNT, "accountName": ACCOUNT_NAME}
    info = {
        "threatId": number, "threatName": one.title, "classification": "Ransomware" if one.severity == "critical"
        else "PUA" if one.severity == "low" else "Malware", "classificationSource": "Cloud",
        "confidenceLevel": SURE.get(one.severity, "n/a"), "incidentStatus": status,
        "analystVerdict": "false_positive" if one.false_positive else "true_positive" if ended else "undefined",
        "mitigationStatus": "marked_as_benign" if one.false_positive else "mitigated" if one.mitigated_at
        else "not_mitigated", "mitigatedPreemptively": False, "automaticallyResolved": False,
        "createdAt": micro(one.created_at), "identifiedAt": micro(one.created_at), "updatedAt": micro(one.updated_at),
        "initiatedBy": "agent_policy", "detectionType": "static", "filePath": "C:\\Temp\\sample.bin",
        "detectionEngines": ["Reputation"] if texts else [{"key": "reputation", "title": "Reputation"}],
        "rebootRequired": False, "failedActions": False, "pendingActions": False, "externalTicketId": None,
    }  # fmt: skip
    now = {"agentId": str(LONG + (one.device or 0)), "agentComputerName": one.hostname, "agentIsActive": True} | place
    return {
        "id": number, "threatInfo": info, "agentDetectionInfo": {"agentVersion": "24.2.2"} | place,
        "agentRealtimeInfo": now if one.device in here else None, "mitigationStatus": [], "indicators": [],
    }  # fmt: skip
