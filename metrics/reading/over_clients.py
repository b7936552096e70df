"""One figure of every client at once, for what needs no more than that: orders, shortlists and sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from metrics.definitions import CATALOGUE
from metrics.models import Origin, State
from metrics.periods import Span
from metrics.reading.shapes import Person, may_see
from metrics.reading.stored import SHOWN, STATES, TABLES, fetched

BY_HAND = (Origin.ENTERED, Origin.IMPORTED, Origin.CORRECTED)

# OFFSET 0 as in the values themselves: a look by both keys for each pair.
STORED = SHOWN + """, stored AS (
    SELECT shown.metric, shown.starts_on, v.*
    FROM shown CROSS JOIN LATERAL (
        SELECT m.scope_id, m.value, m.state, m.origin, m.collected FROM {table} m
        WHERE m.definition_id = shown.definition_id AND m.period_id = shown.period_id OFFSET 0
    ) v
)"""  # noqa: S608 - names of our own
OF_CLIENTS = STORED + """
SELECT v.starts_on, o.slug, v.value, v.state
FROM stored v JOIN scope s ON s.id = v.scope_id JOIN organization o ON o.id = s.organization_id
WHERE v.value IS NOT NULL AND o.kind = 'client' AND o.merged_into_id IS NULL
ORDER BY o.name"""
# One merged away since has what was counted for it in closed periods, and nothing in open ones.
ADDED_UP = STORED + """
SELECT v.metric, o.kind = 'internal', sum(CASE WHEN v.origin = ANY(%(by_hand)s) THEN v.collected ELSE v.value END)
FROM stored v JOIN scope s ON s.id = v.scope_id JOIN organization o ON o.id = s.organization_id
GROUP BY 1, 2"""


def values_of_clients(
    person: Person, metric: str, periods: Sequence[Span]
) -> dict[Span, dict[str, tuple[Decimal, State]]]:
    """A metric's value and state by client's slug, in the order of their names; those without a value are left out.

    The periods are of one grain. One statement.
    """
    found: dict[Span, dict[str, tuple[Decimal, State]]] = {period: {} for period in periods}
    if may_see(person, CATALOGUE[metric]):
        by_day = {period.starts_on: period for period in periods}
        statement = OF_CLIENTS.format(table=TABLES[periods[0].grain])
        for day, slug, value, state in fetched(statement, _asked([metric], periods)):
            found[by_day[day]][slug] = (value, STATES[state])
    return found


def collected_by_kind(person: Person, metrics: Iterable[str], period: Span) -> dict[tuple[str, bool], Decimal | None]:
    """The sum over all clients, and over all internal organizations, by metric and whether internal.

    Whatever people entered over a value, what systems say is added. None: no value to add. One statement.
    """
    keys = [key for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    asked = _asked(keys, [period]) | {"by_hand": [origin.value for origin in BY_HAND]}
    rows = fetched(ADDED_UP.format(table=TABLES[period.grain]), asked)
    return {(key, internal): added for key, internal, added in rows}


def _asked(metrics: Sequence[str], periods: Sequence[Span]) -> dict[str, object]:
    return {
        "metrics": list(metrics), "versions": [CATALOGUE[key].version for key in metrics],
        "grain": periods[0].grain, "days": [period.starts_on for period in periods],
    }
