"""Breakdowns against the stored numbers they must add up to, and the queries they take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collectors.facts.readings import Reading
from metrics import breakdowns, rollup
from metrics.declare import Part
from metrics.models import MonthlyValue
from metrics.reading import COMPANY, NOT_LINKED, ScopeRef, client
from organizations import linking
from tests.metrics.breakdowns.world import ACME, JUNE, MAY, SECOND_QUARTER, US, World, moment


def test_the_parts_add_up_to_the_stored_numbers(world: World) -> None:
    days = [date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)]
    world.listed(world.psa, days, "Agreement", "Addition")
    world.listed(world.rmm, days, "Asset")
    for entity in ("Ticket", "TimeEntry"):
        Reading.objects.create(
            connection=world.psa, entity=entity, read_from=moment(date(2026, 1, 1)),
            read_through=moment(date(2026, 7, 2)),
        )  # fmt: skip
    for n, whose in enumerate(("acme", "oak", "us", "waiting", "nobody") * 4):
        ticket = world.ticket(whose, date(2026, 5, 1 + n), date(2026, 5, 2 + n) if n % 3 else None)
        world.time(f"{n}.25", date(2026, 5, 3 + n), ticket)
        world.device(whose, date(2026, 4, 1 + n), name="SPARE" if n % 7 == 0 else "PC")
        world.agreement(whose, f"Care {n}", [(date(2026, 1, 1), "10"), (date(2026, 5, 1 + n), f"{n}")])
    rollup.run("a test", everything=True)

    def stored(metric: str, scope: ScopeRef) -> Decimal | None:
        asked = MonthlyValue.objects.filter(definition__metric=metric, period__starts_on=MAY.starts_on)
        whose = {"scope__organization__slug": scope.slug} if scope.slug else {"scope__kind": scope.kind}
        return asked.filter(**whose).values_list("value", flat=True).first()

    for scope in (COMPANY, NOT_LINKED, ACME, client("oak"), US):
        tickets = breakdowns.tickets_by(scope, MAY, "technician")
        moved = breakdowns.moved_agreements(scope, MAY)
        counted = {
            "reactive_tickets_created": sum(row.created for row in tickets),
            "reactive_tickets_closed": sum(row.closed for row in tickets),
            "reactive_hours": sum(row.hours for row in tickets),
            "agreement_mrr": sum(row.mrr for row in breakdowns.agreements(scope, MAY)),
            "tickets_open": sum(row.tickets for row in breakdowns.open_by_age(scope, date(2026, 5, 31))),
            **{f"{part}_mrr": sum(row.amount for row in moved if row.part is part) for part in Part},
        }  # fmt: skip
        if scope != US:
            counted["endpoints_managed"] = sum(
                one.values[0] or 0 for one in breakdowns.endpoints_over(scope, MAY, "kind", months=1).series
            )
        assert counted == {metric: stored(metric, scope) for metric in counted}, scope
        assert counted["reactive_tickets_created"] and counted["agreement_mrr"]


def test_a_relinked_account_takes_its_facts_along(world: World) -> None:
    world.ticket("acme", date(2026, 5, 4))
    linking.link(world.companies["acme"], world.organizations["oak"], None)
    assert breakdowns.tickets_by(ACME, MAY, "queue") == []
    assert [row.created for row in breakdowns.tickets_by(client("oak"), MAY, "queue")] == [1]


def test_a_link_moves_the_clients_number_at_the_next_roll_up_with_nothing_collected_again(world: World) -> None:
    Reading.objects.create(
        connection=world.psa, entity="Ticket", read_from=moment(date(2026, 1, 1)), read_through=moment(date(2026, 7, 2))
    )
    world.ticket("acme", date(2026, 5, 4))
    world.ticket("waiting", date(2026, 5, 4))
    rollup.run("a test", everything=True)

    def created() -> dict[str, Decimal]:
        rows = MonthlyValue.objects.filter(
            definition__metric="reactive_tickets_created", period__starts_on=MAY.starts_on, value__gt=0
        )
        return dict(rows.values_list("scope__organization__slug", "value").exclude(scope__organization=None))

    assert created() == {"acme": 1}
    decision = linking.link(world.companies["waiting"], world.organizations["oak"], None)
    rollup.run("links")
    assert created() == {"acme": 1, "oak": 1}
    linking.undo([decision], None)
    rollup.run("links")
    assert created() == {"acme": 1}


@pytest.mark.parametrize("scope", [COMPANY, ACME, NOT_LINKED])
def test_each_keeps_to_its_budget_of_queries(world: World, scope: Any, django_assert_max_num_queries: Any) -> None:
    asked = (
        lambda: breakdowns.tickets_by(scope, SECOND_QUARTER, "client"),
        lambda: breakdowns.open_by_age(scope, date(2026, 6, 30)),
        lambda: breakdowns.hours_by_kind(scope, SECOND_QUARTER),
        lambda: breakdowns.longest_tickets(scope, JUNE),
        lambda: breakdowns.endpoints_over(scope, JUNE, "kind"),
        lambda: breakdowns.last_contact(scope, moment(date(2026, 6, 30))),
        lambda: breakdowns.not_seen(scope, moment(date(2026, 6, 30))),
        lambda: breakdowns.agreements(scope, SECOND_QUARTER),
        lambda: breakdowns.moved_agreements(scope, SECOND_QUARTER),
    )
    for ask in asked:
        with django_assert_max_num_queries(3):  # the rules, the client's number, and the one statement
            ask()
