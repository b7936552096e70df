"""Loading: what a batch does to rows, states, references and marks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from collectors.connections import CollectorRun, Connection
from collectors.convert import constant, utc
from collectors.declare import Endpoint
from collectors.errors import Refused
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.estate import Alert, Asset, AssetState
from collectors.facts.service import Ticket, TimeEntry
from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.facts.touched import Calendar, Dangling, Touched
from collectors.load import Loaded, Merge, Place, rezone
from collectors.transform import Batch, Plan
from tests.collectors.desk import DESK

pytestmark = pytest.mark.django_db

LISTS = {endpoint.name: endpoint for endpoint in DESK.endpoints}
CHICAGO = "America/Chicago"


@pytest.fixture
def source() -> Connection:
    return Connection.objects.create(vendor=DESK.slug, label="Desk")


TODAY = date(2026, 3, 10)


def load(
    source: Connection, name: str, records: Iterable[dict[str, Any]], on: date = TODAY, zone: str = CHICAGO
) -> Loaded:
    plan = Plan(LISTS[name], DESK, {})
    batch = Batch()
    plan.read(records, batch)
    assert not batch.unread, batch.unread
    run = CollectorRun.objects.filter(connection=source).first()
    with transaction.atomic():
        return Merge(plan).load(batch, Place(source, run, on, zone))


def marks() -> set[tuple[str, int, date]]:
    """The marks left since the last look."""
    found = set(Touched.objects.values_list("entity", "account", "month"))
    Touched.objects.all().delete()
    return found


def ticket(
    key: int, opened: str = "2026-01-15T12:00:00+00:00", closed: str | None = None, **more: Any
) -> dict[str, Any]:
    return {"id": key, "summary": f"Ticket {key}", "opened": opened, "closed": closed, **more}


def accounts(source: Connection, *keys: int) -> list[int]:
    load(source, "companies", [{"id": key, "name": f"Client {key}"} for key in keys])
    return [Account.objects.get(connection=source, external_id=str(key)).pk for key in keys]


def test_it_adds_then_leaves_alone_what_says_the_same(source: Connection) -> None:
    assert load(source, "tickets", [ticket(1), ticket(2)]) == Loaded(added=2, changed=0)
    marks()
    assert load(source, "tickets", [ticket(1), ticket(2)]) == Loaded()
    assert marks() == set()


def test_it_writes_only_rows_that_differ(source: Connection) -> None:
    load(source, "tickets", [ticket(1), ticket(2)])
    before = dict(Ticket.objects.values_list("external_id", "pk"))
    assert load(source, "tickets", [ticket(1), ticket(2, summary="Other words")]) == Loaded(changed=1)
    assert dict(Ticket.objects.values_list("external_id", "pk")) == before
    assert Ticket.objects.get(external_id="2").title == "Other words"


def test_of_a_record_named_twice_in_a_batch_the_last_is_right(source: Connection) -> None:
    assert load(source, "tickets", [ticket(1, summary="Old"), ticket(1, summary="New")]).added == 1
    assert Ticket.objects.get().title == "New"


def test_the_same_id_in_two_connections_is_two_records(source: Connection) -> None:
    other = Connection.objects.create(vendor=DESK.slug, label="Other desk")
    load(source, "tickets", [ticket(1)])
    load(other, "tickets", [ticket(1, summary="Elsewhere")])
    assert Ticket.objects.count() == 2
    assert Ticket.objects.get(connection=source).title == "Ticket 1"


def test_it_keeps_the_address_of_the_record_in_the_vendors_console(source: Connection) -> None:
    load(source, "tickets", [ticket(7)])
    assert Ticket.objects.get().link == "https://desk.example/tickets/7"


@pytest.mark.parametrize(
    ("opened", "day"),
    [
        ("2026-02-01T05:30:00+00:00", date(2026, 1, 31)),  # 23:30 on the last evening of January
        ("2026-02-01T06:00:00+00:00", date(2026, 2, 1)),  # midnight
        ("2026-03-08T07:59:00+00:00", date(2026, 3, 8)),  # an hour before clocks go forward
        ("2026-07-01T04:59:00+00:00", date(2026, 6, 30)),  # 23:59 in summer time
        ("2026-07-01T05:00:00+00:00", date(2026, 7, 1)),
        ("2026-11-01T06:30:00+00:00", date(2026, 11, 1)),  # 01:30 for the first time
        ("2026-11-01T07:30:00+00:00", date(2026, 11, 1)),  # 01:30 for the second time
        ("2028-03-01T05:59:00+00:00", date(2028, 2, 29)),  # a leap day
    ],
)
def test_a_day_is_the_business_time_zones_day(source: Connection, opened: str, day: date) -> None:
    load(source, "tickets", [ticket(1, opened=opened)])
    assert Ticket.objects.get().opened_on == day
    assert marks() == {("Ticket", 0, day.replace(day=1))}


def test_a_ticket_that_moves_marks_both_clients_in_every_month_it_is_counted(source: Connection) -> None:
    first, second = accounts(source, 1, 2)
    load(source, "tickets", [ticket(1, closed="2026-02-20T12:00:00+00:00", company={"id": 1})])
    marks()
    load(source, "tickets", [ticket(1, closed="2026-03-02T12:00:00+00:00", company={"id": 2})])
    assert marks() == {
        ("Ticket", first, date(2026, 1, 1)),
        ("Ticket", first, date(2026, 2, 1)),
        ("Ticket", second, date(2026, 1, 1)),
        ("Ticket", second, date(2026, 3, 1)),
    }


def test_a_ticket_on_another_board_marks_its_time_and_its_childrens(source: Connection) -> None:
    load(source, "boards", [{"id": 1, "name": "Help Desk"}, {"id": 2, "name": "Projects"}])
    child = ticket(2, parent={"id": 1}, opened="2025-12-03T12:00:00+00:00")
    load(source, "tickets", [ticket(1, board={"id": 1}), child])
    load(source, "time", [
        {"id": 1, "ticket": {"id": 1}, "hours": "1.5", "entered": "2026-02-03T12:00:00+00:00"},
        {"id": 2, "ticket": {"id": 2}, "hours": "2.5", "entered": "2025-11-03T12:00:00+00:00"},
    ])  # fmt: skip
    marks()
    load(source, "tickets", [ticket(1, board={"id": 2})])
    assert marks() == {
        ("Ticket", 0, date(2026, 1, 1)),
        ("Ticket", 0, date(2025, 12, 1)),
        ("TimeEntry", 0, date(2026, 2, 1)),
        ("TimeEntry", 0, date(2025, 11, 1)),
    }


def test_a_new_title_moves_no_time(source: Connection) -> None:
    load(source, "tickets", [ticket(1)])
    load(source, "time", [{"id": 1, "ticket": {"id": 1}, "hours": "1", "entered": "2026-02-03T12:00:00+00:00"}])
    marks()
    load(source, "tickets", [ticket(1, summary="Said better")])
    assert marks() == {("Ticket", 0, date(2026, 1, 1))}


def test_what_names_no_account_has_that_of_the_thing_it_belongs_to(source: Connection) -> None:
    load(source, "companies", [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Birch"}])
    load(source, "devices", [{"id": 5, "name": "ws-1", "kind": "workstation", "os": "", "company": {"id": 1}}])
    load(source, "tickets", [ticket(7, company={"id": 1})])
    hour = {"hours": "1", "entered": "2026-01-16T12:00:00+00:00"}
    load(source, "time", [
        {"id": 1, "ticket": {"id": 7}, **hour}, {"id": 2, "ticket": {"id": 7}, "company": {"id": 2}, **hour},
        {"id": 3, **hour},
    ])  # fmt: skip
    names = dict(TimeEntry.objects.values_list("external_id", "account__name"))
    assert names == {"1": "Acme", "2": "Birch", "3": None}
    raised = {"external_id": "id", "asset": "device", "layer": constant("rmm"), "raised_at": utc("at")}
    plan, batch = Plan(Endpoint(name="alerts", path="/alerts", into=Alert, fields=raised), DESK, {}), Batch()
    plan.read([{"id": 1, "device": 5, "at": "2026-01-16T12:00:00Z"}], batch)
    with transaction.atomic():
        Merge(plan).load(batch, Place(source, None, TODAY, CHICAGO))
    assert Alert.objects.get().account.name == "Acme"


def test_a_reference_to_a_record_not_collected_yet_is_filled_in_when_it_comes(source: Connection) -> None:
    (account,) = accounts(source, 1)
    load(source, "time", [
        {"id": 1, "company": {"id": 1}, "ticket": {"id": 9}, "hours": "1", "entered": "2026-02-03T12:00:00+00:00"}
    ])  # fmt: skip
    assert TimeEntry.objects.get().ticket is None
    assert Dangling.objects.values_list("entity", "field", "target", "external_id").get() == (
        "TimeEntry", "ticket", "Ticket", "9",
    )  # fmt: skip
    marks()
    load(source, "tickets", [ticket(9)])
    assert TimeEntry.objects.get().ticket == Ticket.objects.get()
    assert not Dangling.objects.exists()
    assert ("TimeEntry", account, date(2026, 2, 1)) in marks()


def test_parents_and_children_may_come_in_any_order(source: Connection) -> None:
    load(source, "tickets", [ticket(1, parent={"id": 2}), ticket(2), ticket(3, merged={"id": 1})])
    one, two, three = (Ticket.objects.get(external_id=str(key)) for key in (1, 2, 3))
    assert (one.parent, three.merged_into) == (two, one)
    assert load(source, "tickets", [ticket(1, parent={"id": 2}), ticket(2), ticket(3, merged={"id": 1})]) == Loaded()


def test_a_reference_that_changes_while_it_dangles_waits_for_the_new_one(source: Connection) -> None:
    load(source, "tickets", [ticket(1, parent={"id": 8})])
    load(source, "tickets", [ticket(1, parent={"id": 9})])
    load(source, "tickets", [ticket(8)])
    assert Ticket.objects.get(external_id="1").parent is None
    load(source, "tickets", [ticket(9)])
    assert Ticket.objects.get(external_id="1").parent == Ticket.objects.get(external_id="9")


def test_a_reference_that_is_taken_back_waits_no_more(source: Connection) -> None:
    load(source, "tickets", [ticket(1, parent={"id": 8})])
    load(source, "tickets", [ticket(1)])
    load(source, "tickets", [ticket(8)])
    assert Ticket.objects.get(external_id="1").parent is None


def device(key: int, **more: Any) -> dict[str, Any]:
    return {"id": key, "name": f"pc-{key}", "kind": "workstation", "os": "Windows 11", "seen": None, **more}


def states(key: int = 1) -> list[tuple[date, date, str, int | None]]:
    rows = AssetState.objects.filter(thing__external_id=str(key)).order_by("from_on")
    return list(rows.values_list("from_on", "until_on", "os", "account_id"))


def test_a_state_lasts_until_the_day_a_counted_field_differs(source: Connection) -> None:
    load(source, "devices", [device(1)], on=date(2026, 1, 31))
    load(source, "devices", [device(1)], on=date(2026, 2, 28))
    load(source, "devices", [device(1, os="Windows 12")], on=date(2026, 3, 10))
    assert states() == [
        (date(2026, 1, 31), date(2026, 3, 10), "Windows 11", None),
        (date(2026, 3, 10), FOREVER, "Windows 12", None),
    ]


def test_a_second_change_on_one_day_is_made_in_place(source: Connection) -> None:
    load(source, "devices", [device(1)], on=date(2026, 1, 31))
    load(source, "devices", [device(1, os="Windows 12")], on=date(2026, 3, 10))
    load(source, "devices", [device(1, os="Debian 13")], on=date(2026, 3, 10))
    assert states() == [
        (date(2026, 1, 31), date(2026, 3, 10), "Windows 11", None),
        (date(2026, 3, 10), FOREVER, "Debian 13", None),
    ]


def test_a_device_seen_again_has_the_same_state_and_marks_nothing(source: Connection) -> None:
    load(source, "devices", [device(1)], on=date(2026, 1, 31))
    marks()
    seen = "2026-03-09T08:00:00+00:00"
    assert load(source, "devices", [device(1, seen=seen)], on=date(2026, 3, 10)) == Loaded(changed=1)
    assert Asset.objects.get().last_seen_at == datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert len(states()) == 1
    assert marks() == set()


def test_a_device_that_moves_marks_both_clients_in_the_month_it_moved(source: Connection) -> None:
    first, second = accounts(source, 1, 2)
    load(source, "devices", [device(1, company={"id": 1})], on=date(2026, 1, 31))
    marks()
    load(source, "devices", [device(1, company={"id": 2})], on=date(2026, 3, 10))
    assert marks() == {("Asset", first, date(2026, 3, 1)), ("Asset", second, date(2026, 3, 1))}


def test_the_layer_is_the_vendors(source: Connection) -> None:
    load(source, "devices", [device(1)])
    assert Asset.objects.get().layer == "psa"


def test_an_agreement_that_changes_marks_its_additions(source: Connection) -> None:
    (account,) = accounts(source, 1)
    agreement = {"id": 1, "name": "Managed", "company": {"id": 1}, "amount": "900", "months": 1}
    load(source, "agreements", [agreement], on=date(2026, 1, 31))
    load(source, "additions", [{"id": 5, "name": "Seat", "amount": "45", "each": {"id": 1}}], on=date(2026, 1, 31))
    assert Addition.objects.get().agreement == Agreement.objects.get()
    marks()
    load(source, "agreements", [agreement | {"amount": "950"}], on=date(2026, 3, 10))
    assert marks() == {("Agreement", account, date(2026, 3, 1)), ("Addition", account, date(2026, 3, 1))}


def test_what_people_decide_survives_every_load(source: Connection) -> None:
    (account,) = accounts(source, 1)
    Account.objects.filter(pk=account).update(kind="site", evidence={"domains": ["client.example"]})
    load(source, "companies", [{"id": 1, "name": "Client 1, renamed"}])
    kept = Account.objects.get(pk=account)
    assert (kept.name, kept.kind, kept.evidence) == (
        "Client 1, renamed", "site", {"domains": ["client.example"]},
    )  # fmt: skip


def test_an_account_under_another_parent_is_marked_for_every_month(source: Connection) -> None:
    first, second, third = accounts(source, 1, 2, 3)
    marks()
    load(source, "companies", [{"id": 3, "name": "Client 3", "parent": {"id": 1}}])
    assert Account.objects.get(pk=third).parent_id == first
    assert marks() == {("Account", third, EARLIEST), ("Account", first, EARLIEST)}
    load(source, "companies", [{"id": 3, "name": "Client 3", "parent": {"id": 2}}])
    assert marks() == {("Account", key, EARLIEST) for key in (first, second, third)}
    load(source, "companies", [{"id": 3, "name": "Another name", "parent": {"id": 2}}])
    assert marks() == set()


def test_an_account_knows_the_day_it_was_first_seen(source: Connection) -> None:
    load(source, "companies", [{"id": 1, "name": "Client"}], on=date(2026, 1, 31))
    load(source, "companies", [{"id": 1, "name": "Client renamed"}], on=date(2026, 3, 10))
    assert Account.objects.get().seen_from == date(2026, 1, 31)


def test_another_time_zone_gives_other_days_and_marks_the_months_on_both_sides(source: Connection) -> None:
    load(source, "tickets", [ticket(1, opened="2026-02-01T05:30:00+00:00"), ticket(2)], zone=CHICAGO)
    marks()
    rezone("Europe/Berlin")
    assert Calendar.current().time_zone == "Europe/Berlin"
    assert Ticket.objects.get(external_id="1").opened_on == date(2026, 2, 1)
    assert marks() == {("Ticket", 0, date(2026, 1, 1)), ("Ticket", 0, date(2026, 2, 1))}


def test_the_time_zone_stays_while_a_month_is_closed(source: Connection) -> None:
    load(source, "tickets", [ticket(1, opened="2026-02-01T05:30:00+00:00")], zone=CHICAGO)
    marks()
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": CHICAGO, "closed_through": date(2026, 1, 31)})
    with pytest.raises(Refused, match=r"^Periods are closed through 31 Jan 2026, .* Reopen them first"):
        rezone("Europe/Berlin")
    rezone(CHICAGO)
    assert Calendar.current().time_zone == CHICAGO
    assert Ticket.objects.get().opened_on == date(2026, 1, 31)
    Calendar.objects.update(closed_through=None)
    rezone("Europe/Berlin")
    assert Ticket.objects.get().opened_on == date(2026, 2, 1)


def test_a_vendor_file_that_leaves_a_hole_is_told_so() -> None:
    endpoint = Endpoint(name="holes", path="/holes", into=Ticket, fields={"external_id": "id", "title": "summary"})
    with pytest.raises(LookupError, match=r"holes does not fill Ticket.opened_at"):
        Merge(Plan(endpoint, DESK, {}))


@pytest.mark.django_db(transaction=True)
def test_loading_twenty_thousand_unchanged_rows_writes_no_log(source: Connection) -> None:
    records = [ticket(key, summary="x" * 40) for key in range(1, 20_001)]
    load(source, "tickets", records)
    load(source, "tickets", records[:1])  # the temporary tables of this session stand

    def again() -> int:
        before = log_written()
        assert load(source, "tickets", records) == Loaded()
        return log_written() - before

    stood = row_versions()
    written = [again() for _ in range(3)]
    assert row_versions() == stood  # none rewritten, and none so much as locked
    if connection.pg_version >= 180000:  # older servers tell what everyone wrote
        assert min(written) < 20_000  # bytes; the first reading after a write may log page hints


def row_versions() -> str:
    """A digest of where each ticket's row lies and which transactions made, changed or locked it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(ctid::text || xmin::text || xmax::text, ' ' ORDER BY ctid)) FROM ticket")
        return str(cursor.fetchone()[0])


def log_written() -> int:
    """Bytes of write-ahead log that this session wrote; 0 where the server cannot tell (before 18)."""
    if connection.pg_version < 180000:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT wal_bytes FROM pg_stat_get_backend_wal(pg_backend_pid())")
        return int(cursor.fetchone()[0])
