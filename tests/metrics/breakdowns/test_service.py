"""Tickets and hours by queue, type, technician, client, kind of work and age."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from collectors.connections import Connection
from metrics import breakdowns
from metrics.models import QueueKind
from metrics.reading import COMPANY, NOT_LINKED, client
from tests.metrics.breakdowns.world import ACME, MAY, US, World


def by_name(rows: Any) -> dict[str, Any]:
    return {row.name: row for row in rows}


def test_tickets_and_hours_add_up_whatever_they_are_parted_by(world: World) -> None:
    parent = world.ticket("acme", date(2026, 5, 4), date(2026, 6, 2), type="Printer")
    child = world.ticket("acme", date(2026, 5, 5), date(2026, 5, 6), type="Odd", parent=parent)
    merged = world.ticket("oak", date(2026, 5, 6), date(2026, 5, 6), merged_into=parent)
    world.ticket("oak", date(2026, 5, 31), type="")
    world.ticket("nobody", date(2026, 5, 7))
    world.ticket("waiting", date(2026, 5, 8), technician=None)
    world.ticket("acme", date(2026, 5, 9), queue=world.projects)
    world.ticket("acme", date(2026, 4, 30), date(2026, 5, 1))
    world.time("1.5", date(2026, 5, 10), parent)
    world.time("0.5", date(2026, 5, 10), child)
    world.time("2", date(2026, 5, 31), merged, technician=None)
    world.time("4", date(2026, 6, 1), parent)
    assert [(row.name, row.created, row.closed, row.hours) for row in breakdowns.tickets_by(COMPANY, MAY, "type")] == [
        ("Printer", 1, 0, Decimal(4)), ("", 1, 0, Decimal(0)), ("Break", 1, 1, Decimal(0)),
    ]  # fmt: skip
    for by in ("queue", "type", "technician", "client"):
        rows = breakdowns.tickets_by(COMPANY, MAY, by)
        assert [sum(row.created for row in rows), sum(row.closed for row in rows)] == [3, 1], by
        assert sum(row.hours for row in rows) == 4, by
    clients = by_name(breakdowns.tickets_by(COMPANY, MAY, "client"))
    assert (clients["Acme"].created, clients["Acme"].closed, clients["Acme"].hours) == (1, 1, Decimal(2))
    assert (clients["Oak"].created, clients["Oak"].hours, clients["Oak"].slug) == (1, Decimal(2), "oak")
    assert (clients[""].created, clients[""].key) == (1, None)
    technicians = by_name(breakdowns.tickets_by(COMPANY, MAY, "technician"))
    assert (technicians["Noor Selwick"].created, technicians["Noor Selwick"].hours) == (2, Decimal(2))
    assert by_name(breakdowns.tickets_by(COMPANY, MAY, "queue", reactive=False))["Projects"].created == 1


def test_each_scope_has_its_own_and_together_they_are_the_company(world: World) -> None:
    for whose, many in (("acme", 3), ("oak", 2), ("us", 1), ("waiting", 4), ("nobody", 9)):
        for _ in range(many):
            world.ticket(whose, date(2026, 5, 4))
    scopes = (ACME, client("oak"), US, NOT_LINKED, COMPANY, client("no-such-client"))
    counted = [sum(row.created for row in breakdowns.tickets_by(scope, MAY, "queue")) for scope in scopes]
    assert counted == [3, 2, 1, 4, 10, 0]


def test_a_queue_counts_by_the_kind_it_had_and_a_connection_on_its_own_days(world: World) -> None:
    QueueKind.objects.create(queue=world.desk, kind="internal", from_on=date(2026, 5, 15))
    world.ticket("acme", date(2026, 5, 14))
    world.ticket("acme", date(2026, 5, 15))
    assert [row.created for row in breakdowns.tickets_by(COMPANY, MAY, "queue")] == [1]
    Connection.objects.filter(pk=world.psa.pk).update(counts_from=date(2026, 6, 1))
    assert breakdowns.tickets_by(COMPANY, MAY, "queue") == []


def test_hours_go_by_the_kind_of_work_of_the_ticket_they_belong_to(world: World) -> None:
    project = world.ticket("acme", date(2026, 5, 1), queue=world.projects)
    world.time("1", date(2026, 5, 2), world.ticket("acme", date(2026, 5, 1)))
    world.time("2", date(2026, 5, 2), project)
    world.time("3", date(2026, 5, 2), charged_to="project")
    world.time("4", date(2026, 5, 2), charged_to="activity")
    rows = breakdowns.hours_by_kind(COMPANY, MAY)
    assert [(row.kind, row.hours, row.entries) for row in rows] == [
        ("project", Decimal(5), 2), ("internal", Decimal(4), 1), ("reactive", Decimal(1), 1),
    ]  # fmt: skip


def test_open_tickets_by_age_are_those_open_at_the_end_of_the_day(world: World) -> None:
    on = date(2026, 6, 30)
    for age in (0, 1, 2, 7, 8, 30, 31, 90, 91, 400):
        world.ticket("acme", on - timedelta(days=age))
    world.ticket("oak", on, on + timedelta(days=1))
    world.ticket("oak", on, on)
    world.ticket("oak", on + timedelta(days=1))
    world.ticket("oak", on, queue=world.projects)
    rows = breakdowns.open_by_age(COMPANY, on)
    assert [(row.from_days, row.until_days, row.tickets) for row in rows] == [
        (0, 2, 3), (2, 8, 2), (8, 31, 2), (31, 91, 2), (91, None, 2),
    ]  # fmt: skip
    assert sum(row.tickets for row in breakdowns.open_by_age(client("oak"), on)) == 1


def test_the_longest_tickets_take_their_childrens_time_and_one_months_hours(world: World) -> None:
    long = world.ticket("acme", date(2026, 4, 1), title="Server down")
    world.time("2", date(2026, 5, 3), world.ticket("acme", date(2026, 5, 1), parent=long))
    world.time("3", date(2026, 5, 3), long)
    world.time("9", date(2026, 6, 1), long)
    short = world.ticket("oak", date(2026, 5, 1), date(2026, 5, 2))
    world.time("4", date(2026, 5, 3), short)
    rows = breakdowns.longest_tickets(COMPANY, MAY)
    assert [(row.ticket, row.hours, row.client) for row in rows] == [
        (long.pk, Decimal(5), "Acme"), (short.pk, Decimal(4), "Oak"),
    ]  # fmt: skip
    assert (rows[0].title, rows[0].queue, rows[0].technician) == ("Server down", "Help Desk", "Noor Selwick")
    assert (rows[1].closed_on, rows[0].closed_on) == (date(2026, 5, 2), None)
    assert len(breakdowns.longest_tickets(COMPANY, MAY, limit=1)) == 1
