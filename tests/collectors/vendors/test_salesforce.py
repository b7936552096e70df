"""Salesforce: what its documents show becomes our rows, and its odd limits and errors are told for what they are."""

from __future__ import annotations

import json
from dataclasses import replace
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

ACCOUNT = {
    "attributes": {"type": "Account"}, "Id": "0014W000027f6V3QAI", "Name": "Harbor Freightways",
    "Type": "Customer - Direct", "Website": "www.harbor-freightways.example", "AccountNumber": "PSA: 250",
}  # fmt: skip
OPPORTUNITY: dict[str, Any] = {
    "Id": "0064W00000ABCDEQA4", "AccountId": "0014W000027f6V3QAI", "Name": "Harbor - managed services",
    "Amount": Decimal("42000.0"), "StageName": "Closed Won", "CloseDate": "2026-06-28", "IsClosed": True, "IsWon": True,
    "CreatedDate": "2026-04-02T15:11:09.000+0000", "Type": "New Business", "Owner": {"Name": "Marlow Kestrow"},
}  # fmt: skip
TASK: dict[str, Any] = {
    "Id": "00T4W00000QQQQQUA2", "CallType": "Outbound", "CallDisposition": "Connected", "IsClosed": True,
    "ActivityDate": "2026-05-04", "WhatId": None, "CreatedDate": "2026-05-04T14:06:12.000+0000",
    "CompletedDateTime": None, "AccountId": None, "Owner": None,
}  # fmt: skip


def read(vendor: Vendor, name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return [dict(zip(plan.columns, row, strict=True)) for row in batch.rows.values()]


@pytest.mark.parametrize(("said", "kind"), [
    ("Customer - Direct", "client"), ("Installed Client", "client"), ("Prospect", "prospect"), ("Partner", "prospect"),
    (None, "prospect"),
])  # fmt: skip
def test_an_account_is_a_prospect_unless_its_type_says_customer(vendor: Vendor, said: str | None, kind: str) -> None:
    [row] = read(vendor, "accounts", {**ACCOUNT, "Type": said})
    assert row["kind"] == kind
    assert json.loads(row["evidence"]) == {
        "domains": ["harbor-freightways.example"], "ids": {"connectwise_psa": "250"},
    }  # fmt: skip


def test_an_opportunity_is_won_lost_or_open_and_its_close_date_means_one_thing_or_another(vendor: Vendor) -> None:
    [won] = read(vendor, "opportunities", OPPORTUNITY)
    assert (won["status"], won["amount"], won["owner"]) == ("won", Decimal(42000), "Marlow Kestrow")
    assert (won["closed_at"], won["expected_on"]) == (datetime(2026, 6, 28, 12, tzinfo=UTC), None)
    [lost] = read(vendor, "opportunities", {**OPPORTUNITY, "IsWon": False})
    [open_] = read(vendor, "opportunities", {**OPPORTUNITY, "IsWon": False, "IsClosed": False, "Amount": None})
    assert (lost["status"], open_["status"], open_["amount"]) == ("lost", "open", None)
    assert (open_["closed_at"], open_["expected_on"]) == (None, date(2026, 6, 28))


@pytest.mark.parametrize(("change", "moment"), [
    ({}, "2026-05-04T12:00:00+00:00"), ({"ActivityDate": None}, "2026-05-04T14:06:12+00:00"),
    ({"CompletedDateTime": "2026-05-05T09:00:00.000+0000"}, "2026-05-05T09:00:00+00:00"),
])  # fmt: skip
def test_a_call_was_made_when_it_was_completed_or_on_its_day(
    vendor: Vendor, change: dict[str, Any], moment: str
) -> None:
    [row] = read(vendor, "calls", {**TASK, **change})
    assert (row["happened_at"].isoformat(), row["outcome"], row["done"]) == (moment, "connected", True)


def test_a_call_belongs_to_what_it_is_about_if_that_is_a_deal(vendor: Vendor) -> None:
    assert read(vendor, "calls", {**TASK, "WhatId": "0064W00000ABCDEQA4"})[0]["deal"] == "0064W00000ABCDEQA4"
    assert read(vendor, "calls", {**TASK, "WhatId": "5004W00000ABCDEQA4"})[0]["deal"] is None
    assert read(vendor, "calls", {**TASK, "CallType": "Inbound"}) == []


def test_a_row_of_history_that_repeats_the_stage_is_no_step(listed: Listed) -> None:
    deals, stages = listed("opportunities"), list(listed("stages of opportunities").values())
    for key, deal in deals.items():
        way = sorted((row for row in stages if row["deal"] == key), key=lambda row: row["entered_at"])
        names = [row["stage"] for row in way]
        assert len(set(names)) == len(names) and names[-1] == deal["stage"]
        assert way[0]["entered_at"] == deal["created_at"]


def test_partners_are_told_of_known_deals_or_the_org_has_none(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    assert listed("partners of opportunities").keys() < listed("opportunities").keys()
    playing.switch(vendor, partners=False)
    partners = next(one for one in vendor.endpoints if one.name == "partners of opportunities")
    with Client(playing.connection(vendor), vendor) as client, pytest.raises(Refused, match="INVALID_TYPE"):
        next(client.pages(partners))
    assert partners.optional


def test_pages_cut_shorter_than_asked_for_are_read_to_the_end(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    whole = listed("calls")
    playing.switch(vendor, page_rows=7)
    assert listed("calls") == whole and len(whole) > 14


def test_a_limit_that_says_403_is_waited_for_and_any_other_403_is_not(playing: Playing, vendor: Vendor) -> None:
    slept: list[float] = []
    with Client(playing.connection(vendor), vendor, patience=Patience(tries=2), sleep=slept.append) as client:
        playing.fault(vendor, "429", path="/query", times=2)
        with pytest.raises(Unavailable, match="REQUEST_LIMIT_EXCEEDED"):
            next(client.pages(vendor.endpoints[0]))
        assert len(slept) == 1
        playing.fault(vendor, "403", path="/query")
        with pytest.raises(Refused, match="INSUFFICIENT_ACCESS"):
            next(client.pages(vendor.endpoints[0]))


def test_a_session_that_has_ended_is_renewed(playing: Playing, vendor: Vendor) -> None:
    small = replace(vendor.endpoints[0], paginate=replace(vendor.paginate, size=5))  # type: ignore[call-arg]
    with Client(playing.connection(vendor), vendor) as client:
        pages = client.pages(small)
        first = next(pages)
        playing.fault(vendor, "401", path="/query")
        assert {row["Id"] for row in next(pages).records}.isdisjoint(row["Id"] for row in first.records)
