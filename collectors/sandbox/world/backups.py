"""What is backed up at each client, how every night's run ended, and which recoveries were tried.

`product_of(client)` is "datto_bcdr", "veeam", "acronis" or None: one each, so that nothing is there twice. `things`
are machines and, at most clients, seats of the tenant; `runs` are daily, `tests` about one a quarter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.devices import WORKSTATIONS, Device
from collectors.sandbox.world.ground import Ground
from collectors.sandbox.world.others import BACKUP, has_agent
from collectors.sandbox.world.tenants import Tenants, User

DATTO, VEEAM, ACRONIS = BACKUP, "veeam", "acronis"
FIRST_SEAT = 600_000_000
SEAT_SLOTS = 4_096
RUNS_A_DAY = 10_000_000_000
FIRST_DAY = 730_000  # as an ordinal; ids count from here
TROUBLE = 45  # days in which a thing has one stretch of failures at most
PAUSE = 90
TEST_EVERY = 88
ERRORS = ("Snapshot could not be made: the writer timed out", "Target is out of space", "Agent does not answer",
          "Credentials were refused", "Network path was not found")  # fmt: skip
WARNINGS = "Finished, some files were in use"


@dataclass(frozen=True, slots=True)
class Thing:
    id: int
    client: int
    product: str
    kind: str  # server or workstation; mailbox, drive, site or team
    name: str
    device: int | None
    serial: str
    hostname: str
    user: str
    added_at: int
    paused: bool
    retention_days: int
    last_run_at: int | None
    last_good_at: int | None
    last_outcome: str
    last_error: str
    size_bytes: int
    updated_at: int

    @property
    def is_seat(self) -> bool:
        return self.device is None


@dataclass(frozen=True, slots=True)
class Run:
    id: int
    client: int
    thing: int
    started_at: int
    finished_at: int
    outcome: str  # ok, warning or failed
    error: str
    bytes: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class RecoveryTest:
    id: int
    client: int
    thing: int
    kind: str
    tested_at: int
    passed: bool
    updated_at: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """A thing's own facts, those that no night changes."""

    id: int
    client: int
    kind: str
    name: str
    device: Device | None
    user: str
    added_at: int


