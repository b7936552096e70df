"""Rules over totals: parts and whole, months and quarter, a segment and its clients, the books, the strip's lines."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from metrics.declare import ALL_SCOPES, Across, Flow, MayBeUntold, Movement, Opening, Standing, Stock, Total
from metrics.definitions import CATALOGUE
from metrics.definitions.facts import COST_SIDES, INCOME_SIDES, SHOWN_BASIS
from metrics.formula import evaluate, parse
from metrics.models import Origin, Period, Scope
from metrics.periods import Month, Quarter
from metrics.quality import words
from metrics.quality.extent import Extent
from metrics.quality.seen import Seen, fetched
from metrics.quality.strip import lines_of
from metrics.reading.shapes import COMPANY
from metrics.reading.stored import numbers_of
from metrics.rollup.compile import is_gathered
from metrics.rollup.segments import COUNTED
from metrics.typed import plain_decimal

ADDITIVE = tuple(
    key for key, metric in CATALOGUE.items()
    if isinstance(metric, Flow | Stock | Standing | Movement | Opening) and metric.scopes == ALL_SCOPES
    and not isinstance(metric, MayBeUntold)  # untold, the whole has no number and its parts have zeros
)
TOTALS = tuple(metric for metric in CATALOGUE.values() if isinstance(metric, Total))
GATHERED = {
    across: tuple(
        key for key, metric in CATALOGUE.items() if is_gathered(metric) and getattr(metric, "across", None) is across
    ) for across in Across
}
BY_HAND = [int(Origin.ENTERED), int(Origin.IMPORTED), int(Origin.CORRECTED)]
A_UNIT = Decimal(1)  # of currency: books given whole are rounded

# Whatever people entered over a value, what systems say is added up.
PARTS = """
SELECT x.metric, x.period_id, x.starts_on, x.company_id, x.parts, x.company FROM (
    SELECT s.metric, s.period_id, s.starts_on, max(o.id) FILTER (WHERE o.kind = 'company') AS company_id,
           sum(CASE WHEN v.origin = ANY(%(by_hand)s) THEN v.collected ELSE v.value END)
               FILTER (WHERE o.kind <> 'company') AS parts,
           max(CASE WHEN v.origin = ANY(%(by_hand)s) THEN v.collected ELSE v.value END)
               FILTER (WHERE o.kind = 'company') AS company
    FROM (SELECT DISTINCT period_id FROM looked_at WHERE everyone AND grain = 'month') l
    JOIN shown_as s ON s.period_id = l.period_id AND s.metric = ANY(%(metrics)s)
    JOIN metrics_monthly v ON v.definition_id = s.definition_id AND v.period_id = s.period_id
    JOIN scope o ON o.id = v.scope_id AND o.kind IN ('company', 'organization', 'not_linked')
    GROUP BY 1, 2, 3
) x WHERE x.parts IS DISTINCT FROM x.company"""

# Who is in a segment is known as of now, and what is closed was added up over who was in it then.
SEGMENTS = """
SELECT x.metric, x.scope_id, x.period_id, x.starts_on, x.clients, x.value FROM (
    SELECT s.metric, g.id AS scope_id, s.period_id, s.starts_on, v.value, (
        SELECT sum(w.value) FROM organization o
        JOIN scope c ON c.kind = 'organization' AND c.organization_id = o.id
        JOIN metrics_monthly w ON w.scope_id = c.id AND w.definition_id = s.definition_id
            AND w.period_id = s.period_id AND w.state IN (0, 1, 3)
        WHERE lower(btrim(o.segment)) = lower(n.name) AND o.kind = 'client' AND o.merged_into_id IS NULL
    ) AS clients
    FROM looked_at l
    JOIN scope g ON g.id = l.scope_id AND g.kind = 'segment'
    JOIN segment n ON n.id = g.key
    JOIN shown_as s ON s.period_id = l.period_id AND s.grain = 'month' AND s.period_state = 'open'
        AND s.metric = ANY(%(metrics)s)
    JOIN metrics_monthly v ON v.scope_id = g.id AND v.definition_id = s.definition_id AND v.period_id = s.period_id
    WHERE l.everyone AND v.state IN (0, 1)
) x WHERE x.clients IS DISTINCT FROM x.value"""

QUARTERS = """
SELECT x.metric, x.scope_id, x.period_id, x.starts_on, x.months, x.value FROM (
    SELECT s.metric, l.scope_id, l.period_id, l.starts_on, q.value,
           CASE WHEN s.metric = ANY(%(sum)s) THEN sum(v.value)
                WHEN s.metric = ANY(%(mean)s) THEN round(round(sum(v.value), 40) / nullif(count(v.value), 0), 8)
                WHEN s.metric = ANY(%(first)s) THEN (array_agg(v.value ORDER BY m.starts_on)
                    FILTER (WHERE v.value IS NOT NULL))[1]
                ELSE (array_agg(v.value ORDER BY m.starts_on DESC) FILTER (WHERE v.value IS NOT NULL))[1] END AS months
    FROM looked_at l
    JOIN shown_as s ON s.period_id = l.period_id AND s.grain = 'quarter' AND s.metric = ANY(%(metrics)s)
    JOIN metrics_quarterly q
        ON q.scope_id = l.scope_id AND q.definition_id = s.definition_id AND q.period_id = l.period_id AND q.state = 0
    JOIN shown_as m ON m.metric = s.metric AND m.grain = 'month' AND m.definition_id = s.definition_id
        AND m.starts_on >= s.starts_on AND m.starts_on < s.ends_on
    LEFT JOIN metrics_monthly v ON v.scope_id = l.scope_id AND v.definition_id = s.definition_id
        AND v.period_id = m.period_id AND v.state IN (0, 1, 3)
    GROUP BY s.metric, l.scope_id, l.period_id, l.starts_on, q.value
) x WHERE x.months IS NULL OR abs(x.value - x.months) > 0.00000001"""

UNMAPPED = """
SELECT side.metric, p.id, f.month, sum(abs(f.amount)), count(DISTINCT la.id)
FROM ledger_balance f
JOIN ledger_account la ON la.id = f.ledger_account_id
JOIN (VALUES ('total_revenue', %(income)s::text[]), ('total_expenses', %(cost)s::text[])) side(metric, sides)
    ON la.side = ANY(side.sides)
