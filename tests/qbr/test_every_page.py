"""Every page, as declared: it works from its address alone, with data and without, at the same cost for any number."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics.definitions import CATALOGUE
from qbr import access
from qbr.pages.layout import Page
from qbr.pages.urls import PAGES
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db
PERIOD = "2026-Q3"
QUERIES = 45  # for a whole page with everything on it


@pytest.fixture
def admin() -> User:
    return User.objects.create_superuser("admin")


@pytest.fixture
def reader(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def address(page: Page, client: str = "") -> str:
    return f"/{page.path}{'/' if page.path else ''}?period={PERIOD}" + (f"&client={client}" if client else "")


def whose(page: Page) -> list[str]:
    """For whom a page can be asked: nobody in particular, a client, or either."""
    return [*([] if page.client_only else [""]), *(["client-0"] if page.client_rows is not None else [])]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_it_names_only_metrics_that_exist(page: Page) -> None:
    named = {
        key
        for row in (*page.rows, *(page.client_rows or ()))
        for panel in row
        for key in (*panel.metrics, *panel.guarded_by)
    }
    assert named <= CATALOGUE.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_it_calls_each_of_its_panels_differently(page: Page) -> None:
    for rows in (page.rows, page.client_rows or ()):
        keys = [panel.key for row in rows for panel in row]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_it_renders_with_no_data_at_all(page: Page, reader: Client) -> None:
    if page.client_only:
        assert reader.get(address(page)).status_code == 302
    else:
        assert reader.get(address(page) + "&whole=1").status_code == 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_it_renders_with_data_whole_and_as_a_part(page: Page, reader: Client) -> None:
    world.fill(clients=2)
    for client in whose(page):
        whole = reader.get(address(page, client) + "&whole=1")
        part = reader.get(address(page, client), headers={"HX-Request": "true"})
        assert (whole.status_code, part.status_code) == (200, 200)
        assert ("<html" in whole.content.decode(), "<html" in part.content.decode()) == (True, False)


def test_pages_ask_no_more_of_the_database_for_fifty_clients_than_for_five(reader: Client) -> None:
    counts: list[dict[str, int]] = []
    for clients in (5, 50):
        world.fill(clients=clients, prefix=f"of-{clients}", months=9)
        counts.append(
            {page.slug: queries(reader, address(page, f"of-{clients}-0" * page.client_only)) for page in PAGES}
        )
    few, many = counts
    assert {slug: (few[slug], many[slug]) for slug in few if many[slug] > few[slug]} == {}
    assert {slug: count for slug, count in few.items() if count > QUERIES} == {}


def queries(reader: Client, path: str) -> int:
    """With everything on the page, its slow panels too, and what is looked up once a process already known."""
    reader.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert reader.get(path + "&whole=1").status_code == 200
    return len(asked)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_its_tables_can_be_taken_away(page: Page, reader: Client) -> None:
    world.fill(clients=2)
    for client in whose(page):
        body = reader.get(address(page, client) + "&whole=1").content.decode()
        for href in set(re.findall(r'href="([^"]+format=(?:csv|xlsx)[^"]*)"', body)):
            taken = reader.get(href.replace("&amp;", "&"))
            assert taken.status_code == 200
            assert "attachment" in taken["Content-Disposition"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_what_a_person_may_not_see_is_absent(page: Page) -> None:
    world.fill(clients=2)
    stranger = Client()
    stranger.force_login(User.objects.create_user("reader"))
    hidden = [metric for metric in CATALOGUE.values() if metric.access != "everyone"]
    for client in whose(page):
        body = stranger.get(address(page, client) + "&whole=1").content.decode()
        assert [metric.key for metric in hidden if f"/numbers/{metric.key}/" in body] == []


def test_a_vcio_sees_finance_but_no_wages() -> None:
    world.fill(clients=1)
    person = User.objects.create_user("vcio")
    person.groups.add(access.make_roles()["vCIO"])
    client = Client()
    client.force_login(person)
    body = client.get(f"/business-review/?period={PERIOD}").content.decode()
    assert ("/numbers/total_revenue/" in body, "/numbers/employee_expense/" in body) == (True, False)


def test_making_the_roles_twice_changes_nothing() -> None:
    first = {
        role: set(group.permissions.values_list("codename", flat=True)) for role, group in access.make_roles().items()
    }
    second = {
        role: set(group.permissions.values_list("codename", flat=True)) for role, group in access.make_roles().items()
    }
    assert first == second == {role: set(names) for role, names in access.ROLES.items()}
    assert Group.objects.count() == len(access.ROLES)


def test_a_stranger_is_asked_to_sign_in_and_brought_back() -> None:
    answer = Client().get("/service/?period=2026-Q3")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/service/%3Fperiod%3D2026-Q3")


@pytest.mark.parametrize(
    "wrong", ["period=2026-Q9", "period=next", "client=nobody", "panel=nothing", "panel=flow&format=pdf"]
)
def test_an_address_that_means_nothing_is_not_found(reader: Client, wrong: str) -> None:
    assert reader.get(f"/service/?{wrong}").status_code == 404
