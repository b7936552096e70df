"""A file opened: any delimiter and encoding, workbooks with days and numbers, and what is refused."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from collectors.drop import table as tables
from collectors.drop.table import DropError, table
from tests.collectors.drop.files import as_csv, as_xlsx

ROWS = [("Ticket", "Opened"), ("1", "2026-04-01"), ("2", "2026-04-02")]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (as_csv(ROWS), ","),
        (as_csv(ROWS, ";"), ";"),
        (as_csv(ROWS, "\t"), "\t"),
        (b"\xef\xbb\xbf" + as_csv(ROWS), ","),
        (b"sep=;\r\n" + as_csv(ROWS, ";"), ";"),
        (as_csv(ROWS).decode().encode("utf-16"), ","),
    ],
)
def test_the_same_rows_however_they_are_written(content: bytes, delimiter: str) -> None:
    found = table(content, "x.csv")
    assert ([cells for _, cells in found.numbered], found.delimiter) == (ROWS, delimiter)
    assert found.rows[-1][1] == {"Ticket": "2", "Opened": "2026-04-02"}


def test_letters_of_an_older_encoding_are_read() -> None:
    assert table("Company\nCafé Müller\n".encode("cp1252"), "x.csv").numbered[1][1] == ("Café Müller",)


def test_rows_keep_the_numbers_a_spreadsheet_shows() -> None:
    assert [number for number, _ in table(b"Title\n\nTicket,Opened\n,\n7,2026-04-01\n", "x.csv").numbered] == [1, 3, 5]
    assert [number for number, _ in table(as_xlsx([["Title"], [], ["Ticket"], [7]]), "x.xlsx").numbered] == [1, 3, 4]


def test_days_and_numbers_of_a_workbook_are_as_people_write_them() -> None:
    row = [date(2026, 4, 1), datetime(2026, 4, 1, 9, 30), 250, 0.1 + 0.2, 1234567.5, True, " text "]
    _, cells = table(as_xlsx([["a"], row]), "x.xlsx").numbered[1]
    assert cells == ("2026-04-01", "2026-04-01 09:30:00", "250", "0.3", "1234567.5", "yes", "text")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b",,\n,,\n", "holds no cells"),
        (b"\xd0\xcf\x11\xe0rest", "old .xls workbook, or has a password"),
        (b"PK\x03\x04 not a zip", "cannot be read as a workbook"),
        (b"%PDF\x00\x01", "neither CSV nor XLSX"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(DropError, match=says):
        table(content, "x.csv")


def test_a_file_that_is_too_large_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_FILE", 3)
    with pytest.raises(DropError, match="Split it"):
        table(b"a,b\n1,2\n", "x.csv")


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 5)
    for content in (as_csv(ROWS), as_xlsx(ROWS)):
        with pytest.raises(DropError, match="more than 5 cells"):
            table(content, "x")


@pytest.mark.parametrize("place", range(0, 1_200, 60))
def test_a_workbook_with_a_broken_byte_is_read_or_refused_and_nothing_else(place: int) -> None:
    content = bytearray(as_xlsx(ROWS * 20))
    start = content.index(b"xl/worksheets/sheet1.xml") + place % 400
    content[start + place // 4] ^= 0xFF
    try:
        assert table(bytes(content), "x.xlsx").numbered
    except DropError as problem:
        assert "Save it again" in str(problem)
