"""ConnectWise PSA, against the sandbox and whatever its sheet leaves open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from collectors.answers import together
from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db
NAMES = ("companies", "boards", "statuses", "members", "agreements", "additions", "tickets", "time entries")


def test_deleted_companies_are_left_out(playing: Playing, listed: Listed) -> None:
    before = listed("companies")
    gone = next(key for key, row in before.items() if row["active"])
    playing.change("companies", gone, raw={"deletedFlag": True})
    assert set(listed("companies")) == set(before) - {gone}


def test_a_parent_company_does_not_make_a_site(playing: Playing, listed: Listed) -> None:
    parent, child = list(listed("companies"))[:2]
    playing.change("companies", child, raw={"parentCompany": {"id": int(parent)}})
    row = listed("companies")[child]
    assert row["parent"] == parent
    assert row.get("kind") in (None, "client")


def test_tickets_of_every_board_are_read_with_their_queue(listed: Listed) -> None:
    boards, tickets = listed("boards"), listed("tickets")
    names = {boards[row["queue"]]["name"] for row in tickets.values()}
    assert {"Help Desk", "Projects"} <= names
    assert {row["queue"] for row in listed("statuses").values()} == set(boards)


def test_every_ticket_of_the_world_is_read_once(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    there = {str(seen.record.ticket.id): seen.record for seen in world.tickets(world.clock.now())}
    rows = listed("tickets")
    assert set(rows) == set(there)
    for key, row in rows.items():
        state = there[key]
        assert row["opened_at"].timestamp() == state.created_at
        assert (row["closed_at"].timestamp() if row["closed_at"] else None) == state.closed_at
        assert row["parent"] == (str(state.parent) if state.parent else None)
        assert row["merged_into"] == (str(state.merged_into) if state.merged_into else None)
        assert row["closed"] == state.closed
    assert any(row["parent"] for row in rows.values())
    assert any(row["merged_into"] for row in rows.values())


def test_time_counts_on_a_ticket_only_where_it_was_charged_to_one(listed: Listed) -> None:
    tickets, entries = listed("tickets"), listed("time entries")
    assert {row["charged_to"] for row in entries.values()} >= {"ticket", "project", "charge code"}
    for row in entries.values():
        assert (row["ticket"] is not None) == (row["charged_to"] in ("ticket", "project"))
        assert row["ticket"] is None or row["ticket"] in tickets
        assert row["hourly_cost"] > 0


def test_hours_are_the_ones_worked_and_exact(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    there = {str(seen.record.id): Decimal(str(seen.record.hours)) for seen in world.entries(world.clock.now())}
    assert {key: row["hours"] for key, row in listed("time entries").items()} == there


def test_agreements_bill_by_the_months_of_their_cycle(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    there = {str(seen.record.id): seen.record for seen in world.agreements_at(world.clock.now())}
    rows = listed("agreements")
    assert {key: row["cycle_months"] for key, row in rows.items()} == {
        key: agreement.cycle_months for key, agreement in there.items()
    }
    assert {row["cycle_months"] for row in rows.values()} >= {1, 3}
    assert {key: row["starts_on"] for key, row in rows.items()} == {key: one.start for key, one in there.items()}
    assert {row["agreement"] for row in listed("additions").values()} <= set(rows)


def test_unlimited_hours_are_no_budget(vendor: Vendor) -> None:
    budget: Any = next(one for one in vendor.endpoints if one.name == "agreements").fields["budget_hours"]
    assert budget.of(Decimal(20), "Hours", False) == 20
    assert budget.of(Decimal(20), "Hours", None) == 20
    assert budget.of(Decimal(0), "Hours", True) is None
    assert budget.of(Decimal(500), "Amount", False) is None


def test_changes_are_asked_for_at_or_after_the_moment(playing: Playing, listed: Listed) -> None:
    moment = datetime.fromtimestamp(playing.sandbox.world.clock.now(), UTC)
    ticket = next(iter(listed("tickets")))
    playing.change("tickets", ticket, set={"summary": "Changed"})
    assert listed("tickets", since=moment)[ticket]["title"] == "Changed"
    assert ticket not in listed("tickets", since=moment + timedelta(seconds=1))


@pytest.mark.parametrize("ways", [{"forward_only": False}, {"over_page_size": "clamped"}, {"project_tickets": True}])
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | str]
) -> None:
    before = {name: listed(name) for name in NAMES}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in before} == before


def test_a_role_that_sees_no_cost_leaves_it_missing_and_not_zero(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    assert any(row["hourly_cost"] for row in listed("members").values())
    playing.switch(vendor, member_cost=False)
    assert {row["hourly_cost"] for row in listed("members").values()} == {None}


def test_a_list_the_role_may_not_see_needs_a_person(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    playing.switch(vendor, forbidden="/finance/agreements", forbidden_gives="403")
    with pytest.raises(Refused, match="Inquire only"):
        listed("agreements")


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_client_id_needs_a_person(playing: Playing, vendor: Vendor, status: int) -> None:
    playing.switch(vendor, no_client_id=status)
    with Client(playing.connection(vendor, client_id="00000000-0000"), vendor) as client, pytest.raises(Refused):
        client.test()


# Reopened tickets, surveys and invoices


def grouped(playing: Playing, vendor: Vendor) -> dict[str, int | None]:
    """How often each ticket was reopened, asked for as a run asks."""
    lists = {one.name: one for one in vendor.endpoints}
    tickets, history = lists["tickets"], lists["reopened tickets"]
    plan, batch = Plan(history, vendor, {}), Batch()
    connection = playing.connection(vendor)
    with Client(connection, vendor) as client:
        ids = (("", {"id": record["id"]}) for page in client.pages(tickets) for record in page.records)
        for _, parent in together(ids, history.together):
            for page in client.pages(history, parent=parent):
                plan.read(page.records, batch)
    connection.delete()
    assert batch.unread == []
    return {key: row[plan.columns.index("reopened")] for key, row in batch.rows.items()}


def test_a_ticket_was_reopened_as_often_as_the_world_says(playing: Playing, vendor: Vendor) -> None:
    world = playing.sandbox.world
    now = world.clock.now()
    there = {str(seen.record.ticket.id): seen.record.ticket for seen in world.tickets(now)}
    told = grouped(playing, vendor)
    once = {key for key, ticket in there.items() if ticket.reopened_at is not None and ticket.reopened_at <= now}
    assert once and {key for key, times in told.items() if times} == once
    assert {key for key, ticket in there.items() if ticket.closed_at and ticket.closed_at <= now} <= told.keys()


def test_changes_that_cannot_be_counted_are_read_all_the_same(playing: Playing, vendor: Vendor) -> None:
    counted = grouped(playing, vendor)
    playing.switch(vendor, changelog_count=False)
    assert grouped(playing, vendor) == counted


def test_a_server_without_change_logs_leaves_it_unknown(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, changelogs=False)
    assert grouped(playing, vendor) == {}


CLOSED, OPEN = {"closedFlag": True}, {"closedFlag": False}


@pytest.mark.parametrize(
    ("changes", "times"),
    [
        ([OPEN, CLOSED], 0), ([OPEN, CLOSED, CLOSED], 0), ([OPEN, CLOSED, OPEN], 1), ([CLOSED, OPEN, CLOSED, OPEN], 2),
        ([OPEN, {}, CLOSED], None), ([OPEN, CLOSED] * 500, None),
    ],
)  # fmt: skip
def test_reopenings_are_told_by_changes_in_order_or_not_at_all(
    vendor: Vendor, changes: list[dict[str, bool]], times: int | None
) -> None:
    history = next(one for one in vendor.endpoints if one.name == "reopened tickets")
    rows = [{"id": place, "ticketNumber": 7, **change} for place, change in enumerate(changes)]
    assert history.records is not None
    told = list(history.records(rows[::-1]))
    assert len(told) == len(rows)
    assert told[-1] == {"ticket": 7, "reopened": times}


def test_an_answer_to_a_survey_is_told_as_a_part_of_the_most_there_is(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    there = {str(one.id): one for one in world.quality.surveys(world.clock.now())}
    rows = listed("survey answers")
    assert {key: row["score"] for key, row in rows.items()} == {key: 20 * one.score for key, one in there.items()}
    assert {row["ticket"] for row in rows.values()} <= set(listed("tickets"))


def test_more_points_than_there_can_be_are_put_aside(vendor: Vendor) -> None:
    answers = next(one for one in vendor.endpoints if one.name == "survey answers")
    plan, batch = Plan(answers, vendor, {"survey_points": "10"}), Batch()
    told = {"ticketId": 7, "_info": {"dateEntered": "2026-05-04T09:00:00Z"}}
    plan.read([{"id": key, "totalPoints": points, **told} for key, points in enumerate((8, 11, None))], batch)
    assert [row[plan.columns.index("score")] for row in batch.rows.values()] == [80]
    assert [one.reason for one in batch.unread] == ["score: 11 points, and the connection says that 10 is the most"]


def test_what_was_invoiced_is_without_tax_and_a_credit_below_nought(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    there = {str(one.id): one for one in world.billing.invoices(world.clock.now())}
    rows = listed("invoices")
    assert {key: row["amount"] for key, row in rows.items()} == {key: one.total for key, one in there.items()}
    assert {key: row["posted_on"] for key, row in rows.items()} == {key: one.posted_on for key, one in there.items()}
    assert {row["agreement"] for row in rows.values() if row["agreement"]} <= set(listed("agreements"))


@pytest.mark.parametrize("total", [-106, 106])
def test_a_credit_counts_below_nought_whichever_way_it_is_written(vendor: Vendor, total: int) -> None:
    amount: Any = next(one for one in vendor.endpoints if one.name == "invoices").fields["amount"]
    assert amount.of("CreditMemo", total, total * Decimal("0.06") / Decimal("1.06")) == -100
    assert amount.of("Standard", None, None) is None
