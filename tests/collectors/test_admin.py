"""The admin of connections: forms from vendor files, keys that are never read back, runs and quarantine."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule

from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.facts.touched import EVERY_ACCOUNT, Touched
from collectors.vendors import VENDORS
from tests.collectors.playing import Playing

pytestmark = pytest.mark.django_db
NINJA = VENDORS["ninjaone"]
LIST = reverse("admin:collectors_connection_changelist")
ADD = reverse("admin:collectors_connection_add")


@pytest.fixture
def browser() -> Browser:
    made = Browser()
    made.force_login(User.objects.create_superuser("ada"))
    return made


def form(playing: Playing, **changed: str) -> dict[str, str]:
    played = playing.sandbox.vendors[NINJA.slug]
    settings = played.settings(f"{playing.sandbox.base}/{NINJA.slug}")
    return {"label": "Our RMM", "enabled": "on", "schedule": "17 * * * *", **settings, **played.secrets(), **changed}


def added(browser: Browser, playing: Playing, **changed: str) -> Connection:
    reply = browser.post(f"{ADD}?vendor=ninjaone", form(playing, **changed))
    assert reply.status_code == 302, errors(reply)
    return Connection.objects.get(label=changed.get("label", "Our RMM"))


def errors(reply: Any) -> str:
    return " ".join(str(found) for found in reply.context["adminform"].form.errors.values())


def page(browser: Browser, connection: Connection) -> str:
    return browser.get(reverse("admin:collectors_connection_change", args=[connection.pk])).content.decode()


def test_the_vendor_is_chosen_first(browser: Browser) -> None:
    shown = browser.get(ADD).content.decode()
    for vendor in VENDORS.values():
        assert f'<a href="?vendor={vendor.slug}">{vendor.label}</a>' in shown


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=list(VENDORS))
def test_the_form_asks_what_the_vendor_file_declares(browser: Browser, vendor: Any) -> None:
    shown = browser.get(f"{ADD}?vendor={vendor.slug}").content.decode()
    for setting in vendor.settings:
        assert f'name="{setting.name}"' in shown
        assert setting.label in shown
        kind = re.search(rf'<input type="(\w+)" name="{setting.name}"', shown)
        assert (kind is not None and kind[1] == "password") == setting.secret


def test_the_form_names_the_address_a_consent_comes_back_to(browser: Browser) -> None:
    callback = "http://testserver" + reverse("admin:collectors_connection_consented")
    assert callback in browser.get(f"{ADD}?vendor=quickbooks_online").content.decode()
    assert callback not in browser.get(f"{ADD}?vendor=ninjaone").content.decode()


def test_a_connection_is_stored_with_its_keys_sealed(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    assert connection.vendor == "ninjaone"
    assert connection.settings == {"address": f"{playing.sandbox.base}/ninjaone"}
    assert connection.secrets == playing.sandbox.vendors["ninjaone"].secrets()
    assert b"sandbox-ninja-secret" not in bytes(connection.secrets_sealed or b"")
    assert (connection.counts_from, connection.counts_to) == (EARLIEST, FOREVER)


def test_keys_are_never_shown_again(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    shown = page(browser, connection) + browser.get(LIST).content.decode()
    shown += browser.post(f"{ADD}?vendor=ninjaone", form(playing, label="")).content.decode()
    for secret in connection.secrets.values():
        assert secret not in shown
    assert "It is set. Leave this empty to keep it." in shown


def test_a_key_left_empty_is_kept_and_one_typed_replaces_it(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    connection.problem = "NinjaOne does not accept the client id and secret."
    connection.save()
    change = reverse("admin:collectors_connection_change", args=[connection.pk])
    browser.post(change, form(playing, label="RMM", client_id="", client_secret=""))
    connection.refresh_from_db()
    assert connection.label == "RMM"
    assert connection.secrets == playing.sandbox.vendors["ninjaone"].secrets()
    assert connection.problem
    browser.post(change, form(playing, client_id="", client_secret="another-secret"))
    connection.refresh_from_db()
    assert connection.secrets == {"client_id": "sandbox-ninja-client", "client_secret": "another-secret"}
    assert connection.problem == ""


def test_a_token_stored_while_the_form_was_open_survives_it(browser: Browser, playing: Playing) -> None:
    quickbooks = VENDORS["quickbooks_online"]
    connection = playing.connection(quickbooks)
    change = reverse("admin:collectors_connection_change", args=[connection.pk])
    browser.get(change)
    connection.secrets = {**connection.secrets, "refresh_token": "rotated-meanwhile"}
    connection.settings = {**connection.settings, "realm_id": "77"}
    connection.save()
    given = {"label": "Books", "schedule": "5 3 * * *", **connection.settings, "realm_id": "", "basis": "Cash"}
    assert browser.post(change, given).status_code == 302
    connection.refresh_from_db()
    assert connection.secrets["refresh_token"] == "rotated-meanwhile"
    assert connection.settings["realm_id"] == "77"
    assert connection.settings["basis"] == "Cash"


@pytest.mark.parametrize("schedule", ["", "hourly", "17 * * *", "99 * * * *", "* * * * * *", "17 * * * * * *"])
def test_a_schedule_that_is_none_is_named(browser: Browser, playing: Playing, schedule: str) -> None:
    reply = browser.post(f"{ADD}?vendor=ninjaone", form(playing, schedule=schedule))
    assert reply.status_code == 200
    assert "schedule" in errors(reply) or "required" in errors(reply)


@pytest.mark.parametrize("address", ["http://vendor.example", "vendor.example", "ftp://vendor.example", "https://"])
def test_an_address_that_would_carry_keys_in_the_open_is_refused(
    browser: Browser, playing: Playing, address: str
) -> None:
    reply = browser.post(f"{ADD}?vendor=ninjaone", form(playing, address=address))
    assert reply.status_code == 200
    assert "https://" in errors(reply)


def test_two_connections_to_one_system_have_two_names(browser: Browser, playing: Playing) -> None:
    added(browser, playing)
    assert "of this name already" in errors(browser.post(f"{ADD}?vendor=ninjaone", form(playing)))
    added(browser, playing, label="Our other RMM")


def test_days_on_which_facts_count_are_kept_in_order(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing, counts_from="2025-01-01", counts_to="2026-01-01")
    assert (connection.counts_from, connection.counts_to) == (date(2025, 1, 1), date(2026, 1, 1))
    reply = browser.post(f"{ADD}?vendor=ninjaone", form(playing, counts_from="2026-01-01", counts_to="2026-01-01"))
    assert "later than the day it counts from" in errors(reply)


def test_other_days_on_which_facts_count_ask_for_new_figures(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    address = reverse("admin:collectors_connection_change", args=[connection.pk])
    assert browser.post(address, form(playing, label="Renamed", counts_from="", counts_to="")).status_code == 302
    assert not Touched.objects.exists()
    assert browser.post(address, form(playing, counts_from="2025-01-01", counts_to="2026-01-01")).status_code == 302
    assert list(Touched.objects.values_list("account", "month")) == [(EVERY_ACCOUNT, EARLIEST)]


def test_schedules_follow_the_connections(
    browser: Browser, playing: Playing, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        connection = added(browser, playing)
    named = Schedule.objects.filter(name__endswith=f"connection {connection.pk}")
    assert named.exists()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(LIST, {"action": "disable", "_selected_action": [connection.pk]})
    connection.refresh_from_db()
    assert not connection.enabled
    assert not named.exists()


def test_a_connection_is_tested_with_a_press(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    test = reverse("admin:collectors_connection_test", args=[connection.pk])
    assert f'action="{test}"' in page(browser, connection)
    assert "Connected to NinjaOne." in browser.post(test, follow=True).content.decode()
    assert browser.get(test).status_code == 405


def test_a_wrong_key_says_what_is_wrong(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing, client_secret="wrong-secret-77")
    shown = browser.post(LIST, {"action": "test_connections", "_selected_action": [connection.pk]}, follow=True)
    assert "NinjaOne does not accept the client id and secret (invalid_client: " in shown.content.decode()
    assert "wrong-secret-77" not in shown.content.decode()


def test_what_is_wrong_and_what_runs_out_stands_above_the_form(browser: Browser, playing: Playing) -> None:
    connection = playing.connection(VENDORS["quickbooks_online"])
    connection.problem = "QuickBooks Online no longer accepts our consent."
    connection.consent_expires_at = timezone.now() + timedelta(days=3)
    connection.save()
    shown = page(browser, connection)
    assert connection.problem in shown
    assert "The consent runs out on" in shown
    assert ">Reconnect</a>" in shown
    assert "The consent runs out on" in browser.get(LIST).content.decode()


def test_keys_of_another_installation_are_asked_for_anew(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    connection.secrets_sealed = b"sealed with a key that is gone"
    connection.save()
    assert "Not set yet." in page(browser, connection)
    browser.post(reverse("admin:collectors_connection_change", args=[connection.pk]), form(playing))
    connection.refresh_from_db()
    assert connection.secrets == playing.sandbox.vendors["ninjaone"].secrets()


def test_who_may_only_look_cannot_test_or_change(browser: Browser, playing: Playing) -> None:
    connection = added(browser, playing)
    looker = Browser()
    looker.force_login(User.objects.create_user("eve", is_staff=True))
    for name in ("test", "connect"):
        address = reverse(f"admin:collectors_connection_{name}", args=[connection.pk])
        assert looker.post(address).status_code == 403
    assert looker.get(ADD).status_code == 403


def test_runs_are_listed_with_their_counts_and_cannot_be_changed(browser: Browser, playing: Playing) -> None:
    counts = {"devices": {"read": 4100, "added": 30}, "locations": {"read": 11}}
    run = CollectorRun.objects.create(
        connection=playing.connection(NINJA), as_of=timezone.now(), state="done", counts=counts
    )
    shown = browser.get(reverse("admin:collectors_collectorrun_changelist")).content.decode()
    assert ">4111<" in shown
    assert ">30<" in shown
    change = reverse("admin:collectors_collectorrun_change", args=[run.pk])
    assert browser.get(change).status_code == 200
    assert browser.post(change, {"state": "failed"}).status_code == 403
    assert browser.get(reverse("admin:collectors_collectorrun_add")).status_code == 403


class TestQuarantine:
    @pytest.fixture
    def record(self, playing: Playing) -> QuarantinedRecord:
        return QuarantinedRecord.objects.create(
            connection=playing.connection(NINJA),
            endpoint="organizations",
            external_id="5",
            reason="name: missing",
            record={"id": 5, "description": "<script>PSA: 250</script>"},
        )

    def test_a_record_is_shown_with_its_reason_and_cannot_be_changed(
        self, browser: Browser, record: QuarantinedRecord
    ) -> None:
        change = reverse("admin:collectors_quarantinedrecord_change", args=[record.pk])
        shown = browser.get(change).content.decode()
        assert "name: missing" in shown
        assert "&lt;script&gt;PSA: 250" in shown
        assert browser.post(change, {"reason": "none"}).status_code == 403

    def test_it_is_tried_again_with_a_press(self, browser: Browser, record: QuarantinedRecord) -> None:
        address = reverse("admin:collectors_quarantinedrecord_changelist")
        again = {"action": "try_again", "_selected_action": [record.pk]}
        assert "0 loaded, 1 still cannot be read." in browser.post(address, again, follow=True).content.decode()
        record.record = {"id": 5, "name": "Acme"}
        record.save()
        assert "1 loaded, 0 still cannot be read." in browser.post(address, again, follow=True).content.decode()
        assert Account.objects.get(external_id="5").name == "Acme"


def test_the_form_says_how_a_key_is_made_what_is_never_read_and_that_a_key_can_write(browser: Browser) -> None:
    about = VENDORS["pax8"].about
    assert about is not None and about.writes
    shown = unescape(browser.get(f"{ADD}?vendor=pax8").content.decode())
    for said in (*about.key, *about.never, about.writes):
        assert said in shown
