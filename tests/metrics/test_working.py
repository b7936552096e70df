"""How a number explains itself, down to the rows it counts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from collectors.models import Listing, Ticket
from metrics import rollup, settings
from metrics.declare import For, Median, Standing, facts_of
from metrics.definitions import CATALOGUE
from metrics.entering import CellEdit, save
from metrics.models import MonthlyValue, QueueKind
from metrics.periods import Month, Quarter
from metrics.reading import COMPANY, NOT_LINKED, ScopeRef, client
from metrics.rollup.compile import stood
from metrics.working import OverBudget, Rows, explain, rows
from metrics.working.listings import listing_of
from organizations.models import Organization
from tests.metrics.rollup.world import World
from tests.metrics.stored_values import person

pytestmark = pytest.mark.django_db

Q1 = Quarter(2025, 1)
JANUARY, FEBRUARY, MARCH = Q1.months
ACME, BIRCH = client("acme"), client("birch")
NOW = datetime(2025, 4, 2, tzinfo=UTC)


@pytest.fixture
def boss() -> User:
    return User.objects.create(username="boss", first_name="Bo", last_name="Example", is_superuser=True)


@pytest.fixture
def world() -> World:
    """Two clients, an ignored account and one that waits; each with tickets, time, devices and agreements."""
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    acme, birch = world.client("acme"), world.client("birch", client_from=date(2025, 2, 10))
    ours = world.client("ours", kind="internal")
    ignored = world.account(None)
    world.link(ignored, None, verdict="ignored")
    for account in (world.account(acme), world.account(birch), world.account(ours), ignored, world.account(None), None):
        ticket = world.ticket(account, "2025-01-10", "2025-02-03", title="Printer")
        world.ticket(account, "2025-01-20", queue=world.queue("project"))
        world.ticket(account, "2025-02-20", "2025-02-21", parent=ticket)
        world.ticket(account, "2025-03-05")
        world.time(account, "2025-01-11", "1.5", ticket)
        world.time(account, "2025-03-11", "0.25", ticket, external_id=f"late-{ticket.pk}")
        world.agreement(account, "1000", since="2025-01-15")
        world.agreement(account, "500", until=date(2025, 3, 1))
    for owner in (acme, birch, ours, None):
        account = world.account(owner, world.rmm)
        world.device(account, name="ws-1")
        world.device(account, name="Spare 3")
        world.device(account, kind="server", name="srv", since="2025-02-01")
    world.balance("2025-01", "1000", "mrr")
    world.balance("2025-01", "-200", "nrr")
    rollup.run("test", now=NOW)
    return world


def cells(found: Rows, key: str) -> list[Any]:
    return [row.cells[found.keys.index(key)] for row in found.rows]


def test_every_stored_count_is_listed_again_row_for_row(boss: User, world: World) -> None:
    """For each metric that counts rows, each scope and month: as many rows are listed as were counted."""
    checked = 0
    values = MonthlyValue.objects.exclude(fact_rows=None)
    for value in values.select_related("definition", "scope__organization", "period"):
        scope = ScopeRef(value.scope.kind, value.scope.organization.slug if value.scope.organization else "")
        metric = value.definition.metric
        if facts_of(CATALOGUE[metric]) is None:
            continue
        month = Month.holding(value.period.starts_on)
        if month == Month(2025, 4):
            continue
        version = value.definition.version
        assert rows(boss, metric, scope, month, version=version).total == value.fact_rows, (metric, scope, month)
        checked += bool(value.fact_rows)
    assert checked > 60


def test_each_kind_of_row_has_its_listing() -> None:
    of_rows = [metric for metric in CATALOGUE.values() if facts_of(metric) or isinstance(metric, Median)]
    assert all(listing_of(metric) for metric in of_rows)
    assert not any(listing_of(metric) for metric in CATALOGUE.values() if metric not in of_rows)


def test_the_rows_of_a_client_are_its_own(boss: User, world: World) -> None:
    found = rows(boss, "reactive_tickets_created", ACME, JANUARY)
    assert (found.total, cells(found, "title"), cells(found, "client")) == (1, ["Printer"], ["Acme"])
    assert cells(found, "opened") == [date(2025, 1, 10)]
    assert rows(boss, "reactive_tickets_created", BIRCH, JANUARY).total == 0  # not a client then
    assert rows(boss, "reactive_tickets_created", BIRCH, MARCH).total == 1


def test_the_company_counts_everyone_but_those_ignored_and_what_waits_is_by_itself(boss: User, world: World) -> None:
    assert rows(boss, "reactive_tickets_created", COMPANY, JANUARY).total == 5
    waiting = rows(boss, "reactive_tickets_created", NOT_LINKED, JANUARY)
    assert waiting.total == 3  # the account that waits, the ticket of no account, and Birch before it was a client
    assert "Acme" not in cells(waiting, "client")


def test_the_rows_of_a_quarter_are_those_of_its_months(boss: User, world: World) -> None:
    found = rows(boss, "reactive_tickets_created", ACME, Q1, order="opened")
    assert cells(found, "month") == [date(2025, 1, 1), date(2025, 3, 1)]
    assert cells(found, "opened") == [date(2025, 1, 10), date(2025, 3, 5)]


def test_rows_come_by_the_page_in_the_order_asked(boss: User, world: World) -> None:
    first = rows(boss, "reactive_hours", COMPANY, Q1, order="hours", limit=5)
    second = rows(boss, "reactive_hours", COMPANY, Q1, order="hours", limit=5, offset=5)
    assert (first.total, len(first.rows), len(second.rows)) == (10, 5, 5)
    assert cells(first, "hours") + cells(second, "hours") == [Decimal("0.25")] * 5 + [Decimal("1.5")] * 5
    falling = rows(boss, "reactive_hours", COMPANY, Q1, order="-hours", limit=1)
    assert cells(falling, "hours") == [Decimal("1.5")]
    assert rows(boss, "reactive_hours", COMPANY, Q1, order="drop table").order == "-entered"


def test_the_companys_newest_rows_found_by_index_are_those_found_among_all(
    boss: User, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many there are is known from the value, as a page knows it; those ignored leave gaps that are filled."""
    monkeypatch.setattr(import_module("metrics.working.asking"), "SPARE", 0)
    compared = 0
    for metric in CATALOGUE.values():
        if not facts_of(metric):
            continue
        for period in (JANUARY, Q1):
            every = rows(boss, metric.key, COMPANY, period, limit=500)
            for offset in range(0, every.total, 3):
                near = rows(boss, metric.key, COMPANY, period, limit=3, offset=offset, counted=every.total)
                assert near.rows == every.rows[offset : offset + 3], (metric.key, period, offset)
                compared += len(near.rows)
    assert compared > 100


