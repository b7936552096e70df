"""A note in a real browser: written from a chart, drawn on it, listed under it, and taken back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from metrics import varying
from metrics.models import Note
from tests.browser.conftest import Open, sideways, violations
from tests.qbr.pages import world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OPERATIONS = "/operations/?period=2026-Q3"


@pytest.fixture
def filled(admin: User) -> User:
    world.fill(clients=1, owner=admin)
    varying.hold(everyone=True)
    return admin


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_a_note_is_written_from_a_chart_and_seen_on_it(open_page: Open, filled: User, width: int, dark: bool) -> None:
    page = open_page(filled, OPERATIONS, width=width, dark=dark)
    chart = page.locator("#rhem-trend")
    expect(chart.locator(".chart[data-drawn]")).to_be_visible()
    expect(chart.get_by_text("normal range and average")).to_be_visible()
    chart.locator("[data-table]").click()
    chart.get_by_role("link", name="Add a note to").click()
    expect(page.get_by_label("Number", exact=True)).to_have_value("rhem")
    page.get_by_label("What happened", exact=True).fill("Power cut at the data centre.")
    page.get_by_label("Kind", exact=True).select_option("outage")
    page.get_by_label("Day", exact=True).fill("2026-03-12")
    assert violations(page) == []
    page.get_by_role("button", name="Add the note").click()
    expect(page.get_by_role("status").filter(has_text="The note is on every chart")).to_be_visible()
    expect(chart.locator(".chart[data-drawn]")).to_be_visible()
    expect(chart.locator(".chart").get_by_text("1 Outage")).to_be_visible()
    expect(chart.get_by_role("listitem").filter(has_text="Power cut at the data centre.")).to_be_visible()
    expect(page.locator("#tickets-per-endpoint").get_by_text("Power cut")).to_have_count(0)
    assert violations(page) == []
    assert sideways(page) == 0


def test_a_note_is_taken_back_with_the_keyboard(open_page: Open, filled: User) -> None:
    page = open_page(filled, "/notes/")
    page.get_by_label("What happened", exact=True).fill("New price list.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("New price list.").first).to_be_visible()
    page.get_by_role("button", name="Take back New price list.").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was noted yet.")).to_be_visible()
    assert Note.objects.exclude(taken_back_at=None).count() == 1


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (390, False)])
def test_limits_are_worked_out_again_where_they_are_shown(
    open_page: Open, filled: User, width: int, dark: bool
) -> None:
    page = open_page(filled, "/numbers/rhem/?period=2026-Q3", width=width, dark=dark)
    panel = page.get_by_role("region", name="Signal or noise")
    panel.get_by_text("Work the limits out again").click()
    panel.get_by_label("Why").fill("A new phone system.")
    assert violations(page) == []
    panel.get_by_role("button", name="Work out again").click()
    expect(page.get_by_text("The limits were worked out again.")).to_be_visible()
    expect(panel.get_by_text("A new phone system.")).to_be_visible()
    expect(page.locator("#changed")).to_be_visible()  # loads itself
    assert sideways(page) == 0
