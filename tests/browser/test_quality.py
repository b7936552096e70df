"""The Data quality page in a real browser: findings are opened, accepted with a reason, and gone from what is open."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from metrics import quality
from metrics.models import Finding, Period, QualityScore
from metrics.periods import Month
from metrics.reading import COMPANY
from tests.browser.conftest import Open, sideways, violations
from tests.metrics.stored_values import scope_row, store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LAST = Month.holding(date.today()).previous


@pytest.fixture
def found(admin: User) -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})
    psa = Connection.objects.create(vendor="connectwise_psa", label="Our PSA")
    for key, value in (("mrr", "1000"), ("agreement_mrr", "1100"), ("agreement_seats", "40"), ("seats_managed", "40")):
        store(key, LAST, value)
    period = Period.objects.get(grain="month", starts_on=LAST.starts_on)
    for rule, many in (("negative", 1), ("jump", 14)):
        for number in range(many):
            Finding.objects.create(
                rule=rule, metric="reactive_hours", scope=scope_row(COMPANY), period=period, subject=str(number),
                severity=quality.RULES[rule].severity, says=f"Reactive hours are off ({rule} {number}).",
            )
    for back in range(5):
        QualityScore.objects.create(
            connection=psa, dimension="accuracy", day=timezone.now().date() - timedelta(days=back), good=90 + back,
            total=100,
        )


def test_a_finding_is_accepted_with_its_reason(found: None, admin: User, open_page: Open) -> None:
    page = open_page(admin, "/")
    page.get_by_role("link", name="Data quality").first.click()
    group = page.locator("details.found-by").filter(has_text="Below zero")
    group.get_by_role("checkbox").check()
    group.get_by_label("Why it may stay").fill("Booked back in April")
    group.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("1 finding accepted.")).to_be_visible()
    expect(page.locator("details.found-by")).to_have_count(1)
    page.get_by_role("link", name="Accepted 1").click()
    expect(page.get_by_text("Booked back in April")).to_be_visible()
    expect(page.get_by_text("by Alex Hill")).to_be_visible()


def test_a_rule_is_read_from_its_group_and_its_filters_are_in_the_address(
    found: None, admin: User, open_page: Open
) -> None:
    page = open_page(admin, "/quality/")
    jumps = page.locator("details.found-by").filter(has_text="A jump")
    jumps.locator("summary").click()
    expect(jumps.get_by_text("To mend it:")).to_be_visible()
    jumps.get_by_role("link", name="All 14 of this rule").click()
    expect(page).to_have_url(re.compile(r"/quality/\?rule=jump#findings$"))
    expect(page.locator("td.says")).to_have_count(14)


@pytest.mark.parametrize("width, dark", [(1440, False), (1440, True), (390, False), (390, True)])
def test_axe_finds_nothing_wrong(found: None, admin: User, open_page: Open, width: int, dark: bool) -> None:
    page = open_page(admin, "/quality/", width=width, dark=dark)
    for group in page.locator("main details").all():
        group.evaluate("each => each.open = true")
    assert violations(page) == []
    assert sideways(page) == 0
