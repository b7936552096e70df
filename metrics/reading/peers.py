"""Where a client stands among others: its rank and their median, over stored values of one period and definition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from metrics.declare import Better
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.periods import Span
from metrics.reading.shapes import Person, ScopeRef, may_see
from metrics.reading.stored import SHOWN, TABLES, fetched

FEWEST = 5  # peers, without the client itself; of fewer a median would tell who they are

# Each metric's values are found by (definition, period). Whom a value is counted among is told twice: all, and alike.
STATEMENT = SHOWN + """,
mine AS (
    SELECT s.id, lower(btrim(o.segment)) AS segment, btrim(o.segment) AS named
    FROM organization o JOIN scope s ON s.organization_id = o.id AND s.kind = 'organization'
    WHERE o.slug = %(slug)s AND o.kind = 'client' AND o.merged_into_id IS NULL
),
client AS (
    SELECT s.id, s.id = mine.id AS is_mine, mine.segment <> '' AND lower(btrim(o.segment)) = mine.segment AS alike
    FROM mine CROSS JOIN organization o JOIN scope s ON s.organization_id = o.id AND s.kind = 'organization'
    WHERE o.kind = 'client' AND o.merged_into_id IS NULL
),
stored AS (
    SELECT shown.metric, client.is_mine, client.alike, v.value,
           max(v.value) FILTER (WHERE client.is_mine) OVER (PARTITION BY shown.metric) AS own
    FROM shown CROSS JOIN LATERAL (
        SELECT m.scope_id, m.value FROM {table} m
        WHERE m.definition_id = shown.definition_id AND m.period_id = shown.period_id AND m.state = %(measured)s
        OFFSET 0
    ) v JOIN client ON client.id = v.scope_id
),
counted AS (
    SELECT p.metric, p.own, whom.alike, count(*) AS others, count(*) FILTER (WHERE p.value > p.own) AS above,
           count(*) FILTER (WHERE p.value < p.own) AS below, array_agg(p.value ORDER BY p.value) AS sorted
    FROM stored p JOIN (VALUES (false), (true)) AS whom(alike) ON p.alike OR NOT whom.alike
    WHERE NOT p.is_mine
    GROUP BY 1, 2, 3
)
SELECT metric, own, alike, others, above, below, (sorted[(others + 1) / 2] + sorted[others / 2 + 1]) / 2, mine.named
FROM counted CROSS JOIN mine"""  # noqa: S608 - names of our own


@dataclass(frozen=True)
class Among:
    """A client's place among those who have a measured value in the period. Itself is in no median."""

    segment: str  # whose clients they are; empty: all clients
    others: int
    median: Decimal | None  # None: there are fewer than FEWEST others
    rank: int | None  # 1 is best; where neither is better, the highest. Equal values share the better rank
    own_segment: str  # the client's own, also where it is too small to compare with

    @property
    def of(self) -> int:
        return self.others + 1


def among_peers(person: Person, metrics: Iterable[str], scope: ScopeRef, period: Span) -> dict[str, Among]:
    """By metric key, those the person may see; a metric of which no other client has a value is left out.

    In the client's segment, or among all clients where that has too few. One statement however many clients there are.
    For anything but a client the answer is empty.
    """
    keys = [key for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    if not keys or scope.kind != "organization":
        return {}
    rows = fetched(STATEMENT.format(table=TABLES[period.grain]), {
        "metrics": keys, "versions": [CATALOGUE[key].version for key in keys], "grain": period.grain,
        "days": [period.starts_on], "slug": scope.slug, "measured": State.MEASURED.value,
    })
    found: dict[str, Among] = {}
    for key, own, alike, others, above, below, median, segment in sorted(rows, key=lambda row: row[2]):
        if alike and others < FEWEST:
            continue
        ahead = below if CATALOGUE[key].better is Better.LOWER else above
        enough = others >= FEWEST
        found[key] = Among(
            segment=segment if alike else "", others=others, median=median if enough else None,
            rank=ahead + 1 if enough and own is not None else None, own_segment=segment,
        )
    return found
