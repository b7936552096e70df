"""Agreements with what they bring and use, and those behind the MRR bridge."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from collectors.facts.agreements import Addition, AdditionState
from metrics import breakdowns
from metrics.declare import Part
from metrics.reading import COMPANY
from tests.metrics.breakdowns.world import ACME, JUNE, SECOND_QUARTER, World


def test_agreements_with_mrr_seats_budget_and_hours_used(world: World) -> None:
    world.listed(world.psa, [date(2026, 6, 30)], "Agreement", "Addition")
    since = date(2026, 1, 1)
    term = {"budget_hours": Decimal(10), "ends_on": date(2026, 9, 30)}
    large = world.agreement("acme", "Care", [(since, "1200")], cycle=12, **term)
    world.agreement("oak", "Basic", [(since, "50")])
    world.agreement("oak", "Gone", [(since, "70")], cancelled=True, cancelled_on=date(2026, 3, 1))
    world.agreement("nobody", "Not ours", [(since, "999")])
    addition = Addition.objects.create(connection=world.psa, external_id="a", agreement=large)
    AdditionState.objects.create(
        thing=addition, from_on=since, product="Seat", quantity=12, included=2, amount=Decimal(2400), effective_on=since
    )
    world.time("1.25", date(2026, 4, 1), agreement=large)
    world.time("2", date(2026, 6, 30), agreement=large)
    world.time("9", date(2026, 7, 1), agreement=large)
    rows = breakdowns.agreements(COMPANY, SECOND_QUARTER)
    assert [(row.name, row.client, row.mrr, row.seats, row.hours_used) for row in rows] == [
        ("Care", "Acme", Decimal(300), Decimal(10), Decimal("3.25")),
        ("Basic", "Oak", Decimal(50), Decimal(0), Decimal(0)),
    ]  # fmt: skip
    assert (rows[0].budget_hours, rows[0].ends_on, rows[0].kind) == (Decimal(10), date(2026, 9, 30), "Managed")
    assert (rows[1].budget_hours, rows[1].ends_on) == (None, None)
    assert [row.name for row in breakdowns.agreements(ACME, JUNE)] == ["Care"]


def test_the_agreements_behind_the_mrr_bridge(world: World) -> None:
    ends = [date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)]
    world.listed(world.psa, ends, "Agreement", "Addition")
    since = date(2026, 1, 1)
    world.agreement("acme", "Grows", [(since, "100"), (date(2026, 4, 10), "150")])
    world.agreement("acme", "Shrinks", [(since, "100"), (date(2026, 5, 10), "80")])
    world.agreement("oak", "New", [(date(2026, 6, 2), "40")])
    world.agreement("oak", "Lost", [(since, "60")], cancelled=True, cancelled_on=date(2026, 6, 15))
    world.agreement("oak", "Same", [(since, "10")])
    rows = breakdowns.moved_agreements(COMPANY, SECOND_QUARTER)
    assert [(str(row.month), row.name, row.part, row.amount) for row in rows] == [
        ("2026-04", "Grows", Part.EXPANSION, Decimal(50)),
        ("2026-05", "Shrinks", Part.CONTRACTION, Decimal(20)),
        ("2026-06", "Lost", Part.LOST, Decimal(60)),
        ("2026-06", "New", Part.NEW, Decimal(40)),
    ]
    assert [row.name for row in breakdowns.moved_agreements(ACME, SECOND_QUARTER)] == ["Grows", "Shrinks"]


def test_nothing_moves_out_of_a_month_that_was_not_listed(world: World) -> None:
    world.listed(world.psa, [date(2026, 6, 30)], "Agreement", "Addition")
    world.agreement("acme", "Care", [(date(2026, 1, 1), "100")])
    assert breakdowns.moved_agreements(COMPANY, JUNE) == []
