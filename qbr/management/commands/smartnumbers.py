"""The 18 SmartNumbers of a period from a shell, as the pages show them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from metrics import reading
from metrics.definitions import CATALOGUE
from metrics.typed import plain_decimal
from qbr.management.shell import operator, period_named, scope_named


class Command(BaseCommand):
    help = "Show the SmartNumbers of a period, such as 2025-Q1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="2025-Q1, 2025-03 or 2025")
        parser.add_argument("--client", default="", metavar="SLUG", help="one client instead of the whole company")
        parser.add_argument("--json", action="store_true", dest="as_json", help="a list for a program to read")

    def handle(self, *, period: str, client: str, as_json: bool, **options: Any) -> None:
        span, scope = period_named(period), scope_named(client)
        keys = [metric.key for metric in CATALOGUE.values() if metric.smart_number]
        numbers = list(reading.numbers(operator(), keys, [scope], [span]).values())
        self.stdout.write(_json(numbers) if as_json else _table(numbers))


def _json(numbers: list[reading.Number]) -> str:
    return json.dumps([
        {
            "key": number.metric.key, "label": number.metric.label,
            "value": None if number.value is None else plain_decimal(number.value), "unit": number.metric.unit.value,
            "state": number.state.label, "reason": number.cause,
        }
        for number in numbers
    ], indent=2, ensure_ascii=False)


def _table(numbers: list[reading.Number]) -> str:
    width = max(len(number.metric.label) for number in numbers)
    return "\n".join(
        f"{number.metric.label:<{width}}  {_shown(number):>18}  {number.metric.unit.value}" for number in numbers
    )


def _shown(number: reading.Number) -> str:
    return f"— {number.cause or number.state.label}" if number.value is None else plain_decimal(number.value)
