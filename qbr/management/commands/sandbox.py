"""Serves the vendors' stand-in on loopback."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from collectors.sandbox.command import add_options, serve, start

OPTIONS = ("port", "clients", "months", "seed", "today", "zone", "rate_limit")


class Command(BaseCommand):
    help = "Serve a stand-in for the vendors' APIs, with one synthetic MSP behind it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        serve(start(**{name: options[name] for name in OPTIONS}))
