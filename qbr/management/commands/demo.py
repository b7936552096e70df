"""Sets up the demo: people, every system, 24 months of the past read from the sandbox, and what people decided."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import entering, quality, rollup, varying
from metrics.entering import CellEdit
from metrics.models import Entry
from metrics.periods import Month
from metrics.reading import COMPANY
from organizations.matching import link_new
from qbr import tasks
from qbr.data.undecided import waiting_accounts
from qbr.demo import decisions, past, people, sandbox, sources
from qbr.demo.sign_ins import SIGN_INS
from qbr.entry.grid import plain


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sign-ins", action="store_true", help="only print who can sign in")
        parser.add_argument("--systems", nargs="+", default=[], metavar="SLUG", help="read these alone; else all")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sign_ins"]:
            self._print_sign_ins()
            return
        if not settings.SANDBOX_URL:
            raise CommandError("The demo reads the vendor sandbox: set SANDBOX_URL, or use “make demo”.")
        with _quiet(logging.getLogger("metrics")):
            self._set_up(options["systems"])

    def _set_up(self, systems: Sequence[str]) -> None:
        began = time.monotonic()
        world = sandbox.info()
        months = sources.calendar(world)
        with self._step("People") as done:
            done(f"{people.create_people()} new sign-ins")
        connections = sources.connect(world, systems)
        self.stdout.write(f"Collecting as of each of {len(months)} month ends, then as of now")
        if not past.play(connections, months, Calendar.current().zone, self._say_month):
            self._say_month("all of it read before")
        today = timezone.now().astimezone(Calendar.current().zone).date()
        self._decide(months, today)
        with self._step("Working out the figures") as done:
            written = rollup.run("demo")
            varying.hold(written)
            done("nothing moved" if written is None else f"{written.rows_written:,} values")
        with self._step("Looking at the quality of the data"):
            quality.run()
        tasks.schedules()
        self.stdout.write(f"Demo data … ready ({time.monotonic() - began:.1f} s)")

    def _decide(self, months: list[Month], today: date) -> None:
        with self._step("Linking accounts to clients") as done:
            linked = link_new()
            done(f"{linked.founded.total()} clients founded, {linked.linked.total()} accounts linked")
        with self._step("Deciding queues, categories, accounts and owners") as done:
            admin = people.person("admin")
            done(f"{decisions.decide_queues()} queues, {decisions.decide_ledger()} categories, "
                 f"{decisions.map_accounts(admin, today)} accounts, {people.assign_clients()} clients")  # fmt: skip
        with self._step("Linking what those decisions tell") as done:
            linked = link_new()
            done(f"{linked.linked.total()} accounts, {waiting_accounts().count()} wait for a person")
        with self._step("Entering headcount and sales activity") as done:
            done(f"{self._enter(months)} cells")

    def _enter(self, months: list[Month]) -> int:
        if Entry.objects.exists():
            return 0
        cells = [
            CellEdit(metric, month, plain(value), "demo")
            for (metric, month), value in decisions.by_hand([*months, months[-1].shift(1)]).items()
        ]
        if wrong := entering.save(people.person("editor"), COMPANY, cells):
            raise CommandError(str(wrong[0]))
        return len(cells)

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[str], None]]:
        """A line that says what is being done, then how it ended and how long it took."""
        began, outcome = time.monotonic(), ["done"]
        self.stdout.write(f"{name} … ", ending="")
        self.stdout.flush()
        yield lambda text: outcome.__setitem__(0, text)
        self.stdout.write(f"{outcome[0]} ({time.monotonic() - began:.1f} s)")
        self.stdout.flush()

    def _say_month(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()

    def _print_sign_ins(self) -> None:
        for one in SIGN_INS:
            self.stdout.write(f"    {one.username:<8} {one.password:<13} {one.role}: {one.does}")


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Warnings alone, while the steps say what is done."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
