"""What guards machines: at most clients one EDR, and at a third of them a product that lets only what is allowed run.

`product_of(client)` is "sentinelone", "huntress" or None; `agents(client, moment)` the machines that have it,
`incidents` what it found. `controlled(client)`, `computers` and `requests` tell of the application control
("threatlocker").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY, Month
from collectors.sandbox.world.devices import MANAGED, WORKSTATIONS, Device
from collectors.sandbox.world.ground import Ground, by_then, moved_by
from collectors.sandbox.world.incidents import LONGEST, Incident, incident_at, of_month
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import EDR, device_here, has_agent

SENTINELONE, HUNTRESS = "sentinelone", "huntress"
FIRST_INCIDENT = 100_000_000
FIRST_REQUEST = 200_000_000
REQUEST_SLOTS = 32
VERSIONS = ("24.1.4", "24.2.2")  # out of date, and not
FILES = ("label-printer-setup.exe", "scanner-driver.msi", "tax-form-helper.exe", "vpn-client-7.msi", "meeting.exe")


@dataclass(frozen=True, slots=True)
class Agent:
    id: int
    client: int
    product: str
    device: int
    serial: str
    hostname: str
    os: str
    os_version: str
    server: bool
    infected: bool
    active: bool
    out_of_date: bool
    version: str
    installed_at: int
    last_seen_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Computer:
    id: int
    client: int
    guid: str
    device: int
    serial: str
    hostname: str
    os: str
    mode: str  # secured, or learning: it still lets everything run
    installed_at: int
    last_seen_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    id: int
    client: int
    computer: int
    file: str
    status: str  # pending, approved or denied
    requested_at: int
    decided_at: int | None
    updated_at: int


class EndpointSecurity:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.product_of = lru_cache(maxsize=20_000)(self._product_of)
        self._month = lru_cache(maxsize=4_000)(self._found)

    def _product_of(self, client: int) -> str | None:
        if client not in self.ground.clients.served:
            return None
        if self.ground.others.is_ever_there(EDR, client):
            return SENTINELONE
        return HUNTRESS if client != INTERNAL and chance("edr", self.ground.options.seed, client) < 0.75 else None

    def _is_on(self, client: int, moment: int) -> bool:
        """An EDR that is paid for can be cancelled, and its agents with it."""
        if self.product_of(client) == SENTINELONE:
            return self.ground.others.is_there(EDR, client, moment)
        return self.product_of(client) is not None and self.ground.there(client, moment)

    def agents(self, client: int, moment: int) -> list[Agent]:
        if not self._is_on(client, moment):
            return []
        infected = {row.device for row in self.incidents(client, moment) if row.status == "open"}
        machines = (row for row in self.ground.approved(client, moment) if has_agent(row))
        return [self._agent(row, moment, row.id in infected) for row in machines]

    def _agent(self, device: Device, moment: int, infected: bool) -> Agent:
        heard = device.last_contact(moment)
        name, build, _ = device.system(heard)
        old = chance("agent version", device.id, heard // (30 * DAY)) < 0.08
        return Agent(
            id=device.id, client=device.client, product=self.product_of(device.client) or "", device=device.id,
            serial=device.serial, hostname=device.name, os=name, os_version=build,
            server=device.node_class not in WORKSTATIONS, infected=infected, active=moment - heard < 7 * DAY,
            out_of_date=old, version=VERSIONS[not old], installed_at=device.approved_at or device.came_at,
            last_seen_at=heard, updated_at=heard,
        )  # fmt: skip

    def incidents(self, client: int, moment: int, since: int = 0) -> Iterator[Incident]:
        ground = self.ground
        first = 0 if ground.edits.edited("incidents") else max(0, since - LONGEST)
        rows = (row for month in ground.months(first, moment) for row in self._month(client, month))
        told = (incident_at(row, moment) for row in rows if row.created_at <= moment)
        for incident in ground.standing("incidents", told, moment, Incident, client):
            if incident.updated_at >= since and incident.product in (SENTINELONE, HUNTRESS):
                yield incident

    def _found(self, client: int, month: Month) -> tuple[Incident, ...]:
        ground, product = self.ground, self.product_of(client)
        start, end = ground.calendar.month_start(month), ground.calendar.month_start(month + 1)
        if product is None or not self._is_on(client, start):
            return ()
        machines = [row for row in ground.devices.of_client(client)
                    if has_agent(row) and device_here(row, start) and (row.went_at or end) >= end]  # fmt: skip
        if not machines:
            return ()
        return of_month(ground, product, FIRST_INCIDENT, client, month, machines, 0.02 * len(machines))

    # Application control

    def controlled(self, client: int) -> bool:
        served = client in self.ground.clients.served and client != INTERNAL
        return served and self.ground.clients.turn(client) % 3 == 1

    def computers(self, client: int, moment: int) -> list[Computer]:
        if not self.controlled(client) or not self.ground.there(client, moment):
            return []
        machines = (row for row in self.ground.approved(client, moment)
                    if row.node_class in MANAGED and row.os_name.startswith("Windows") and row.id % 11)  # fmt: skip
        return [self._computer(row, moment) for row in machines]

    def _computer(self, device: Device, moment: int) -> Computer:
        """It learns for its first three weeks, and some are never taken out of it."""
        installed_at = max(device.approved_at or device.came_at, self.ground.start - 90 * DAY)
        ends = installed_at + (10_000 if chance("learning", device.id) < 0.06 else 21) * DAY
        heard = device.last_contact(moment)
        return Computer(
            id=device.id, client=device.client, guid=opaque(f"computer/{device.id}"), device=device.id,
            serial=device.serial, hostname=device.name, os=device.system(heard)[0],
            mode="learning" if moment < ends else "secured", installed_at=installed_at, last_seen_at=heard,
            updated_at=moved_by(moment, installed_at, heard, ends),
        )  # fmt: skip

    def requests(self, client: int, moment: int, since: int = 0) -> Iterator[ApprovalRequest]:
        if not self.controlled(client):
            return
        for month in self.ground.months(max(0, since - LONGEST), moment):
            start, end = self.ground.calendar.month_start(month), self.ground.calendar.month_start(month + 1)
            machines = [row.id for row in self.ground.devices.of_client(client) if row.node_class in WORKSTATIONS
                        and row.id % 11 and row.came_at < start and (row.went_at or end) >= end]  # fmt: skip
            count = min(REQUEST_SLOTS, round(len(machines) * 0.2 * chance("asked", client, month))) if machines else 0
            moments = sorted(whole(start, end, "asked at", client, month, turn) for turn in range(count))
            base = FIRST_REQUEST + self.ground.cell(client, month) * REQUEST_SLOTS
            for turn, requested_at in enumerate(moments):
                if requested_at <= moment:
                    row = _request(base + turn, client, machines, requested_at, moment)
                    if row.updated_at >= since:
                        yield row


def _request(identity: int, client: int, machines: list[int], requested_at: int, moment: int) -> ApprovalRequest:
    decided = requested_at + 900 + int(4 * DAY * chance("decided", identity) ** 4)
    decided_at = by_then(decided, moment)
    verdict = "denied" if chance("verdict", identity) < 0.2 else "approved"
    row = ApprovalRequest(
        identity, client, pick(machines, "asked on", identity), pick(FILES, "file", identity), verdict, requested_at,
        decided_at, decided_at or requested_at,
    )  # fmt: skip
    return row if decided_at is not None else replace(row, status="pending")
