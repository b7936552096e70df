"""What a roll-up takes on: marks, readings that moved, and nothing else; and what it writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from unittest.mock import patch

import pytest
from django.db import connection

from collectors.facts.accounts import Account
from collectors.facts.agreements import AgreementState
from collectors.facts.readings import Reading
from collectors.facts.service import Ticket
from collectors.facts.touched import Calendar, Touched
from metrics import rollup
from metrics.models import MonthlyValue, Origin, QuarterlyValue, QueueKind, Rollup, RollupReading, YearlyValue
from metrics.rollup import whole
from metrics.rollup.marks import mark_accounts, mark_all
from metrics.settings import decide
from organizations.models import Organization
from tests.metrics.rollup.world import World, enter, mark, state, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)


def scope_of(account: Account) -> Organization:
    return Organization.objects.get(links__account=account)


def roll(**given: bool) -> Rollup | None:
    return rollup.run("test", now=NOW, **given)


def written() -> set[tuple[str, str]]:
    """(metric, month) of the values the last roll-up wrote."""
    last = Rollup.objects.latest("id")
    return {(v.definition.metric, v.period.starts_on.isoformat()) for v in MonthlyValue.objects.filter(rollup=last)}


def test_with_nothing_moved_there_is_nothing_to_do() -> None:
    world = World()
    world.ticket(None, "2025-03-10")
    assert roll() is not None
    assert roll() is None
    assert Rollup.objects.count() == 1


def test_working_everything_out_again_writes_no_row() -> None:
    world = World(listed=("2025-02-28", "2025-03-31"))
    acme = world.client("acme")
    world.ticket(world.account(acme), "2025-03-10", "2025-03-11")
    world.agreement(world.account(acme), "100")
    world.balance("2025-03", "10", "mrr")
    enter("employees", "2025-03", 8)
    first, again = roll(), roll(everything=True)
    assert first and first.rows_written > 100
    assert again and again.rows_written == 0
    assert not MonthlyValue.objects.filter(rollup=again).exists()


def test_a_marked_fact_moves_its_client_its_company_and_their_longer_periods_alone() -> None:
    world = World()
    acme, beta = world.client("acme"), world.client("beta")
    account = world.account(acme)
    world.ticket(world.account(beta), "2025-02-10")
    roll()
    world.ticket(account, "2025-02-12", "2025-02-13")
    mark("Ticket", account.pk, "2025-02")
    done = roll()
    assert done is not None
    assert {when for _, when in written()} == {"2025-02-01"}
    assert not MonthlyValue.objects.filter(rollup=done, scope__organization=beta).exists()
    assert state("reactive_tickets_created", "2025-02", acme) == ("measured", 1)
    assert state("reactive_tickets_created", "2025-02", beta) == ("measured", 1)
    assert state("reactive_tickets_created", "2025-02") == ("measured", 2)
    assert value("reactive_tickets_created", "2025-Q1", acme).value == 1
    assert value("reactive_tickets_created", "2025-Q1").value == 2


def test_a_partial_roll_up_ends_where_a_whole_one_would() -> None:
    world = World(listed=("2025-01-31", "2025-02-28", "2025-03-31"))
    acme, beta = world.client("acme"), world.client("beta")
    a, b = world.account(acme), world.account(beta)
    world.agreement(a, "100", since="2025-02-15")
    world.agreement(b, "70")
    roll()
    ticket = world.ticket(a, "2025-01-12", "2025-03-02")
    world.time(a, "2025-02-02", "1.5", ticket)
    AgreementState.objects.filter(account=a).update(account=b)
    for account in (a, b):
        for month in ("2025-01", "2025-02", "2025-03"):
            mark("Any", account.pk, month)
    roll()
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_marks_by_entity_end_where_working_everything_out_would(seed: int) -> None:
    random = Random(seed)
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    accounts = [world.account(world.client(f"c{n}")) for n in range(3)] + [world.account(None)]
    devices = [world.account(world.client(f"d{n}"), world.rmm) for n in range(2)]

    def some_day() -> str:
        return (date(2025, 1, 1) + timedelta(days=random.randrange(90))).isoformat()

    enter("reactive_tickets_created", "2025-02", 5, kind="corrected")
    enter("reactive_hours", "2025-03", 5, scope_of(accounts[0]), kind="corrected")
    roll()
    for _ in range(4):
        account, entity = random.choice(accounts), random.choice(["Ticket", "TimeEntry", "Asset", "Agreement", "Entry"])
        first, second = sorted((some_day(), some_day()))
        if entity == "Ticket":
            world.ticket(account, first, random.choice([second, ""]))
        elif entity == "TimeEntry":
            world.time(account, first, "1.5", world.ticket(account, "2024-01-01", "2024-01-02"))
        elif entity == "Asset":
            account = random.choice(devices)
            world.device(account, since=first)
        elif entity == "Agreement":
            world.agreement(account, "100", since=first)
        else:
            enter("reactive_tickets_closed", first[:7], 3, kind="corrected")
        months = {first[:7], second[:7]}
        if entity in ("Asset", "Agreement"):  # listed from its first day on
            months = {f"2025-0{month}" for month in range(int(first[5:7]), 5)}
        for month in months if entity != "Entry" else ():
            mark(entity, account.pk, month)
        roll()
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0


def test_an_old_ticket_that_comes_late_stands_open_in_every_month_since() -> None:
    world = World()
    account = world.account(world.client("acme"))
    roll()
    world.ticket(account, "2025-01-10", "2025-03-05")
    for month in ("2025-01", "2025-03"):
        mark("Ticket", account.pk, month)
    roll()
    assert [state("tickets_open", f"2025-0{month}")[1] for month in (1, 2, 3, 4)] == [1, 1, 0, 0]


@pytest.mark.parametrize("reopened", [None, 0])
def test_a_months_first_ticket_and_its_last_end_as_the_vendor_tells_or_does_not(reopened: int | None) -> None:
    world = World()
    accounts = [world.account(world.client(name)) for name in ("acme", "beta")]
    roll()
    assert state("tickets_reopened", "2025-03") == ("measured", 0)
    for account in accounts:
        world.ticket(account, "2025-03-10", "2025-03-11", reopened=reopened)
        mark("Ticket", account.pk, "2025-03")
        roll()
        again = roll(everything=True)
        assert again is not None and again.rows_written == 0
    assert state("tickets_reopened", "2025-03") == (("measured", 0) if reopened == 0 else ("not collected", None))
    Ticket.objects.all().delete()
    for account in accounts:
        mark("Ticket", account.pk, "2025-03")
    roll()
    assert state("tickets_reopened", "2025-03") == ("measured", 0)
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0


def test_a_ticket_moved_to_another_queue_stood_open_in_no_month_between_its_marks() -> None:
    world = World()
    acme = world.client("acme")
    account = world.account(acme)
    ticket, _ = world.ticket(account, "2025-01-10", "2025-04-01"), world.ticket(account, "2025-01-11", "2025-03-20")
    enter("tickets_open", "2025-03", 7, acme, kind="corrected")
    roll()
    assert [state("tickets_open", f"2025-0{month}")[1] for month in (1, 2, 3)] == [2, 2, 1]
    assert value("tickets_open", "2025-03", acme).collected == 1
    ticket.queue = world.queue("project")
    ticket.save()
    for month in ("2025-01", "2025-04"):
        mark("Ticket", account.pk, month)
    roll()
    assert [state("tickets_open", f"2025-0{month}")[1] for month in (1, 2, 3)] == [1, 1, 0]
    assert [state("tickets_open", f"2025-0{month}", acme)[1] for month in (1, 2, 3)] == [1, 1, 7]
    assert value("tickets_open", "2025-03", acme).collected == 0
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0


def test_a_month_at_whose_end_the_same_stands_open_as_before_is_left_as_it_is() -> None:
    world = World()
    account = world.account(world.client("acme"))
    world.ticket(account, "2025-01-10", "2025-01-12")
    world.ticket(account, "2025-01-10", "2025-03-12")
    roll()
    derived = MonthlyValue.objects.filter(origin=Origin.DERIVED)
    derived.update(cause="not looked at")
    world.ticket(account, "2025-01-20", "2025-01-21")
    mark("Ticket", account.pk, "2025-01")
    roll()
    assert state("reactive_tickets_created", "2025-01") == ("measured", 3)
    looked_at = derived.exclude(cause="not looked at")
    assert {row.period.starts_on.month for row in looked_at} == {1}


def test_a_mark_counts_only_the_facts_that_moved_and_keeps_the_rest_as_it_stands() -> None:
    world = World()
    acme = world.client("acme")
    account = world.account(acme)
    world.time(account, "2025-03-10", "2", world.ticket(account, "2025-03-10"))
    enter("hours_logged", "2025-03", 9, acme, kind="corrected")
    roll()
    world.time(account, "2025-03-11", "1")  # not marked, so not looked at
    world.balance("2025-03", "10", "mrr")
    Touched.objects.all().delete()
    mark("LedgerBalance", 0, "2025-03")
    roll()
    assert state("mrr", "2025-03") == ("measured", 10)
    assert state("hours_logged", "2025-03") == ("measured", 2)
    kept = value("hours_logged", "2025-03", acme)
    assert (kept.value, kept.collected) == (9, 2)


def test_relinking_moves_an_accounts_history_with_nothing_collected_again() -> None:
    world = World()
    acme, beta = world.client("acme"), world.client("beta")
    account = world.account(acme)
    site = world.account(None, kind="site", parent=account)
    world.ticket(account, "2025-02-10")
    world.ticket(site, "2025-02-10")
    roll()
    assert state("reactive_tickets_created", "2025-02", acme) == ("measured", 2)
    world.link(account, beta)
    mark_accounts([site.pk])
    roll()
    assert state("reactive_tickets_created", "2025-02", acme) == ("absent", None)
    assert state("reactive_tickets_created", "2025-02", beta) == ("measured", 2)
    assert state("reactive_tickets_created", "2025-Q1", acme) == ("absent", None)
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0


@pytest.mark.parametrize("change", [
    lambda world: decide("spare_pattern", "^stock"),
    lambda world: QueueKind.objects.filter(queue=world.desk).first().delete(),
    lambda world: QueueKind.objects.create(queue=world.desk, kind="sales", from_on=date(2025, 3, 1)),
    lambda world: mark_all("anything"),
])
def test_a_decision_asks_for_every_open_month(change: Callable[[World], object]) -> None:
    world = World()
    roll()
    change(world)
    done = roll()
    assert done is not None
    assert not Touched.objects.exists()


def test_a_queues_kind_decides_from_its_day_on() -> None:
    world = World()
    for month in ("2025-02-10", "2025-03-10"):
        world.ticket(None, month)
    QueueKind.objects.create(queue=world.desk, kind="project", from_on=date(2025, 3, 1))
    roll()
    assert [state("reactive_tickets_created", m)[1] for m in ("2025-02", "2025-03")] == [1, 0]


def test_a_reading_that_moves_asks_for_the_months_it_reached() -> None:
    world = World(read_through="2025-03-20")
    world.ticket(None, "2025-03-25")
    roll()
    Reading.objects.filter(connection=world.psa).update(read_through=datetime(2025, 4, 2, tzinfo=UTC))
    assert roll() is not None
    assert state("reactive_tickets_created", "2025-03") == ("measured", 1)
    assert {when for _, when in written()} == {"2025-03-01", "2025-04-01"}
    assert RollupReading.objects.filter(rollup=Rollup.objects.latest("id"), entity="Ticket").count() == 1


def test_a_late_entry_moves_the_month_it_was_entered_in() -> None:
    world = World()
    account = world.account(world.client("acme"))
    ticket = world.ticket(account, "2025-01-10")
    roll()
    world.time(account, "2025-03-01", "2", ticket, worked_on=date(2025, 1, 31))
    mark("TimeEntry", account.pk, "2025-03")
    mark("TimeEntry", account.pk, "2025-01")
    roll()
    assert [state("reactive_hours", m)[1] for m in ("2025-01", "2025-03")] == [0, 2]


def test_a_crash_between_working_out_and_storing_loses_no_mark() -> None:
    world = World()
    account = world.account(world.client("acme"))
    roll()
    world.ticket(account, "2025-03-10")
    mark("Ticket", account.pk, "2025-03")
    with patch.object(whole, "store", side_effect=SystemExit), pytest.raises(SystemExit):
        roll()
    assert Touched.objects.filter(entity="Ticket").exists()
    assert Rollup.objects.count() == 1
    roll()
    assert state("reactive_tickets_created", "2025-03") == ("measured", 1)
    assert not Touched.objects.exists()


def test_closed_periods_are_never_written() -> None:
    world = World()
    world.ticket(None, "2024-12-10")
    world.ticket(None, "2025-02-10")
    world.ticket(None, "2025-03-10")
    roll()
    Calendar.objects.update(closed_through=date(2025, 2, 28))
    before = {table: list(table.objects.filter(period__ends_on__lte="2025-01-01").order_by("pk").values()) for table in
              (MonthlyValue, QuarterlyValue, YearlyValue)}
    february = list(MonthlyValue.objects.filter(period__starts_on="2025-02-01").order_by("pk").values())
    for opened in ("2024-12-11", "2025-02-11", "2025-03-11"):
        world.ticket(None, opened)
    roll(everything=True)
    assert february == list(MonthlyValue.objects.filter(period__starts_on="2025-02-01").order_by("pk").values())
    for table, rows in before.items():
        assert rows == list(table.objects.filter(period__ends_on__lte="2025-01-01").order_by("pk").values())
    assert value("reactive_tickets_created", "2025-03").value == 2
    assert value("reactive_tickets_created", "2025-Q1").value == 3  # one of February's two, as it was closed


def test_each_value_names_its_basis() -> None:
    world = World(listed=("2025-01-31", "2025-02-28", "2025-03-31"))
    world.device(world.account(world.client("acme"), world.rmm))
    decide("spare_pattern", "^old", from_on=date(2025, 3, 1))
    roll()
    january, march = value("endpoints_managed", "2025-01").basis, value("endpoints_managed", "2025-03").basis
    assert (january.rules["spare_pattern"], march.rules["spare_pattern"]) == ("^spare", "^old")
    assert sorted(value("endpoints_managed", "2025-Q1").basis.inputs) == sorted([january.pk, march.pk])
    assert january.pk in value("rhem", "2025-01").basis.inputs


def test_the_view_of_smart_numbers_holds_them_and_nothing_else() -> None:
    enter("new_agreements", "2025-03", 1)
    enter("first_time_appointments", "2025-03", 2)
    roll()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT metric, value FROM smartnumbers WHERE grain = 'month' AND starts_on = '2025-03-01' AND state = 0"
        )
        assert cursor.fetchall() == [("sales_call_close_pct", 50)]
