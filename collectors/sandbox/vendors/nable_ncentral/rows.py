"""N-central's JSON for the world's clients, machines, monitors and issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.devices import Device
from collectors.sandbox.world.health import Alert, Condition
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

SLUG = "nable_ncentral"
MSP, SYSTEM = 50, 1999
CUSTOMER, SITE = 2_000, 30_000  # the first numbers of customers and of sites
PLACES = ("Main Office", "Branch", "Warehouse")
CLASSES = {
    "WINDOWS_WORKSTATION": "Workstations - Windows", "MAC": "Workstations - Mac",
    "LINUX_WORKSTATION": "Workstations - Linux", "WINDOWS_SERVER": "Servers - Windows",
    "LINUX_SERVER": "Servers - Linux", "MAC_SERVER": "Servers - Mac", "VMWARE_VM_HOST": "Servers - ESX Host",
    "HYPERV_VMM_HOST": "Servers - Windows", "VMWARE_VM_GUEST": "Servers - Windows",
    "HYPERV_VMM_GUEST": "Servers - Windows", "NMS_SWITCH": "Switch/Router", "NMS_ROUTER": "Switch/Router",
    "NMS_FIREWALL": "Firewall", "NMS_WAP": "Wireless Access Point",
}  # fmt: skip
STATES = {"protected": "Normal", "outdated": "Warning", "off": "Failed"}
NUMBERS = {"critical": 5, "high": 5, "medium": 4, "low": 4}
WORDS = {5: "Failed", 4: "Warning"}
SERVICES = {"disk": "Disk", "cpu": "CPU", "memory": "Memory", "offline": "Connectivity", "patch": "Patch Status v2",
            "antivirus": "AV Defender Status", "service": "Windows Service", "reboot": "Agent Status"}  # fmt: skip
NEVER_SCANNED = 29  # one machine in so many has no asset information


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def at(self, moment: int, salt: int) -> str:
        """A time in one of three forms; the plain one has no offset."""
        way = self.switches.text(SLUG, "times")
        if way == "mixed":
            way = ("plain", "offset", "z")[salt % 3]
        zone = ZoneInfo(self.switches.text(SLUG, "times_zone") if way == "plain" else "America/New_York")
        told = datetime.fromtimestamp(moment, UTC if way == "z" else zone).replace(microsecond=278_000)
        text = told.isoformat(timespec="milliseconds")
        return text[:23] if way == "plain" else text.replace("+00:00", "Z") if way == "z" else text

    def owners(self) -> dict[str, int | None]:
        served = self.world.clients.served
        sites: dict[str, int | None] = {str(site): index for index in served for site in self._sites_of(index)}
        return {str(CUSTOMER + index): index for index in served} | sites

    def server(self) -> Row:
        return {"ncentral": "2026.3.0.11"}

    def clock(self) -> Row:
        zone = self.switches.text(SLUG, "times_zone")
        told = datetime.fromtimestamp(self.now, ZoneInfo(zone)).isoformat()
        return {"serverTime": told, "timezone": zone, "utcOffset": told[-6:]}

    def me(self) -> Row:
        return {"userId": 7, "userName": "reader@example.com", "isEnabled": True, "readOnly": True}

    def valid(self) -> Row:
        return {"message": "The token is valid."}

    def service_orgs(self) -> list[Row]:
        return [{"soId": str(MSP), "soName": "Lanternworks IT", "orgUnitType": "SO"}]

    def org_units(self) -> list[Row]:
        customers = [(row["customerId"], row["customerName"], "CUSTOMER", MSP) for row in self.customers()]
        sites = [(row["siteId"], row["siteName"], "SITE", row["parentId"]) for row in self.sites()]
        named = ("orgUnitId", "orgUnitName", "orgUnitType", "parentId")
        return [dict(zip(named, row, strict=True)) for row in (*customers, *sites)]

    def customers(self) -> list[Row]:
        system: Row = {"customerId": SYSTEM, "customerName": "System", "isSystem": True, "isServiceOrg": False}
        own = {**_unit(1), "customerType": "Customer", "parentId": MSP, "externalId": None, "externalId2": None}
        return [*(self._customer(record) for record in self._clients()), {**own, **system}]

    def sites(self) -> list[Row]:
        return [
            {"siteId": site, "siteName": f"{record.name} - {PLACES[site % 10]}", "parentId": CUSTOMER + index,
             "externalId": None, **_unit(site)}
            for record in self._clients() for index in (record.client or 0,) for site in self._sites_of(index)
        ]  # fmt: skip

    def devices(self) -> list[Row]:
        names = {record.client: record for record in self._clients()}
        return [
            *(self._device(one, names[one.client]) for index in names for one in self.world.health.at(self.now, index)),
            self._probe(),
        ]

    def asset(self, number: int) -> Row | None:
        one = self._condition(number)
        if one is None or not one.os_name or number % NEVER_SCANNED == 0:
            return None
        warranty = f"{one.warranty_until}T00:00:00.000" if one.warranty_until else ""
        booted = self.at(one.booted_at, number) if one.booted_at else ""
        data: Row = {
            "os": {"reportedos": one.os_name, "osarchitecture": "64-bit", "version": one.os_version},
            "computersystem": {
                "serialnumber": one.device.serial, "netbiosname": one.device.name, "model": one.model,
                "manufacturer": one.manufacturer, "totalphysicalmemory": str(16 << 30),
            },
            "device": {"longname": one.device.name, "deviceid": str(number), "deleted": "false"},
            "_extra": {
                "device": {"warrantyexpirationdate": warranty, "customerid": str(CUSTOMER + one.client)},
                "os": {"lastbootuptime": booted, "licensekey": "never to be kept"},
            },
        }  # fmt: skip
        return {"data": _mixed(data) if self.switches.text(SLUG, "names") == "mixed" else data}

    def lifecycle(self, number: int) -> Row | None:
        one = self._condition(number)
        if one is None:
            return None
        until = one.warranty_until.isoformat() if one.warranty_until else None
        untold = ("leaseExpiryDate", "expectedReplacementDate", "purchaseDate", "cost", "location", "assetTag")
        return {"warrantyExpiryDate": until, **dict.fromkeys(untold), "description": ""}

    def services(self, number: int) -> list[Row] | None:
        one = self._condition(number)
        if one is None:
            return None
        rows = [self._service(one, 0, "Connectivity", "Normal" if one.online else "Failed")]
        if one.antivirus_state and one.antivirus:
            name = "Windows Defender" if "Defender" in one.antivirus else "AV Defender Status"
            rows.append(self._service(one, 1, name, STATES[one.antivirus_state]))
        if one.antivirus and number % 11 == 0:
            rows.append(self._service(one, 2, "Windows Defender (second)", "Failed"))
        if one.patches_missing is not None:
            rows.append(self._service(one, 3, "Patch Status v2", "Warning" if one.patches_missing else "Normal"))
        return rows

    def issues(self, unit: int) -> list[Row]:
        """Of a customer or a site, and only what is so now."""
        customer = unit < SITE
        client = unit - CUSTOMER if customer else (unit - SITE) // 10
        if client not in self.world.clients.served:
            return []
        with_sites = self.switches.on(SLUG, "sites_with_customer")
        found = []
        for one in self.world.health.alerts(self.now, client=client):
            device = next(self.world.devices_at(self.now, after=one.device - 1), None)
            if one.resolved_at is None and device is not None and device.id == one.device:
                site = self._site_of(device)
                if site == unit or (customer and (site is None or with_sites)):
                    found.append(self._issue(one, device, unit))
        return found

    def _clients(self) -> Iterator[Record]:
        for index in self.world.clients.served:
            if (record := self.world.others.account(SLUG, index, self.now)) is not None:
                yield record

    def _sites_of(self, client: int) -> list[int]:
        """None where the customer is all in one place."""
        count = self.world.clients.get(client).organizations[0].sites
        return [SITE + client * 10 + place for place in range(count)] if count > 1 else []

    def _site_of(self, device: Device) -> int | None:
        sites = self._sites_of(device.client)
        return sites[device.site % 10] if device.site % 10 < len(sites) else None

    def _condition(self, number: int) -> Condition | None:
        device = next(self.world.devices_at(self.now, after=number - 1), None)
        if device is None or device.id != number or device.approval(self.now) != "APPROVED":
            return None
        return self.world.health.of(device, self.now)

    def _customer(self, record: Record) -> Row:
        number = CUSTOMER + (record.client or 0)
        return {
            "customerId": number, "customerName": record.name, "customerType": "Customer", "parentId": MSP,
            "isSystem": False, "isServiceOrg": False, "externalId": record.ids.get("connectwise_psa"),
            "externalId2": None, **_unit(number), "phone": next(iter(record.phones), ""),
        }  # fmt: skip

    def _device(self, one: Condition, record: Record) -> Row:
        device, site, customer = one.device, self._site_of(one.device), CUSTOMER + one.client
        class_ = CLASSES.get(device.node_class, "Other")
        system = f"Microsoft {one.os_name} x64 Edition" if one.os_family in ("windows", "server") else one.os_name
        return {
            "deviceId": one.id, "uri": f"192.0.2.{one.id % 250 + 1}", "longName": device.name,
            "discoveredName": device.name, "description": "", "deviceClass": class_, "deviceClassLabel": class_,
            "isProbe": False, "osId": "1234", "supportedOs": "winnt", "supportedOsLabel": system or None,
            "lastLoggedInUser": "MSP\\operator", "stillLoggedIn": "false", "licenseMode": "Professional",
            "orgUnitId": site or customer, "soId": MSP, "soName": "Lanternworks IT", "customerId": customer,
            "customerName": record.name, "siteId": site,
            "siteName": f"{record.name} - {PLACES[site % 10]}" if site else None, "applianceId": 70_000 + one.id,
            "lastApplianceCheckinTime": self.at(one.updated_at, one.id), "remoteControlUri": "https://never.example",
            "sourceUri": f"192.0.2.{one.id % 250 + 1}",
        }  # fmt: skip

    def _probe(self) -> Row:
        return {
            "deviceId": 99, "longName": "PROBE-01", "discoveredName": "PROBE-01", "deviceClass": "Servers - Windows",
            "isProbe": True, "customerId": CUSTOMER, "siteId": None, "supportedOsLabel": None,
            "lastApplianceCheckinTime": None,
        }  # fmt: skip

    def _service(self, one: Condition, place: int, name: str, state: str) -> Row:
        scanned = self.at(one.scanned_at or one.updated_at, one.id)
        return {
            "taskId": one.id * 10 + place, "serviceId": 100 + place, "serviceItemId": 1, "moduleName": name,
            "stateStatus": state, "lastUpdate": scanned, "lastScanTime": scanned,
            "transitionTime": self.at(one.device.came_at, one.id), "createdOn": self.at(one.device.came_at, one.id),
            "taskIdent": "", "taskNote": "", "isManagedTask": True, "applianceId": 70_000 + one.id,
        }  # fmt: skip

    def _issue(self, one: Alert, device: Device, unit: int) -> Row:
        state = NUMBERS[one.severity]
        return {
            "orgUnitId": unit, "deviceId": device.id, "deviceName": device.name, "serviceId": 101,
            "serviceName": SERVICES[one.kind], "serviceType": "Monitoring", "taskId": one.id, "serviceItemId": 1,
            "notificationState": WORDS[state] if self.switches.text(SLUG, "state") == "text" else state,
            "transitionTime": self.at(one.raised_at, one.id),
            "_extra": {"deviceClassValue": None, "deviceClassLabel": None},
        }  # fmt: skip


def _unit(number: int) -> Row:
    return {
        "phone": "", "contactFirstName": "Never", "contactLastName": "Kept", "contactEmail": "never@example.com",
        "street1": f"{number % 90 + 10} Mill Lane", "city": "Fernbrook", "stateProv": "OH", "country": "US",
        "postalCode": f"{43000 + number % 900}", "county": None,
    }  # fmt: skip


def _mixed(value: object) -> Row:
    """The same with capital letters in its names."""
    assert isinstance(value, dict)
    return {name.title(): _mixed(one) if isinstance(one, dict) else one for name, one in value.items()}
