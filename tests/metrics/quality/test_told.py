"""Which findings touch a number, and who may know of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser, User

from collectors.connections import Connection
from metrics import quality
from metrics.models import Finding, Period
from metrics.periods import Month, Quarter, Year
from metrics.reading import COMPANY, ScopeRef, client
from organizations.models import Organization
from tests.metrics.stored_values import person, scope_row

pytestmark = pytest.mark.django_db
MARCH, Q1 = Month(2025, 3), Quarter(2025, 1)
ACME = client("acme")


@pytest.fixture
def reader() -> User:
    return person("reader")


@pytest.fixture
def finance() -> User:
    return person("finance", "see_finance")


def finding(rule: str = "jump", metric: str = "", scope: ScopeRef | None = None, on: Month | Quarter | None = None,
            **fields: object) -> Finding:  # fmt: skip
    if scope and scope.slug:
        Organization.objects.get_or_create(slug=scope.slug, defaults={"name": scope.slug})
    period = None
    if on:
        period, _ = Period.objects.get_or_create(grain=on.grain, starts_on=on.starts_on, ends_on=on.ends_on)
    return Finding.objects.create(
        rule=rule, metric=metric, scope=scope_row(scope) if scope else None, period=period, says=rule,
        severity=fields.pop("severity", quality.RULES[rule].severity), **fields,
    )


def touching(who: User, metric: str, scope: ScopeRef = COMPANY, period: Month | Quarter | Year = MARCH) -> set[str]:
    return {each.says for each in quality.findings_for(who, metric, scope, period)}


def test_a_number_is_touched_by_its_own_its_months_and_its_inputs(reader: User) -> None:
    finding("jump", "reactive_hours", COMPANY, MARCH)
    for metric in ("reactive_hours", "rhem"):
        for period in (MARCH, Q1, Year(2025, 1)):
            assert touching(reader, metric, period=period) == {"jump"}
    assert touching(reader, "reactive_hours", period=Month(2025, 2)) == set()
    assert touching(reader, "endpoints_managed") == set()
    assert touching(reader, "reactive_hours", ACME) == set()


def test_a_clients_finding_touches_that_client_alone(reader: User) -> None:
    finding("jump", "reactive_hours", ACME, MARCH)
    assert touching(reader, "reactive_hours", ACME) == {"jump"}
    assert touching(reader, "reactive_hours") == touching(reader, "reactive_hours", client("other")) == set()


def test_records_set_aside_touch_whatever_is_counted_from_them(reader: User) -> None:
    psa = Connection.objects.create(vendor="connectwise_psa", label="PSA")
    finding("set_aside", on=MARCH, subject="Ticket", connection=psa)
    assert touching(reader, "reactive_tickets_created") == touching(reader, "rhem", ACME) == {"set_aside"}
    assert touching(reader, "endpoints_managed") == set()


def test_how_things_stand_now_touches_no_earlier_month(reader: User) -> None:
    seen = datetime(2025, 4, 2, tzinfo=UTC)
    finding("seats", "agreement_seats", ACME, first_seen_at=seen)
    assert touching(reader, "agreement_seats", ACME, MARCH) == {"seats"}
    assert touching(reader, "agreement_seats", ACME, Month(2025, 2)) == set()


def test_what_is_fixed_touches_nothing_and_what_is_accepted_does(reader: User) -> None:
    row = finding("jump", "reactive_hours", COMPANY, MARCH, life="accepted")
    assert touching(reader, "reactive_hours") == {"jump"}
    Finding.objects.filter(pk=row.pk).update(life="fixed")
    assert touching(reader, "reactive_hours") == set()


def test_whoever_may_not_see_finance_sees_no_finding_of_it(reader: User, finance: User) -> None:
    books = Connection.objects.create(vendor="quickbooks_online", label="Books")
    finding("jump", "reactive_hours", COMPANY, MARCH)
    finding("jump", "mrr", COMPANY, MARCH)
    finding("unmapped", "total_revenue", COMPANY, MARCH)
    finding("set_aside", on=MARCH, subject="LedgerBalance", connection=books)
    finding("set_aside", on=MARCH, subject="Ticket", connection=books)
    finding("numbers_twice", subject="LedgerAccount 4000", connection=books)
    finding("jump", "owner_compensation", COMPANY, MARCH)
    assert sorted(f"{row.rule} {row.metric}{row.subject}" for row in quality.visible(reader)) == [
        "jump reactive_hours", "set_aside Ticket",
    ]
    assert quality.visible(finance).count() == 6  # all but wages
    assert quality.findings_for(reader, "mrr", COMPANY, MARCH) == []
    assert not quality.visible(AnonymousUser()).exists()


def test_what_stops_a_close_is_open_severe_and_within_the_period() -> None:
    stops = finding("negative", "reactive_hours", COMPANY, MARCH)
    of_quarter = finding("quarter", "reactive_hours", COMPANY, Q1)
    finding("negative", "reactive_hours", COMPANY, Month(2025, 4))
    finding("negative", "hours_logged", COMPANY, MARCH, life="accepted")
    finding("jump", "reactive_hours", COMPANY, MARCH)
    assert set(quality.blocking(Q1)) == {stops, of_quarter}
    assert quality.blocking(MARCH) == [stops]
