"""HubSpot: what its documents show becomes our rows, and a search that ends at its cap is read to its end."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.client import Client
from collectors.declare import Vendor
from collectors.errors import Unavailable
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

COMPANY = {
    "id": "71", "properties": {
        "name": "Harbor Freightways", "domain": "harbor-freightways.example", "website": "www.hfw.example",
        "hs_additional_domains": None, "lifecyclestage": "customer", "hs_lastmodifieddate": "2026-02-24T03:01:01.147Z",
    },
}  # fmt: skip
DEAL: dict[str, Any] = {
    "id": "6744", "createdAt": "2026-02-24T03:01:01.147Z", "associations": {"companies": {"results": [
        {"id": "70", "type": "deal_to_company_unlabeled"}, {"id": "71", "type": "deal_to_company"},
    ]}},
    "properties": {
        "dealname": "Harbor: managed services", "amount": "500", "amount_in_home_currency": "540.25",
        "deal_currency_code": "EUR", "dealstage": "88", "pipeline": "default", "createdate": "2026-02-24T03:01:01.147Z",
        "closedate": "2026-04-03T12:59:10.726Z", "hs_is_closed": "false", "hs_is_closed_won": "false",
        "hs_closed_won_date": None, "hubspot_owner_id": "12", "brought_by": "Copperline Telecom",
        "hs_object_id": "6744",
    },
    "stage": {"id": "88", "label": "Proposal", "pipeline": "New business"},
    "owner": {"id": "12", "firstName": "Marlow", "lastName": "Kestrow"},
}  # fmt: skip
CALL: dict[str, Any] = {
    "id": "4001", "createdAt": "2026-05-04T14:06:12.001Z", "properties": {
        "hs_timestamp": "2026-05-04T14:03:00Z", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED",
        "hs_call_disposition": "f240bbac",
    },
    "disposition": {"id": "f240bbac", "label": "Connected"},
}  # fmt: skip


def read(vendor: Vendor, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return [dict(zip(plan.columns, row, strict=True)) for row in batch.rows.values()]


def changed(record: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**record, "properties": {**record["properties"], **properties}}


def test_a_company_is_a_prospect_unless_it_is_called_a_customer(vendor: Vendor) -> None:
    [client] = read(vendor, "companies", COMPANY)
    assert client["kind"] == "client"
    assert json.loads(client["evidence"]) == {"domains": ["harbor-freightways.example", "hfw.example"]}
    for stage in ("lead", "opportunity", "other", "stage 8812", None):
        assert read(vendor, "companies", changed(COMPANY, lifecyclestage=stage))[0]["kind"] == "prospect"


def test_an_open_deal_has_an_expected_end_and_is_told_in_the_home_currency(vendor: Vendor) -> None:
    [row] = read(vendor, "deals", DEAL)
    assert (row["account"], row["pipeline"], row["stage"]) == ("71", "New business", "Proposal")
    assert (row["amount"], row["currency"]) == (Decimal("540.25"), "")
    assert (row["owner"], row["partner"], row["status"]) == ("Marlow Kestrow", "Copperline Telecom", "open")
    assert (row["expected_on"], row["closed_at"]) == (date(2026, 4, 3), None)


def test_without_an_amount_at_home_a_deals_own_currency_is_told_and_no_amount_is_not_nothing(vendor: Vendor) -> None:
    [row] = read(vendor, "deals", changed(DEAL, amount_in_home_currency=None))
    assert (row["amount"], row["currency"]) == (Decimal(500), "EUR")
    [row] = read(vendor, "deals", changed(DEAL, amount_in_home_currency="", amount=None))
    assert row["amount"] is None


@pytest.mark.parametrize(("won", "status"), [("true", "won"), ("false", "lost")])
def test_a_closed_deal_was_won_or_lost_at_a_moment(vendor: Vendor, won: str, status: str) -> None:
    [row] = read(vendor, "deals", changed(DEAL, hs_is_closed="true", hs_is_closed_won=won))
    assert (row["status"], row["expected_on"]) == (status, None)
    assert row["closed_at"] == datetime(2026, 4, 3, 12, 59, 10, 726000, tzinfo=UTC)


def test_a_deal_whose_stage_and_owner_nobody_names_goes_by_the_stages_id(vendor: Vendor) -> None:
    [row] = read(vendor, "deals", {**DEAL, "stage": None, "owner": None, "past_owner": None})
    assert (row["stage"], row["pipeline"], row["owner"]) == ("88", "default", "")


@pytest.mark.parametrize(("change", "label", "outcome", "done"), [
    ({}, "Connected", "connected", True), ({"hs_call_status": "NO_ANSWER"}, None, "no answer", True),
    ({}, None, "", True), ({"hs_call_status": None}, None, "", True),
    ({"hs_call_status": "QUEUED"}, None, "queued", False),
])  # fmt: skip
def test_a_calls_outcome_is_what_the_seller_chose_or_else_its_status(
    vendor: Vendor, change: dict[str, Any], label: str | None, outcome: str, done: bool
) -> None:
    [row] = read(vendor, "calls", {**changed(CALL, **change), "disposition": {"label": label} if label else None})
    assert (row["external_id"], row["outcome"], row["done"]) == ("call/4001", outcome, done)


def test_a_call_that_came_in_is_left_out(vendor: Vendor) -> None:
    assert read(vendor, "calls", changed(CALL, hs_call_direction="INBOUND")) == []
    assert len(read(vendor, "calls", changed(CALL, hs_call_direction=None))) == 1


@pytest.mark.parametrize(("said", "outcome", "done"), [
    ("COMPLETED", "held", True), ("NO_SHOW", "no show", True), ("SCHEDULED", "", False),
    ("CANCELED", "canceled", False),
    (None, "", True),
])  # fmt: skip
def test_a_meeting_was_held_or_lies_ahead(vendor: Vendor, said: str | None, outcome: str, done: bool) -> None:
    meeting = {"id": "5001", "properties": {"hs_timestamp": "2026-05-06T15:00:00Z", "hs_meeting_outcome": said}}
    [row] = read(vendor, "meetings", meeting)
    assert (row["outcome"], row["done"]) == (outcome, done)


def test_a_history_is_the_stages_a_deal_came_into_each_once(vendor: Vendor) -> None:
    told = [("88", "2026-03-03T00:00:00Z"), ("88", "2026-03-02T00:00:00Z"), ("9", "2026-03-01T00:00:00Z")]
    history = [{"value": stage, "timestamp": at} for stage, at in told]
    records = next(one for one in vendor.endpoints if one.name == "stages of deals").records
    assert records is not None
    ways = list(records({"results": [{"id": "1", "propertiesWithHistory": {"dealstage": history}}, {"id": "2"}]}))
    assert ways == [
        {"deal": "1", "stage": "88", "at": "2026-03-02T00:00:00Z"}, {"deal": "1", "stage": "9", "at": told[2][1]},
    ]  # fmt: skip


def test_the_sandboxs_deals_name_their_sellers_also_those_who_left(listed: Listed) -> None:
    assert {row["owner"] for row in listed("deals").values()} == {"Marlow Kestrow", "Indra Gildern", "Sage Tarnford"}
    deals, stages = listed("deals"), listed("stages of deals")
    assert {row["deal"] for row in stages.values()} == set(deals)
    last = {row["deal"]: row["stage"] for row in sorted(stages.values(), key=lambda row: row["entered_at"])}
    assert last == {key: row["stage"] for key, row in deals.items()}


@pytest.mark.parametrize("together", [False, True], ids=["at moments of their own", "in one moment"])
def test_a_search_is_read_beyond_its_cap(playing: Playing, vendor: Vendor, listed: Listed, together: bool) -> None:
    whole = listed("companies")
    playing.switch(vendor, search_cap=4, changed_together=together)
    search: Any = vendor.endpoints[0].paginate
    small = replace(vendor.endpoints[0], paginate=replace(search, size=2, cap=4))
    with Client(playing.connection(vendor), vendor) as client:
        named = Counter(record["id"] for page in client.pages(small) for record in page.records)
        assert named.keys() == whole.keys() and len(whole) > 12
        assert client.total(small) == len(whole)


def test_a_days_quota_that_is_used_up_puts_the_reading_off_for_an_hour(playing: Playing, vendor: Vendor) -> None:
    playing.switch(vendor, daily_limit=True)
    playing.fault(vendor, "429", times=None)
    with Client(playing.connection(vendor), vendor, patience=Patience(tries=2)) as client:
        with pytest.raises(Unavailable) as caught:
            next(client.pages(vendor.endpoints[1]))
        assert caught.value.retry_after == 3600


def test_filters_go_out_in_milliseconds(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    playing.switch(vendor, iso_filters=False, history_limit=100)
    assert listed("companies") and listed("stages of deals")
