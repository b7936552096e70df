"""The one door out: what a person is given, and what absence means."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from collectors.facts.touched import Calendar
from collectors.models import CollectorRun, Connection, Listing, Reading
from metrics import reading, settings
from metrics.declare import Access
from metrics.definitions import CATALOGUE
from metrics.models import Definition, Goal, InForce, Origin, State
from metrics.periods import Month, Quarter, Span, Year
from metrics.reading import COMPANY, NOT_LINKED, Freshness, client
from organizations.models import Organization
from tests.metrics.stored_values import person, scope_row, store

pytestmark = pytest.mark.django_db

Q1 = Quarter(2025, 1)
JANUARY, FEBRUARY, MARCH = Q1.months
ACME = client("acme")


@pytest.fixture
def boss() -> User:
    return User.objects.create(username="boss", is_superuser=True)


@pytest.fixture
def acme() -> Organization:
    return Organization.objects.create(slug="acme", name="Acme")


def test_it_gives_the_stored_value_with_its_state_and_origin(boss: User) -> None:
    store("employees", JANUARY, "8.5", origin=Origin.ENTERED, months=1, of_months=1)
    number = reading.number(boss, "employees", COMPANY, JANUARY)
    assert number is not None
    assert (number.value, number.state, number.origin) == (Decimal("8.5"), State.MEASURED, Origin.ENTERED)


def test_it_reads_any_number_of_metrics_scopes_and_months_in_one_statement_a_grain_beside_readings(
    boss: User, acme: Organization, django_assert_num_queries: Any
) -> None:
    store("reactive_tickets_created", JANUARY, "354")
    store("reactive_tickets_created", JANUARY, "12", ACME)
    store("reactive_tickets_created", Q1, "1081")
    with django_assert_num_queries(4):  # the scopes, months, quarters, and how far the systems were read
        found = reading.numbers(
            boss, ["reactive_tickets_created", "reactive_tickets_closed"], [COMPANY, ACME], [*Q1.months, Q1]
        )
    assert len(found) == 2 * 2 * 4
    assert found["reactive_tickets_created", ACME, JANUARY].value == 12
    assert found["reactive_tickets_created", COMPANY, Q1].value == 1081


def test_it_says_not_linked_for_a_client_without_a_row_and_not_collected_for_the_company(
    boss: User, acme: Organization
) -> None:
    store("reactive_tickets_created", JANUARY, "354")
    found = reading.numbers(boss, ["reactive_tickets_created"], [ACME, COMPANY, NOT_LINKED], [JANUARY, FEBRUARY])
    states = {(scope.kind, period): number.state for (_, scope, period), number in found.items()}
    assert states["organization", JANUARY] is State.NOT_LINKED
    assert states["organization", FEBRUARY] is State.NOT_COLLECTED  # nothing was ever worked out for February
    assert states["company", FEBRUARY] is State.NOT_COLLECTED
    assert states["not_linked", JANUARY] is State.NOT_APPLICABLE
    assert all(number.value is None for number in found.values() if number.state is not State.MEASURED)


def test_it_says_company_only_where_a_metric_is_not_kept_for_clients(boss: User, acme: Organization) -> None:
    number = reading.number(boss, "total_revenue", ACME, JANUARY)
    assert number is not None
    assert (number.state, number.cause) == (State.NOT_APPLICABLE, "for the company only")


def test_it_leaves_out_what_a_person_may_not_see() -> None:
    for metric in ("mrr", "employee_expense", "employees"):
        store(metric, JANUARY, "1")
    everyone, finance = person("tech"), person("vcio", "see_finance")
    wages = person("owner", "see_finance", "see_wages")
    everything = {"employees", "mrr", "employee_expense"}
    for whom, seen in ((everyone, {"employees"}), (finance, {"employees", "mrr"}), (wages, everything)):
        found = reading.numbers(whom, ["mrr", "employee_expense", "employees"], [COMPANY], [JANUARY])
        assert {metric for metric, _, _ in found} == seen
    assert reading.number(everyone, "mrr", COMPANY, JANUARY) is None


def test_it_gives_strangers_and_switched_off_people_nothing() -> None:
    store("employees", JANUARY, "8.5")
    gone = User.objects.create(username="gone", is_active=False, is_superuser=True)
    for nobody in (AnonymousUser(), gone):
        assert not reading.numbers(nobody, ["employees"], [COMPANY], [JANUARY])
        assert reading.freshness(nobody) == []


def test_a_metric_says_who_may_see_it() -> None:
    assert {CATALOGUE[key].access for key in ("employees", "mrr", "employee_expense")} == set(Access)


def test_it_shows_the_version_in_force_in_the_period(boss: User) -> None:
    store("employees", JANUARY, "8")
    store("employees", JANUARY, "9", version=2)
    store("employees", FEBRUARY, "8")
    store("employees", FEBRUARY, "9", version=2)
    second = Definition.objects.get(metric="employees", version=2)
    InForce.objects.create(metric="employees", from_on=FEBRUARY.starts_on, definition=second)
    found = reading.numbers(boss, ["employees"], [COMPANY], [JANUARY, FEBRUARY])
    assert [(n.value, n.version) for n in found.values()] == [(8, 1), (9, 2)]


def test_it_gives_every_client_of_a_period_in_a_fixed_number_of_statements(
    boss: User, django_assert_num_queries: Any
) -> None:
    for number in range(7):
        Organization.objects.create(slug=f"client-{number}", name=f"Client {number}")
        if number:
            store("reactive_tickets_created", Q1, str(number), client(f"client-{number}"))
    Organization.objects.create(slug="ourselves", name="Ourselves", kind=Organization.Kind.INTERNAL)
    store("reactive_tickets_created", Q1, "99", client("ourselves"))
    with django_assert_num_queries(3):  # the clients, their values, and how far the systems were read
        found = reading.for_all_clients(boss, ["reactive_tickets_created", "reactive_tickets_closed"], Q1)
    values = [found[client(f"client-{n}")]["reactive_tickets_created"].value for n in range(7)]
    assert values == [None, 1, 2, 3, 4, 5, 6]
    assert found[client("client-0")]["reactive_tickets_created"].state is State.NOT_LINKED
    assert client("ourselves") not in found


def test_it_gives_a_bare_figure_of_every_client_in_one_statement(boss: User, django_assert_num_queries: Any) -> None:
    for slug, name, value in (("b", "Birch", "2"), ("a", "Alder", "1"), ("c", "Cedar", None)):
        Organization.objects.create(slug=slug, name=name)
        store("reactive_tickets_created", Q1, value, client(slug))
    store("reactive_tickets_created", Q1.previous, "7", client("a"), state=State.SO_FAR)
    Organization.objects.create(slug="us", name="Us", kind=Organization.Kind.INTERNAL)
    store("reactive_tickets_created", Q1, "99", client("us"))
    with django_assert_num_queries(1):
        found = reading.values_of_clients(boss, "reactive_tickets_created", [Q1, Q1.previous])
    assert list(found[Q1].items()) == [("a", (1, State.MEASURED)), ("b", (2, State.MEASURED))]
    assert found[Q1.previous] == {"a": (7, State.SO_FAR)}


def test_bare_figures_and_sums_are_kept_from_who_may_not_see_them(acme: Organization) -> None:
    store("agreement_mrr", JANUARY, "5", ACME)
    for reader, sees in ((person("clerk"), False), (person("finance", "see_finance"), True)):
        assert bool(reading.values_of_clients(reader, "agreement_mrr", [JANUARY])[JANUARY]) is sees
        assert bool(reading.collected_by_kind(reader, ["agreement_mrr"], JANUARY)) is sees


def test_it_adds_up_what_systems_say_by_kind_whatever_people_entered_over_it(boss: User) -> None:
    key = "reactive_tickets_created"
    kept = Organization.objects.create(slug="kept", name="Kept")
    Organization.objects.create(slug="merged", name="Merged", merged_into=kept)  # after the month was closed
    Organization.objects.create(slug="entered", name="Entered")
    Organization.objects.create(slug="us", name="Us", kind=Organization.Kind.INTERNAL)
    store(key, JANUARY, "10.25", client("kept"), origin=Origin.CORRECTED, collected=Decimal("8.125"))
    store(key, JANUARY, "50", client("merged"))
    store(key, JANUARY, "3", client("entered"), origin=Origin.ENTERED)
    store(key, JANUARY, None, client("us"))
    store(key, JANUARY, "70")
    assert reading.collected_by_kind(boss, [key], JANUARY) == {(key, False): Decimal("58.125"), (key, True): None}


def test_several_questions_share_the_scopes_and_the_readings(
    boss: User, acme: Organization, django_assert_num_queries: Any
) -> None:
    store("reactive_tickets_created", JANUARY, "354", ACME)
    store("reactive_tickets_closed", Q1, "1081", ACME)
    asks: list[tuple[list[str], list[Span]]] = [
        (["reactive_tickets_created"], [JANUARY]), (["reactive_tickets_closed", "employees"], [Q1]),
    ]  # fmt: skip
    with django_assert_num_queries(4):  # the scopes, months, quarters, and how far the systems were read
        found = reading.numbers_by_grain(boss, asks, [ACME])
    assert {key: number.value for (key, _, _), number in found.items()} == {
        "reactive_tickets_created": 354, "reactive_tickets_closed": 1081, "employees": None,
    }  # fmt: skip
    with django_assert_num_queries(0):
        assert len(reading.numbers_by_grain(boss, [], [ACME])) == 0


def test_year_to_date_reads_its_rules_once_however_many_metrics_are_asked(
    boss: User, django_assert_num_queries: Any
) -> None:
    Calendar.objects.create(id=1)
    keys = [key for key, metric in CATALOGUE.items() if metric.smart_number]
    with django_assert_num_queries(5):  # the calendar, the rules, the scope, the months, and how far they were read
        reading.year_to_date(boss, keys, COMPANY, Q1)


def test_a_number_was_read_through_the_earliest_of_the_systems_behind_it(boss: User) -> None:
    psa = Connection.objects.create(vendor="connectwise_psa", label="Desk")
    rmm = Connection.objects.create(vendor="ninjaone", label="Devices")
    retired = Connection.objects.create(vendor="ninjaone", label="Before", counts_to=date(2024, 1, 1))
    early, late = datetime(2025, 4, 1, tzinfo=UTC), datetime(2025, 4, 2, tzinfo=UTC)
    for entity in ("Ticket", "TimeEntry"):
        Reading.objects.create(connection=psa, entity=entity, read_from=early - timedelta(400), read_through=late)
    for at in (early - timedelta(1), early):
        Listing.objects.create(connection=rmm, entity="Asset", day=at.date(), at=at)
    Listing.objects.create(connection=retired, entity="Asset", day=date(2023, 12, 31), at=early - timedelta(450))
    store("rhem", Q1, "0.25")
    store("reactive_hours", Q1, "452.08")
    found = reading.numbers(boss, ["rhem", "reactive_hours", "employees"], [COMPANY], [Q1])
    assert found["reactive_hours", COMPANY, Q1].read_through == late
    assert found["rhem", COMPANY, Q1].read_through == early
    assert found["employees", COMPANY, Q1].read_through is None


def _stored_quarter() -> None:
    figures = (354, 355, 597), (294, 294, 594), (433, 431, 591)
    for month, (created, closed, endpoints) in zip(Q1.months, figures, strict=True):
        store("reactive_tickets_created", month, str(created))
        store("reactive_tickets_closed", month, str(closed))
        store("endpoints_managed", month, str(endpoints))
        store("total_revenue", month, "100", origin=Origin.IMPORTED)


def test_year_to_date_adds_flows_averages_stocks_and_works_ratios_out_afresh(boss: User) -> None:
    _stored_quarter()
    keys = [
        "reactive_tickets_created", "endpoints_managed", "reactive_tickets_per_endpoint_per_month", "total_close_pct",
        "total_revenue",
    ]
    found = reading.year_to_date(boss, keys, COMPANY, Q1)
    assert found["reactive_tickets_created"].value == 1081
    assert found["endpoints_managed"].value == 594
    assert found["reactive_tickets_per_endpoint_per_month"].value == Decimal("0.60662177")  # 1081 / 3 / 594
    assert found["total_close_pct"].value == Decimal("99.90749306")
    assert found["total_revenue"].value == 300  # given whole: the parts are not there, the months add up
    assert {number.state for number in found.values()} == {State.MEASURED}
    assert found["total_close_pct"].period == Q1


def test_year_to_date_begins_with_the_fiscal_year(boss: User) -> None:
    for month in (*Quarter(2024, 4).months, *Q1.months):
        store("new_agreements", month, "1")
    assert reading.year_to_date(boss, ["new_agreements"], COMPANY, MARCH)["new_agreements"].value == 3
    settings.decide("fiscal_year_start", 10)
    assert reading.year_to_date(boss, ["new_agreements"], COMPANY, MARCH)["new_agreements"].value == 6
    assert reading.year_to_date(boss, ["new_agreements"], COMPANY, Month(2024, 12))["new_agreements"].value == 3


def test_year_to_date_with_a_month_missing_has_no_value_and_says_so(boss: User) -> None:
    store("new_agreements", JANUARY, "1")
    store("new_agreements", MARCH, "1")
    number = reading.year_to_date(boss, ["new_agreements"], COMPANY, Q1)["new_agreements"]
    assert (number.value, number.state, number.cause) == (
        None, State.INCOMPLETE, "2 of 3 months, without Feb 2025"
    )


def test_year_to_date_of_a_month_so_far_is_so_far(boss: User) -> None:
    store("new_agreements", JANUARY, "1")
    store("new_agreements", FEBRUARY, "2", state=State.SO_FAR)
    number = reading.year_to_date(boss, ["new_agreements"], COMPANY, FEBRUARY)["new_agreements"]
    assert (number.value, number.state) == (3, State.SO_FAR)


def test_year_to_date_of_nothing_over_nothing_is_undefined_and_of_nothing_over_two_is_zero(boss: User) -> None:
    for month in Q1.months:
        store("telemarketing_dials", month, "0")
        store("first_time_appointments", month, "0")
    number = reading.year_to_date(boss, ["dials_per_appointment"], COMPANY, Q1)["dials_per_appointment"]
    assert (number.value, number.state, number.cause) == (None, State.UNDEFINED, "no first-time appointments")
    store("first_time_appointments", Month(2025, 4), "2")
    store("telemarketing_dials", Month(2025, 4), "0")
    number = reading.year_to_date(boss, ["dials_per_appointment"], COMPANY, Month(2025, 4))["dials_per_appointment"]
    assert (number.value, number.state) == (0, State.MEASURED)


def test_year_to_date_waits_for_months_that_have_not_begun(boss: User) -> None:
    ahead = Year(timezone.now().year + 1, 1)
    number = reading.year_to_date(boss, ["new_agreements"], COMPANY, ahead)["new_agreements"]
    assert (number.value, number.state, number.cause) == (None, State.NOT_COLLECTED, "not begun")


def test_a_dated_goal_stands_before_the_one_in_code_and_one_scope_before_all(boss: User, acme: Organization) -> None:
    assert reading.goals(boss, ["rhem", "employees"], COMPANY, date(2025, 1, 1))["rhem"].target == "0.25"
    Goal.objects.create(metric="rhem", from_on=date(2025, 2, 1), direction="at_most", target="0.3", warn_at="0.4")
    ours = scope_row(ACME)
    Goal.objects.create(metric="rhem", from_on=date(2025, 1, 15), direction="at_most", target="0.2", scope=ours)
    targets = {
        day: [reading.goals(boss, ["rhem"], scope, day)["rhem"].target for scope in (COMPANY, ACME)]
        for day in (date(2025, 1, 1), date(2025, 1, 20), date(2025, 2, 1))
    }
    assert list(targets.values()) == [["0.25", "0.25"], ["0.25", "0.2"], ["0.3", "0.2"]]
    assert "employees" not in reading.goals(boss, ["employees"], COMPANY, date(2025, 1, 1))


@pytest.mark.parametrize(("schedule", "hours", "state"), [
    ("17 * * * *", 1, Freshness.FRESH),
    ("17 * * * *", 3, Freshness.STALE),  # two turns missed
    ("0 3 * * *", 25, Freshness.FRESH),
    ("0 3 * * *", 27, Freshness.STALE),  # a day and some slack
    ("0 3 * * 1", 24 * 13, Freshness.FRESH),
    ("0 3 * * 1", 24 * 15, Freshness.STALE),
])
def test_a_system_is_stale_when_its_last_good_run_is_older_than_its_schedule_allows(
    boss: User, schedule: str, hours: int, state: Freshness
) -> None:
    connection = Connection.objects.create(vendor="ninjaone", label="Devices", schedule=schedule)
    CollectorRun.objects.create(
        connection=connection, as_of=timezone.now(), state="done", started_at=timezone.now() - timedelta(hours=hours)
    )
    assert [system.state for system in reading.freshness(boss)] == [state]


def test_a_system_that_needs_a_person_says_why_and_comes_first(boss: User) -> None:
    now = timezone.now()
    for label, problem in (("A desk", ""), ("Books", "The key was refused. Make a new one.")):
        connection = Connection.objects.create(vendor="ninjaone", label=label, problem=problem)
        CollectorRun.objects.create(connection=connection, as_of=now, started_at=now, state="done")
        Reading.objects.create(connection=connection, entity="Ticket", read_from=now - timedelta(30), read_through=now)
    failed = Connection.objects.create(vendor="ninjaone", label="Devices")
    CollectorRun.objects.create(
        connection=failed, as_of=now, started_at=now, state="failed", error="It did not answer."
    )
    Connection.objects.create(vendor="ninjaone", label="Switched off", enabled=False)
    Connection.objects.create(vendor="ninjaone", label="Untouched")
    assert [(s.connection, s.state.value, s.problem) for s in reading.freshness(boss)] == [
        ("Books", "failing", "The key was refused. Make a new one."),
        ("Devices", "failing", "It did not answer."),
        ("Untouched", "stale", "Never read yet."),
        ("A desk", "fresh", ""),
    ]
    assert reading.freshness(boss)[-1].read_through == now


def test_a_value_knows_the_rules_it_read_and_the_roll_up_that_wrote_it(boss: User) -> None:
    store("employees", JANUARY, "8.5")
    found = reading.provenance(boss, "employees", COMPANY, JANUARY)
    assert found is not None
    assert (found.version, found.rules, found.cause) == (1, {}, "test")
    assert reading.provenance(boss, "employees", COMPANY, FEBRUARY) is None
    store("employee_expense", JANUARY, "1")
    assert reading.provenance(person("tech"), "employee_expense", COMPANY, JANUARY) is None


def test_a_system_that_nothing_reads_grows_neither_stale_nor_failing(boss: User) -> None:
    Connection.objects.create(vendor="taken_out_of_the_tree", label="Tenants")
    [system] = reading.freshness(boss)
    assert (system.vendor, system.state.value) == ("taken_out_of_the_tree", "entered")
    assert system.problem == "Entered without a collector." and not system.waits
