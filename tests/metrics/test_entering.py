"""Numbers typed by people: what a cell takes, what it refuses, and what stays beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from collectors.facts.touched import Calendar, Touched
from metrics.entering import CellEdit, enterable, grid, save
from metrics.models import Entry, Origin, State
from metrics.periods import Month
from metrics.reading import COMPANY, client
from metrics.typed import read_number
from organizations.models import Organization
from tests.metrics.stored_values import person, scope_row, store

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY = Month(2025, 1), Month(2025, 2)


@pytest.fixture
def editor() -> User:
    return person("editor", "enter_numbers", "see_finance")


def current() -> dict[tuple[str, date], tuple[Any, str]]:
    rows = Entry.objects.filter(superseded_at=None).select_related("period")
    return {(row.metric, row.period.starts_on): (row.value, row.kind) for row in rows}


@pytest.mark.parametrize(("text", "value"), [
    ("1,234.50", "1234.5"), ("$1,234", "1234"), ("(123)", "-123"), ("12 %", "12"), ("−2,044", "-2044"),
    ("($1,234.56)", "-1234.56"), ("-$5", "-5"), ("1 234.5", "1234.5"), ("8.5", "8.5"), (".5", "0.5"), ("£ 10", "10"),
    ("1.123456785", "1.12345679"), ("-1.123456785", "-1.12345679"),
])
def test_it_reads_numbers_as_people_write_them(text: str, value: str) -> None:
    assert read_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "  ", "—", "-", "n/a"])
def test_it_takes_these_for_an_empty_cell_and_never_for_zero(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize("text", ["abc", "12,5", "1,23,4", "(-5)", "$ -", "1.2.3", "12e999", "NaN", "Infinity", "٣"])
def test_it_names_what_is_not_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        read_number(text)


def test_it_saves_cells_and_marks_their_months_for_the_roll_up(editor: User) -> None:
    errors = save(editor, COMPANY, [CellEdit("employees", JANUARY, "8.5"), CellEdit("employees", FEBRUARY, "9")])
    assert errors == []
    assert current() == {
        ("employees", date(2025, 1, 1)): (Decimal("8.5"), "entered"),
        ("employees", date(2025, 2, 1)): (Decimal(9), "entered"),
    }
    marks = Touched.objects.filter(entity="Entry", account=scope_row(COMPANY).id).values_list("month", flat=True)
    assert sorted(marks) == [date(2025, 1, 1), date(2025, 2, 1)]


def test_a_wrong_cell_is_named_and_nothing_else_is_lost(editor: User) -> None:
    errors = save(editor, COMPANY, [
        CellEdit("employees", JANUARY, "eight"), CellEdit("employees", FEBRUARY, "9"),
        CellEdit("telemarketing_dials", JANUARY, "2.5"), CellEdit("telemarketing_dials", FEBRUARY, "-1"),
        CellEdit("no_such_metric", JANUARY, "1"),
    ])
    assert [str(error) for error in errors] == [
        "Employees, Jan 2025: “eight” is not a number.",
        "Telemarketing dials, Jan 2025: “2.5” must be a whole number.",
        "Telemarketing dials, Feb 2025: “-1” cannot be negative.",
        "no_such_metric, Jan 2025: there is nothing here to enter.",
    ]
    assert list(current()) == [("employees", date(2025, 2, 1))]


def test_money_may_be_negative_and_headcount_in_parts(editor: User) -> None:
    assert save(editor, COMPANY, [
        CellEdit("nrr", JANUARY, "(2,044)"), CellEdit("technical_employees", JANUARY, "5.5"),
    ]) == []
    assert {value for value, _ in current().values()} == {Decimal(-2044), Decimal("5.5")}


def test_a_later_entry_supersedes_and_never_edits(editor: User) -> None:
    save(editor, COMPANY, [CellEdit("employees", JANUARY, "8")])
    save(editor, COMPANY, [CellEdit("employees", JANUARY, "9", "Ana joined")])
    first, second = Entry.objects.order_by("id")
    assert (first.value, first.superseded_at is None) == (8, False)
    assert (second.value, second.note, second.by, second.superseded_at) == (9, "Ana joined", editor, None)


def test_saving_the_same_again_changes_nothing(editor: User) -> None:
    save(editor, COMPANY, [CellEdit("employees", JANUARY, "8")])
    Touched.objects.all().delete()
    save(editor, COMPANY, [CellEdit("employees", JANUARY, "8.00"), CellEdit("new_agreements", JANUARY, "")])
    assert Entry.objects.count() == 1
    assert not Touched.objects.exists()


def test_an_emptied_cell_takes_the_entry_back(editor: User) -> None:
    save(editor, COMPANY, [CellEdit("employees", JANUARY, "8")])
    assert save(editor, COMPANY, [CellEdit("employees", JANUARY, "")]) == []
    assert current() == {}
    assert Entry.objects.count() == 1


def test_a_correction_needs_a_note_and_keeps_the_collected_value_beside_it(editor: User) -> None:
    store("reactive_tickets_created", JANUARY, "354")
    errors = save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350")])
    assert str(errors[0]).endswith("Jan 2025: say in a note why the collected value is corrected.")
    assert save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350", "four tests")]) == []
    assert current() == {("reactive_tickets_created", date(2025, 1, 1)): (350, "corrected")}
    [(_, (cell,))] = grid(editor, COMPANY, [JANUARY], ["reactive_tickets_created"]).rows
    assert (cell.value, cell.collected, cell.origin, cell.note, cell.by) == (
        350, 354, Origin.CORRECTED, "four tests", "Editor Example"
    )


def test_the_collected_value_typed_again_takes_a_correction_back(editor: User) -> None:
    store("reactive_tickets_created", JANUARY, "354")
    save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350", "four tests")])
    assert save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "354")]) == []
    assert current() == {}


def test_what_was_entered_before_a_system_gave_the_number_stands_no_longer(editor: User) -> None:
    save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350")])
    store("reactive_tickets_created", JANUARY, "354")
    [(_, (cell,))] = grid(editor, COMPANY, [JANUARY], ["reactive_tickets_created"]).rows
    assert (cell.value, cell.origin) == (354, Origin.COLLECTED)
    assert len(save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350")])) == 1  # it needs a note
    assert save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350", "four tests")]) == []
    assert current() == {("reactive_tickets_created", date(2025, 1, 1)): (350, "corrected")}


def test_an_entry_stands_beside_a_count_that_is_not_whole(editor: User) -> None:
    store("reactive_tickets_created", JANUARY, "12", state=State.INCOMPLETE)
    assert save(editor, COMPANY, [CellEdit("reactive_tickets_created", JANUARY, "350", "from the old desk")]) == []
    [(_, (cell,))] = grid(editor, COMPANY, [JANUARY], ["reactive_tickets_created"]).rows
    assert (cell.value, cell.collected) == (350, 12)


def test_no_month_that_has_not_begun_and_no_closed_month_takes_an_entry(editor: User) -> None:
    today = timezone.now().date()
    ahead = Month.holding(today).shift(2)
    Calendar.objects.update_or_create(id=1, defaults={"closed_through": date(2025, 1, 31)})
    errors = save(editor, COMPANY, [CellEdit("employees", month, "8") for month in (ahead, JANUARY, FEBRUARY)])
    assert [error.problem for error in errors] == [
        "the month has not begun", "Jan 2025 is closed: reopen it to change a figure",
    ]
    assert list(current()) == [("employees", date(2025, 2, 1))]
    locked = grid(editor, COMPANY, [JANUARY, FEBRUARY, ahead], ["employees"]).rows[0][1]
    assert [bool(cell.locked) for cell in locked] == [True, False, True]


def test_only_who_may_enter_numbers_saves_and_only_what_they_may_see() -> None:
    with pytest.raises(PermissionDenied):
        save(person("reader", "see_finance"), COMPANY, [CellEdit("employees", JANUARY, "8")])
    editor = person("desk", "enter_numbers")
    errors = save(editor, COMPANY, [CellEdit("mrr", JANUARY, "1"), CellEdit("employee_expense", JANUARY, "1")])
    assert len(errors) == 2
    assert not Entry.objects.exists()
    assert {"mrr", "employee_expense"}.isdisjoint(metric.key for metric in enterable(editor, COMPANY))


def test_what_is_worked_out_is_not_entered_but_a_total_may_be_given_whole(editor: User) -> None:
    keys = {metric.key for metric in enterable(editor, COMPANY)}
    assert {"total_revenue", "total_expenses", "net_profit", "employees", "endpoints_managed"} <= keys
    assert keys.isdisjoint({"rhem", "net_profit_pct", "tickets_sla_met_pct"})


def test_a_client_can_be_without_a_service_and_only_a_client(editor: User) -> None:
    Organization.objects.create(slug="acme", name="Acme")
    acme = client("acme")
    assert save(editor, acme, [CellEdit("endpoints_managed", JANUARY, not_used=True, note="cloud only")]) == []
    assert current() == {("endpoints_managed", date(2025, 1, 1)): (None, "not_used")}
    [(_, (cell,))] = grid(editor, acme, [JANUARY], ["endpoints_managed"]).rows
    assert cell.not_used
    errors = save(editor, COMPANY, [CellEdit("endpoints_managed", JANUARY, not_used=True)])
    assert errors[0].problem == "only a client can be without a service"
    assert save(editor, acme, [CellEdit("endpoints_managed", JANUARY, "12")]) == []
    assert current() == {("endpoints_managed", date(2025, 1, 1)): (12, "entered")}


def test_the_grid_costs_the_same_number_of_statements_however_large(
    editor: User, django_assert_num_queries: Any
) -> None:
    save(editor, COMPANY, [CellEdit("employees", JANUARY, "8")])
    months = [Month(2023, 1).shift(number) for number in range(24)]
    editor.has_perm("metrics.enter_numbers")  # permissions are read once a request
    with django_assert_num_queries(6):  # scopes, values, readings, entries, calendar, closed months
        large = grid(editor, COMPANY, months)
    assert len(large.rows) > 20
    assert all(len(cells) == 24 for _, cells in large.rows)
