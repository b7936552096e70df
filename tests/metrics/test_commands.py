"""Import, SmartNumbers and export from a shell, end to end with the roll-up."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from python_calamine import CalamineWorkbook

from metrics.models import Entry
from metrics.periods import Month
from organizations.models import Organization
from tests.metrics.golden import MONTHS, SMART_NUMBERS
from tests.metrics.stored_values import store

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def smart_numbers(period: str) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in json.loads(run("smartnumbers", period, "--json"))}


def test_the_golden_quarter_gives_the_18_smart_numbers_to_eight_digits() -> None:
    run("import_metrics", MONTHS, "--scope", "company", "--commit")
    found = smart_numbers("2025-Q1")
    assert list(found) == list(SMART_NUMBERS)
    for key, exact in SMART_NUMBERS.items():
        assert (found[key]["state"], Decimal(found[key]["value"])) == ("measured", Decimal(exact)), key


def test_the_months_of_the_golden_quarter_come_out_too_and_nothing_over_nothing_is_undefined() -> None:
    run("import_metrics", MONTHS, "--commit")
    january = smart_numbers("2025-01")
    assert january["services_from_mrr_pct"]["value"].startswith("101.89")  # NRR was negative; never capped (C18)
    assert january["reactive_tickets_per_endpoint_per_month"]["value"].startswith("0.59296")
    assert january["dials_per_appointment"] == {
        "key": "dials_per_appointment", "label": "Dials per appointment", "value": None, "unit": "count",
        "state": "undefined", "reason": "no first-time appointments",
    }
    assert smart_numbers("2025-02")["dials_per_appointment"]["value"] == "0"


def test_an_import_only_shows_until_told_to_commit(tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    file.write_text("metric,2025-01,2025-02\nemployees,8.5,abc\nno such thing,1,\n")
    said = run("import_metrics", file)
    assert "imported   company  employees  2025-01  — -> 8.5" in said
    assert "error C2: “abc” is not a number" in said
    assert "error A3: “no such thing” is not a metric" in said
    assert "1 changes, 0 unchanged, 2 errors." in said
    assert "Nothing was saved" in said
    assert not Entry.objects.exists()
    assert "Saved 1, 0 unchanged." in run("import_metrics", file, "--commit")
    assert Entry.objects.get().note == "import of figures.csv"


def test_an_import_over_collected_months_writes_corrections(tmp_path: Path) -> None:
    store("reactive_tickets_created", Month(2025, 1), "354")
    file = tmp_path / "figures.csv"
    file.write_text("metric,2025-01\nreactive_tickets_created,350\n")
    said = run("import_metrics", file, "--commit")
    assert "corrected  company  reactive_tickets_created  2025-01  354 -> 350" in said
    assert list(Entry.objects.values_list("kind", "note")) == [("corrected", "import of figures.csv")]


@pytest.mark.parametrize(("command", "arguments", "sentence"), [
    ("import_metrics", ["nowhere.csv"], "cannot be opened"),
    ("import_metrics", [MONTHS, "--scope", "nobody"], "There is no client “nobody”"),
    ("smartnumbers", ["2025-Q5"], "is no period"),
    ("smartnumbers", ["2025-Q1", "--client", "nobody"], "There is no client “nobody”"),
    ("export_metrics", ["2025-Q1", "figures.txt"], "Say --format csv or --format xlsx"),
])
def test_what_cannot_be_done_is_said_in_a_sentence(command: str, arguments: list[object], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(command, *arguments)


def test_a_clients_smart_numbers_say_what_is_kept_for_the_company_only() -> None:
    Organization.objects.create(slug="acme", name="Acme")
    rows = {row["key"]: row for row in json.loads(run("smartnumbers", "2025-Q1", "--client", "acme", "--json"))}
    assert (rows["net_profit_pct"]["value"], rows["net_profit_pct"]["reason"]) == (None, "for the company only")
    assert len(rows) == 18


def test_smart_numbers_are_a_table_for_people() -> None:
    run("import_metrics", MONTHS, "--commit")
    said = run("smartnumbers", "2025-01")
    assert "— no first-time appointments" in said


def test_an_export_holds_every_number_with_its_state(tmp_path: Path) -> None:
    run("import_metrics", MONTHS, "--commit")
    run("export_metrics", "2025-Q1", tmp_path / "figures.csv")
    text = (tmp_path / "figures.csv").read_text("utf-8-sig")
    rows = {row["Metric"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert (rows["rhem"]["Value"], rows["rhem"]["State"]) == ("0.25369248", "measured")
    assert (rows["employee_expense"]["Value"], rows["employee_expense"]["State"]) == ("", "not collected")
    run("export_metrics", "2025-Q1", tmp_path / "figures.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "figures.xlsx"))
    figures = {row[0]: row for row in book.get_sheet_by_index(0).to_python()}
    assert figures["rhem"][3] == pytest.approx(0.25369248)
    assert book.sheet_names[-1] == "Notes"
