"""Random decisions and changes on a small world, against a model that knows nothing but days."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from organizations import changes, linking
from organizations.as_of import owners_sql
from organizations.models import AccountLink, Organization, OrganizationChange
from tests.organizations.conftest import connection_of

pytestmark = pytest.mark.django_db
DAYS = [EARLIEST, *(date(2024, month, 15) for month in range(2, 7))]
Step = tuple[Any, ...]

which = st.integers(0, 3)
day = st.integers(0, len(DAYS) - 1)
steps = st.lists(st.one_of(
    st.tuples(st.just("link"), which, which, day),
    st.tuples(st.sampled_from(["ignore", "unlink"]), which, day),
    st.tuples(st.just("merge"), which, which, day),
    st.tuples(st.just("split"), which, st.sets(which, min_size=1, max_size=2), day),
    st.tuples(st.just("move"), which, which, day),
    st.tuples(st.just("undo"), st.integers(0, 2)),
), min_size=3, max_size=10)


class World:
    """Three accounts and a site of the first; for each, what it says of itself on each day and where links begin."""

    def __init__(self) -> None:
        psa = connection_of("connectwise_psa")
        self.accounts = [
            Account.objects.create(connection=psa, external_id=f"{n}", name=f"Account {n}", seen_from=DAYS[1])
            for n in range(4)
        ]
        self.accounts[3].kind, self.accounts[3].parent = "site", self.accounts[0]
        self.accounts[3].save()
        self.organizations = [Organization.objects.create(slug=f"o{n}", name=f"Client {n}") for n in range(4)]
        self.own: list[list[Any]] = [["open"] * len(DAYS) for _ in self.accounts]
        self.starts: list[set[int]] = [set() for _ in self.accounts]
        self.made: list[tuple[OrganizationChange, Any]] = []
        for account, organization in ((0, 0), (1, 0), (2, 1)):
            take(self, ("link", account, organization, 0))

    def whose(self, account: int, on: int) -> Any:
        own = self.own[account][on]
        return self.own[0][on] if own == "open" and account == 3 else own

    def say(self, account: int, on: int, what: Any) -> None:
        self.starts[account].add(on)
        until = min((start for start in self.starts[account] if start > on), default=len(DAYS))
        self.own[account][on:until] = [what] * (until - on)

    def turn(self, account: int, on: int, of: int, to: int, whose: Callable[[int, int], Any]) -> None:
        """On each day from then on on which it is the one's, it is the other's."""
        theirs = [n for n in range(on, len(DAYS)) if whose(account, n) == of]
        for n in theirs:
            self.own[account][n] = to
        said = ["open", *self.own[account]]
        self.starts[account] |= {n for n in range(len(DAYS)) if said[n] != said[n + 1]}

    def agrees(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(owners_sql())
            rows = cursor.fetchall()
        for number, account in enumerate(self.accounts):
            for n, on in enumerate(DAYS):
                found = [
                    row[3] or row[4] for row in rows if row[0] == account.pk and row[1] <= on < row[2]
                ] or ["open"]
                assert found == [self.whose(number, n)], (number, on)


def take(world: World, step: Step) -> None:
    match step:
        case "link", account, organization, on:
            to = Organization.objects.get(pk=world.organizations[organization].pk)
            linking.link(world.accounts[account], to, None, starts_on=DAYS[on])
            world.say(account, on, to.merged_into_id or to.pk)
        case ("ignore" | "unlink") as verb, account, on:
            getattr(linking, verb)(world.accounts[account], None, starts_on=DAYS[on])
            world.say(account, on, "ignored" if verb == "ignore" else "open")
        case "merge", gone, into, on:
            gone, into = world.organizations[gone], world.organizations[into]
            change(world, lambda: changes.merge(gone, into, None, reason="One", starts_on=DAYS[on]))
            for account in range(4):
                world.turn(account, on, gone.pk, into.pk, lambda a, n: world.own[a][n])
        case "split", organization, chosen, on:
            of = world.organizations[organization]
            accounts = [world.accounts[account] for account in chosen]
            made = change(world, lambda: changes.split(of, accounts, "Part", None, reason="Sold", starts_on=DAYS[on]))
            assert made.other
            world.organizations.append(made.other)
            before = deepcopy(world)
            for account in chosen:
                world.turn(account, on, of.pk, made.other.pk, before.whose)
        case "move", account, to, on:
            mine, theirs = world.accounts[account], world.organizations[to]
            owner = world.whose(account, on)
            change(world, lambda: changes.move(mine, theirs, None, reason="Theirs", starts_on=DAYS[on]))
            before = deepcopy(world)
            world.turn(account, on, owner, theirs.pk, before.whose)
        case "undo", back:
            take_back(world, back)


def change(world: World, act: Callable[[], OrganizationChange]) -> OrganizationChange:
    own = deepcopy(world.own)
    made = act()
    world.made.append((made, own))
    return made


def take_back(world: World, back: int) -> None:
    if back >= len(world.made):
        return
    made, own = world.made[-1 - back]
    changes.undo(made, None)
    for number, account in enumerate(world.accounts):
        if made.links.filter(account=account).exists():
            world.own[number] = own[number]
            days = AccountLink.objects.current().filter(account=account).values_list("starts_on", flat=True)
            world.starts[number] = {DAYS.index(on) for on in days}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_ownership_by_day_is_what_a_model_that_counts_days_says(taken: list[Step]) -> None:
    with transaction.atomic():
        world = World()
        for step in taken:
            with suppress(changes.Refused):
                take(world, step)
            world.agrees()
        transaction.set_rollback(True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, which, which, day)
def test_a_change_and_its_undoing_leave_every_day_as_it_was(
    taken: list[Step], gone: int, into: int, on: int
) -> None:
    with transaction.atomic():
        world = World()
        for step in taken:
            with suppress(changes.Refused):
                take(world, step)
        before = deepcopy(world.own)
        for last in (("merge", gone, into, on), ("split", gone, {into, 3}, on), ("move", gone, into, on)):
            try:
                take(world, last)
            except changes.Refused:
                continue
            take(world, ("undo", 0))
            assert world.own == before
            world.agrees()
        transaction.set_rollback(True)
