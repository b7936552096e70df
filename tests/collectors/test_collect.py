"""A whole run against a vendor on loopback: what is asked for, retired, set aside and claimed to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors import lease
from collectors.collect import replay, run
from collectors.connections import Checkpoint, CollectorRun, Connection, QuarantinedRecord, Seen
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition
from collectors.facts.estate import Asset, AssetState
from collectors.facts.money import LedgerBalance
from collectors.facts.readings import Listing, Reading
from collectors.facts.service import Ticket, TimeEntry
from collectors.facts.touched import Calendar, Touched
from collectors.load import rezone
from collectors.vendors import VENDORS
from tests.collectors.desk import DESK, SLUG, Desk, facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def past(desk: Desk, settings: Any) -> Iterator[None]:
    """The desk is a sandbox: a run may speak for another moment than now."""
    settings.SANDBOX_URL = desk.address
    yield


def at(desk: Desk, source: Connection, **options: Any) -> CollectorRun:
    """A run at the desk's own moment."""
    done = run(source, as_of=desk.now, **options)
    assert done.state == "done", done.error
    return done


def asked(desk: Desk, path: str) -> list[str]:
    return [address for address in desk.asked if address.startswith(path)]


def test_it_reads_every_list_and_says_how_much(desk: Desk) -> None:
    done = run(desk.connection())
    assert (done.state, done.error, done.step) == ("done", "", "")
    assert done.counts["tickets"] == {"read": 30, "added": 30, "changed": 0, "retired": 0, "quarantined": 0}
    assert Ticket.objects.count() == 30
    assert TimeEntry.objects.filter(ticket__isnull=False, account__isnull=False).count() == 30
    assert set(Addition.objects.values_list("external_id", "agreement__external_id")) == {
        ("10", "1"), ("20", "2"), ("30", "3"),
    }  # fmt: skip
    assert not Checkpoint.objects.exists()
    assert not Seen.objects.exists()


def test_a_second_run_changes_nothing(desk: Desk) -> None:
    source = desk.connection()
    run(source)
    Touched.objects.all().delete()
    done = run(source)
    assert all(not counts[what] for counts in done.counts.values() for what in ("added", "changed", "retired"))
    assert not Touched.objects.exists()


def test_the_first_reading_goes_back_whole_months_and_says_so(desk: Desk, past: None) -> None:
    source = desk.connection()
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    at(desk, source)
    reading = Reading.objects.get(connection=source, entity="Ticket")
    assert reading.read_from == datetime(2024, 3, 1, 6, tzinfo=UTC)
    assert reading.read_through == desk.now


def test_people_say_how_far_back_to_read_and_may_want_more_later(desk: Desk, past: None) -> None:
    source = desk.connection()
    Calendar.objects.update_or_create(id=1, defaults={"read_from": date(2026, 2, 1)})
    at(desk, source)
    assert Reading.objects.get(entity="Ticket").read_from == datetime(2026, 2, 1, tzinfo=UTC)
    Calendar.objects.update(read_from=date(2025, 1, 1))
    desk.now += timedelta(hours=1)
    at(desk, source)
    assert Reading.objects.get(entity="Ticket").read_from == datetime(2025, 1, 1, tzinfo=UTC)
    assert "since=2025-01-01" in asked(desk, "/tickets")[-1]


def test_the_next_run_asks_from_the_start_of_the_last_with_an_overlap(desk: Desk, past: None) -> None:
    source = desk.connection()
    at(desk, source)
    began = desk.now
    desk.now += timedelta(hours=6)
    at(desk, source)
    since = (began - timedelta(minutes=15)).isoformat().replace(":", "%3A").replace("+", "%2B")
    assert f"since={since}" in asked(desk, "/tickets")[-1]


def test_a_failed_run_moves_no_reading(desk: Desk, past: None) -> None:
    source = desk.connection()
    at(desk, source)
    read = Reading.objects.get(entity="TimeEntry").read_through
    desk.now += timedelta(hours=1)
    desk.before_answer = lambda path: (404, {}, b"{}") if path.startswith("/time") else None
    assert run(source, as_of=desk.now).state == "failed"
    assert Reading.objects.get(entity="TimeEntry").read_through == read
    assert Reading.objects.get(entity="Ticket").read_through == desk.now


