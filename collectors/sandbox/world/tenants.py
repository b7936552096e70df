"""Microsoft 365: each client's tenant, who signs in, what is licensed. Scores and incidents are in `cloud_security`.

`at(moment)` tells every tenant that the MSP sees, also those there twice and nobody's; `users`, `skus` and `intune`
tell of one client, and nothing of a client whose tenant the MSP does not see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from collectors.sandbox.world import names
from collectors.sandbox.world.chance import chance, pick
from collectors.sandbox.world.cloud_security import CloudSecurity
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.devices import WORKSTATIONS, Device
from collectors.sandbox.world.ground import Ground, by_then, moved_by
from collectors.sandbox.world.others import TENANT, Record

USER_SLOTS = 1_024
SKU_SLOTS = 16
FIRST_USER = 400_000_000
FIRST_SKU = 500_000_000
INTUNE_PHONES = 300_000_000
METHODS = (("microsoftAuthenticatorPush",), ("microsoftAuthenticatorPush", "mobilePhone"), ("mobilePhone",),
           ("softwareOneTimePasscode",), ("microsoftAuthenticatorPush", "windowsHelloForBusiness"))  # fmt: skip
# Part number, the vendor's own id of it, and its name.
PREMIUM = ("SPB", "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "Microsoft 365 Business Premium")
STANDARD = ("O365_BUSINESS_PREMIUM", "f245ecc8-75af-4f8e-b61f-27d8114de5f3", "Microsoft 365 Business Standard")
BASIC = ("O365_BUSINESS_ESSENTIALS", "3b555118-da6a-4418-894f-7df1e2096870", "Microsoft 365 Business Basic")
EXCHANGE = ("EXCHANGESTANDARD", "4b9405b0-7788-4568-add1-99614e613b69", "Exchange Online (Plan 1)")
FLOW = ("FLOW_FREE", "f30db892-07e9-47e9-837c-80727f46fd3d", "Microsoft Power Automate Free")
POWER_BI = ("POWER_BI_STANDARD", "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235", "Microsoft Fabric (Free)")
TEAMS = ("TEAMS_EXPLORATORY", "710779e8-3d4a-4c88-adb9-386c958d1fdf", "Microsoft Teams Exploratory")
FREE = {FLOW[0]: 10_000, POWER_BI[0]: 1_000_000}
PAID = (PREMIUM, STANDARD, BASIC, EXCHANGE)


@dataclass(frozen=True, slots=True)
class Tenant:
    id: str
    client: int | None
    name: str
    domains: tuple[str, ...]

    @property
    def default_domain(self) -> str:
        return self.domains[-1] if self.domains else ""


@dataclass(frozen=True, slots=True)
class User:
    id: int
    client: int
    guid: str
    upn: str
    display_name: str
    enabled: bool
    guest: bool
    admin: bool
    created_at: int
    last_sign_in_at: int | None
    mfa: bool
    mfa_methods: tuple[str, ...]
    skus: tuple[str, ...]
    updated_at: int


@dataclass(frozen=True, slots=True)
class Sku:
    id: int
    client: int
    part_number: str
    guid: str
    name: str
    enabled: int
    consumed: int
    suspended: int
    warning: int
    status: str  # Enabled, Warning or Suspended
    free: bool
    trial: bool
    updated_at: int


@dataclass(frozen=True, slots=True)
class IntuneDevice:
    id: int
    client: int
    guid: str
    device: int | None  # the RMM's; a telephone is in no RMM
    user: str
    serial: str
    name: str
    os: str
    os_version: str
    model: str
    compliance: str
    enrolled_at: int
    last_sync_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class _Life:
    """A user's whole story; `user` is as it began."""

    user: User
    disabled_at: int | None
    removed_at: int | None
    registered_at: int | None
    idle_since: int | None

    def is_there(self, moment: int) -> bool:
        return self.user.created_at <= moment and (self.removed_at is None or self.removed_at > moment)


