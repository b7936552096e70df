"""Measured means read: every state a month can be in, and what a quarter makes of its months."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from collectors.connections import Connection
from collectors.facts.readings import Reading
from collectors.facts.service import Ticket
from metrics import rollup
from metrics.models import Origin
from metrics.settings import decide
from tests.metrics.rollup.world import World, day, enter, mark, read, state, value, values_of

pytestmark = pytest.mark.django_db
APRIL = datetime(2025, 4, 2, 12, tzinfo=UTC)


def roll(now: datetime = APRIL) -> None:
    rollup.run("test", now=now)


@pytest.mark.parametrize(("read_from", "read_through", "expected", "cause"), [
    ("2025-01-01", "2025-04-01", ("measured", 1), None),
    ("2025-03-01", "2025-04-01", ("measured", 1), None),
    ("2025-03-02", "2025-04-02", ("incomplete", 1), "read from 2 Mar 2025"),
    ("2025-01-01", "2025-03-31", ("incomplete", 1), "read until 31 Mar 2025"),
    ("2025-04-01", "2025-04-02", ("not collected", None), "not collected before 1 Apr 2025"),
    ("2025-01-01", "2025-03-01", ("not collected", None), "not read since 1 Mar 2025"),
])
def test_a_month_is_measured_when_it_was_read_from_before_it_began_to_past_its_end(
    read_from: str, read_through: str, expected: tuple[str, int], cause: str | None
) -> None:
    world = World()
    read(world.psa, "Ticket", read_from, read_through)
    enter("employees", "2025-03", 1)  # so that March is looked at however little was read
    world.ticket(world.account(None), "2025-03-10")
    roll()
    assert state("reactive_tickets_created", "2025-03") == expected
    assert value("reactive_tickets_created", "2025-03").cause == cause


def test_a_running_month_says_so_far() -> None:
    world = World(read_through="2025-03-20")
    world.ticket(world.account(world.client("acme")), "2025-03-10")
    roll(datetime(2025, 3, 20, 12, tzinfo=UTC))
    assert state("reactive_tickets_created", "2025-03") == ("so far", 1)
    assert state("reactive_tickets_created", "2025-02") == ("measured", 0)
    quarter = value("reactive_tickets_created", "2025-Q1")
    assert (quarter.get_state_display(), quarter.value, quarter.months, quarter.of_months) == ("so far", 1, 3, 3)


def test_a_month_that_ends_unread_turns_from_so_far_to_incomplete() -> None:
    world = World(read_through="2025-03-20")
    world.ticket(None, "2025-03-10")
    roll(datetime(2025, 3, 20, 12, tzinfo=UTC))
    assert rollup.run("later", now=APRIL) is not None
    assert state("reactive_tickets_created", "2025-03") == ("incomplete", 1)
    assert state("reactive_tickets_created", "2025-Q1") == ("incomplete", None)


def test_the_business_time_zone_decides_where_a_month_ends() -> None:
    from collectors.facts.touched import Calendar

    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    World(read_through="2025-04-01T04:59")  # one minute before April begins in Chicago
    roll()
    assert state("reactive_tickets_created", "2025-03")[0] == "incomplete"
    Reading.objects.update(read_through=datetime(2025, 4, 1, 5, tzinfo=UTC))
    roll()
    assert state("reactive_tickets_created", "2025-03")[0] == "measured"


def test_hours_need_the_tickets_read_as_far_as_the_time() -> None:
    world = World()
    read(world.psa, "Ticket", "2025-01-01", "2025-03-30")
    roll()
    assert state("reactive_hours", "2025-03") == ("incomplete", 0)


def test_a_client_depends_on_its_own_systems_alone() -> None:
    world = World()
    acme, beta = world.client("acme"), world.client("beta")
    other = Connection.objects.create(vendor="psa", label="a second")
    read(other, "Ticket", "2025-01-01", "2025-03-15")
    world.account(acme)
    world.account(beta, other)
    roll()
    assert state("reactive_tickets_created", "2025-03", acme) == ("measured", 0)
    assert state("reactive_tickets_created", "2025-03", beta) == ("incomplete", 0)
    assert state("reactive_tickets_created", "2025-03") == ("incomplete", 0)


def test_a_connection_counts_on_its_own_days_alone() -> None:
    world = World()
    acme = world.client("acme")
    account = world.account(acme)
    world.ticket(account, "2025-02-10")
    world.ticket(account, "2025-03-10")
    Connection.objects.filter(pk=world.psa.pk).update(counts_from=date(2025, 3, 1))
    roll()
    assert state("reactive_tickets_created", "2025-03", acme) == ("measured", 1)
    assert values_of("reactive_tickets_created", "2025-02", acme) == []


def test_a_disabled_connection_still_counts() -> None:
    world = World()
    world.ticket(world.account(world.client("acme")), "2025-03-10")
    Connection.objects.update(enabled=False)
    roll()
    assert state("reactive_tickets_created", "2025-03") == ("measured", 1)


def test_no_row_stands_for_a_layer_a_client_has_no_account_in() -> None:
    world = World(listed=("2025-03-31",))
    acme = world.client("acme")
    world.ticket(world.account(acme), "2025-03-10")
    roll()
    assert values_of("endpoints_managed", "2025-03", acme) == []
    assert value("rhem", "2025-03", acme).get_state_display() == "not linked"
    assert value("rhem", "2025-03", acme).cause == "needs endpoints managed"


@pytest.mark.parametrize(("listed", "expected", "cause"), [
    (("2025-03-31",), ("measured", 1), None),
    (("2025-03-24",), ("measured", 1), None),
    (("2025-03-23",), ("incomplete", 1), "last listed 23 Mar 2025"),
    (("2025-02-28",), ("not collected", None), "not listed in this month"),
    (("2025-04-01",), ("not collected", None), "not collected before 1 Apr 2025"),
])
def test_a_stock_is_read_on_the_months_last_listing_near_its_end(
    listed: tuple[str, ...], expected: tuple[str, int], cause: str | None
) -> None:
    world = World(listed=listed)
    world.device(world.account(world.client("acme"), world.rmm), since="2025-01-01")
    roll()
    assert state("endpoints_managed", "2025-03") == expected
    assert value("endpoints_managed", "2025-03").cause == cause


def test_the_tolerance_is_a_dated_rule() -> None:
    world = World(listed=("2025-02-15", "2025-03-15"))
    world.device(world.account(world.client("acme"), world.rmm), since="2025-01-01")
    decide("listing_tolerance_days", 20, from_on=date(2025, 3, 1))
    roll()
    assert state("endpoints_managed", "2025-02")[0] == "incomplete"
    assert state("endpoints_managed", "2025-03")[0] == "measured"
    assert value("endpoints_managed", "2025-03").basis.rules["listing_tolerance_days"] == 20


def test_a_movement_needs_the_month_before_as_well() -> None:
    world = World(listed=("2025-02-28", "2025-03-31"))
    world.agreement(world.account(world.client("acme")), "100", since="2025-02-01")
    roll()
    assert value("new_mrr", "2025-02").cause == "the month before is not collected"
    assert state("new_mrr", "2025-03") == ("measured", 0)


def test_months_outside_a_clients_days_are_not_applicable_and_not_missing() -> None:
    world = World(listed=("2025-02-28", "2025-03-31"))
    acme = world.client("acme", client_from=day("2025-02-10"))
    world.ticket(world.account(acme), "2025-02-11")
    roll()
    assert state("reactive_tickets_created", "2025-01", acme) == ("not applicable", None)
    quarter = value("reactive_tickets_created", "2025-Q1", acme)
    assert (quarter.get_state_display(), quarter.value, quarter.months, quarter.of_months) == ("measured", 1, 2, 2)


def test_a_client_that_left_has_no_months_after_its_last() -> None:
    world = World()
    acme = world.client("acme", client_to=day("2025-03-01"))
    world.account(acme)
    roll()
    assert [state("reactive_tickets_created", f"2025-0{m}", acme)[0] for m in (1, 2, 3)] == [
        "measured", "measured", "not applicable"
    ]


def test_what_a_client_does_not_use_is_not_applicable() -> None:
    world = World(listed=("2025-03-31",))
    acme = world.client("acme")
    world.ticket(world.account(acme), "2025-03-10")
    enter("endpoints_managed", "2025-03", None, acme, "not_used")
    roll()
    assert value("endpoints_managed", "2025-03", acme).get_state_display() == "not applicable"
    assert value("rhem", "2025-03", acme).get_state_display() == "not applicable"


def test_income_without_a_category_makes_the_months_revenue_incomplete_and_names_the_amount() -> None:
    world = World()
    world.balance("2025-03", "1000", "mrr")
    world.balance("2025-03", "1234.5", "", "income")
    world.balance("2025-03", "10", "cogs", "cogs")
    world.balance("2025-02", "900", "mrr")
    roll()
    for key in ("nrr", "mrr", "orr", "product_sales", "misc_revenue"):
        assert value(key, "2025-03").cause == "1,234.50 of income in no category"
    assert state("mrr", "2025-03") == ("incomplete", 1000)
    assert state("total_revenue", "2025-03") == ("incomplete", None)
    assert state("cogs", "2025-03") == ("measured", 10)
    assert state("mrr", "2025-02") == ("measured", 900)


def test_costs_without_a_category_leave_revenue_alone() -> None:
    world = World()
    world.balance("2025-03", "1000", "mrr")
    world.balance("2025-03", "-5", "", "expense")
    roll()
    assert state("total_revenue", "2025-03") == ("measured", 1000)
    assert state("total_expenses", "2025-03") == ("incomplete", None)


def test_an_entry_stands_where_nothing_is_collected() -> None:
    enter("reactive_tickets_created", "2025-03", 12)
    roll()
    assert state("reactive_tickets_created", "2025-03") == ("measured", 12)
    assert value("reactive_tickets_created", "2025-03").origin == Origin.ENTERED


def test_what_is_collected_later_takes_the_place_of_what_was_entered() -> None:
    world = World()
    world.ticket(None, "2025-03-10")
    enter("reactive_tickets_created", "2025-03", 12)
    roll()
    assert state("reactive_tickets_created", "2025-03") == ("measured", 1)


def test_a_correction_stands_over_what_was_collected_and_keeps_it() -> None:
    world = World()
    world.ticket(None, "2025-03-10")
    enter("reactive_tickets_created", "2025-03", 12, kind="corrected")
    roll()
    corrected = value("reactive_tickets_created", "2025-03")
    assert (corrected.value, corrected.collected, corrected.origin) == (12, 1, Origin.CORRECTED)
    assert value("reactive_tickets_created", "2025-Q1").value == 12


def test_an_entry_fills_a_month_that_was_not_wholly_read() -> None:
    world = World(read_through="2025-03-20")
    world.ticket(None, "2025-03-10")
    enter("reactive_tickets_created", "2025-03", 12, kind="imported")
    roll()
    filled = value("reactive_tickets_created", "2025-03")
    assert (filled.value, filled.collected, filled.origin) == (12, 1, Origin.IMPORTED)


def test_a_total_given_whole_yields_to_its_parts_unless_it_is_a_correction() -> None:
    world = World()
    world.balance("2025-03", "1000", "mrr")
    enter("total_revenue", "2025-03", 7, kind="entered")
    enter("total_expenses", "2025-03", 9, kind="corrected")
    roll()
    assert state("total_revenue", "2025-03") == ("measured", 1000)
    expenses = value("total_expenses", "2025-03")
    assert (expenses.value, expenses.collected, expenses.cause, expenses.origin) == (9, 0, None, Origin.CORRECTED)
    assert state("net_profit", "2025-03") == ("measured", 991)


def test_a_quarter_of_unsplit_and_split_months_adds_its_months() -> None:
    world = World()
    read(world.ledger, "LedgerBalance", "2025-02-01", "2025-04-02")
    world.balance("2025-02", "200", "mrr")
    world.balance("2025-03", "300", "mrr")
    enter("total_revenue", "2025-01", 100)
    roll()
    quarter = value("total_revenue", "2025-Q1")
    assert (quarter.value, quarter.cause, quarter.origin) == (600, "unsplit", Origin.ENTERED)
    assert state("mrr", "2025-Q1") == ("incomplete", None)


def test_a_quarter_with_a_month_missing_gives_no_value_and_says_which() -> None:
    enter("employees", "2025-01", 8)
    enter("employees", "2025-03", 9)
    roll()
    quarter = value("employees", "2025-Q1")
    assert (quarter.value, quarter.get_state_display(), quarter.months, quarter.of_months) == (None, "incomplete", 2, 3)
    assert quarter.cause == "2 of 3 months, without Feb 2025"


def test_a_spare_a_guest_and_our_own_are_no_endpoints_by_rules_people_own() -> None:
    world = World(listed=("2025-03-31",))
    acme, ours = world.client("acme"), world.client("ours", kind="internal")
    a, o = world.account(acme, world.rmm), world.account(ours, world.rmm)
    world.device(a)
    world.device(a, name="Spare laptop")
    world.device(a, "vm_guest")
    world.device(o)
    roll()
    assert state("endpoints_managed", "2025-03", acme) == ("measured", 1)
    assert state("endpoints_managed", "2025-03", ours) == ("not applicable", None)
    assert state("endpoints_managed", "2025-03") == ("measured", 1)
    decide("spare_pattern", "")
    decide("endpoint_kinds", ["workstation", "vm_guest"])
    roll()
    assert state("endpoints_managed", "2025-03") == ("measured", 3)


def test_statuses_named_as_closed_count_beside_the_psas_own_flag() -> None:
    world = World()
    ticket = world.ticket(None, "2025-03-01", "2025-03-02", status="Done, no answer")
    Ticket.objects.filter(pk=ticket.pk).update(closed=False)
    roll()
    assert state("reactive_tickets_closed", "2025-03") == ("measured", 0)
    decide("closed_statuses", ["done, NO answer"])
    roll()
    assert state("reactive_tickets_closed", "2025-03") == ("measured", 1)


def test_what_a_vendor_does_not_tell_is_no_number_and_what_it_tells_of_none_is_zero() -> None:
    world = World()
    silent, telling, quiet = world.client("silent"), world.client("telling"), world.client("quiet")
    world.ticket(world.account(silent), "2025-03-10", "2025-03-11")
    account = world.account(telling)
    world.ticket(account, "2025-03-10", "2025-03-11", reopened=0)
    world.account(quiet)
    roll()
    for metric in ("tickets_reopened", "tickets_with_reopen_count"):
        assert state(metric, "2025-03", silent) == ("not collected", None)
        assert value(metric, "2025-03", silent).cause == "the vendor does not tell"
        assert state(metric, "2025-03", quiet) == ("measured", 0)
    assert state("tickets_reopened", "2025-03", telling) == ("measured", 0)
    assert state("tickets_reopened", "2025-03") == ("measured", 0)
    assert state("tickets_with_reopen_count", "2025-03") == ("measured", 1)
    assert state("reopened_pct", "2025-03", silent) == ("not collected", None)
    assert state("tickets_reopened", "2025-Q1", silent) == ("incomplete", None)
    world.ticket(account, "2025-03-10", "2025-03-11", reopened=None)
    mark("Ticket", account.pk, "2025-03")
    assert rollup.run("later", now=APRIL) is not None
    assert state("tickets_with_reopen_count", "2025-03", telling) == ("measured", 1)
    assert state("tickets_reopened", "2025-03", silent) == ("not collected", None)


def test_what_adds_up_is_divided_by_the_months_it_was_added_up_over() -> None:
    world = World(listed=("2025-01-31", "2025-02-28", "2025-03-31"))
    acme = world.client("acme")
    account = world.account(acme)
    for month in ("2025-02", "2025-03"):
        world.time(account, f"{month}-10", "6", world.ticket(account, f"{month}-10"))
    world.device(world.account(acme, world.rmm), since="2025-01-01")
    enter("reactive_hours", "2025-01", None, kind="not_used")
    roll()
    assert (value("reactive_hours", "2025-Q1").months, value("reactive_hours", "2025-Q1").of_months) == (2, 2)
    assert state("rhem", "2025-Q1") == ("measured", 6)  # twelve hours over two months and one endpoint
    assert (value("rhem", "2025-Q1").months, value("rhem", "2025-Q1").of_months) == (2, 2)
    assert (value("reactive_tickets_per_endpoint_per_month", "2025-Q1").months) == 3