def test_a_complete_listing_leaves_a_listing_of_its_local_day(desk: Desk, past: None) -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    desk.now = datetime(2026, 4, 1, 4, 30, tzinfo=UTC)  # 23:30 on the last evening of March
    at(desk, desk.connection())
    assert Listing.objects.get(entity="Asset").day == date(2026, 3, 31)
    assert not Listing.objects.filter(entity__in=["Ticket", "LedgerBalance"]).exists()


def test_what_is_no_longer_listed_is_retired_and_comes_back(desk: Desk, past: None) -> None:
    source = desk.connection()
    at(desk, source)
    Touched.objects.all().delete()
    desk.now += timedelta(days=1)
    device = desk.lists["devices"].pop(3)
    assert at(desk, source).counts["devices"]["retired"] == 1
    gone = Asset.objects.get(external_id="3")
    assert gone.retired_on == date(2026, 3, 11)
    assert [(state.from_on, state.until_on) for state in AssetState.objects.filter(thing=gone)] == [
        (date(2026, 3, 10), date(2026, 3, 11))
    ]
    account = Account.objects.get(external_id="1").pk
    assert set(Touched.objects.values_list("entity", "account", "month")) == {("Asset", account, date(2026, 3, 1))}

    desk.now += timedelta(days=1)
    desk.lists["devices"][3] = device
    at(desk, source)
    gone.refresh_from_db()
    assert gone.retired_on is None
    assert AssetState.objects.filter(thing=gone, from_on=date(2026, 3, 12)).exists()


def test_a_client_that_is_gone_is_gone_on_a_day(desk: Desk, past: None) -> None:
    source = desk.connection()
    at(desk, source)
    desk.now += timedelta(days=1)
    desk.drop("companies", 2)
    at(desk, source)
    assert Account.objects.get(external_id="2").gone_on == date(2026, 3, 11)


def test_a_run_that_would_retire_too_much_stops_and_asks(desk: Desk) -> None:
    source = desk.connection()
    for key in range(6, 26):
        desk.put("devices", key, name=f"pc-{key}", kind="workstation", os="Debian 13")
    run(source)
    for key in range(1, 7):  # six of 25
        desk.drop("devices", key)
    stopped = run(source)
    assert stopped.state == "stopped"
    assert not Asset.objects.exclude(retired_on=None).exists()
    source.refresh_from_db()
    assert source.problem == stopped.error
    assert source.problem.startswith("6 of 25 devices are no longer listed")
    assert f"manage.py collect {source.pk} --confirm-retire" in source.problem

    assert run(source, confirm_retire=True).state == "done"
    assert Asset.objects.exclude(retired_on=None).count() == 6
    source.refresh_from_db()
    assert source.problem == ""


def test_a_fifth_of_a_list_may_go_without_asking(desk: Desk) -> None:
    source = desk.connection()
    for key in range(6, 26):
        desk.put("devices", key, name=f"pc-{key}", kind="workstation", os="Debian 13")
    run(source)
    for key in range(1, 6):  # five of 25
        desk.drop("devices", key)
    assert run(source).state == "done"
    assert Asset.objects.exclude(retired_on=None).count() == 5


def test_a_full_compare_finds_what_the_cursor_missed(desk: Desk, past: None) -> None:
    source = desk.connection()
    desk.now += timedelta(hours=1)  # past the overlap
    at(desk, source)
    desk.now += timedelta(days=1)
    desk.lists["tickets"][4]["summary"] = "Edited without a new date"
    desk.drop("tickets", 5)
    at(desk, source)
    assert Ticket.objects.get(external_id="4").title == "Ticket 4"
    assert Ticket.objects.get(external_id="5").retired_on is None
    at(desk, source, full=True)
    assert Ticket.objects.get(external_id="4").title == "Edited without a new date"
    assert Ticket.objects.get(external_id="5").retired_on == date(2026, 3, 11)
    source.refresh_from_db()
    assert source.full_compare_at == desk.now


def test_what_a_vendor_no_longer_names_for_its_age_is_not_gone(desk: Desk, past: None) -> None:
    endpoints = (replace(one, kept_days=20) if one.name == "tickets" else one for one in DESK.endpoints)
    VENDORS[SLUG] = replace(DESK, endpoints=tuple(endpoints))
    source = desk.connection()
    at(desk, source)
    for key in (5, 25):  # of so many days ago
        desk.drop("tickets", key)
    desk.now += timedelta(days=1)
    at(desk, source, full=True)
    assert list(Ticket.objects.exclude(retired_on=None).values_list("external_id", flat=True)) == ["5"]


