"""Microsoft 365: what Graph's documents show becomes our rows, whichever way their open points turn out."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors import collect
from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.facts.posture import Seat
from collectors.facts.readings import Refusal
from collectors.transform import Batch, Plan
from tests.collectors.playing import Playing
from tests.collectors.vendors.conftest import Listed

pytestmark = pytest.mark.django_db

ACME = {"tenantId": "11111111-0000-4000-a000-000000000001"}
OF = f"{ACME['tenantId']}/"
INCIDENT = {
    "id": "2972395", "displayName": "Multi-stage incident", "status": "resolved", "severity": "medium",
    "classification": "truePositive", "createdDateTime": "2021-08-13T08:43:35.5533333Z",
    "lastUpdateDateTime": "2021-09-30T09:35:45.1133333Z", "redirectIncidentId": None,
}  # fmt: skip
SKU = {
    "capabilityStatus": "Enabled", "consumedUnits": 14, "skuId": "c7df2760-2c81-4ef7-b578-5b5392b571df",
    "id": "x_c7df2760-2c81-4ef7-b578-5b5392b571df", "skuPartNumber": "ENTERPRISEPREMIUM",
    "prepaidUnits": {"enabled": 25, "suspended": 3, "warning": 2},
}  # fmt: skip


def rows(vendor: Vendor, name: str, *records: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a tenant's records, their tenant's id taken off the key."""
    endpoint = next(one for one in vendor.endpoints if one.name == name)
    plan, batch = Plan(endpoint, vendor, {}), Batch()
    found = endpoint.records({"value": list(records)}) if endpoint.records else records
    plan.read([{**record, "each": ACME} for record in found], batch)
    assert batch.unread == []
    return {key.removeprefix(OF): dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}


def test_a_tenants_own_domains_tell_whose_it_is_and_not_the_one_it_was_born_with(vendor: Vendor) -> None:
    told = {"verifiedDomains": [
        {"name": "acme.onmicrosoft.com", "isInitial": True}, {"name": "mail.acme.onmicrosoft.com", "isInitial": False},
        {"name": "acme.example", "isDefault": True, "isInitial": False},
    ], "businessPhones": ["312 555 0134"], "street": "48 Mill Lane", "city": "Fernbrook", "postalCode": "43001",
    }  # fmt: skip
    [row] = rows(vendor, "domains", told).values()
    assert json.loads(row["evidence"]) == {
        "tenant_id": ACME["tenantId"], "domains": ["acme.example"], "phones": ["312 555 0134"],
        "addresses": ["48 Mill Lane, Fernbrook, 43001"],
    }  # fmt: skip


def test_an_account_is_a_seat_of_its_tenant_without_a_name(vendor: Vendor) -> None:
    free, paid = {"skuId": "f30db892-07e9-47e9-837c-80727f46fd3d"}, {"skuId": SKU["skuId"]}
    found = rows(
        vendor, "users", {"id": "a", "accountEnabled": True, "userType": "Member", "assignedLicenses": [paid, free]},
        {"id": "b", "accountEnabled": None, "userType": "Guest", "assignedLicenses": [free]},
        {"id": "c", "accountEnabled": False, "userType": None},
    )  # fmt: skip
    told = {key: (row["enabled"], row["guest"], row["licensed"]) for key, row in found.items()}
    assert told == {"a": (True, False, True), "b": (None, True, False), "c": (False, None, None)}


def test_of_a_sign_in_the_month_is_kept(vendor: Vendor) -> None:
    found = rows(
        vendor, "sign-ins", {"id": "never"},
        {"id": "told", "signInActivity": {"lastSuccessfulSignInDateTime": "2026-05-29T07:00:00Z",
                                          "lastSignInDateTime": "2026-06-02T07:00:00Z"}},
        {"id": "older", "signInActivity": {"lastSignInDateTime": "2026-03-02T07:00:00Z",
                                           "lastNonInteractiveSignInDateTime": "2026-04-09T07:00:00.1234567Z"}},
    )  # fmt: skip
    assert {key: row["signed_in_on"] for key, row in found.items()} == {
        "never": None, "told": date(2026, 5, 1), "older": date(2026, 4, 1),
    }  # fmt: skip


def test_a_licence_counts_seats_that_work_and_goes_by_the_name_people_know(vendor: Vendor) -> None:
    unknown = {**SKU, "skuId": "2", "skuPartNumber": "NEW_THING", "capabilityStatus": "lockedOut", "prepaidUnits": None}
    found = rows(vendor, "licences", SKU, unknown)
    told = [(row["product"], row["seats"], row["assigned"], row["suspended"]) for row in found.values()]
    assert told == [("Office 365 E5", 27, 14, False), ("NEW_THING", None, 14, True)]


def test_subscriptions_to_one_licence_become_its_next_end_and_whether_all_are_trials(vendor: Vendor) -> None:
    def one(sku: str, status: str, ends: str | None, trial: bool) -> dict[str, Any]:
        return {"skuId": sku, "status": status, "nextLifecycleDateTime": ends, "isTrial": trial}

    found = rows(
        vendor, "subscriptions", one("a", "Enabled", "2027-03-01T00:00:00Z", False),
        one("a", "enabled", "2026-11-01T00:00:00Z", True), one("a", "Suspended", "2026-02-01T00:00:00Z", False),
        one("b", "Enabled", None, True), {**one("c", "Enabled", None, False), "skuPartNumber": "TEAMS_EXPLORATORY"},
    )  # fmt: skip
    assert {key: (row["renews_on"], row["trial"]) for key, row in found.items()} == {
        "a": (date(2026, 11, 1), False), "b": (None, True), "c": (None, True),
    }  # fmt: skip


