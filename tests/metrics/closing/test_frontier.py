"""Periods close, soft-close and reopen; what ends by the frontier does not move, and what comes late waits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction

from metrics import closing, entering, rollup, settings
from metrics.closing import CHECKS, Refused
from metrics.models import Entry, Period, PeriodChange, QueueKind, Rollup
from metrics.periods import Month, Quarter, Year, parse
from metrics.reading import client
from metrics.reading.shapes import COMPANY
from metrics.rollup import whole
from tests.metrics.rollup.world import World, mark, state, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
ALL = {check.key: "a test" for check in CHECKS}
Q1, Q2 = Quarter(2025, 1), Quarter(2025, 2)
VALUES = """
SELECT 'metrics_monthly', v::text FROM metrics_monthly v JOIN period p ON p.id = v.period_id WHERE p.ends_on <= %(day)s
UNION ALL SELECT 'metrics_quarterly', v::text FROM metrics_quarterly v JOIN period p ON p.id = v.period_id
WHERE p.ends_on <= %(day)s
UNION ALL SELECT 'metrics_yearly', v::text FROM metrics_yearly v JOIN period p ON p.id = v.period_id
WHERE p.ends_on <= %(day)s
ORDER BY 1, 2"""


def roll(now: datetime = NOW, **given: Any) -> Rollup | None:
    return rollup.run("test", now=now, **given)


def close(text: str = "2025-Q1", **given: Any) -> list[Period]:
    return closing.close(parse(text), None, **{"accept": ALL, "earlier": True, "now": NOW} | given)


def stored(day: str = "2025-04-01") -> list[tuple[str, str]]:
    """Every row that ends by a day, whole and as text."""
    with connection.cursor() as cursor:
        cursor.execute(VALUES, {"day": day})
        return cursor.fetchall()


def small() -> World:
    """A client with a ticket and an hour in each month of a quarter, worked out."""
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    account = world.account(world.client("acme"))
    for month in ("2025-01", "2025-02", "2025-03"):
        ticket = world.ticket(account, f"{month}-10", f"{month}-11")
        world.time(account, f"{month}-11", "1.5", ticket)
    roll()
    return world


def test_a_close_sets_states_of_months_quarter_and_year_and_copies_no_value() -> None:
    small()
    before = stored("2026-01-01")
    changed = close(reason="The quarter is done")
    assert {str(closing.span_of(period)) for period in changed} == {
        "2024-12", "2024-Q4", "2024", "2025-01", "2025-02", "2025-03", "2025-Q1",
    }
    assert {period.state for period in changed} == {"closed"}
    assert len({(period.closed_at, period.links_as_of) for period in changed}) == 1
    assert closing.closed_through() == date(2025, 3, 31)
    assert closing.first_open_day() == date(2025, 4, 1)
    assert stored("2026-01-01") == before
    assert closing.statuses([Q1, Year(2025, 1), Month(2025, 4)]) == {
        Q1: "closed", Year(2025, 1): "open", Month(2025, 4): "open",
    }
    [change] = closing.history(Q1)
    assert (change.from_state, change.to_state, change.reason) == ("open", "closed", "The quarter is done")
    assert [each["check"] for each in change.checks] == [check.key for check in CHECKS]
    assert {each["accepted"] for each in change.checks if not each["holds"]} == {"a test"}
    assert {each["accepted"] for each in change.checks if each["holds"]} == {""}


def test_what_has_not_ended_and_what_comes_after_something_open_cannot_be_closed() -> None:
    small()
    with pytest.raises(Refused, match=r"Q2 2025 has not ended: it can be closed from 1 Jul 2025 on\."):
        close("2025-Q2")
    with pytest.raises(Refused, match=r"Dec 2024 to Feb 2025 is open: close what comes before Mar 2025 first"):
        close("2025-03", earlier=False)
    close("2025-Q1")
    with pytest.raises(Refused, match=r"Q1 2025 is closed\."):
        close("2025-Q1")
    assert PeriodChange.objects.filter(period__grain="quarter", period__starts_on="2025-01-01").count() == 1


def test_a_check_that_fails_refuses_the_close_until_it_is_accepted_with_a_reason() -> None:
    small()
    with pytest.raises(Refused, match="Not entered: Employees"):
        close(accept={})
    assert closing.closed_through() is None
    assert not PeriodChange.objects.exists()
    with pytest.raises(Refused, match="Not entered"):
        close(accept=ALL | {"given": "  "})


def test_a_close_works_out_first_what_was_read_until_then() -> None:
    world = small()
    world.ticket(None, "2025-03-20")
    mark("Ticket", 0, "2025-03")
    close()
    assert value("reactive_tickets_created", "2025-03").value == 2


def test_nothing_collected_moves_a_closed_period_and_the_year_is_made_of_it_as_it_was_closed() -> None:
    world = small()
    close()
    before = stored()
    for day in ("2025-02-15", "2025-04-01"):
        world.ticket(None, day)
    roll(everything=True)
    assert stored() == before
    assert value("reactive_tickets_created", "2025-04").value == 1
    assert value("reactive_tickets_created", "2025").value == 4


def test_entries_and_corrections_of_a_closed_month_are_refused_in_a_sentence() -> None:
    small()
    close("2025-01")
    person = User.objects.create_superuser("boss")
    edits = [entering.CellEdit("employees", Month(2025, month), "12") for month in (1, 2)]
    [error] = entering.save(person, COMPANY, edits)
    assert error.problem == "Jan 2025 is closed: reopen it to change a figure"
    assert [entry.period.starts_on for entry in Entry.objects.select_related("period")] == [date(2025, 2, 1)]


def test_cells_checked_before_a_close_are_not_stored_after_it() -> None:
    small()
    person = User.objects.create_superuser("boss")
    checked = entering.check(person, [(COMPANY, entering.CellEdit("employees", Month(2025, 1), "12"))])
    close("2025-01")
    with pytest.raises(PermissionDenied, match="Jan 2025 is closed"):
        entering.store(checked.changes, person)
    assert not Entry.objects.exists()


def test_in_a_soft_closed_month_people_still_enter_and_nothing_collected_moves() -> None:
    world = small()
    close("2025-Q1", soft=True)
    assert closing.status(Q1) == "soft_closed"
    account = world.account(world.client("beta"))
    world.ticket(account, "2025-02-15")
    mark("Ticket", account.pk, "2025-02")
    person = User.objects.create_superuser("boss")
    edits = [entering.CellEdit("technical_employees", Month(2025, 2), "2"),
             entering.CellEdit("reactive_hours", Month(2025, 2), "9", note="a paper sheet")]  # fmt: skip
    assert not entering.save(person, COMPANY, edits[:1])
    assert not entering.save(person, client("acme"), edits[1:])
    roll()
    assert value("technical_employees", "2025-02").value == 2
    acme = value("reactive_hours", "2025-02", world_client("acme"))
    assert (acme.value, acme.collected, acme.get_origin_display()) == (9, Decimal("1.5"), "corrected")
    assert value("reactive_hours", "2025-Q1", world_client("acme")).value == 12
    assert value("reactive_hours", "2025", world_client("acme")).value == 12
    assert value("reactive_hours", "2025-02").value == Decimal("1.5")
    assert value("reactive_tickets_created", "2025-02").value == 1  # the late ticket moves nothing
    entering.save(person, client("acme"), [entering.CellEdit("reactive_hours", Month(2025, 2), "")])
    roll()
    acme = value("reactive_hours", "2025-02", world_client("acme"))
    assert (acme.value, acme.collected, acme.get_origin_display()) == (Decimal("1.5"), None, "collected")
    assert value("reactive_hours", "2025-Q1", world_client("acme")).value == Decimal("4.5")


def world_client(slug: str) -> Any:
    from organizations.models import Organization

    return Organization.objects.get(slug=slug)


def test_a_soft_closed_period_is_closed_for_good_by_closing_it_again() -> None:
    small()
    [soft] = [period for period in close(soft=True) if period.grain == "quarter" and period.starts_on.year == 2025]
    with pytest.raises(Refused, match="Q1 2025 is soft-closed"):
        close(soft=True)
    [closed] = [period for period in close() if period.grain == "quarter" and period.starts_on.year == 2025]
    assert (closed.state, closed.closed_at) == ("closed", soft.closed_at)
    assert [change.to_state for change in closing.history(Q1)] == ["closed", "soft_closed"]


def test_rules_may_not_begin_inside_a_closed_period() -> None:
    world = small()
    close()
    opens = r"let this begin on 1 Apr 2025, the first day that is open"
    for day in (date(1, 1, 1), date(2025, 3, 31)):
        with pytest.raises(ValueError, match=opens):
            settings.decide("hours_per_month", 173, from_on=day)
        with pytest.raises(ValidationError, match=opens):
            QueueKind(queue=world.desk, kind="project", from_on=day).full_clean()
    settings.decide("hours_per_month", 173, from_on=date(2025, 4, 1))
    begun = QueueKind.objects.get(queue=world.desk)
    begun.kind, begun.from_on = "project", date(2025, 4, 1)
    with pytest.raises(ValidationError, match=opens):  # what held in the closed days would hold no more
        begun.full_clean()


def test_reopening_lets_everything_since_move_again_and_wants_a_reason() -> None:
    world = small()
    close()
    world.ticket(None, "2025-02-15")
    mark("Ticket", 0, "2025-02")
    roll()
    assert value("reactive_tickets_created", "2025-02").value == 1
    with pytest.raises(Refused, match="Say why"):
        closing.reopen(Q1, None, " ")
    with pytest.raises(Refused, match="What comes after Feb 2025 is closed through Mar 2025"):
        closing.reopen(Month(2025, 2), None, "A board was missing")
    changed = closing.reopen(Month(2025, 2), None, "A board was missing", later=True)
    assert {str(closing.span_of(period)) for period in changed} == {"2025-02", "2025-03", "2025-Q1"}
    assert closing.closed_through() == date(2025, 1, 31)
    assert closing.status(Month(2025, 1)) == "closed"
    roll()
    assert value("reactive_tickets_created", "2025-02").value == 2
    assert value("reactive_tickets_created", "2025-Q1").value == 4
    change = closing.history(Q1)[0]
    assert (change.to_state, change.reason) == ("open", "A board was missing")
    with pytest.raises(Refused, match="Q1 2025 is open"):
        closing.reopen(Q1, None, "Again")


def test_reopening_the_first_of_all_periods_leaves_nothing_closed() -> None:
    small()
    close()
    closing.reopen(Month(2024, 12), None, "From the start", later=True)
    assert closing.closed_through() is None
    assert closing.status(Q1) == "open"


def test_closable_lists_what_has_ended_and_is_not_closed_for_good() -> None:
    small()
    months = ["2024-12", "2024-Q4", "2025-01", "2025-02", "2025-03", "2025-Q1"]
    assert [str(span) for span in closing.closable(NOW)] == months
    close("2025-01")
    assert [str(span) for span in closing.closable(NOW)] == ["2025-02", "2025-03", "2025-Q1"]


@pytest.mark.django_db(transaction=True)
def test_a_close_and_a_roll_up_never_interleave() -> None:
    world = small()
    world.ticket(None, "2025-03-20")
    mark("Ticket", 0, "2025-03")
    holding, asked, done = Event(), Event(), Event()
    closed: list[Period] = []

    def roll_up() -> None:
        with transaction.atomic():
            whole.alone()
            holding.set()
            asked.wait(20)
            roll()
        connection.close()

    def close_meanwhile() -> None:
        asked.set()
        closed.extend(close())
        done.set()
        connection.close()

    first = Thread(target=roll_up)
    first.start()
    assert holding.wait(20)
    second = Thread(target=close_meanwhile)
    second.start()
    first.join(20)
    second.join(20)
    assert done.is_set()
    assert closed
    assert state("reactive_tickets_created", "2025-03") == ("measured", 2)
    before = stored()
    world.ticket(None, "2025-03-21")
    mark("Ticket", 0, "2025-03")
    roll()
    assert stored() == before