def test_a_list_of_the_latest_alone_retires_nothing_and_speaks_from_its_first_reading_on(
    desk: Desk, past: None
) -> None:
    endpoints = (
        replace(one, since=None, total=None, latest=True) if one.name == "tickets" else one for one in DESK.endpoints
    )
    VENDORS[SLUG] = replace(DESK, endpoints=tuple(endpoints))
    source, begun = desk.connection(), desk.now
    at(desk, source)
    desk.drop("tickets", 5)
    desk.now += timedelta(days=1)
    at(desk, source, full=True)
    assert not Ticket.objects.exclude(retired_on=None).exists()
    reading = Reading.objects.get(entity="Ticket")
    assert (reading.read_from, reading.read_through) == (begun, desk.now)


def test_a_report_is_asked_for_again_three_months_back(desk: Desk, past: None) -> None:
    source = desk.connection()
    at(desk, source)
    assert "from=2024-03-01&to=2024-09-01" in asked(desk, "/report")[0]
    desk.asked.clear()
    desk.lists["report"][2]["amount"] = "250.00"
    desk.drop("report", 3)
    desk.now += timedelta(days=1)
    at(desk, source)
    assert all("from=2025-12-01&to=2026-03-1" in address for address in asked(desk, "/report"))
    amounts = dict(LedgerBalance.objects.filter(retired_on=None).values_list("external_id", "amount"))
    assert {key: str(amount) for key, amount in amounts.items()} == {"1": "100.0000", "2": "250.0000"}


def test_a_record_nobody_can_read_is_set_aside_and_the_run_goes_on(desk: Desk) -> None:
    source = desk.connection()
    desk.put("tickets", 7, opened="yesterday")
    done = run(source)
    assert done.state == "done"
    assert done.counts["tickets"]["quarantined"] == 1
    assert Ticket.objects.count() == 29
    kept = QuarantinedRecord.objects.get()
    assert (kept.endpoint, kept.external_id) == ("tickets", "7")
    assert kept.reason.startswith("opened_at: ")
    assert kept.record["opened"] == "yesterday"
    assert "updated" not in kept.record  # not a declared field

    run(source, full=True)
    assert QuarantinedRecord.objects.count() == 1  # said again, not said twice


def test_a_record_set_aside_is_let_go_when_it_can_be_read(desk: Desk) -> None:
    source = desk.connection()
    good = desk.lists["tickets"][7]["opened"]
    desk.put("tickets", 7, opened="yesterday")
    run(source)
    desk.put("tickets", 7, opened=good)
    run(source, full=True)
    assert QuarantinedRecord.objects.get().replayed_at is not None
    assert Ticket.objects.count() == 30


def test_a_device_that_cannot_be_read_is_not_taken_for_gone(desk: Desk) -> None:
    source = desk.connection()
    run(source)
    desk.put("devices", 3, kind="toaster")
    run(source)
    assert Asset.objects.get(external_id="3").retired_on is None
    desk.lists["devices"].pop(3)
    desk.lists["devices"][0] = {"id": 0, "name": {}, "kind": None}
    run(source)
    assert Asset.objects.get(external_id="3").retired_on is not None


def test_a_record_set_aside_can_be_tried_again(desk: Desk) -> None:
    source = desk.connection()
    desk.put("tickets", 7, opened="yesterday")
    desk.put("tickets", 8, opened="tomorrow")
    run(source)
    mended, broken = QuarantinedRecord.objects.order_by("external_id")
    mended.record["opened"] = "2026-02-03T10:00:00+00:00"
    mended.save()
    assert replay([mended.pk, broken.pk]) == (1, 1)
    assert Ticket.objects.get(external_id="7").opened_on == date(2026, 2, 3)
    assert QuarantinedRecord.objects.get(replayed_at=None) == broken
    assert Touched.objects.filter(entity="Ticket", month=date(2026, 2, 1)).exists()


def test_a_refused_key_stops_the_connection_with_a_sentence(desk: Desk) -> None:
    source = desk.connection()
    desk.before_answer = lambda path: (401, {"Content-Type": "application/json"}, b"{}")
    refused = run(source)
    assert refused.state == "failed"
    source.refresh_from_db()
    assert source.problem == refused.error
    assert "Test Desk refuses our key" in source.problem
    assert len(desk.asked) <= 2
    assert "invented-token" not in source.problem


