"""Segments: clients of a kind added up, what is missing among them told, and how much of the base could be theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.contrib.auth.models import User

from metrics import reading, rollup, working
from metrics.declare import Derived
from metrics.definitions import CATALOGUE
from metrics.models import MonthlyValue, QuarterlyValue, Scope, Segment, State
from metrics.models.values import Value
from metrics.periods import parse
from metrics.reading import Number, segment, year_to_date
from metrics.settings import decide
from organizations.linking import mark_organization
from organizations.models import Organization
from tests.metrics.rollup.world import TABLES, World, enter, mark, mark_account

pytestmark = pytest.mark.django_db
APRIL = datetime(2025, 4, 2, 12, tzinfo=UTC)
MONTHS = ("2025-01", "2025-02", "2025-03")


def roll(*, everything: bool = False) -> int:
    done = rollup.run("test", now=APRIL, everything=everything)
    return done.rows_written if done else 0


def row(metric: str, when: str, of: str) -> Value:
    scope = Scope.objects.get(kind="segment", key=Segment.objects.get(name=of).pk)
    found: Value = TABLES[parse(when).grain].objects.get(  # type: ignore[attr-defined]
        definition__metric=metric, definition__version=1, scope=scope, period__starts_on=parse(when).starts_on
    )
    return found


def told(metric: str, when: str, of: str) -> tuple[str, Decimal | None, str | None]:
    found = row(metric, when, of)
    return found.get_state_display(), found.value, found.cause


@pytest.fixture
def world() -> World:
    return World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))


@pytest.fixture
def clients(world: World) -> list[Organization]:
    """Two law firms and a dentist, with hours 1, 2, 4 and devices 1, 2, 1 in March; nothing waits."""
    made = [world.client("acme", segment="Law"), world.client("beta", segment=" law "),
            world.client("gamma", segment="Dental")]
    for client, hours, devices in zip(made, ("1", "2", "4"), (1, 2, 1), strict=True):
        desk, site = world.account(client), world.account(client, world.rmm)
        world.time(desk, "2025-03-10", hours, world.ticket(desk, "2025-03-10", "2025-03-11", reopened=0))
        world.agreement(desk, "100")
        for number in range(devices):
            world.device(site, name=f"ws-{number}")
    return made


def test_a_segment_adds_its_clients_up_and_works_formulas_out_from_the_sums(
    world: World, clients: list[Organization]
) -> None:
    roll()
    assert [segment.name for segment in Segment.objects.order_by("name")] == ["Dental", "Law"]
    assert told("reactive_hours", "2025-03", "Law") == ("measured", 3, None)
    assert told("endpoints_managed", "2025-03", "Law") == ("measured", 3, None)
    assert told("rhem", "2025-03", "Law") == ("measured", 1, None)
    assert told("rhem", "2025-Q1", "Law") == ("measured", Decimal("0.33333333"), None)
    assert told("aisp", "2025-03", "Law")[1] == Decimal("66.66666667")  # a client's formula: agreement MRR a seat
    assert told("agreement_mrr", "2025-03", "Dental")[1] == 100
    assert row("reactive_hours", "2025-03", "Law").fact_rows == 2


def test_what_is_not_linked_could_be_any_segments_so_each_has_the_companys_share(
    world: World, clients: list[Organization]
) -> None:
    world.time(None, "2025-03-10", "1", world.ticket(None, "2025-03-10", "2025-03-11"))
    roll()
    for name in ("Law", "Dental"):
        hours = row("reactive_hours", "2025-03", name)
        assert (hours.state, hours.coverage, hours.cause) == (
            State.MEASURED, Decimal("0.875"), "87.5% of hours resolved"
        )
        assert row("rhem", "2025-03", name).coverage == Decimal("0.875")
        assert row("endpoints_managed", "2025-03", name).coverage == 1
    labor = row("average_resolution_time", "2025-03", "Law")  # 3 of 4 tickets
    assert labor.cause == "87.5% of hours, 75% of tickets resolved"
    assert labor.state == State.INSUFFICIENT_COVERAGE


def test_a_credit_is_no_hole_in_the_base(world: World, clients: list[Organization]) -> None:
    world.agreement(world.account(None), "-100")
    roll()
    assert row("agreement_mrr", "2025-03", "Law").coverage == Decimal("0.75")  # 300 that is someone's, 100 that is not


def test_a_quarter_is_told_its_own_coverage_and_not_that_of_its_worst_month(
    world: World, clients: list[Organization]
) -> None:
    desk = world.account(clients[0])
    for month, hours in (("2025-01", "1"), ("2025-02", "90")):
        world.time(desk, f"{month}-10", hours, world.ticket(desk, f"{month}-10", f"{month}-11"))
    world.time(None, "2025-01-10", "1", world.ticket(None, "2025-01-10", "2025-01-11", reopened=0))
    roll()
    assert told("reactive_hours", "2025-01", "Law") == ("insufficient coverage", 1, "50% of hours resolved")
    assert told("reactive_hours", "2025-Q1", "Law") == ("measured", 94, "98.9% of hours resolved")
    world.time(desk, "2025-03-11", "1", world.ticket(desk, "2025-03-11", "2025-03-12", reopened=0))
    for entity in ("Ticket", "TimeEntry"):
        mark(entity, desk.pk, "2025-03")
    roll()  # January's is read as it is stored
    assert told("reactive_hours", "2025-Q1", "Law") == ("measured", 95, "99% of hours resolved")
    assert roll(everything=True) == 0


def test_one_client_that_is_not_measured_makes_its_segment_incomplete(
    world: World, clients: list[Organization]
) -> None:
    enter("reactive_hours", "2025-03", 10, clients[1], kind="corrected")
    roll()
    assert told("reactive_hours", "2025-03", "Law") == ("measured", 11, None)  # as the client's number stands
    late = Organization.objects.create(slug="late", name="Late", segment="Law")
    second = type(world.psa).objects.create(vendor="psa", label="a second")
    world.account(late, second)
    roll()
    state, value, cause = told("reactive_hours", "2025-03", "Law")
    assert (state, value, cause) == ("incomplete", 11, "Late: not read yet")
    assert told("rhem", "2025-03", "Law") == ("incomplete", None, "needs reactive hours")
    assert told("reactive_hours", "2025-03", "Dental")[0] == "measured"
    Organization.objects.filter(pk=late.pk).update(client_to=date(2025, 3, 1))
    mark_organization(late)
    roll()
    assert told("reactive_hours", "2025-03", "Law") == ("measured", 11, None)  # no longer a client then


def test_clients_in_no_system_are_no_part_of_what_it_counts(world: World, clients: list[Organization]) -> None:
    Organization.objects.create(slug="delta", name="Delta", segment="Law")
    Organization.objects.create(slug="ours", name="Ours", segment="Law", kind="internal")
    Organization.objects.create(slug="none", name="None", segment="Farms")
    roll()
    assert told("reactive_hours", "2025-03", "Law") == ("measured", 3, None)
    person = User.objects.create(username="reader")
    farms = reading.number(person, "reactive_hours", segment("Farms"), parse("2025-03"))
    assert farms is not None
    assert (farms.state, farms.cause) == (State.NOT_LINKED, "no client of it linked")


def test_a_client_that_changes_segments_moves_both(world: World, clients: list[Organization]) -> None:
    roll()
    Organization.objects.filter(pk=clients[1].pk).update(segment="Dental")
    mark_organization(clients[1])
    roll()
    assert told("reactive_hours", "2025-03", "Law") == ("measured", 1, None)
    assert told("reactive_hours", "2025-Q1", "Dental") == ("measured", 6, None)
    Organization.objects.filter(pk=clients[0].pk).update(segment="")
    mark_organization(clients[0])
    roll()
    assert not MonthlyValue.objects.filter(scope__kind="segment", scope__key=Segment.objects.get(name="Law").pk)
    assert not QuarterlyValue.objects.filter(scope__kind="segment", scope__key=Segment.objects.get(name="Law").pk)
    assert roll(everything=True) == 0


def test_segments_are_read_and_explained_as_the_person_asking(world: World, clients: list[Organization]) -> None:
    world.time(None, "2025-03-10", "1", world.ticket(None, "2025-03-10", "2025-03-11"))
    decide("least_resolved", "80")
    roll()
    person = User.objects.create(username="reader")
    assert reading.segments() == [segment("Dental"), segment("Law")]
    keys = ["rhem", "agreement_mrr", "net_profit_pct", "labor_efficiency_ratio"]
    found = reading.numbers(person, keys, [segment("Law"), reading.COMPANY], [parse("2025-03")])
    assert {key for key, _, _ in found} == {"rhem"}  # money is not theirs to see
    assert isinstance(found["rhem", segment("Law"), parse("2025-03")], Number)
    explained = working.explain(person, "rhem", segment("Law"), parse("2025-03"))
    assert explained is not None
    assert [each.words for each in explained.resolved] == ["87.5% of hours", "100% of devices"]
    assert explained.formula_with_values == "3 / 3 / 1"
    admin = User.objects.create(username="admin", is_superuser=True)
    profit = reading.number(admin, "net_profit_pct", segment("Law"), parse("2025-03"))
    assert profit is not None
    assert (profit.state, profit.cause) == (State.NOT_APPLICABLE, "for the company only")
    hours = year_to_date(person, ["reactive_hours"], segment("Law"), parse("2025-Q1"))["reactive_hours"]
    assert (hours.value, hours.coverage) == (3, Decimal("0.875"))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_partial_roll_up_ends_where_a_whole_one_would_and_segments_add_up(seed: int) -> None:
    random = Random(seed)
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    names = ["Law", "Dental", ""]
    clients = [world.client(f"c{n}", segment=names[n % 3]) for n in range(5)]
    desks = [*(world.account(client) for client in clients), world.account(None)]
    sites = [*(world.account(client, world.rmm) for client in clients[:3]), world.account(None, world.rmm)]

    def some_day() -> str:
        return (date(2025, 1, 1) + timedelta(days=random.randrange(90))).isoformat()

    roll()
    for _ in range(6):
        desk, when, since = random.choice(desks), some_day(), some_day()
        match random.choice(["time", "device", "agreement", "link", "segment", "correction"]):
            case "time":
                ticket = world.ticket(desk, when, when, reopened=random.choice([0, None]))
                world.time(desk, when, str(random.randint(1, 9)), ticket)
                for entity in ("Ticket", "TimeEntry"):
                    mark(entity, desk.pk, when[:7])
            case "device":
                site = random.choice(sites)
                world.device(site, since=since)
                for month in range(int(since[5:7]), 5):
                    mark("Asset", site.pk, f"2025-0{month}")
            case "agreement":
                world.agreement(desk, str(random.randint(-50, 200)), since=since)
                for month in range(int(since[5:7]), 5):
                    mark("Agreement", desk.pk, f"2025-0{month}")
            case "link":
                world.link(random.choice(desks), random.choice(clients))
            case "segment":
                client = random.choice(clients)
                Organization.objects.filter(pk=client.pk).update(segment=random.choice(names))
                for account in (*desks, *sites):
                    mark_account(account)
            case "correction":
                enter("reactive_hours", random.choice(MONTHS), 7, random.choice(clients), kind="corrected")
        roll()
    assert roll(everything=True) == 0
    assert MonthlyValue.objects.filter(scope__kind="segment").exists()

    counted = [key for key, metric in CATALOGUE.items() if not isinstance(metric, Derived)]
    for value in MonthlyValue.objects.filter(scope__kind="segment", definition__metric__in=counted):
        name = Segment.objects.get(pk=value.scope.key).name
        parts = MonthlyValue.objects.filter(
            scope__organization__segment=name, scope__organization__kind="client", definition=value.definition,
            period=value.period, value__isnull=False,
        )
        assert value.value is None or value.value == sum(part.value or 0 for part in parts), value.definition.metric
