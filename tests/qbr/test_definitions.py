"""The Definitions page: every metric in words, found by what one types, and nothing a person may not see."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from collectors.facts.touched import Calendar
from metrics.definitions import CATALOGUE
from metrics.models import Basis, Definition, InForce
from metrics.periods import Month
from qbr.definitions import found, told
from tests.metrics.stored_values import store
from tests.qbr.pages import world

pytestmark = pytest.mark.django_db
QUERIES = 15


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def client(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def reader() -> User:
    return User.objects.create_user("reader")


def text(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_metric_is_there_with_an_address_of_its_own(client: Client) -> None:
    page = text(client, "/definitions/")
    for key in CATALOGUE:
        assert f'id="{key}"' in page and f'href="/definitions/{key}/"' in page
    for key, metric in CATALOGUE.items():
        assert metric.label in text(client, f"/definitions/{key}/").replace("&#x27;", "'").replace("&amp;", "&")


def test_what_a_person_may_not_see_is_absent(reader: User) -> None:
    client = Client()
    client.force_login(reader)
    page = text(client, "/definitions/")
    assert 'id="rhem"' in page
    for key in ("mrr", "employee_expense", "aisp"):
        assert f'id="{key}"' not in page and f"/definitions/{key}/" not in page
        assert client.get(f"/definitions/{key}/").status_code == 404
    reader.user_permissions.add(Permission.objects.get(content_type__app_label="metrics", codename="see_finance"))
    page = text(client, "/definitions/")
    assert 'id="mrr"' in page and 'id="employee_expense"' not in page
    assert "/definitions/employee_expense/" not in page  # total expenses reads it, and names it without a link


def test_a_definition_is_found_by_its_words_and_section(boss: User) -> None:
    def keys(query: str, section: str = "") -> set[str]:
        return {metric.key for metric in found.metrics(boss, query, section)}

    assert "rhem" in keys("hours endpoint")
    assert keys("all-in SEAT price") == {"aisp"}
    assert "reactive_hours" in keys("worked")  # what its second version says
    assert not keys("no such word")
    assert keys("", "Sales") == {key for key, metric in CATALOGUE.items() if metric.section.value == "Sales"}


def test_typing_brings_the_list_alone_and_the_address_brings_the_page(client: Client) -> None:
    part = text(client, "/definitions/?q=rhem", **{"HX-Request": "true"})
    assert part.lstrip().startswith('<div id="definitions"') and 'id="rhem"' in part and 'id="mrr"' not in part
    page = text(client, "/definitions/?q=rhem&section=Service")
    assert "<html" in page and 'value="rhem"' in page and '<option selected>Service</option>' in page
    assert "No definition holds these words." in text(client, "/definitions/?q=nothing+of+the+kind")
    assert '<script>' not in text(client, "/definitions/?q=<script>")


def test_a_definition_says_how_it_is_made_and_where_it_is_used(boss: User) -> None:
    [rhem] = told.everything(boss, [CATALOGUE["rhem"]])
    [(whom, pieces)] = rhem.shown.formulas
    assert (whom, "".join(piece.text for piece in pieces)) == ("", "Reactive hours ÷ Endpoints managed ÷ months")
    assert [piece.href for piece in pieces if piece.href] == [
        "/definitions/reactive_hours/", "/definitions/endpoints_managed/"
    ]
    assert (rhem.goal, rhem.better) == ("At most 0.250, near to it as far as 0.350", "Lower is better")
    assert "SmartNumbers" in {page.text for page in rhem.pages}
    [aisp, hours] = told.everything(boss, [CATALOGUE["aisp"], CATALOGUE["reactive_hours"]])
    assert [whom for whom, _ in aisp.shown.formulas] == ["For the company", "For a client"]
    assert {"RHEM (reactive hours / endpoint / month)"} <= {reader.text for reader in hours.read_by}
    assert [(version.number, bool(version.note)) for version in hours.versions] == [(1, False), (2, True)]


def test_who_owns_a_definition_is_a_row_an_administrator_edits(client: Client) -> None:
    someone = User.objects.create_user("pat", first_name="Pat", last_name="Example")
    assert "<dt>Owner</dt><dd>No one yet" in text(client, "/definitions/rhem/")
    form = "/admin/metrics/metricowner/add/"
    assert client.post(form, {"metric": "rhem", "owner": someone.pk}).status_code == 302
    assert "<dt>Owner</dt><dd>Pat Example" in text(client, "/definitions/rhem/")
    assert "already exists" in client.post(form, {"metric": "rhem", "owner": someone.pk}).content.decode()


def test_what_reads_a_metric_says_under_which_version(boss: User, client: Client) -> None:
    """Near and far: labor per ticket reads hours, and what is in force decides of which version."""
    store("reactive_hours", Month(2026, 4), "1", version=2)
    assert "Reactive hours under version 1" in text(client, "/definitions/rhem/")
    InForce.objects.create(
        metric="reactive_hours", from_on=date(2026, 4, 1), definition=Definition.objects.get(metric="reactive_hours")
    )
    assert "Reactive hours under version 2" in text(client, "/definitions/rhem/")
    assert "under version" not in text(client, "/definitions/endpoints_managed/")


def test_a_number_says_under_which_version_of_another_it_was_worked_out(client: Client) -> None:
    month = Month(2026, 9)
    store("reactive_hours", month, "460.5", version=2)
    store("rhem", month, "0.3")
    hours = Basis.objects.get(definition__metric="reactive_hours")
    Basis.objects.filter(definition__metric="rhem").update(inputs=[hours.pk])
    assert "Reactive hours under version 2" in text(client, "/numbers/rhem/?period=2026-09")


def test_the_page_asks_the_same_few_questions_however_much_there_is(client: Client) -> None:
    Calendar.current()
    with CaptureQueriesContext(connection) as empty:
        text(client, "/definitions/")
    world.fill(clients=2, months=3)
    with CaptureQueriesContext(connection) as full:
        text(client, "/definitions/")
    assert len(full) == len(empty) <= QUERIES


def test_a_number_is_told_under_its_other_version_too(boss: User, client: Client) -> None:
    store("reactive_hours", Month(2026, 9), "452.08")
    store("reactive_hours", Month(2026, 9), "460.5", version=2)
    page = text(client, "/numbers/reactive_hours/?period=2026-09")
    assert "Under version 2: <strong>460.5" in page and 'href="/definitions/reactive_hours/"' in page
    assert "Under version" not in text(client, "/numbers/endpoints_managed/?period=2026-09")
