"""A connection that no vendor file reads: its records were written into the tables, and nothing may trip over it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from collectors import schedules
from collectors.connections import Connection
from collectors.declare import Layer
from collectors.systems import UNREAD, is_collected, system, uncollected
from collectors.vendors import VENDORS

SLUGS = [*UNREAD, "taken_out_of_the_tree"]
TOLD = "no vendor file reads"


@pytest.fixture
def web(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def entered(slug: str = "taken_out_of_the_tree", **fields: object) -> Connection:
    return Connection.objects.create(vendor=slug, label=system(slug).label, **fields)


def test_a_system_is_known_by_its_label_and_layer_with_or_without_a_file() -> None:
    assert system("datto_bcdr") == ("Datto BCDR", Layer.BACKUP) and is_collected("datto_bcdr")
    assert system("ninjaone") == ("NinjaOne", Layer.RMM) and is_collected("ninjaone")
    assert system("taken_out_of_the_tree") == ("taken_out_of_the_tree", None)
    assert not UNREAD.keys() & VENDORS.keys()  # a system that gets its file leaves the list


@pytest.mark.django_db
def test_nothing_is_scheduled_for_it_and_collecting_everything_passes_it_by() -> None:
    source = entered()
    Schedule.objects.create(name=f"{schedules.READ}{source.pk}", func="collectors.tasks.collect_on_schedule")
    schedules.match()
    assert not Schedule.objects.filter(name__startswith=schedules.READ).exists()
    call_command("collect")
    assert not source.runs.exists()


@pytest.mark.parametrize("slug", SLUGS)
def test_its_admin_page_opens_and_says_that_no_file_reads_it(web: Client, slug: str) -> None:
    source = entered(slug)
    listed = web.get(reverse("admin:collectors_connection_changelist")).content.decode()
    assert source.label in listed and uncollected(slug) in listed
    page = web.get(reverse("admin:collectors_connection_change", args=[source.pk])).content.decode()
    assert f"{TOLD} {source.label}" in page and "Test connection" not in page and "id_schedule" not in page


def test_its_label_and_days_can_be_changed_and_nothing_else_of_it(web: Client) -> None:
    source = entered(settings={"kept": "as it is"}, enabled=False)
    other = entered("taken_out_too")
    address = reverse("admin:collectors_connection_change", args=[source.pk])
    web.post(address, {"label": "Our EDR", "counts_from": "2025-02-01", "counts_to": ""})
    source.refresh_from_db()
    assert (source.label, f"{source.counts_from}") == ("Our EDR", "2025-02-01")
    assert source.settings == {"kept": "as it is"} and not source.enabled
    Connection.objects.create(vendor=other.vendor, label="Second tenant")
    refused = web.post(reverse("admin:collectors_connection_change", args=[other.pk]), {"label": "Second tenant"})
    assert "a connection to taken_out_too of this name already" in refused.content.decode()


def test_it_can_be_neither_tested_nor_consented_to(web: Client) -> None:
    source = entered()
    tested = web.post(reverse("admin:collectors_connection_test", args=[source.pk]), follow=True)
    assert "entered without a collector. There is nothing to test." in tested.content.decode()
    asked = web.get(reverse("admin:collectors_connection_connect", args=[source.pk]), follow=True)
    assert "asks for no consent." in asked.content.decode()
    many = {"action": "test_connections", "_selected_action": [source.pk]}
    said = web.post(reverse("admin:collectors_connection_changelist"), many, follow=True)
    assert "There is nothing to test." in said.content.decode()
