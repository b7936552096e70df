"""Numbers from a CSV or XLSX file from a shell: first what would change, and with --commit the saving of it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metrics import rollup, spreadsheets, varying
from metrics.entering import Change
from metrics.spreadsheets import Preview
from metrics.typed import plain_decimal
from qbr.management.shell import operator, scope_named


class Command(BaseCommand):
    help = "Preview the monthly metrics in a CSV or XLSX file; with --commit, save them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--scope", default="company", help="company, or a client's slug; a client column in the file goes first"
        )
        parser.add_argument("--commit", action="store_true", help="save what the preview shows")
        parser.add_argument("--encoding", default="", help="of a CSV file, where it is not UTF-8 or cp1252")
        parser.add_argument("--repair", action="store_true", help="put right UTF-8 that was read as Mac Roman")

    def handle(self, *, file: Path, scope: str, commit: bool, encoding: str, repair: bool, **options: Any) -> None:
        try:
            preview = spreadsheets.preview(
                operator(), file.name, file.read_bytes(), scope_named(scope), encoding=encoding, repair=repair
            )
        except OSError as problem:
            raise CommandError(f"{file} cannot be opened: {problem.strerror}.") from None
        except spreadsheets.Unusable as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write("\n".join(_lines(preview)))
        if not commit:
            self.stdout.write("Nothing was saved. Add --commit to save it.")
            return
        saved = spreadsheets.commit(preview, operator())
        varying.hold(rollup.run(f"import of {file.name}"))
        self.stdout.write(self.style.SUCCESS(f"Saved {len(saved.changes)}, {saved.unchanged} unchanged."))


def _lines(preview: Preview) -> list[str]:
    lines = [_change(change) for change in preview.changes]
    lines += [f"error {error}" for error in preview.errors]
    if preview.left_out:
        lines.append(f"Left out, since they are worked out or not kept for this scope: {', '.join(preview.left_out)}")
    if preview.repair:
        lines.append(f"“{preview.repair.before}” looks like “{preview.repair.after}”. Add --repair to read it so.")
    lines.append(f"{len(preview.changes)} changes, {preview.unchanged} unchanged, {len(preview.errors)} errors.")
    return lines


def _change(change: Change) -> str:
    whom = change.scope.slug or "company"
    kind = change.kind.value if change.kind else "taken back"
    return f"{kind:<10} {whom}  {change.metric.key}  {change.month}  {_shown(change.old)} -> {_shown(change.new)}"


def _shown(value: Any) -> str:
    return "—" if value is None else plain_decimal(value)
