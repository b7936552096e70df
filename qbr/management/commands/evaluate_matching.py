"""Measure how well matching does, on accounts whose true client is known."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from collectors.sandbox.labelled import SHARES, Kind, LabelledAccount, World, labelled_world
from organizations.evaluation import BadRow, Judged, evaluate, from_csv

# No limit of matching was set by looking at these. They are never changed for a result.
SEEDS = (70_117, 70_241, 70_363, 70_487, 70_619)
SHOWN = 12  # of each list


class Command(BaseCommand):
    help = (
        "Draws a labelled world of six systems, matches it in temporary tables and prints how many automatic links and"
        " first suggestions are right. Fails where a goal is missed. Nothing is written into the database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, nargs="+", default=SEEDS, help="instead of the five that stand")
        parser.add_argument("--clients", type=int, default=400, help="in each world; 20 or more")
        parser.add_argument("--file", type=Path, help="a labelled CSV instead: system, id, name, domain, client")
        parser.add_argument("--all", action="store_true", help="every first suggestion that is wrong, not only a few")

    def handle(self, *, seed: Sequence[int], clients: int, file: Path | None, **options: Any) -> None:
        self.shown = None if options["all"] else SHOWN
        missed = [self._file(file)] if file else [self._seed(one, clients) for one in seed]
        if any(missed):
            raise CommandError("Goals missed: " + "; ".join(dict.fromkeys(text for text in missed if text)) + ".")
        self.stdout.write("No automatic link is wrong." if file else "Every goal holds.")

    def _seed(self, seed: int, clients: int) -> str:
        try:
            world = labelled_world(seed, clients)
        except ValueError as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Seed {seed}, {clients} clients, {len(world.accounts):,} accounts")
        self._print_shares(world)
        judged = evaluate(world.accounts)
        self._print(judged)
        missed = list(judged.missed())
        return f"seed {seed}: " + ", ".join(missed) if missed else ""

    def _file(self, file: Path) -> str:
        """A file's evidence has no shares, so it has no goals but the first: no automatic link wrong."""
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                labelled = from_csv(lines)
        except (OSError, UnicodeDecodeError, BadRow) as problem:
            raise CommandError(f"{file}: {problem}") from None
        self.stdout.write(f"{file}: {len(labelled):,} accounts")
        judged = evaluate(labelled)
        self._print(judged)
        return next(judged.missed()) if judged.wrong else ""

    def _print_shares(self, world: World) -> None:
        heads = "".join(f"{head:>13}" for head in ("accounts", "id", "domain", "tenant/serial", "name+second", "none"))
        self.stdout.write(f"  {'Evidence':<20}{heads}")
        sizes = Counter(account.system for account in world.accounts)
        for system, shares in world.shares().items():
            cells = "".join(f"{shares[kind]:>13.1%}" for kind in Kind)
            self.stdout.write(f"  {system:<20}{sizes[system]:>13,}{cells}")
        self.stdout.write(f"  {'as wanted':<20}{'':>13}" + "".join(f"{SHARES[kind]:>13.0%}" for kind in Kind))

    def _print(self, judged: Judged) -> None:
        right = judged.made - len(judged.wrong)
        lines = (
            f"Automatic links   {judged.made:,} made, {right:,} right, {len(judged.wrong)} wrong;"
            f" precision {_share(judged.precision)}",
            f"Recall            {_share(judged.recall)}: {judged.linked:,} of {judged.linkable:,} linkable accounts",
            f"First suggestion  {_share(judged.first)} right; of the rest {len(judged.first_wrong)} are wrong or none",
            f"Conflicts shown   {judged.conflicts}; accounts that are no client's: {judged.unlinkable}",
            f"Founding          {judged.founded:,} organizations;"
            f" {len(judged.founded_again)} for a client that had one,"
            f" {len(judged.founded_wrongly)} of what is no client;"
            f" {len(judged.companies_waiting)} companies of clients wait",
        )
        self.stdout.write("\n".join(f"  {line}" for line in lines))
        for wrong in judged.wrong:
            self.stdout.write(f"    WRONG: linked to {wrong.organization} ({wrong.method}: {wrong.reason})")
            self.stdout.write(f"           {_told(wrong.account)}")
        self._list("founded again", [(one, "") for one in judged.founded_again])
        self._list("founded, no client", [(one, "") for one in judged.founded_wrongly])
        self._list("client waits", [(one, "") for one in judged.companies_waiting])
        self._list("first suggestion", judged.first_wrong)
        self.stdout.write("")

    def _list(self, what: str, found: Sequence[tuple[LabelledAccount, str]]) -> None:
        for account, said in found[: self.shown]:
            self.stdout.write(f"    {what}{f' was {said}' if said else ''}: {_told(account)}")
        if self.shown and len(found) > self.shown:
            self.stdout.write(f"    … and {len(found) - self.shown} more of these (--all shows them)")


def _share(value: float | None) -> str:
    return "none to judge" if value is None else f"{value:.4f}"


def _told(account: LabelledAccount) -> str:
    """An account in a line, for a person who looks into it."""
    said = "; ".join(f"{word} {value}" for word, value in account.evidence.items() if word != "types")
    kind = f", {account.kind.value}" if account.kind else ""
    story = f", {account.story}" if account.story else ""
    return f"{account.system} “{account.name}” is {account.client or 'no client'}{kind}{story} [{said}]"
