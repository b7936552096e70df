"""One tenant that refuses while the others are read: its numbers say so, and theirs stand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collectors.facts.accounts import Account
from collectors.facts.readings import Refusal
from metrics import rollup
from organizations.models import Organization
from tests.metrics.rollup.world import World, at, state, value

pytestmark = pytest.mark.django_db
APRIL = datetime(2025, 4, 2, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World(listed=("2025-01-31", "2025-02-28", "2025-03-31"))


@pytest.fixture
def refused(world: World) -> Account:
    return world.account(world.client("acme"), world.rmm)


@pytest.fixture
def other(world: World) -> Organization:
    return world.client("birch")


def test_what_a_tenant_refuses_is_incomplete_from_then_on_and_says_why(
    world: World, refused: Account, other: Organization
) -> None:
    acme = Organization.objects.get(slug="acme")
    world.device(refused)
    world.device(world.account(other, world.rmm))
    Refusal.objects.create(
        connection=world.rmm, endpoint="devices", entity="Asset", account=refused, says="No consent.",
        since=at("2025-03-05"),
    )
    rollup.run("test", now=APRIL)
    assert state("endpoints_managed", "2025-02", acme)[0] == "measured"
    assert state("endpoints_managed", "2025-03", acme) == ("incomplete", 1)
    assert value("endpoints_managed", "2025-03", acme).cause == "An account: No consent."
    assert state("endpoints_managed", "2025-03", other) == ("measured", 1)
    assert state("endpoints_managed", "2025-03") == ("incomplete", 2)


def test_given_again_nothing_is_said_any_more(world: World, refused: Account) -> None:
    world.device(refused)
    row = Refusal.objects.create(
        connection=world.rmm, endpoint="devices", entity="Asset", account=refused, says="No.", since=at("2025-03-05")
    )
    rollup.run("test", now=APRIL)
    row.delete()
    rollup.run("test", now=APRIL, everything=True)
    assert state("endpoints_managed", "2025-03")[0] == "measured"
