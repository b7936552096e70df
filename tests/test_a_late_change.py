"""What sources change in a closed quarter arrives by collecting and waits: the values stand until a person accepts.

The demo's past is read and closed; then five things are changed through the sandbox's control API, read again as a
schedule would, and found as restatements with their causes and their rows.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from collectors.facts.changed import FactChange
from collectors.facts.service import TimeEntry
from metrics import closing
from metrics.closing import CHECKS, Restated
from metrics.models import MonthlyValue, Restatement
from metrics.periods import Month
from metrics.reading import client
from metrics.reading.shapes import COMPANY, ScopeRef
from qbr.tasks import follow
from tests.test_changes_at_the_vendors import Vendors, busy, months, plain_tickets, vendors

__all__ = ["vendors"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
ALL = {check.key: "a test" for check in CHECKS}
CLOSED = """
SELECT v::text FROM {table} v JOIN period p ON p.id = v.period_id WHERE p.ends_on - 1 <= %s ORDER BY 1"""


def month(back: int) -> Month:
    """Of the past the sandbox knows: 5 is the month that runs."""
    return Month.holding(date.fromisoformat(f"{months()[back]}-01"))


def closed_rows() -> list[str]:
    """Every closed value, the whole row as text."""
    rows: list[str] = []
    with connection.cursor() as cursor:
        for table in ("metrics_monthly", "metrics_quarterly", "metrics_yearly"):
            cursor.execute(CLOSED.format(table=table), [closing.closed_through()])
            rows += [row for (row,) in cursor.fetchall()]
    return rows


def of(person: User, scope: ScopeRef, metric: str, when: Month) -> Restated:
    [row] = closing.restatements(person, closing.Asked([when], scope, metric))
    return row


def late_changes(vendors: Vendors) -> dict[str, Any]:
    """Five of them, for four clients and the company; what was changed."""
    one, two, three, four, *_ = busy(vendors)
    when = months()[2]
    hour = TimeEntry.objects.filter(ticket__in=plain_tickets(one, when), entered_on__month=month(2).number).first()
    gone, moved, reopened = (plain_tickets(owner, when)[0] for owner in (two, three, four))
    assert hour
    vendors.edit("time_entries", hour.external_id, hours=7.25)
    vendors.edit("tickets", gone.external_id, delete=True)
    vendors.edit("tickets", moved.external_id, board="Projects", status=">Closed")
    vendors.edit("tickets", reopened.external_id, status="In Progress")
    vendors.add("postings", day=f"{when}-20", account=4, amount="250.75")
    return {"owners": (one, two, three, four), "hour": hour, "gone": gone, "moved": moved, "reopened": reopened}


def test_five_late_changes_are_five_restatements_and_move_nothing_until_they_are_accepted(vendors: Vendors) -> None:
    person = User.objects.create_superuser("boss")
    closing.close(month(4), person, accept=ALL, earlier=True)
    before = closed_rows()
    vendors.later(minutes=20)
    vendors.read(full=True)
    assert closed_rows() == before
    assert not Restatement.objects.exists()

    vendors.later(minutes=20)
    made = late_changes(vendors)
    vendors.read(full=True)
    assert closed_rows() == before
    one, two, three, four = (client(owner.slug) for owner in made["owners"])
    when, was = month(2), made["hour"].hours
    causes = {
        "reactive_hours": (one, f"hour entry {made['hour'].external_id} changed from {was:.2f} to 7.25 h"),
        "reactive_tickets_created": (two, f"ticket {made['gone'].external_id} gone at the source"),
    }
    for metric, (scope, cause) in causes.items():
        found = of(person, scope, metric, when)
        assert found.row.cause == cause
        assert [change.words for change in closing.changes_of(person, [found.row])] == [cause]
    cause = f"ticket {made['moved'].external_id} moved from Help Desk to Projects"
    assert of(person, three, "reactive_tickets_created", when).row.cause == cause
    closed_on = Month.holding(made["reopened"].closed_on)
    cause = f"ticket {made['reopened'].external_id} reopened"
    assert of(person, four, "reactive_tickets_closed", closed_on).row.cause == cause
    [posted] = FactChange.objects.filter(entity="LedgerBalance")
    ledger = of(person, COMPANY, "total_revenue", when).row
    assert ledger.changes == [posted.pk]
    assert ledger.cause.startswith(f"an amount dated back to {when.label}: ")
    assert (ledger.new_value or 0) - (ledger.old_value or 0) == Decimal("250.75")
    company = of(person, COMPANY, "reactive_tickets_created", when).row
    assert (company.new_value or 0) - (company.old_value or 0) == -2
    assert company.cause.count("ticket") == 2
    assert len(closing.Batches(person)) == 5

    follow()
    vendors.later(minutes=20)
    vendors.read(full=True)
    assert closed_rows() == before
    assert of(person, COMPANY, "reactive_tickets_created", when).row.pk == company.pk

    accept_one(person, one, when, Decimal("7.25") - was)
    refuse_one(person, two, when)
    closing.accept([row.row for row in closing.restatements(person)], person, "All true")
    assert not closing.restatements(person)
    vendors.read(full=True)
    assert not closing.restatements(person)


def accept_one(person: User, scope: ScopeRef, when: Month, by: Decimal) -> None:
    """The client's hours of the month and quarter move, the company's by as much, and nobody else's."""
    rows, told = closed_rows(), of(person, scope, "reactive_hours", when).row

    def hours(of: ScopeRef) -> tuple[Decimal | None, int]:
        where = {"scope__kind": of.kind} | ({"scope__organization__slug": of.slug} if of.slug else {})
        row = MonthlyValue.objects.get(definition=told.definition, period=told.period, **where)
        return row.value, row.revision

    before = {each: hours(each) for each in (scope, COMPANY)}
    accepted = closing.accept([told], person, "The technician corrected the sheet")
    for each, (value, revision) in before.items():
        assert hours(each) == ((value or 0) + by, revision + 1)
    told.refresh_from_db()
    assert (told.decision, told.decided_by, told.reason) == ("accepted", person, "The technician corrected the sheet")
    kinds = {row.scope.kind for row in accepted}
    assert {"company", "organization"} <= kinds
    assert {row.scope.organization.slug for row in accepted if row.scope.organization} == {scope.slug}
    assert 0 < len(set(closed_rows()) - set(rows)) == len(accepted)


def refuse_one(person: User, scope: ScopeRef, when: Month) -> None:
    rows = closed_rows()
    told = of(person, scope, "reactive_tickets_created", when).row
    closing.refuse([told], person, "It was deleted by mistake")
    told.refresh_from_db()
    assert told.decision == "refused"
    assert closed_rows() == rows
