"""manage.py drop: load the files of the watched folder, once or as they come."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from collectors.drop import folder

EVERY = 30.0  # seconds


class Command(BaseCommand):
    help = (
        "Load the files of the watched folder (QBR_DROP): <source>/<layout>[_from[_through]].csv or .xlsx. Each is "
        "moved to done or failed beside it, with a report. The worker does so every minute."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="what is there now, and then end")
        parser.add_argument("--folder", type=Path, default=settings.DROP_FOLDER, help="another folder")
        parser.add_argument(
            "--confirm-retire", action="store_true", help="what a complete file leaves out is really gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = self._sweep(options)
        while not options["once"]:
            time.sleep(EVERY)
            self._sweep(options)
        if failed:
            raise CommandError("Not loaded: the reports in failed say what to do.")

    def _sweep(self, options: dict[str, Any]) -> bool:
        outcomes = folder.sweep(options["folder"], confirm_retire=options["confirm_retire"])
        for one in outcomes:
            style = self.style.ERROR if one.state == folder.FAILED else self.style.SUCCESS
            self.stdout.write(style(f"{one.state:8} {one.file}: {one.says}"))
        if options["once"] and not outcomes:
            self.stdout.write(f"There is no file in {options['folder']}.")
        return any(one.state == folder.FAILED for one in outcomes)
