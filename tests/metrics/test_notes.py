"""Notes with a date: whom they touch, who sees them, and that taking one back keeps it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from metrics import notes
from metrics.models import Note
from metrics.notes import Refused
from metrics.reading import COMPANY, ScopeRef, client
from organizations.models import Organization
from tests.metrics.stored_values import person, scope_row

pytestmark = pytest.mark.django_db

YEAR = (date(2025, 1, 1), date(2026, 1, 1))
ACME, OTHER = client("acme"), client("other")
NUMBERS = ["rhem", "mrr"]


@pytest.fixture
def writer() -> User:
    for scope in (ACME, OTHER):
        Organization.objects.create(slug=scope.slug, name=scope.slug.title())
        scope_row(scope)
    scope_row(COMPANY)
    return person("writer", "see_finance", "enter_numbers")


def add(by: User, text: str, on: str = "2025-03-12", **also: Any) -> Note:
    return notes.add(by, kind=also.pop("kind", "outage"), on=date.fromisoformat(on), text=text, **also)


def seen(by: User, scope: ScopeRef = COMPANY, metrics: list[str] = NUMBERS) -> list[str]:
    return [note.text for note in notes.touching(by, scope, metrics, *YEAR)]


def test_a_note_touches_its_client_its_number_or_everything(writer: User) -> None:
    add(writer, "everything")
    add(writer, "acme", scope=ACME)
    add(writer, "company", scope=COMPANY)
    add(writer, "rhem", metric="rhem")
    add(writer, "acme's mrr", scope=ACME, metric="mrr")
    assert seen(writer) == ["everything", "company", "rhem"]
    assert seen(writer, ACME) == ["everything", "acme", "rhem", "acme's mrr"]
    assert seen(writer, OTHER) == ["everything", "rhem"]
    assert seen(writer, ACME, ["rhem"]) == ["everything", "acme", "rhem"]
    found = {note.text: note for note in notes.touching(writer, ACME, NUMBERS, *YEAR)}
    assert found["acme's mrr"].touches(ACME, "mrr")
    assert not found["acme's mrr"].touches(ACME, "rhem")
    assert (found["acme"].name, found["everything"].name, found["acme"].by) == ("Acme", "", "Writer Example")


def test_days_are_half_open_and_come_in_their_order(writer: User) -> None:
    add(writer, "the day after", "2026-01-01")
    add(writer, "the last day", "2025-12-31")
    add(writer, "until the first day", "2024-11-01", until=date(2025, 1, 1))
    add(writer, "into it", "2024-11-01", until=date(2025, 1, 2))
    assert seen(writer) == ["into it", "the last day"]


def test_a_note_on_a_number_one_may_not_see_is_absent_and_cannot_be_written(writer: User) -> None:
    secret, reader = add(writer, "price rise", metric="mrr"), person("reader", "enter_numbers")
    assert seen(reader) == []
    assert notes.every(reader) == []
    assert not notes.take_back(reader, secret.pk)
    with pytest.raises(Refused, match="no such number"):
        add(reader, "mine", metric="mrr")


def test_a_note_taken_back_is_shown_nowhere_and_kept(writer: User) -> None:
    note = add(writer, "a mistake")
    assert notes.take_back(writer, note.pk)
    assert not notes.take_back(writer, note.pk)
    assert seen(writer) == []
    note.refresh_from_db()
    assert (note.text, note.taken_back_at is None) == ("a mistake", False)


@pytest.mark.parametrize(("given", "says"), [
    ({"text": "  "}, "Say in a few words"),
    ({"text": "x" * 301}, "under 300"),
    ({"text": "x", "until": date(2025, 3, 12)}, "before the first"),
    ({"text": "x", "metric": "no_such"}, "no such number"),
])  # fmt: skip
def test_a_note_that_says_nothing_is_refused_with_a_sentence(writer: User, given: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        add(writer, **given)
    assert not Note.objects.exists()
