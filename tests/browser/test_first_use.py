"""The set-up walked in a real browser: from nobody to a first read, against the vendor sandbox over real HTTP."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django_q.models import OrmQ
from playwright.sync_api import Browser, Page, expect

from collectors.connections import CollectorRun, Connection
from collectors.facts.touched import Calendar
from qbr import tasks
from tests.browser.conftest import Open, sideways, violations

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[dict[str, Any]]:
    """Settings and keys of each vendor, as the sandbox tells them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "collectors.sandbox", "--port", str(port), "--clients", "6", "--months", "3"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _info(f"http://127.0.0.1:{port}/_sandbox/info")
    finally:
        process.terminate()
        process.wait(10)


def _info(address: str) -> dict[str, Any]:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                vendors: dict[str, Any] = json.load(answer)["vendors"]
                return vendors
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the sandbox did not start")


def fill_in(page: Page, values: dict[str, str]) -> None:
    for name, value in values.items():
        field = page.locator(f'[name="{name}"]')
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def make_admin(page: Page) -> None:
    fill_in(page, {
        "name": "Ada Vale", "email": "ada@lantern.example", "password": "long enough words",
        "repeated": "long enough words",
    })  # fmt: skip
    page.get_by_role("button", name="Create and go on").click()


def test_from_nobody_to_the_first_read(open_page: Open, sandbox: dict[str, Any], settings: Any) -> None:
    page = open_page(None, "/")
    make_admin(page)
    page.get_by_label("Business time zone").select_option("America/Denver")
    page.get_by_label("How many months back to read").fill("2")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="ConnectWise PSA").click()
    keys = sandbox["connectwise_psa"]
    fill_in(page, keys["settings"] | keys["secrets"] | {"private_key": "a wrong key"})
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_role("alert")).to_be_visible()  # the vendor's refusal, in a sentence
    assert not Connection.objects.exists()

    fill_in(page, keys["secrets"])
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_text("Waiting for the worker to begin.")).to_be_visible()
    source = Connection.objects.get()
    assert OrmQ.objects.count() == 1 and source.enabled
    tasks.collect_and_follow(source.pk)  # what the worker does with what was asked of it
    expect(page.get_by_text(re.compile("Done: .* records read"))).to_be_visible()
    assert CollectorRun.objects.get().state == CollectorRun.State.DONE

    page.get_by_role("link", name="What to do next").click()
    queues = page.get_by_role("listitem").filter(has_text="Queues without a kind")
    expect(queues.get_by_role("link", name="Decide queues")).to_be_visible()
    assert Calendar.objects.get().time_zone == "America/Denver"
    page.get_by_role("link", name="Go to the product").click()
    expect(page.get_by_role("navigation", name="Main menu")).to_be_visible()
    connections.close_all()


def test_a_vendor_that_asks_for_consent_is_read_only_after_a_person_agreed_in_its_own_window(
    browser: Browser, live_server: Any, sandbox: dict[str, Any], admin: User
) -> None:
    Calendar.objects.update_or_create(id=1, defaults={"read_from": "2026-01-01"})
    client = Client()
    client.force_login(admin)
    context = browser.new_context(base_url=live_server.url)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto("/set-up/connection/quickbooks_online/")
    keys = sandbox["quickbooks_online"]["settings"] | sandbox["quickbooks_online"]["secrets"]
    asked = ("address", "consent_address", "token_address", "client_id", "client_secret")
    fill_in(page, {name: keys[name] for name in asked})
    page.get_by_role("button", name="Go on to consent").click()
    assert not Connection.objects.get().enabled  # nothing is read before a person agreed

    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()  # the vendor's own page
    page.get_by_role("button", name="Test and begin to read").click()
    expect(page.get_by_text("Waiting for the worker to begin.")).to_be_visible()
    source = Connection.objects.get()
    assert source.enabled and source.settings["realm_id"] and "refresh_token" in source.secrets
    context.close()


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_nothing_wrong(open_page: Open, admin: User, width: int, dark: bool) -> None:
    for address in ("/set-up/calendar/", "/set-up/connection/ninjaone/", "/set-up/next/"):
        page = open_page(admin, address, width=width, dark=dark)
        assert violations(page) == []
        assert sideways(page) == 0


@pytest.mark.parametrize("width, dark", [(1440, True), (390, False)])
def test_axe_finds_nothing_wrong_for_the_first_person_and_for_whoever_signs_in(
    open_page: Open, transactional_db: None, width: int, dark: bool, settings: Any
) -> None:
    assert violations(open_page(None, "/", width=width, dark=dark)) == []
    User.objects.create_superuser("admin")
    settings.DEMO = True
    page = open_page(None, "/sign-in/", width=width, dark=dark)
    assert violations(page) == []
    assert sideways(page) == 0
