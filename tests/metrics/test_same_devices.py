"""Which record of another layer is which device of the RMM: inside one client, by serial number, then by host name."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset
from collectors.facts.shapes import EARLIEST, FOREVER
from metrics import rollup, same_devices
from metrics.models import SameDevice
from organizations.models import Organization
from tests.metrics.rollup.layers import Layers, known
from tests.metrics.rollup.world import World, day, state, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)


class Client:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        known(monkeypatch)
        self.world = World()
        self.layers = Layers(self.world, listed=("2025-03-31",))
        self.layers.list("rmm", "Asset", "2025-03-31")
        self.acme = self.world.client("acme")
        self.rmm, self.edr = self.of(self.acme)

    def of(self, client: Organization) -> tuple[Account, Account]:
        return self.layers.account(client, "rmm"), self.layers.account(client, "edr")

    def device(
        self, serial: str = "", hostname: str = "", until: date = FOREVER, account: Account | None = None
    ) -> int:
        return self.world.device(account or self.rmm, serial=serial, hostname=hostname, until=until).thing_id

    def agent(self, serial: str = "", hostname: str = "") -> int:
        return self.layers.agent(self.edr, serial=serial, hostname=hostname).thing_id


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    return Client(monkeypatch)


def pairs() -> set[tuple[int, int, str]]:
    """(the other layer's record, the RMM's, by what)"""
    same_devices.lay()
    return set(SameDevice.objects.values_list("other", "asset_id", "by"))


def test_the_serial_number_says_it_before_the_name_does(client: Client) -> None:
    mine = client.device("ABC-12345", "old-name")
    client.device("XYZ-98765", "ws-1")
    agent = client.agent(" abc-12345", "ws-1")
    assert pairs() == {(agent, mine, "serial")}


def test_without_a_serial_number_the_host_name_says_it_with_or_without_its_domain(client: Client) -> None:
    device, agent = client.device(hostname="SRV-1"), client.agent(hostname="srv-1.acme.test")
    assert pairs() == {(agent, device, "name")}


def test_two_machines_of_one_name_and_different_serial_numbers_are_two(client: Client) -> None:
    client.device("ABC-12345", "ws-1")
    client.agent("XYZ-98765", "ws-1")
    assert pairs() == set()


def test_a_system_that_counts_on_no_day_has_no_devices_that_could_fit(client: Client) -> None:
    mine, tried = client.device("ABC-12345"), client.device("ABC-12345")
    beside = Connection.objects.create(vendor="rmm", label="Tried beside it", counts_to=EARLIEST)
    Asset.objects.filter(pk=tried).update(connection=beside)
    agent = client.agent("ABC-12345")
    assert pairs() == {(agent, mine, "serial")}


def test_what_fits_two_devices_fits_none(client: Client) -> None:
    for serial, name in (("ABC-12345", ""), ("ABC-12345", ""), ("", "ws-1"), ("", "ws-1")):
        client.device(serial, name)
    client.agent("ABC-12345")
    client.agent(hostname="ws-1")
    assert pairs() == set()


@pytest.mark.parametrize(
    "serial", ["", "0000000", "To Be Filled By O.E.M.", "System Serial Number", "Default string", "123456789", "1"]
)
def test_what_makers_write_into_every_machine_is_no_serial_number(client: Client, serial: str) -> None:
    client.device(serial, "ws-1")
    agent = client.agent(serial, "other")
    assert pairs() == set()
    named = client.device(serial, "other")
    assert pairs() == {(agent, named, "name")}


def test_an_address_is_no_host_name(client: Client) -> None:
    client.device(hostname="192.168.1.10")
    client.agent(hostname="192.168.1.10")
    assert pairs() == set()


def test_a_device_of_another_client_is_never_meant(client: Client) -> None:
    rmm, _ = client.of(client.world.client("beta"))
    client.device("ABC-12345", "ws-1", account=rmm)
    client.device("ABC-12345", "ws-1", account=client.layers.account(None, "rmm"))
    client.agent("ABC-12345", "ws-1")
    assert pairs() == set()


def test_a_device_that_is_gone_gives_way_to_the_one_that_took_its_place(client: Client) -> None:
    client.device("ABC-12345", until=day("2025-02-01"))
    device, agent = client.device("ABC-12345"), client.agent("ABC-12345")
    assert pairs() == {(agent, device, "serial")}


def test_a_backup_finds_its_server_and_a_seat_none(client: Client) -> None:
    device = client.device("ABC-12345", "srv-1")
    account = client.layers.account(client.acme, "backup")
    backup = client.layers.backup(account, serial="ABC-12345")
    client.layers.backup(account, "saas", hostname="srv-1")
    assert pairs() == {(backup.pk, device, "serial")}


def test_laying_them_again_leaves_what_stands_and_takes_away_what_no_longer_fits(client: Client) -> None:
    client.device("ABC-12345")
    client.agent("ABC-12345")
    assert same_devices.lay() == 1
    [row] = SameDevice.objects.values_list("pk", flat=True)
    assert same_devices.lay() == 0
    assert [*SameDevice.objects.values_list("pk", flat=True)] == [row]
    client.device("ABC-12345")  # now two fit
    assert pairs() == set()


def test_a_device_that_is_gone_is_not_protected_though_its_agent_is_still_listed(client: Client) -> None:
    client.device("ABC-12345")
    client.device("XYZ-98765", until=day("2025-03-15"))
    for serial in ("ABC-12345", "XYZ-98765"):
        client.agent(serial)
    rollup.run("test", now=NOW)
    assert value("devices_protected", "2025-03", client.acme).value == 1
    assert value("edr_coverage", "2025-03", client.acme).value == 100


def test_a_pair_that_is_found_later_moves_the_numbers_of_each_month(client: Client) -> None:
    client.layers.agent(client.edr, hostname="ws-1")
    client.device(hostname="other")
    backups = client.layers.account(client.acme, "backup")
    client.layers.backup(backups, hostname="srv-1")
    server = client.world.device(client.rmm, "server", "srv-1").thing
    rollup.run("test", now=NOW)
    assert value("devices_protected", "2025-03", client.acme).value == 0
    assert value("servers_backed_up", "2025-03", client.acme).value == 0
    type(server).objects.filter(pk=server.pk).update(hostname="srv-1")
    type(server).objects.filter(hostname="other").update(hostname="ws-1")
    rollup.run("test", now=NOW)
    assert value("devices_protected", "2025-03", client.acme).value == 1
    assert value("servers_backed_up", "2025-03", client.acme).value == 1


def test_a_list_of_agents_that_was_not_read_lately_says_so_and_is_no_good_coverage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known(monkeypatch)
    world = World()
    layers = Layers(world, listed=("2025-03-10",))
    layers.list("rmm", "Asset", "2025-03-31")
    acme = world.client("acme")
    world.device(layers.account(acme, "rmm"), serial="ABC-12345")
    layers.agent(layers.account(acme, "edr"), serial="ABC-12345")
    rollup.run("test", now=NOW)
    counted = value("devices_protected", "2025-03", acme)
    assert (counted.get_state_display(), counted.cause) == ("incomplete", "last listed 10 Mar 2025")
    for key in ("edr_coverage", "devices_unprotected"):
        assert state(key, "2025-03", acme) == ("incomplete", None)
