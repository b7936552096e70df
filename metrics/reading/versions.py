"""Which version of each metric is in force, and from when on: for pages that say so, and for charts that mark it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from metrics.declare import Metric
from metrics.definitions import CATALOGUE, SEVERAL, version_of
from metrics.models import InForce, MetricOwner
from metrics.periods import Span
from metrics.reading.changed_settings import STANDS_ON
from metrics.reading.shapes import Number
from metrics.reading.stored import fetched


@dataclass(frozen=True)
class PutInForce:
    """Somebody decided that a version is shown, and read by formulas, in periods that begin on a day or later."""

    metric: str
    version: int
    from_on: date
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Switch:
    """From this period on another version is shown than in the one before."""

    period: Span
    version: int
    note: str  # what it does otherwise


def owners() -> dict[str, str]:
    """Who answers for each metric's definition, where somebody does."""
    return {
        row.metric: row.owner.get_full_name() or row.owner.get_username()
        for row in MetricOwner.objects.select_related("owner")
    }


def stands_on(number: Number) -> list[tuple[str, int]]:
    """Of what a number was worked out from, the metrics with several versions, each with the version it was read in."""
    if number.basis is None:
        return []
    found = {
        (metric, version) for _, metric, version, _ in fetched(STANDS_ON, {"bases": [number.basis]})
        if metric in SEVERAL and metric != number.metric.key
    }
    return sorted(found)


def in_force() -> dict[str, list[PutInForce]]:
    """Every decision by metric key, oldest first; a metric of one version has none."""
    found: dict[str, list[PutInForce]] = {}
    rows = InForce.objects.select_related("definition", "by").order_by("metric", "from_on")
    for row in rows:
        by = (row.by.get_full_name() or row.by.get_username()) if row.by else ""
        found.setdefault(row.metric, []).append(
            PutInForce(row.metric, row.definition.version, row.from_on, row.note, by, row.at)
        )
    return found


def version_on(metric: str, day: date) -> Metric:
    """The version in force in a period that begins on a day."""
    if metric not in SEVERAL:
        return CATALOGUE[metric]
    row = InForce.objects.filter(metric=metric, from_on__lte=day).select_related("definition").order_by("-from_on")
    standing = row.first()
    declared = version_of(metric, standing.definition.version) if standing else None
    return declared or CATALOGUE[metric]


def switches(numbers: Iterable[Number]) -> Sequence[Switch]:
    """Where the version shown changes along a metric's numbers, in the order given; those without one are passed by."""
    found: list[Switch] = []
    before: int | None = None
    for number in numbers:
        if number.version is None:
            continue
        if before is not None and number.version != before:
            found.append(Switch(number.period, number.version, number.metric.note))
        before = number.version
    return found
