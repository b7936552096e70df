"""The working of one number: what it means, its inputs with values, and nothing of what a person may not see."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.definitions import CATALOGUE
from qbr import access
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db


def signed_in(role: str = "") -> Client:
    person = User.objects.create_user("reader")
    if role:
        person.groups.add(access.make_roles()[role])
    client = Client()
    client.force_login(person)
    return client


def test_a_derived_number_shows_its_formula_with_the_values_put_in_and_links_its_inputs() -> None:
    world.fill(clients=1)
    body = signed_in().get("/numbers/rhem/?period=2026-Q3").content.decode()
    assert "Reactive hours / Endpoints managed / months" in body
    assert "/numbers/reactive_hours/?period=2026-Q3" in body


def test_a_number_of_a_quarter_shows_its_months() -> None:
    world.fill(clients=1)
    body = signed_in().get("/numbers/reactive_tickets_created/?period=2026-Q3").content.decode()
    assert "the sum of its months" in body
    assert [month in body for month in ("Jul 2026", "Aug 2026", "Sep 2026")] == [True] * 3


def test_a_hidden_number_looks_like_one_that_does_not_exist() -> None:
    world.fill(clients=1, months=1)
    reader = signed_in()
    hidden = [key for key, metric in CATALOGUE.items() if metric.access != "everyone"]
    statuses = {
        (key, form): reader.get(f"/numbers/{key}/?period=2026-09{form}").status_code
        for key in (*hidden, "no_such_thing")
        for form in ("", "&format=csv")
    }
    assert {asked: status for asked, status in statuses.items() if status != 404} == {}


def test_a_formula_does_not_tell_an_input_one_may_not_see() -> None:
    """Total expenses are finance; the wages within them are not shown to a vCIO."""
    world.fill(clients=1)
    body = signed_in("vCIO").get("/numbers/total_expenses/?period=2026-08").content.decode()
    assert "/numbers/employee_expense/" not in body


def test_every_metric_has_a_working_for_the_company_in_every_grain() -> None:
    world.fill(clients=1)
    reader = Client()
    reader.force_login(User.objects.create_superuser("admin"))
    found = {
        (metric, period): reader.get(f"/numbers/{metric}/?period={period}").status_code
        for metric in CATALOGUE
        for period in ("2026-09", "2026-Q3", "2026")
    }
    assert {asked for asked, status in found.items() if status != 200} == set()


def test_rows_that_take_too_long_are_said_so_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from metrics.working import OverBudget
    from qbr.pages import number

    def slow(*_: object, **__: object) -> None:
        raise OverBudget("These rows take too long to list. Choose a single month, or one client.")

    monkeypatch.setattr(number.working, "rows", slow)
    question = SimpleNamespace(person=None, scope=None, period=None, given={})
    explained = SimpleNamespace(number=SimpleNamespace(metric=SimpleNamespace(key="tickets_created"), fact_rows=1))
    listed = number._listed(explained, question)  # type: ignore[arg-type]
    assert listed.empty.startswith("These rows take too long")
    assert not listed.table.lines