def test_what_stood_open_at_a_month_end_has_an_index_of_its_own() -> None:
    """The condition of the index is written in a migration, that of the statements follows from the declaration."""
    declared = CATALOGUE["tickets_open"]
    assert isinstance(declared, Standing)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT f.id FROM ticket f WHERE {stood(declared.began, declared.until)}")
        assert "ticket_stood_open" in str(cursor.fetchall())


def test_what_moved_without_a_line_of_its_own_changing_is_found_as_well(boss: User, world: World) -> None:
    """Where a month end was not read every agreement seems to have; a rule that changes moves whole agreements."""
    world.agreement(world.account(Organization.objects.get(slug="acme")), "70", kind="Block of hours")
    with transaction.atomic():
        Listing.objects.filter(day=date(2025, 2, 28)).delete()
        for metric, month in (("lost_mrr", FEBRUARY), ("new_mrr", MARCH)):
            every = rows(boss, metric, COMPANY, Q1, limit=500)
            assert (month.starts_on, Decimal(70)) in zip(
                cells(every, "month"), map(abs, cells(every, "moved")), strict=True
            )
            assert rows(boss, metric, COMPANY, Q1, limit=500, counted=500).rows == every.rows
        transaction.set_rollback(True)
    settings.decide("managed_agreement_kinds", ["managed"], from_on=date(2025, 2, 1))
    lost = rows(boss, "lost_mrr", COMPANY, FEBRUARY, counted=100)
    assert [row.cells[2:] for row in lost.rows] == [(Decimal(70), Decimal(0), Decimal(-70))]


