"""How machines are, as the agent on each tells it, and what monitors raised.

`at(moment, client)` tells every approved machine present; `of(device, moment)` one; `alerts(moment, since, client)`
those raised by then that moved at `since` or later. Ids of alerts are higher in a later month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY, Month
from collectors.sandbox.world.devices import MANAGED, WORKSTATIONS, Device
from collectors.sandbox.world.ground import Ground, by_then, moved_by

SLOTS = 1_024
FIRST_ALERT = 5_000
FORGOTTEN = 39 * DAY
WEEK = 7 * DAY
MAKERS = (("Northwall", "N300"), ("Northwall", "N500"), ("Corvid Systems", "C14 Gen 3"), ("Halden", "Optima 7010"))
SERVER_MAKERS = (("Halden", "Rack R450"), ("Northwall", "S900"))
FAMILIES = (("Windows Server", "server"), ("Windows", "windows"), ("macOS", "macos"), ("Ubuntu", "linux"),
            ("VMware", "esxi"))  # fmt: skip
OLD_VERSIONS = {"7601": "6.1", "9600": "6.3"}
ANTIVIRUS = ("Microsoft Defender Antivirus", "Aegis Endpoint", "Microsoft Defender Antivirus")
MONITORS = (
    ("disk", "high", "Free space on {drive} is below 10 percent"), ("disk", "critical", "{drive} is almost full"),
    ("cpu", "low", "Processor above 95 percent for 30 minutes"), ("memory", "medium", "Memory above 90 percent"),
    ("offline", "critical", "Machine is offline"), ("patch", "medium", "Patches failed to install"),
    ("antivirus", "high", "Antivirus is not running"), ("service", "high", "A service that should run has stopped"),
    ("reboot", "low", "Restart pending for 14 days"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """A machine at one moment. None and "": the agent cannot tell, as of network gear."""

    id: int
    client: int
    device: Device
    patches_missing: int | None
    patches_failed: int | None
    scanned_at: int | None
    antivirus: str
    antivirus_state: str  # protected, outdated, off or none
    booted_at: int | None
    online: bool
    manufacturer: str
    model: str
    warranty_from: date | None
    warranty_until: date | None
    os_name: str
    os_version: str
    os_build: str
    os_release: str
    os_family: str  # windows, server, macos, linux, esxi or ""
    updated_at: int


@dataclass(frozen=True, slots=True)
class Alert:
    id: int
    client: int
    device: int
    kind: str
    severity: str  # critical, high, medium or low
    title: str
    raised_at: int
    acknowledged_at: int | None
    resolved_at: int | None
    updated_at: int


class Health:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._month = lru_cache(maxsize=4_000)(self._raised)

    def at(self, moment: int, client: int | None = None) -> Iterator[Condition]:
        for index in self.ground.clients.served if client is None else (client,):
            for device in self.ground.approved(index, moment):
                yield self.of(device, moment)

    def of(self, device: Device, moment: int) -> Condition:
        heard = device.last_contact(moment)
        name, build, release = device.system(heard)
        family = next((kind for start, kind in FAMILIES if name.startswith(start)), "")
        patched = family in ("windows", "server", "macos", "linux")
        antivirus, state = self._antivirus(device, heard) if family in ("windows", "server", "macos") else ("", "")
        manufacturer, model = pick(SERVER_MAKERS if family in ("server", "esxi") else MAKERS, "maker", device.id)
        bought, until = self._warranty(device)
        missing = self._missing(device, heard) if patched else None
        return Condition(
            id=device.id, client=device.client, device=device, patches_missing=missing,
            patches_failed=min(missing, whole(0, 3, "failed", device.id)) if missing is not None else None,
            scanned_at=max(device.came_at, heard - heard % DAY) if patched else None,
            antivirus=antivirus, antivirus_state=state,
            booted_at=max(device.came_at, self._week(device, heard)) if name else None,
            online=moment - heard < DAY, manufacturer=manufacturer, model=model,
            warranty_from=bought, warranty_until=until, os_name=name, os_version=_version(family, build, release),
            os_build=build, os_release=release, os_family=family, updated_at=heard,
        )  # fmt: skip

    def _week(self, device: Device, moment: int) -> int:
        """When the machine last started: on its own day of the week, of some machines once in six weeks."""
        length = WEEK * (6 if chance("uptime", device.id) < 0.08 else 1)
        offset = whole(0, length, "boot", device.id)
        return moment - (moment - offset) % length

    def _missing(self, device: Device, moment: int) -> int:
        """None are missing on most. What is out since the client's patch day is not yet on some."""
        client, week = device.client, moment // WEEK
        behind = 0.08 + 0.25 * chance("patching", client)
        since_patch_day = (moment // DAY - whole(0, 28, "patch day", client)) % 28
        if chance("neglected", device.id) < 0.05:
            return 6 + whole(0, 15, "backlog", device.id, week)
        if chance("behind", device.id, week) > behind * (0.5 if since_patch_day < 10 else 1.2):
            return 0
        return 1 + int(9 * chance("missing", device.id, week) ** 2.5)

    def _antivirus(self, device: Device, moment: int) -> tuple[str, str]:
        if chance("no antivirus", device.id) < 0.025:
            return "", "none"
        trouble = chance("antivirus", device.id, moment // (2 * WEEK))
        state = "off" if trouble < 0.015 else "outdated" if trouble < 0.055 else "protected"
        return ANTIVIRUS[device.client % len(ANTIVIRUS)], state

    def _warranty(self, device: Device) -> tuple[date | None, date | None]:
        """Three years or five from the day it was bought; of some nobody knows."""
        if device.node_class not in MANAGED or chance("no warranty", device.id) < 0.12:
            return None, None
        years = 3 if device.node_class in WORKSTATIONS else 5
        bought = self.ground.calendar.day(device.came_at) - timedelta(days=whole(0, 500, "bought", device.id))
        return bought, bought + timedelta(days=365 * years)

    # Alerts

    def alerts(self, moment: int, since: int = 0, client: int | None = None) -> Iterator[Alert]:
        ground = self.ground
        clients = ground.clients.served if client is None else (client,)
        # All months: an alert that nobody closed ends with its machine, however late that is.
        months = ground.months(0, moment)
        rows = (row for month in months for index in clients for row in self._month(index, month))
        told = (_alert_at(row, moment) for row in rows if row.raised_at <= moment)
        for alert in ground.standing("alerts", told, moment, Alert, client):
            if alert.updated_at >= since:
                yield alert

    def _raised(self, client: int, month: Month) -> tuple[Alert, ...]:
        """All of a client's month, with what becomes of each."""
        ground = self.ground
        start, end = ground.calendar.month_start(month), ground.calendar.month_start(month + 1)
        made = []
        for device in ground.devices.of_client(client) if client != INTERNAL else ():
            if device.node_class not in MANAGED:
                continue
            for turn in range(3):
                if chance("alert", device.id, month, turn) < (0.12, 0.06, 0.02)[turn]:
                    raised_at = whole(start, end, "raised", device.id, month, turn)
                    here = device.came_at <= raised_at < (device.went_at or end)
                    if here and device.approval(raised_at) == "APPROVED":
                        made.append(self._alert(device, month, turn, raised_at))
        made.sort(key=lambda row: row.raised_at)
        first = FIRST_ALERT + ground.cell(client, month) * SLOTS
        return tuple(replace(row, id=first + place) for place, row in enumerate(made[:SLOTS]))

    def _alert(self, device: Device, month: Month, turn: int, raised_at: int) -> Alert:
        kind, severity, title = pick(MONITORS, "monitor", device.id, month, turn)
        lasts = 600 + int(10 * DAY * chance("lasts", device.id, month, turn) ** 5)
        resolved_at: int | None = raised_at + lasts
        if chance("forgotten", device.id, month, turn) < 0.03:
            resolved_at = raised_at + FORGOTTEN if turn else None
        if device.went_at is not None:
            resolved_at = min(resolved_at or device.went_at, device.went_at)
        drive = "/" if device.node_class.startswith(("LINUX", "MAC", "VMWARE")) else "C:"
        return Alert(
            id=0, client=device.client, device=device.id, kind=kind, severity=severity,
            title=title.format(drive=drive), raised_at=raised_at, acknowledged_at=raised_at + lasts // 3,
            resolved_at=resolved_at, updated_at=raised_at,
        )  # fmt: skip


def _alert_at(row: Alert, moment: int) -> Alert:
    acknowledged_at, resolved_at = by_then(row.acknowledged_at, moment), by_then(row.resolved_at, moment)
    moved = moved_by(moment, row.raised_at, acknowledged_at, resolved_at)
    return replace(row, acknowledged_at=acknowledged_at, resolved_at=resolved_at, updated_at=moved)


def _version(family: str, build: str, release: str) -> str:
    if family in ("windows", "server"):
        return f"{OLD_VERSIONS.get(build, '10.0')}.{build}"
    return release
