"""The whole mapping into a CSV file: whose each account is, since when, and who said so."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizations import exchange


class Command(BaseCommand):
    help = "Write the mapping of every account to a CSV file that import_mapping reads."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            with file.open("wb") as out:
                out.writelines(exchange.to_csv())
        except OSError as problem:
            raise CommandError(f"{file} cannot be written: {problem.strerror}.") from None
        self.stdout.write(f"The mapping was written to {file}.")
