"""How far the systems behind a metric were read: the earliest, since a number is as old as its oldest part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from collectors.declare import Layer
from collectors.systems import system
from metrics.declare import Derived, Metric, facts_of
from metrics.definitions import CATALOGUE
from metrics.formula import parse

# What happened has one reading; what stood has a listing a day, of which the last counts.
OLDEST_READING = """
SELECT asked.entity, c.vendor, min(read.at)
FROM unnest(%(entities)s::text[]) AS asked(entity) CROSS JOIN connection c
CROSS JOIN LATERAL (SELECT greatest(
    (SELECT min(r.read_through) FROM reading r WHERE r.connection_id = c.id AND r.entity = asked.entity),
    (SELECT l.at FROM listing l WHERE l.connection_id = c.id AND l.entity = asked.entity ORDER BY l.day DESC LIMIT 1)
) AS at) read
WHERE c.counts_to > current_date
GROUP BY asked.entity, c.vendor"""


def read_through(metrics: Iterable[Metric]) -> dict[str, datetime]:
    """By metric key; a metric that nothing is read for is left out."""
    counted = {metric.key: counted_from(metric) for metric in metrics}
    moments = _oldest_reading(sorted({entity for of in counted.values() for entity, _ in of}))
    return {
        key: min(moments[each] for each in of if each in moments)
        for key, of in counted.items() if any(each in moments for each in of)
    }


def _oldest_reading(entities: list[str]) -> dict[tuple[str, Layer], datetime]:
    """By kind of record and layer; a system we know nothing of may speak for any."""
    if not entities:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_READING, {"entities": entities})
        rows = [row for row in cursor.fetchall() if row[2] is not None]
    oldest: dict[tuple[str, Layer], datetime] = {}
    for entity, slug, moment in rows:
        spoken_for = system(slug).layer
        for layer in (spoken_for,) if spoken_for else Layer:
            oldest[entity, layer] = min(moment, oldest.get((entity, layer), moment))
    return oldest


def entities_of(metric: Metric) -> frozenset[str]:
    """The kinds of record a metric is counted from, through its formula where it is worked out from others."""
    return frozenset(entity for entity, _ in counted_from(metric))


def counted_from(metric: Metric) -> frozenset[tuple[str, Layer]]:
    """The same, each with the layer whose records of that kind are meant: others keep records of it too."""
    if facts := facts_of(metric):
        return frozenset((model.__name__, facts.layer) for model in (facts.entity, *facts.also))
    if isinstance(metric, Derived):
        words = {word for text in (metric.formula, metric.client_formula) if text for word in parse(text).inputs}
        return frozenset[tuple[str, Layer]]().union(
            *(counted_from(CATALOGUE[word]) for word in words if word in CATALOGUE)
        )
    return frozenset()
