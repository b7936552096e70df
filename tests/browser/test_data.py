"""The Data page in a real browser: collecting now moves a bar, and everything said stands on what was read."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from playwright.sync_api import expect

from collectors.connections import CollectorRun, Connection
from collectors.facts.accounts import Account
from collectors.facts.readings import Listing
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from tests.browser.conftest import Open, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAMES = [endpoint.name for endpoint in VENDORS["connectwise_psa"].endpoints]


@pytest.fixture
def source(admin: User) -> Connection:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago", "read_from": date(2024, 1, 1)})
    source = Connection.objects.create(vendor="connectwise_psa", label="Our PSA")
    run = CollectorRun.objects.create(
        connection=source, as_of=timezone.now(), ended_at=timezone.now(), state=CollectorRun.State.DONE,
        counts={name: {"read": 3, "added": 1} for name in NAMES},
    )  # fmt: skip
    Listing.objects.create(connection=source, entity="Agreement", day=date(2026, 3, 3), at=timezone.now(), run=run)
    Account.objects.create(connection=source, external_id="7", name="Otterfield Dental, LLC")
    return source


def test_collect_now_asks_the_worker_once_and_the_bar_follows_the_run(
    source: Connection, admin: User, open_page: Open
) -> None:
    page = open_page(admin, "/data/")
    page.get_by_role("button", name="Collect now").click()
    bar = page.locator(f"#progress-{source.pk}")
    expect(bar).to_contain_text("Waiting for the worker to begin.")
    assert OrmQ.objects.count() == 1
    run = CollectorRun.objects.create(
        connection=source, as_of=timezone.now(), step=NAMES[2], counts={name: {"read": 10} for name in NAMES[:3]}
    )
    expect(bar).to_contain_text("30 records so far")
    expect(bar.get_by_role("progressbar")).to_have_attribute("value", str(100 * 2 // len(NAMES)))
    with page.expect_response("**/collect/"):
        page.get_by_role("button", name="Collect now").click()
    assert OrmQ.objects.count() == 1  # it is being read already
    CollectorRun.objects.filter(pk=run.pk).update(state=CollectorRun.State.DONE, ended_at=timezone.now())
    expect(bar).to_contain_text("Done: 30 records read.")
    expect(bar).not_to_have_attribute("hx-trigger", "every 1s")  # it stands still, and asks no more


def test_it_says_what_waits_since_when_things_are_known_and_what_was_read(
    source: Connection, admin: User, open_page: Open
) -> None:
    page = open_page(admin, "/data/")
    waits = page.get_by_role("listitem").filter(has_text="Accounts to map")
    expect(waits).to_contain_text("1")
    queue = reverse("admin:organizations_waitingaccount_changelist")
    expect(waits.get_by_role("link", name="Map accounts")).to_have_attribute("href", queue)
    source_row = page.get_by_role("article", name="Our PSA")
    source_row.get_by_text("Known since 3 Mar 2026").click()
    expect(source_row.locator(".known dl")).to_have_text(re.compile(r"Agreements\s*3 Mar 2026"))
    expect(page.locator("#runs").get_by_role("row").filter(has_text="Our PSA")).to_contain_text("Done")


def test_a_problem_is_a_sentence_with_the_way_to_mend_it(source: Connection, admin: User, open_page: Open) -> None:
    Connection.objects.update(problem="ConnectWise PSA refused our key. Make a new one and store it here.")
    page = open_page(admin, "/data/")
    expect(page.get_by_text("Needs a person")).to_be_visible()
    address = reverse("admin:collectors_connection_change", args=[source.pk])
    expect(page.get_by_role("link", name="Open the connection")).to_have_attribute("href", address)


def test_those_who_may_not_collect_have_no_button_for_it(source: Connection, open_page: Open) -> None:
    page = open_page(User.objects.create_user("reader"), "/data/")
    expect(page.get_by_role("heading", name="Our PSA")).to_be_visible()
    expect(page.get_by_role("button", name="Collect now")).to_have_count(0)
    expect(page.get_by_role("link", name="Map accounts")).to_have_count(0)


def test_it_says_what_to_do_where_nothing_is_connected(admin: User, open_page: Open) -> None:
    page = open_page(admin, "/data/")
    expect(page.get_by_role("link", name="Connect a system")).to_be_visible()


@pytest.mark.parametrize("width, dark", [(1440, False), (1440, True), (390, False), (390, True)])
def test_axe_finds_nothing_wrong(source: Connection, admin: User, open_page: Open, width: int, dark: bool) -> None:
    page = open_page(admin, "/data/", width=width, dark=dark)
    assert violations(page) == []
    assert sideways(page) == 0
