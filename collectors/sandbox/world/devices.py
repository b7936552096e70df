"""Machines under the RMM agent, with the day each came and the day each went."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from collectors.sandbox.world.chance import whole
from collectors.sandbox.world.clients import INTERNAL, Client, Clients, RmmOrganization
from collectors.sandbox.world.dates import DAY, Calendar
from collectors.sandbox.world.options import Options

SHIFT = 8 * 3600  # seconds
SLOTS = 512
FIRST_ID = 100
WORKSTATION = ("WINDOWS_WORKSTATION",) * 17 + ("MAC",) * 2 + ("LINUX_WORKSTATION",)
SERVER = ("WINDOWS_SERVER",) * 9 + ("LINUX_SERVER",)
NETWORK = ("NMS_SWITCH", "NMS_FIREWALL", "NMS_WAP", "NMS_ROUTER")
VM_HOSTS = ("HYPERV_VMM_HOST", "VMWARE_VM_HOST")
VM_GUESTS = ("HYPERV_VMM_GUEST", "VMWARE_VM_GUEST")
WORKSTATIONS = frozenset(WORKSTATION)
MANAGED = WORKSTATIONS | frozenset(SERVER) | frozenset(VM_HOSTS) | {"MAC_SERVER"}
WINDOWS_SERVERS = ("Windows Server 2016 Standard", "Windows Server 2019 Standard", "Windows Server 2022 Standard")
# Other systems that some machines have instead: the usual one, how many in a hundred, and name, build, release.
RARER = (
    ("Windows 10 Pro", 4, ("Windows 7 Professional", "7601", "SP1")),
    ("Windows 10 Pro", 8, ("Windows 10 Pro", "19044", "21H2")),
    ("Windows 11 Pro", 10, ("Windows 11 Pro", "22000", "21H2")),
    ("Windows 11 Pro", 15, ("Windows 11 Pro", "22621", "22H2")),
    ("Windows Server 2016 Standard", 20, ("Windows Server 2012 R2 Standard", "9600", "")),
    ("Windows Server 2022 Standard", 10, ("Windows Server 2025 Standard", "26100", "24H2")),
    ("macOS 15 Sequoia", 25, ("macOS 13 Ventura", "22G120", "13.5")),
    ("macOS 15 Sequoia", 35, ("macOS 14 Sonoma", "23E214", "14.4")),
    ("Ubuntu 22.04 LTS", 25, ("Ubuntu 20.04 LTS", "5.4.0", "20.04")),
    ("Ubuntu 22.04 LTS", 25, ("Ubuntu 24.04 LTS", "6.8.0", "24.04")),
)


@dataclass(frozen=True, slots=True)
class Device:
    id: int
    client: int
    organization: int
    site: int
    node_class: str
    name: str
    came_at: int
    went_at: int | None
    approved_at: int | None
    silent_since: int | None
    os_name: str
    os_build: str
    os_release: str
    upgraded_at: int | None

    @property
    def serial(self) -> str:
        """The maker's number, which every system that runs on the machine reads alike."""
        return f"NW{self.id:07d}"

    def approval(self, moment: int) -> str:
        return "APPROVED" if self.approved_at is not None and self.approved_at <= moment else "PENDING"

    def last_contact(self, moment: int) -> int:
        """One moment for eight hours, so that reading twice in a night finds no change; never half a day ago."""
        shift = moment - moment % SHIFT
        jitter = Random(self.id * 100_003 + shift).randrange(SHIFT // 2)
        heard = max(self.came_at, shift - jitter)
        return heard if self.silent_since is None else min(heard, max(self.came_at, self.silent_since))

    def system(self, moment: int) -> tuple[str, str, str]:
        """Name, build and release of the operating system at that moment."""
        if self.upgraded_at is not None and self.upgraded_at <= moment:
            return "Windows 11 Pro", "26100", "24H2"
        return self.os_name, self.os_build, self.os_release


class Devices:
    def __init__(self, options: Options, calendar: Calendar, clients: Clients) -> None:
        self.options, self.clients = options, clients
        self.start = calendar.month_start(options.first_month)
        self.end = calendar.month_start(options.this_month)
        self.of_client = lru_cache(maxsize=4_000)(self._make)

    def client_of(self, device_id: int) -> int:
        return (device_id - FIRST_ID) // SLOTS

    def _make(self, index: int) -> tuple[Device, ...]:
        """All machines a client ever has, in the order of their ids."""
        client = self.clients.get(index)
        if not client.organizations:
            return ()
        random = Random(f"{self.options.seed}/devices/{index}")
        kinds = self._kinds(client, random)
        made = [self._device(client, place, kind, random) for place, kind in enumerate(kinds[:SLOTS])]
        return tuple(made)

    def _kinds(self, client: Client, random: Random) -> list[str]:
        count = client.devices
        hosts = max(0, round(count * 0.04 + random.random() * 0.6 - 0.1))
        servers = max(1, round(count * 0.16)) if count > 4 else 0
        workstations = max(1, count - hosts - servers)
        # A twelfth more come and go during the history: replacements.
        kinds = ["workstation"] * (workstations + max(1, workstations // 12))
        kinds += ["server"] * servers + ["host"] * hosts + ["guest"] * (hosts * 2 + (count > 30))
        kinds += ["network"] * (1 + (count > 25)) + ["spare"] * (random.random() < 0.3)
        kinds += ["pending"] * (random.random() < 0.15)
        if client.index == INTERNAL or any(organization.old for organization in client.organizations):
            kinds += ["old"] * 2
        return kinds

    def _device(self, client: Client, place: int, kind: str, random: Random) -> Device:
        node_class = self._node_class(kind, client, random)
        came_at, went_at = self._life(client, place, kind, random)
        organization = self._organization(client, kind)
        silent = random.random() < 0.04 or kind == "old"
        usual, upgraded_at = self._system(node_class, came_at, random)
        os_name, build, release = _rarer(usual, FIRST_ID + client.index * SLOTS + place)
        approved_at = None if kind == "pending" else came_at + (random.random() < 0.1) * 6 * DAY
        return Device(
            id=FIRST_ID + client.index * SLOTS + place, client=client.index, organization=organization.id,
            site=organization.id * 10 + place % organization.sites, node_class=node_class,
            name=self._name(client, kind, place), came_at=came_at, went_at=went_at, approved_at=approved_at,
            silent_since=came_at + random.randrange(400) * DAY if silent else None,
            os_name=os_name, os_build=build, os_release=release, upgraded_at=upgraded_at,
        )  # fmt: skip

    def _organization(self, client: Client, kind: str) -> RmmOrganization:
        return client.organizations[-1] if kind == "old" else client.organizations[0]

    def _node_class(self, kind: str, client: Client, random: Random) -> str:
        maker = client.index % 2
        choices = {"server": SERVER, "host": VM_HOSTS[maker:][:1], "guest": VM_GUESTS[maker:][:1],
                   "network": NETWORK}  # fmt: skip
        return random.choice(choices.get(kind, WORKSTATION))

    def _life(self, client: Client, place: int, kind: str, random: Random) -> tuple[int, int | None]:
        first = client.joined_at or self.start - random.randrange(100, 900) * DAY
        came_at = first + random.randrange(10 * DAY) if client.joined_at else first
        went_at = None
        if kind == "workstation" and place < max(1, client.devices // 12):
            went_at = self._between(came_at, random)
        elif random.random() < 0.11 and kind != "old":
            came_at = self._between(came_at, random)
        if client.left_at is not None:
            leaves = client.left_at + random.randrange(20 * DAY)
            came_at = min(came_at, client.left_at - DAY)
            went_at = leaves if went_at is None else min(went_at, leaves)
        return came_at, went_at

    def _between(self, earliest: int, random: Random) -> int:
        earliest = max(earliest, self.start)
        return random.randrange(earliest, max(earliest + DAY, self.end))

    def _name(self, client: Client, kind: str, place: int) -> str:
        if kind == "spare":
            return f"SPARE-{client.index:02d}{place:02d}"
        label = {"server": "SRV", "host": "VMH", "guest": "VM", "network": "NET", "old": "OLD"}.get(kind, "WS")
        return f"{client.identifier[:4].upper()}-{label}-{place + 1:03d}"

    def _system(
        self, node_class: str, came_at: int, random: Random
    ) -> tuple[tuple[str, str, str], int | None]:
        """Name, build and release, and when it is followed by Windows 11."""
        if node_class == "WINDOWS_WORKSTATION":
            if came_at < self.start and random.random() < 0.6:
                # Some never make it: they are what an end-of-life list is for.
                later = self._between(came_at, random) if random.random() < 0.8 else None
                return ("Windows 10 Pro", "19045", "22H2"), later
            return ("Windows 11 Pro", "22631", "23H2"), None
        if node_class == "WINDOWS_SERVER" or node_class in VM_GUESTS or node_class == "HYPERV_VMM_HOST":
            place = random.randrange(3)
            return (WINDOWS_SERVERS[place], ("14393", "17763", "20348")[place], ("1607", "1809", "21H2")[place]), None
        if node_class == "MAC":
            return ("macOS 15 Sequoia", "24A335", "15.0"), None
        if node_class.startswith("LINUX"):
            return ("Ubuntu 22.04 LTS", "5.15.0", "22.04"), None
        return (("VMware ESXi 8.0", "22380479", "8.0") if node_class == "VMWARE_VM_HOST" else ("", "", "")), None


def _rarer(usual: tuple[str, str, str], identity: int) -> tuple[str, str, str]:
    """The usual system, or of some machines another one."""
    place = whole(0, 100, "system", identity)
    for name, share, instead in RARER:
        if name == usual[0]:
            if place < share:
                return instead
            place -= share
    return usual
