"""The watched folder: whole files are loaded and moved with a report, and nobody's names lead out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from collectors import tasks
from collectors.connections import Connection, QuarantinedRecord
from collectors.drop import folder
from collectors.drop.files import LoadedFile
from collectors.facts.accounts import Account
from collectors.facts.service import Ticket
from tests.collectors.drop.files import as_csv

pytestmark = pytest.mark.django_db
ROWS = [
    ("Ticket #", "Created", "Client", "Status"),
    ("1", "2026-04-01 09:00", "Brightwater Dental", "Open"),
    ("2", "2026-04-02 10:00", "Harbor Point Legal", "Open"),
]
NAME = "tickets_2026-04-01_2026-04-30.csv"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The folder of one source."""
    place = tmp_path / "Tickets by hand"
    place.mkdir()
    return place


def put(place: Path, content: bytes = b"", name: str = NAME) -> Path:
    path = place / name
    path.write_bytes(content or as_csv(ROWS))
    return path


def swept(place: Path, **how: Any) -> dict[str, str]:
    return {one.file: one.state for one in folder.sweep(place.parent, quiet=0, **how)}


def test_a_file_is_loaded_and_moved_with_a_report(desk: Path) -> None:
    put(desk)
    assert swept(desk) == {f"Tickets by hand/{NAME}": "done"}
    assert Ticket.objects.count() == 2
    source = Connection.objects.get()
    assert (source.label, source.vendor) == ("Tickets by hand", "files_psa")
    assert not (desk / NAME).exists() and (desk / "done" / NAME).exists()
    told = (desk / "done" / f"{NAME}.report.txt").read_text()
    assert "2 rows read, 2 new, 0 changed, 0 the same." in told
    assert "It speaks for 1 Apr 2026 to 30 Apr 2026." in told
    assert "Company Brightwater Dental\nCompany Harbor Point Legal\n" in told
    file = LoadedFile.objects.get()
    assert (file.name, file.by, file.run.connection, file.complete) == (NAME, None, source, False)
    assert swept(desk) == {}


def test_rows_set_aside_stand_in_the_report_with_their_numbers(desk: Path) -> None:
    put(desk, as_csv([*ROWS, ("3", "=HYPERLINK(1)", "Acme", "Open"), ("", "2026-04-03", "Acme", "Open")]))
    assert swept(desk) == {f"Tickets by hand/{NAME}": "done"}
    told = (desk / "done" / f"{NAME}.report.txt").read_text()
    assert "Row 4: Opened: “=HYPERLINK(1)” is no day; write it as 2026-04-30." in told
    assert "Row 5: Ticket is empty." in told
    assert Ticket.objects.count() == 2 and QuarantinedRecord.objects.count() == 2


def test_no_line_of_a_report_begins_a_formula(desk: Path) -> None:
    put(desk, as_csv([ROWS[0], ("1", "2026-04-01", '=cmd|"/c calc"!A1\n=1+1', "Open")]), "tickets.csv")
    put(desk, b"x", "=1+1.csv")
    assert sorted(swept(desk).values()) == ["done", "failed"]
    for report in desk.glob("*/*.report.txt"):
        assert not [line for line in report.read_text().splitlines() if line.startswith(tuple("=+-@\t"))]


def test_a_file_that_cannot_be_read_changes_nothing_and_says_what_to_do(desk: Path) -> None:
    put(desk, b"PK\x03\x04 broken", "tickets_2026-04.xlsx")
    put(desk, as_csv([("Colour",), ("blue",)]), "tickets.csv")
    put(desk, as_csv(ROWS), "summary.csv")
    put(desk, as_csv(ROWS), "tickets_2026-02-31.csv")
    put(desk, as_csv(ROWS), "assets_2026-04-01_2026-04-30.csv")
    assert set(swept(desk).values()) == {"failed"}
    assert not Connection.objects.exists() and not Ticket.objects.exists()

    def told(name: str) -> str:
        return (desk / "failed" / f"{name}.report.txt").read_text()

    assert "Save it again as .xlsx or .csv." in told("tickets_2026-04.xlsx")
    assert "no column called “Ticket” and none called “Opened”" in told("tickets.csv")
    assert "Call it by its layout and days" in told("summary.csv") and "Nothing was changed." in told("summary.csv")
    assert "2026-02-31 in the name" in told("tickets_2026-02-31.csv")
    assert "listed on one" in told("assets_2026-04-01_2026-04-30.csv")