def test_a_vendor_that_asks_for_a_long_wait_frees_the_worker(desk: Desk) -> None:
    source = desk.connection()
    desk.before_answer = lambda path: (429, {"Retry-After": "3600"}, b"") if path.startswith("/tickets") else None
    failed = run(source)
    assert (failed.state, failed.retry_after) == ("failed", 3600)
    source.refresh_from_db()
    assert source.problem == ""
    assert Asset.objects.count() == 5  # what was read stays


def test_a_run_whose_time_is_up_goes_on_where_it_stopped(desk: Desk) -> None:
    source = desk.connection()
    for key in range(31, 131):
        desk.put("tickets", key, summary=f"Ticket {key}", opened="2026-03-01T10:00:00+00:00")
    second_page = "after=100"
    desk.before_answer = lambda path: (429, {"Retry-After": "30"}, b"") if second_page in path else None
    paused = run(source, deadline_seconds=25)  # less than the vendor asks us to wait
    assert (paused.state, paused.step, paused.error) == ("paused", "tickets", "")
    assert paused.counts["tickets"]["read"] == 100
    desk.before_answer = lambda path: None
    desk.asked.clear()
    done = run(source)
    assert (done.pk, done.state) == (paused.pk, "done")
    assert done.counts["tickets"]["added"] == 130
    assert not asked(desk, "/companies")
    assert second_page in asked(desk, "/tickets")[0]


def test_a_run_that_never_gets_anywhere_fails_instead_of_going_on_for_ever(desk: Desk) -> None:
    failed = run(desk.connection(), deadline_seconds=0)
    assert failed.state == "failed"
    assert failed.error.startswith("Nothing could be read in 0 seconds.")


def test_a_second_worker_is_told_that_one_reads_already(desk: Desk) -> None:
    source = desk.connection()
    told: list[str] = []

    def second(path: str) -> None:
        if not told:
            with pytest.raises(lease.AlreadyRunning) as reason:
                run(Connection.objects.get(pk=source.pk))
            told.append(str(reason.value))

    desk.before_answer = second
    assert run(source).state == "done"
    assert told == ["Desk is already being read."]
    assert CollectorRun.objects.count() == 1


def test_a_run_whose_lease_ended_is_taken_over_and_its_old_worker_writes_no_more(desk: Desk) -> None:
    source = desk.connection()
    taken: list[CollectorRun] = []

    def takes_over(path: str) -> None:
        if path.startswith("/tickets") and not taken:
            taken.append(CollectorRun.objects.get())
            CollectorRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            assert lease.abandoned() == [source.pk]
            assert run(Connection.objects.get(pk=source.pk)).state == "done"

    desk.before_answer = takes_over
    with pytest.raises(lease.LostLease):
        run(source)
    done = CollectorRun.objects.get()
    assert (done.pk, done.state) == (taken[0].pk, "done")
    assert done.counts["tickets"]["added"] == 30


def test_what_was_seen_lost_in_a_crash_of_the_database_starts_the_reading_over(desk: Desk) -> None:
    source = desk.connection()
    run(source)
    desk.before_answer = lambda path: (404, {}, b"{}") if path.startswith("/tickets") else None
    run(source)
    CollectorRun.objects.filter(state="failed").update(state="paused", lease_until=timezone.now(), ended_at=None)
    assert Seen.objects.filter(endpoint="agreements").count() == 3
    Seen.objects.all().delete()
    desk.before_answer = lambda path: None
    assert run(source).state == "done"
    assert not Asset.objects.exclude(retired_on=None).exists()
    assert not Addition.objects.exclude(retired_on=None).exists()


def test_a_time_zone_changed_while_it_reads_rules_every_row_in_the_end(desk: Desk) -> None:
    source = desk.connection()
    desk.put("tickets", 1, opened="2026-01-31T23:30:00+00:00")
    desk.before_answer = lambda path: rezone("Europe/Berlin") if path.startswith("/tickets") else None
    paused = run(source)
    assert paused.state == "paused"
    desk.before_answer = lambda path: None
    assert run(source).state == "done"
    assert Ticket.objects.get(external_id="1").opened_on == date(2026, 2, 1)


