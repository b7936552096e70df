"""The companies the MSP knows: itself, its clients past and present, prospects and vendors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, gcd
from random import Random
from statistics import NormalDist

from collectors.sandbox.world import names
from collectors.sandbox.world.dates import Calendar, Month, days_of
from collectors.sandbox.world.options import Options

INTERNAL = 0
MSP_NAME, MSP_TRADE = "Lanternworks", "IT"
FREE_MAIL = ("gmail.com", "outlook.com")
SPREAD = 0.75
MEAN_DEVICES = 18.2


@dataclass(frozen=True, slots=True)
class RmmOrganization:
    id: int
    name: str
    description: str | None
    sites: int
    old: bool


@dataclass(frozen=True, slots=True)
class Client:
    index: int
    kind: str  # internal, client, prospect, vendor or deleted
    psa_id: int
    identifier: str
    psa_name: str
    website: str | None
    domain: str
    devices: int
    joined_at: int | None  # None: before the history begins
    left_at: int | None
    market: str
    organizations: tuple[RmmOrganization, ...]
    ledger_id: int | None
    ledger_name: str
    ledger_website: str | None
    ledger_email: str | None
    jobs: tuple[str, ...]
    contacts: tuple[str, ...]

    @property
    def phone(self) -> str:
        return names.phone(self.index)

    def here_at(self, moment: int) -> bool:
        """True while the client is under contract."""
        return (self.joined_at or 0) <= moment and (self.left_at is None or moment < self.left_at)


def _coprime(step: int, count: int) -> int:
    while gcd(step, count) != 1:
        step += 1
    return step


class Clients:
    """Every company by its index, made when asked for and always the same."""

    def __init__(self, options: Options, calendar: Calendar) -> None:
        self.options, self.calendar = options, calendar
        count = options.clients
        self.others = max(3, round(count / 6))
        self.lost = round(count / 12)
        self.gained = round(count / 9)
        self.unnamed = max(1, round(count / 12)) if count > 3 else 0
        self.get = lru_cache(maxsize=20_000)(self._make)

    @property
    def served(self) -> range:
        """Indexes of the MSP itself and of all clients past and present."""
        return range(self.options.clients + 1)

    @property
    def everyone(self) -> range:
        return range(self.options.clients + 1 + self.others)

    def index_of_psa(self, psa_id: int) -> int | None:
        if psa_id == 2:
            return INTERNAL
        index, rest = divmod(psa_id - 250, 3)
        return index + 1 if not rest and 0 <= index < len(self.everyone) - 1 else None

    def rank(self, index: int) -> int:
        """The client's place by size, 0 the largest."""
        count = self.options.clients
        return ((index - 1) * _coprime(max(2, int(count * 0.618)), count) + self.options.seed) % count

    def turn(self, index: int) -> int:
        """A second, unrelated order that decides who left and who is new."""
        count = self.options.clients
        return ((index - 1) * _coprime(max(2, int(count * 0.414)), count) + self.options.seed * 3) % count

    def _devices(self, index: int) -> int:
        """A log-normal size by rank, so that the total does not hang on luck."""
        share = 1 - (self.rank(index) + 0.5) / self.options.clients
        deviation = NormalDist().inv_cdf(share)
        return max(3, round(MEAN_DEVICES * exp(SPREAD * deviation - SPREAD**2 / 2)))

    def _life(self, index: int, random: Random) -> tuple[int | None, int | None]:
        turn, months = self.turn(index), self.options.months
        if turn < self.lost:
            return None, self._some_day(0.25 + 0.65 * (turn + 0.5) / max(1, self.lost), months, random)
        if turn < self.lost + self.gained:
            place = (turn - self.lost + 0.5) / max(1, self.gained)
            return self._some_day(0.1 + 0.85 * place, months, random), None
        return None, None

    def _some_day(self, share: float, months: int, random: Random) -> int:
        month: Month = self.options.first_month + min(months - 1, int(share * months))
        # Never at a month's edge, where "active on the last day" could be read two ways.
        return self.calendar.at(days_of(month)[random.randint(5, 22)], 9)

    def _make(self, index: int) -> Client:
        random = Random(f"{self.options.seed}/client/{index}")
        if index == INTERNAL:
            return self._internal()
        if index > self.options.clients:
            return self._other(index, random)
        name, trade = names.business_name(index, self.options.seed)
        domain = names.domain_of(name, trade)
        joined_at, left_at = self._life(index, random)
        devices = self._devices(index)
        if left_at is not None:
            devices = min(devices, 20)
        psa_id = 250 + (index - 1) * 3
        return Client(
            index=index, kind="client", psa_id=psa_id, identifier=name.replace(" ", "") + trade.split()[0],
            psa_name=names.psa_spelling(name, trade, random),
            website=self._website(domain, random), domain=domain, devices=devices,
            joined_at=joined_at, left_at=left_at, market=trade,
            organizations=self._organizations(index, psa_id, name, trade, devices, random),
            ledger_id=100 + index * 4, ledger_name=names.ledger_spelling(name, trade, random),
            **self._ledger_contact(name, domain, random),
            jobs=self._jobs(random),
            contacts=tuple(names.person(random) for _ in range(max(2, devices // 4))),
        )  # fmt: skip

    def _website(self, domain: str, random: Random) -> str | None:
        way = random.random()
        if way < 0.08:
            return None
        return f"https://www.{domain}/" if way < 0.5 else (domain if way < 0.7 else f"www.{domain}")

    def _ledger_contact(self, name: str, domain: str, random: Random) -> dict[str, str | None]:
        way = random.random()
        website = f"http://{domain}" if way < 0.7 else None
        if way > 0.9:
            free = FREE_MAIL[random.randrange(len(FREE_MAIL))]
            email: str | None = f"office.{name.replace(' ', '').lower()}.sandbox@{free}"
        else:
            email = f"accounts@{domain}" if way > 0.2 else None
        return {"ledger_website": website, "ledger_email": email}

    def _jobs(self, random: Random) -> tuple[str, ...]:
        if random.random() > 0.2:
            return ()
        return ("Office refresh", "Cloud migration")[: random.randint(1, 2)]

    def _organizations(
        self, index: int, psa_id: int, name: str, trade: str, devices: int, random: Random
    ) -> tuple[RmmOrganization, ...]:
        spelling = names.rmm_spelling(name, trade, random)
        form = "PSA: {}" if random.random() < 0.7 else "ConnectWise company {}"
        description = form.format(psa_id) if self._named(index) else (None, "", "onsite Tuesdays")[index // 3 % 3]
        sites = 1 + (devices > 25) + (devices > 50)
        main = RmmOrganization(2 + index * 2, spelling, description, sites, old=False)
        if index % 36 != 17:
            return (main,)
        return main, RmmOrganization(3 + index * 2, f"{name} {trade} (old)", None, 1, old=True)

    def _named(self, index: int) -> bool:
        """False for about one in ten, the second largest client among them."""
        rank = self.rank(index)
        spacing = max(2, self.options.clients // max(1, self.unnamed))
        return rank % spacing != 1

    def _internal(self) -> Client:
        domain = names.domain_of(MSP_NAME, MSP_TRADE)
        return Client(
            index=INTERNAL, kind="internal", psa_id=2, identifier=MSP_NAME, psa_name=f"{MSP_NAME} {MSP_TRADE}",
            website=f"https://{domain}", domain=domain, devices=14, joined_at=None, left_at=None,
            market="Technology",
            organizations=(
                RmmOrganization(2, f"{MSP_NAME} Internal", "PSA: 2", 1, old=False),
                RmmOrganization(3, "Lab and loaners", "Internal", 1, old=True),
            ),
            ledger_id=None, ledger_name="", ledger_website=None, ledger_email=None, jobs=(),
            contacts=("Noor Selwick", "Ellis Brintle"),
        )  # fmt: skip

    def _other(self, index: int, random: Random) -> Client:
        place = index - self.options.clients - 1
        kind = ("prospect", "vendor", "prospect", "deleted")[place % 4]
        name, trade = names.business_name(index, self.options.seed)
        domain = names.domain_of(name, trade)
        return Client(
            index=index, kind=kind, psa_id=250 + (index - 1) * 3,
            identifier=name.replace(" ", "") + trade.split()[0],
            psa_name=names.psa_spelling(name, trade, random), website=self._website(domain, random),
            domain=domain, devices=0, joined_at=None, left_at=None, market=trade, organizations=(),
            ledger_id=None, ledger_name="", ledger_website=None, ledger_email=None, jobs=(),
            contacts=(names.person(random),),
        )  # fmt: skip
