"""The month grid as a form: what is saved, what is refused by name, and what a person may not do."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from collectors.facts.touched import Calendar
from metrics.models import Entry
from metrics.periods import Month
from organizations.models import Organization
from qbr.entry.grid import SHOWN_MONTHS, Asked, edits, plain, this_month

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def fields(web: Client, address: str = "") -> dict[str, str]:
    """The form as a browser would send it back unchanged."""
    text = web.get(reverse("entry") + address).content.decode()
    found = re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', text, re.DOTALL)
    return {html.unescape(name): html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def save(web: Client, typed: dict[str, str], **headers: str):
    return web.post(reverse("entry"), fields(web) | typed, **headers)


def entries() -> dict[tuple[str, str], Decimal | None]:
    rows = Entry.objects.filter(superseded_at=None).select_related("period")
    return {(row.metric, str(Month.holding(row.period.starts_on))): row.value for row in rows}


def test_what_is_typed_is_saved_and_the_figures_are_asked_for(web: Client, month: Month) -> None:
    answer = save(web, {f"employees:{month}": "8.5", f"telemarketing_dials:{month}": "1,200", "note": "payroll"})
    assert answer.status_code == 302
    assert entries() == {
        ("employees", str(month)): Decimal("8.5"), ("telemarketing_dials", str(month)): Decimal(1200)
    }  # fmt: skip
    assert OrmQ.objects.count() == 1


def test_the_form_sent_back_unchanged_saves_nothing(web: Client, month: Month) -> None:
    save(web, {f"employees:{month}": "8.5"})
    OrmQ.objects.all().delete()
    save(web, {})
    assert Entry.objects.count() == 1
    assert not OrmQ.objects.exists()


def test_a_wrong_cell_is_named_and_keeps_what_was_typed_while_the_others_are_saved(web: Client, month: Month) -> None:
    answer = save(web, {f"employees:{month}": "eight", f"technical_employees:{month}": "5.5"})
    text = html.unescape(answer.content.decode())
    assert entries() == {("technical_employees", str(month)): Decimal("5.5")}
    assert "1 cell could not be saved" in text
    assert f"Employees, {month.label}: “eight” is not a number." in text
    assert re.search(rf'name="employees:{month}" value="eight"', text)
    assert 'aria-invalid="true"' in text


def test_what_another_person_saved_meanwhile_is_not_put_back(web: Client, month: Month) -> None:
    opened = fields(web)
    save(web, {f"employees:{month}": "9"})
    web.post(reverse("entry"), opened | {f"technical_employees:{month}": "6"})
    assert entries()[("employees", str(month))] == Decimal(9)


def test_emptying_a_cell_takes_the_entry_back(web: Client, month: Month) -> None:
    save(web, {f"employees:{month}": "9"})
    save(web, {f"employees:{month}": ""})
    assert entries() == {}
    assert Entry.objects.count() == 1  # superseded, not deleted


def test_a_month_that_has_not_begun_takes_nothing(web: Client) -> None:
    ahead = this_month().shift(1)
    answer = save(web, {f"employees:{ahead}": "9"})
    assert entries() == {}
    assert "the month has not begun" in answer.content.decode()


def test_each_cell_says_who_entered_it_and_why(web: Client, month: Month) -> None:
    save(web, {f"employees:{month}": "9", "note": "hired Dana"})
    text = web.get(reverse("entry")).content.decode()
    assert "Sam Field" in text and "hired Dana" in text


def test_htmx_gets_the_grid_alone(web: Client, month: Month) -> None:
    text = save(web, {f"employees:{month}": "9"}, HTTP_HX_REQUEST="true").content.decode()
    assert "1 cell saved" in text
    assert "<html" not in text


def test_those_who_may_not_enter_are_turned_away(client: Client, editor: User, month: Month) -> None:
    assert client.get(reverse("entry")).status_code == 302
    client.force_login(User.objects.create_user("reader"))
    assert client.get(reverse("entry")).status_code == 403
    assert client.post(reverse("entry"), {f"employees:{month}": "9"}).status_code == 403
    assert entries() == {}


def test_wages_are_absent_for_those_who_may_not_see_them(web: Client) -> None:
    assert "employee_expense" not in web.get(reverse("entry") + "?rows=all").content.decode()


def test_a_client_is_entered_for_as_itself(web: Client, month: Month) -> None:
    Organization.objects.create(slug="acme", name="Acme")
    address = "?client=acme"
    web.post(reverse("entry") + address, fields(web, address) | {f"endpoints_managed:{month}": "12"})
    assert Entry.objects.get().scope.organization.slug == "acme"


@pytest.mark.parametrize("until", ["", "nonsense", "2025-Q1", "9998-12"])
def test_an_address_that_asks_for_no_month_gets_the_newest(web: Client, until: str, rf) -> None:
    asked = Asked.of(rf.get("/", {"until": until}).GET)
    assert asked.until == this_month()
    assert len(asked.months) == SHOWN_MONTHS


def test_the_running_month_is_told_in_the_business_time_zone(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 4, 1, 3, 0, tzinfo=UTC))
    assert this_month() == Month(2026, 3)


@pytest.mark.parametrize(
    "value, text", [(None, ""), ("8.50000000", "8.5"), ("1200.00000000", "1200"), ("0E-8", "0"), ("-2044", "-2044")]
)
def test_a_number_is_shown_as_it_would_be_typed(value: str | None, text: str) -> None:
    assert plain(None if value is None else Decimal(value)) == text


def test_a_form_that_is_not_ours_is_refused(rf) -> None:
    with pytest.raises(ValueError):
        edits(rf.post("/", {"stood": "[]"}).POST)
