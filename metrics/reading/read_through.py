"""How far the systems behind a metric were read: the earliest, since a number is as old as its oldest part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from metrics.declare import Derived, Metric, facts_of
from metrics.definitions import CATALOGUE
from metrics.formula import parse

# What happened has one reading; what stood has a listing a day, of which the last counts.
OLDEST_READING = """
SELECT asked.entity, min(read.at)
FROM unnest(%(entities)s::text[]) AS asked(entity) CROSS JOIN connection c
CROSS JOIN LATERAL (SELECT greatest(
    (SELECT min(r.read_through) FROM reading r WHERE r.connection_id = c.id AND r.entity = asked.entity),
    (SELECT l.at FROM listing l WHERE l.connection_id = c.id AND l.entity = asked.entity ORDER BY l.day DESC LIMIT 1)
) AS at) read
WHERE c.counts_to > current_date
GROUP BY asked.entity"""


def read_through(metrics: Iterable[Metric]) -> dict[str, datetime]:
    """By metric key; a metric that nothing is read for is left out."""
    entities = {metric.key: entities_of(metric) for metric in metrics}
    moments = _oldest_reading(sorted(frozenset().union(*entities.values())))
    return {
        key: min(moments[entity] for entity in needed if entity in moments)
        for key, needed in entities.items() if any(entity in moments for entity in needed)
    }


def _oldest_reading(entities: list[str]) -> dict[str, datetime]:
    if not entities:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_READING, {"entities": entities})
        return {entity: moment for entity, moment in cursor.fetchall() if moment is not None}


def entities_of(metric: Metric) -> frozenset[str]:
    """The kinds of record a metric is counted from, through its formula where it is worked out from others."""
    if facts := facts_of(metric):
        return frozenset(model.__name__ for model in (facts.entity, *facts.also))
    if isinstance(metric, Derived):
        words = {word for text in (metric.formula, metric.client_formula) if text for word in parse(text).inputs}
        return frozenset[str]().union(*(entities_of(CATALOGUE[word]) for word in words if word in CATALOGUE))
    return frozenset()
