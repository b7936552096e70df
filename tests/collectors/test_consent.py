"""Consent by a person: to the vendor's page, back with a state, and into the store."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client as Browser
from django.urls import reverse

from collectors import consent
from collectors.client import Client
from collectors.connections import Connection
from collectors.vendors import VENDORS
from tests.collectors.playing import Playing

pytestmark = pytest.mark.django_db
QUICKBOOKS = VENDORS["quickbooks_online"]
HOME = "http://testserver"


@pytest.fixture
def unconnected(playing: Playing) -> Connection:
    """The keys of the application are there, and nobody has consented."""
    made = playing.connection(QUICKBOOKS)
    made.secrets = {name: value for name, value in made.secrets.items() if name in ("client_id", "client_secret")}
    made.save()
    return made


def signed_in(name: str = "ada") -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser(name))
    return browser


def press_connect(browser: Browser, connection: Connection) -> str:
    """Where the vendor's page is."""
    reply = browser.get(reverse("admin:collectors_connection_connect", args=[connection.pk]))
    assert reply.status_code == 302
    return str(reply["Location"])


def allow(page: str) -> str:
    """A person presses Allow on the vendor's page; the address they are sent back to."""
    shown = requests.get(page, timeout=5)
    assert shown.status_code == 200, shown.text
    link = re.search(r'id="allow-link" href="([^"]+)"', shown.text)
    assert link
    back = requests.get(link[1], allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith(HOME + reverse("admin:collectors_connection_consented"))
    return back.removeprefix(HOME)


def said(browser: Browser, address: str) -> str:
    """What the page to which this address leads says to the person."""
    return browser.get(address, follow=True).content.decode()


def test_a_person_connects_and_the_connection_reads(unconnected: Connection) -> None:
    browser = signed_in()
    assert not consent.given(unconnected)
    page = said(browser, allow(press_connect(browser, unconnected)))
    assert "Connected to QuickBooks Online (Lanternworks IT)." in page
    stored = Connection.objects.get(pk=unconnected.pk)
    assert consent.given(stored)
    assert stored.settings["realm_id"] == "9130357421"
    assert stored.consent_expires_at is not None
    assert timedelta(days=99) < stored.consent_expires_at - datetime.now(UTC) <= timedelta(days=100)
    with Client(stored, QUICKBOOKS) as client:
        assert client.test()


def test_the_vendor_is_asked_for_our_scope_and_nothing_secret(unconnected: Connection) -> None:
    address = urlsplit(press_connect(signed_in(), unconnected))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert asked["scope"] == "com.intuit.quickbooks.accounting"
    assert asked["response_type"] == "code"
    assert asked["client_id"] == unconnected.secrets["client_id"]
    assert unconnected.secrets["client_secret"] not in address.query


def test_a_state_is_good_for_one_use(unconnected: Connection) -> None:
    browser = signed_in()
    back = allow(press_connect(browser, unconnected))
    browser.get(back)
    first = Connection.objects.get(pk=unconnected.pk).secrets["refresh_token"]
    assert "was not begun here, is too old, or was used before" in said(browser, back)
    assert Connection.objects.get(pk=unconnected.pk).secrets["refresh_token"] == first


def test_a_state_is_good_for_the_person_who_began_only(unconnected: Connection) -> None:
    back = allow(press_connect(signed_in("ada"), unconnected))
    assert "was not begun here" in said(signed_in("bea"), back)
    assert not consent.given(Connection.objects.get(pk=unconnected.pk))


def test_a_state_taken_into_another_session_of_the_same_person_is_refused(unconnected: Connection) -> None:
    back = allow(press_connect(signed_in("ada"), unconnected))
    other = Browser()
    other.force_login(User.objects.get(username="ada"))
    assert "was not begun here" in said(other, back)


@pytest.mark.parametrize("state", ["", "made-up", "a:b:c"])
def test_a_state_we_did_not_sign_is_refused(unconnected: Connection, state: str) -> None:
    browser = signed_in()
    press_connect(browser, unconnected)
    address = reverse("admin:collectors_connection_consented") + f"?code=x&realmId=1&state={state}"
    assert "was not begun here" in said(browser, address)


def test_a_state_is_good_for_a_quarter_of_an_hour(unconnected: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in()
    back = allow(press_connect(browser, unconnected))
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 16 * 60)
    assert "too old" in said(browser, back)


def test_a_person_who_says_no_is_told_how_to_go_on(unconnected: Connection) -> None:
    browser = signed_in()
    state = parse_qs(urlsplit(press_connect(browser, unconnected)).query)["state"][0]
    address = reverse("admin:collectors_connection_consented") + f"?error=access_denied&state={state}"
    assert "Consent to QuickBooks Online was not given." in said(browser, address)


def test_a_code_the_vendor_does_not_know_stores_nothing(unconnected: Connection) -> None:
    browser = signed_in()
    state = parse_qs(urlsplit(press_connect(browser, unconnected)).query)["state"][0]
    address = reverse("admin:collectors_connection_consented") + f"?code=made-up&realmId=9130357421&state={state}"
    assert "did not accept the consent (invalid_grant: " in said(browser, address)
    stored = Connection.objects.get(pk=unconnected.pk)
    assert not consent.given(stored)
    assert "realm_id" not in stored.settings


def test_reconnecting_to_another_company_never_mixes_two_books(unconnected: Connection) -> None:
    unconnected.settings = {**unconnected.settings, "realm_id": "111"}
    unconnected.save()
    browser = signed_in()
    page = said(browser, allow(press_connect(browser, unconnected)))
    assert "That is another QuickBooks Online company than this connection" in page
    assert not consent.given(Connection.objects.get(pk=unconnected.pk))


@pytest.mark.parametrize("company", ["", "../1", "1?x=y", "a b"])
def test_a_company_id_that_fits_no_address_is_refused(unconnected: Connection, company: str) -> None:
    browser = signed_in()
    back = allow(press_connect(browser, unconnected))
    assert "did not say which company" in said(browser, back.replace("9130357421", requests.utils.quote(company)))


def test_reconnecting_clears_what_was_wrong_and_keeps_the_rest(playing: Playing) -> None:
    connection = playing.connection(QUICKBOOKS)
    connection.problem = "QuickBooks Online no longer accepts our consent."
    connection.save()
    playing.sandbox.vendors[QUICKBOOKS.slug].consent.revoke()  # type: ignore[attr-defined]
    browser = signed_in()
    browser.get(allow(press_connect(browser, connection)))
    stored = Connection.objects.get(pk=connection.pk)
    assert stored.problem == ""
    assert stored.secrets["client_secret"] == connection.secrets["client_secret"]
    assert stored.secrets["refresh_token"] != connection.secrets["refresh_token"]


def test_only_those_who_may_change_connections_can_connect_them(unconnected: Connection) -> None:
    browser = Browser()
    browser.force_login(User.objects.create_user("eve", is_staff=True))
    assert browser.get(reverse("admin:collectors_connection_connect", args=[unconnected.pk])).status_code == 403
    assert browser.get(reverse("admin:collectors_connection_consented")).status_code == 403


def test_a_vendor_that_asks_for_no_consent_says_so(playing: Playing) -> None:
    connection = playing.connection(VENDORS["ninjaone"])
    address = reverse("admin:collectors_connection_connect", args=[connection.pk])
    assert "asks for no consent" in said(signed_in(), address)
    assert consent.given(connection)


@pytest.mark.parametrize(
    ("days", "words"), [(31, ""), (29, "runs out on 29 June 2026"), (0, "ran out on 31 May 2026"), (-5, "ran out on")]
)
def test_it_warns_from_thirty_days_before_the_end(days: int, words: str) -> None:
    now = datetime(2026, 5, 31, 12, tzinfo=UTC)
    warning: Any = consent.warning(Connection(consent_expires_at=now + timedelta(days=days)), now)
    assert (words in warning) if words else warning == ""


def test_a_key_that_never_ends_gives_no_warning() -> None:
    assert consent.warning(Connection(consent_expires_at=None)) == ""
