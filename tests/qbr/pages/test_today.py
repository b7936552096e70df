"""Today: the clients that moved most, a person's own before everyone's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics import varying
from metrics.models import MonthlyValue, QuarterlyValue, State
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db
MOVED = "reactive_tickets_per_endpoint_per_month"


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("owner")


def movers(person: User) -> list[str]:
    reader = Client()
    reader.force_login(person)
    shown = reader.get("/?period=2026-Q3&panel=movers").content.decode()
    return re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]+)', shown)


def stored(slug: str, now: str | None, before: str | None = "1", state: State = State.MEASURED) -> None:
    for day, value, how in (("2026-07-01", now, State.MEASURED), ("2026-04-01", before, state)):
        row = QuarterlyValue.objects.filter(
            scope__organization__slug=slug, definition__metric=MOVED, period__starts_on=day
        )
        assert row.update(value=None if value is None else Decimal(value), state=how if value else State.UNDEFINED) == 1


def test_the_clients_that_moved_most_come_first_whichever_way(owner: User) -> None:
    world.fill(clients=6, months=6)
    for slug, now in (("client-0", "1.1"), ("client-1", "0.4"), ("client-2", "1.5"), ("client-3", "1")):
        stored(slug, now)
    stored("client-4", None)
    stored("client-5", "9", state=State.INSUFFICIENT_COVERAGE)  # a mere count so far is nothing to compare with
    assert movers(owner) == ["Birchwood Architects", "Cedar Point Logistics", "Alder Dental Group"]


def test_a_persons_own_clients_are_all_there_is_and_eight_at_most(owner: User) -> None:
    world.fill(clients=30, owner=owner, months=6)
    for number in range(30):
        stored(f"client-{number}", f"1.{number:02}" if number % 2 == 0 else "5")
    own = movers(owner)
    assert len(own) == 8
    assert own[:2] == ["Ivy Lane Schools 28", "Goldleaf Insurance 26"]
    assert len(movers(User.objects.create_user("reader"))) == 8
    assert movers(User.objects.get(username="reader"))[0] == "Birchwood Architects"


def test_whether_a_change_is_more_than_chance_stands_beside_it(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 10, 5, tzinfo=UTC))
    world.fill(clients=2, months=24)
    stored("client-0", "1.5")
    MonthlyValue.objects.filter(
        scope__organization__slug="client-0", definition__metric=MOVED, period__starts_on="2026-09-01"
    ).update(value=Decimal(99))
    varying.hold(everyone=True)
    reader = Client()
    reader.force_login(owner)
    shown = reader.get("/?period=2026-Q3&panel=movers").content.decode()
    assert '▲ +50.0%<span class="why">worse; signal: above the normal range</span>' in shown
    smart = reader.get("/smartnumbers/?period=2026-Q3&client=client-0").content.decode()
    assert "signal: above the normal range</span>" in smart and "within normal range</span>" in smart


def test_a_smartnumber_without_two_final_quarters_says_why_it_is_not_compared(owner: User) -> None:
    world.fill(clients=1, months=24)
    QuarterlyValue.objects.filter(
        definition__metric=MOVED, period__starts_on="2026-04-01", scope__kind="company"
    ).update(value=None, state=State.UNDEFINED, cause="no endpoint")
    reader = Client()
    reader.force_login(owner)
    shown = reader.get("/smartnumbers/?period=2026-Q3").content.decode()
    assert "no basis: Q2 2026 is undefined, no endpoint" in shown