def test_a_reading_outlives_the_loss_of_its_database_connection(desk: Desk) -> None:
    source = desk.connection()
    undisturbed = desk.connection(label="Undisturbed")
    assert run(undisturbed).state == "done"

    def cut_off(path: str) -> None:
        if path.startswith("/tickets"):
            with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    desk.before_answer = cut_off
    assert run(source).state == "paused"
    desk.before_answer = lambda path: None
    assert run(source).state == "done"
    assert facts(source) == facts(undisturbed)


def test_only_a_sandbox_has_a_past(desk: Desk) -> None:
    with pytest.raises(ValueError, match="can only be read as it is now"):
        run(desk.connection(), as_of=desk.now)


def test_the_past_is_played_forwards(desk: Desk, past: None) -> None:
    source = desk.connection()
    at(desk, source)
    with pytest.raises(ValueError, match="forwards"):
        run(source, as_of=desk.now - timedelta(days=1))


def test_a_fault_of_our_own_is_written_down_and_raised(desk: Desk) -> None:
    source = desk.connection()
    with pytest.raises(ZeroDivisionError):
        run(source, progress=lambda _: 1 // 0)
    failed = CollectorRun.objects.get()
    assert (failed.state, failed.error) == ("failed", "A fault of our own (ZeroDivisionError); the log says more.")


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(1, 12), st.integers(0, 3)),
        st.tuples(st.just("silent"), st.integers(1, 12), st.integers(0, 3)),
        st.tuples(st.just("drop"), st.integers(1, 12), st.just(0)),
        st.tuples(st.just("run"), st.just(0), st.just(0)),
        st.tuples(st.just("full"), st.just(0), st.just(0)),
        st.tuples(st.just("cut"), st.integers(0, 12), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits=EDITS)
def test_any_interleaving_of_edits_and_runs_ends_equal_to_the_source(desk: Desk, past: None, edits: list[Any]) -> None:
    """Edits, edits that move no date, deletions, runs and runs that fail half-way; then one full compare."""
    CollectorRun.objects.all().delete()
    desk.lists["tickets"], desk.lists["time"] = {}, {}
    source = desk.connection(label=f"Desk {Connection.objects.count()}")
    for number, (what, key, value) in enumerate(edits):
        desk.now += timedelta(seconds=37)
        ticket = {
            "company": {"id": 1 + value % 3}, "board": {"id": 1 + value % 2}, "summary": f"{number}",
            "opened": "2026-03-01T10:00:00+00:00", "closed": f"2026-03-0{2 + value}T10:00:00+00:00" if value else None,
            "parent": {"id": 1 + (key + value) % 12} if value == 2 else None,
        }  # fmt: skip
        match what:
            case "edit":
                desk.put("tickets", key, **ticket)
            case "silent" if key in desk.lists["tickets"]:
                desk.lists["tickets"][key]["summary"] = f"{number}"
            case "drop":
                desk.drop("tickets", key)
            case "run" | "full":
                at(desk, source, full=what == "full")
            case "cut":
                begun = len(desk.asked)
                desk.before_answer = lambda path, end=begun + key: (404, {}, b"{}") if len(desk.asked) > end else None
                run(source, as_of=desk.now)
                desk.before_answer = lambda path: None
    desk.now += timedelta(seconds=37)
    at(desk, source, full=True, confirm_retire=True)
    assert held(source) == sent(desk)


def held(source: Connection) -> dict[str, Any]:
    rows = Ticket.objects.filter(connection=source, retired_on=None)
    return {
        row.external_id: (
            row.title, row.account and row.account.external_id, row.queue and row.queue.external_id,
            row.opened_at.isoformat(), row.closed_at and row.closed_at.isoformat(),
            (row.parent and row.parent.retired_on is None and row.parent.external_id) or None,
        )
        for row in rows.select_related("account", "queue", "parent")
    }  # fmt: skip


def sent(desk: Desk) -> dict[str, Any]:
    there = desk.lists["tickets"]
    return {
        str(key): (
            row["summary"], str(row["company"]["id"]), str(row["board"]["id"]), row["opened"], row["closed"],
            str(row["parent"]["id"]) if row["parent"] and row["parent"]["id"] in there else None,
        )
        for key, row in json.loads(json.dumps(list(there.items())))
    }  # fmt: skip
