"""A file of records in a real browser: from its template to a number on a page."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from collectors.drop.layouts import LAYOUTS
from collectors.facts.money import LedgerAccount
from collectors.facts.touched import Calendar
from metrics.models import LedgerCategory
from qbr import tasks
from tests.browser.conftest import Open, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BY_MONTH = "quickbooks_desktop_pl_by_month"
LOOKS = [(1440, False), (1440, True), (390, False), (390, True)]
TICKETS = (
    b"Ticket,Opened,Company,Queue,Colour\n101,2026-03-02 09:00,Otterfield Dental,Help desk,red\n"
    b"102,sometime,Acorn Law,Help desk,blue\n103,2026-03-03 10:00,Acorn Law,Help desk,green\n"
)


@pytest.fixture
def admin(admin: User) -> User:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    return admin


def send(page: Page, source: str, path: Path) -> None:
    page.get_by_label("CSV or Excel file").set_input_files(path)
    page.get_by_label("Which source it is from").fill(source)
    page.get_by_role("button", name="Show what would change").click()


def test_the_template_of_a_profit_and_loss_becomes_the_months_revenue(
    admin: User, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(admin, "/data/")
    page.get_by_role("link", name="Upload a file").click()
    page.get_by_role("link", name=LAYOUTS[BY_MONTH].label, exact=True).click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Template as Excel").click()
    taken.value.save_as(tmp_path / "template.xlsx")
    send(page, "Books", tmp_path / "template.xlsx")
    expect(page.get_by_role("heading", name="What template.xlsx would change")).to_be_visible()
    assert not LedgerAccount.objects.exists()
    page.get_by_role("button", name="Load the file").click()
    expect(page.get_by_text("template.xlsx is loaded")).to_be_visible()
    for account in LedgerAccount.objects.all():
        kind = "mrr" if account.side == LedgerAccount.Side.INCOME else "cogs"
        LedgerCategory.objects.create(ledger_account=account, category=kind, note="as it is sold")
    tasks.follow()
    page.goto("/financial/?period=2026-02")
    stated = next(row for row in LAYOUTS[BY_MONTH].sample if row[0] == "Total Income")
    shown = f"${Decimal(stated[2].replace(',', '')):,.0f}"
    expect(page.get_by_role("link", name=shown).first).to_be_visible()


def test_on_each_step_axe_finds_nothing_wrong_and_nothing_scrolls_sideways(
    admin: User, open_page: Open, tmp_path: Path
) -> None:
    (tmp_path / "tickets.csv").write_bytes(TICKETS)
    for width, dark in LOOKS:
        page = open_page(admin, "/data/files/", width=width, dark=dark)
        assert (violations(page), sideways(page)) == ([], 0)
        page.goto("/data/files/?holds=tickets")
        assert (violations(page), sideways(page)) == ([], 0)
        send(page, f"Desk {width} {dark}", tmp_path / "tickets.csv")
        expect(page.get_by_role("row", name="3 Opened")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="Otterfield Dental")).to_be_visible()
        assert (violations(page), sideways(page)) == ([], 0)
        page.get_by_role("button", name="Load the file").click()
        expect(page.get_by_role("heading", name="tickets.csv")).to_be_visible()
        assert (violations(page), sideways(page)) == ([], 0)


def test_it_works_without_scripts(admin: User, open_page: Open, tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_bytes(TICKETS)
    page = open_page(admin, "/data/files/", scripts=False)
    page.get_by_label("What the file holds").select_option("tickets")
    page.get_by_role("button", name="Show").click()
    send(page, "Desk", tmp_path / "tickets.csv")
    page.get_by_role("button", name="Load the file").click()
    expect(page.get_by_text("tickets.csv is loaded")).to_be_visible()


def test_a_wrong_file_is_said_beside_its_field_and_nothing_typed_is_lost(
    admin: User, open_page: Open, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("nothing to load")
    page = open_page(admin, "/data/files/?holds=tickets")
    send(page, "Desk", tmp_path / "notes.txt")
    expect(page.get_by_role("alert")).to_contain_text("Save the sheet as .xlsx or .csv")
    expect(page.get_by_label("Which source it is from")).to_have_value("Desk")
