"""What changed, in one sentence and in tables that end in the change itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics import rollup
from metrics.changing import what_changed
from metrics.periods import Month
from metrics.reading import COMPANY
from qbr.pages.panels.changed import sentence
from tests.metrics.golden import enter_months
from tests.metrics.rollup.world import World

pytestmark = pytest.mark.django_db

MARCH, JANUARY = Month(2025, 3), Month(2025, 1)


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def golden() -> None:
    enter_months()


def said(boss: User, metric: str) -> str:
    found = what_changed(boss, metric, COMPANY, MARCH, JANUARY)
    assert found is not None
    return sentence(found)


def test_one_sentence_says_why_rhem_rose(boss: User, golden: None) -> None:
    assert said(boss, "rhem") == (
        "RHEM rose 0.038: more tickets per endpoint added 0.056, shorter tickets took off 0.018."
    )
    assert said(boss, "net_mrr_gain") == "Net MRR gain fell $265: Lost MRR took off $2,354, New MRR added $2,089."
    assert said(boss, "lost_mrr_churn").startswith("Lost MRR rose $")


def test_the_page_shows_it_by_factor_and_holds_it_against_last_year_when_asked(boss: User, golden: None) -> None:
    client = Client()
    client.force_login(boss)
    body = client.get("/numbers/rhem/?period=2025-03&part=changed").content.decode()
    assert "What changed since Feb 2025" in body
    assert "By factor" in body
    assert 'href="/numbers/rhem/?period=2025-03&amp;against=year#changed"' in body
    body = client.get("/numbers/rhem/?period=2025-03&part=changed&against=year").content.decode()
    assert "What changed since Mar 2024" in body
    assert "Mar 2024 cannot be compared" in body


def test_counts_are_told_by_client_queue_type_and_technician_with_the_rest_together(boss: User) -> None:
    world = World()
    for number in range(7):
        account = world.account(world.client(f"client-{number}"))
        for day in range(1, number + 2):
            world.ticket(account, f"2025-03-{day:02}")
    rollup.run("test", now=datetime(2025, 4, 2, tzinfo=UTC))
    client = Client()
    client.force_login(boss)
    body = client.get("/numbers/reactive_tickets_created/?period=2025-03&part=changed").content.decode()
    named = "Client-6 added 7, Client-5 added 6, Client-4 added 5"
    assert f"Reactive tickets created rose 28: {named}, 4 others added 10." in body
    assert "2 more" in body
    assert 'href="/numbers/reactive_tickets_created/?client=client-6&amp;period=2025-03"' in body
    assert [f"By {thing}" in body for thing in ("client", "queue", "type", "technician")] == [True] * 4
