"""How further systems call the same clients: backup, endpoint security, Microsoft 365 tenants and whatever else.

They are as untidy as such systems are: a client is spelled otherwise, missing where it pays, there twice, or under
another client's name or domain; and each system has records that are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from collectors.sandbox.world import names
from collectors.sandbox.world.agreements import Addition, Agreements, in_force
from collectors.sandbox.world.clients import Client, Clients
from collectors.sandbox.world.dates import DAY, Calendar
from collectors.sandbox.world.devices import MANAGED, WORKSTATIONS, Device, Devices
from collectors.sandbox.world.options import Options

BACKUP, EDR, TENANT = "datto_bcdr", "sentinelone", "microsoft_365"
SYSTEMS = (BACKUP, EDR, TENANT)
PAID_BY = {BACKUP: "BACKUP", EDR: "SEC-STACK"}  # product of the agreement; everyone has a tenant
ID_SHARE = {BACKUP: 0.55, EDR: 0.5, TENANT: 0.45}  # how many records carry the PSA's id
MISSING, UNPAID = 0.1, 0.06
LEFT_OUT = 13
LINGERS = 30 * DAY  # a lost client's records stay for a while
NOBODYS = {
    BACKUP: ("Demo appliance", "BDR-0041"),
    EDR: ("Default site", "Proof of concept"),
    TENANT: ("Partner sandbox 4",),
}
ODD = 7  # clients of long standing that a world needs to have a franchise, a subsidiary and records twice


@dataclass(frozen=True, slots=True)
class Machine:
    id: str
    serial: str  # the maker's, as the RMM reads it too
    name: str
    server: bool
    os: str
    heard_at: int


@dataclass(frozen=True, slots=True)
class Record:
    """One system's client. `client` is the index of the one it is; None: nobody's."""

    id: str
    name: str
    client: int | None
    ids: dict[str, str]
    tenant_id: str
    domains: tuple[str, ...]
    phones: tuple[str, ...]
    machines: tuple[Machine, ...] = ()


class Others:
    def __init__(
        self, options: Options, calendar: Calendar, clients: Clients, devices: Devices, agreements: Agreements
    ) -> None:
        self.options, self.calendar, self.clients = options, calendar, clients
        self.devices, self.agreements = devices, agreements
        first = map(clients.get, range(1, min(options.clients, 40) + 1))
        steady = [client.index for client in first if client.joined_at is None and client.left_at is None]
        # The second of a franchise goes by the first one's name; the second of a family has its mother's domain.
        self.franchise: dict[int, int] = {}
        self.family: dict[int, int] = {}
        self.twice: dict[str, int] = {}
        if len(steady) >= ODD:
            self.franchise, self.family = {steady[4]: steady[1]}, {steady[6]: steady[2]}
            self.twice = {BACKUP: steady[0], EDR: steady[3], TENANT: steady[5]}
        self.odd = {*self.franchise, *self.family}

    def at(self, system: str, moment: int) -> Iterator[Record]:
        """The system's records as of a moment, always the same for the same world."""
        for index in self.clients.served:
            client = self.clients.get(index)
            if self.is_there(system, client.index, moment):
                yield self._record(system, client, moment)
                if self.twice.get(system) == index:
                    yield self._second(system, client)
        for place, name in enumerate(NOBODYS[system]):
            number = self._id(system, f"nobody/{place}")
            yield Record(number, name, None, {}, number if system == TENANT else "", (), ())

    def account(self, system: str, index: int, moment: int) -> Record | None:
        """The client in any system, also one that is not told here, under that system's own id and spelling.

        Whether the system has the client at all is for its own layer to know; before it came, and a month after it
        left, there is none.
        """
        client = self.clients.get(index)
        joined, left = client.joined_at or 0, client.left_at
        if joined > moment or (left is not None and left + LINGERS <= moment):
            return None
        return self._record(system, client, moment)

    def is_there(self, system: str, index: int, moment: int) -> bool:
        client = self.clients.get(index)
        joined, left = client.joined_at or 0, client.left_at
        if joined > moment or (left is not None and left + LINGERS <= moment):
            return False
        return self._belongs(system, client, system == TENANT or self._pays(system, client.index, moment))

    def is_ever_there(self, system: str, index: int) -> bool:
        """At whatever moment. A client has one product of a kind all its life, so another's must know this."""
        client, sold = self.clients.get(index), self._sold(system, index)
        first = self.calendar.day(max(client.joined_at or 0, self.calendar.month_start(self.options.first_month)))
        always = any(addition.effective <= first and addition.cancelled is None for addition in sold)
        once = bool(sold) and self._belongs(system, client, True)
        return once or (not always and self._belongs(system, client, False))

    def _belongs(self, system: str, client: Client, pays: bool) -> bool:
        if client.index in self.odd or self.twice.get(system) == client.index:
            return True
        roll = self._random(system, client, "there").random()
        return roll >= MISSING if pays else roll < UNPAID

    def _pays(self, system: str, index: int, moment: int) -> bool:
        day = self.calendar.day(moment)
        return any(in_force(addition, day) for addition in self._sold(system, index))

    def _sold(self, system: str, index: int) -> list[Addition]:
        return [
            addition for agreement in self.agreements.of_client(index) for addition in agreement.additions
            if addition.product == PAID_BY.get(system)
        ]  # fmt: skip

    def _record(self, system: str, client: Client, moment: int) -> Record:
        random = self._random(system, client, "record")
        odd = client.index in self.odd
        told = random.random() < ID_SHARE.get(system, 0.5) and not odd
        ids = {"connectwise_psa": str(client.psa_id)} if told else {}
        knows_tenant = system == TENANT or (not ids and not odd and random.random() < 0.4)
        domains: tuple[str, ...] = ()
        if system == TENANT:
            short = client.domain.partition(".")[0]
            own = self.clients.get(self.family.get(client.index, client.index)).domain
            domains = (f"{short}.onmicrosoft.com", *((own,) if odd or random.random() < 0.85 else ()))
        phones = (self._phone(system, client),) if random.random() < 0.5 else ()
        return Record(
            self._id(system, str(client.index)), self._name(system, client, random), client.index, ids,
            names.opaque(f"tenant/{client.index}") if knows_tenant else "", domains, phones,
            tuple(self._machines(system, client, moment)),
        )  # fmt: skip

    def _second(self, system: str, client: Client) -> Record:
        """The same client once more, in the same system: an older record that nobody took out."""
        name, trade = names.business_name(client.index, self.options.seed)
        number = self._id(system, f"{client.index}/second")
        return Record(
            number, f"{name} {trade} (old)", client.index, {}, number if system == TENANT else "", (),
            (self._phone(system, client),),
        )  # fmt: skip

    def _name(self, system: str, client: Client, random: Random) -> str:
        if client.kind == "internal":
            return client.psa_name
        index = self.franchise.get(client.index, client.index)
        name, trade = names.business_name(index, self.options.seed)
        if system == TENANT:
            return names.ledger_spelling(name, trade, random)
        if system == BACKUP and random.random() < 0.15:
            return f"{name.upper()}-BDR"
        return f"{name} {trade}" if index != client.index else names.rmm_spelling(name, trade, random)

    def _machines(self, system: str, client: Client, moment: int) -> Iterator[Machine]:
        """Those of the RMM's that have this agent too, under the same serial numbers."""
        if system not in PAID_BY:
            return
        for device in self.devices.of_client(client.index):
            if device_here(device, moment) and has_agent(device, servers_only=system == BACKUP):
                yield Machine(
                    f"{device.id}", device.serial, device.name, device.node_class not in WORKSTATIONS,
                    device.system(moment)[0], device.last_contact(moment),
                )  # fmt: skip

    def _id(self, system: str, what: str) -> str:
        """As each system writes its ids: a GUID for a tenant, a long or a short number elsewhere."""
        made = names.opaque(f"{self.options.seed}/{system}/{what}")
        if system == TENANT:
            return names.opaque(f"tenant/{what}") if what.isdecimal() else made
        return str(int(made.replace("-", "")[:15], 16))[:: 1 if system == EDR else 3]

    def _phone(self, system: str, client: Client) -> str:
        """The client's own number, written the system's way."""
        return names.written_phone(client.phone, 2 if system == TENANT else 0)

    def _random(self, system: str, client: Client, what: str) -> Random:
        return Random(f"{self.options.seed}/{system}/{what}/{client.index}")


def has_agent(device: Device, *, servers_only: bool = False) -> bool:
    """Whether a product that is put on every machine is on this one: about one in thirteen was left out."""
    return (
        device.node_class in MANAGED and not (servers_only and device.node_class in WORKSTATIONS)
        and device.id % LEFT_OUT != 0
    )  # fmt: skip


def device_here(device: Device, moment: int) -> bool:
    here = device.came_at <= moment and (device.went_at is None or device.went_at > moment)
    return here and device.approval(moment) == "APPROVED"
