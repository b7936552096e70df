"""Figures of other companies from a CSV or XLSX file: first what it holds, and with --commit the saving of it."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metrics.spreadsheets import Unusable
from metrics.spreadsheets.benchmarks import BenchmarkPreview, commit_benchmarks, preview_benchmarks
from metrics.typed import plain_decimal


class Command(BaseCommand):
    help = "Preview the benchmarks in a CSV or XLSX file (Metric, Median and quartiles); with --commit, save the set."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="who published them, such as “MSP survey by Example Media”")
        parser.add_argument("--published-on", required=True, help="the day, such as 2026-05-01")
        parser.add_argument("--population", required=True, help="whose figures they are, such as “412 MSPs”")
        parser.add_argument("--note", default="")
        parser.add_argument("--commit", action="store_true", help="save what the preview shows")

    def handle(
        self, *, file: Path, source: str, published_on: str, population: str, note: str, commit: bool, **options: Any
    ) -> None:
        try:
            day = date.fromisoformat(published_on)
        except ValueError:
            raise CommandError(f"“{published_on}” is no day: write 2026-05-01.") from None
        try:
            preview = preview_benchmarks(file.name, file.read_bytes())
            self.stdout.write("\n".join(_lines(preview)))
            if preview.errors:
                raise CommandError("Nothing was saved. Put these cells right first.")
            if not commit:
                self.stdout.write("Nothing was saved. Add --commit to save it.")
                return
            kept = commit_benchmarks(preview, source=source, published_on=day, population=population, note=note)
        except OSError as problem:
            raise CommandError(f"{file} cannot be opened: {problem.strerror}.") from None
        except Unusable as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(self.style.SUCCESS(f"Saved {len(preview.figures)} of {kept}, {kept.population}."))


def _lines(preview: BenchmarkPreview) -> list[str]:
    lines = []
    for figure in preview.figures:
        quartiles = [figure.lower_quartile, figure.upper_quartile]
        half = " to ".join("—" if value is None else plain_decimal(value) for value in quartiles)
        lines.append(f"{figure.metric}  median {plain_decimal(figure.median)}, middle half {half}")
    lines += [f"error {error}" for error in preview.errors]
    return [*lines, f"{len(preview.figures)} figures, {len(preview.errors)} errors."]
