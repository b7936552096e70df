"""Atera's JSON for the world's clients, machines, patches and alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collectors.sandbox.exchange import Refusal, Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.devices import WORKSTATIONS, Device
from collectors.sandbox.world.health import Alert
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

SLUG = "atera"
UNASSIGNED: Row = {"CustomerID": 1, "CustomerName": "Unassigned"}  # built in, and nobody's
STRAYS = (1, 2)  # agents that were installed without a customer; their alerts too
SEVERITIES = {"critical": "Critical", "high": "Warning", "medium": "Warning", "low": "Information"}
CATEGORIES = {"disk": "Disk", "cpu": "Performance", "memory": "Performance", "offline": "Availability"}
NEVER_SCANNED, CONTROLLER, UNDATED = 19, 5, 2  # one agent, server, resolved alert in so many
SNOOZED_AFTER = 30 * DAY  # somebody is tired of an alert that old
CLASSES = ("Security Updates", "Critical Updates", "Updates")


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches
        self._numbers: dict[str, int] = {}  # of devices by their GUID, as far as they were told

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def at(self, moment: int | None) -> str | None:
        if moment is None:
            return None
        way, zone = (self.switches.text(SLUG, name) for name in ("times", "times_zone"))
        if way == "z":
            return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
        told = datetime.fromtimestamp(moment, ZoneInfo(zone if way == "plain" else "America/Chicago"))
        return told.isoformat()[:19] if way == "plain" else told.isoformat()

    def account(self) -> Row:
        return {
            "AccountID": "acc-4100", "CompanyName": "Lanternworks IT", "CreatedOn": "2023-01-01T00:00:00Z",
            "Plan": "Expert", "TimeZoneName": "Central Standard Time", "IsITDepartment": False, "Country": "US",
            "State": "OH", "City": "Fernbrook", "Address": "1 Lantern Row", "PostalCode": "43001", "Phone": "",
        }  # fmt: skip

    # What there is

    def customers(self, since: str, order: str) -> list[Row]:
        told = [self._customer(record) for record in self._clients().values()]
        found = [row for row in (self._unassigned(), *told) if str(row["LastModified"]) >= since]
        return sorted(found, key=lambda row: str(row["LastModified"])) if order == "LastModified" else found

    def agents(self, customer: int | None) -> list[Device | Row]:
        """Machines with an agent on them, then those that are nobody's."""
        found = [one for one in self._devices(customer) if _has_agent(one)]
        return [*found, *(map(_stray_agent, STRAYS) if customer in (None, UNASSIGNED["CustomerID"]) else ())]

    def network_devices(self, customer: int | None) -> list[Device]:
        return [one for one in self._devices(customer) if not _has_agent(one)]

    def alerts(self, status: str) -> list[Alert | Row]:
        here = self._clients()
        found = [one for one in self.world.health.alerts(self.now) if one.client in here]
        listed = [one for one in found if status in ("", self._status(one))]
        nobodys = [_stray_alert(one, state) for state in ("Open", "Snoozed") for one in STRAYS if status in ("", state)]
        return [*listed, *nobodys]

    def patches(self, guid: str) -> Row | None:
        device = self._device(guid)
        if device is None or not _has_agent(device):
            return None
        one = self.world.health.of(device, self.now)
        if one.patches_missing is None or device.id % NEVER_SCANNED == 0:
            return self._unscanned(guid)
        listed = [
            {"name": f"2026-0{1 + place % 9} Cumulative Update", "class": CLASSES[place % 3],
             "kbId": f"KB50{place:05d}", "status": "Pending"}
            for place in range(one.patches_missing)
        ]  # fmt: skip
        return {"deviceGuid": guid, "timestamp": self.at(one.scanned_at), "availableUpdates": listed}

    def _unscanned(self, guid: str) -> Row:
        way = self.switches.text(SLUG, "unscanned")
        if way == "404":
            raise Refusal(404, "nothing is known of its patches")
        return {"deviceGuid": guid, "timestamp": None, "availableUpdates": [] if way == "empty" else None}

    def _clients(self) -> dict[int, Record]:
        told = ((index, self.world.others.account(SLUG, index, self.now)) for index in self.world.clients.served)
        return {index: record for index, record in told if record is not None}

    def _devices(self, customer: int | None) -> list[Device]:
        return [
            device
            for index, record in self._clients().items() if customer in (None, int(record.id))
            for device in self.world.ground.approved(index, self.now)
        ]  # fmt: skip

    def _device(self, guid: str) -> Device | None:
        if guid not in self._numbers:
            self._numbers |= {device_guid(device.id): device.id for device in self.world.devices_at(self.now)}
        number = self._numbers.get(guid, 0)
        device = next(self.world.devices_at(self.now, after=number - 1), None)
        there = device is not None and device.id == number and device.approval(self.now) == "APPROVED"
        return device if there else None

    # How it is written

    def _unassigned(self) -> Row:
        made = {"CreatedOn": "2023-01-01T00:00:00Z", "LastModified": "2023-01-01T00:00:00Z"}
        return {**UNASSIGNED, **made, **dict.fromkeys(("Domain", "BusinessNumber", "Address", "City", "Phone"))}

    def _customer(self, record: Record) -> Row:
        index = record.client or 0
        client = self.world.clients.get(index)
        made = datetime.fromtimestamp(client.joined_at or self.world.ground.start - 90 * DAY, UTC)
        shared = index in self.world.others.odd  # whose domain it is could be either's
        return {
            "CustomerID": int(record.id), "CustomerName": record.name, "CreatedOn": f"{made:%Y-%m-%dT%H:%M:%SZ}",
            "LastModified": f"{made:%Y-%m-%dT%H:%M:%SZ}", "BusinessNumber": None,
            "Domain": None if shared or index % 3 == 0 else client.domain, "Address": f"{index + 10} Mill Lane",
            "City": "Fernbrook", "State": "OH", "Country": "US", "ZipCodeStr": f"{43001 + index}",
            "Phone": next(iter(record.phones), None), "Fax": None, "Notes": "never to be kept", "Logo": None,
            "Links": None, "Longitude": None, "Latitude": None,
        }  # fmt: skip

    def agent(self, device: Device | Row) -> Row:
        if not isinstance(device, Device):
            return device
        one = self.world.health.of(device, self.now)
        return {
            **self._owner(device.client), "MachineID": opaque(f"atera/machine/{device.id}"), "AgentID": device.id,
            "DeviceGuid": device_guid(device.id), "AgentName": device.name, "SystemName": device.name,
            "MachineName": device.name, "DomainName": "example.local", "CurrentLoggedUsers": "MSP\\operator",
            "ComputerDescription": "", "Monitored": True, "AgentVersion": "1.8.7.2", "Favorite": False,
            "ThresholdID": 1, "MonitoredAgentID": device.id, "Created": self.at(device.came_at),
            "Modified": self.at(one.updated_at), "Online": one.online, "LastSeen": self.at(one.updated_at),
            "ReportedFromIP": "203.0.113.7", "AppViewUrl": f"https://app.atera.com/new/rmm/device/{device.id}",
            "Processor": "8 cores", "Memory": 32_768, "ProcessorCoresCount": 8, "Vendor": one.manufacturer,
            "VendorSerialNumber": device.serial, "VendorBrandModel": one.model, "ProductName": one.model,
            "BiosReleaseDate": "0001-01-01T00:00:00", "MacAddresses": [], "IpAddresses": ["192.0.2.10"],
            "HardwareDisks": [{"Drive": "C:", "Free": 120_000, "Used": 356_000, "Total": 476_000}],
            "BatteryInfo": None, "OS": _system(one.os_family, one.os_name), "OSType": _type(device),
            "WindowsSerialNumber": "never to be kept", "Office": None, "OfficeSerialNumber": "never to be kept",
            "OSNum": 10.0, "LastRebootTime": self.at(one.booted_at) or "0001-01-01T00:00:00",
            "OSVersion": one.os_version or None, "OSBuild": one.os_build or None, "LastLoginUser": "MSP\\operator",
            "DeviceType": None,
        }  # fmt: skip

    def network_device(self, device: Device) -> Row:
        one = self.world.health.of(device, self.now)
        return {
            **self._owner(device.client), "Name": device.name, "DeviceID": device.id,
            "DeviceGuid": device_guid(device.id), "Hostname": f"192.0.2.{device.id % 250 + 1}", "Online": one.online,
            "Port": "161", "Community": "never to be kept", "Type": "Generic", "Version": "V2",
            "SecurityLevel": "Undefined", "Authentication": "Undefined", "Privacy": "Undefined", "Monitored": True,
            "MonitoringAgentID": 100, "Model": one.model,
        }  # fmt: skip

    def alert(self, one: Alert | Row) -> Row:
        if not isinstance(one, Alert):
            return one
        devices = self.world.ground.devices.of_client(one.client)
        name = next((device.name for device in devices if device.id == one.device), None)
        snoozed = self._status(one) == "Snoozed"
        dated = self.switches.on(SLUG, "archived") or one.id % UNDATED != 0
        return {
            **self._owner(one.client), "AlertID": one.id, "Code": 1001, "Source": "Threshold", "Title": one.title,
            "Severity": SEVERITIES[one.severity], "Created": self.at(one.raised_at),
            "SnoozedEndDate": self.at(one.raised_at + 90 * DAY) if snoozed else None,
            "DeviceGuid": device_guid(one.device).upper(), "AgentId": one.device, "AdditionalInfo": None,
            "Archived": one.resolved_at is not None, "AlertCategoryID": CATEGORIES.get(one.kind, "General"),
            "ArchivedDate": self.at(one.resolved_at) if dated else None, "TicketID": None, "AlertMessage": one.title,
            "DeviceName": name, "PollingCyclesCount": 3, "DeviceType": None,
        }  # fmt: skip

    def _status(self, one: Alert) -> str:
        if one.resolved_at is not None:
            return "Resolved"
        return "Snoozed" if one.raised_at < self.now - SNOOZED_AFTER else "Open"

    def _owner(self, client: int) -> Row:
        record = self.world.others.account(SLUG, client, self.now)
        assert record is not None  # only clients that are there have their machines listed
        return {"CustomerID": int(record.id), "CustomerName": record.name, "FolderID": None, "FolderName": None}