def test_rows_of_a_stock_are_those_listed_at_the_months_end_without_spares_and_our_own(
    boss: User, world: World
) -> None:
    assert cells(rows(boss, "endpoints_managed", ACME, JANUARY), "name") == ["ws-1"]
    assert sorted(cells(rows(boss, "endpoints_managed", ACME, FEBRUARY), "name")) == ["srv", "ws-1"]
    assert rows(boss, "endpoints_managed", COMPANY, FEBRUARY).total == 6


def test_rows_follow_the_rules_people_change(boss: User, world: World) -> None:
    settings.decide("spare_pattern", "it's 100% spare|^ws")
    assert cells(rows(boss, "endpoints_managed", ACME, JANUARY), "name") == ["Spare 3"]
    QueueKind.objects.filter(queue=world.desk).update(kind="internal")
    assert rows(boss, "reactive_tickets_created", ACME, JANUARY).total == 0


def test_rows_of_a_movement_show_both_month_ends(boss: User, world: World) -> None:
    found = rows(boss, "lost_mrr", ACME, MARCH)
    assert [row.cells[2:] for row in found.rows] == [(Decimal(500), Decimal(0), Decimal(-500))]


def test_rows_link_to_the_vendors_console(boss: User, world: World) -> None:
    Ticket.objects.filter(title="Printer").update(link="https://desk.example/tickets/1")
    assert rows(boss, "reactive_tickets_created", ACME, JANUARY).rows[0].link == "https://desk.example/tickets/1"


def test_nobody_sees_rows_of_what_they_may_not_see_nor_of_what_has_none(boss: User, world: World) -> None:
    assert rows(person("tech"), "mrr", COMPANY, JANUARY).total == 0
    assert rows(boss, "mrr", COMPANY, JANUARY).total == 1
    for metric in ("employees", "rhem"):
        assert rows(boss, metric, COMPANY, JANUARY).total == 0
    assert rows(boss, "mrr", ACME, JANUARY).total == 0
    assert rows(boss, "reactive_tickets_created", client("nobody"), JANUARY).total == 0


def test_a_ratio_shows_its_formula_with_values_put_in_and_its_inputs(boss: User, world: World) -> None:
    found = explain(boss, "rhem", COMPANY, Q1)
    assert found is not None
    assert found.formula == "Reactive hours / Endpoints managed / months"
    hours, endpoints = found.inputs
    assert (hours.value, endpoints.value) == (Decimal("8.75"), 5)
    assert found.formula_with_values == "8.75 / 5 / 3"
    assert found.number.value == Decimal("0.58333333")
    assert not found.has_rows


def test_a_total_of_a_quarter_is_its_months_and_a_month_is_its_formula(boss: User, world: World) -> None:
    editor = person("editor", "enter_numbers", "see_finance")
    save(editor, COMPANY, [CellEdit(key, JANUARY, "0") for key in ("orr", "product_sales", "misc_revenue")])
    quarter, month = (explain(boss, "total_revenue", COMPANY, period) for period in (Q1, JANUARY))
    assert quarter is not None and month is not None
    assert (quarter.across, [n.period for n in quarter.months], quarter.formula) == (
        "the sum of its months", list(Q1.months), ""
    )
    assert month.across == ""
    assert month.formula.startswith("NRR + MRR billed + ORR")
    assert "(-200) + 1,000" in month.formula_with_values


