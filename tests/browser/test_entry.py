"""The month grid in a real browser: keys move, a pasted block fills cells, nothing is lost; scripts are not needed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from collectors.facts.touched import Calendar
from metrics.models import Entry
from metrics.periods import Month
from qbr.access import make_roles
from qbr.entry.grid import this_month
from tests.browser.conftest import Open, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def editor(transactional_db: None) -> User:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    User.objects.create_superuser("admin")
    person = User.objects.create_user("editor", first_name="Sam", last_name="Field")
    person.groups.add(make_roles()["Editor"])
    return person


@pytest.fixture
def grid(editor: User, open_page: Open) -> Page:
    return open_page(editor, "/entry/")


def cell(page: Page, metric: str, month: Month) -> Locator:
    return page.locator(f'[name="{metric}:{month}"]')


def paste(page: Page, metric: str, month: Month, text: str) -> None:
    cell(page, metric, month).focus()
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def saved() -> dict[tuple[str, str], Decimal | None]:
    rows = Entry.objects.filter(superseded_at=None).select_related("period")
    return {(row.metric, str(Month.holding(row.period.starts_on))): row.value for row in rows}


def test_enter_and_arrows_move_between_cells_and_escape_puts_one_back(grid: Page) -> None:
    month = this_month()
    first = cell(grid, "employees", month)
    first.fill("9")
    first.press("Enter")
    expect(cell(grid, "technical_employees", month)).to_be_focused()
    grid.keyboard.press("ArrowLeft")
    expect(cell(grid, "technical_employees", month.previous)).to_be_focused()
    grid.keyboard.press("ArrowUp")
    expect(cell(grid, "employees", month.previous)).to_be_focused()
    first.focus()
    grid.keyboard.press("Escape")
    expect(first).to_have_value("")


def test_a_block_from_a_spreadsheet_fills_the_cells_below_and_to_the_right_and_is_saved(grid: Page) -> None:
    month = this_month()
    paste(grid, "employees", month.previous, "8.5\t9\r\n5.5\t6\r\n")
    expect(grid.locator("[data-unsaved]")).to_contain_text("4 cells filled. 4 cells not saved yet.")
    assert saved() == {}
    grid.get_by_role("button", name="Save").click()
    expect(grid.get_by_text("4 cells saved")).to_be_visible()
    assert saved() == {
        ("employees", str(month.previous)): Decimal("8.5"), ("employees", str(month)): Decimal(9),
        ("technical_employees", str(month.previous)): Decimal("5.5"), ("technical_employees", str(month)): Decimal(6),
    }  # fmt: skip


def test_a_refused_cell_has_the_focus_and_keeps_its_text_while_the_rest_is_saved(grid: Page) -> None:
    month = this_month()
    cell(grid, "employees", month).fill("eight")
    cell(grid, "technical_employees", month).fill("5.5")
    grid.get_by_role("button", name="Save").click()
    wrong = cell(grid, "employees", month)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_value("eight")
    expect(grid.get_by_role("alert")).to_contain_text("“eight” is not a number")
    assert saved() == {("technical_employees", str(month)): Decimal("5.5")}


def test_who_entered_a_cell_can_be_read_with_the_keyboard(grid: Page) -> None:
    month = this_month()
    cell(grid, "employees", month).fill("9")
    grid.get_by_label("Note").fill("hired Dana")
    grid.get_by_role("button", name="Save").click()
    about = grid.get_by_role("button", name=f"Employees, {month.label}: entered")
    about.focus()
    grid.keyboard.press("Enter")
    told = grid.locator(".about-cell:popover-open")
    expect(told).to_contain_text("Sam Field")
    expect(told).to_contain_text("hired Dana")
    grid.keyboard.press("Escape")
    expect(told).to_be_hidden()


def test_it_works_without_scripts(editor: User, open_page: Open) -> None:
    page, month = open_page(editor, "/entry/", scripts=False), this_month()
    cell(page, "employees", month).fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 cell saved")).to_be_visible()
    assert saved() == {("employees", str(month)): Decimal(9)}


def test_on_a_telephone_the_page_does_not_scroll_sideways_and_the_newest_month_is_in_sight(
    editor: User, open_page: Open
) -> None:
    page = open_page(editor, "/entry/", width=390, height=844)
    assert sideways(page) == 0
    box = cell(page, "employees", this_month()).bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.parametrize("width, dark", [(1440, True), (390, False)])
def test_a_file_is_shown_as_what_it_would_change_and_saved_by_the_second_click(
    editor: User, open_page: Open, width: int, dark: bool
) -> None:
    page = open_page(editor, "/import/", width=width, dark=dark)
    content = b"metric,2025-01,2025-02\nemployees,8.5,abc\nno such metric,1,2\n"
    page.get_by_label("CSV or Excel file").set_input_files({"name": "f.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("row", name="Company Employees Jan 2025 — 8.5 New")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="C2")).to_contain_text("“abc” is not a number")
    assert violations(page) == []
    assert sideways(page) == 0
    assert saved() == {}
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("1 cell of f.csv saved")).to_be_visible()
    assert saved() == {("employees", "2025-01"): Decimal("8.5")}


@pytest.mark.parametrize("width, dark", [(1440, False), (1440, True), (390, False), (390, True)])
@pytest.mark.parametrize("address", ["/entry/", "/entry/?rows=all", "/import/"])
def test_axe_finds_nothing_wrong(editor: User, open_page: Open, address: str, width: int, dark: bool) -> None:
    assert violations(open_page(editor, address, width=width, dark=dark)) == []
