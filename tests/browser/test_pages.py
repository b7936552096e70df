"""The reading pages in a real browser: legible to everyone, at every width, in both themes, with or without scripts."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from organizations.models import Organization
from qbr.pages.urls import PAGES
from tests.browser.conftest import Open, sideways, violations
from tests.qbr.pages import world

pytestmark = pytest.mark.browser
PERIOD = "period=2026-Q3"
ADDRESSES = [f"/{page.path}{'/' if page.path else ''}?{PERIOD}" for page in PAGES if not page.client_only]
CLIENT_ADDRESSES = [f"/{page.path}/?client=client-0&{PERIOD}" for page in PAGES if page.client_rows is not None]
NUMBERS = [f"/numbers/rhem/?{PERIOD}", f"/numbers/reactive_tickets_created/?client=client-0&{PERIOD}"]
WINDOWS = [(1440, False), (390, False), (1440, True), (390, True)]


@pytest.fixture
def filled(admin: User) -> User:
    world.fill(clients=4, owner=admin)
    return admin


@pytest.mark.parametrize(("width", "dark"), WINDOWS)
def test_no_page_has_an_axe_violation_or_runs_off_its_window(
    open_page: Open, filled: User, width: int, dark: bool
) -> None:
    page = open_page(filled, ADDRESSES[0], width=width, dark=dark)
    found: dict[str, object] = {}
    for address in (*ADDRESSES, *CLIENT_ADDRESSES, *NUMBERS):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if (wrong := violations(page)) or sideways(page) > 0:
            found[address] = [*wrong, sideways(page)]
    assert found == {}


@pytest.mark.parametrize(("width", "dark"), WINDOWS)
def test_pages_without_any_data_are_legible_too(open_page: Open, admin: User, width: int, dark: bool) -> None:
    page = open_page(admin, ADDRESSES[0], width=width, dark=dark)
    found = {}
    for address in ADDRESSES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if wrong := violations(page):
            found[address] = wrong
    assert found == {}


def test_a_long_client_name_is_cut_and_the_way_back_to_the_company_is_whole(open_page: Open, filled: User) -> None:
    Organization.objects.filter(slug="client-0").update(name="Heronstead Hospitality Corporation of the North")
    page = open_page(filled, f"/client/?client=client-0&{PERIOD}", width=390)
    company, own = page.get_by_role("group", name="For whom").get_by_role("link").locator("span").all()
    assert sideways(page) == 0
    assert company.evaluate("span => span.scrollWidth <= span.clientWidth")
    assert own.evaluate("span => span.scrollWidth > span.clientWidth")


def test_charts_are_drawn_without_a_button_that_sends_them_away(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/service/?{PERIOD}")
    expect(page.locator("#flow .chart[data-drawn]")).to_be_visible()
    assert page.locator("#flow .chart .bars path").count() > 40
    assert page.locator(".modebar").count() == 0


def test_t_shows_the_table_behind_a_chart(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/service/?{PERIOD}")
    expect(page.locator("#flow .behind")).to_be_hidden()
    page.keyboard.press("t")
    expect(page.locator("#flow .behind table")).to_be_visible()
    expect(page.locator("#flow [data-table]")).to_have_attribute("aria-pressed", "true")


def test_brackets_move_the_period_and_back_returns(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/operations/?{PERIOD}")
    page.keyboard.press("[")
    expect(page.locator(".period-name")).to_have_text("Q2 2026")
    expect(page).to_have_url(re.compile("period=2026-Q2"))
    expect(page.locator("#side a[aria-current]")).to_have_attribute("href", re.compile("2026-Q2"))
    expect(page.locator("#tickets-per-endpoint .chart[data-drawn]")).to_be_visible()
    page.go_back()
    expect(page.locator(".period-name")).to_have_text("Q3 2026")


def test_slash_finds_a_client_and_keeps_the_page(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/service/?{PERIOD}")
    page.keyboard.press("/")
    page.keyboard.type("cedar")
    page.locator("#found a", has_text="Cedar Point Logistics").click()
    expect(page).to_have_url(re.compile(r"/service/\?client=client-2&period=2026-Q3"))
    expect(page.get_by_text("Cedar Point Logistics").first).to_be_visible()


def test_keys_can_be_switched_off(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/operations/?{PERIOD}")
    page.keyboard.press("?")
    page.get_by_label("Shortcuts are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("[")
    page.wait_for_timeout(200)
    expect(page.locator(".period-name")).to_have_text("Q3 2026")


def test_g_p_goes_to_the_portfolio_and_j_walks_its_rows(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/service/?{PERIOD}")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Portfolio")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert _focused(page) == "Cedar Point Logistics"


def test_the_theme_is_switched_and_remembered(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/operations/?{PERIOD}")
    light = _ground(page)
    page.get_by_role("button", name="Dark theme").click()
    dark = _ground(page)
    page.reload()
    assert (light != dark, _ground(page)) == (True, dark)


def test_every_page_can_be_read_without_scripts(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/service/?whole=1&{PERIOD}", scripts=False)
    expect(page.locator("#flow .behind table")).to_be_visible()
    page.locator("[data-previous]").click()
    expect(page.locator(".period-name")).to_have_text("Q2 2026")


def test_a_number_opens_its_working_beside_the_page_and_its_inputs_in_the_same_place(
    open_page: Open, filled: User
) -> None:
    page = open_page(filled, f"/smartnumbers/?{PERIOD}")
    link = page.locator("tbody tr", has_text="RHEM").locator("a").last
    link.click()
    place = page.get_by_role("dialog", name="RHEM")
    expect(place.get_by_text("How it is worked out")).to_be_visible()
    place.locator(".formula a").first.click()
    expect(page.get_by_role("dialog", name="Reactive hours")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(place).to_be_visible()
    page.keyboard.press("Escape")
    expect(place).to_be_hidden()
    expect(link).to_be_focused()


def test_a_number_leads_to_its_working_without_scripts(open_page: Open, filled: User) -> None:
    page = open_page(filled, f"/smartnumbers/?whole=1&{PERIOD}", scripts=False)
    page.locator("tbody tr", has_text="RHEM").locator("a").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("RHEM")


def _ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))
