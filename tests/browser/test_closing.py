"""Periods and restatements in a real browser: a quarter is closed with a reason, seen closed, and reopened."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from collectors.facts.touched import Calendar
from metrics import rollup
from tests.browser.conftest import Open, sideways, violations
from tests.metrics.rollup.world import World
from tests.qbr.closing.late import NOW, change_hours, closed_quarter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_quarter_is_closed_with_a_reason_seen_closed_and_reopened(admin: User, open_page: Open) -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})
    world = World()
    world.ticket(world.account(world.client("acme")), "2025-02-10")
    rollup.run("test", now=NOW)
    page = open_page(admin, "/")
    page.get_by_role("link", name="Periods").first.click()
    page.get_by_role("link", name="Q1 2025").click()
    page.get_by_label("Why it may be closed all the same: figures entered").fill("Given on paper")
    page.get_by_label("A word about it").fill("The books are done")
    page.get_by_role("button", name="Close Q1 2025", exact=True).click()
    expect(page.get_by_text("Q1 2025 is closed.")).to_be_visible()
    expect(page.get_by_text("Accepted: Given on paper")).to_be_visible()
    page.goto("/service/?period=2025-Q1")
    page.locator("#main a.badge", has_text="Closed").click()
    page.get_by_label("Why it is reopened").fill("An invoice was missing")
    page.get_by_role("button", name="Reopen Q1 2025").click()
    expect(page.get_by_text("Q1 2025 is open again.")).to_be_visible()
    page.get_by_label("Where you are").get_by_role("link", name="Periods").click()
    expect(page.get_by_text("An invoice was missing").first).to_be_visible()


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_nothing_wrong(admin: User, open_page: Open, width: int, dark: bool) -> None:
    closed_quarter("acme", "beta")
    change_hours("acme", "2025-02", "2.75")
    page = open_page(admin, "/restatements/", width=width, dark=dark)
    for path in ("/restatements/", "/periods/", "/periods/2025-Q1/", "/periods/2025-Q2/",
                 "/client/?client=acme&period=2025-Q1"):  # fmt: skip
        page.goto(path)
        for group in page.locator("main details").all():
            group.evaluate("each => each.open = true")
        assert (path, violations(page), sideways(page)) == (path, [], 0)
    page.goto("/restatements/")
    page.get_by_role("link", name="See the changed row").click()
    assert (violations(page), sideways(page)) == ([], 0)
