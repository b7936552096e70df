"""Figures by system, deals by stage and invoices by kind: parts that add up to the number they stand behind."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from collectors.connections import Connection
from collectors.declare import Layer
from collectors.facts.estate import Asset
from collectors.facts.readings import Listing
from collectors.facts.sales import Deal, DealStage
from metrics import rollup
from metrics.breakdowns import by_support, by_system, invoiced_by_class, invoiced_by_kind, online_now, pipeline_by_stage
from metrics.periods import Month
from metrics.reading import COMPANY, client
from organizations.models import Organization
from tests.metrics.rollup.layers import Layers, known
from tests.metrics.rollup.world import World, at, day, number, read, value
from tests.metrics.test_sales_and_invoices import Crm, invoice

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
MARCH = Month(2025, 3)
KEYS = ("continuity_backups", "continuity_failing_48_hours", "backup_runs", "backup_success")


@pytest.fixture
def layers(monkeypatch: pytest.MonkeyPatch) -> Layers:
    """Two backup systems: one of Acme with a good and a bad run, another of Beta with a good one."""
    known(monkeypatch)
    layers = Layers(World(listed=("2025-03-31",)), listed=("2025-03-31",))
    acme, beta = layers.world.client("acme"), layers.world.client("beta")
    mine = layers.backup(layers.account(acme, "backup"))
    for outcome in ("succeeded", "failed"):
        layers.ran(mine, "2025-03-31", outcome)
    layers.backup(layers.account(acme, "backup"))
    other = Connection.objects.create(vendor="some_backup", label="another")
    read(other, "BackupRun", "2024-12-01", "2025-04-02")
    Listing.objects.create(connection=other, entity="Backup", day=day("2025-03-31"), at=at("2025-03-31"))
    layers.sources["backup"] = other
    layers.ran(layers.backup(layers.account(beta, "backup")), "2025-03-30")
    rollup.run("test", now=NOW)
    return layers


def test_a_number_by_system_adds_up_to_the_stored_one_and_a_rate_is_each_systems_own(layers: Layers) -> None:
    found = by_system(COMPANY, (MARCH,), [Layer.BACKUP], KEYS)
    assert [(each.label, [f"{each.values[key]:.0f}" for key in KEYS]) for each in found] == [
        ("another", ["1", "0", "1", "100"]), ("backup", ["2", "1", "2", "50"]),
    ]
    for key in KEYS[:3]:
        assert sum(each.values[key] or 0 for each in found) == value(key, "2025-03").value


def test_of_one_client_only_the_systems_it_is_in_are_told(layers: Layers) -> None:
    assert [each.label for each in by_system(client("beta"), (MARCH,), [Layer.BACKUP], KEYS)] == ["another"]


def test_a_system_that_tells_nothing_of_a_number_has_none_and_not_a_zero(layers: Layers) -> None:
    Connection.objects.create(vendor="some_backup", label="new")
    [found] = [each for each in by_system(COMPANY, (MARCH,), [Layer.BACKUP], KEYS) if each.label == "new"]
    assert set(found.values.values()) == {None}


def test_a_number_no_system_counts_rows_of_cannot_be_told_by_system(layers: Layers) -> None:
    with pytest.raises(ValueError, match="alerts_open cannot be told by system"):
        by_system(COMPANY, (MARCH,), [Layer.RMM], ["alerts_open"])


def test_the_page_shows_each_system_with_its_state_and_a_client_without_the_layer_shows_none(layers: Layers) -> None:
    layers.world.client("gamma")
    rollup.run("test", now=NOW)
    web = Client()
    web.force_login(User.objects.create_superuser("admin"))
    body = web.get("/operations/?period=2025-03&panel=backup-systems").content.decode()
    assert all(word in body for word in ("another", "Entered without a collector", "50"))
    there, absent = (web.get(f"/operations/?period=2025-03&client={of}").content.decode() for of in ("acme", "gamma"))
    assert ("panel=backup-systems" in there, "panel=backup-systems" in absent) == (True, False)


def test_devices_are_told_by_the_end_of_their_systems_support_and_those_online_as_far_as_it_is_told(
    layers: Layers,
) -> None:
    layers.list("rmm", "Asset", "2025-03-30")
    acme = Organization.objects.get(slug="acme")
    site = layers.account(acme, "rmm")
    for name, kind, os, is_online in (
        ("ws-1", "workstation", "Windows 7 Professional", True),
        ("ws-2", "workstation", "Windows 7 Professional", None),
        ("ws-3", "workstation", "Plan 9", False), ("srv-1", "server", "Windows Server 2016", True),
        ("SPARE-1", "workstation", "Windows 7", True), ("sw-1", "network", "IOS", True),
    ):  # fmt: skip
        device = layers.world.device(site, kind, name, os=os)
        Asset.objects.filter(pk=device.thing_id).update(online=is_online)
    rollup.run("test", now=NOW)
    told = by_support(client("acme"), MARCH)
    assert [(each.os, each.until is None, each.devices) for each in told] == [
        ("Windows 7", False, 2), ("Windows Server 2016", False, 1), ("Plan 9", True, 1),
    ]
    assert sum(each.devices for each in told) == value("endpoints_managed", "2025-03", acme).value
    gone = sum(each.devices for each in told if each.until and each.until < day("2025-03-31"))
    assert gone == value("devices_out_of_support", "2025-03", acme).value == 2
    assert [(each.kind, each.online, each.offline, each.untold) for each in online_now(COMPANY, NOW)] == [
        ("server", 1, 0, 0), ("workstation", 1, 1, 1),
    ]
    Asset.objects.update(online=None)
    assert online_now(COMPANY, NOW) == []


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Crm:
    known(monkeypatch)
    return Crm(World())


def stage(deal: Deal, name: str, on: str) -> None:
    DealStage.objects.create(
        connection=deal.connection, external_id=number(), deal=deal, stage=name, entered_at=at(on), entered_on=day(on)
    )


def test_a_deal_is_shown_in_the_stage_it_was_in_then_and_not_in_todays(crm: Crm) -> None:
    acme = crm.account(crm.world.client("acme"))
    moved = crm.deal(acme, "2025-01-10", amount="100", stage="Proposal")
    stage(moved, "New lead", "2025-01-10")
    stage(moved, "Qualified", "2025-03-31")
    stage(moved, "Proposal", "2025-04-01")
    won = crm.deal(acme, "2025-01-10", "2025-04-01", amount="40", stage="Won")
    stage(won, "New lead", "2025-01-10")
    crm.deal(None, "2025-03-01", stage="Never told")  # no history, and no amount
    crm.deal(acme, "2025-03-01", "2025-03-31", amount="7", stage="Lost")
    rollup.run("test", now=NOW)
    found = pipeline_by_stage(COMPANY, day("2025-03-31"))
    assert [(each.name, each.deals, each.amount) for each in found] == [
        ("Qualified", 1, 100), ("New lead", 1, 40), ("Never told", 1, None),
    ]
    assert sum(each.amount or 0 for each in found) == value("pipeline_amount", "2025-03").value
    assert sum(each.deals for each in found) == value("pipeline_deals", "2025-03").value
    assert [each.name for each in pipeline_by_stage(client("acme"), day("2025-03-31"))] == ["Qualified", "New lead"]


def test_invoices_are_told_by_kind_and_by_class_and_add_up(crm: Crm) -> None:
    world, acme = crm.world, crm.world.client("acme")
    for source, layer in ((world.psa, "psa"), (world.ledger, "ledger")):
        source.vendor = f"some_{layer}"
        source.save()
        read(source, "InvoiceLine", "2024-12-01", "2025-04-02")
    mine, books = world.account(acme), world.account(acme, world.ledger)
    care = world.agreement(mine, "100")
    invoice(world.psa, mine, "2025-03-01", "100", "psa", agreement=care, kind="Agreement", number="1")
    invoice(world.psa, mine, "2025-03-02", "30", "psa", kind="Progress", number="2")
    invoice(world.psa, mine, "2025-03-02", "20", "psa", kind="Progress", number="2")
    invoice(world.ledger, books, "2025-03-02", "150", "ledger", category="Cloud", number="7")
    invoice(world.ledger, books, "2025-02-28", "9", "ledger", category="Cloud", number="8")
    rollup.run("test", now=NOW)
    kinds = invoiced_by_kind(client("acme"), MARCH)
    assert [(each.name, each.amount, each.invoices) for each in kinds] == [
        ("Agreements", Decimal(100), 1), ("Progress", Decimal(50), 1),
    ]
    assert sum(each.amount for each in kinds) == value("invoiced", "2025-03", acme).value
    [only] = invoiced_by_class(COMPANY, MARCH)
    assert (only.name, only.amount, only.invoices) == ("Cloud", Decimal(150), 1)
