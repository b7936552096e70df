"""A mapping from a CSV file from a shell: first what would change, and with --commit the saving of it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metrics import rollup, varying
from organizations import exchange


class Command(BaseCommand):
    help = "Preview the mapping in a CSV file as export_mapping writes it; with --commit, save it, all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--commit", action="store_true", help="save what the preview shows")

    def handle(self, *, file: Path, commit: bool, **options: Any) -> None:
        try:
            content = file.read_bytes()
            preview = exchange.preview(file.name, content)
            self.stdout.write("\n".join(_lines(preview)))
            if preview.errors:
                raise CommandError("Nothing was saved. Put these rows right first.")
            if not commit:
                self.stdout.write("Nothing was saved. Add --commit to save it.")
                return
            saved = exchange.commit(file.name, content, by=None, shown=preview.mark)
        except OSError as problem:
            raise CommandError(f"{file} cannot be opened: {problem.strerror}.") from None
        except (exchange.Unusable, exchange.Moved) as problem:
            raise CommandError(str(problem)) from None
        if saved.links:
            varying.hold(rollup.run(f"import of {file.name}"))
        self.stdout.write(self.style.SUCCESS(f"Saved {len(saved.links)}, {preview.same} as before."))


def _lines(preview: exchange.Preview) -> Iterator[str]:
    for change in preview.changes:
        word = "new" if change.is_new else "changed"
        yield f"{word:<8} {change.system}  {change.account.name}  {change.since}  {change.before} -> {change.after}"
        yield from (f"{'':8} stays as it is: {later}" for later in change.stays)
    for founding in preview.founding:
        same_name = f" (“{founding.alike}” has that name already)" if founding.alike else ""
        yield f"makes    {founding.slug}  {founding.name}{same_name}"
    yield from (f"error    {error}" for error in preview.errors)
    yield f"{preview.changed} changed, {preview.new} new, {preview.same} as before, {len(preview.errors)} errors."
