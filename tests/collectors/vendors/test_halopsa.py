"""HaloPSA: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.pagination import Answer
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

NONE = "1900-01-01T00:00:00"
TICKET = {
    "id": 42, "summary": "Printer down", "client_id": 9, "client_name": "Harbor Freightways", "site_id": 21,
    "user_id": 77, "tickettype_id": 1, "status_id": 9, "priority_id": 3, "sla_id": 1, "team": "1st Line", "agent_id": 3,
    "dateoccurred": "2026-06-29T15:41:46.637", "responsedate": "2026-06-29T15:55:02.1",
    "respondbydate": "2026-06-29T17:41:46", "fixbydate": "2026-06-30T15:41:46", "dateclosed": "2026-06-29T18:02:11.45",
    "targetdate": NONE, "hasbeenclosed": True, "excludefromsla": False, "timetaken": 0.5, "parent_id": 0,
    "merged_into_id": 0, "last_update": "2026-06-29T18:02:11.45", "inactive": False,
    "status": {"id": 9, "name": "Closed"}, "open": None, "priority": {"name": "Medium"},
}  # fmt: skip
OPEN = {"status": {"id": 2, "name": "In Progress"}, "open": {"id": 2}}
ACTION = {
    "ticket_id": 42, "id": 3, "outcome": "Email User", "who": "Sample Technician", "who_agentid": 3,
    "datetime": "2026-06-29T17:58:00", "timetaken": Decimal("0.5"), "actisbillable": True, "actioncontractid": 12,
}  # fmt: skip
INVOICE = {
    "id": 700, "client_id": 9, "invoicenumber": "INV-700", "invoice_date": "2026-06-01T00:00:00", "duedate": NONE,
    "datepaid": "2026-06-20T00:00:00", "total": Decimal("126"), "tax_total": Decimal(6), "voided": False,
    "contract_id": 12, "lines": [
        {"id": 1, "net_amount": Decimal(70), "qty_order": 2, "unit_cost": Decimal("12.5"), "nominal_code": "4000",
         "contract_id": 0},
        {"id": 2, "net_amount": Decimal(50), "qty_order": 1, "contract_id": 13},
    ],
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: Any, **settings: str) -> dict[str, dict[str, Any]]:
    plan = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, settings)
    batch = Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def invoiced(vendor: Vendor, *invoices: dict[str, Any]) -> dict[str, dict[str, Any]]:
    endpoint = next(one for one in vendor.endpoints if one.name == "invoices")
    assert endpoint.records is not None
    return rows(vendor, "invoices", *endpoint.records({"invoices": list(invoices)}))


def ticket(vendor: Vendor, **change: Any) -> dict[str, Any]:
    return rows(vendor, "tickets", {**TICKET, **change})["42"]


def test_a_ticket_is_read_with_dates_in_utc_and_no_name_of_whoever_asked(vendor: Vendor) -> None:
    row = ticket(vendor)
    assert row["opened_at"] == datetime(2026, 6, 29, 15, 41, 46, 637_000, UTC)
    assert row["first_response_at"] == datetime(2026, 6, 29, 15, 55, 2, 100_000, UTC)
    assert row["resolved_at"] == row["closed_at"] == datetime(2026, 6, 29, 18, 2, 11, 450_000, UTC)
    assert (row["account"], row["queue"], row["technician"], row["status"], row["priority"]) == (
        "9", "1", "3", "Closed", "Medium",
    )  # fmt: skip
    assert (row["parent"], row["merged_into"], row["closed"], row["sla_met"]) == (None, None, True, True)
    assert len(row["requester"]) == 32 and ticket(vendor, user_id=0)["requester"] == ""
    assert (ticket(vendor, parent_id=7)["parent"], ticket(vendor, merged_into_id=8)["merged_into"]) == ("7", "8")


@pytest.mark.parametrize(("change", "met"), [
    ({"responsedate": "2026-06-29T17:41:47"}, False), ({"dateclosed": "2026-06-30T15:41:47"}, False),
    ({"fixbydate": NONE}, True), ({"respondbydate": NONE, "fixbydate": NONE}, None), ({"excludefromsla": True}, None),
    (OPEN, None),
])  # fmt: skip
def test_an_sla_is_met_by_the_dates_and_unknown_without_them(
    vendor: Vendor, change: dict[str, Any], met: bool | None
) -> None:
    assert ticket(vendor, **change)["sla_met"] is met


def test_an_open_ticket_tells_whether_it_was_closed_before_and_a_closed_one_does_not(vendor: Vendor) -> None:
    again = ticket(vendor, **OPEN)
    assert (again["reopened"], again["closed"], again["closed_at"]) == (1, False, None)  # its date is an old one
    assert ticket(vendor, **OPEN, hasbeenclosed=False)["reopened"] == 0
    assert ticket(vendor)["reopened"] is None


def test_an_action_is_known_by_its_ticket_and_its_place_there(vendor: Vendor) -> None:
    found = rows(vendor, "actions", ACTION, {**ACTION, "ticket_id": 43, "actionarrivaldate": "2026-06-29T17:00:00"})
    assert found.keys() == {"42/3", "43/3"}
    row = found["42/3"]
    assert (row["hours"], row["billable"], row["agreement"], row["technician"]) == (Decimal("0.5"), True, "12", "3")
    assert row["worked_at"] == row["entered_at"] == datetime(2026, 6, 29, 17, 58, tzinfo=UTC)
    assert found["43/3"]["worked_at"] == datetime(2026, 6, 29, 17, tzinfo=UTC)


def test_an_invoice_is_its_lines_or_without_any_its_total_without_tax(vendor: Vendor) -> None:
    found = invoiced(vendor, INVOICE, {**INVOICE, "id": 701, "lines": []}, {**INVOICE, "id": 702, "voided": True})
    assert found.keys() == {"700/1", "700/2", "701"}
    assert {key: row["amount"] for key, row in found.items()} == {"700/1": 70, "700/2": 50, "701": 120}
    assert (found["700/1"]["cost"], found["700/2"]["cost"]) == (25, None)
    assert [row["agreement"] for row in found.values()] == ["12", "13", "12"]
    assert (found["701"]["posted_on"], found["701"]["due_on"], found["701"]["paid_on"], found["701"]["layer"]) == (
        date(2026, 6, 1), None, date(2026, 6, 20), "psa",
    )  # fmt: skip


def test_a_contract_bills_its_charge_by_the_months_of_its_period(vendor: Vendor) -> None:
    contract = {"id": 12, "client_id": 9, "ref": "Care", "start_date": "2024-01-01T00:00:00", "end_date": NONE,
                "active": True, "expired": False, "billingperiod": 3, "periodchargeamount": 900}  # fmt: skip
    row = rows(vendor, "contracts", contract)["12"]
    assert (row["amount"], row["cycle_months"], row["ends_on"], row["cancelled"]) == (900, 3, None, False)
    assert rows(vendor, "contracts", contract, contract_charge="no")["12"]["amount"] == 0
    assert rows(vendor, "contracts", contract, periods="1=1,3=6")["12"]["cycle_months"] == 6
    unknown = Batch()
    contracts = next(one for one in vendor.endpoints if one.name == "contracts")
    Plan(contracts, vendor, {}).read([{**contract, "billingperiod": 77}], unknown)
    assert "billing period 77 is not in" in unknown.unread[0].reason


def test_recurring_invoices_are_agreements_whose_lines_are_additions(playing: Playing, listed: Listed) -> None:
    agreements, additions = listed("recurring invoices"), listed("recurring invoice lines")
    assert {row["agreement"] for row in additions.values()} == agreements.keys()
    assert not listed("contracts").keys() & agreements.keys()
    world = playing.sandbox.world
    now = world.clock.now()
    there = [one for seen in world.agreements_at(now) for one in world.additions_at(seen.record, now)]
    assert len(additions) == len(there)
    assert {row["billed"] for row in additions.values()} == {True, False}


def test_every_ticket_and_hour_of_the_world_is_read_once(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    now, tickets = world.clock.now(), listed("tickets")
    there = {str(seen.record.ticket.id): seen.record for seen in world.tickets(now)}
    assert {key: (row["closed"], row["parent"], row["merged_into"]) for key, row in tickets.items()} == {
        key: (one.closed, str(one.parent) if one.parent else None, str(one.merged_into) if one.merged_into else None)
        for key, one in there.items()
    }
    assert {row["priority"] for row in tickets.values()} == {one.ticket.priority.name for one in there.values()}
    assert {row["queue"] for row in tickets.values()} <= listed("ticket types").keys()
    hours = [Decimal(str(seen.record.hours)) for seen in world.entries(now) if seen.record.ticket is not None]
    actions = listed("actions")
    assert (len(actions), sum(row["hours"] for row in actions.values())) == (len(hours), sum(hours))
    assert {row["ticket"] for row in actions.values()} <= tickets.keys()


def test_a_clients_domain_comes_from_its_details_and_an_agents_cost_too(listed: Listed) -> None:
    clients, details = listed("clients"), listed("client details")
    assert clients.keys() == details.keys() and "1" in clients
    assert any("domains" in json.loads(row["evidence"]) for row in details.values())
    agents = listed("agents")
    assert "Unassigned" not in {row["name"] for row in agents.values()}
    assert any(row["hourly_cost"] for row in listed("agent costs").values())


def test_surveys_are_a_part_of_a_hundred(playing: Playing, listed: Listed) -> None:
    world = playing.sandbox.world
    there = {str(one.id): one.score * 20 for one in world.quality.surveys(world.clock.now())}
    assert {key: row["score"] for key, row in listed("feedback").items()} == there


@pytest.mark.parametrize("ways", [
    {"record_count": "page", "largest_page": 50}, {"bare": False, "closed_unasked": False},
    {"dates_stay": True, "update_filter": False, "tenant_needed": False, "priority_sla": "sla_id"},
])  # fmt: skip
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | str]
) -> None:
    names = ("clients", "ticket types", "statuses", "agents", "tickets", "feedback", "invoices")
    ticket = next(key for key, row in listed("tickets").items() if row["closed"])
    playing.change("tickets", ticket, set={"status": "Re-opened"})
    before = {name: listed(name) for name in names}
    assert before["tickets"][ticket]["closed_at"] is None
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in names} == before


def test_a_filter_that_is_ignored_gives_all_tickets_and_not_fewer(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    since = datetime(2026, 6, 10, tzinfo=UTC)
    whole = listed("tickets")
    assert listed("tickets", since=since).keys() < whole.keys()
    playing.switch(vendor, update_filter=False)
    assert listed("tickets", since=since) == whole


def test_a_tenant_is_named_where_there_is_one(playing: Playing, vendor: Vendor) -> None:
    source = playing.connection(vendor)
    source.settings = {**source.settings, "tenant": ""}
    with Client(source, vendor) as client, pytest.raises(Refused, match="invalid_request"):
        client.test()
    playing.switch(vendor, tenant_needed=False)
    with Client(source, vendor) as client:
        assert client.test().startswith("Connected to HaloPSA.")


@pytest.mark.parametrize("size", [20_000, 20_001])
def test_more_actions_than_were_asked_for_are_not_believed_to_be_all(vendor: Vendor, size: int) -> None:
    scheme = next(one for one in vendor.endpoints if one.name == "actions").paginate
    assert scheme is not None
    assert scheme.params({}, None) == {"count": "20000"}
    with pytest.raises(ValueError, match="more than can be asked for"):
        scheme.after(Answer(None, {}), [{}] * size, None)
    assert scheme.after(Answer(None, {}), [{}] * 19_999, None) is None


def test_a_list_that_ends_before_its_count_is_not_believed(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    playing.fault(vendor, "empty_page", path="/Tickets", after=2, times=None)
    with pytest.raises(Unavailable, match="HaloPSA"):
        listed("tickets")
