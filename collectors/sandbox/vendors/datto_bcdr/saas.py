"""SaaS Protection: the customers whose cloud is backed up, and each service's nights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.backups import Run, Thing
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

SLUG = "datto_bcdr"
FIRST_CUSTOMER = 90_000
SUITE = "Office365"
SERVICES = {"mailbox": "Exchange", "drive": "OneDrive", "site": "SharePoint", "team": "Teams"}
NIGHT = (3_600, 18_000)  # from when until when, after midnight
KEPT_DAYS = 30


class Saas:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches

    def domains(self) -> list[Row]:
        return [self._domain(record, seats) for record, seats in self._customers()]

    def applications(self, customer: int, days: int) -> list[Row] | None:
        """None for a customer that is not known."""
        for record, seats in self._customers():
            if FIRST_CUSTOMER + (record.client or 0) == customer:
                days = days if self.switches.on(SLUG, "days_counted") else KEPT_DAYS
                return [self._application(record, seats, customer, days)]
        return None

    def _customers(self) -> Iterator[tuple[Record, list[Thing]]]:
        now, met = self.world.clock.now(), set[int]()
        for record in self.world.others.at(SLUG, now):
            if record.client is None or record.client in met:
                continue
            met.add(record.client)
            seats = [one for one in self.world.backups.things(record.client, now) if one.is_seat]
            if seats:
                yield record, seats

    def _domain(self, record: Record, seats: list[Thing]) -> Row:
        client = self.world.clients.get(record.client or 0)
        now, told = self.world.clock.now(), self.switches.on(SLUG, "saas_organization")
        recent = sum(one.last_good_at is not None and one.last_good_at > now - 2 * DAY for one in seats)
        number = FIRST_CUSTOMER + client.index
        return {
            "saasCustomerId": number, "saasCustomerName": record.name, "domain": client.domain,
            "organizationId": int(record.id) if told else None, "organizationName": record.name if told else None,
            "seatsUsed": sum(one.kind == "mailbox" for one in seats), "productType": SUITE,
            "retentionType": "TBR" if client.index % 2 else "ICR",
            "externalSubscriptionId": f"Classic:{SUITE}:{number}",
            "backupStats": {"activeServicesCount": len(seats), "activeServicesWithRecentBackupCount": recent,
                            "backupPercentage": 100 * recent // len(seats)},
        }  # fmt: skip

    def _application(self, record: Record, seats: list[Thing], customer: int, days: int) -> Row:
        now = self.world.clock.now()
        runs = list(self.world.backups.runs(record.client or 0, now, now - (days + 1) * DAY))
        kinds = [kind for kind in SERVICES if any(one.kind == kind for one in seats)]
        return {
            "customerId": customer, "customerName": record.name, "usedBytes": sum(one.size_bytes for one in seats),
            "suites": [{
                "suiteType": SUITE,
                "appTypes": [
                    {"appType": SERVICES[kind],
                     "backupHistory": self._history({one.id for one in seats if one.kind == kind}, runs, days)}
                    for kind in kinds
                ],
            }],
            "remoteIds": [{"seatType": "User", "active": sum(one.kind == "mailbox" for one in seats), "archived": 0,
                           "paused": sum(one.paused for one in seats), "unprotected": 0, "discovered": 0}],
        }  # fmt: skip

    def _history(self, seats: set[int], runs: list[Run], days: int) -> list[Row]:
        """A service's nights that are over, the newest first."""
        calendar, now = self.world.calendar, self.world.clock.now()
        nights: dict[int, Counter[str]] = {}
        for run in runs:
            if run.thing in seats:
                nights.setdefault(calendar.midnight(calendar.day(run.finished_at)), Counter())[run.outcome] += 1
        told = [midnight for midnight in nights if now - days * DAY <= midnight + NIGHT[1] <= now]
        return [
            {"startTime": midnight + NIGHT[0], "endTime": midnight + NIGHT[1], "status": "Completed",
             "timeWindow": "Daily", "totalServiceCount": nights[midnight].total(),
             "activeServiceCount": nights[midnight].total(),
             "activeServiceWithBackupCount": nights[midnight]["ok"] + nights[midnight]["warning"],
             "activeServiceWithPerfectBackupCount": nights[midnight]["ok"]}
            for midnight in sorted(told, reverse=True)
        ]  # fmt: skip
