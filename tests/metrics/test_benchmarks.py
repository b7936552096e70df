"""Benchmark sets: read from a file with what is wrong named by cell, kept with their source, and shown to the right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from metrics.models import Benchmark, BenchmarkSet, Goal
from metrics.reading import Published, benchmarks
from metrics.spreadsheets import Unusable
from metrics.spreadsheets.benchmarks import commit_benchmarks, preview_benchmarks
from tests.metrics.stored_values import person

pytestmark = pytest.mark.django_db

GOOD = b"Survey of spring\nMetric,Median,Lower quartile,Upper quartile\nRHEM,0.30,0.22,0.41\nnet_profit_pct,11.5 %,,\n"
SURVEY: dict[str, Any] = {
    "source": "MSP survey by Example Media", "published_on": date(2026, 5, 1), "population": "412 MSPs",
}


@pytest.fixture
def boss() -> User:
    return User.objects.create(username="boss", is_superuser=True, is_staff=True)


def imported(content: bytes = GOOD, **of: Any) -> BenchmarkSet:
    return commit_benchmarks(preview_benchmarks("survey.csv", content), **SURVEY | of)


def test_a_file_names_metrics_in_any_way_people_do_and_quartiles_may_lack() -> None:
    preview = preview_benchmarks("survey.csv", GOOD)
    assert [(each.metric, each.median, each.lower_quartile, each.upper_quartile) for each in preview.figures] == [
        ("rhem", Decimal("0.30"), Decimal("0.22"), Decimal("0.41")), ("net_profit_pct", Decimal("11.5"), None, None),
    ]
    assert preview.errors == ()
    assert not BenchmarkSet.objects.exists()


@pytest.mark.parametrize(("row", "error"), [
    (b"Height of desks,1,,", "A2: “Height of desks” is not a metric"),
    (b"rhem,about a third,,", "B2: “about a third” is not a number"),
    (b"rhem,0.3,low,", "C2: “low” is not a number"),
    (b"rhem,,0.2,0.4", "B2: no median is given"),
    (b"rhem,0.5,0.2,0.4", "B2: the median does not lie between its quartiles"),
    (b"rhem,0.3,,\nRHEM,0.4,,", "A3: RHEM (reactive hours / endpoint / month) stands at A2 already"),
])
def test_what_is_wrong_is_named_by_its_cell_and_nothing_of_the_set_is_saved(row: bytes, error: str) -> None:
    preview = preview_benchmarks("survey.csv", b"Metric,Median,Q1,Q3\n" + row)
    assert [str(each) for each in preview.errors] == [error]
    with pytest.raises(Unusable):
        commit_benchmarks(preview, **SURVEY)
    assert not BenchmarkSet.objects.exists()


def test_a_file_without_its_two_headings_cannot_be_used() -> None:
    with pytest.raises(Unusable, match="metric and a median"):
        preview_benchmarks("survey.csv", b"Metric,Average\nrhem,1\n")


def test_the_same_set_again_takes_the_place_of_the_first() -> None:
    imported()
    imported(b"Metric,Median\nrhem,0.28\n")
    assert list(Benchmark.objects.values_list("metric", "median")) == [("rhem", Decimal("0.28"))]


def test_of_each_source_the_newest_is_shown_with_whose_figures_they_are(boss: User) -> None:
    imported(published_on=date(2025, 5, 1))
    imported(b"Metric,Median\nrhem,0.28\n")
    imported(b"Metric,Median\nrhem,0.33\n", source="Peer group", published_on=date(2026, 9, 1), population="9 MSPs")
    assert benchmarks(boss, ["rhem", "endpoints_managed"]) == {"rhem": (
        Published("Peer group", date(2026, 9, 1), "9 MSPs", Decimal("0.33"), None, None),
        Published("MSP survey by Example Media", date(2026, 5, 1), "412 MSPs", Decimal("0.28"), None, None),
    )}
    assert not Goal.objects.exists()


def test_finance_benchmarks_are_for_those_who_may_see_finance(boss: User) -> None:
    imported()
    assert set(benchmarks(person("ann"), ["rhem", "net_profit_pct"])) == {"rhem"}
    assert set(benchmarks(boss, ["rhem", "net_profit_pct"])) == {"rhem", "net_profit_pct"}


def test_a_command_previews_and_saves_when_told_to(tmp_path: Path) -> None:
    file, out = tmp_path / "survey.csv", StringIO()
    file.write_bytes(GOOD)
    asked = (str(file), "--source=MSP survey", "--published-on=2026-05-01", "--population=412 MSPs")
    call_command("import_benchmarks", *asked, stdout=out)
    assert "rhem  median 0.3, middle half 0.22 to 0.41" in out.getvalue()
    assert not BenchmarkSet.objects.exists()
    call_command("import_benchmarks", *asked, "--commit", stdout=out)
    assert "Saved 2 of MSP survey, 2026, 412 MSPs." in out.getvalue()
    with pytest.raises(CommandError, match="no day"):
        call_command("import_benchmarks", str(file), "--source=x", "--published-on=May", "--population=y")


def test_an_administrator_takes_a_set_in_and_is_told_each_cell_that_is_wrong(client: Client, boss: User) -> None:
    client.force_login(boss)
    given = {**SURVEY, "note": ""}
    wrong = SimpleUploadedFile("survey.csv", b"Metric,Median\nrhem,many\nDesks,1\n")
    body = client.post("/admin/metrics/benchmarkset/add/", {**given, "file": wrong}).content.decode()
    assert [error in body for error in ("B2: “many” is not a number", "A3: “Desks” is not a metric")] == [True] * 2
    assert not BenchmarkSet.objects.exists()
    answer = client.post("/admin/metrics/benchmarkset/add/", {**given, "file": SimpleUploadedFile("survey.csv", GOOD)})
    assert answer.status_code == 302
    kept = BenchmarkSet.objects.get()
    assert (str(kept), kept.population, kept.by, kept.benchmarks.count()) == (
        "MSP survey by Example Media, 2026", "412 MSPs", boss, 2
    )
    assert "RHEM" in client.get(f"/admin/metrics/benchmarkset/{kept.pk}/change/").content.decode()
