"""Medians: the middle of what the rows of a period tell, for each scope and for months, quarters and years alike.

They are derived from how many rows there are, which says their state; here their value takes the place of that. Each
row is read once and looked at in its month, its quarter and its year, for whom it counts and for the company. A period
still open takes its rows as they stand, those of closed months too.
"""

from __future__ import annotations

from metrics import business_hours
from metrics.declare import For, Median
from metrics.definitions import VERSIONS
from metrics.models import State
from metrics.periods import Month
from metrics.rollup.asked import Asked
from metrics.rollup.compile import told_by_rows
from metrics.rollup.derive import GOOD
from metrics.rollup.in_force import Definitions
from metrics.rollup.sql import execute, fetch, ids, lay, text
from metrics.rollup.tables import company_scope
from metrics.settings import COLUMNS

MEDIANS = {name: metric for name, metric in VERSIONS.items() if isinstance(metric, Median)}

MONTHS = """
SELECT p.id AS period_id, p.starts_on AS month, p.ends_on, true AS rolled, {rules}
FROM period p JOIN period_rules r ON r.period_id = p.id
WHERE p.id IN (SELECT period_id FROM asked UNION SELECT month_id FROM member)"""

ROWS = """
SELECT x.scope_id, x.period_id AS month_id, u.definition_id, u.told::double precision AS told
FROM ({rows}) x CROSS JOIN LATERAL (VALUES {values}) u(definition_id, told) WHERE u.told IS NOT NULL"""
OF_SEGMENTS = """
    UNION ALL
    SELECT c.segment_id, e.month_id, e.definition_id, e.told FROM told_by_row e JOIN client_of c USING (scope_id)"""
MIDDLE = """
WITH of AS (
    SELECT DISTINCT scope_id, period_id AS month_id, period_id FROM asked
    UNION ALL
    SELECT a.scope_id, m.month_id, a.period_id FROM asked_upper a JOIN member m ON m.period_id = a.period_id
), whose AS (
    SELECT {company}::bigint AS scope_id, month_id, definition_id, told FROM told_by_row
    UNION ALL
    SELECT scope_id, month_id, definition_id, told FROM told_by_row WHERE scope_id IS NOT NULL{of_segments}
)
SELECT o.scope_id, o.period_id, w.definition_id,
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY w.told))::numeric, 8) AS value
FROM whose w JOIN of o ON o.scope_id = w.scope_id AND o.month_id = w.month_id
GROUP BY 1, 2, 3"""
AS_THEY_STAND = """
SELECT v.scope_id, v.period_id, v.definition_id, v.value FROM asked a
JOIN metrics_monthly v ON v.scope_id = a.scope_id AND v.period_id = a.period_id
WHERE v.definition_id = ANY({medians})
UNION ALL
SELECT v.scope_id, v.period_id, v.definition_id, v.value FROM asked_upper a
JOIN (TABLE metrics_quarterly UNION ALL TABLE metrics_yearly) v ON v.scope_id = a.scope_id AND v.period_id = a.period_id
WHERE v.definition_id = ANY({medians})"""
PUT_IN = """
UPDATE worked w
SET value = m.value, state = CASE WHEN m.value IS NULL THEN {undefined} ELSE w.state END,
    cause = CASE WHEN m.value IS NULL THEN {cause} ELSE w.cause END
FROM worked k LEFT JOIN middle m USING (scope_id, period_id, definition_id)
WHERE k.definition_id = {definition} AND k.state IN {good} AND w.scope_id = k.scope_id AND w.period_id = k.period_id
  AND w.definition_id = k.definition_id"""


def fill(asked: Asked, definitions: Definitions, sides: list[For]) -> None:
    """Put each median that has one in its place in `worked`. Where no row of it moved, those that stand stay."""
    if any(asked.counts(median.of.facts) for median in MEDIANS.values()):
        _lay_rows(definitions)
        segments = OF_SEGMENTS if For.SEGMENT in sides else ""
        lay("middle", MIDDLE.format(company=company_scope(), of_segments=segments))
    else:
        lay("middle", AS_THEY_STAND.format(medians=ids(definitions[name] for name in MEDIANS)))
    for name, median in MEDIANS.items():
        execute(PUT_IN.format(
            definition=definitions[name], good=GOOD, undefined=int(State.UNDEFINED), cause=text(median.undefined)
        ))


def _lay_rows(definitions: Definitions) -> None:
    business_hours.lay()
    lay("median_month", MONTHS.format(rules=", ".join(f"r.{key}" for key in COLUMNS)))
    [(first, last)] = fetch("SELECT min(month), max(month) FROM median_month")
    alike: dict[tuple[str, str], dict[str, Median]] = {}
    for name, median in MEDIANS.items():
        alike.setdefault((median.of.facts.name, median.of.dated), {})[name] = median
    rows = []
    for group in alike.values():
        told = told_by_rows(list(group.values()), Month.holding(first), Month.holding(last), "median_month")
        values = ", ".join(f"({definitions[name]}::bigint, x.m{number})" for number, name in enumerate(group))
        rows.append(ROWS.format(rows=told, values=values))
    lay("told_by_row", " UNION ALL ".join(rows))