class Backups:
    def __init__(self, ground: Ground, tenants: Tenants) -> None:
        self.ground, self.tenants = ground, tenants
        self.product_of = lru_cache(maxsize=20_000)(self._product_of)

    def _product_of(self, client: int) -> str | None:
        if client not in self.ground.clients.served:
            return None
        if self.ground.others.is_ever_there(DATTO, client):
            return DATTO
        pays = any(addition.product == "BACKUP" for agreement in self.ground.agreements.of_client(client)
                   for addition in agreement.additions)  # fmt: skip
        if client == INTERNAL or (chance("unprotected", client) < (0.3 if pays else 0.15)):
            return None
        return VEEAM if self.ground.clients.turn(client) % 2 else ACRONIS

    def things(self, client: int, moment: int) -> list[Thing]:
        product = self.product_of(client)
        if product is None:
            return []
        rows = (self._thing(row, product, moment) for row in self._kept(client, moment))
        return list(self.ground.standing("backups", rows, moment, Thing, client))

    def runs(self, client: int, moment: int, since: int) -> Iterator[Run]:
        """By night, then by thing: ids ascend. A thing that is gone takes its runs with it."""
        calendar, kept = self.ground.calendar, self._kept(client, moment)
        rows = self._runs(kept, calendar.day(max(since, self.ground.start)).toordinal() - 1,
                          calendar.day(moment).toordinal(), moment)  # fmt: skip
        for run in self.ground.standing("backup_runs", rows, moment, Run, client):
            if run.updated_at >= since:
                yield run

    def tests(self, client: int, moment: int, since: int = 0) -> Iterator[RecoveryTest]:
        first = self.ground.calendar.day(max(since, self.ground.start)).toordinal()
        last = self.ground.calendar.day(moment).toordinal()
        machines = [row for row in self._kept(client, moment) if row.device and chance("untested", row.id) > 0.12]
        for day in range(first, last + 1):
            for row in machines:
                if (day + row.id) % TEST_EVERY == 0:
                    tested_at = self._night(row.id, day) + 7_200
                    if max(since, row.added_at) <= tested_at <= moment:
                        passed, number = chance("recovered", row.id, day) > 0.07, _run_id(row.id, day)
                        yield RecoveryTest(number, client, row.id, "screenshot", tested_at, passed, tested_at)

    # What there is

    def _kept(self, client: int, moment: int) -> list[_Kept]:
        product = self.product_of(client)
        if product is None or (product == DATTO and not self.ground.others.is_there(DATTO, client, moment)):
            return []
        machines = [row for row in self.ground.approved(client, moment) if self._is_kept(row, product)]
        rows = [_Kept(row.id, client, "workstation" if row.node_class in WORKSTATIONS else "server", row.name, row, "",
                      row.approved_at or row.came_at) for row in machines]  # fmt: skip
        return [*rows, *(row for row in self._seats(client, moment) if row.added_at <= moment)]

    def _began(self, client: int) -> int:
        """When seats were first backed up: before the history, or a week after the client came."""
        return (self.ground.clients.get(client).joined_at or self.ground.start - 400 * DAY) + 7 * DAY

    def _is_kept(self, device: Device, product: str) -> bool:
        if device.node_class not in WORKSTATIONS:
            return has_agent(device, servers_only=True)
        return product != DATTO and has_agent(device) and chance("own backup", device.id) < 0.12

    def _seats(self, client: int, moment: int) -> Iterator[_Kept]:
        """Mailbox and drive of most who may sign in and have a licence, and a site and a team or two."""
        if chance("saas", client) > 0.65:
            return
        users = [user for user in self.tenants.users(client, moment) if self._has_seat(user)]
        if not users:
            return
        began, base = self._began(client), FIRST_SEAT + client * SEAT_SLOTS
        for user in users:
            for turn, kind in enumerate(("mailbox", "drive")):
                number = base + (user.id % 1_024) * 2 + turn
                yield _Kept(number, client, kind, user.upn, None, user.guid, max(began, user.created_at + DAY))
        for place in range(1 + len(users) // 20):
            for turn, kind in enumerate(("site", "team")):
                number = base + 2_048 + place * 2 + turn
                yield _Kept(number, client, kind, ("Office", "Projects", "Finance")[place % 3], None, "", began)

    @staticmethod
    def _has_seat(user: User) -> bool:
        return user.enabled and not user.guest and bool(user.skus) and user.id % 17 != 0

    # What the nights brought

    def _thing(self, row: _Kept, product: str, moment: int) -> Thing:
        last, good = self._latest(row, moment)
        updated_at = max(row.added_at, last.finished_at) if last else row.added_at
        return Thing(
            id=row.id, client=row.client, product=product, kind=row.kind, name=row.name,
            device=row.device.id if row.device else None, serial=row.device.serial if row.device else "",
            hostname=row.device.name if row.device else "", user=row.user, added_at=row.added_at,
            paused=_paused(row.id, self.ground.calendar.day(moment).toordinal()),
            retention_days=pick((30, 90, 365, 365), "retention", row.client),
            last_run_at=last.finished_at if last else None, last_good_at=good.finished_at if good else None,
            last_outcome=last.outcome if last else "", last_error=last.error if last else "",
            size_bytes=whole(2, 900, "size", row.id) * 10**9, updated_at=min(updated_at, moment),
        )  # fmt: skip

    def _latest(self, row: _Kept, moment: int) -> tuple[Run | None, Run | None]:
        """The last run, and the last good one."""
        today, last = self.ground.calendar.day(moment).toordinal(), None
        for day in range(today, today - 2 * PAUSE, -1):
            run = self._run(row, day, moment)
            last = last or run
            if run is not None and run.outcome != "failed":
                return last, run
        return last, None

    def _runs(self, kept: list[_Kept], first: int, last: int, moment: int) -> Iterator[Run]:
        for day in range(first, last + 1):
            for row in kept:
                if (run := self._run(row, day, moment)) is not None:
                    yield run

    def _run(self, row: _Kept, day: int, moment: int) -> Run | None:
        finished_at = self._night(row.id, day)
        if not row.added_at <= finished_at <= moment or _paused(row.id, day):
            return None
        outcome, error = _outcome(row.id, day)
        written = 0 if outcome == "failed" else whole(1, 9_000, "written", row.id, day) * 10**6
        return Run(
            _run_id(row.id, day), row.client, row.id, finished_at - whole(120, 5_400, "took", row.id, day), finished_at,
            outcome, error, written, finished_at,
        )  # fmt: skip

    def _night(self, thing: int, day: int) -> int:
        """When that day's run is over, between one and five in the morning."""
        calendar = self.ground.calendar
        start = calendar.midnight(calendar.day(0) + timedelta(days=day - calendar.day(0).toordinal()))
        return start + whole(3_600, 18_000, "night", thing, day)


def _run_id(thing: int, day: int) -> int:
    return (day - FIRST_DAY) * RUNS_A_DAY + thing


def _paused(thing: int, day: int) -> bool:
    period, place = divmod(day + thing % PAUSE, PAUSE)
    if chance("paused", thing, period) > 0.03:
        return False
    begins = whole(0, 60, "pause begins", thing, period)
    return begins <= place < begins + whole(10, 30, "pause lasts", thing, period)


def _outcome(thing: int, day: int) -> tuple[str, str]:
    period, place = divmod(day + thing % TROUBLE, TROUBLE)
    roll = chance("trouble", thing, period)
    if roll < 0.12:
        begins = whole(0, 20, "trouble begins", thing, period)
        lasts = whole(*((3, 7) if roll < 0.07 else (9, 25)), "trouble lasts", thing, period)
        if begins <= place < begins + lasts:
            return "failed", pick(ERRORS, "error", thing, period)
    roll = chance("outcome", thing, day)
    if roll < 0.015:
        return "failed", pick(ERRORS, "error", thing, day)
    return ("warning", WARNINGS) if roll < 0.06 else ("ok", "")
