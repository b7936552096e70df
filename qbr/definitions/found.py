"""Which definitions a person asked for: by words they hold, and by section."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from metrics import reading
from metrics.declare import Metric, Section
from metrics.definitions import CATALOGUE, versions_of
from metrics.reading import Person
from qbr.definitions.told import Told

ORDER = {section.value: place for place, section in enumerate(Section)}


def metrics(person: Person, query: str, section: str) -> list[Metric]:
    """Those that hold every word of the query somewhere, in the catalogue's order."""
    words = query.lower().split()
    return [
        metric for metric in CATALOGUE.values()
        if reading.may_see(person, metric) and section in ("", metric.section.value)
        and all(word in _text(metric) for word in words)
    ]


def _text(metric: Metric) -> str:
    parts = [metric.key, metric.key.replace("_", " "), metric.label, metric.spreadsheet_label, metric.section.value]
    for version in versions_of(metric.key).values():
        parts += [version.meaning, version.note, getattr(version, "where_words", "")]
    return " ".join(parts).lower()


def by_section(told: Iterable[Told]) -> list[tuple[str, list[Told]]]:
    ordered = sorted(told, key=lambda one: ORDER[one.section])
    return [(section, list(of)) for section, of in groupby(ordered, key=lambda one: one.section)]
