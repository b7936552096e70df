"""Panels over facts say that there is nothing only where it was looked for."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.qbr.pages import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def test_what_was_not_read_is_never_called_none(reader: Client) -> None:
    body = reader.get("/service/?period=2026-Q3&panel=open-by-age").content.decode()
    assert "Tickets open: nothing read for this period." in body
    assert "No reactive ticket was open." not in body


def test_none_is_said_where_it_was_looked_for(reader: Client) -> None:
    world.fill(clients=1)
    assert "No reactive ticket was open." in reader.get("/service/?period=2026-Q3&panel=open-by-age").content.decode()


def test_a_panel_that_tells_money_is_absent_without_the_permission() -> None:
    world.fill(clients=1)
    client = Client()
    client.force_login(User.objects.create_user("reader"))
    for panel in ("agreements", "moved", "beside-ledger", "unmapped", "bridge"):
        assert client.get(f"/financial/?period=2026-Q3&panel={panel}").status_code == 404
