"""The mapping queue in a real browser: worked through by keys alone, by thumb, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.touched import Calendar
from organizations.models import AccountLink, Organization
from tests.browser.conftest import Open, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/organizations/waitingaccount/"
Accounts = dict[str, Account]


@pytest.fixture
def waiting(admin: User) -> Accounts:
    """Nothing is held, so they stand by name: two that are plain, a conflict, one that nothing points to, one more."""
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago", "read_from": date(2024, 1, 1)})
    source = Connection.objects.create(vendor="ninjaone", label="Our RMM")
    domains = {"Birch Foods": "birch.example"}
    for name in ("Ash Dental", "Birch Foods", "Cedar Legal", "Elm Realty"):
        organization = Organization.objects.create(slug=name.lower().replace(" ", "-"), name=name)
        if name in domains:
            organization.domains.create(name=domains[name])
    said = {"Birch Foods": {"domains": ["another.example"]}}
    return {
        name: Account.objects.create(connection=source, external_id=name[0], name=name, evidence=said.get(name, {}))
        for name in ("Ash Dental", "Birch Foods", "Cedar Legal", "Quince & Daughters", "Elm Realty")
    }


def current(page: Page) -> Locator:
    return page.locator("tr[data-account][aria-current]")


def verdict(account: Account) -> str:
    link = AccountLink.objects.current().filter(account=account).first()
    return "" if link is None else f"{link.verdict} {link.organization or ''}".strip()


def pressing(page: Page) -> Callable[[str], None]:
    """Presses a key that decides, and waits for the page that comes of it."""

    def press(key: str) -> None:
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.keyboard.press(key)
        page.wait_for_load_state("networkidle")

    return press


def test_the_queue_is_worked_through_by_keys_alone(waiting: Accounts, admin: User, open_page: Open) -> None:
    page = open_page(admin, QUEUE)
    decide = pressing(page)
    expect(current(page)).to_contain_text("Ash Dental")
    page.keyboard.press("Enter")  # the row has no focus yet, so that a stray Enter decides nothing
    page.keyboard.press("j")
    expect(current(page)).to_contain_text("Ash Dental")
    decide("a")
    expect(page.locator(".undo")).to_contain_text("“Ash Dental” is linked to “Ash Dental”.")
    expect(current(page)).to_contain_text("Birch Foods")
    expect(current(page)).to_be_focused()
    page.keyboard.press("a")  # a conflict is not accepted by one key
    button = current(page).get_by_role("button", name="Link to Birch Foods despite the conflict")
    expect(button).to_be_focused()
    assert verdict(waiting["Birch Foods"]) == ""
    page.keyboard.press("n")
    expect(current(page)).to_contain_text("Cedar Legal")
    decide("i")
    expect(current(page)).to_contain_text("Elm Realty")
    decide("u")
    expect(current(page)).to_contain_text("Cedar Legal")
    decide("Enter")
    page.keyboard.press("j")
    expect(current(page)).to_contain_text("Quince & Daughters")
    page.keyboard.press("ArrowDown")  # the last stays the last
    page.keyboard.press("a")
    expect(page.locator("[data-said]")).to_have_text("Nothing is suggested for this account.")
    decide("c")
    expect(current(page)).to_contain_text("Elm Realty")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("a")
    decide("Enter")
    assert {name: verdict(account) for name, account in waiting.items()} == {
        "Ash Dental": "linked Ash Dental", "Birch Foods": "linked Birch Foods", "Cedar Legal": "linked Cedar Legal",
        "Quince & Daughters": "linked Quince & Daughters", "Elm Realty": "",
    }  # fmt: skip


def test_keys_are_letters_in_fields_and_can_be_switched_off(waiting: Accounts, admin: User, open_page: Open) -> None:
    page = open_page(admin, QUEUE)
    page.keyboard.press("/")
    page.keyboard.type("ai?")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("ai?")
    page.get_by_role("textbox", name="Reason").fill("")
    page.keyboard.type("a jig")
    expect(page.get_by_role("textbox", name="Reason")).to_have_value("a jig")
    page.get_by_role("heading", name="Mapping queue").click()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    keys.get_by_role("checkbox", name="Use single keys").uncheck()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("i")
    page.keyboard.press("j")
    expect(current(page)).to_contain_text("Ash Dental")
    assert not AccountLink.objects.exists()


def test_a_shown_list_is_accepted_and_undone_with_one_press_each(
    waiting: Accounts, admin: User, open_page: Open
) -> None:
    page = open_page(admin, QUEUE)
    page.get_by_role("button", name="Accept the 3 strong suggestions shown").click()
    expect(page.locator(".undo")).to_contain_text("3 accounts were linked.")
    assert verdict(waiting["Birch Foods"]) == ""  # a conflict is in no list
    expect(page.locator("tr[data-account]")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("tr[data-account]")).to_have_count(5)
    page.get_by_role("link", name="Choose all 5 shown").click()
    page.get_by_role("button", name="New client from each chosen").click()
    expect(page.locator(".undo")).to_contain_text("5 accounts were made clients.")
    expect(page.get_by_text("Nothing waits")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_everything_works_with_buttons_too(waiting: Accounts, admin: User, open_page: Open, scripts: bool) -> None:
    page = open_page(admin, QUEUE, width=390, scripts=scripts)
    row = page.locator("tr[data-account]").filter(has_text="Elm Realty")
    row.get_by_role("button", name="Ignore").click()
    expect(page.locator(".undo")).to_contain_text("“Elm Realty” is ignored")
    expect(page).to_have_url(re.compile(f"#account-{waiting['Quince & Daughters'].pk}$"))
    page.get_by_role("link", name="Choose all 4 shown").click()
    page.get_by_role("button", name="Ignore chosen").click()
    expect(page.locator(".undo")).to_contain_text("4 accounts were ignored.")
    page.get_by_role("link", name="Ignored accounts").click()
    expect(page.locator("tr[data-account]")).to_have_count(5)
    page.get_by_role("button", name="Put back in the queue").first.click()
    expect(page.locator("tr[data-account]")).to_have_count(4)


@pytest.mark.parametrize("width, dark", [(1440, False), (1440, True), (390, False), (390, True)])
def test_axe_finds_nothing_wrong_and_odd_names_hold_the_layout(
    waiting: Accounts, admin: User, open_page: Open, width: int, dark: bool
) -> None:
    for n, name in enumerate(("", "x" * 3000, "\u202eeerf", "\u0634\u0631\u0643\u0629 " * 40, "🦷" * 90, "Асме")):
        Account.objects.create(
            connection=Connection.objects.get(), external_id=f"odd-{n}", name=name,
            evidence={"domains": ["y" * 400], "ids": {"no_such_system": "z" * 300}},
        )  # fmt: skip
    page = open_page(admin, QUEUE, width=width, dark=dark)
    assert sideways(page) == 0
    assert violations(page) == []
