"""Coverage: how much of what a joined value rests on belongs to someone we know, and what follows where it is little.

The company's value of each base is there beside what of it is not linked, so the shares need no fact read again. A
share is told over a whole period: of all its hours, of the mean of its month ends, of its last. What belongs to nobody
and what belongs to someone are each taken by their size, so that credits are no hole in the base. Nothing at all is
nothing to resolve. What people gave is on no one's account and is part of no base.
"""

from __future__ import annotations

from collections.abc import Iterator

from metrics.declare import Across, For
from metrics.definitions import CATALOGUE
from metrics.joined import LEAST_RESOLVED, base_word, bases_of
from metrics.models import Origin, State
from metrics.rollup.bases import Definitions
from metrics.rollup.derive import GOOD, RESOLVED
from metrics.rollup.sql import execute, ids, lay, text
from metrics.rollup.tables import company_scope, not_linked_scope

BY_HAND = f"({int(Origin.ENTERED)}, {int(Origin.IMPORTED)}, {int(Origin.CORRECTED)})"

# Of each base and month: the amount that is someone's and the amount that is nobody's, NULL where people gave it.
# Months asked for stand in `worked`, the others of their quarters and years as they are stored.
SPLIT = """
WITH month AS (
    SELECT period_id FROM asked UNION SELECT month_id FROM member
), held AS (
    SELECT w.scope_id, w.definition_id, w.period_id, w.value, w.state, w.origin, w.collected
    FROM worked w JOIN month m ON m.period_id = w.period_id
    WHERE w.scope_id IN ({company}, {apart}) AND w.definition_id = ANY({bases})
    UNION ALL
    SELECT v.scope_id, v.definition_id, v.period_id, v.value, v.state, v.origin, v.collected
    FROM metrics_monthly v JOIN month m ON m.period_id = v.period_id
    WHERE v.scope_id IN ({company}, {apart}) AND v.definition_id = ANY({bases})
      AND NOT EXISTS (SELECT 1 FROM asked a WHERE a.scope_id = v.scope_id AND a.period_id = v.period_id)
)
SELECT c.definition_id, c.period_id,
       CASE WHEN c.origin NOT IN {by_hand} THEN abs(c.value - coalesce(a.amount, 0)) END AS known,
       CASE WHEN c.origin NOT IN {by_hand} THEN abs(coalesce(a.amount, 0)) END AS unknown
FROM held c
LEFT JOIN (
    SELECT definition_id, period_id, CASE WHEN origin IN {by_hand} THEN collected ELSE value END AS amount
    FROM held WHERE scope_id = {apart}
) a ON a.definition_id = c.definition_id AND a.period_id = c.period_id
WHERE c.scope_id = {company} AND c.state IN {good}"""

# How a longer period's share is made of its months, as the base itself goes over months.
ACROSS = {
    Across.SUM: "sum({0})",
    Across.MEAN: "sum({0})",  # of the same months, so the ratio of the sums is that of the means
    Across.FIRST: "(array_agg({0} ORDER BY m.number))[1]",
    Across.LAST: "(array_agg({0} ORDER BY m.number DESC))[1]",
}
LONGER = """
SELECT x.definition_id, m.period_id, {known} AS known, {unknown} AS unknown
FROM split x JOIN member m ON m.month_id = x.period_id WHERE x.definition_id = ANY({bases}) GROUP BY 1, 2"""

# Cut off and never rounded up: what lacks a little is not whole.
SHARE = """
SELECT definition_id, period_id,
       CASE WHEN known + unknown = 0 THEN 1 ELSE trunc(known / (known + unknown), 6) END AS share
FROM ({amounts}) every WHERE known IS NOT NULL"""

COVER = """
WITH told AS (
    SELECT j.kind, j.definition_id, s.period_id, j.word, min(j.place) AS place, min(s.share) AS share
    FROM (VALUES {joined}) j(kind, definition_id, base_id, word, place) JOIN share s ON s.definition_id = j.base_id
    GROUP BY 1, 2, 3, 4
), covered AS (
    SELECT kind, definition_id, period_id, min(share) AS share,
           string_agg(trim_scale(trunc(share * 100, 1)) || ' % of ' || word, ', ' ORDER BY place)
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


def cover(definitions: Definitions) -> None:
    """Give each joined value that was worked out its coverage, told in its cause where it is not whole."""
    joined = list(_joined())
    bases = {base for _, _, base, _ in joined}
    of = ids(definitions[base] for base in sorted(bases))
    names = {"company": company_scope(), "apart": not_linked_scope(), "by_hand": BY_HAND, "good": GOOD}
    lay("split", SPLIT.format(bases=of, **names))
    amounts = ["SELECT definition_id, period_id, known, unknown FROM split"]
    for across, how in ACROSS.items():
        if alike := [definitions[key] for key in sorted(bases) if _across(key) is across]:
            known, unknown = how.format("x.known"), how.format("x.unknown")
            amounts.append(LONGER.format(known=known, unknown=unknown, bases=ids(alike)))
    lay("share", SHARE.format(amounts=" UNION ALL ".join(amounts)))
    rows = ", ".join(
        f"({text(scope.value)}, {definitions[key]}, {definitions[base]}, {text(base_word(base))}, {place})"
        for scope, key, base, place in joined
    )
    execute(COVER.format(
        joined=rows, resolved=RESOLVED, least=LEAST_RESOLVED, insufficient=int(State.INSUFFICIENT_COVERAGE),
        so_far=int(State.SO_FAR), by_hand=BY_HAND, good=GOOD,
    ))


def _joined() -> Iterator[tuple[For, str, str, int]]:
    """(scope, metric, base, its place among the metric's bases) of every joined metric."""
    for scope in For:
        for key, metric in CATALOGUE.items():
            for place, base in enumerate(bases_of(metric, scope)):
                yield scope, key, base, place


def _across(key: str) -> Across:
    across: Across = CATALOGUE[key].across  # type: ignore[attr-defined]  # what counts facts has one
    return across
