"""Two systems that describe the same thing never add up in silence, and one not read yet is never counted as empty."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from collectors.connections import Connection
from collectors.facts.estate import Asset, AssetState
from collectors.facts.readings import Listing
from collectors.facts.service import Ticket
from collectors.facts.shapes import FOREVER
from collectors.systems import system
from metrics import rollup
from metrics.definitions import backups, security
from metrics.models import MonthlyValue
from organizations.models import Organization
from tests.metrics.rollup.world import World, at, day, number, read, state, value

pytestmark = pytest.mark.django_db
APRIL = datetime(2025, 4, 2, 12, tzinfo=UTC)
MARCH_END = "2025-03-31"


def roll() -> None:
    rollup.run("test", now=APRIL)


def second_rmm(world: World, of: Organization, *listed: str, devices: int = 1) -> Connection:
    """Another instance of the RMM that lists devices of the same client."""
    other = Connection.objects.create(vendor="rmm", label="a second")
    for text in listed:
        Listing.objects.create(connection=other, entity="Asset", day=day(text), at=at(text))
    account = world.account(of, other)
    for _ in range(devices):
        asset = Asset.objects.create(connection=other, external_id=number(), layer="rmm")
        AssetState.objects.create(
            thing=asset, account=account, kind="workstation", name="ws-1", from_on=day("2025-01-01"), until_on=FOREVER
        )
    return other


@pytest.fixture
def world() -> World:
    return World(listed=("2025-02-28", MARCH_END))


@pytest.fixture
def acme(world: World) -> Organization:
    acme = world.client("acme")
    world.device(world.account(acme, world.rmm), since="2025-01-01")
    return acme


def test_two_systems_that_count_a_client_on_one_day_say_so_wherever_the_sum_shows(
    world: World, acme: Organization
) -> None:
    beta = world.client("beta")
    world.device(world.account(beta, world.rmm), since="2025-01-01")
    second_rmm(world, acme, "2025-02-28", MARCH_END)
    roll()
    for whose in (acme, None):
        assert state("endpoints_managed", "2025-03", whose)[0] == "insufficient coverage"
        assert "a second and rmm both count" in (value("endpoints_managed", "2025-03", whose).cause or "")
    assert state("endpoints_managed", "2025-03", beta) == ("measured", 1)
    assert state("endpoints_managed", "2025-03") == ("insufficient coverage", 3)


def test_our_own_devices_count_nowhere_and_so_not_twice(world: World, acme: Organization) -> None:
    ours = world.client("ours", kind="internal")
    world.device(world.account(ours, world.rmm), since="2025-01-01")
    second_rmm(world, ours, "2025-02-28", MARCH_END)
    roll()
    assert state("endpoints_managed", "2025-03") == ("measured", 1)


def test_the_days_a_connection_counts_settle_it(world: World, acme: Organization) -> None:
    other = second_rmm(world, acme, "2025-02-28", MARCH_END, devices=2)
    Connection.objects.filter(pk=world.rmm.pk).update(counts_to=date(2025, 3, 15))
    Connection.objects.filter(pk=other.pk).update(counts_from=date(2025, 3, 15))
    roll()
    assert state("endpoints_managed", "2025-02", acme) == ("measured", 1)
    assert state("endpoints_managed", "2025-03", acme) == ("measured", 2)
    assert state("endpoints_managed", "2025-03") == ("measured", 2)


def test_systems_that_hold_different_clients_add_up(world: World, acme: Organization) -> None:
    beta = world.client("beta")
    second_rmm(world, beta, "2025-02-28", MARCH_END)
    roll()
    assert state("endpoints_managed", "2025-03", acme) == ("measured", 1)
    assert state("endpoints_managed", "2025-03", beta) == ("measured", 1)
    assert state("endpoints_managed", "2025-03") == ("measured", 2)


def test_a_second_system_not_read_yet_makes_the_company_incomplete(world: World, acme: Organization) -> None:
    world.ticket(world.account(acme), "2025-03-10")
    Connection.objects.create(vendor="psa", label="a second")
    Connection.objects.create(vendor="rmm", label="a second")
    roll()
    assert state("reactive_tickets_created", "2025-03") == ("incomplete", 1)
    assert value("reactive_tickets_created", "2025-03").cause == "not read yet"
    assert state("endpoints_managed", "2025-03") == ("incomplete", 1)
    assert state("reactive_tickets_created", "2025-03", acme) == ("measured", 1)
    Connection.objects.filter(label="a second").update(enabled=False)
    rollup.run("test", now=APRIL, everything=True)
    assert state("reactive_tickets_created", "2025-03") == ("measured", 1)


def test_agreements_without_their_additions_are_not_their_mrr(acme: Organization, world: World) -> None:
    world.agreement(world.account(acme), "1000")
    Listing.objects.filter(entity="Addition").delete()
    roll()
    assert state("agreement_mrr", "2025-03", acme) == ("not collected", None)
    assert state("agreement_mrr", "2025-03") == ("not collected", None)
    assert value("agreement_mrr", "2025-03").cause == "not listed yet"


def test_hours_of_a_reading_that_broke_off_after_its_tickets_are_never_lower(world: World, acme: Organization) -> None:
    other = Connection.objects.create(vendor="psa", label="a second")
    read(other, "Ticket", "2024-12-01", "2025-04-02")
    account = world.account(acme, other)
    Ticket.objects.create(connection=other, external_id="1", account=account, queue=world.desk,
                          opened_at=at("2025-03-10"), opened_on=day("2025-03-10"))  # fmt: skip
    world.time(world.account(world.client("beta")), "2025-03-10", "2", world.ticket(None, "2025-03-10"))
    roll()
    assert state("reactive_hours", "2025-03") == ("incomplete", 2)
    assert state("reactive_hours", "2025-03", acme)[0] == "not collected"


def test_devices_of_another_layer_add_nothing_and_hold_nothing_back(world: World, acme: Organization) -> None:
    """The backup and the EDR have agents on the RMM's own devices, under the same serial numbers."""
    roll()
    before = everything()
    for slug in ("datto_bcdr", "sentinelone"):
        source = Connection.objects.create(vendor=slug, label=slug)
        layer = system(slug).layer
        account = world.account(acme, source)
        for serial in ("NW1", "NW2"):
            asset = Asset.objects.create(connection=source, external_id=serial, layer=layer or "", serial=serial)
            AssetState.objects.create(
                thing=asset, account=account, kind="workstation", name="ws-1", from_on=day("2025-01-01"),
                until_on=FOREVER,
            )  # fmt: skip
    rollup.run("test", everything=True, now=APRIL)
    assert state("endpoints_managed", "2025-03", acme) == state("endpoints_managed", "2025-03") == ("measured", 1)
    told_by_them = {metric.key for metric in (*backups.MONTHLY, *security.MONTHLY)}
    after = {key: row for key, row in everything().items() if key[1] not in told_by_them}
    assert after == {key: row for key, row in before.items() if key[1] not in told_by_them}


def everything() -> dict[tuple[int, str, date], tuple[object, ...]]:
    """Every month's value, by whose it is, its metric and its month."""
    fields = ("scope", "definition__metric", "period__starts_on", "value", "state", "cause", "coverage")
    return {row[:3]: row[3:] for row in MonthlyValue.objects.values_list(*fields)}
