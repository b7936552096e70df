"""Which version of a metric is read in each period: the one in force on its first day, laid once for a roll-up.

All versions are worked out and stored, each for itself. What is worked out from a metric reads one of them, and so a
quarter or a year reads that of its first day, over months that are stored under it, whatever they show themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Count, Min

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from metrics.declare import fingerprint
from metrics.definitions import CATALOGUE, SEVERAL, VERSIONS, versions_of
from metrics.models import Definition, InForce, MonthlyValue
from metrics.periods import Month, Span
from metrics.rollup.sql import lay

Definitions = Mapping[str, int]  # a version's name: the id of its row
Read = Mapping[str, str]  # metric key, of those with several versions: the name of the one that is read


def lay_in_force(definitions: Definitions, periods: Mapping[Span, int]) -> dict[Span, Read]:
    """What each period reads; and the temporary table `aside` (definition, period) of versions nothing reads there."""
    names = {definitions[name]: name for key in SEVERAL for name in versions_of(key)}
    decided = [
        (metric, from_on, names[definition])
        for metric, from_on, definition in InForce.objects.filter(metric__in=SEVERAL, definition__in=names)
        .order_by("from_on").values_list("metric", "from_on", "definition")
    ]
    read = {span: _on(span.starts_on, decided) for span in periods}
    rows = [
        f"({definitions[name]}, {row})" for span, row in periods.items()
        for key in SEVERAL for name in versions_of(key) if name != read[span][key]
    ]
    lay("aside", f"""
        SELECT * FROM (VALUES {", ".join(rows) or "(0, 0)"}) a(definition_id, period_id)""")
    return read


def _on(day: date, decided: Iterable[tuple[str, date, str]]) -> Read:
    return {key: key for key in SEVERAL} | {metric: name for metric, from_on, name in decided if from_on <= day}


def lay_definitions() -> Definitions:
    """A row for each version the code declares. One without values yet follows the code until it has some.

    Raises ImproperlyConfigured where a version that has values would change its meaning.
    """
    there = {(row.metric, row.version): row for row in Definition.objects.all()}
    new: set[str] = set()
    for name, metric in VERSIONS.items():
        row = there.get((metric.key, metric.version))
        told = {
            "fingerprint": fingerprint(metric), "smart_number": metric.smart_number, "since": metric.since,
            "note": metric.note,
        }
        if row is None:
            there[metric.key, metric.version] = Definition.objects.create(
                metric=metric.key, version=metric.version, **told
            )
            new.add(name)
        elif any(getattr(row, field) != value for field, value in told.items()):
            if row.fingerprint != told["fingerprint"] and MonthlyValue.objects.filter(definition=row).exists():
                raise ImproperlyConfigured(f"{metric.key}: version {metric.version} has values and another meaning.")
            Definition.objects.filter(pk=row.pk).update(**told)
    definitions = {name: there[metric.key, metric.version].pk for name, metric in VERSIONS.items()}
    _lay_rows(definitions, new)
    return definitions


def _lay_rows(definitions: Definitions, new: Iterable[str]) -> None:
    """A metric of several versions says in rows which is in force: since ever that which was stored first.

    A new version that takes the other's place in the catalogue is in force from the first day that is open: a closed
    period keeps the one it was closed with.
    """
    first = dict(
        Definition.objects.values("metric").annotate(first=Min("id"), of=Count("id")).filter(of__gt=1)
        .values_list("metric", "first")
    )
    decided = set(InForce.objects.values_list("metric", flat=True))
    rows = {(metric, EARLIEST): row for metric, row in first.items() if metric not in decided}
    opens = _first_open()
    for key in new:
        if key in CATALOGUE and first.get(key, definitions[key]) != definitions[key]:
            InForce.objects.filter(metric=key, from_on=opens).delete()
            rows[key, opens] = definitions[key]
    InForce.objects.bulk_create(
        InForce(metric=metric, from_on=from_on, definition_id=row, note="as declared")
        for (metric, from_on), row in rows.items()
    )


def _first_open() -> date:
    closed_through = Calendar.current().closed_through
    if closed_through is None:
        return EARLIEST
    opens = closed_through + timedelta(days=1)
    return opens if opens.day == 1 else Month.holding(opens).ends_on
