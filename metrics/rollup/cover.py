"""Coverage: how much of what a joined value rests on belongs to someone we know, and what follows where it is little.

The company's value of each base is there beside what of it is not linked, so the shares need no fact read again. A
share is told over a whole period: of all its hours, of the mean of its month ends, of its last. What belongs to nobody
and what belongs to someone are each taken by their size, so that credits are no hole in the base. Nothing at all is
nothing to resolve. What people gave is on no one's account and is part of no base.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metrics.declare import Across, For
from metrics.definitions import VERSIONS, name_of, versions_of
from metrics.joined import LEAST_RESOLVED, base_word, bases_of
from metrics.models import Origin, State
from metrics.rollup.derive import GOOD, RESOLVED
from metrics.rollup.in_force import Definitions
from metrics.rollup.sql import execute, ids, text
from metrics.rollup.tables import company_scope, not_linked_scope

BY_HAND = f"({int(Origin.ENTERED)}, {int(Origin.IMPORTED)}, {int(Origin.CORRECTED)})"

# Of each base and month: the amount that is someone's and the amount that is nobody's, NULL where people gave it.
# Months asked for stand in `worked`, the others of their quarters and years as they are stored. A longer period's are
# those of its months together (of the same months, so that a ratio of sums is that of means), of its first or of its
# last. The share is cut off and never rounded up: what lacks a little is not whole.
COVER = """
WITH base(definition_id, across) AS (VALUES {bases}
), joined(kind, definition_id, base_id, word, place, itself) AS (VALUES {joined}
), month AS (
    SELECT period_id FROM asked UNION SELECT month_id FROM member
), held AS (
    SELECT w.scope_id, w.definition_id, w.period_id, w.value, w.state, w.origin, w.collected
    FROM worked w JOIN month m ON m.period_id = w.period_id
    WHERE w.scope_id IN ({company}, {apart}) AND w.definition_id = ANY({wanted})
    UNION ALL
    SELECT v.scope_id, v.definition_id, v.period_id, v.value, v.state, v.origin, v.collected
    FROM metrics_monthly v JOIN month m ON m.period_id = v.period_id
    WHERE v.scope_id IN ({company}, {apart}) AND v.definition_id = ANY({wanted})
      AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.scope_id = v.scope_id AND a.period_id = v.period_id)
), split AS MATERIALIZED (
    SELECT c.definition_id, c.period_id,
           CASE WHEN c.origin NOT IN {by_hand} THEN abs(c.value - coalesce(a.amount, 0)) END AS known,
           CASE WHEN c.origin NOT IN {by_hand} THEN abs(coalesce(a.amount, 0)) END AS unknown
    FROM held c
    LEFT JOIN (
        SELECT definition_id, period_id, CASE WHEN origin IN {by_hand} THEN collected ELSE value END AS amount
        FROM held WHERE scope_id = {apart}
    ) a ON a.definition_id = c.definition_id AND a.period_id = c.period_id
    WHERE c.scope_id = {company} AND c.state IN {good}
), amount AS (
    SELECT definition_id, period_id, known, unknown FROM split
    UNION ALL
    SELECT x.definition_id, m.period_id,
           CASE b.across WHEN 'first' THEN (array_agg(x.known ORDER BY m.number))[1]
                WHEN 'last' THEN (array_agg(x.known ORDER BY m.number DESC))[1] ELSE sum(x.known) END,
           CASE b.across WHEN 'first' THEN (array_agg(x.unknown ORDER BY m.number))[1]
                WHEN 'last' THEN (array_agg(x.unknown ORDER BY m.number DESC))[1] ELSE sum(x.unknown) END
    FROM split x JOIN member m ON m.month_id = x.period_id JOIN base b ON b.definition_id = x.definition_id
    GROUP BY x.definition_id, m.period_id, b.across
), share AS (
    SELECT definition_id, period_id,
           CASE WHEN known + unknown = 0 THEN 1 ELSE trunc(known / (known + unknown), 6) END AS share
    FROM amount WHERE known IS NOT NULL
), told AS (
    SELECT j.kind, j.definition_id, s.period_id, j.word, min(j.place) AS place, min(s.share) AS share
    FROM joined j JOIN share s ON s.definition_id = j.base_id
    WHERE j.itself OR NOT EXISTS (
        SELECT 1 FROM aside x WHERE x.definition_id = s.definition_id AND x.period_id = s.period_id)
    GROUP BY 1, 2, 3, 4
), covered AS (
    SELECT kind, definition_id, period_id, min(share) AS share,
           string_agg(trim_scale(trunc(share * 100, 1)) || '% of ' || word, ', ' ORDER BY place)
               FILTER (WHERE share < 1) || ' {resolved}' AS words
    FROM told GROUP BY 1, 2, 3
)
UPDATE worked w SET
    coverage = c.share,
    state = CASE WHEN c.share * 100 < r.{least} THEN {insufficient} ELSE w.state END,
    cause = CASE WHEN c.share * 100 >= r.{least} AND w.state = {insufficient} THEN w.cause
                 WHEN c.share * 100 < r.{least} AND w.state = {so_far} THEN coalesce(w.cause, 'so far, ' || c.words)
                 ELSE coalesce(w.cause, c.words) END
FROM covered c JOIN period_rules r ON r.period_id = c.period_id JOIN scoped s ON s.kind = c.kind
WHERE w.scope_id = s.scope_id AND w.definition_id = c.definition_id AND w.period_id = c.period_id
  AND w.state IN {good} AND w.origin NOT IN {by_hand}"""


def cover(definitions: Definitions, sides: Iterable[For]) -> None:
    """Give each joined value that was worked out its coverage, told in its cause where it is not whole."""
    joined = list(_joined(sides))
    bases = sorted({base for _, _, base, _ in joined})
    rows = (
        f"({text(scope.value)}, {definitions[name]}, {definitions[base]}, {text(base_word(base))}, {place}, "
        f"{name == base})"
        for scope, name, base, place in joined
    )
    execute(COVER.format(
        bases=", ".join(f"({definitions[base]}, {text(_across(base))})" for base in bases), joined=", ".join(rows),
        wanted=ids(definitions[base] for base in bases), company=company_scope(), apart=not_linked_scope(),
        insufficient=int(State.INSUFFICIENT_COVERAGE), so_far=int(State.SO_FAR), resolved=RESOLVED,
        least=LEAST_RESOLVED, by_hand=BY_HAND, good=GOOD,
    ))


def _joined(sides: Iterable[For]) -> Iterator[tuple[For, str, str, int]]:
    """(scope, version, base, its place among the version's bases) of every joined metric; of a base every version."""
    for scope in sides:
        for name, metric in VERSIONS.items():
            for place, base in enumerate(bases_of(metric, scope)):
                for version in [base] if base == name_of(metric) else versions_of(base):
                    yield scope, name, version, place


def _across(name: str) -> str:
    across: Across = VERSIONS[name].across  # type: ignore[attr-defined]  # what counts facts has one
    return across.value