class Tenants(CloudSecurity):
    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self._lives = lru_cache(maxsize=4_000)(self._make_users)

    def at(self, moment: int) -> Iterator[Tenant]:
        for row in self.ground.others.at(TENANT, moment):
            yield _tenant(row)

    def of(self, client: int, moment: int) -> Tenant | None:
        if not self.is_seen(client, moment):
            return None
        row = self.ground.others.account(TENANT, client, moment)
        return None if row is None else _tenant(row)

    # Users

    def users(self, client: int, moment: int) -> list[User]:
        if not self.is_seen(client, moment):
            return []
        rows = (self._user_at(life, moment) for life in self._lives(client)
                if life.is_there(moment))  # fmt: skip
        return list(self.ground.standing("users", rows, moment, User, client))

    def _user_at(self, life: _Life, moment: int) -> User:
        user = life.user
        disabled_at, registered_at = by_then(life.disabled_at, moment), by_then(life.registered_at, moment)
        seen = self._signed_in(user, min(moment, life.disabled_at or moment, life.idle_since or moment))
        return replace(
            user, enabled=user.enabled and disabled_at is None, last_sign_in_at=seen, mfa=registered_at is not None,
            mfa_methods=user.mfa_methods if registered_at else (),
            updated_at=moved_by(moment, user.created_at, disabled_at, registered_at, seen),
        )  # fmt: skip

    def _signed_in(self, user: User, until: int) -> int | None:
        """On the last working morning by then; of a guest, in the last month or never."""
        if user.guest and user.id % 3 == 0:
            return None
        calendar = self.ground.calendar
        for back in range(30 if user.guest else 5):
            day = calendar.day(until - back * DAY)
            moment = calendar.at(day, 7.5 + 2 * chance("signs in", user.id, day.toordinal()))
            works = day.weekday() < 5 and chance("works", user.id, day.toordinal()) < (0.1 if user.guest else 0.95)
            if works and user.created_at <= moment <= until:
                return moment
        return None

    def _make_users(self, client: int) -> tuple[_Life, ...]:
        ground, who = self.ground, self.ground.clients.get(client)
        random = Random(f"{ground.options.seed}/users/{client}")
        record = ground.others.account(TENANT, client, who.joined_at or ground.start)
        domain = _tenant(record).default_domain if record else who.domain
        seats = sum(row.node_class in WORKSTATIONS for row in ground.devices.of_client(client))
        count = max(3, round(seats * random.uniform(0.95, 1.2)))
        kinds = ["person"] * count + ["shared"] * (1 + count // 12) + ["guest"] * random.randrange(0, 2 + count // 8)
        coverage, end = random.uniform(0.6, 1.02), ground.calendar.month_start(ground.options.end_month)
        plan, made, taken = self._plan(client), [], Counter[str]()
        for place, kind in enumerate(kinds[:USER_SLOTS]):
            name = names.person(random) if kind != "shared" else ("Info", "Accounts", "Reception", "Orders")[place % 4]
            local = name.lower().replace(" ", ".")
            taken[local] += 1
            upn = f"{local}{taken[local] if taken[local] > 1 else ''}@{domain}"
            new = random.random() < 0.14
            created_at = random.randrange(max(ground.start, who.joined_at or 0), end) if new else (
                who.joined_at or ground.start - random.randrange(50, 1_500) * DAY)  # fmt: skip
            leaves = random.randrange(created_at, end) if random.random() < 0.09 and kind == "person" else None
            leaves = None if leaves is None else max(leaves, ground.start, created_at + 40 * DAY)
            skus = self._licensed(kind, plan, random)
            registered = None
            if kind == "person" and random.random() < coverage:
                registered = created_at + random.randrange(1, 5) * DAY if random.random() < 0.7 else random.randrange(
                    max(ground.start, created_at), max(end, created_at + DAY))  # fmt: skip
            made.append(_Life(
                User(
                    id=FIRST_USER + client * USER_SLOTS + place, client=client,
                    guid=names.opaque(f"{ground.options.seed}/user/{client}/{place}"),
                    upn=upn if kind != "guest" else f"{local}_partner.example#EXT#@{domain}", display_name=name,
                    enabled=kind != "shared", guest=kind == "guest", admin=kind == "person" and place < 2,
                    created_at=created_at, last_sign_in_at=None, mfa=False, mfa_methods=random.choice(METHODS),
                    skus=skus, updated_at=created_at,
                ),
                disabled_at=leaves, removed_at=leaves + 60 * DAY if leaves and random.random() < 0.7 else None,
                registered_at=registered,
                idle_since=random.randrange(created_at, end) if random.random() < 0.05 else None,
            ))  # fmt: skip
        return tuple(made)

    def _plan(self, client: int) -> tuple[str, str, str]:
        return pick((PREMIUM, PREMIUM, STANDARD), "plan", self.ground.options.seed, client)

    def _licensed(self, kind: str, plan: tuple[str, str, str], random: Random) -> tuple[str, ...]:
        if kind != "person":
            return ()
        paid = random.choices((plan, BASIC, EXCHANGE, None), (78, 10, 7, 5))[0]
        extra = tuple(row[0] for row in (FLOW, POWER_BI) if random.random() < 0.12)
        return ((paid[0],) if paid else ()) + extra

    # Licences

    def skus(self, client: int, moment: int) -> list[Sku]:
        return list(self.ground.standing("licenses", self.licensed(client, moment), moment, Sku, client))

    def licensed(self, client: int, moment: int) -> list[Sku]:
        """Before a test's edits of them."""
        users = self.users(client, moment)
        if not users:
            return []
        used = Counter(part for user in users for part in user.skus)
        quarter = self.ground.calendar.month(moment) // 3 * 3
        bought_at = max(self.ground.calendar.month_start(quarter), self.ground.clients.get(client).joined_at or 0)
        before = Counter(part for user in self._plain(client, bought_at) for part in user.skus)
        rows = []
        for place, (part, guid, name) in enumerate((*PAID, FLOW, POWER_BI, TEAMS)):
            if not used[part] and not (part == TEAMS[0] and client % 9 == 4):
                continue
            slack = pick((0, 0, 1, 1, 2, 3, 6), "slack", client, place, quarter)
            free, trial = part in FREE, part == TEAMS[0]
            bought = FREE[part] if free else 100 if trial else max(used[part], before[part] + slack)
            late = not free and not trial and chance("lapsed", client, place, quarter) < 0.02
            rows.append(Sku(
                id=FIRST_SKU + client * SKU_SLOTS + place, client=client, part_number=part, guid=guid, name=name,
                enabled=0 if late else bought, consumed=used[part], suspended=0, warning=bought if late else 0,
                status="Warning" if late else "Enabled", free=free, trial=trial,
                updated_at=max(bought_at, *(user.created_at for user in users)),
            ))  # fmt: skip
        return rows

    def _plain(self, client: int, moment: int) -> list[User]:
        """Who was there, unedited: what was bought on a day does not change afterwards."""
        return [life.user for life in self._lives(client)
                if life.is_there(moment)]  # fmt: skip

    # Devices

    def intune(self, client: int, moment: int) -> list[IntuneDevice]:
        if not self.is_seen(client, moment) or self._plan(client) != PREMIUM:
            return []
        people = [life.user for life in self._lives(client) if not life.user.guest]
        machines = [row for row in self.ground.approved(client, moment)
                    if row.node_class in ("WINDOWS_WORKSTATION", "MAC") and row.id % 9]  # fmt: skip
        return [*(self._enrolled(row, people, moment) for row in machines), *self._phones(client, moment)]

    def _enrolled(self, device: Device, people: list[User], moment: int) -> IntuneDevice:
        heard = device.last_contact(moment)
        name, build, release = device.system(heard)
        roll = chance("compliance", device.id, heard // (14 * DAY))
        compliance = "compliant" if roll > 0.14 else "noncompliant" if roll > 0.05 else "inGracePeriod"
        return IntuneDevice(
            id=device.id, client=device.client, guid=names.opaque(f"intune/{device.id}"), device=device.id,
            user=people[device.id % len(people)].guid, serial=device.serial, name=device.name,
            os="Windows" if name.startswith("Windows") else "macOS",
            os_version=f"10.0.{build}" if name.startswith("Windows") else release, model=f"N{device.id % 7 + 3}00",
            compliance=compliance, enrolled_at=device.approved_at or device.came_at, last_sync_at=heard,
            updated_at=heard,
        )  # fmt: skip

    def _phones(self, client: int, moment: int) -> Iterator[IntuneDevice]:
        people = [life for life in self._lives(client) if not life.user.guest and life.user.id % 7 == 0]
        day = moment - moment % DAY
        for life in people:
            user = life.user
            if user.created_at + DAY <= moment and (life.disabled_at is None or life.disabled_at > moment):
                number = INTUNE_PHONES + user.id - FIRST_USER
                yield IntuneDevice(
                    id=number, client=client, guid=names.opaque(f"intune/{number}"), device=None, user=user.guid,
                    serial=f"PH{number:09d}", name=f"Phone {user.id % USER_SLOTS}", os="iOS", os_version="18.1",
                    model="Halden P2", compliance="compliant" if user.id % 5 else "unknown",
                    enrolled_at=user.created_at + DAY, last_sync_at=max(user.created_at + DAY, day),
                    updated_at=max(user.created_at + DAY, day),
                )  # fmt: skip


def _tenant(row: Record) -> Tenant:
    return Tenant(row.id, row.client, row.name, row.domains)
