"""The Data page asks the database no more often for fifty clients than for five, and each part stands alone."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.touched import Calendar
from organizations.models import AccountLink, Organization

pytestmark = pytest.mark.django_db
BUDGET = {"data": 30, "data_parts": 12, "data_runs": 10, "entry": 20}


@pytest.fixture
def web(client: Client) -> Client:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago", "read_from": date(2024, 1, 1)})
    client.force_login(User.objects.create_superuser("admin"))
    return client


def clients(many: int, source: Connection) -> None:
    for number in range(Organization.objects.count(), many):
        organization = Organization.objects.create(slug=f"client-{number}", name=f"Client {number}")
        account = Account.objects.create(connection=source, external_id=str(number), name=organization.name)
        AccountLink.objects.create(account=account, organization=organization, verdict="linked", method="person")
        Account.objects.create(connection=source, external_id=f"waits-{number}", name=f"Waits {number}")


@pytest.mark.parametrize("name", BUDGET)
def test_the_number_of_statements_does_not_grow_with_the_clients(web: Client, name: str) -> None:
    source = Connection.objects.create(vendor="connectwise_psa", label="PSA")
    asked = []
    for many in (5, 50):
        clients(many, source)
        web.get(reverse(name))  # what is looked up once and kept is no part of it
        with CaptureQueriesContext(connection) as queries:
            assert web.get(reverse(name)).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= BUDGET[name]


@pytest.mark.parametrize("name", ["data_parts", "data_runs"])
def test_a_part_is_a_page_of_its_own_without_scripts_and_only_itself_for_htmx(web: Client, name: str) -> None:
    assert "<html" in web.get(reverse(name)).content.decode()
    assert "<html" not in web.get(reverse(name), HTTP_HX_REQUEST="true").content.decode()


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    for name in BUDGET:
        assert client.get(reverse(name)).headers["Location"].startswith(reverse("sign_in"))


def test_whoever_may_not_see_money_is_not_told_of_it(client: Client, web: Client) -> None:
    assert "Recurring revenue, twice" in web.get(reverse("data_parts")).content.decode()
    client.force_login(User.objects.create_user("reader"))
    text = client.get(reverse("data_parts")).content.decode()
    assert "Recurring revenue, twice" not in text and "Agreement MRR" not in text


def test_a_connection_that_nothing_reads_says_so_and_cannot_be_collected(web: Client) -> None:
    source = Connection.objects.create(vendor="taken_out_of_the_tree", label="Our backups")
    text = web.get(reverse("data")).content.decode()
    assert "Entered without a collector" in text and "No vendor file reads taken_out_of_the_tree here" in text
    assert "Collect now" not in text and "Not read yet" not in text and "Next read" not in text
    assert web.post(reverse("data_collect", args=[source.pk])).status_code == 404
    assert "Our backups" not in web.get(reverse("today")).content.decode()  # nobody has to do anything about it
    assert "Our backups" not in web.get(reverse("set_up_read")).content.decode()