def device_guid(number: int) -> str:
    return opaque(f"atera/device/{number}")


def _has_agent(device: Device) -> bool:
    return not device.node_class.startswith("NMS_") and device.node_class != "VMWARE_VM_HOST"


def _stray_agent(number: int) -> Row:
    name = f"NEW-LAPTOP-{number}"
    return {
        **UNASSIGNED, "FolderID": None, "FolderName": None, "AgentID": number, "DeviceGuid": device_guid(-number),
        "AgentName": name, "SystemName": name, "MachineName": name, "Monitored": False,
        "OS": "Microsoft Windows 11 Pro", "OSType": "Work Station", "OSVersion": "10.0.22631", "OSBuild": "22631",
        "Online": False, "LastSeen": "0001-01-01T00:00:00", "LastRebootTime": None, "VendorSerialNumber": None,
    }  # fmt: skip


def _stray_alert(number: int, status: str) -> Row:
    snoozed = status == "Snoozed"
    return {
        **UNASSIGNED, "FolderID": None, "AlertID": number + 10 * snoozed, "Code": 1001, "Source": "Threshold",
        "Title": "Offline", "Severity": "Critical", "Created": "2026-01-05T10:00:00Z",
        "SnoozedEndDate": "2030-01-01T00:00:00Z" if snoozed else None, "DeviceGuid": device_guid(-number),
        "AgentId": number, "Archived": False, "AlertCategoryID": "Availability", "ArchivedDate": None,
        "TicketID": None, "AlertMessage": "Offline", "DeviceName": f"NEW-LAPTOP-{number}",
    }  # fmt: skip


def _system(family: str, name: str) -> str | None:
    return f"Microsoft {name}" if family in ("windows", "server") else name or None


def _type(device: Device) -> str | None:
    if device.node_class.startswith("MAC"):
        return None
    if device.node_class in WORKSTATIONS:
        return "Work Station"
    return "Domain Controller" if device.id % CONTROLLER == 0 else "Server"
