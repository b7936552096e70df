"""The portfolio: one line a client, own clients first, sorted by any column with what is missing last."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.models import QuarterlyValue, State
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db
ADDRESS = "/portfolio/?period=2026-Q3"


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("owner")


@pytest.fixture
def reader(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def names(reader: Client, address: str) -> list[str]:
    rows = re.search(r"<tbody>.*</tbody>", reader.get(address).content.decode(), re.DOTALL)
    return re.findall(r'<th scope="row"[^>]*><a[^>]*>([^<]+)', rows[0]) if rows else []


def test_own_clients_come_first_and_one_click_shows_all(reader: Client, owner: User) -> None:
    world.fill(clients=5, owner=owner, months=3)
    assert names(reader, ADDRESS) == ["Alder Dental Group", "Cedar Point Logistics", "Elm Street Clinic"]
    assert len(names(reader, ADDRESS + "&show=all")) == 5


def test_who_owns_no_client_sees_all_of_them(reader: Client) -> None:
    world.fill(clients=3, months=3)
    assert len(names(reader, ADDRESS)) == 3


def test_it_sorts_by_a_figure_with_the_missing_last_either_way(reader: Client) -> None:
    world.fill(clients=3, months=3)
    missing = QuarterlyValue.objects.filter(
        scope__organization__slug="client-1", definition__metric="agreement_mrr", period__starts_on="2026-07-01"
    )
    assert missing.update(value=None, state=State.NOT_COLLECTED) == 1
    largest_first = names(reader, ADDRESS + "&sort=-agreement_mrr")
    assert largest_first == ["Cedar Point Logistics", "Alder Dental Group", "Birchwood Architects"]
    smallest_first = names(reader, ADDRESS + "&sort=agreement_mrr")
    assert smallest_first == ["Alder Dental Group", "Cedar Point Logistics", "Birchwood Architects"]


def test_it_filters_by_a_part_of_the_name(reader: Client) -> None:
    world.fill(clients=5, months=3)
    assert names(reader, ADDRESS + "&q=DENTAL") == ["Alder Dental Group"]


def test_a_column_one_may_not_see_orders_nothing() -> None:
    world.fill(clients=3, months=3)
    stranger = Client()
    stranger.force_login(User.objects.create_user("reader"))
    assert names(stranger, ADDRESS + "&sort=-agreement_mrr") == names(stranger, ADDRESS)


def test_a_file_holds_every_client_and_exact_values(reader: Client) -> None:
    world.fill(clients=60, months=3)
    text = reader.get(ADDRESS + "&panel=clients&format=csv").content.decode("utf-8-sig")
    stored = QuarterlyValue.objects.get(
        scope__organization__slug="client-0", definition__metric="aisp", period__starts_on="2026-07-01"
    ).value
    lines = text.splitlines()
    assert len(lines) == 61
    assert stored is not None and f"{stored.normalize():f}" in lines[1].split(",")
    assert Decimal(lines[1].split(",")[-3]) == stored.normalize()


def test_a_screen_holds_fifty_and_leads_to_the_rest(reader: Client) -> None:
    world.fill(clients=60, months=3)
    assert (len(names(reader, ADDRESS)), len(names(reader, ADDRESS + "&page=1"))) == (50, 10)


def test_it_is_about_every_client_though_one_came_along_in_the_address(reader: Client, owner: User) -> None:
    world.fill(clients=2, owner=owner, months=3)
    page = reader.get(f"{ADDRESS}&client=client-0").content.decode()
    assert "<title>Portfolio, Whole company" in page
    assert '<p class="over">' not in page
