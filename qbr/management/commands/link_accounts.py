"""Link the accounts that evidence decides, and say what waits."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from organizations.matching import link_new


class Command(BaseCommand):
    help = "Links new accounts on strong evidence; whatever is not certain waits in the mapping queue."

    def handle(self, *args: Any, **options: Any) -> None:
        done = link_new()
        systems = sorted({*done.linked, *done.founded, *done.waiting})
        self.stdout.write(f"{'System':<32}{'linked':>8}{'founded':>9}{'waiting':>9}")
        for label in systems:
            counts = f"{done.linked[label]:>8}{done.founded[label]:>9}{done.waiting[label]:>9}"
            self.stdout.write(f"{label[:31]:<32}{counts}")
        if not systems:
            self.stdout.write("Every account has been decided on.")
