"""Work out what moved since the last roll-up, or everything, and say what was written."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from metrics import rollup, varying


class Command(BaseCommand):
    help = "Work the figures out: what moved since the last time, or every open month."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--everything", action="store_true", help="work out every open month again")

    def handle(self, *, everything: bool, **options: Any) -> None:
        began = time.monotonic()
        done = rollup.run("command", everything=everything)
        if done is None:
            self.stdout.write("Nothing has moved since the last roll-up.")
            return
        varying.hold(done)
        rows = "1 value was" if done.rows_written == 1 else f"{done.rows_written:,} values were"
        self.stdout.write(f"Roll-up {done.pk}: {rows} written in {time.monotonic() - began:.1f} s.")
