"""Close, soft-close or reopen a month or quarter, or only say what its checks find."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metrics import closing
from metrics.periods import Span, parse
from qbr import tasks


class Command(BaseCommand):
    help = "Close a period after its checks, or reopen it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="2025-Q1, 2025-03 or 2025")
        parser.add_argument("--check", action="store_true", help="say what the checks find, and change nothing")
        parser.add_argument("--soft", action="store_true", help="people may still enter and correct")
        parser.add_argument("--earlier", action="store_true", help="close what is open before it as well")
        parser.add_argument("--accept", action="append", default=[], metavar="CHECK=REASON",
                            help="close although this check does not hold; once for each")
        parser.add_argument("--reopen", action="store_true", help="let it move again; needs a reason")
        parser.add_argument("--later", action="store_true", help="reopen what is closed after it as well")
        parser.add_argument("--reason", default="", help="kept with the change")

    def handle(self, *, period: str, check: bool, reopen: bool, **options: Any) -> None:
        try:
            span = parse(period)
            if reopen:
                self._reopen(span, options)
            elif check:
                self._look(span)
            else:
                self._close(span, options)
        except (ValueError, closing.Refused) as problem:
            raise CommandError(str(problem)) from problem

    def _look(self, span: Span) -> None:
        for outcome in closing.look(span):
            self.stdout.write(f"{'holds' if outcome.holds else 'FAILS'}  {outcome.key:<17} {outcome.says}")

    def _close(self, span: Span, options: dict[str, Any]) -> None:
        self._look(span)
        accept = dict(_accepted(each) for each in options["accept"])
        changed = closing.close(
            span, None, reason=options["reason"], accept=accept, soft=options["soft"], earlier=options["earlier"],
        )  # fmt: skip
        tasks.work_out_soon(tasks.CLOSED)
        self._say("Soft-closed" if options["soft"] else "Closed", changed)

    def _reopen(self, span: Span, options: dict[str, Any]) -> None:
        self._say("Reopened", closing.reopen(span, None, options["reason"], later=options["later"]))
        self.stdout.write("What is open now is worked out again at the next roll-up.")

    def _say(self, what: str, changed: list[Any]) -> None:
        spans = sorted((closing.span_of(period) for period in changed), key=lambda span: (span.starts_on, span.ends_on))
        self.stdout.write(f"{what}: {', '.join(span.label for span in spans)}.")


def _accepted(text: str) -> tuple[str, str]:
    key, _, reason = text.partition("=")
    if key not in {check.key for check in closing.CHECKS} or not reason.strip():
        raise ValueError(f"“{text}” is no check and its reason: write --accept given=\"We count nobody\".")
    return key, reason
