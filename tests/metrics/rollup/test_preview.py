"""What a change would move in open periods, before it is made; and what closed periods keep when it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction

from collectors.facts.accounts import Account
from metrics import rollup
from metrics.models import MonthlyValue, QuarterlyValue, Rollup, State, YearlyValue
from metrics.reading import COMPANY, client
from metrics.rollup.preview import NotInTime, left_behind, preview
from metrics.periods import parse
from organizations import changes, linking
from organizations.models import Organization
from tests.metrics.rollup.world import World, enter, state

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
FEBRUARY, MARCH = date(2025, 2, 1), date(2025, 3, 1)
Act = Callable[["Clients"], object]


class Clients:
    """Two clients and what waits: tickets, hours, devices and agreements in every month of a quarter."""

    def __init__(self) -> None:
        self.world = world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
        self.acme, self.beta = world.client("acme"), world.client("beta")
        self.us = world.client("us", kind=Organization.Kind.INTERNAL)
        self.in_psa, self.in_rmm = world.account(self.acme), world.account(self.acme, world.rmm)
        self.others, self.waiting = world.account(self.beta), world.account(None)
        self.site = world.account(None, kind="site", parent=self.in_psa)
        for account in (self.in_psa, self.others, self.waiting, self.site):
            world.agreement(account, "100")
            for month in ("2025-01", "2025-02", "2025-03"):
                ticket = world.ticket(account, f"{month}-10", f"{month}-12")
                world.time(account, f"{month}-11", "1.5", ticket)
        for account in (self.in_rmm, world.account(self.beta, world.rmm)):
            world.device(account)
        enter("reactive_tickets_created", "2025-02", 9, self.acme, kind="corrected")


def roll(**given: bool) -> Rollup | None:
    return rollup.run("test", now=NOW, **given)


def stored() -> dict[tuple[str, str, str], tuple[State, Decimal | None]]:
    """State and value by (metric, slug or kind of scope, period)."""
    return {
        (row.definition.metric, row.scope.organization.slug if row.scope.organization else row.scope.kind,
         f"{row.period.grain} {row.period.starts_on}"): (State(row.state), row.value)
        for table in (MonthlyValue, QuarterlyValue, YearlyValue)
        for row in table.objects.select_related("definition", "scope__organization", "period")
    }


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    return {
        model._meta.db_table: sorted(map(repr, model._default_manager.values_list()))
        for model in apps.get_models(include_auto_created=True) if model._meta.managed
    }


ACTS: dict[str, Act] = {
    "merge from the beginning": lambda c: changes.merge(c.acme, c.beta, None, reason="One client"),
    "merge from a day": lambda c: changes.merge(c.acme, c.beta, None, reason="Bought", starts_on=FEBRUARY),
    "move within a month": lambda c: changes.move(
        c.in_psa, c.beta, None, reason="Theirs", starts_on=date(2025, 2, 11)),
    "move a site alone": lambda c: changes.move(c.site, c.beta, None, reason="Sold", starts_on=MARCH),
    "move to the company": lambda c: changes.move(c.in_rmm, c.us, None, reason="Ours", starts_on=MARCH),
    "split": lambda c: changes.split(c.acme, [c.in_rmm], "Gamma", None, reason="Sold", starts_on=MARCH),
    "former": lambda c: changes.make_former(c.beta, None, reason="Left", starts_on=MARCH),
    "link": lambda c: linking.link(c.waiting, c.beta, None),
    "ignore": lambda c: linking.ignore(c.others, None),
    "rename": lambda c: changes.rename(c.acme, "Acme Two", None, reason="New name"),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_preview_says_what_the_act_and_a_roll_up_then_change_and_leaves_nothing_behind(name: str) -> None:
    clients, act = Clients(), ACTS[name]
    roll()
    clients.world.ticket(clients.others, "2025-03-20")
    clients.world.link(clients.others, clients.beta)  # a mark that waits is not the act's doing
    rows = everything()
    seen = preview(lambda: act(clients), now=NOW, shown=10_000)
    assert everything() == rows
    roll()
    before = stored()
    act(clients)
    roll()
    after = stored()
    changed = {
        key: (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)
    }
    told = {
        (moved.metric.key, moved.scope.slug or moved.scope.kind, f"{moved.period.grain} {moved.period.starts_on}"):
        (moved.before, moved.after) for moved in seen.moved
    }
    assert len(told) == seen.total == len(seen.moved)
    assert bool(told) is (name != "rename")
    for key, (was, now) in changed.items():
        if was is None or now is None:  # no row reads as not linked
            reads = was or now
            assert key in told or reads and reads[0] in (State.NOT_LINKED, State.NOT_COLLECTED), key
        else:
            assert told[key] == (was, now)
    assert told.keys() <= changed.keys()
    again = roll(everything=True)
    assert again is not None and again.rows_written == 0