JOIN period p ON p.grain = 'month' AND p.starts_on = f.month
WHERE """ + SHOWN_BASIS + """
  AND NOT EXISTS (SELECT FROM ledger_category c WHERE c.ledger_account_id = la.id AND c.from_on <= f.month)
GROUP BY 1, 2, 3 HAVING sum(abs(f.amount)) <> 0"""


def parts(extent: Extent) -> Iterator[Seen]:
    rows = fetched(PARTS, {"metrics": list(ADDITIVE), "by_hand": BY_HAND})
    for metric, period, starts_on, company, added, whole in rows:
        says = (
            f"{CATALOGUE[metric].label} of {words.month(starts_on)}: clients, internal and not linked make "
            f"{_exact(added)}, and the company has {_exact(whole)}."
        )
        apart = None if added is None or whole is None else added - whole
        yield Seen(metric=metric, scope=company or _company(), period=period, says=says, measure=apart)


def segments(extent: Extent) -> Iterator[Seen]:
    for metric, scope, period, starts_on, added, whole in fetched(SEGMENTS, {"metrics": list(COUNTED)}):
        says = (
            f"{CATALOGUE[metric].label} of {words.month(starts_on)}: the segment's clients make "
            f"{_exact(added)}, and the segment has {_exact(whole)}."
        )
        yield Seen(metric=metric, scope=scope, period=period, subject="segment", says=says)


def quarters(extent: Extent) -> Iterator[Seen]:
    rows = fetched(QUARTERS, {
        "metrics": [key for keys in GATHERED.values() for key in keys],
        "sum": list(GATHERED[Across.SUM]), "mean": list(GATHERED[Across.MEAN]), "first": list(GATHERED[Across.FIRST]),
    })
    for metric, scope, period, starts_on, added, whole in rows:
        says = (
            f"{CATALOGUE[metric].label} of {Quarter.holding(starts_on).label}: its months make {_exact(added)}, and "
            f"the quarter has {_exact(whole)}."
        )
        yield Seen(metric=metric, scope=scope, period=period, says=says)


def unmapped(extent: Extent) -> Iterator[Seen]:
    sides = {"income": _sides(INCOME_SIDES), "cost": _sides(COST_SIDES)}
    company = _company()
    for metric, period, starts_on, amount, accounts in fetched(UNMAPPED, sides):
        what = "income" if metric == "total_revenue" else "costs"
        says = (
            f"{words.of(metric, amount)} of {what} in {words.month(starts_on)} "
            f"{'is' if accounts == 1 else 'are'} on {words.many(accounts, 'ledger account')} without a category."
        )
        yield Seen(metric=metric, scope=company, period=period, says=says, measure=amount)


def results(extent: Extent) -> Iterator[Seen]:
    """A total given whole beside what its parts make, where these are there too."""
    periods = periods_of(extent.ended)
    months, company = list(periods), _company()
    inputs = {total.key: parse(total.formula) for total in TOTALS}
    every = dict.fromkeys([*inputs, *(word for formula in inputs.values() for word in formula.inputs)])
    stored = numbers_of([CATALOGUE[key] for key in every], [COMPANY], months)
    for month in months:
        settled = {
            key: number.value for key in every if (number := stored[key, COMPANY, month]).is_final
        }
        for total in TOTALS:
            made, whole = evaluate(inputs[total.key], settled).value, settled.get(total.key)
            if made is None or whole is None or abs(whole - made) <= A_UNIT:
                continue
            says = (
                f"{total.label} of {month.label} was given as {words.of(total.key, whole)}, and its parts make "
                f"{words.of(total.key, made)}."
            )
            yield Seen(metric=total.key, scope=company, period=periods[month], says=says, measure=whole - made)


def bridge(extent: Extent) -> Iterator[Seen]:
    yield from _strip(extent, "mrr_bridge")


def mrr_twice(extent: Extent) -> Iterator[Seen]:
    yield from _strip(extent, "mrr_twice")


def _strip(extent: Extent, key: str) -> Iterator[Seen]:
    periods = periods_of(extent.ended)
    months, company = list(periods), _company()
    for month, lines in zip(months, lines_of(months), strict=True):
        for line in lines:
            if line.key == key and not line.within:
                yield Seen(
                    metric=line.left.metric, scope=company, period=periods[month], says=line.says,
                    measure=line.difference,
                )


def periods_of(months: list[Month]) -> dict[Month, int]:
    """The months of these that numbers were worked out for, in order, each with its row."""
    rows = Period.objects.filter(grain="month", starts_on__in=[month.starts_on for month in months])
    return {Month.holding(day): row for row, day in rows.order_by("starts_on").values_list("id", "starts_on")}


def _company() -> int | None:
    return Scope.objects.filter(kind=Scope.Kind.COMPANY).values_list("id", flat=True).first()


def _sides(sql: str) -> list[str]:
    """The names in a list that is written in SQL."""
    return [name.strip(" ()'") for name in sql.split(",")]


def _exact(value: Decimal | None) -> str:
    """Every digit there is: a rounded sum proves nothing."""
    return "nothing" if value is None else plain_decimal(value)
