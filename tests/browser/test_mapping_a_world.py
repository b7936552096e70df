"""Six systems, mapped from empty to complete at the mapping desk in a real browser, with every decision counted.

The person in this test reads the list, takes what is right and knows the answer where the evidence does not: from the
world's own word. They press what a person presses, and each press that decides, each box ticked or unticked by hand
and each client looked up counts as a decision. Filters and “choose all” decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import Locator, Page, expect

from collectors.facts.accounts import Account
from organizations.models import AccountLink, Organization
from tests.browser.conftest import Open
from tests.six_systems import World, differing, named_organizations, rolled_up, same_id_everywhere, six_systems

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

DESK = "/admin/organizations/waitingaccount/"
STRONG = re.compile(r"^Accept the .*shown$")
NOTHING = re.compile("Nothing waits")


@dataclass
class Desk:
    """The mapping desk with somebody at it who knows whose each account is."""

    page: Page
    world: World
    decisions: int = 0
    waiting: list[int] = field(default_factory=list)

    def open(self, **asked: str) -> None:
        """A filtered list; looking decides nothing."""
        address = "&".join(f"{name}={value}" for name, value in {"rows": "200", **asked}.items())
        self.page.goto(f"{DESK}?{address}")
        rows = self.page.locator("tr[data-account]")
        self.waiting = [int(row.get_attribute("data-account") or "") for row in rows.all()]

    def row(self, account: int) -> Locator:
        return self.page.locator(f"tr[data-account='{account}']")

    def press(self, button: Locator) -> None:
        """A press that decides: the page comes back and says what was done."""
        self.decisions += 1
        with self.page.expect_navigation():
            button.click()
        assert self.page.locator(".messagelist .error").all_inner_texts() == []
        expect(self.page.locator(".undo")).to_be_visible()

    def tick(self, accounts: Iterable[int]) -> None:
        """All of the list at once where that is meant, else one box after the other."""
        wanted = set(accounts)
        if len(wanted) > len(self.waiting) / 2:
            self.page.get_by_role("link", name=re.compile("^Choose all")).click()
            by_hand = set(self.waiting) - wanted
        else:
            by_hand = wanted
        for account in by_hand:
            self.decisions += 1
            self.row(account).get_by_role("checkbox").click()

    def accept_what_is_strong(self) -> None:
        self.open()
        button = self.page.get_by_role("button", name=STRONG)
        while button.count():
            self.press(button)
            self.open()

    def ignore_what_is_nobodys(self) -> None:
        """The list of what no evidence speaks of, and those of it that are no client's."""
        self.open(strength="nothing")
        if nobodys := [account for account in self.waiting if self.world.truth[account] is None]:
            self.tick(nobodys)
            self.page.get_by_label(re.compile("^Reason")).fill("No client of ours")
            self.press(self.page.get_by_role("button", name="Ignore chosen"))

    def accept_right_guesses(self) -> None:
        """The list of weak suggestions, without those that are wrong."""
        self.open(strength="weak")
        if right := [account for account in self.waiting if self._first_is_right(account)]:
            self.tick(right)
            self.press(self.page.get_by_role("button", name="Accept chosen"))

    def decide_one(self) -> None:
        """The first of the list, by hand."""
        account = self.waiting[0]
        whose, row = self.world.truth[account], self.row(account)
        if whose is None:
            self.press(row.get_by_role("button", name="Ignore", exact=True))
            return
        known = {number: key for key, number in named_organizations().items()}
        name = Organization.objects.get(pk=known[whose]).name
        wording = re.compile(rf"^(or )?link to {re.escape(name)}( despite the conflict)?$", re.IGNORECASE)
        offered = row.get_by_role("button", name=wording)
        if offered.count():
            self.press(offered.first)
            return
        row.get_by_role("link", name="Choose another…").click()
        search = self.page.get_by_role("searchbox", name="Search clients")
        search.fill(name)
        search.press("Enter")
        self.press(self.page.get_by_role("button", name=wording).first)

    def _first_is_right(self, account: int) -> bool:
        first = self.row(account).get_by_role("button", name=re.compile("^Link to "))
        names = {number: key for key, number in named_organizations().items()}
        whose = self.world.truth[account]
        if whose is None or whose not in names or not first.count():
            return False
        return first.first.inner_text() == f"Link to {Organization.objects.get(pk=names[whose]).name}"


def test_six_systems_are_mapped_from_empty_to_complete_with_few_decisions_and_none_wrong(
    admin: User, open_page: Open, settings: Any
) -> None:
    with six_systems(settings, clients=40, months=2) as world:
        assert not Organization.objects.exists() and not AccountLink.objects.exists()
        assert len(world.truth) >= 200
        assert Account.objects.filter(pk__in=world.truth).values("connection__vendor").distinct().count() == 6
        call_command("link_accounts", verbosity=0)  # as after every collect
        assert world.owners().items() <= world.truth.items()

        desk = Desk(open_page(admin, DESK), world)
        desk.accept_what_is_strong()
        desk.ignore_what_is_nobodys()
        desk.accept_right_guesses()
        desk.open()
        while desk.waiting:
            desk.decide_one()
            desk.open()
        expect(desk.page.get_by_text(NOTHING)).to_be_visible()

        wrong = {account: told for account, told in world.owners().items() if world.truth[account] != told}
        assert wrong == {} and world.owners().keys() == world.truth.keys()
        assert 0 < desk.decisions < len(world.truth) / 10
        untraced = [link for link in AccountLink.objects.current() if not traced(link)]
        assert untraced == []

        mapped = rolled_up()
        same_id_everywhere(world)
        call_command("link_accounts", verbosity=0)
        assert world.owners() == {account: whose for account, whose in world.truth.items() if whose}
        world.decide_the_rest()  # as in the other world: what is ignored counts not even for the company
        tidy = rolled_up()
    assert differing(mapped, tidy) == {}
    assert len({key[1] for key in tidy if key[0] == "organization"}) == 41  # 40 clients and the MSP itself


def traced(link: AccountLink) -> bool:
    """Who or what rule decided, when, and on what evidence or for what reason."""
    by_somebody = (link.decided_by is not None) == (link.method == AccountLink.Method.PERSON)
    return bool(by_somebody and link.method and link.decided_at and (link.evidence or link.reason))
