"""What changed: the parts of every change add up to it exactly, and where nobody can tell, a sentence says why."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from metrics import settings
from metrics.changing import Changed, Split, what_changed
from metrics.declare import Derived
from metrics.definitions import CATALOGUE
from metrics.models import InForce, MonthlyValue, State
from metrics.periods import Month, Quarter, Span, Year
from metrics.reading import COMPANY, NOT_LINKED, ScopeRef, client
from metrics.rollup import run
from tests.metrics.golden import enter_months
from tests.metrics.rollup.world import World, enter, mark
from tests.metrics.stored_values import person, store

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 4, 2, tzinfo=UTC)
Q1 = Quarter(2025, 1)
DECEMBER, (JANUARY, FEBRUARY, MARCH) = Month(2024, 12), Q1.months
ACME, BIRCH = client("acme"), client("birch")
PAIRS = (
    (COMPANY, JANUARY, DECEMBER), (COMPANY, FEBRUARY, MARCH), (ACME, FEBRUARY, JANUARY), (ACME, DECEMBER, MARCH),
    (NOT_LINKED, MARCH, FEBRUARY), (BIRCH, MARCH, FEBRUARY),
)


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def world() -> World:
    """Three owners with tickets, time, devices, agreements and a ledger, each month a little otherwise."""
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    owners = [world.client("acme"), world.client("birch", client_from=date(2025, 2, 1)), None]
    for number, owner in enumerate(owners, 1):
        account, rmm = world.account(owner), world.account(owner, world.rmm)
        for at, month in enumerate(("2024-12", "2025-01", "2025-02", "2025-03")):
            for day in range(1, number + 2 * at):
                ticket = world.ticket(
                    account, f"{month}-{day:02}", f"{month}-{day + 9}" if day % 3 else "",
                    type=("Hardware", "Account", "")[day % 3], sla_met=day % 2 == 0, reopened=day % 2,
                )
                world.time(account, f"{month}-{day + 10}", f"{number}.{day}3", ticket)
            world.time(account, f"{month}-20", "0.7")
            world.device(rmm, name=f"ws-{at}", since=f"{month}-02")
            world.agreement(account, f"{100 * number + at}.35", since=f"{month}-05")
            world.balance(month, f"{1000 * number + 7 * at}", "mrr")
            world.balance(month, f"{300 - 90 * at}.25", "nrr")
            world.balance(month, f"{20 * at + number}", "cogs", side="cogs")
    for key in ("orr", "product_sales", "misc_revenue", "employee_expense", "owner_comp_taxes", "owner_compensation",
                "other_expenses", "technical_employees", "employees", "telemarketing_dials",
                "first_time_appointments"):  # fmt: skip
        for at, month in enumerate(("2024-12", "2025-01", "2025-02", "2025-03")):
            enter(key, month, Decimal(7 + at * len(key)) / 4)
    run("test", now=NOW)
    return world


def split(found: Changed | None, by: str) -> Split:
    assert found is not None
    return next(each for each in found.splits if each.by == by)


def test_every_change_between_two_stored_values_is_the_sum_of_its_parts(boss: User, world: World) -> None:
    """Every metric, kind of scope and pair of neighbouring months of this world, forwards and back."""
    told: Counter[str] = Counter()
    for scope, now, base in PAIRS:
        for key, metric in CATALOGUE.items():
            found = what_changed(boss, key, scope, now, base)
            assert found is not None
            told[type(metric).__name__] += len(found.splits)
            assert {(each.total, each.left) for each in found.splits} <= {(found.change, 0)}, (key, scope, now, base)
            assert bool(found.splits) != bool(found.refused), (key, scope, now, base)
    assert {kind for kind, count in told.items() if count >= 4} >= {
        "Flow", "Told", "Stock", "Standing", "Movement", "Derived", "Total",
    }  # fmt: skip


def test_a_quarter_is_split_as_its_months_make_it(boss: User, world: World) -> None:
    """Against its last month: sums of three months, their mean, the last and the first of them."""
    for key in ("reactive_hours", "endpoints_managed", "agreement_mrr", "opening_mrr", "rhem", "total_revenue"):
        found = what_changed(boss, key, COMPANY, Q1, MARCH)
        assert found is not None
        assert found.splits, found.refused
        assert {each.total for each in found.splits} == {found.change}, key
        assert {each.left for each in found.splits} == {0}, key


def test_hours_rose_by_whom_where_on_what_and_at_whose_hands(boss: User, world: World) -> None:
    found = what_changed(boss, "reactive_hours", COMPANY, MARCH, FEBRUARY)
    assert found is not None
    assert [each.by for each in found.splits] == ["client", "queue", "type", "technician"]
    clients = split(found, "client")
    assert {part.name for part in clients.parts} == {"Acme", "Birch", "not linked"}
    acme = next(part for part in clients.parts if part.name == "Acme")
    mine = what_changed(boss, "reactive_hours", ACME, MARCH, FEBRUARY)
    assert mine is not None
    assert (acme.slug, acme.change) == ("acme", mine.change)
    assert [each.by for each in mine.splits] == ["queue", "type", "technician"]
    assert {part.name for part in split(found, "type").parts} == {"Hardware", "Account", "none"}


def test_what_the_rows_no_longer_give_is_told_apart(boss: User, world: World) -> None:
    world.time(world.account(None), "2025-03-30", "5", world.ticket(None, "2025-03-01"))
    found = split(what_changed(boss, "reactive_hours", COMPANY, MARCH, FEBRUARY), "client")
    assert (found.left, found.left_words) == (-5, "changed since it was worked out")


def test_what_people_corrected_is_told_apart_too(boss: User, world: World) -> None:
    enter("reactive_hours", "2025-03", "500", kind="corrected")
    run("correction", now=NOW)
    found = split(what_changed(boss, "reactive_hours", COMPANY, MARCH, FEBRUARY), "client")
    assert found.left > 400
    assert found.left_words.startswith("entered, corrected")


def test_only_the_largest_parts_are_named_and_the_rest_is_told_together(boss: User, world: World) -> None:
    for number in range(7):
        account = world.account(world.client(f"small-{number}"))
        world.ticket(account, "2025-03-03")
        mark("Ticket", account.pk, "2025-03")
    run("more", now=NOW)
    found = split(what_changed(boss, "reactive_tickets_created", COMPANY, MARCH, FEBRUARY), "client")
    assert (len(found.parts), found.rest_of, found.total) == (5, 5, 6 + 7)


@pytest.fixture
def golden() -> None:
    enter_months()


def test_rhem_of_the_golden_quarter_rose_by_tickets_and_fell_by_hours_per_ticket(boss: User, golden: None) -> None:
    found = what_changed(boss, "rhem", COMPANY, MARCH, JANUARY)
    assert found is not None
    assert found.change == Decimal("0.03778674")
    parts = split(found, "factor").parts
    assert [part.words for part in parts] == ["more tickets per endpoint", "shorter tickets"]
    assert [round(part.change, 4) for part in parts] == [Decimal("0.0559"), Decimal("-0.0181")]
    assert sum(part.change for part in parts) == found.change


def test_without_factors_its_inputs_tell(boss: User, golden: None) -> None:
    found = split(what_changed(boss, "net_mrr_gain", COMPANY, MARCH, FEBRUARY), "input")
    assert {part.metric: part.change for part in found.parts} == {"new_mrr": Decimal(1276), "lost_mrr": Decimal(-2172)}


def refused(boss: User, metric: str = "rhem", now: Span = MARCH, base: Span = FEBRUARY, of: ScopeRef = COMPANY) -> str:
    found = what_changed(boss, metric, of, now, base)
    assert found is not None
    assert found.splits == ()
    return found.refused


def test_what_has_no_value_says_so_and_has_no_parts(boss: User, golden: None) -> None:
    assert refused(boss, "dials_per_appointment", MARCH, JANUARY) == (
        "Jan 2025 cannot be compared: no first-time appointments."
    )
    assert refused(boss, now=Q1, base=Q1.previous).startswith("Q4 2024 cannot be compared: ")
    assert "entered by people" in refused(boss, "reactive_hours")
    assert refused(boss, "total_expenses", MARCH, JANUARY).startswith("Employee expense in Mar 2025: ")


def test_a_period_that_still_runs_is_not_split(boss: User, world: World) -> None:
    MonthlyValue.objects.filter(period__starts_on=MARCH.starts_on, value__isnull=False).update(state=State.SO_FAR)
    assert refused(boss) == "Mar 2025 still runs: what changed is told once it is complete."


def test_two_versions_and_two_rules_are_not_split(boss: User, world: World) -> None:
    settings.decide("spare_pattern", "ws-0", from_on=MARCH.starts_on)
    run("rule", everything=True, now=NOW)
    assert refused(boss, "endpoints_managed").startswith("The two were worked out by different rules. Name of a spare")
    store("rhem", MARCH, "0.5", version=2)
    newer = MonthlyValue.objects.get(definition__metric="rhem", definition__version=2).definition
    InForce.objects.create(metric="rhem", from_on=MARCH.starts_on, definition=newer)
    assert refused(boss) == (
        "Feb 2025 was worked out by version 1 of the definition and Mar 2025 by version 2."
    )


def test_a_hidden_number_is_absent_and_a_hidden_input_tells_nothing(world: World) -> None:
    reader, vcio = person("reader"), person("vcio", "see_finance")
    assert what_changed(reader, "mrr", COMPANY, MARCH, FEBRUARY) is None
    assert refused(vcio, "total_expenses") == "What it is made of includes numbers you may not see."


def test_one_word_formulas_are_told_by_what_they_stand_for(boss: User, world: World) -> None:
    assert isinstance(CATALOGUE["new_mrr_added"], Derived)
    found = what_changed(boss, "new_mrr_added", COMPANY, MARCH, FEBRUARY)
    assert found is not None
    assert [each.by for each in found.splits] == ["client", "agreement"]
    assert Year(2025, 1).label == "2025"
