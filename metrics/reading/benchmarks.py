"""Figures of other companies beside a number: who published them, when and about whom. Never a goal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from metrics.definitions import CATALOGUE
from metrics.models import Benchmark
from metrics.reading.shapes import Person, may_see


@dataclass(frozen=True)
class Published:
    source: str
    on: date
    population: str
    median: Decimal
    lower_quartile: Decimal | None
    upper_quartile: Decimal | None


def benchmarks(person: Person, metrics: Iterable[str]) -> dict[str, tuple[Published, ...]]:
    """By metric key, those the person may see: the newest of each source and population, newest first."""
    permitted = [key for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    rows = Benchmark.objects.filter(metric__in=permitted).select_related("set").order_by("-set__published_on", "-set")
    found: dict[str, dict[tuple[str, str], Published]] = {}
    for row in rows:
        found.setdefault(row.metric, {}).setdefault((row.set.source, row.set.population), Published(
            row.set.source, row.set.published_on, row.set.population, row.median, row.lower_quartile,
            row.upper_quartile,
        ))
    return {key: tuple(each.values()) for key, each in found.items()}
