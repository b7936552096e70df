"""Every stored number of a period into a CSV or XLSX file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from collectors.facts.touched import Calendar
from metrics import reading, spreadsheets
from metrics.definitions import CATALOGUE
from metrics.periods import Month, Quarter, Year
from qbr.management.shell import operator, period_named, scope_named

WRITE = {"csv": spreadsheets.to_csv, "xlsx": spreadsheets.to_xlsx}


class Command(BaseCommand):
    help = "Write every number of a period, such as 2025-Q1, to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="2025-Q1, 2025-03 or 2025")
        parser.add_argument("file", type=Path)
        parser.add_argument("--client", default="", metavar="SLUG", help="one client instead of the whole company")
        parser.add_argument("--format", choices=tuple(WRITE), dest="kind", help="by the file's name unless said")

    def handle(self, *, period: str, file: Path, client: str, kind: str | None, **options: Any) -> None:
        kind = kind or file.suffix.removeprefix(".").lower()
        if kind not in WRITE:
            raise CommandError("Say --format csv or --format xlsx, or name the file so.")
        span, scope = period_named(period), scope_named(client)
        numbers = list(reading.numbers(operator(), CATALOGUE, [scope], [span]).values())
        title = f"{client or 'Company'}, {span.label}"
        file.write_bytes(WRITE[kind](spreadsheets.values_table(title, numbers, _notes(span))))
        self.stdout.write(f"{len(numbers)} numbers written to {file}.")


def _notes(span: Month | Quarter | Year) -> list[str]:
    zone = Calendar.current().time_zone
    systems = [
        f"{system.connection} ({system.vendor}): {system.state.value}, "
        + (f"read through {system.read_through:%Y-%m-%d %H:%M}" if system.read_through else "never read")
        for system in reading.freshness(operator())
    ]
    return [f"{span.label}: {span.starts_on} up to and not including {span.ends_on}, {zone}.", *systems]
