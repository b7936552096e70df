"""Pax8: what its documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collectors.declare import Vendor
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

COMPANY = {
    "id": "a4dfc6bf-0001", "name": "Harbor Freightways", "phone": "312 555 0134", "status": "Active",
    "address": {"street": "48 Mill Lane", "city": "Fernbrook", "postalCode": "43001", "country": "US"},
    "website": "harbor-freightways.example", "externalId": "250", "updatedDate": "2023-08-11T11:33:12.314-0600",
}  # fmt: skip
SUBSCRIPTION = {
    "id": "05c587df-0002", "companyId": "a4dfc6bf-0001", "productId": "e91bba5e-0003", "quantity": 5,
    "startDate": "2021-01-01T08:30:00Z", "createdDate": "2020-12-01T08:30:00Z", "billingStart": "2021-01-01",
    "status": "Active", "price": 32.01, "partnerCost": 28.5, "currencyCode": "USD",
    "productName": "Microsoft Office 365 E3", "billingTerm": "Annual",
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> dict[str, dict[str, Any]]:
    plan, batch = Plan(next(one for one in vendor.endpoints if one.name == name), vendor, {}), Batch()
    plan.read(records, batch)
    assert batch.unread == []
    return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def test_a_company_brings_its_address_its_domain_and_the_psas_id(vendor: Vendor) -> None:
    [row] = rows(vendor, "companies", COMPANY).values()
    assert json.loads(row["evidence"]) == {
        "domains": ["harbor-freightways.example"], "ids": {"connectwise_psa": "250"}, "phones": ["312 555 0134"],
        "addresses": ["48 Mill Lane, Fernbrook, 43001"],
    }  # fmt: skip


def test_a_subscription_is_seats_at_a_cost_for_so_many_months(vendor: Vendor) -> None:
    [row] = rows(vendor, "subscriptions", SUBSCRIPTION).values()
    assert (row["seats"], row["unit_cost"], row["unit_price"]) == (5, Decimal("28.5"), Decimal("32.01"))
    assert (row["cycle_months"], row["trial"], row["renews_on"]) == (12, False, None)


def test_a_trial_is_told_by_its_status_or_its_term_and_a_term_of_years_by_its_months(vendor: Vendor) -> None:
    found = rows(
        vendor, "subscriptions", {**SUBSCRIPTION, "id": "1", "status": "Trial"},
        {**SUBSCRIPTION, "id": "2", "billingTerm": "Trial"},
        {**SUBSCRIPTION, "id": "3", "billingTerm": "3-Year", "commitmentTerm": {"endDate": "2027-03-01"}},
    )  # fmt: skip
    assert [row["trial"] for row in found.values()] == [True, True, False]
    assert (found["3"]["cycle_months"], found["3"]["renews_on"]) == (36, date(2027, 3, 1))


def test_what_ended_is_not_read_whether_it_is_listed_or_not(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    whole, world = listed("subscriptions"), playing.sandbox.world
    now, served = world.clock.now(), world.clients.served
    one = next(one for index in served for one in world.marketplace.subscriptions(index, now))
    playing.change("licenses", str(one.id), set={"status": "cancelled"})
    before = listed("subscriptions"), listed("companies")
    assert whole.keys() - before[0].keys() == {one.guid}
    playing.switch(vendor, cancelled_listed=True, deleted_listed=True)
    assert (listed("subscriptions"), listed("companies")) == before


def test_a_subscription_without_a_products_name_goes_by_its_id(
    playing: Playing, vendor: Vendor, listed: Listed
) -> None:
    playing.switch(vendor, product_name=False)
    assert all(row["product"] for row in listed("subscriptions").values())