def test_a_score_is_one_check_and_each_of_its_controls_another(vendor: Vendor) -> None:
    score = {"currentScore": 387.0, "maxScore": 697.0, "controlScores": [{"controlName": "AdminMFA", "score": 35.0}]}
    [whole] = rows(vendor, "secure score", score).values()
    assert (whole["name"], whole["score"], whole["out_of"]) == ("secure_score", Decimal(387), Decimal(697))
    assert list(rows(vendor, "control scores", score)) == ["control/AdminMFA"]
    named = rows(vendor, "controls", {"id": "AdminMFA", "title": "MFA for admins", "maxScore": 50.0})
    assert (named["control/AdminMFA"]["name"], named["control/AdminMFA"]["out_of"]) == ("MFA for admins", Decimal(50))


def test_an_incident_is_resolved_when_it_was_last_changed_and_folded_or_false_ones_are_dismissed(
    vendor: Vendor,
) -> None:
    found = rows(
        vendor, "incidents", INCIDENT, {**INCIDENT, "id": "2", "status": "Redirected"},
        {**INCIDENT, "id": "3", "status": "active", "classification": "FalsePositive", "severity": "unheardOf"},
    )  # fmt: skip
    assert [(row["severity"], row["dismissed"]) for row in found.values()] == [
        ("medium", False), ("medium", True), ("unknown", True),
    ]  # fmt: skip
    resolved = datetime(2021, 9, 30, 9, 35, 45, 113333, tzinfo=UTC)
    assert [row["resolved_at"] for row in found.values()] == [resolved, None, None]


def test_of_devices_those_of_their_users_are_left_out_and_the_year_one_is_never(vendor: Vendor) -> None:
    device = {"id": "a", "deviceName": "PC-1", "operatingSystem": "Windows", "managedDeviceOwnerType": "company"}
    found = rows(
        vendor, "managed devices",
        {**device, "complianceState": "compliant", "lastSyncDateTime": "0001-01-01T00:00:00Z"},
        {**device, "id": "b", "complianceState": "inGracePeriod", "lastSyncDateTime": "2026-01-01T08:00:00-08:00"},
        {**device, "id": "c", "complianceState": "unknown"},
        {**device, "id": "d", "managedDeviceOwnerType": "personal"},
    )  # fmt: skip
    assert {key: row["compliant"] for key, row in found.items()} == {"a": True, "b": False, "c": None}
    assert [row["last_seen_at"] for row in found.values()] == [None, datetime(2026, 1, 1, 16, tzinfo=UTC), None]


@pytest.mark.parametrize(
    "ways",
    [
        {"count": "page"}, {"count": "left_out"}, {"over_top": "clamped"}, {"empty_page": True},
        {"first_letters": "small"}, {"successful_sign_in": False},
    ],
    ids=str,
)
def test_what_the_sheet_leaves_open_changes_nothing(
    playing: Playing, vendor: Vendor, listed: Listed, ways: dict[str, bool | str]
) -> None:
    names = ("sign-ins", "second factors", "licences", "subscriptions", "incidents")
    before = {name: listed(name) for name in names}
    playing.switch(vendor, **ways)
    assert {name: listed(name) for name in names} == before


def test_a_device_that_never_synchronised_was_never_seen(playing: Playing, vendor: Vendor, listed: Listed) -> None:
    playing.switch(vendor, year_one=True)
    seen = [row["last_seen_at"] for row in listed("managed devices").values()]
    assert None in seen and all(moment is None or moment.year > 2000 for moment in seen)


@pytest.mark.django_db(transaction=True)
def test_one_tenant_that_refuses_is_told_in_words_and_the_others_are_read(playing: Playing, vendor: Vendor) -> None:
    now = playing.sandbox.world.clock.now()
    world = playing.sandbox.world
    seen = [own for index in world.clients.served if (own := world.tenants.of(index, now))]
    lost, plain, *others = [own.id for own in seen]
    playing.switch(vendor, unconsented=lost, not_premium=plain, not_in_intune=plain)
    source = playing.connection(vendor)
    ended = collect.run(source, as_of=datetime.fromtimestamp(now, UTC))
    assert ended.state == "done", ended.error
    says = {(row.account.external_id, row.endpoint): row.says for row in Refusal.objects.select_related("account")}  # type: ignore[union-attr]
    assert {key for key, _ in says} == {lost, plain}
    assert says[lost, "users"] == "Microsoft 365 says: this tenant has not consented to our app."
    assert "no Entra ID P1" in says[plain, "second factors"] and "no Intune" in says[plain, "managed devices"]
    assert (plain, "users") not in says
    read = {key.partition("/")[0] for key in Seat.objects.values_list("external_id", flat=True)}
    assert read == {plain, *others}
    assert Connection.objects.get(pk=source.pk).problem.startswith("Read, but not")
