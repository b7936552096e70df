"""Asio's JSON for the world's clients, sites, machines and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.dates import DAY, utc_text
from collectors.sandbox.world.devices import WORKSTATIONS, Device
from collectors.sandbox.world.health import Alert, Condition
from collectors.sandbox.world.names import address, opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

SLUG = "connectwise_rmm"
PARTNER = "50016646"
PLACES = ("Head Office", "Branch", "Depot")
MONITORS, PHONE = "Monitoring", "Phone"
CATEGORIES = {"disk": "Disk", "cpu": "Processor", "memory": "Memory", "offline": "Availability", "patch": "Patching",
              "antivirus": "Antivirus", "service": "Services", "reboot": "Restart"}  # fmt: skip
NETWORK = {"NMS_SWITCH": "Switch", "NMS_ROUTER": "Router", "NMS_FIREWALL": "Firewall", "NMS_WAP": "Access Point"}
MINIMAL = ("endpointID", "deviceName", "friendlyName", "resourceType", "endpointType", "createdAt", "modifiedAt")
WITHOUT_POLICY, NEVER_ASSESSED, PLAIN_NAME, BIOS_ALONE = 17, 23, 5, 11  # one machine in so many
FORMER = (("Silverbank Foods", "inactiveDate"), ("Test company", "deletedDate"))


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches
        self._numbers: dict[str, int] = {}  # of devices by their id here, as far as they were told

    @property
    def now(self) -> int:
        return self.world.clock.now()

    def owners(self) -> dict[str, int | None]:
        served = self.world.clients.served
        companies: dict[str, int | None] = {company_id(index): index for index in served}
        sites = {site_id(index, place): index for index in served for place in range(self._sites(index))}
        return companies | sites

    def companies(self) -> list[Row]:
        return [*map(self._company, self.clients()), *(self._former(name, field) for name, field in FORMER)]

    def sites(self, company: str = "") -> list[Row]:
        """Of one company; without one, all."""
        return [
            self._site(record, place) for record in self.clients() for index in (record.client or 0,)
            if company in ("", company_id(index)) for place in range(self._sites(index))
        ]  # fmt: skip

    def devices(self) -> Iterator[tuple[Row, Row]]:
        """Each with the place it is listed at: category, company and site."""
        for record in self.clients():
            yield from self.of_client(record.client or 0)

    def of_client(self, index: int) -> list[tuple[Row, Row]]:
        return [(self._place(one.device), self._device(one)) for one in self.world.health.at(self.now, index)]

    def heartbeat(self, endpoint: str) -> tuple[Row, Row] | None:
        """None for what has no agent."""
        one = self.condition(endpoint)
        if one is None or not one.os_name:
            return None
        told = datetime.fromtimestamp(one.updated_at, UTC).replace(microsecond=565_000)
        between = " " if self.switches.text(SLUG, "heartbeat_time") == "space" else "T"
        moment = told.isoformat(between, timespec="microseconds")
        beat: Row = {"EndpointID": endpoint, "DcDateTimeUTC": moment, "Availability": one.online}
        return self._place(one.device), beat

    def patches(self, endpoint: str) -> tuple[Row, list[Row]] | None:
        """The summary and the patches; None where nobody looked."""
        one = self.condition(endpoint)
        if one is None or one.patches_missing is None or one.scanned_at is None or one.id % NEVER_ASSESSED == 0:
            return None
        policy = one.id % WITHOUT_POLICY != 0
        missing = one.patches_missing if policy else 0
        listed = [_patch(one.id, place, place < missing, utc_text(one.scanned_at)) for place in range(missing + 2)]
        share = 1 - missing / (missing + 40)
        told: Row = {
            "assessedAt": utc_text(one.scanned_at), "missingCount": missing, "pendingRebootCount": 0,
            "installedCount": 40 if policy else 0, "outOfSupport": False, "deploymentStatus": policy,
            "policyName": "Default" if policy else None, "pendingReboot": False, "nextInstallAt": None,
            "compliance": share if self.switches.text(SLUG, "compliance") == "share" else round(share * 100, 1),
        }  # fmt: skip
        return told, listed

    def tickets(self) -> list[Row]:
        here = {record.client or 0: record for record in self.clients()}
        raised = [one for one in self.world.health.alerts(self.now) if one.client in here]
        people = [self._call(index) for index in here if self.world.ground.start + index * DAY <= self.now]
        return [*(self._alert(one) for one in raised), *people]

    def condition(self, endpoint: str) -> Condition | None:
        if endpoint not in self._numbers:
            self._numbers |= {endpoint_id(device.id): device.id for device in self.world.devices_at(self.now)}
        number = self._numbers.get(endpoint, 0)
        device = next(self.world.devices_at(self.now, after=number - 1), None)
        if device is None or device.id != number or device.approval(self.now) != "APPROVED":
            return None
        return self.world.health.of(device, self.now)

    def clients(self) -> Iterator[Record]:
        for index in self.world.clients.served:
            if (record := self.world.others.account(SLUG, index, self.now)) is not None:
                yield record

    def _sites(self, client: int) -> int:
        return max(1, self.world.clients.get(client).organizations[0].sites)

    def _never(self) -> str | None:
        return "0001-01-01T00:00:00Z" if self.switches.on(SLUG, "zero_dates") else None

    def _company(self, record: Record) -> Row:
        index = record.client or 0
        number, ids = company_id(index), []
        if psa := record.ids.get("connectwise_psa"):
            product = self.switches.text(SLUG, "psa_product")
            ids = [_other_id(number, "77", "sage-books"), _other_id(number, psa, product)]
        street, city, code = address(index, record.name)
        primary = {
            "id": site_id(index, 0), "name": PLACES[0],
            "primaryAddress": {"addressLine1": street, "locality": city, "postCode": code, "countryCode": "US"},
        }  # fmt: skip
        return {
            **self._plain_company(number, record.name), "externalIds": ids, "primarySite": primary,
            "primaryContact": {"firstName": "Never", "lastName": "Kept",
                               "primaryEmail": {"emailAddress": "never@example.com"}},
        }  # fmt: skip

    def _plain_company(self, number: str, name: str) -> Row:
        return {
            "id": number, "name": name, "friendlyName": name.partition(" ")[0], "externalIds": [],
            "account": {"id": number, "name": name}, "partnerId": PARTNER,
            "ownershipType": {"id": "1", "name": "Owned"},
            "activityStatus": {"id": "1", "name": "Active", "activeFlag": True, "defaultFlag": True},
            "createdDate": "2022-01-10T10:00:00Z", "acquiredDate": None,
            "inactiveDate": self._never(), "deletedDate": self._never(),
        }  # fmt: skip

    def _former(self, name: str, ended: str) -> Row:
        row = self._plain_company(opaque(f"{SLUG}/former/{name}"), name)
        return {**row, ended: "2023-05-04T08:00:00Z",
                "activityStatus": {"id": "2", "name": "Inactive", "activeFlag": False}}  # fmt: skip

    def _site(self, record: Record, place: int) -> Row:
        index = record.client or 0
        street, city, code = address(index, record.name)
        return {
            "id": site_id(index, place), "name": PLACES[place % len(PLACES)], "friendlyName": "", "activeFlag": True,
            "company": {"id": company_id(index), "name": record.name}, "timeZone": "America/Chicago",
            "primaryAddress": {"addressLine1": street, "locality": city, "postCode": code},
        }  # fmt: skip

    def _place(self, device: Device) -> Row:
        index = device.client
        place = device.site % 10 if device.site % 10 < self._sites(index) else 0
        category = "network" if device.node_class.startswith("NMS_") else "platform"
        return {"category": category, "company": company_id(index), "site": site_id(index, place)}

    def _device(self, one: Condition) -> Row:
        device = one.device
        type_ = NETWORK.get(device.node_class) or ("Desktop" if device.node_class in WORKSTATIONS else "Server")
        host = "HOST" in device.node_class
        row: Row = {
            "endpointID": endpoint_id(one.id), "deviceName": device.name,
            "friendlyName": "" if one.id % 2 else device.name, "resourceType": type_, "endpointType": type_,
            "type": type_, "virtualType": "Host" if host else "Guest" if "GUEST" in device.node_class else "Physical",
            "ipAddress": [f"192.0.2.{one.id % 250 + 1}"], "macAddress": ["02:00:5e:00:53:01"],
            "remoteAddress": "203.0.113.7", "createdAt": utc_text(device.came_at),
            "modifiedAt": utc_text(one.updated_at),
        }  # fmt: skip
        return row | self._inside(one) if one.os_name else row

    def _inside(self, one: Condition) -> Row:
        """What the agent on a machine tells of it."""
        windows = one.os_family in ("windows", "server")
        product = f"Microsoft {one.os_name}" if windows else one.os_name
        if not windows and one.id % 2:
            product = product.partition(" ")[0]
        version = one.os_version.rpartition(".")[0] if windows and one.id % PLAIN_NAME == 0 else one.os_version
        serial = one.device.serial
        row: Row = {
            "os": {"product": product, "manufacturer": "", "version": version, "buildNumber": one.os_build,
                   "displayVersion": one.os_release, "releaseID": one.os_release, "type": one.os_family,
                   "arch": "64-bit", "servicePack": "", "productKey": "never to be kept"},
            "system": {"product": one.model, "model": one.model, "systemName": one.device.name,
                       "serialNumber": None if one.id % BIOS_ALONE == 0 else serial, "domain": "example.local",
                       "domainRole": 1, "category": "", "chassis": "Desktop"},
            "bios": {"product": "BIOS", "manufacturer": one.manufacturer, "version": "1.2", "serialNumber": serial,
                     "smbiosVersion": "3.2"},
            "agentInstalledUTC": utc_text(one.device.came_at), "createTimeUTC": utc_text(one.device.came_at),
            "processors": [], "physicalMemory": [], "drives": [],
        }  # fmt: skip
        if one.antivirus_state:
            known = [{"name": one.antivirus, "version": "4.18", "applicationName": one.antivirus}]
            row["antiViruses"] = known if one.antivirus else []
        return row

    def _alert(self, one: Alert) -> Row:
        status = "Closed" if one.resolved_at else "In Progress" if one.acknowledged_at else "New"
        own = self.switches.text(SLUG, "ticket_assets") == "own"
        asset = opaque(f"{SLUG}/asset/{one.device}") if own else endpoint_id(one.device)
        row = self._ticket(f"alert/{one.id}", one.id, one.client, one.raised_at, one.updated_at)
        return row | {
            "summary": one.title, "status": _named("status", status), "source": _named("source", MONITORS),
            "priority": _named("priority", one.severity.title()), "assets": [{"id": asset}],
            "category": _named("category", CATEGORIES[one.kind]),
        }  # fmt: skip

    def _call(self, index: int) -> Row:
        raised = self.world.ground.start + index * DAY
        return self._ticket(f"call/{index}", index, index, raised, raised) | {
            "summary": "A printer does not print", "status": _named("status", "New"), "assets": [],
            "source": _named("source", PHONE), "priority": _named("priority", "Low"),
        }  # fmt: skip

    def _ticket(self, key: str, number: int, client: int, raised: int, updated: int) -> Row:
        due = datetime.fromtimestamp(raised + DAY, UTC)
        return {
            "id": opaque(f"{SLUG}/{key}"), "number": str(number), "company": {"id": company_id(client)},
            "site": {"id": site_id(client, 0)}, "serviceBoard": _named("board", "RMM"), "tags": [],
            "description": "never to be kept", "createdAt": utc_text(raised), "updatedAt": utc_text(updated),
            "dueDate": f"{due:%m/%d/%Y}",
        }  # fmt: skip


def company_id(client: int) -> str:
    return opaque(f"{SLUG}/company/{client}")


def site_id(client: int, place: int) -> str:
    return opaque(f"{SLUG}/site/{client}/{place}")


def endpoint_id(number: int) -> str:
    return opaque(f"{SLUG}/endpoint/{number}")


def _named(kind: str, name: str) -> Row:
    return {"id": opaque(f"{SLUG}/{kind}/{name}"), "name": name}


def _other_id(company: str, number: str, product: str) -> Row:
    return {"id": opaque(f"{SLUG}/{company}/{product}"), "companyId": company, "externalId": number,
            "productId": product, "productInstanceId": "1"}  # fmt: skip


def _patch(device: int, place: int, missing: bool, at: str) -> Row:
    return {
        "updateID": opaque(f"{SLUG}/patch/{device}/{place}"), "kbArticleID": str(5_050_000 + place),
        "status": 1 if missing else 2, "classification": "Security Updates", "msrcSeverity": "Critical",
        "policyMatch": True, "installedDate": None if missing else at,
    }  # fmt: skip
