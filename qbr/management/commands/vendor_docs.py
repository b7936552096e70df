"""The documentation of the systems that are read, made anew from the vendor files."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from qbr.vendor_docs.files import left_over, made


class Command(BaseCommand):
    help = "Write docs/vendors and the README's table of systems from the vendor files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, and fail where a file is not as made")

    def handle(self, *, check: bool, **options: Any) -> None:
        stale = [path for path, text in made().items() if not path.exists() or path.read_text() != text]
        stale += left_over()
        if check and stale:
            raise CommandError(f"Not as the vendor files say: {', '.join(path.name for path in stale)}.")
        for path, text in {} if check else made().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for path in [] if check else left_over():
            path.unlink()
        self.stdout.write("Everything is as the vendor files say." if check else f"{len(stale)} files written.")
