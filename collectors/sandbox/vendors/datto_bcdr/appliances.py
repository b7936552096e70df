"""Appliances, one or two a client, and the machines each protects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.backups import RecoveryTest, Run, Thing
from collectors.sandbox.world.dates import DAY, utc_text
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

SLUG = "datto_bcdr"
MODELS = ("S5-4", "S5-X", "ALTO4", "Virtual SIRIS")
PLANS = {365: "1 Year Time-Based Retention"}
FOR_EVER = "Infinite Cloud Retention"
BAD = {"success": "failure", "Success": "Failure", "string": "failure"}
TESTED_WITHIN = 100 * DAY


@dataclass(frozen=True)
class Appliance:
    serial: str
    record: Record
    place: int
    of: int  # how many the client has
    hidden: bool = False
    child: bool = False


class Appliances:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches

    # Appliances

    def listed(self, showHiddenDevices: bool, showChildResellerDevices: bool) -> list[Row]:
        return [
            self._row(one) for one in self._all()
            if (showHiddenDevices or not one.hidden) and (showChildResellerDevices or not one.child)
        ]  # fmt: skip

    def one(self, serial: str) -> Row | None:
        found = self._find(serial)
        return self._row(found) if found else None

    def assets(self, serial: str) -> list[Row] | None:
        """None for a serial number that is not known."""
        found = self._find(serial)
        if found is None or found.record.client is None:
            return [] if found else None
        client, now = found.record.client, self.world.clock.now()
        if found.record.machines == () or found.hidden or found.child:
            return []
        things = [one for one in self._things(client) if one.id % found.of == found.place]
        runs, tests = self._runs(client, now), self._tests(client, now)
        rows = [self._asset(one, runs.get(one.id, []), tests.get(one.id)) for one in things]
        return rows + [self._archived(row, found) for row in rows[:1]]

    def _all(self) -> list[Appliance]:
        made: list[Appliance] = []
        for record in self.world.others.at(SLUG, self.world.clock.now()):
            many = 2 if record.client is not None and record.client % 4 == 0 and record.machines else 1
            made += [Appliance(_serial(record.id, place), record, place, many) for place in range(many)]
        first = made[0].record
        return [*made, Appliance(_serial("hidden", 0), first, 0, 1, hidden=True),
                Appliance(_serial("child", 0), first, 0, 1, child=True)]  # fmt: skip

    def _find(self, serial: str) -> Appliance | None:
        return next((one for one in self._all() if one.serial == serial), None)

    def _things(self, client: int) -> list[Thing]:
        return [one for one in self.world.backups.things(client, self.world.clock.now()) if not one.is_seat]

    def _row(self, one: Appliance) -> Row:
        record, calendar = one.record, self.world.calendar
        now = self.world.clock.now()
        things = self._things(record.client) if record.client is not None and record.machines else []
        bought = calendar.day(calendar.month_start(self.world.options.first_month)) - timedelta(days=200)
        retention = things[0].retention_days if things else 0
        written = f" (PSA: {next(iter(record.ids.values()))})" if record.ids else ""
        return {
            "serialNumber": one.serial, "name": f"BDR-{one.serial[:4]}", "model": MODELS[int(one.serial, 16) % 4],
            "region": None if one.place else {"location": "US", "provider": "Datto"},
            "lastSeenDate": utc_text(now - now % 600).replace("Z", "+00:00"),
            "organizationId": int(record.id), "organizationName": record.name,
            "clientCompanyName": record.name + written, "hidden": one.hidden,
            "servicePlan": PLANS.get(retention, FOR_EVER), "registrationDate": f"{bought}T00:00:00+00:00",
            "servicePeriod": f"{bought + timedelta(days=1461)}T00:00:00+00:00",
            "warrantyExpire": f"{bought + timedelta(days=1826)}T00:00:00+00:00",
            "localStorageUsed": {"size": 120 * len(things), "units": "GB"},
            "localStorageAvailable": {"size": 2157, "units": "GB"},
            "offsiteStorageUsed": {"size": 90 * len(things), "units": "GB"},
            "totalManagedDisk": {"size": 4, "units": "TB"}, "internalIP": "192.0.2.20", "activeTickets": 0,
            "resellerCompanyName": "A reseller below us" if one.child else "Lanternworks IT",
            "agentCount": len(things), "shareCount": 0, "alertCount": 0, "uptime": 864_000,
            "remoteWebUrl": f"https://{one.serial.lower()}.remote.example/",
        }  # fmt: skip

    # What they protect

    def _runs(self, client: int, now: int) -> dict[int, list[Run]]:
        """The newest of each thing, newest first."""
        most = self.switches.number(SLUG, "remembered")
        runs: dict[int, list[Run]] = {}
        for run in self.world.backups.runs(client, now, now - (most + 1) * DAY):
            runs.setdefault(run.thing, []).insert(0, run)
        return {thing: listed[:most] for thing, listed in runs.items()}

    def _tests(self, client: int, now: int) -> dict[int, RecoveryTest]:
        return {test.thing: test for test in self.world.backups.tests(client, now, now - TESTED_WITHIN)}

    def _asset(self, one: Thing, runs: list[Run], test: RecoveryTest | None) -> Row:
        row: Row = {
            "name": one.hostname, "volume": _volume(one.id), "localIp": f"10.10.100.{one.id % 250 + 1}",
            "os": self._os(one), "protectedVolumesCount": 1, "unprotectedVolumesCount": 0,
            "protectedVolumeNames": ["C:\\"], "unprotectedVolumeNames": [], "agentVersion": "2.5.0.0",
            "isPaused": one.paused, "isArchived": False, "latestOffsite": one.last_good_at,
            "localSnapshots": len(runs), "lastSnapshot": one.last_good_at or 0,
            "lastScreenshotAttempt": test.tested_at if test else 0,
            "lastScreenshotAttemptStatus": test.passed if test else False,
            "lastScreenshotUrl": f"https://device.dattobackup.example/image/{_volume(one.id)}.png",
            "fqdn": f"{one.hostname.lower()}.corp.example", "backups": [self._backup(run) for run in runs],
            "type": "agent",
        }  # fmt: skip
        if self.switches.on(SLUG, "machine_serial"):
            row["protectedMachine"] = {"mac": _volume(one.id)[:12], "serial": one.serial}
        return row

    def _os(self, one: Thing) -> str:
        now = self.world.clock.now()
        found = (row for row in self.world.ground.devices_of(one.client, now) if row.id == one.device)
        return next((row.system(now)[0] for row in found), "")

    def _backup(self, run: Run) -> Row:
        word = self.switches.text(SLUG, "status_words")
        failed, warned = run.outcome == "failed", run.outcome == "warning"
        errors = [{"errorType": "filesystem", "errorMessage": run.error}] if warned else []
        return {
            "timestamp": utc_text(run.finished_at).replace("Z", "+00:00"),
            "backup": {"status": BAD[word] if failed else word, "errorMessage": run.error if failed else ""},
            "localVerification": {"status": BAD[word] if warned else word, "errors": errors},
            "advancedVerification": {"screenshotVerification": {"status": "", "image": ""}},
        }

    def _archived(self, like: Row, one: Appliance) -> Row:
        """A machine that is no more, and whose backups are kept."""
        now = self.world.clock.now()
        gone = {"name": "OLD-SRV", "volume": _volume(-int(one.serial, 16)), "isArchived": True, "backups": []}
        return {**like, **gone, "lastSnapshot": now - now % DAY - 400 * DAY, "protectedMachine": None}


def _serial(text: str, place: int) -> str:
    return opaque(f"datto appliance/{text}/{place}").replace("-", "").upper()[:12]


def _volume(thing: int) -> str:
    return opaque(f"datto volume/{thing}").replace("-", "")
