"""The world behind the sandbox: the same for the same seed, sized like the MSP it plays, and honest."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
import requests

from collectors.sandbox.truth import identities, truth
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.dates import month_of, parse_month
from collectors.sandbox.world.desk import LONGEST_STORY
from collectors.sandbox.world.options import Options
from collectors.sandbox.world.others import BACKUP, EDR, SYSTEMS, TENANT
from collectors.sandbox.world.world import World
from tests.collectors.sandbox.conftest import TODAY, Caller


def world_of(**chosen: int) -> World:
    options = Options(today=TODAY, **chosen)
    return World(options, Clock(options.calendar().at(TODAY, 12)))


@pytest.fixture(scope="module")
def usual() -> World:
    return world_of()


def picture(world: World) -> str:
    now = world.clock.now()
    rows = [repr(row) for row in world.devices_at(now)]
    rows += [repr(row) for row in world.agreements_at(now)]
    rows += [repr(row) for row in world.tickets(now)] + [repr(row) for row in world.entries(now)]
    rows += [repr(row) for row in world.ledger.month(month_of(TODAY) - 1)]
    return "\n".join(rows)


def test_a_seed_decides_everything() -> None:
    first = picture(world_of(clients=6, months=2))
    assert first == picture(world_of(clients=6, months=2))
    assert first != picture(world_of(clients=6, months=2, seed=8))


def test_the_usual_world_is_the_size_of_the_msp_it_plays(usual: World) -> None:
    company = [truth(usual, month)["company"] for month in range(month_of(TODAY) - 12, month_of(TODAY))]
    last = company[-1]
    assert isinstance(last, dict)
    assert 560 <= int(last["endpoints_managed"]) <= 640
    assert int(last["managed_services_agreements"]) == 37
    tickets = [int(row["reactive_tickets_created"]) for row in company]  # type: ignore[index]
    assert 320 <= sum(tickets) / 12 <= 420
    hours = [Decimal(row["reactive_hours"]) for row in company]  # type: ignore[index]
    assert 130 <= sum(hours) / 12 <= 200
    revenue = [Decimal(row["total_revenue"]) for row in company]  # type: ignore[index]
    assert 130_000 <= sum(revenue) / 12 <= 185_000
    profitable = [row for row in company if Decimal(row["net_profit"]) > 0]  # type: ignore[index]
    assert 7 <= len(profitable) < 12
    assert any(Decimal(row["nrr"]) < 0 for row in company)  # type: ignore[index]
    assert Decimal(last["mrr"]) != Decimal(last["agreement_mrr"])
    assert abs(Decimal(last["mrr"]) / Decimal(last["agreement_mrr"]) - 1) < Decimal("0.05")


def test_the_usual_world_has_every_oddity(usual: World) -> None:
    now = usual.clock.now()
    tickets = [seen.record for seen in usual.tickets(now)]
    assert any(row.parent for row in tickets) and any(row.merged_into for row in tickets)
    assert any(row.ticket.reopened_at for row in tickets)
    late = [row.record for row in usual.entries(now)
            if usual.calendar.month(row.record.entered_at) > usual.calendar.month(row.record.started_at)]  # fmt: skip
    assert late
    devices = list(usual.devices_at(now))
    classes = Counter(row.node_class for row in devices)
    assert classes["HYPERV_VMM_GUEST"] + classes["VMWARE_VM_GUEST"] > 10
    assert any(row.name.startswith("SPARE-") for row in devices)
    assert any(row.approval(now) == "PENDING" for row in devices)
    assert any(now - row.last_contact(now) > 30 * 86_400 for row in devices)
    cycles = {seen.record.cycle for seen in usual.agreements_at(now)}
    assert cycles == {"Monthly", "Quarterly", "Annually"}
    clients = [usual.clients.get(index) for index in usual.clients.served]
    large = sorted(clients, key=lambda client: -client.devices)[:3]
    unnamed = [
        client for client in large if not (client.organizations[0].description or "").startswith(("PSA", "Conn"))
    ]
    assert len(unnamed) == 1


def test_no_story_is_longer_than_a_reader_of_changes_is_told(usual: World) -> None:
    later = usual.clock.now() + 2 * LONGEST_STORY
    assert max(seen.updated_at - seen.record.created_at for seen in usual.tickets(later)) < LONGEST_STORY
    began = {seen.record.ticket.id: seen.record.created_at for seen in usual.tickets(later)}
    written = [seen for seen in usual.entries(later) if seen.record.ticket is not None]
    assert max(seen.updated_at - began[seen.record.ticket or 0] for seen in written) < LONGEST_STORY


def test_parts_of_the_truth_add_up_to_the_company(usual: World) -> None:
    answer = truth(usual, month_of(TODAY) - 1)
    company, clients = answer["company"], answer["clients"]
    assert isinstance(company, dict) and isinstance(clients, dict)
    for name in ("reactive_tickets_created", "reactive_hours", "endpoints_managed", "agreement_mrr"):
        assert sum(Decimal(row.get(name, 0)) for row in clients.values()) == Decimal(company[name])


def test_the_truth_agrees_with_what_is_served(caller: Caller) -> None:
    company = caller.control("GET", "truth?month=2026-05")["company"]
    span = "[2026-05-01T05:00:00Z]", "[2026-06-01T05:00:00Z]"  # Chicago's May
    tickets = caller.psa_all("service/tickets", conditions='board/name = "Help Desk"')
    parents = [row for row in tickets if "parentTicketId" not in row and "mergedParentTicket" not in row]
    within = (span[0][1:-1], span[1][1:-1])
    created = [row for row in parents if within[0] <= row["_info"]["dateEntered"] < within[1]]
    closed = [row for row in parents if within[0] <= row.get("closedDate", "") < within[1]]
    assert (len(created), len(closed)) == (
        int(company["reactive_tickets_created"]), int(company["reactive_tickets_closed"])
    )  # fmt: skip
    entries = caller.psa_all("time/entries", conditions=f"dateEntered >= {span[0]} and dateEntered < {span[1]}")
    board = {row["id"] for row in tickets}
    hours = sum(Decimal(str(row["actualHours"])) for row in entries if row.get("ticket", {}).get("id") in board)
    assert hours == Decimal(company["reactive_hours"])


def test_agreement_worth_can_be_worked_out_from_what_is_served(caller: Caller) -> None:
    caller.at("2026-06-01T04:59:59Z")
    total = Decimal(0)
    for row in caller.psa_all("finance/agreements", conditions='agreementStatus = "Active"'):
        months = {"Monthly": 1, "Quarterly": 3, "Annually": 12}[row["billingCycle"]["name"]]
        worth = Decimal(str(row["billAmount"]))
        for addition in caller.psa_all(f"finance/agreements/{row['id']}/additions"):
            begun = addition["effectiveDate"] <= "2026-05-31T00:00:00Z"
            if begun and addition.get("cancelledDate", "9") > "2026-05-31T00:00:00Z":
                worth += Decimal(str(addition["extPrice"])) * (addition["billCustomer"] == "Billable")
        total += (worth / months).quantize(Decimal("0.01"))
    assert total == Decimal(caller.control("GET", "truth?month=2026-05")["company"]["agreement_mrr"])


def test_an_edit_changes_the_truth(caller: Caller) -> None:
    def created() -> int:
        return int(caller.control("GET", "truth?month=2026-05")["company"]["reactive_tickets_created"])

    before = created()
    parents = caller.psa_all(
        "service/tickets", conditions='board/name = "Help Desk" and dateEntered > [2026-05-10T00:00:00Z]'
    )
    some = next(row for row in parents if not {"parentTicketId", "mergedParentTicket"} & set(row)
                and row["_info"]["dateEntered"] < "2026-05-28")  # fmt: skip
    caller.edit("tickets", some["id"], set={"board": "Projects"})
    assert created() == before - 1


def test_added_tickets_and_devices_are_listed_and_counted(caller: Caller) -> None:
    before = caller.control("GET", "truth?month=2026-06")["company"]
    ticket = caller.control("POST", "edit", {"record": "tickets", "add": {"company": 250}})["id"]
    device = caller.control("POST", "edit", {"record": "devices", "add": {"organization": 4, "name": "NEW-1"}})["id"]
    assert caller.psa(f"service/tickets/{ticket}").json()["status"]["name"] == "New"
    assert caller.psa_all("service/tickets")[-1]["id"] == ticket
    assert caller.ninja("devices", df=f"id = {device}").json()[0]["systemName"] == "NEW-1"
    caller.control("POST", "edit", {"record": "time_entries", "add": {"ticket": ticket, "hours": 2}})
    after = caller.control("GET", "truth?month=2026-06")["company"]
    added = {"reactive_tickets_created": 1, "reactive_hours": 2, "endpoints_managed": 1, "seats_managed": 1}
    assert {name: Decimal(after[name]) - Decimal(before[name]) for name in added} == added


@pytest.mark.parametrize(
    "body",
    [
        {"record": "moons", "id": 1},
        {"record": "tickets", "id": 1, "set": {"board": "X"}},
        {"record": "tickets", "id": 1, "set": {"colour": "red"}},
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(caller: Caller, body: dict[str, object]) -> None:
    assert requests.post(f"{caller.base}/_sandbox/edit", json=body, timeout=20).status_code == 400


def test_a_switch_takes_only_what_it_knows(caller: Caller) -> None:
    for body in ({"ninjaone": {"moon": 1}}, {"ninjaone": {"report_end": "never"}}, {"ninjaone": {"link_header": 1}}):
        assert requests.post(f"{caller.base}/_sandbox/switches", json=body, timeout=20).status_code == 400
    assert {row["name"] for row in caller.control("GET", "switches")["table"]} >= {"rotation", "report_end"}


def test_ten_thousand_clients_begin_at_once_and_are_read_page_by_page() -> None:
    world = world_of(clients=10_000)
    now, began = world.clock.now(), time.monotonic()
    found = [next(iter(world.tickets(now))).record.ticket.id]
    found.append(next(iter(world.tickets(now, after=120_000_000))).record.ticket.id)
    assert found[1] > 120_000_000
    assert next(iter(world.devices_at(now, after=4_000_000))).id > 4_000_000
    assert time.monotonic() - began < 3


def test_the_program_starts_without_django_and_says_where_it_is() -> None:
    began = time.monotonic()
    program = subprocess.Popen(
        [sys.executable, "-m", "collectors.sandbox", "--port", "0", "--clients", "4", "--today", "2026-06-17"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        address = program.stdout.readline().split()[2]
        info = requests.get(f"{address}/_sandbox/info", timeout=10).json()
        assert time.monotonic() - began < 3
        assert (info["today"], info["clients"]) == ("2026-06-17", 4)
        assert json.dumps(info["vendors"]["quickbooks_online"]["secrets"]["realm_id"])
    finally:
        program.terminate()
        program.wait(timeout=10)


def test_the_zone_decides_where_a_month_begins() -> None:
    east = Options(today=date(2026, 6, 17), zone="Pacific/Auckland").calendar()
    west = Options(today=date(2026, 6, 17)).calendar()
    assert west.month_start(parse_month("2026-05")) - east.month_start(parse_month("2026-05")) == 17 * 3600


def test_three_more_systems_know_most_clients_under_their_own_ids(usual: World) -> None:
    now = usual.clock.now()
    for system in SYSTEMS:
        rows = list(usual.others.at(system, now))
        assert rows == list(usual.others.at(system, now))
        assert len(rows) == len({row.id for row in rows})
        assert len(rows) >= 20 and {row.client for row in rows} > {None}
        told = [row for row in rows if row.ids]
        assert all(row.ids == {"connectwise_psa": str(usual.clients.get(row.client or 0).psa_id)} for row in told)
        assert 0.2 < len(told) / len(rows) < 0.7
    assert all(row.tenant_id == row.id for row in usual.others.at(TENANT, now))


def test_a_machine_has_the_same_serial_number_in_every_system_that_runs_on_it(usual: World) -> None:
    now = usual.clock.now()
    in_rmm = {device.serial: device.client for device in usual.devices_at(now)}
    for system in (BACKUP, EDR):
        found = {machine.serial: row.client for row in usual.others.at(system, now) for machine in row.machines}
        assert len(found) > 50 and found.items() <= in_rmm.items()


def test_the_other_systems_are_as_untidy_as_such_systems_are(usual: World) -> None:
    others, now = usual.others, usual.clock.now()
    [(second, first)], [(daughter, mother)] = others.franchise.items(), others.family.items()
    site = next(row for row in others.at(EDR, now) if row.client == second)
    assert usual.clients.get(first).psa_name.startswith(site.name)  # the franchise goes by one name
    tenants = {row.client: row for row in others.at(TENANT, now) if row.client is not None}
    assert usual.clients.get(mother).domain in tenants[daughter].domains
    for system, index in others.twice.items():
        assert [row.client for row in others.at(system, now)].count(index) == 2
    paying = {
        index for index in usual.clients.served
        if usual.clients.get(index).left_at is None and others._pays(EDR, index, now)
    }
    assert paying - {row.client for row in others.at(EDR, now)}  # somebody pays and is not there


def test_identities_tell_whose_each_account_is(usual: World) -> None:
    told = identities(usual)
    assert told["connectwise_psa"]["250"] == "250" and None in told["connectwise_psa"].values()
    assert told["ninjaone"]["2"] == told["ninjaone"]["3"] == "2"  # the MSP's own, and its lab
    assert told["quickbooks_online"]["104"] == "250"
    for system in SYSTEMS:
        assert told[system].keys() == {row.id for row in usual.others.at(system, usual.clock.now())}
        assert None in told[system].values()
