"""How NinjaOne tells the state of machines: reports of health and antivirus, warranty beside a device, activities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from collectors.sandbox.exchange import Refusal, Request, Row
from collectors.sandbox.vendors.ninjaone import rows
from collectors.sandbox.world.dates import DAY, parse_moment
from collectors.sandbox.world.devices import Device
from collectors.sandbox.world.health import Alert
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.world import World

SEVERITIES = {"critical": "CRITICAL", "high": "MAJOR", "medium": "MODERATE", "low": "MINOR"}
DEFINITIONS = {"protected": "Up-to-date", "outdated": "Out-of-date", "off": "Unknown"}
MOST = 1000
ASKED = {"type", "status", "after", "before", "olderThan", "newerThan", "pageSize"}


class States:
    def __init__(self, world: World) -> None:
        self.world = world

    def operating_system(self, device: Device, moment: int) -> list[Row]:
        told = rows.operating_system(device, moment)
        return [told | {"lastBootTime": float(self.world.health.of(device, moment).booted_at or 0)}]

    def detailed(self, device: Device, moment: int) -> Row:
        told = rows.device_detailed(device, moment)
        if device.os_name:
            [system] = self.operating_system(device, moment)
            told["os"] = {name: value for name, value in system.items() if name not in ("deviceId", "timestamp")}
        return told

    def health(self, device: Device, moment: int) -> list[Row]:
        state = self.world.health.of(device, moment)
        pending, failed = state.patches_missing or 0, state.patches_failed or 0
        told = rows.health(device, moment) | {
            "healthStatus": "HEALTHY" if pending < 3 else "NEEDS_ATTENTION", "alertCount": int(pending > 3),
            "failedOSPatchesCount": failed, "pendingOSPatchesCount": pending,
        }  # fmt: skip
        return [told] if state.patches_missing is not None else []

    def antivirus(self, device: Device, moment: int) -> list[Row]:
        """One row a product; some machines have a second one that is off."""
        state = self.world.health.of(device, moment)
        if not state.antivirus_state:
            return []
        made: Row = {
            "deviceId": device.id, "productName": state.antivirus or "NONE", "version": "4.18",
            "productState": "ON" if state.antivirus_state in ("protected", "outdated") else "OFF",
            "definitionStatus": DEFINITIONS.get(state.antivirus_state, "Unknown"),
            "timestamp": rows.moment_of(state.updated_at, device.id),
        }  # fmt: skip
        second = made | {"productName": "Windows Defender", "productState": "OFF", "definitionStatus": "Unknown"}
        return [made, second] if device.id % 11 == 0 and state.antivirus else [made]

    def warranty(self, device: Device, moment: int) -> Row:
        state = self.world.health.of(device, moment)
        if state.warranty_until is None or state.warranty_from is None:
            return {}
        starts, ends = (
            float(datetime(day.year, day.month, day.day, 12).timestamp())
            for day in (state.warranty_from, state.warranty_until)
        )
        return {"warranty": {"startDate": starts, "endDate": ends, "manufacturerFulfillmentDate": starts}}

    def activities(self, request: Request) -> Row:
        """The newest first, walked back by `olderThan`; dates include their whole day."""
        query = request.query
        if set(query) - ASKED or query.get("type") != "CONDITION" or query.get("status") not in ("TRIGGERED", "RESET"):
            raise Refusal(400, "unknown parameter or type of activity")
        size = query.get("pageSize", "200")
        if not size.isdigit() or not 0 < int(size) <= MOST:
            raise Refusal(400, "pageSize is out of range")
        older, newer = (int(query.get(name, "0")) for name in ("olderThan", "newerThan"))
        found = [
            row for row in self._happened(query["status"], query.get("after"), query.get("before"))
            if (not older or int(str(row["id"])) < older) and int(str(row["id"])) > newer
        ]
        page = sorted(found, key=lambda row: -int(str(row["id"])))[: int(size)]
        return {"lastActivityId": page[-1]["id"] if page else older, "activities": page}

    def _happened(self, status: str, after: str | None, before: str | None) -> Iterator[Row]:
        first = parse_moment(f"{after}T00:00:00Z") if after else 0
        last = parse_moment(f"{before}T00:00:00Z") + DAY if before else None
        for alert in self.world.health.alerts(self.world.clock.now()):
            at = alert.raised_at if status == "TRIGGERED" else alert.resolved_at
            if at is not None and at >= first and (last is None or at < last):
                yield _activity(alert, status, at)


def _activity(alert: Alert, status: str, at: int) -> Row:
    return {
        "id": alert.id * 2 + (status == "RESET"), "activityTime": rows.moment_of(at, alert.id),
        "deviceId": alert.device, "activityType": "CONDITION", "statusCode": status, "status": status.title(),
        "severity": SEVERITIES[alert.severity], "priority": "NONE", "subject": alert.title,
        "message": f"{alert.title} ({alert.kind})", "sourceName": alert.kind, "seriesUid": opaque(f"series/{alert.id}"),
    }  # fmt: skip
