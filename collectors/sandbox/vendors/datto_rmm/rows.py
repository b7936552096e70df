"""Datto RMM's JSON for the world's clients, machines and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.devices import WORKSTATIONS
from collectors.sandbox.world.health import Alert, Condition
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

SLUG = "datto_rmm"
CONSOLE = "https://pinotage.centrastage.net"
ANTIVIRUS = {"protected": "RunningAndUpToDate", "outdated": "RunningAndNotUpToDate", "off": "NotRunning",
             "none": "NotDetected"}  # fmt: skip
PRIORITIES = {"critical": "Critical", "high": "High", "medium": "Moderate", "low": "Low"}
CONTEXTS = {
    "disk": "perf_disk_usage_ctx", "cpu": "perf_resource_usage_ctx", "memory": "perf_resource_usage_ctx",
    "offline": "online_offline_status_ctx", "patch": "patch_ctx", "antivirus": "antivirus_ctx",
    "service": "srvc_status_ctx", "reboot": "comp_script_ctx",
}  # fmt: skip
ON_DEMAND, DELETED = 1, 2
WITHOUT_POLICY, WITHOUT_WORDS, NEVER_AUDITED = 17, 4, 23  # one machine, alert, machine in so many


class Rows:
    def __init__(self, world: World, moments: Callable[[], str]) -> None:
        self.world, self.moments = world, moments
        self._numbers: dict[str, int] = {}  # of devices by their uid, as far as they were told

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def at(self, moment: int | None) -> int | str | None:
        if moment is None:
            return None
        written: dict[str, int | str] = {"seconds": moment, "iso": utc_text(moment)}
        return written.get(self.moments(), moment * 1000)

    def owners(self) -> dict[str, int | None]:
        served: dict[str, int | None] = {site_uid(index): index for index in self.world.clients.served}
        return served | {str(row["uid"]): None for row in self._built_in()}

    def account(self) -> Row:
        count = sum(1 for _ in self._conditions())
        return {
            "id": 4100, "uid": opaque("datto_rmm/account"), "name": "Lanternworks IT", "currency": "USD",
            "descriptor": {"deviceLimit": 2000, "timeZone": "America/Chicago"},
            "devicesStatus": {"numberOfDevices": count},
        }  # fmt: skip

    def sites(self) -> list[Row]:
        return [*(self._site(record) for record in self._clients()), *self._built_in()]

    def devices(self) -> list[Row]:
        return [self._device(one) for one in self._conditions()] + [self._gone()]

    def audit(self, uid: str) -> Row | None:
        one = self._condition(uid)
        if one is None or not one.os_name or one.id % NEVER_AUDITED == 0:
            return None
        return {
            "portalUrl": f"{CONSOLE}/device/{one.id}", "webRemoteUrl": f"{CONSOLE}/remote/{one.id}",
            "systemInfo": {"manufacturer": one.manufacturer, "model": one.model, "totalPhysicalMemory": 16 << 30,
                           "username": "MSP\\operator", "dotNetVersion": "4.8", "totalCpuCores": 8},
            "bios": {"instance": "0", "serialNumber": one.device.serial, "smBiosVersion": "1.2", "releaseDate": None},
            "logicalDisks": [{"diskIdentifier": "C:", "size": 512 << 30, "freespace": 128 << 30}],
        }  # fmt: skip

    def alerts(self, *, resolved: bool) -> list[Row]:
        here = {record.client: record for record in self._clients()}
        found = [
            one for one in self.world.health.alerts(self.now)
            if one.client in here and (one.resolved_at is not None) is resolved
        ]  # fmt: skip
        return [self._alert(one, here[one.client]) for one in sorted(found, key=lambda one: one.raised_at)]

    def _clients(self) -> Iterator[Record]:
        for index in self.world.clients.served:
            if (record := self.world.others.account(SLUG, index, self.now)) is not None:
                yield record

    def _conditions(self) -> Iterator[Condition]:
        for record in self._clients():
            yield from self.world.health.at(self.now, record.client)

    def _condition(self, uid: str) -> Condition | None:
        if uid not in self._numbers:
            self._numbers |= {device_uid(device.id): device.id for device in self.world.devices_at(self.now)}
        number = self._numbers.get(uid, 0)
        device = next(self.world.devices_at(self.now, after=number - 1), None)
        if device is None or device.id != number or device.approval(self.now) != "APPROVED":
            return None
        return self.world.health.of(device, self.now)

    def _site(self, record: Record) -> Row:
        """About half are linked to the company in Autotask, under the id it has there."""
        client = record.client or 0
        company = self.world.others.account("autotask", client, self.now) if record.ids else None
        return _site(100 + client, site_uid(client), record.name) | {
            "autotaskCompanyName": company.name if company else None,
            "autotaskCompanyId": company.id if company else None,
        }

    def _built_in(self) -> list[Row]:
        demand = _site(ON_DEMAND, opaque("datto_rmm/on demand"), "OnDemand") | {"onDemand": True}
        return [demand, _site(DELETED, opaque("datto_rmm/deleted"), "Deleted Devices")]

    def _gone(self) -> Row:
        site: Row = {"siteId": DELETED, "siteUid": opaque("datto_rmm/deleted"), "siteName": "Deleted Devices"}
        return {
            "id": 9, "uid": opaque("datto_rmm/gone"), **site, "hostname": "OLD-LAPTOP", "deleted": True,
            "deviceType": {"category": "Laptop", "type": "Notebook"}, "deviceClass": "device", "suspended": False,
            "operatingSystem": None, "online": False, "lastSeen": -62135596800000, "warrantyDate": None,
            "antivirus": None, "patchManagement": None,
        }  # fmt: skip

    def _device(self, one: Condition) -> Row:
        device, client = one.device, one.device.client
        record = self.world.others.account(SLUG, client, self.now)
        class_, category, type_ = _class(one)
        return {
            "id": one.id, "uid": device_uid(one.id), "siteId": 100 + client, "siteUid": site_uid(client),
            "siteName": record.name if record else "", "deviceType": {"category": category, "type": type_},
            "hostname": device.name, "intIpAddress": f"192.0.2.{one.id % 250 + 1}", "extIpAddress": "203.0.113.7",
            "operatingSystem": _system(one), "lastLoggedInUser": "MSP\\operator", "domain": "example.local",
            "cagVersion": "10.1.0", "displayVersion": "10.1.0.1234", "description": device.name, "a64Bit": True,
            "rebootRequired": one.id % 19 == 0 if one.os_name else None, "online": one.online, "suspended": False,
            "deleted": False, "lastSeen": self.at(one.updated_at), "lastReboot": self.at(one.booted_at),
            "lastAuditDate": self.at(one.scanned_at), "creationDate": self.at(device.came_at),
            "udf": {"udf1": None, "udf2": "never to be kept"}, "snmpEnabled": False, "deviceClass": class_,
            "portalUrl": f"{CONSOLE}/device/{one.id}", "softwareStatus": None, "networkProbe": False,
            "warrantyDate": one.warranty_until.isoformat() if one.warranty_until else None,
            "antivirus": _antivirus(one), "patchManagement": _patches(one),
            "webRemoteUrl": f"{CONSOLE}/remote/{one.id}", "onboardedViaNetworkMonitor": False,
        }  # fmt: skip

    def _alert(self, one: Alert, site: Record) -> Row:
        device = next((row for row in self.world.ground.devices.of_client(one.client) if row.id == one.device), None)
        resolved = one.resolved_at is not None
        return {
            "alertUid": opaque(f"datto_rmm/alert/{one.id}"), "priority": PRIORITIES[one.severity],
            "diagnostics": None if one.id % WITHOUT_WORDS == 0 else one.title, "resolved": resolved,
            "resolvedBy": "system" if resolved else None, "resolvedOn": self.at(one.resolved_at),
            "muted": False, "ticketNumber": None, "timestamp": self.at(one.raised_at),
            "alertMonitorInfo": {"sendsEmails": False, "createsTicket": True},
            "alertContext": {"@class": CONTEXTS[one.kind]}, "responseActions": [], "autoresolveMins": None,
            "alertSourceInfo": {
                "deviceUid": device_uid(one.device), "deviceName": device.name if device else "",
                "siteUid": site_uid(one.client), "siteName": site.name,
            },
        }  # fmt: skip


def site_uid(client: int) -> str:
    return opaque(f"datto_rmm/site/{client}")


def device_uid(number: int) -> str:
    return opaque(f"datto_rmm/device/{number}")


def _site(number: int, uid: str, name: str) -> Row:
    return {
        "id": number, "uid": uid, "accountUid": opaque("datto_rmm/account"), "name": name, "description": "",
        "notes": None, "onDemand": False, "splashtopAutoInstall": True,
        "proxySettings": {"host": "", "password": "never to be kept", "port": 0, "type": "http", "username": ""},
        "devicesStatus": {"numberOfDevices": 0, "numberOfOnlineDevices": 0, "numberOfOfflineDevices": 0},
        "autotaskCompanyName": None, "autotaskCompanyId": None, "portalUrl": f"{CONSOLE}/csm/site/{number}",
    }  # fmt: skip


def _class(one: Condition) -> tuple[str, str, str]:
    """Device class, then category and type, which are free text."""
    node = one.device.node_class
    if node == "VMWARE_VM_HOST":
        return "esxihost", "ESXi Host", "ESXi Host"
    if node.startswith("NMS_"):
        return "rmmnetworkdevice", "Network Device", node.removeprefix("NMS_").title()
    if node in WORKSTATIONS:
        return ("device", "Laptop", "Notebook") if one.id % 3 == 0 else ("device", "Desktop", "Tower")
    return "device", "Server", "Virtual" if "VM_GUEST" in node else "Physical"


def _system(one: Condition) -> str | None:
    if one.os_family in ("windows", "server"):
        return f"Microsoft {one.os_name} {one.os_version}"
    return one.os_name or None


def _antivirus(one: Condition) -> Row | None:
    if not one.antivirus_state:
        return None
    return {"antivirusProduct": one.antivirus or None, "antivirusStatus": ANTIVIRUS[one.antivirus_state]}


def _patches(one: Condition) -> Row | None:
    if one.patches_missing is None:
        return None
    if one.id % WITHOUT_POLICY == 0:
        status, pending = "NoPolicy", 0
    else:
        status, pending = ("ApprovedPending" if one.patches_missing else "FullyPatched"), one.patches_missing
    return {"patchStatus": status, "patchesApprovedPending": pending, "patchesNotApproved": one.id % 3,
            "patchesInstalled": 100}  # fmt: skip
