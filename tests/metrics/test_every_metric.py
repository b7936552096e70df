"""Every metric that counts facts beside a case worked by hand, and beside a statement written for that one metric."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection

from collectors.facts.agreements import Addition, AdditionState
from metrics import rollup
from metrics.declare import Flow, Movement, Opening, Standing, Stock
from metrics.definitions import CATALOGUE
from metrics.models import State
from tests.metrics import test_desk as desk
from tests.metrics import test_every_layer as layers
from tests.metrics import test_sales_and_invoices as sales
from tests.metrics.rollup.world import World, day, number, value

pytestmark = pytest.mark.django_db
COUNTED = [key for key, metric in CATALOGUE.items() if isinstance(metric, Flow | Stock | Standing | Movement | Opening)]
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)

# March 2025 of the world below, for the company and for Acme.
BY_HAND: dict[str, tuple[str, str]] = {
    "reactive_tickets_created": ("4", "2"), "reactive_tickets_closed": ("3", "2"), "reactive_hours": ("7.75", "6.75"),
    "tickets_open": ("3", "1"), "tickets_with_sla": ("2", "1"), "tickets_sla_met": ("1", "1"),
    "tickets_with_reopen_count": ("2", "2"), "tickets_reopened": ("1", "1"),
    "tickets_created": ("6", "2"), "tickets_closed": ("3", "2"),
    "professional_services_hours": ("2", "0"), "alignment_hours": ("0", "0"), "project_hours": ("4", "4"),
    "sales_hours": ("0", "0"), "internal_hours": ("8", "0"), "undecided_hours": ("0.5", "0"),
    "hours_logged": ("22.25", "10.75"),
    "endpoints_managed": ("5", "3"), "seats_managed": ("3", "1"),
    "managed_services_agreements": ("4", "3"), "agreement_mrr": ("3700", "2700"),
    "average_agreement_mrr": ("3700", "2700"), "agreement_seats": ("8", "8"),
    "opening_mrr": ("3600", "2600"), "new_mrr": ("500", "500"), "lost_mrr": ("600", "600"),
    "expansion_mrr": ("300", "300"), "contraction_mrr": ("100", "100"),
    "nrr": ("-2044", ""), "mrr": ("109682", ""), "orr": ("150.25", ""), "product_sales": ("900", ""),
    "misc_revenue": ("-40", ""), "employee_expense": ("60000", ""), "owner_comp_taxes": ("2000", ""),
    "owner_compensation": ("8000", ""), "cogs": ("700", ""), "other_expenses": ("49", ""),
}


@pytest.fixture
def world() -> World:
    world = World(listed=("2025-02-28", "2025-03-31"))
    acme, beta, ours = world.client("acme"), world.client("beta"), world.client("ours", kind="internal")
    a, b, o = (world.account(of) for of in (acme, beta, ours))
    waiting, ignored = world.account(None), world.account(None)
    world.link(ignored, None, verdict="ignored")
    _tickets(world, a, b, waiting, ignored, o)
    _devices(world, acme, beta, ours)
    _agreements(world, a, b, ignored)
    _ledger(world)
    rollup.run("test", now=NOW)
    world.acme = acme  # type: ignore[attr-defined]
    return world


def _tickets(world: World, a, b, waiting, ignored, o) -> None:  # type: ignore[no-untyped-def]
    projects, undecided, services = world.queue("project"), world.queue(None), world.queue("professional_services")
    world.ticket(a, "2025-02-27", "2025-03-01", sla_met=True, reopened=2)
    long = world.ticket(a, "2025-03-01", "2025-03-31", reopened=0)
    world.ticket(a, "2025-03-31")  # open at the end
    child = world.ticket(a, "2025-03-05", "2025-03-06", parent=long, queue=undecided)
    merged = world.ticket(a, "2025-03-05", "2025-03-06", merged_into=long)
    world.ticket(b, "2025-03-10", "2025-03-12", sla_met=False)
    world.ticket(b, "2025-01-10", "2025-02-10")
    world.ticket(b, "2025-02-20", "2025-04-01")  # closed a day too late, so open at the end
    world.ticket(waiting, "2025-03-15")
    world.ticket(b, "2025-03-15", queue=projects)
    world.ticket(None, "2025-03-15", queue=undecided)
    world.ticket(ignored, "2025-03-15", "2025-03-16", sla_met=True)
    world.ticket(b, "2025-03-15", retired_on=date(2025, 3, 20))
    world.time(a, "2025-03-31", "4.5", long)
    world.time(a, "2025-03-06", "1.25", child)  # the child's queue is undecided, its parent's reactive
    world.time(a, "2025-03-06", "1", merged)
    world.time(a, "2025-04-01", "9", long, worked_on=date(2025, 3, 31))  # entered late: April's (C21)
    world.time(waiting, "2025-03-20", "1", long)
    world.time(ignored, "2025-03-20", "50", long)
    world.time(b, "2025-03-20", "2", world.ticket(b, "2025-01-01", "2025-01-02", queue=services))
    world.time(a, "2025-03-20", "4", charged_to="project")
    world.time(o, "2025-03-20", "8", charged_to="charge_code")
    world.time(b, "2025-03-20", "0.5", world.ticket(b, "2025-01-01", "2025-01-02", queue=undecided))


def _devices(world: World, acme, beta, ours) -> None:  # type: ignore[no-untyped-def]
    a, b, o = (world.account(of, world.rmm) for of in (acme, beta, ours))
    site = world.account(None, world.rmm, kind="site", parent=b)
    world.device(a)
    world.device(a, "server", "srv-1")
    world.device(a, "vm_host", "host-1")
    world.device(a, "vm_guest", "guest-1")
    world.device(a, name="SPARE-7")
    world.device(a, "network", "switch-1")
    world.device(a, until=day("2025-03-31"))  # gone on the day of the listing
    world.device(a, layer="psa")
    world.device(site)
    world.device(world.account(None, world.rmm))
    world.device(o)


def _agreements(world: World, a, b, ignored) -> None:  # type: ignore[no-untyped-def]
    grown = world.agreement(a, "12000", cycle=12, until=day("2025-03-10"))  # 1,000 a month
    world.agreement(a, "14400", cycle=12, since="2025-03-10", agreement=grown)  # 1,200
    addition = Addition.objects.create(connection=world.psa, external_id=number(), agreement=grown)
    AdditionState.objects.create(  # 1,200 a year, ten seats of which two are covered: 100 a month from March on
        thing=addition, product="Seats", quantity=10, included=2, amount=1200, from_on=day("2025-03-01")
    )
    shrunk = world.agreement(a, "1000", until=day("2025-03-10"))
    world.agreement(a, "900", since="2025-03-10", agreement=shrunk)
    world.agreement(a, "600", ends_on=day("2025-03-15"))  # lost
    world.agreement(b, "1000")
    world.agreement(b, "0", since="2025-03-01")  # bills nothing: no agreement of the count
    world.agreement(ignored, "7777")
    world.agreement(a, "500", since="2025-03-03")  # new
    world.agreement(a, "999", cycle=None)  # not billed in cycles


def _ledger(world: World) -> None:
    for amount, category, side in (
        ("-2044", "nrr", "income"), ("100000", "mrr", "income"), ("9682", "mrr", "income"), ("150.25", "orr", "income"),
        ("900", "product_sales", "other_income"), ("40", "misc_revenue", "expense"),
        ("60000", "employee_expense", "expense"),
        ("2000", "owner_comp_taxes", "expense"), ("8000", "owner_compensation", "expense"), ("700", "cogs", "cogs"),
        ("50", "other_expenses", "other_expense"), ("1", "other_expenses", "other_income"), ("5", "left_out", "income"),
    ):
        world.balance("2025-03", amount, category, side)
    world.balance("2025-03", "123456", "mrr", basis="Cash")
    world.balance("2025-02", "77", "mrr")


def test_every_metric_that_counts_facts_has_a_case() -> None:
    assert set(COUNTED) == {*BY_HAND, *layers.BY_HAND, *desk.BY_HAND, *sales.BY_HAND}


def test_every_metric_agrees_with_a_case_worked_by_hand(world: World) -> None:
    for key, (company, acme) in BY_HAND.items():
        mine = value(key, "2025-03")
        assert (mine.value, mine.state) == (Decimal(company), State.MEASURED), key
        if acme:
            theirs = value(key, "2025-03", world.acme)  # type: ignore[attr-defined]
            assert (theirs.value, theirs.state) == (Decimal(acme), State.MEASURED), key


def test_the_bridge_leads_from_one_month_end_to_the_next(world: World) -> None:
    keys = ("opening_mrr", "new_mrr", "expansion_mrr", "lost_mrr", "contraction_mrr")
    opening, new, expansion, lost, contraction = (value(key, "2025-03").value or 0 for key in keys)
    assert opening + new + expansion - lost - contraction == value("agreement_mrr", "2025-03").value


INDEPENDENT = {
    "reactive_tickets_created": """
        SELECT count(*) FROM ticket WHERE opened_on BETWEEN '2025-03-01' AND '2025-03-31'
        AND queue_id IN (SELECT queue_id FROM queue_kind WHERE kind = 'reactive')
        AND parent_id IS NULL AND merged_into_id IS NULL AND retired_on IS NULL
        AND coalesce(account_id, 0) NOT IN (SELECT account_id FROM account_link WHERE verdict = 'ignored')""",
    "reactive_hours": """
        SELECT sum(e.hours) FROM time_entry e JOIN ticket t ON t.id = e.ticket_id
        WHERE to_char(e.entered_on, 'YYYY-MM') = '2025-03'
        AND (SELECT queue_id FROM ticket x WHERE x.id = coalesce(t.merged_into_id, t.parent_id, t.id))
            IN (SELECT queue_id FROM queue_kind WHERE kind = 'reactive')
        AND e.account_id NOT IN (SELECT account_id FROM account_link WHERE verdict = 'ignored')""",
    "endpoints_managed": """
        SELECT count(DISTINCT s.thing_id)
        FROM asset_state s JOIN asset a ON a.id = s.thing_id JOIN account c ON c.id = s.account_id
        WHERE a.layer = 'rmm' AND date '2025-03-31' >= from_on AND date '2025-03-31' < until_on
        AND s.kind IN ('workstation', 'server', 'vm_host') AND s.name NOT ILIKE 'spare%'
        AND coalesce(c.parent_id, c.id) NOT IN (
            SELECT k.account_id FROM account_link k JOIN organization o ON o.id = k.organization_id
            WHERE o.kind = 'internal')""",
    "mrr": """
        SELECT sum(amount) FROM ledger_balance b JOIN ledger_category g USING (ledger_account_id)
        WHERE g.category = 'mrr' AND month = '2025-03-01' AND basis = 'Accrual'""",
}


@pytest.mark.parametrize("key", INDEPENDENT)
def test_it_agrees_with_a_statement_written_on_its_own(world: World, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INDEPENDENT[key])
        [expected] = cursor.fetchone()
    assert value(key, "2025-03").value == expected


def test_a_value_knows_how_many_rows_it_counted_and_a_mark_of_which(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(hashint8(id)) FROM time_entry WHERE hours IN (4.5, 1.25)"
                       " OR (hours = 1 AND account_id IS NOT NULL)")
        expected = cursor.fetchone()
    hours = value("reactive_hours", "2025-03")
    assert (hours.fact_rows, hours.checksum) == expected