def test_one_input_that_may_not_be_seen_hides_the_values(boss: User, world: World) -> None:
    finance = person("vcio", "see_finance")
    found = explain(finance, "total_expenses", COMPANY, JANUARY)
    assert found is not None
    assert found.formula_with_values == ""
    assert {n.metric.key for n in found.inputs} == {"cogs"}
    assert explain(person("tech"), "mrr", COMPANY, JANUARY) is None


def test_a_count_says_what_it_counts_by_which_rules_from_which_systems(boss: User, world: World) -> None:
    found = explain(boss, "reactive_tickets_closed", COMPANY, FEBRUARY)
    assert found is not None
    assert found.counted.startswith("tickets, without children")
    assert found.counted.endswith("closed, on a reactive queue, by the day closed")
    rules = {rule.label: rule.value for rule in found.rules}
    assert rules["Queues by kind of work"].startswith("Project: project")
    assert rules["Closed statuses"] == "none"
    assert [(s.connection, s.records, s.read_through.date()) for s in found.systems] == [
        ("psa", "tickets", date(2025, 4, 2))
    ]
    assert found.number.fact_rows == 5
    assert found.provenance is not None
    assert (found.provenance.version, found.provenance.cause) == (1, "test")
    assert found.has_rows


def test_a_stock_names_the_rules_with_their_values(boss: User, world: World) -> None:
    found = explain(boss, "endpoints_managed", COMPANY, Q1)
    assert found is not None
    assert {rule.label: rule.value for rule in found.rules} == {
        "Kinds of endpoint": "workstation, server, vm host", "Name of a spare": "^spare",
        "Age of a month-end listing": "7",
    }
    assert found.across == "the mean of its months"
    assert [n.value for n in found.months] == [3, 6, 6]


def test_entries_tell_who_when_why_and_what_stood_before(boss: User, world: World) -> None:
    save(boss, COMPANY, [CellEdit("reactive_tickets_closed", FEBRUARY, "7", "counted twice")])
    save(boss, COMPANY, [CellEdit("reactive_tickets_closed", FEBRUARY, "6", "one was a test")])
    rollup.run("entry", now=NOW)
    found = explain(boss, "reactive_tickets_closed", COMPANY, Q1)
    assert found is not None
    assert [(e.value, e.by, e.note, e.month, e.superseded_at is None) for e in found.entries] == [
        (6, "Bo Example", "one was a test", FEBRUARY, True), (7, "Bo Example", "counted twice", FEBRUARY, False)
    ]
    month = explain(boss, "reactive_tickets_closed", COMPANY, FEBRUARY)
    assert month is not None
    assert (month.number.value, month.number.collected) == (6, 5)


def test_every_metric_explains_itself_for_the_company_and_a_client(boss: User, world: World) -> None:
    for metric in CATALOGUE.values():
        for scope, side in ((COMPANY, For.COMPANY), (ACME, For.ORGANIZATION)):
            for period in (JANUARY, Q1):
                found = explain(boss, metric.key, scope, period)
                assert found is not None
                assert found.meaning == metric.meaning
                if side in metric.scopes and found.has_rows:
                    assert found.counted


def test_rows_that_take_too_long_are_refused_in_words(
    boss: User, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = {"opened_at": datetime(2025, 1, 10, 9, tzinfo=UTC), "opened_on": date(2025, 1, 10)}
    alike = [Ticket(connection=world.psa, external_id=f"many-{n}", **opened) for n in range(20_000)]
    Ticket.objects.bulk_create(alike)
    monkeypatch.setattr(import_module("metrics.working.rows"), "BUDGET", "1ms")
    with pytest.raises(OverBudget, match="Choose a single month, or one client"):
        rows(boss, "tickets_created", COMPANY, Q1)
    assert setting("statement_timeout") == "0"


def test_listing_rows_leaves_the_settings_of_a_longer_transaction_alone(boss: User, world: World) -> None:
    before = setting("statement_timeout"), setting("enable_nestloop")
    assert rows(boss, "tickets_created", COMPANY, Q1).total
    assert (setting("statement_timeout"), setting("enable_nestloop")) == before


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchall()[0][0])