def test_a_file_that_is_still_written_waits(desk: Path) -> None:
    path = put(desk)
    assert [one.state for one in folder.sweep(desk.parent, quiet=60)] == ["waiting"]
    assert path.exists() and not Ticket.objects.exists()
    written = timezone.now().timestamp() - 61
    os.utime(path, (written, written))
    assert [one.state for one in folder.sweep(desk.parent, quiet=60)] == ["done"]


def test_killed_after_the_load_it_is_loaded_again_and_nothing_is_twice(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk)

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(os, "rename", killed)
        folder.sweep(desk.parent, quiet=0)
    assert (desk / NAME).exists() and Ticket.objects.count() == 2
    before = list(Ticket.objects.order_by("pk").values())
    assert swept(desk) == {f"Tickets by hand/{NAME}": "done"}
    assert list(Ticket.objects.order_by("pk").values()) == before
    assert "0 new, 0 changed, 2 the same" in next((desk / "done").glob("*.report.txt")).read_text()


def test_a_file_of_a_name_that_is_there_already_keeps_both(desk: Path) -> None:
    for _ in range(2):
        put(desk)
        swept(desk)
    names = {path.name for path in (desk / "done").iterdir() if path.suffix == ".csv"}
    assert names == {NAME, "tickets_2026-04-01_2026-04-30 (2).csv"}


def test_no_link_is_followed_and_no_name_leads_out_of_the_folder(desk: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    secret = outside / "secret.csv"
    secret.write_bytes(as_csv(ROWS))
    (desk / "tickets.csv").symlink_to(secret)
    (tmp_path / "linked").symlink_to(outside)
    os.mkfifo(desk / "companies.csv")
    assert swept(desk) == {}
    put(desk)
    (desk / "done").symlink_to(outside)
    assert swept(desk) == {f"Tickets by hand/{NAME}": "waiting"}  # until done is a directory
    assert not Ticket.objects.exists()
    assert [path.name for path in outside.iterdir()] == ["secret.csv"]
    (desk / "done").unlink()
    assert swept(desk) == {f"Tickets by hand/{NAME}": "done"}


def test_what_programs_leave_about_is_left_alone(desk: Path) -> None:
    for name in ("~$tickets.xlsx", ".tickets.csv.swp", "tickets.csv.part"):
        put(desk, b"x", name)
    assert swept(desk) == {}


def test_the_oldest_of_what_stood_is_loaded_first(desk: Path) -> None:
    for day, os_name in (("2026-05-31", "Windows 11 Pro"), ("2026-04-30", "Windows 10 Pro")):
        put(desk, as_csv([("Company", "Device", "OS"), ("Acme", "PC-1", os_name)]), f"assets_{day}.csv")
    assert list(swept(desk)) == [f"Tickets by hand/assets_{day}.csv" for day in ("2026-04-30", "2026-05-31")]
    assert set(swept(desk).values()) <= {"done"}


def test_the_command_loads_once_and_fails_where_a_file_did(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = timezone.now().timestamp() - 61
    for name in (NAME, "summary.csv"):
        os.utime(put(desk, name=name), (written, written))
    with pytest.raises(CommandError, match="Not loaded"):
        call_command("drop", "--once", "--folder", str(desk.parent))
    said = capsys.readouterr().out
    assert "2 rows read, 2 new" in said and "failed" in said
    call_command("drop", "--once", "--folder", str(desk.parent))
    assert "There is no file in" in capsys.readouterr().out


def test_the_worker_looks_every_minute(desk: Path, settings: Any) -> None:
    settings.DROP_FOLDER = desk.parent
    os.utime(put(desk), (1_000_000_000, 1_000_000_000))
    assert tasks.drop() == f"Tickets by hand/{NAME}: done"
    assert Account.objects.count() == 2 and tasks.drop() == "no files"
