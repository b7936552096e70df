"""Numbers in from files people have, and tables out that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import xlsxwriter
from django.contrib.auth.models import User
from python_calamine import CalamineWorkbook

from collectors.models import Account, Connection
from metrics import spreadsheets
from metrics.models import Entry
from metrics.periods import Month
from metrics.reading import COMPANY, ScopeRef
from metrics.spreadsheets import Column, Kind, Preview, Table, Unusable
from metrics.spreadsheets.parse import month_named
from metrics.spreadsheets.sheet import LARGEST_FILE, address
from organizations.models import AccountLink, Organization
from tests.metrics.stored_values import person, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor() -> User:
    return person("editor", "enter_numbers", "see_finance")


def preview(
    editor: User, text: str | bytes, scope: ScopeRef = COMPANY, name: str = "figures.csv", **also: object
) -> Preview:
    content = text.encode() if isinstance(text, str) else text
    return spreadsheets.preview(editor, name, content, scope, **also)  # type: ignore[arg-type]


def said(found: Preview) -> list[tuple[str, str, str, Decimal | None, Decimal | None, str]]:
    return [(c.scope.slug, c.metric.key, str(c.month), c.old, c.new, c.kind or "") for c in found.changes]


def workbook(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "mmm yyyy"})
        for line, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(line, place, cell, day)
                else:
                    sheet.write(line, place, cell)
    return out.getvalue()


def test_it_reads_months_as_columns_by_key_label_and_spreadsheet_name(editor: User) -> None:
    found = preview(editor, (
        "Our figures\n\nmetric,unit,2025-01,Feb 2025,Total\n"
        "employees,count,8.5,8.5,17\n"
        "Technical Employees,count,5.5,,\n"
        'Non-recurring Revenue (NRR),money,"(2,044)","$10,877",\n'
    ))
    assert said(found) == [
        ("", "employees", "2025-01", None, Decimal("8.5"), "imported"),
        ("", "employees", "2025-02", None, Decimal("8.5"), "imported"),
        ("", "technical_employees", "2025-01", None, Decimal("5.5"), "imported"),
        ("", "nrr", "2025-01", None, Decimal(-2044), "imported"),
        ("", "nrr", "2025-02", None, Decimal(10877), "imported"),
    ]
    assert found.errors == ()
    assert not Entry.objects.exists()


def test_it_reads_months_as_rows(editor: User) -> None:
    found = preview(editor, "Month;Employees;telemarketing_dials\n2025-01;8.5;20\nFeb-25;9;\n")
    assert said(found) == [
        ("", "employees", "2025-01", None, Decimal("8.5"), "imported"),
        ("", "telemarketing_dials", "2025-01", None, Decimal(20), "imported"),
        ("", "employees", "2025-02", None, Decimal(9), "imported"),
    ]


def test_a_workbook_reads_the_same_with_real_dates_and_numbers(editor: User) -> None:
    rows: list[list[object]] = [["Metric", datetime(2025, 1, 1), datetime(2025, 2, 1)], ["employees", 8.5, 9]]
    found = preview(editor, workbook(rows), name="figures.xlsx")
    assert [(str(c.month), c.new) for c in found.changes] == [("2025-01", Decimal("8.5")), ("2025-02", 9)]


def test_a_client_column_holds_many_clients_by_slug_name_or_a_linked_account(editor: User) -> None:
    connection = Connection.objects.create(vendor="connectwise_psa", label="Desk")
    for slug, name in (("acme", "Acme Corporation"), ("birch", "Birch & Sons"), ("cedar", "Cedar Dental")):
        Organization.objects.create(slug=slug, name=name)
    for external_id, name, slug in (("250", "ACME Corp.", "acme"), ("251", "Cedar", "cedar")):
        account = Account.objects.create(connection=connection, external_id=external_id, name=name)
        AccountLink.objects.create(
            account=account, organization=Organization.objects.get(slug=slug), verdict="linked", method="person"
        )
    found = preview(editor, (
        "Client,Metric,2025-01\nacme,endpoints_managed,10\nBIRCH & SONS,endpoints_managed,20\n"
        "251,endpoints_managed,30\n"
        "ACME Corp.,seats_managed,9\nNobody,endpoints_managed,1\n,endpoints_managed,2\n"
    ))
    assert [(slug, metric, new) for slug, metric, _, _, new, _ in said(found)] == [
        ("acme", "endpoints_managed", 10), ("birch", "endpoints_managed", 20), ("cedar", "endpoints_managed", 30),
        ("acme", "seats_managed", 9),
    ]
    assert [str(error) for error in found.errors] == [
        "A6: “Nobody” is not a client, nor an account linked to one", "A7: no client is named in this row"
    ]


def test_each_wrong_cell_is_named_and_the_others_are_kept(editor: User) -> None:
    found = preview(editor, (
        "metric,2025-01,Smarch 2025,2025-03\nemployees,8,9,abc\nno such thing,1,,\ntelemarketing_dials,1.5,,\n"
        "employees,7,,\nrhem,0.2,,\nA heading,,,\n"
    ))
    assert [str(error) for error in found.errors] == [
        "C1: “Smarch 2025” is not a month: write 2025-01 or Jan 2025",
        "A3: “no such thing” is not a metric",
        "B5: Employees for Jan 2025 is given at B2 already",
        "D2: “abc” is not a number",
        "B4: “1.5” must be a whole number",
    ]
    assert found.left_out == ("RHEM (reactive hours / endpoint / month)",)
    assert [c.new for c in found.changes] == [8]


def test_it_shows_old_and_new_and_what_stays_as_it_is(editor: User) -> None:
    store("reactive_tickets_created", Month(2025, 1), "354")
    text = "metric,2025-01,2025-02\nreactive_tickets_created,350,294\nemployees,8,\n"
    spreadsheets.commit(preview(editor, "metric,2025-01\nemployees,8\n"), editor)
    found = preview(editor, text)
    assert found.unchanged == 1
    assert said(found) == [
        ("", "reactive_tickets_created", "2025-01", Decimal(354), Decimal(350), "corrected"),
        ("", "reactive_tickets_created", "2025-02", None, Decimal(294), "imported"),
    ]


def test_a_commit_writes_corrections_over_collected_values_with_the_files_name(editor: User) -> None:
    store("reactive_tickets_created", Month(2025, 1), "354")
    found = preview(editor, "metric,2025-01,2025-02\nreactive_tickets_created,350,294\n")
    assert len(spreadsheets.commit(found, editor).changes) == 2
    rows = Entry.objects.order_by("period__starts_on").values_list("kind", "value", "note", "by")
    assert list(rows) == [
        ("corrected", 350, "import of figures.csv", editor.pk), ("imported", 294, "import of figures.csv", editor.pk)
    ]


def test_importing_twice_equals_importing_once(editor: User) -> None:
    text = "metric,2025-01\nemployees,8\n"
    spreadsheets.commit(preview(editor, text), editor)
    assert spreadsheets.commit(preview(editor, text), editor).changes == []
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_it_reads_the_encodings_people_have(editor: User, encoding: str) -> None:
    Organization.objects.create(slug="cafe", name="Café Noir")
    found = preview(editor, "client,metric,2025-01\nCafé Noir,seats_managed,9\n".encode(encoding))
    assert [c.scope.slug for c in found.changes] == ["cafe"]


def test_text_read_as_mac_roman_and_saved_again_is_repaired_when_asked(editor: User) -> None:
    Organization.objects.create(slug="cafe", name="Café Noir")
    spoilt = "client,metric,2025-01\nCafé Noir,seats_managed,9\n".encode().decode("mac_roman").encode()
    found = preview(editor, spoilt)
    assert found.repair is not None
    assert (found.repair.before, found.repair.after) == ("Caf√© Noir", "Café Noir")
    assert (found.changes, len(found.errors)) == ((), 1)
    mended = preview(editor, spoilt, repair=True)
    assert [c.scope.slug for c in mended.changes] == ["cafe"]
    assert mended.repair is None
    assert preview(editor, "client,metric,2025-01\nCafé Noir,seats_managed,9\n").repair is None


@pytest.mark.parametrize(("name", "content", "sentence"), [
    ("a.csv", b"", "is empty"),
    ("a.csv", b"x" * (LARGEST_FILE + 1), "larger than 5 MB"),
    ("a.csv", b"metric,\x00\x01", "neither CSV nor XLSX"),
    ("a.csv", ("1," * 60_000).encode(), "more than 50,000 cells"),
    ("a.xls", b"\xd0\xcf\x11\xe0....", "old .xls"),
    ("a.xlsx", b"PK\x03\x04 not a zip", "cannot be read as a workbook"),
    ("a.csv", b"one,two\n3,4\n", "No heading names a month"),
    ("a.csv", b",,,\n,,\n", "holds no cells"),
])
def test_a_file_that_cannot_be_used_says_why_in_a_sentence(
    editor: User, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(Unusable, match=sentence):
        preview(editor, content, name=name)


def test_a_small_workbook_that_unpacks_to_anything_is_refused(editor: User) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(7):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b"0" * 10 * 1024 * 1024)
    assert len(bomb.getvalue()) < LARGEST_FILE
    with pytest.raises(Unusable, match="unpacks to more than 60 MB"):
        preview(editor, bomb.getvalue(), name="bomb.xlsx")


@pytest.mark.parametrize(("text", "month"), [
    ("2025-01", "2025-01"), ("2025-01-31", "2025-01"), ("2025/1", "2025-01"), ("01/2025", "2025-01"),
    ("Jan 2025", "2025-01"), ("January 2025", "2025-01"), ("Jan-25", "2025-01"), ("jan '25", "2025-01"),
    ("Sept 2025", "2025-09"), ("May, 2025", "2025-05"), ("Jan", None), ("2025-13", None), ("1/31/2025", None),
    ("Q1 2025", None), ("", None), ("8.5", None), ("Mar 1", None),
])
def test_it_knows_a_month_by_the_ways_people_write_one(text: str, month: str | None) -> None:
    found = month_named(text)
    assert (str(found) if found else None) == month


def test_cells_are_named_as_a_spreadsheet_names_them() -> None:
    places = (0, 0), (3, 2), (9, 25), (0, 26), (0, 702)
    assert [address(row, column) for row, column in places] == ["A1", "C4", "Z10", "AA1", "AAA1"]


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "plain"]
TABLE = Table(
    title="Clients: all/of them", notes=["=as of now"],
    columns=(Column("=Client"), Column("Hours", Kind.HOURS), Column("Read", Kind.DAY)),
    rows=[
        *([name, Decimal("-2.50000000"), date(2025, 1, 31)] for name in DANGEROUS),
        ["none", "not collected", None],
    ],
)


def test_a_csv_holds_plain_numbers_and_no_formula() -> None:
    text = spreadsheets.to_csv(TABLE)
    assert text.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["'=Client", "Hours", "Read"]
    assert [row[0] for row in rows[1:8]] == ["'" + name for name in DANGEROUS[:-1]] + ["plain"]
    assert rows[1][1:] == ["-2.5", "2025-01-31"]
    assert rows[8] == ["none", "not collected", ""]


def test_a_workbook_holds_real_numbers_and_days_no_formula_and_its_notes() -> None:
    content = spreadsheets.to_xlsx(TABLE)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    figures, notes = (book.get_sheet_by_index(number).to_python() for number in range(2))
    assert book.sheet_names == ["Clients  all of them", "Notes"]
    assert figures[1] == ["'=1+1", -2.5, date(2025, 1, 31)]
    assert figures[8] == ["none", "not collected", ""]
    assert notes == [["Clients: all/of them"], ["'=as of now"]]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_moments_leave_a_table_without_a_zone_excel_cannot_hold() -> None:
    table = Table("Runs", [Column("At", Kind.MOMENT)], [[datetime(2025, 1, 1, 12, 30, tzinfo=UTC)]])
    assert spreadsheets.to_csv(table).decode("utf-8-sig").splitlines()[1] == "2025-01-01 12:30+00:00"
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(spreadsheets.to_xlsx(table))).get_sheet_by_index(0)
    assert sheet.to_python()[1] == [datetime(2025, 1, 1, 12, 30)]
