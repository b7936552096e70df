"""Pipedrive: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Refused, Unavailable
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

ORGANIZATION = {
    "id": 7, "name": "Harbor Freightways", "website": "https://www.harbor-freightways.example",
    "is_deleted": False, "address": {"value": "48 Mill Lane, Fernbrook", "country": "USA"},
    "won": {"id": 1, "org_id": 7}, "won_before": None,
}  # fmt: skip
DEAL: dict[str, Any] = {
    "id": 1, "title": "Harbor: managed services", "owner_id": 12, "value": Decimal(200), "currency": "USD", "org_id": 7,
    "stage_id": 13, "pipeline_id": 1, "add_time": "2026-01-01T00:00:00Z", "status": "won", "is_deleted": False,
    "won_time": "2026-03-05T10:00:00Z", "lost_time": None, "close_time": "2026-03-05T10:00:00Z",
    "expected_close_date": "2026-03-01", "custom_fields": {"d4de": "Copperline Telecom"},
    "owner": {"id": 12, "name": "Marlow Kestrow"}, "stage": {"id": 13, "name": "Negotiation"},
    "pipeline": {"id": 1, "name": "New business"},
}  # fmt: skip
ACTIVITY: dict[str, Any] = {
    "id": 5, "type": "call", "due_date": "2026-01-01", "due_time": "15:00:00", "done": True, "deal_id": 1, "org_id": 7,
    "marked_as_done_time": "2026-01-02T08:00:00Z", "add_time": "2025-12-30T08:00:00Z", "is_deleted": False,
}  # fmt: skip


def read(vendor: Vendor, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return [dict(zip(plan.columns, row, strict=True)) for row in batch.rows.values()]


def test_an_organization_is_a_client_once_it_won_a_deal(vendor: Vendor) -> None:
    [client] = read(vendor, "organizations", ORGANIZATION)
    assert client["kind"] == "client"
    assert json.loads(client["evidence"]) == {
        "domains": ["harbor-freightways.example"], "addresses": ["48 Mill Lane, Fernbrook"],
    }  # fmt: skip
    [long_ago] = read(vendor, "organizations", {**ORGANIZATION, "won": None, "won_before": {"id": 2}})
    [prospect] = read(vendor, "organizations", {**ORGANIZATION, "won": None, "address": None, "website": None})
    assert (long_ago["kind"], prospect["kind"]) == ("client", "prospect")


def test_a_won_deal_is_told_with_who_sold_and_who_brought_it(vendor: Vendor) -> None:
    [row] = read(vendor, "deals", DEAL)
    assert (row["status"], row["closed_at"]) == ("won", datetime(2026, 3, 5, 10, tzinfo=UTC))
    assert (row["owner"], row["partner"], row["stage"]) == ("Marlow Kestrow", "Copperline Telecom", "Negotiation")
    assert (row["amount"], row["currency"], row["expected_on"]) == (Decimal(200), "USD", date(2026, 3, 1))


@pytest.mark.parametrize(("fields", "partner"), [
    ({"d4de": {"id": 3, "label": "Copperline Telecom"}}, "Copperline Telecom"), ({"d4de": 3}, ""),
    ({"d4de": None}, ""), ({}, ""), (None, ""),
])  # fmt: skip
def test_a_partner_is_a_text_or_an_options_label(vendor: Vendor, fields: Any, partner: str) -> None:
    assert read(vendor, "deals", {**DEAL, "custom_fields": fields})[0]["partner"] == partner


def test_a_deal_opened_again_is_open_whatever_it_keeps(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    [row] = read(vendor, "deals", {**DEAL, "status": "open"})
    assert (row["status"], row["closed_at"]) == ("open", None)
    kept = listed("deals")
    playing.switch(vendor, reopened_keeps=False)
    assert listed("deals") == kept


@pytest.mark.parametrize(("change", "kind", "outcome", "moment"), [
    ({}, "call", "", "2026-01-01T15:00:00+00:00"),
    ({"type": "call_no_answer", "due_time": "15:30"}, "call", "no answer", "2026-01-01T15:30:00+00:00"),
    ({"type": "meeting", "due_time": ""}, "meeting", "held", "2026-01-02T08:00:00+00:00"),
    ({"type": "meeting", "due_time": None, "marked_as_done_time": None}, "meeting", "held",
     "2026-01-01T12:00:00+00:00"),
    ({"type": "meeting_no_show"}, "meeting", "no show", "2026-01-01T15:00:00+00:00"),
    ({"type": "site visit"}, "other", "", "2026-01-01T15:00:00+00:00"),
])  # fmt: skip
def test_an_activity_is_what_its_type_says(
    vendor: Vendor, change: dict[str, Any], kind: str, outcome: str, moment: str
) -> None:
    [row] = read(vendor, "activities", {**ACTIVITY, **change})
    assert (row["kind"], row["outcome"], row["happened_at"].isoformat()) == (kind, outcome, moment)


def test_tasks_and_what_was_deleted_are_left_out_and_what_lies_ahead_is_not_done(vendor: Vendor) -> None:
    assert read(vendor, "activities", {**ACTIVITY, "type": "task"}, {**ACTIVITY, "is_deleted": True}) == []
    [row] = read(vendor, "activities", {**ACTIVITY, "type": "meeting", "done": False})
    assert (row["done"], row["outcome"]) == (False, "")


def test_a_deals_stages_end_where_it_stands_and_begin_where_it_was_made(listed: Listed) -> None:
    deals = listed("deals") | listed("archived deals")
    stages = list((listed("stages of deals") | listed("stages of archived deals")).values())
    assert {row["deal"] for row in stages} == set(deals)
    for key, deal in deals.items():
        way = sorted((row for row in stages if row["deal"] == key), key=lambda row: row["entered_at"])
        assert (way[0]["stage"], way[0]["entered_at"]) == ("New lead", deal["created_at"])
        assert way[-1]["stage"] == {"won": "Won", "lost": "Lost"}.get(deal["status"], deal["stage"])


def test_a_key_that_no_field_has_is_passed_over_or_said(playing: Playing, vendor: Vendor) -> None:
    connection = playing.connection(vendor)
    connection.settings |= {"partner_field": "0" * 40}
    with Client(connection, vendor) as client:
        assert next(client.pages(vendor.endpoints[1])).records
        playing.switch(vendor, unknown_field="refused")
        with pytest.raises(Refused, match="custom_fields"):
            next(client.pages(vendor.endpoints[1]))


def test_a_page_that_says_403_is_a_throttle_and_a_word_that_says_403_is_none(playing: Playing, vendor: Vendor) -> None:
    patience = Patience(tries=2)
    with Client(playing.connection(vendor), vendor, patience=patience, sleep=lambda seconds: None) as client:
        playing.switch(vendor, throttled_page=True)
        playing.fault(vendor, "429", times=2)
        with pytest.raises(Unavailable, match="too much"):
            next(client.pages(vendor.endpoints[1]))
        playing.fault(vendor, "403")
        with pytest.raises(Refused, match="403"):
            next(client.pages(vendor.endpoints[1]))
