"""The layers that the further vendors serve: one world, that stands still, moves on, and never contradicts itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collectors.sandbox.changes import edit
from collectors.sandbox.records import MADE
from collectors.sandbox.truth import identities
from collectors.sandbox.world.billing import LINES
from collectors.sandbox.world.boards import CLOSED_STATUSES
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.dates import DAY, month_of
from collectors.sandbox.world.options import Options
from collectors.sandbox.world.others import BACKUP, EDR
from collectors.sandbox.world.world import World
from tests.collectors.sandbox.conftest import TODAY

Listing = Callable[[World, int], Iterable[Any]]


def each(listing: Callable[[World, int, int], Iterable[Any]]) -> Listing:
    return lambda world, now: [row for client in world.clients.served for row in listing(world, client, now)]


LISTINGS: dict[str, Listing] = {
    "conditions": lambda world, now: world.health.at(now),
    "alerts": lambda world, now: world.health.alerts(now),
    "backups": each(lambda world, client, now: world.backups.things(client, now)),
    "backup_runs": each(lambda world, client, now: world.backups.runs(client, now, now - 5 * DAY)),
    "recovery_tests": each(lambda world, client, now: world.backups.tests(client, now)),
    "users": each(lambda world, client, now: world.tenants.users(client, now)),
    "skus": each(lambda world, client, now: world.tenants.skus(client, now)),
    "scores": each(lambda world, client, now: world.tenants.scores(client, now, 10)),
    "intune": each(lambda world, client, now: world.tenants.intune(client, now)),
    "tenant_incidents": each(lambda world, client, now: world.tenants.incidents(client, now)),
    "tenant_alerts": each(lambda world, client, now: world.tenants.alerts(client, now)),
    "agents": each(lambda world, client, now: world.endpoint_security.agents(client, now)),
    "incidents": each(lambda world, client, now: world.endpoint_security.incidents(client, now)),
    "computers": each(lambda world, client, now: world.endpoint_security.computers(client, now)),
    "requests": each(lambda world, client, now: world.endpoint_security.requests(client, now)),
    "subscriptions": each(lambda world, client, now: world.marketplace.subscriptions(client, now)),
    "companies": lambda world, now: world.sales.companies(now),
    "deals": lambda world, now: world.sales.deals(now),
    "activities": lambda world, now: world.sales.activities(now),
    "invoices": lambda world, now: world.billing.invoices(now),
    "surveys": lambda world, now: world.quality.surveys(now),
}


def world_of(clients: int = 36, months: int = 24) -> World:
    options = Options(today=TODAY, clients=clients, months=months)
    return World(options, Clock(options.calendar().at(TODAY, 12)))


@pytest.fixture(scope="module")
def usual() -> World:
    return world_of()


@pytest.mark.parametrize("name", LISTINGS)
def test_a_layer_is_the_same_whenever_it_is_made(name: str, usual: World) -> None:
    now, listing = usual.clock.now(), LISTINGS[name]
    rows = list(listing(usual, now))
    listing(usual, now - 200 * DAY)
    assert rows and rows == list(listing(usual, now)) == list(listing(world_of(), now))


@pytest.mark.parametrize("name", LISTINGS)
def test_a_layer_moves_with_the_clock_and_tells_nothing_of_the_future(name: str, usual: World) -> None:
    now, listing = usual.clock.now(), LISTINGS[name]
    earlier = list(listing(usual, now - 200 * DAY))
    assert earlier != list(listing(usual, now))
    for moment in (now, now - 200 * DAY):
        rows = list(listing(usual, moment))
        assert len({row.id for row in rows}) == len(rows)
        assert max(row.updated_at for row in rows) <= moment


@pytest.mark.parametrize("name", LISTINGS)
def test_ids_ascend_within_a_client(name: str, usual: World) -> None:
    by_client: dict[int, list[int]] = defaultdict(list)
    for row in LISTINGS[name](usual, usual.clock.now()):
        by_client[row.client].append(row.id)
    assert all(ids == sorted(ids) for ids in by_client.values())


@pytest.mark.parametrize(
    ("everything", "changed"),
    [
        (LISTINGS["alerts"], lambda world, now, since: world.health.alerts(now, since)),
        (LISTINGS["deals"], lambda world, now, since: world.sales.deals(now, since)),
        (LISTINGS["activities"], lambda world, now, since: world.sales.activities(now, since)),
        (LISTINGS["invoices"], lambda world, now, since: world.billing.invoices(now, since)),
        (LISTINGS["surveys"], lambda world, now, since: world.quality.surveys(now, since)),
        (LISTINGS["incidents"], lambda world, now, since: each(
            lambda world, client, now: world.endpoint_security.incidents(client, now, since))(world, now)),
        (LISTINGS["tenant_incidents"], lambda world, now, since: each(
            lambda world, client, now: world.tenants.incidents(client, now, since))(world, now)),
    ],
)  # fmt: skip
def test_what_changed_since_is_all_that_moved_since(everything: Listing, changed: Any, usual: World) -> None:
    now = usual.clock.now()
    for since in (now - 14 * DAY, now - 60 * DAY):
        wanted = [row for row in everything(usual, now) if row.updated_at >= since]
        assert wanted and list(changed(usual, now, since)) == wanted


def test_serial_numbers_are_those_of_the_rmm(usual: World) -> None:
    now = usual.clock.now()
    known = {device.serial: (device.client, device.name) for device in usual.devices_at(now)}
    for name in ("backups", "agents", "computers", "intune"):
        rows = [row for row in LISTINGS[name](usual, now) if row.device is not None]
        assert len(rows) > 50
        for row in rows:
            hostname = row.name if name == "intune" else row.hostname
            assert known[row.serial] == (row.client, hostname)


def test_every_client_has_one_backup_product_and_one_edr_at_most_and_a_few_have_none(usual: World) -> None:
    clients = usual.clients.served
    backups = Counter(usual.backups.product_of(client) for client in clients)
    assert set(backups) == {"datto_bcdr", "veeam", "acronis", None} and 1 <= backups[None] <= 10
    edr = Counter(usual.endpoint_security.product_of(client) for client in clients)
    assert set(edr) == {"sentinelone", "huntress", None} and 1 <= edr[None] <= 6
    controlled = sum(usual.endpoint_security.controlled(client) for client in clients)
    assert 10 <= controlled <= 13


@pytest.mark.parametrize("days", [0, 150, 400, 700])
def test_the_systems_without_an_api_and_the_layers_tell_one_truth(days: int, usual: World) -> None:
    moment = usual.clock.now() - days * DAY
    told: dict[str, dict[int, list[Any]]] = {
        BACKUP: {index: [row for row in usual.backups.things(index, moment) if not row.is_seat]
                 for index in usual.clients.served if usual.backups.product_of(index) == BACKUP},
        EDR: {index: list(usual.endpoint_security.agents(index, moment))
              for index in usual.clients.served if usual.endpoint_security.product_of(index) == EDR},
    }  # fmt: skip
    for system, layer in told.items():
        others: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for record in usual.others.at(system, moment):
            if record.client is not None:
                assert record.client in layer
                others[record.client] |= {(machine.serial, machine.name) for machine in record.machines}
        for index, rows in layer.items():
            assert {(row.serial, row.hostname) for row in rows} == others[index]


def test_machines_are_as_machines_of_an_msp_are(usual: World) -> None:
    rows = list(usual.health.at(usual.clock.now()))
    patched = [row for row in rows if row.patches_missing is not None]
    assert 0.6 < sum(row.patches_missing == 0 for row in patched) / len(patched) < 0.9
    assert 0.02 < sum((row.patches_missing or 0) > 5 for row in patched) / len(patched) < 0.15
    assert {row.antivirus_state for row in rows} == {"protected", "outdated", "off", "none", ""}
    assert {row.os_family for row in rows} == {"windows", "server", "macos", "linux", "esxi", ""}
    systems = {row.os_name for row in rows}
    assert {"Windows 7 Professional", "Windows 10 Pro", "Windows Server 2012 R2 Standard"} <= systems
    assert any(row.warranty_until is None for row in rows)
    assert any(row.warranty_until and row.warranty_until < TODAY for row in rows)
    assert all(row.patches_missing is None and not row.antivirus for row in rows if not row.os_name)


def test_backups_fail_for_days_at_a_few_and_for_a_week_at_fewer(usual: World) -> None:
    now = usual.clock.now()
    things = list(LISTINGS["backups"](usual, now))
    stale = [row for row in things if row.last_good_at is not None and now - row.last_good_at > 2 * DAY]
    old = [row for row in stale if now - row.last_good_at > 7 * DAY]
    assert 0 < len(old) < len(stale) < len(things) * 0.08
    assert any(row.paused for row in things) and {row.is_seat for row in things} == {True, False}
    outcomes = Counter(row.outcome for row in LISTINGS["backup_runs"](usual, now))
    assert outcomes["ok"] > 0.85 * sum(outcomes.values()) and outcomes["warning"] and outcomes["failed"]


def test_a_thing_says_of_its_last_run_what_the_run_says(usual: World) -> None:
    now = usual.clock.now()
    for client in usual.clients.served:
        last = {run.thing: run for run in usual.backups.runs(client, now, now - 10 * DAY)}
        for thing in usual.backups.things(client, now):
            if thing.id in last:
                run = last[thing.id]
                assert (thing.last_run_at, thing.last_outcome) == (run.finished_at, run.outcome)


def test_a_tenant_has_people_without_a_second_factor_and_licences_that_nobody_uses(usual: World) -> None:
    now = usual.clock.now()
    users = [row for row in LISTINGS["users"](usual, now) if row.enabled and not row.guest]
    assert 0.6 < sum(row.mfa for row in users) / len(users) < 0.95
    assert all(bool(row.mfa_methods) == row.mfa for row in users)
    skus = list(LISTINGS["skus"](usual, now))
    assert {row.enabled for row in skus if row.part_number == "FLOW_FREE"} == {10_000}
    held = Counter((user.client, part) for user in LISTINGS["users"](usual, now) for part in user.skus)
    assert all(row.consumed == held[row.client, row.part_number] for row in skus)
    assert all(row.consumed <= row.enabled + row.warning for row in skus)


def test_the_marketplace_sells_a_little_more_or_less_than_the_tenants_have(usual: World) -> None:
    now = usual.clock.now()
    have = {(row.client, row.part_number): row.enabled + row.warning for row in LISTINGS["skus"](usual, now)}
    off = [row.quantity - have[row.client, row.product.part_number] for row in LISTINGS["subscriptions"](usual, now)
           if row.status == "active" and (row.client, row.product.part_number) in have]  # fmt: skip
    assert min(off) < 0 < max(off) and off.count(0) > len(off) / 4


def test_a_secure_score_rises_over_the_history(usual: World) -> None:
    client = next(index for index in usual.clients.served if usual.tenants.of(index, usual.clock.now()))
    scores = usual.tenants.scores(client, usual.clock.now(), 600)
    assert scores[-1].current > scores[0].current
    assert all(row.current == sum(one.score for one in row.controls) <= row.max for row in scores)


def test_a_client_that_joined_was_a_prospect_with_a_deal_that_was_won(usual: World) -> None:
    joined = [usual.clients.get(index) for index in usual.clients.served if usual.clients.get(index).joined_at]
    assert joined
    for client in joined:
        assert client.joined_at is not None
        before = {row.client: row for row in usual.sales.companies(client.joined_at - 10 * DAY)}[client.index]
        after = {row.client: row for row in usual.sales.companies(client.joined_at + DAY)}[client.index]
        assert (before.kind, after.kind, before.id) == ("prospect", "client", after.id)
        won = [row for row in usual.sales.deals(client.joined_at) if row.client == client.index]
        assert [(row.stage, row.status) for row in won] == [("Won", "won")]
    deals = usual.sales.deals(usual.clock.now())
    assert {row.status for row in deals} == {"open", "won", "lost"}
    assert all(row.steps[-1].stage == row.stage and (row.closed_at is None) == (row.status == "open") for row in deals)


def test_meetings_that_lie_ahead_have_no_outcome_yet(usual: World) -> None:
    now = usual.clock.now()
    rows = usual.sales.activities(now)
    ahead = [row for row in rows if row.ends_at > now]
    assert ahead and all(not row.done and row.outcome == "" for row in ahead)
    assert all(row.done and row.outcome for row in rows if row.ends_at <= now)
    assert {"First-time appointment", "PBR"} <= {row.type for row in rows}


def test_invoices_add_up_to_the_income_of_the_books(usual: World) -> None:
    now = usual.clock.now()
    for month in range(month_of(TODAY) - 12, month_of(TODAY)):
        billed: dict[int, Decimal] = defaultdict(Decimal)
        for invoice in usual.billing.invoices(now):
            if month_of(invoice.posted_on) == month:
                billed[invoice.client] += invoice.total
        booked: dict[int, Decimal] = defaultdict(Decimal)
        for posting in usual.ledger.month(month):
            if posting.account in LINES and posting.client is not None:
                booked[posting.client] += posting.amount
        assert billed == booked and billed
    assert any(row.kind == "credit" and row.total < 0 for row in usual.billing.invoices(now))
    assert any(row.paid_on is None and row.due_on < TODAY for row in usual.billing.invoices(now))


def test_an_invoice_is_unpaid_until_it_is_paid(usual: World) -> None:
    paid = next(row for row in usual.billing.invoices(usual.clock.now()) if row.paid_on is not None)
    [before] = [row for row in usual.billing.invoices(paid.created_at, client=paid.client) if row.id == paid.id]
    assert before.paid_on is None and before.balance() == before.total
    assert paid.balance() == 0


def test_a_reopened_ticket_was_closed_reopened_and_closed(usual: World) -> None:
    now = usual.clock.now()
    ticket = next(seen.record.ticket for seen in usual.tickets(now)
                  if (seen.record.ticket.closed_again_at or now) < now and seen.record.ticket.reopened_at)  # fmt: skip
    news = [row.new for row in usual.quality.changes(ticket.id, now)]
    assert news[-2] == "Re-opened" and {news[-3], news[-1]} <= set(CLOSED_STATUSES)
    assert [row.new for row in usual.quality.changes(ticket.id, ticket.closed_at or 0)] == news[:-2]


def test_about_one_in_five_closed_tickets_is_answered_for_and_most_are_content(usual: World) -> None:
    rows = list(usual.quality.surveys(usual.clock.now()))
    assert 0.7 < sum(row.mood == "positive" for row in rows) / len(rows) < 0.95
    assert {row.score for row in rows} == {1, 2, 3, 4, 5}


CHANGES: Sequence[tuple[str, str, dict[str, Any], tuple[str, Any]]] = [
    ("backups", "backups", {"retention_days": 7}, ("retention_days", 7)),
    ("backup_runs", "backup_runs", {"outcome": "failed", "error": "Changed"}, ("error", "Changed")),
    ("users", "users", {"skus": []}, ("skus", ())),
    ("incidents", "incidents", {"title": "Changed"}, ("title", "Changed")),
    ("incidents", "tenant_incidents", {"title": "Changed"}, ("title", "Changed")),
    ("licenses", "skus", {"consumed": 99}, ("consumed", 99)),
    ("licenses", "subscriptions", {"price": "1.25"}, ("price", Decimal("1.25"))),
    ("deals", "deals", {"stage": "Won", "status": "won"}, ("stage", "Won")),
    ("activities", "activities", {"outcome": "held"}, ("outcome", "held")),
    ("alerts", "alerts", {"resolved_at": "2026-06-01T00:00:00Z"}, ("resolved_at", 1780272000)),
    ("invoices", "invoices", {"paid_on": "2026-06-01"}, ("paid_on", date(2026, 6, 1))),
    ("surveys", "surveys", {"score": 2}, ("score", 2)),
]


@pytest.mark.parametrize(("record", "name", "wanted", "found"), CHANGES)
def test_a_record_can_be_changed_copied_and_deleted_by_name(
    record: str, name: str, wanted: dict[str, Any], found: tuple[str, Any]
) -> None:
    world = world_of(clients=12, months=4)
    now, listing = world.clock.now(), LISTINGS[name]
    first, second, *_ = rows = list(listing(world, now))
    edit(world, {"record": record, "id": first.id, "set": wanted})
    edit(world, {"record": record, "id": second.id, "delete": True})
    added = edit(world, {"record": record, "add": {"like": rows[2].id, **wanted}})["id"]
    after = {row.id: row for row in listing(world, now)}
    assert after.keys() == {row.id for row in rows} - {second.id} | {added}
    for number in (first.id, added):
        assert getattr(after[number], found[0]) == found[1] and after[number].updated_at == now
    assert second.id in {row.id for row in listing(world, now - 60)} or second.updated_at > now - 60
    world.edits.clear()
    assert list(listing(world, now)) == rows


def test_every_kind_of_record_that_can_be_changed_is_tried_here() -> None:
    assert {record for record, *_ in CHANGES} == set(MADE)


def test_an_edit_of_a_field_that_a_record_does_not_have_is_refused(usual: World) -> None:
    bodies: list[dict[str, object]] = [
        {"record": "deals", "id": 1, "set": {"colour": "red"}}, {"record": "deals", "add": {"like": 1}},
    ]  # fmt: skip
    for body in bodies:
        with pytest.raises(ValueError, match="deals"):
            edit(usual, body)


def test_a_device_that_was_renamed_has_its_name_in_every_layer() -> None:
    world = world_of(clients=12, months=4)
    now = world.clock.now()
    thing = next(row for row in LISTINGS["backups"](world, now) if row.device)
    edit(world, {"record": "devices", "id": thing.device, "set": {"name": "RENAMED-1"}})
    for name in ("backups", "agents", "computers"):
        assert {row.hostname for row in LISTINGS[name](world, now) if row.device == thing.device} <= {"RENAMED-1"}
    assert next(row for row in LISTINGS["backups"](world, now) if row.id == thing.id).hostname == "RENAMED-1"


class _WithItsOwnIds:
    def owners(self) -> dict[str, int | None]:
        return {"7": 1, "8": None}


def test_identities_tell_of_every_vendor_whose_its_accounts_are(usual: World) -> None:
    told = identities(usual, {"pax8": object(), "datto_bcdr": object(), "hubspot": _WithItsOwnIds()})
    for company in usual.marketplace.companies(usual.clock.now()):
        assert told["pax8"][company.id] == str(usual.clients.get(company.client or 0).psa_id)
    assert len(told["pax8"]) == len(usual.clients.served)  # those who left long ago, too
    assert told["hubspot"] == {"7": str(usual.clients.get(1).psa_id), "8": None}
    assert told["datto_bcdr"] == identities(usual)["datto_bcdr"]
