"""What loading writes down of rows that change in months that are closed; and that it writes nothing otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from collectors.connections import CollectorRun, Connection
from collectors.convert import constant, utc
from collectors.declare import Convert, Endpoint
from collectors.facts.changed import FactChange
from collectors.facts.estate import Alert, Asset
from collectors.facts.service import Queue, Ticket
from collectors.facts.touched import Calendar, Touched
from collectors.load import Merge, Place, Span, retire
from collectors.transform import Batch, Plan
from tests.collectors.desk import DESK
from tests.collectors.test_load import CHICAGO, TODAY, accounts, load, ticket

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


@pytest.fixture
def source() -> Connection:
    return Connection.objects.create(vendor=DESK.slug, label="Desk")


def close(through: date = date(2026, 2, 28)) -> None:
    Calendar.objects.update_or_create(id=1, defaults={"closed_through": through, "time_zone": CHICAGO})


def told() -> list[tuple[str, str, str, list[date]]]:
    return [(row.entity, row.external_id, row.kind, row.months) for row in FactChange.objects.order_by("pk")]


def late_marks() -> set[tuple[str, date]]:
    return set(Touched.objects.filter(entity__endswith=", late").values_list("entity", "month"))


def moved() -> dict[str, tuple[Any, Any]]:
    [row] = FactChange.objects.all()
    return {name: (row.before.get(name), row.after[name]) for name in row.after
            if row.before.get(name) != row.after[name]}  # fmt: skip


def test_where_nothing_is_closed_nothing_is_written_down(source: Connection) -> None:
    Calendar.current()
    load(source, "tickets", [ticket(1)])
    load(source, "tickets", [ticket(1, closed="2026-02-20T12:00:00+00:00")])
    assert not FactChange.objects.exists()
    assert not late_marks()


def test_a_changed_row_is_kept_as_it_was_and_is_with_its_closed_months(source: Connection) -> None:
    first, second = accounts(source, 1, 2)
    load(source, "tickets", [ticket(1, company={"id": 1})])
    close()
    load(source, "tickets", [ticket(1, closed="2026-03-02T12:00:00+00:00", company={"id": 2})])
    assert told() == [("Ticket", "1", "changed", [JANUARY])]
    assert moved()["account_id"] == (first, second)
    assert moved()["closed_on"] == (None, "2026-03-02")
    [row] = FactChange.objects.all()
    assert sorted(row.accounts) == [first, second]
    assert row.fact == Ticket.objects.get().pk
    assert late_marks() == {("Ticket, late", JANUARY)}


def test_words_that_nothing_counts_and_rows_of_open_months_are_not_written_down(source: Connection) -> None:
    load(source, "tickets", [ticket(1), ticket(2, opened="2026-03-02T12:00:00+00:00")])
    close()
    load(source, "tickets", [ticket(1, summary="Other words"), ticket(2, opened="2026-03-03T12:00:00+00:00")])
    load(source, "tickets", [ticket(3, opened="2026-03-04T12:00:00+00:00")])
    assert not FactChange.objects.exists()
    assert not late_marks()


def test_an_unchanged_batch_does_not_even_ask_what_is_closed(source: Connection) -> None:
    load(source, "tickets", [ticket(1)])
    close()
    with CaptureQueriesContext(connection) as queries:
        load(source, "tickets", [ticket(1)])
    assert not [query for query in queries if "calendar" in query["sql"] or "fact_change" in query["sql"]]


def test_a_row_dated_back_into_a_closed_month_is_an_added_one(source: Connection) -> None:
    close()
    load(source, "tickets", [ticket(1, closed="2026-02-20T12:00:00+00:00")])
    assert told() == [("Ticket", "1", "added", [JANUARY, FEBRUARY])]
    assert FactChange.objects.get().before == {}
    assert FactChange.objects.get().after["opened_on"] == "2026-01-15"


def test_decimals_keep_every_digit(source: Connection) -> None:
    hour = {"id": 1, "hours": "1.5", "entered": "2026-02-03T12:00:00+00:00"}
    load(source, "time", [hour])
    close()
    load(source, "time", [hour | {"hours": "2.5"}])
    assert moved()["hours"] == ("1.5000", "2.5000")


def test_a_ticket_on_another_board_names_the_closed_months_of_its_hours(source: Connection) -> None:
    load(source, "boards", [{"id": 1, "name": "Help Desk"}, {"id": 2, "name": "Projects"}])
    opened = "2026-03-02T12:00:00+00:00"
    load(source, "tickets", [ticket(1, board={"id": 1}, opened=opened)])
    load(source, "time", [{"id": 1, "ticket": {"id": 1}, "hours": "1", "entered": "2026-02-03T12:00:00+00:00"}])
    close()
    load(source, "tickets", [ticket(1, board={"id": 2}, opened=opened)])
    assert told() == [("Ticket", "1", "changed", [FEBRUARY])]
    help_desk, projects = Queue.objects.order_by("external_id").values_list("pk", flat=True)
    assert moved()["queue_id"] == (help_desk, projects)


def raise_alert(source: Connection, at: str, on: date) -> None:
    raised: dict[str, str | Convert] = {
        "external_id": "id", "asset": "device", "layer": constant("rmm"), "raised_at": utc("at")
    }  # fmt: skip
    plan, batch = Plan(Endpoint(name="alerts", path="/alerts", into=Alert, fields=raised), DESK, {}), Batch()
    plan.read([{"id": at, "device": 5, "at": at}], batch)
    with transaction.atomic():
        Merge(plan).load(batch, Place(source, None, on, CHICAGO))


def test_a_device_that_is_gone_names_the_closed_months_of_its_alerts(source: Connection) -> None:
    accounts(source, 1, 2)
    load(source, "devices", [{"id": 5, "company": {"id": 1}, "kind": "server"}])
    raise_alert(source, "2026-02-03T12:00:00Z", TODAY)
    close()
    load(source, "devices", [{"id": 5, "company": {"id": 2}, "kind": "server"}])
    assert told() == []  # its states are of an open day, and the alert is whose it was
    run = CollectorRun.objects.create(connection=source, as_of="2026-03-10T12:00:00Z")
    with transaction.atomic():
        assert retire(Asset, ["devices"], Place(source, run, TODAY, CHICAGO), confirmed=True) == 1
    assert told() == [("Asset", "5", "retired", [FEBRUARY])]


def test_an_alert_is_whose_its_device_was_on_its_day_whoever_has_it_now(source: Connection) -> None:
    one, two = accounts(source, 1, 2)
    moments = {"2026-02-03T12:00:00Z": one, "2026-03-10T12:00:00Z": one, "2026-03-21T12:00:00Z": two}
    load(source, "devices", [{"id": 5, "company": {"id": 1}, "kind": "server"}])
    load(source, "devices", [{"id": 5, "company": {"id": 2}, "kind": "server"}], on=date(2026, 3, 20))
    run = CollectorRun.objects.create(connection=source, as_of="2026-03-25T12:00:00Z")
    for _ in ("while it is there", "once it is gone"):
        for at in moments:
            raise_alert(source, at, date(2026, 3, 25))
        assert dict(Alert.objects.values_list("external_id", "account")) == moments
        with transaction.atomic():
            retire(Asset, ["devices"], Place(source, run, date(2026, 3, 25), CHICAGO), confirmed=True)


def test_a_ticket_that_arrives_after_its_hours_tells_that_they_got_it(source: Connection) -> None:
    hour = {"id": 1, "ticket": {"id": 9}, "hours": "1", "entered": "2026-02-03T12:00:00+00:00"}
    load(source, "time", [hour])
    close()
    load(source, "tickets", [ticket(9, opened="2026-03-02T12:00:00+00:00")])
    assert told() == [("TimeEntry", "1", "changed", [FEBRUARY])]
    assert moved() == {"ticket_id": (None, Ticket.objects.get().pk)}


def test_what_is_gone_at_the_source_and_comes_back_is_told_twice(source: Connection) -> None:
    load(source, "tickets", [ticket(1)])
    close()
    run = CollectorRun.objects.create(connection=source, as_of="2026-03-10T12:00:00Z")
    place = Place(source, run, TODAY, CHICAGO)
    with transaction.atomic():
        assert retire(Ticket, ["tickets"], place, span=Span(date(2025, 1, 1)), confirmed=True) == 1
    assert told() == [("Ticket", "1", "retired", [JANUARY])]
    assert moved() == {"retired_on": (None, "2026-03-10")}
    load(source, "tickets", [ticket(1)])
    assert [kind for _, _, kind, _ in told()] == ["retired", "changed"]
    assert late_marks() == {("Ticket, late", JANUARY)}
