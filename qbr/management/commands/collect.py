"""manage.py collect: read connections now, with a line for each list."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from collectors import collect
from collectors.connections import CollectorRun, Connection
from collectors.errors import CollectError
from collectors.vendors import VENDORS

State = CollectorRun.State


class Command(BaseCommand):
    help = "Read connections now: all that are enabled, or those named by label or id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connections", nargs="*", metavar="connection", help="a connection's label or id")
        parser.add_argument("--as-of", metavar="ISO", help="the moment to read as of; against a sandbox only")
        parser.add_argument("--full", action="store_true", help="compare everything, and retire what is gone")
        parser.add_argument("--confirm-retire", action="store_true", help="what is no longer listed is really gone")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of = _moment(options["as_of"])
        sources = _named(options["connections"])
        failed = [source.label for source in sources if not self._read(source, as_of, options)]
        if failed:
            raise CommandError(f"Not read: {', '.join(failed)}.")
        self.stdout.write(self.style.SUCCESS(f"{len(sources)} read." if sources else "There is no enabled connection."))

    def _read(self, source: Connection, as_of: datetime | None, options: dict[str, Any]) -> bool:
        self.stdout.write(self.style.MIGRATE_HEADING(source.label))
        lines = _Lines(self)
        try:
            while True:
                run = collect.run(
                    source, as_of=as_of, full=options["full"], confirm_retire=options["confirm_retire"],
                    progress=lines.show,
                )  # fmt: skip
                continued = run.state == State.DONE and options["full"] and not run.full  # someone else's, ended first
                if run.state != State.PAUSED and not continued:
                    break
        except (CollectError, ValueError) as reason:
            self.stderr.write(self.style.ERROR(f"  {reason}"))
            return False
        lines.end(run)
        if run.state != State.DONE:
            self.stderr.write(self.style.ERROR(f"  {run.get_state_display()}: {run.error}"))
            return False
        return True


class _Lines:
    """One line a list, rewritten while it is read where the screen can do that."""

    def __init__(self, command: Command) -> None:
        self.command, self.step = command, ""
        self.live = command.stdout.isatty()

    def show(self, run: CollectorRun) -> None:
        if run.step != self.step:
            self.end(run)
            self.step = run.step
        elif self.live:
            self.command.stdout.write("\r" + _counted(run, self.step), ending="")
            self.command.stdout.flush()

    def end(self, run: CollectorRun) -> None:
        if self.step:
            self.command.stdout.write(("\r" if self.live else "") + _counted(run, self.step))
        self.step = ""


def _counted(run: CollectorRun, step: str) -> str:
    counts = run.counts.get(step, {})
    said = [f"{counts.get(name, 0):,} {name}" for name in ("read", "added", "changed", "retired", "quarantined")]
    return f"  {step}: {', '.join(said)}"


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_datetime(text) or parse_datetime(f"{text}T00:00:00")
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"“{text}” is no moment. Write it like 2026-03-31T23:00:00Z.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _named(names: list[str]) -> list[Connection]:
    if not names:
        return list(Connection.objects.filter(enabled=True, vendor__in=VENDORS).order_by("pk"))
    sources = []
    for name in names:
        found = list(Connection.objects.filter(label=name)) or (
            list(Connection.objects.filter(pk=int(name))) if name.isdecimal() else []
        )
        if len(found) != 1:
            known = ", ".join(f"{source.pk} {source.label}" for source in Connection.objects.order_by("pk"))
            raise CommandError(f"No one connection is called “{name}”. There are: {known or 'none yet'}.")
        sources += found
    return sources
