"""Autotask: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.answers import together
from collectors.client import Client
from collectors.collect import run
from collectors.declare import Endpoint, Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.agreements import AdditionState
from collectors.facts.service import Ticket, TimeEntry
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

TICKET = {
    "id": 100, "companyID": 174, "assignedResourceID": 10, "completedDate": "2019-09-05T08:23:00.000Z",
    "contractID": 29684183, "createDate": "2019-08-18T01:00:00.000Z", "issueType": 10,
    "firstResponseDateTime": "2019-08-18T03:00:00.000Z",
    "lastActivityDate": "2019-09-23T11:00:00.000Z", "priority": 3, "queueID": 29682833, "status": 5,
    "subIssueType": 136, "ticketNumber": "T20190818.0002", "title": "Monthly checkup", "contactID": 8,
    "serviceLevelAgreementHasBeenMet": None, "state": {"label": "Complete"}, "issue": {"label": "Network"},
    "sub_issue": None, "urgency": {"label": "Medium"},
}  # fmt: skip
ENTRY = {
    "id": 4, "ticketID": 100, "taskID": None, "dateWorked": "2018-01-23T00:00:00.000Z", "startDateTime": None,
    "hoursWorked": 1.0, "resourceID": 10, "billingCodeID": 3, "contractID": 5, "isNonBillable": False,
    "createDateTime": "2018-01-23T13:00:00.000Z", "work": {"name": "Remote support"},
}  # fmt: skip
UNITS = {
    "id": 9, "contractID": 5, "contractServiceID": 7, "serviceID": 11, "units": 20, "price": 2000.0,
    "startDate": "2026-04-01T00:00:00.000Z", "endDate": "2026-06-30T00:00:00.000Z", "service": {"name": "Seat"},
    "bought": {"unitPrice": 100.0},
}  # fmt: skip


def endpoint(vendor: Vendor, name: str) -> Endpoint:
    return next(one for one in vendor.endpoints if one.name == name)


def row(vendor: Vendor, name: str, record: dict[str, Any]) -> dict[str, Any]:
    plan, batch = Plan(endpoint(vendor, name), vendor, {}), Batch()
    plan.read([record], batch)
    assert batch.unread == []
    return dict(zip(plan.columns, next(iter(batch.rows.values())), strict=True))


def test_a_ticket_says_in_words_what_it_has_as_numbers(vendor: Vendor) -> None:
    made = row(vendor, "tickets", TICKET)
    assert (made["status"], made["type"], made["priority"]) == ("Complete", "Network", "Medium")
    assert made["subtype"] == "136"  # a number that no list explains stays a number
    assert (made["closed"], made["queue"], made["sla_met"]) == (True, "29682833", None)
    assert made["closed_at"] == datetime(2019, 9, 5, 8, 23, tzinfo=UTC)
    assert not row(vendor, "tickets", {**TICKET, "status": 8, "completedDate": None})["closed"]


def test_hours_belong_to_whom_the_ticket_belongs_to(vendor: Vendor) -> None:
    made = row(vendor, "time entries", ENTRY)
    assert (made["account"], made["ticket"], made["charged_to"]) == (None, "100", "ticket")
    assert (made["hours"], made["billable"], made["work_type"]) == (1, True, "Remote support")
    assert made["worked_at"] == datetime(2018, 1, 23, 12, tzinfo=UTC)  # a day alone stays that day
    on_task = row(vendor, "time entries", {**ENTRY, "ticketID": None, "taskID": 6, "isNonBillable": None})
    assert (on_task["ticket"], on_task["charged_to"], on_task["billable"]) == (None, "project", None)


def test_hours_on_a_task_belong_to_whom_its_project_belongs_to(vendor: Vendor) -> None:
    made = row(vendor, "time entries", {**ENTRY, "ticketID": None, "taskID": 6, "project": {"companyID": 174}})
    assert (made["account"], made["ticket"], made["charged_to"]) == ("174", None, "project")


@pytest.mark.parametrize(("change", "amount"), [
    ({}, Decimal(2000) / 3),
    ({"price": 100.0}, Decimal(2000) / 3),
    ({"price": 100.0, "units": 1}, Decimal(100) / 3),
    ({"bought": None}, Decimal(2000) / 3),
    ({"endDate": "2026-04-30T00:00:00.000Z"}, Decimal(2000)),
    ({"startDate": "2026-04-11T00:00:00.000Z", "endDate": "2026-04-30T00:00:00.000Z"}, Decimal(2000)),
    ({"endDate": None}, Decimal(2000)),
])  # fmt: skip
def test_units_come_to_an_amount_a_month_whatever_their_price_is_of(
    vendor: Vendor, change: dict[str, Any], amount: Decimal
) -> None:
    made = row(vendor, "contract services", {**UNITS, **change})
    assert made["amount"] == pytest.approx(amount)
    assert (made["product"], made["quantity"], made["effective_on"].month) == ("Seat", change.get("units", 20), 4)
    assert row(vendor, "contract services", UNITS)["cancelled_on"] == date(2026, 7, 1)


def test_amounts_a_month_are_the_worlds_own_in_both_readings(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    by_row = {key: made["amount"] for key, made in listed("contract services").items()}
    playing.switch(vendor, price="unit")
    by_unit = {key: made["amount"] for key, made in listed("contract services").items()}
    assert by_row and by_row == pytest.approx(by_unit)


def test_clients_are_told_by_the_label_of_their_type(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    before = listed("companies")
    assert {made["kind"] for made in before.values()} == {"client", "prospect"}
    assert before["0"]["name"].startswith("Lanternworks")  # nought is an id
    playing.switch(vendor, customer=3)
    assert listed("companies") == before


def test_queues_and_statuses_are_those_tickets_have(listed: Listed) -> None:
    queues, statuses, tickets = listed("queues"), listed("statuses"), listed("tickets")
    assert {made["queue"] for made in tickets.values()} <= set(queues)
    assert {made["name"] for made in statuses.values() if made["closed"]} == {"Complete"}
    assert {made["status"] for made in tickets.values()} <= {made["name"] for made in statuses.values()}


def test_every_ticket_and_hour_of_the_world_is_read_once(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    now = world.clock.now()
    tickets, hours = listed("tickets"), listed("time entries")
    seen = {str(one.record.ticket.id): one.record for one in world.tickets(now)}
    tasks = {key: state.client for key, state in seen.items() if state.board == "Projects"}
    assert tasks and set(tickets) == seen.keys() - tasks.keys()
    entries = {str(one.record.id): one.record for one in world.entries(now)}
    assert {key: made["hours"] for key, made in hours.items()} == {
        key: Decimal(str(entry.hours)) for key, entry in entries.items()
    }
    companies = playing.sandbox.vendors["autotask"].owners()  # type: ignore[attr-defined]
    on_tasks = {key: tasks[str(entry.ticket)] for key, entry in entries.items() if str(entry.ticket) in tasks}
    told = {key: companies[made["account"]] for key, made in hours.items() if made["charged_to"] == "project"}
    assert told == on_tasks


# Histories


def entries(*moves: tuple[str, str], ticket: int = 7) -> list[dict[str, Any]]:
    return [
        {"id": place, "ticketID": ticket, "date": f"2026-05-{place + 1:02d}T09:00:00.000Z", "action": action,
         "detail": detail}
        for place, (action, detail) in enumerate(moves)
    ]  # fmt: skip


CLOSES, OPENS = ("Edit", 'Status changed from "New" to "Complete"'), ("Status", "Complete → In Progress")


@pytest.mark.parametrize(("moves", "times"), [
    ((CLOSES,), 0), ((CLOSES, OPENS), 1), ((CLOSES, OPENS, CLOSES, ("Status", "Complete -> New")), 2), ((OPENS,), 1),
    ((("Edit", "Status"),), None), ((("Created", "Ticket created"), ("Edit", "Title")), None),
    ((("Edit", 'Status changed from "New" to "In Progress"'),), None), ((("Edit", ""), CLOSES), 0),
])  # fmt: skip
def test_a_history_tells_how_often_a_ticket_was_opened_again_or_nothing(
    vendor: Vendor, moves: tuple[tuple[str, str], ...], times: int | None
) -> None:
    records = endpoint(vendor, "reopened tickets").records
    assert records is not None
    told = list(records({"items": entries(*moves)[::-1], "pageDetails": {"nextPageUrl": None}}))
    assert len(told) == len(moves) and told[-1] == {"ticket": 7, "reopened": times}
    cut = list(records({"items": entries(*moves), "pageDetails": {"nextPageUrl": "https://next.example"}}))
    assert {one["reopened"] for one in cut} == {None}


@pytest.mark.parametrize(("way", "known"), [("words", True), ("arrow", True), ("terse", False)])
def test_reopened_tickets_are_the_worlds_or_unknown(
    playing: Playing, vendor: Vendor, way: str, known: bool
) -> None:
    playing.switch(vendor, history=way)
    world = playing.sandbox.world
    now = world.clock.now()
    there = [seen.record.ticket for seen in world.tickets(now)]
    once = {str(ticket.id) for ticket in there if ticket.reopened_at is not None and ticket.reopened_at <= now}
    history = endpoint(vendor, "reopened tickets")
    plan, batch = Plan(history, vendor, {}), Batch()
    with Client(playing.connection(vendor), vendor) as client:
        for _, parent in together((("", {"id": ticket.id}) for ticket in there), history.together):
            for page in client.pages(history, parent=parent):
                plan.read(page.records, batch)
    told = {key: made[plan.columns.index("reopened")] for key, made in batch.rows.items()}
    assert once and {key for key, times in told.items() if times} == (once if known else set())
    assert known or set(told.values()) == {None}


# What goes wrong


@pytest.mark.django_db(transaction=True)
def test_a_missing_right_needs_a_person_and_a_list_that_may_miss_is_passed_by(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, forbidden="Invoices")
    source = playing.connection(vendor)
    assert run(source).state == "done"
    source.refresh_from_db()
    assert source.problem.startswith("Read, but not invoices: Autotask PSA says: The logged in Resource does not have")
    assert Ticket.objects.exclude(account=None).count() > 0 and Ticket.objects.filter(reopened__gt=0).exists()
    assert TimeEntry.objects.filter(ticket__account__isnull=False, account=None).count() == 0
    assert AdditionState.objects.exclude(thing__agreement=None).count() > 0
    playing.switch(vendor, forbidden="Tickets")
    with Client(source, vendor) as client, pytest.raises(Refused, match="permissions"):
        next(client.pages(endpoint(vendor, "tickets")))


@pytest.mark.parametrize("kind", ["error_200", "500"])
def test_an_error_of_their_own_is_waited_for_whatever_its_status(playing: Playing, vendor: Vendor, kind: str) -> None:
    with Client(playing.connection(vendor), vendor, patience=Patience(tries=1)) as client:
        playing.fault(vendor, kind, path="/Tickets/query", times=None)
        with pytest.raises(Unavailable, match="Autotask PSA"):
            next(client.pages(endpoint(vendor, "tickets")))


def test_only_declared_fields_are_asked_for(vendor: Vendor) -> None:
    asked = endpoint(vendor, "companies")
    assert asked.body is not None
    question = asked.body({**asked.params, "size": "500", "after": "12"})
    assert json.loads(json.dumps(question)) == {
        "MaxRecords": 500,
        "IncludeFields": [
            "address1", "city", "companyName", "companyType", "id", "isActive", "parentCompanyID", "phone",
            "postalCode", "webAddress",
        ],
        "filter": [{"field": "id", "op": "gt", "value": 12}],
    }  # fmt: skip


def test_a_user_nobody_knows_has_no_zone(playing: Playing, vendor: Vendor) -> None:
    source = playing.connection(vendor)
    source.settings = {**source.settings, "user_name": "nobody@lanternworksit.example"}
    client = Client(source, vendor, patience=Patience(tries=1))
    with pytest.raises((Refused, Unavailable), match="Autotask PSA"), client:
        pass
