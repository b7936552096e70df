"""What loading a file does to the tables: what counts, what is set aside, what is gone, and which days are read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.drop import coverage
from collectors.drop.declare import Span
from collectors.drop.files import LoadedFile
from collectors.drop.layouts import LAYOUTS
from collectors.drop.loading import Checked, check, load, load_and_tell
from collectors.drop.table import DropError, table
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetState
from collectors.facts.money import LedgerBalance
from collectors.facts.readings import Listing, Reading
from collectors.facts.service import Queue, Technician, Ticket, TimeEntry
from collectors.facts.touched import Calendar, Touched
from tests.collectors.drop.files import as_csv, of

pytestmark = pytest.mark.django_db
APRIL = Span(date(2026, 4, 1), date(2026, 4, 30))


@pytest.fixture(autouse=True)
def calendar() -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})


def told(key: str, *rows: dict[str, str], source: str = "By hand", name: str = "rows.csv", **how: object) -> Checked:
    layout, found = of(key, *rows, name=name)
    return load_and_tell(layout, found, source, **how)[1]  # type: ignore[arg-type]


def loaded(text: str, key: str = "tickets", **how: object) -> Checked:
    return load_and_tell(LAYOUTS[key], table(text.encode(), "rows.csv"), "By hand", **how)[1]  # type: ignore[arg-type]


def test_headings_may_stand_below_a_title_in_any_order_and_writing() -> None:
    found = loaded("Our tickets\n\nclient,TICKET #,Date Entered,Colour\nAcme,7,2026-04-01 09:00,blue\n")
    assert (found.new, found.notes[0]) == (1, "Not read, as no column of tickets is called so: Colour.")
    ticket = Ticket.objects.get()
    assert (ticket.external_id, ticket.account.name if ticket.account else "") == ("7", "Acme")


def test_a_moment_without_its_offset_is_of_the_business_zone() -> None:
    loaded("Ticket,Opened,Closed\n7,2026-04-01 23:30,2026-04-02T05:30:00Z\n")
    ticket = Ticket.objects.get()
    assert ticket.opened_at == datetime.fromisoformat("2026-04-02T04:30:00+00:00")
    assert (ticket.opened_on, ticket.closed_on, ticket.closed) == (date(2026, 4, 1), date(2026, 4, 2), True)


def test_bad_rows_are_set_aside_with_their_numbers_and_the_rest_counts() -> None:
    found = told("tickets", {}, {"Ticket": "2", "Opened": "soon"}, {"Ticket": ""}, {"Ticket": "4", "Reopened": "1.5"})
    assert (found.read, found.new) == (4, 1)
    assert [(one.row, one.reason) for one in found.set_aside] == [
        (3, "Opened: “soon” is no day; write it as 2026-04-30"),
        (4, "Ticket is empty"),
        (5, "Reopened: “1.5” is no whole number"),
    ]
    kept = {row.external_id: row for row in QuarantinedRecord.objects.all()}
    assert set(kept) == {"2", "rows.csv, row 4", "4"}
    record = kept["2"].record
    assert (record["Opened"], record["row"], record["file"]) == ("soon", 3, "rows.csv")
    assert kept["2"].run and kept["2"].run.counts == {
        "tickets": {"read": 4, "added": 1, "changed": 0, "retired": 0, "quarantined": 3}
    }


def test_a_person_is_kept_as_a_hash_and_not_even_in_quarantine_by_name() -> None:
    told("tickets", {"Requester": "Invented Person"}, {"Ticket": "2", "Opened": "soon", "Requester": "Invented Person"})
    assert Ticket.objects.get().requester not in ("", "Invented Person")
    assert "Invented" not in str(QuarantinedRecord.objects.get().record)


def test_a_row_put_right_in_a_later_file_of_the_name_leaves_quarantine() -> None:
    told("tickets", {"Ticket": "1"}, {"Ticket": ""}, {"Ticket": "3", "Opened": "soon"})
    assert QuarantinedRecord.objects.filter(replayed_at=None).count() == 2
    told("tickets", {"Ticket": "1"}, {"Ticket": "2"}, {"Ticket": "3", "Opened": "soon"})
    assert [row.external_id for row in QuarantinedRecord.objects.filter(replayed_at=None)] == ["3"]
    told("tickets", {"Ticket": "3"}, name="another.csv")
    assert not QuarantinedRecord.objects.filter(replayed_at=None).exists()


def test_a_file_of_which_no_row_can_be_read_is_refused_whole() -> None:
    with pytest.raises(DropError, match=r"No row of rows.csv can be read as tickets.*Row 2: Opened: “soon” is no day"):
        told("tickets", {"Opened": "soon"})
    with pytest.raises(DropError, match="headings and no rows"):
        loaded("Ticket,Opened\n")
    assert not Connection.objects.exists() and not CollectorRun.objects.exists()


def test_a_load_that_is_killed_leaves_nothing_and_is_done_whole_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(coverage, "advance", killed)  # the last thing but the counts
        told("tickets", {}, {"Ticket": "2"})
    assert not Connection.objects.exists() and not Ticket.objects.exists() and not Account.objects.exists()
    assert told("tickets", {}, {"Ticket": "2"}).new == 2


def test_what_rows_name_is_made_once_and_found_by_name_afterwards() -> None:
    found = told(
        "tickets", {"Company": "Acme"}, {"Ticket": "2", "Company": " ACME "}, {"Ticket": "3", "Company": "Bolt"}
    )
    assert found.accounts == ("Acme", "Bolt")
    assert (Account.objects.count(), Queue.objects.count(), Technician.objects.count()) == (2, 1, 1)
    again = told("tickets", {"Ticket": "4", "Company": "acme"}, {"Ticket": "5", "Company": "Crown"})
    assert again.accounts == ("Crown",)
    assert Ticket.objects.filter(account__name="Acme").count() == 3


def test_two_companies_of_one_name_are_told_apart_by_their_ids() -> None:
    told("companies", {"Company": "Acme", "Company id": "1"}, {"Company": "Acme", "Company id": "2"})
    found = told("tickets", {"Company": "Acme", "Company id": "2"}, {"Ticket": "2", "Company": "Acme"})
    assert [one.reason for one in found.set_aside] == [
        "Company: this source has 2 called “Acme”; add the column Company id"
    ]
    assert Ticket.objects.get().account_id == Account.objects.get(external_id="2").pk


def test_a_site_belongs_to_the_company_of_its_file() -> None:
    told("companies", {"Company": "Acme"}, {"Company": "Acme North", "Kind": "Site", "Part of": "ACME"})
    assert Account.objects.get(name="Acme North").parent == Account.objects.get(name="Acme")


def test_a_file_of_its_days_counts_for_them_and_others_join() -> None:
    told("tickets", {}, span=APRIL)
    told("tickets", {"Ticket": "2", "Opened": "2026-05-04"}, span=Span(date(2026, 5, 1), date(2026, 5, 31)))
    read = Reading.objects.get(entity="Ticket")
    assert (read.read_from.isoformat(), read.read_through.isoformat()) == (
        "2026-04-01T05:00:00+00:00", "2026-06-01T05:00:00+00:00",
    )  # fmt: skip


def test_days_between_two_files_are_not_read_until_they_are_loaded() -> None:
    told("tickets", {}, span=APRIL)
    found = told("tickets", {"Ticket": "3", "Opened": "2026-06-02"}, span=Span(date(2026, 6, 1), date(2026, 6, 15)))
    assert any("Nothing was loaded for 1 May 2026 to 31 May 2026" in note for note in found.notes)
    assert Reading.objects.get().read_through.isoformat() == "2026-05-01T05:00:00+00:00"
    told("tickets", {"Ticket": "2", "Opened": "2026-05-04"}, span=Span(date(2026, 5, 1), date(2026, 5, 31)))
    assert Reading.objects.get().read_through.isoformat() == "2026-06-16T05:00:00+00:00"


def test_without_days_it_counts_for_those_its_rows_name() -> None:
    found = told("tickets", {"Opened": "2026-04-03"}, {"Ticket": "2", "Opened": "2026-04-20"})
    assert found.span == Span(date(2026, 4, 3), date(2026, 4, 20))
    assert any(note.startswith("No days were given") for note in found.notes)


def test_a_file_loaded_before_its_days_are_over_speaks_until_then() -> None:
    today = timezone.now().astimezone(Calendar.current().zone).date()
    run = load(*of("tickets", {"Opened": f"{today}"}), "By hand", span=Span(today, today + timedelta(days=9)))
    assert Reading.objects.get().read_through == LoadedFile.objects.get(run=run).loaded_at
    with pytest.raises(DropError, match="yet to come"):
        told("tickets", {}, span=Span(today + timedelta(days=1), today + timedelta(days=2)))


def test_rows_of_other_days_are_loaded_and_said() -> None:
    found = told("tickets", {}, {"Ticket": "2", "Opened": "2026-05-02"}, span=APRIL)
    assert found.new == 2 and found.notes[-1].startswith("1 row is of other days than 1 Apr 2026 to 30 Apr 2026")


def test_only_a_complete_file_takes_away_and_only_of_its_days() -> None:
    rows = [{"Ticket": f"{n}", "Opened": f"2026-04-{n:02}"} for n in range(1, 13)]
    told("tickets", *rows, {"Ticket": "99", "Opened": "2026-03-31", "Closed": "2026-04-02"}, span=APRIL)
    assert told("tickets", *rows[2:], span=APRIL).retired == 0
    assert told("tickets", *rows[2:], span=APRIL, complete=True).retired == 2
    assert set(Ticket.objects.exclude(retired_on=None).values_list("external_id", flat=True)) == {"1", "2"}


def test_a_complete_file_that_lost_most_of_its_rows_must_be_confirmed() -> None:
    rows = [{"Device": f"PC-{n}"} for n in range(10)]
    told("assets", *rows, span=APRIL)
    layout, short = of("assets", *rows[:4])
    assert check(layout, short, "By hand").too_many_gone == "6 of 10 devices are no longer listed."
    with pytest.raises(DropError, match="6 of 10 devices are no longer listed, so nothing was loaded"):
        load(layout, short, "By hand")
    assert Asset.objects.filter(retired_on=None).count() == 10 and LoadedFile.objects.count() == 1
    load(layout, short, "By hand", confirm_retire=True)
    assert Asset.objects.filter(retired_on=None).count() == 4


def test_nothing_is_taken_away_while_a_row_without_an_id_cannot_be_read() -> None:
    told("assets", {"Device": "PC-1"}, {"Device": "PC-2"}, {"Device": "PC-3"})
    assert told("assets", {"Device": "PC-1"}, {"Device": "PC-2"}, {"Device": "PC-3", "Online": "?"}).retired == 0
    assert Asset.objects.filter(retired_on=None).count() == 3


def test_what_stood_begins_on_the_day_of_its_listing_and_is_never_dated_back() -> None:
    march, april = Span(date(2026, 3, 31), date(2026, 3, 31)), Span(date(2026, 4, 30), date(2026, 4, 30))
    told("assets", {"Operating system": "Windows 10 Pro"}, span=march)
    told("assets", {"Operating system": "Windows 11 Pro"}, span=april)
    states = [(one.from_on, one.os) for one in AssetState.objects.order_by("from_on")]
    assert states == [(march.through_on, "Windows 10 Pro"), (april.through_on, "Windows 11 Pro")]
    assert [one.day for one in Listing.objects.order_by("day")] == [march.through_on, april.through_on]
    with pytest.raises(DropError, match="cannot be dated back"):
        told("assets", {"Operating system": "Windows 7"}, span=march)


def test_a_part_of_a_listing_is_no_listing() -> None:
    told("assets", {}, complete=False)
    assert Asset.objects.count() == 1 and not Listing.objects.exists()


def test_two_equal_entries_without_ids_are_two() -> None:
    entry = {"Entry": "", "Hours": "0.5"}
    told("time", entry, entry, {**entry, "Hours": "0.50", "Billable": "yes"})
    assert [one.hours for one in TimeEntry.objects.all()] == [Decimal("0.5")] * 3
    assert told("time", entry, entry, {**entry, "Hours": "0.50", "Billable": "yes"}).same == 3


def test_of_two_rows_of_one_id_the_last_counts() -> None:
    found = told("tickets", {"Title": "first"}, {"Title": "second"})
    assert (found.new, Ticket.objects.get().title) == (1, "second")
    assert "1 row repeats the id of others; the last counts." in found.notes


def test_a_month_of_the_ledger_counts_as_read_whole() -> None:
    told("ledger", {"Amount": "(1.234,50)", "Month": "Apr 2026"})
    balance = LedgerBalance.objects.get()
    assert (balance.amount, balance.month, balance.basis) == (Decimal("-1234.50"), date(2026, 4, 1), "accrual")
    assert balance.ledger_account and balance.ledger_account.side == "income"
    read = Reading.objects.get(entity="LedgerBalance")
    assert read.read_from.isoformat() == "2026-04-01T05:00:00+00:00"
    assert read.read_through.isoformat() == "2026-05-01T05:00:00+00:00"


def test_a_source_holds_figures_of_one_basis() -> None:
    told("ledger", {"Basis": "cash"})
    assert Connection.objects.get().settings == {"basis": "cash"}
    told("ledger", {"Basis": ""})
    assert LedgerBalance.objects.get().basis == "cash"
    with pytest.raises(DropError, match="Load it as a source of its own"):
        told("ledger", {"Basis": "accrual"})


def test_loading_marks_the_months_it_moved() -> None:
    told("tickets", {"Opened": "2026-04-14"})
    marks = set(Touched.objects.filter(entity="Ticket").values_list("account", "month"))
    assert marks == {(Account.objects.get().pk, date(2026, 4, 1))}


def test_sources_of_one_name_and_other_kinds_of_system_are_apart() -> None:
    told("tickets", {})
    told("assets", {})
    told("tickets", {}, source="Another desk")
    assert sorted(Connection.objects.values_list("vendor", "label")) == [
        ("files_psa", "Another desk"), ("files_psa", "By hand"), ("files_rmm", "By hand"),
    ]  # fmt: skip
    assert Ticket.objects.count() == 2
    for name in ("", "x" * 101, "a\0b"):
        with pytest.raises(DropError, match="source"):
            told("tickets", {}, source=name)


def test_a_formula_in_a_cell_is_only_text() -> None:
    content = as_csv([("Ticket", "Opened", "Title"), ("1", "2026-04-01", "'=1+1"), ("2", "2026-04-01", "=1+1")])
    load(LAYOUTS["tickets"], table(content, "rows.csv"), "By hand")
    assert set(Ticket.objects.values_list("title", flat=True)) == {"=1+1"}
