"""The working of one number: what it means, its inputs with values, and nothing of what a person may not see."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.definitions import CATALOGUE
from metrics.models import Definition, QuarterlyValue
from qbr import access
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db


def plain(body: str) -> str:
    """What is read of it, tags and line breaks left out."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?a\b[^>]*>", "", body))).split())


def short(value: Decimal | None) -> str:
    assert value is not None
    return f"{round(value, 4):,f}".rstrip("0").rstrip(".")


def signed_in(role: str = "", name: str = "reader") -> Client:
    person = User.objects.create_user(name)
    if role:
        person.groups.add(access.make_roles()[role])
    client = Client()
    client.force_login(person)
    return client


def test_a_derived_number_shows_its_formula_with_the_values_put_in_and_links_its_inputs() -> None:
    world.fill(clients=1)
    body = signed_in().get("/numbers/rhem/?period=2026-Q3").content.decode()
    value = {key: QuarterlyValue.objects.get(
        scope__kind="company", definition__metric=key, period__starts_on="2026-07-01"
    ).value for key in ("reactive_hours", "endpoints_managed", "rhem")}  # fmt: skip
    assert "Reactive hours / Endpoints managed / months" in plain(body)
    assert (
        f"= {short(value['reactive_hours'])} h / {short(value['endpoints_managed'])} endpoints / 3 months"
        f" = {short(value['rhem'])}"
    ) in plain(body)
    assert "/numbers/reactive_hours/?period=2026-Q3" in body


def test_the_year_to_date_has_a_working_of_its_own_and_so_have_its_inputs() -> None:
    world.fill(clients=1)
    body = signed_in().get("/numbers/rhem/?period=2026-Q3&year=to-date").content.decode()
    assert "Year to date, through Q3 2026" in body
    assert "/ 9 months" in plain(body)
    assert "/numbers/reactive_hours/?period=2026-Q3&amp;year=to-date" in body
    inputs = signed_in("Editor", "other").get("/numbers/reactive_hours/?period=2026-Q3&year=to-date").content.decode()
    assert "the sum of its months" in inputs
    assert [month in inputs for month in ("Jan 2026", "Sep 2026", "Oct 2026", "Dec 2025")] == [True, True, False, False]


def test_what_opens_beside_a_number_is_its_working_without_the_page_around_it() -> None:
    world.fill(clients=1)
    reader = signed_in()
    answer = reader.get("/numbers/rhem/?period=2026-Q3&client=client-0", headers={"HX-Request": "true"})
    body = answer.content.decode()
    assert "<html" not in body
    assert 'id="in-place-title"' in body
    assert "/numbers/rhem/?client=client-0&amp;period=2026-Q3" in body
    assert "HX-Request" in answer.headers["Vary"]


def test_a_part_there_is_not_is_not_found() -> None:
    world.fill(clients=1)
    assert signed_in().get("/numbers/rhem/?period=2026-Q3&part=nothing").status_code == 404


def test_versions_of_the_definition_say_what_changed_and_which_one_this_is() -> None:
    world.fill(clients=1)
    reader = signed_in()
    assert "Versions of its definition" not in reader.get("/numbers/rhem/?period=2026-Q3").content.decode()
    Definition.objects.create(
        metric="rhem", version=99, fingerprint="other", since=date(2026, 8, 1), note="Counts hours by the day worked."
    )
    body = plain(reader.get("/numbers/rhem/?period=2026-Q3").content.decode())
    assert "Counts hours by the day worked." in body
    assert "Version 1 this number's" in body


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

    from metrics import working
    from metrics.working import OverBudget
    from qbr.pages import rows_shown

    def slow(*_: object, **__: object) -> None:
        raise OverBudget("These rows take too long to list. Choose a single month, or one client.")

    monkeypatch.setattr(working, "rows", slow)
    question = SimpleNamespace(person=None, scope=None, period=None, given={})
    number = SimpleNamespace(metric=SimpleNamespace(key="tickets_created"), fact_rows=1)
    explained = SimpleNamespace(number=number, to_date=False)
    listed = rows_shown.listed(explained, question)  # type: ignore[arg-type]
    assert listed.empty.startswith("These rows take too long")
    assert not listed.table.lines
