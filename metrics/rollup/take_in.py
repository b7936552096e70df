"""Accepted restatements into closed values: what was counted takes its new figure, and what rests on it follows.

The company moves by as much as the clients that were accepted; formulas, segments, quarters and years are worked out
from the stored values then, with no other fact read. So one client's change can be accepted while another's waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from metrics.models import Period, Rollup
from metrics.periods import Month
from metrics.rollup.asked import ENTRY, Asked, Part
from metrics.rollup.compute import compute
from metrics.rollup.cover import BY_HAND
from metrics.rollup.restate import (
    Differing,
    Key,
    by_moment_of_close,
    closed_of,
    columns_of,
    differing,
    revise,
    segments_of_others,
)
from metrics.rollup.sql import fetch
from metrics.rollup.tables import company_scope

Figure = tuple[int | None, Decimal | None]  # state, value

# What was collected, whatever people gave over it: as it is stored and as it was worked out.
COLLECTED = f"""
SELECT k.s, k.d, k.p, v.state, v.value, w.state, w.value,
       coalesce(CASE WHEN w.origin IN {BY_HAND} THEN w.collected ELSE w.value END, 0)
         - coalesce(CASE WHEN v.origin IN {BY_HAND} THEN v.collected ELSE v.value END, 0),
       coalesce(w.fact_rows, 0) - coalesce(v.fact_rows, 0), coalesce(w.checksum, 0) - coalesce(v.checksum, 0)
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) k(s, d, p)
LEFT JOIN metrics_monthly v ON v.scope_id = k.s AND v.definition_id = k.d AND v.period_id = k.p
LEFT JOIN outcome w ON w.scope_id = k.s AND w.definition_id = k.d AND w.period_id = k.p"""
COMPANY_MOVES = f"""
UPDATE metrics_monthly v
SET value = CASE WHEN v.origin IN {BY_HAND} THEN v.value ELSE v.value + x.value END,
    collected = v.collected + x.value, fact_rows = v.fact_rows + x.rows, checksum = v.checksum + x.checksum,
    revision = v.revision + 1, rollup_id = %s
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::integer[], %s::bigint[])
     x(definition_id, period_id, value, rows, checksum)
WHERE v.scope_id = %s AND v.definition_id = x.definition_id AND v.period_id = x.period_id AND v.value IS NOT NULL
RETURNING v.definition_id, v.period_id, v.state,
          CASE WHEN v.origin IN {BY_HAND} THEN v.value ELSE v.value - x.value END, v.value"""


class MovedAgain(Exception):
    """A figure is no longer the one that was to be accepted."""


@dataclass(frozen=True)
class Revised:
    key: Key
    old: Figure
    new: Figure


def take_in(asked: Asked, chosen: Mapping[Key, Figure], rollup: Rollup) -> list[Revised]:
    """Give counted values of closed months these figures; every value that moved with them. Raises MovedAgain."""
    months = _months_of({period for _, _, period in chosen})
    groups = list(by_moment_of_close(months.values()))
    found: list[Revised] = []
    for number, (known_at, of) in enumerate(groups):
        keys = {key for key in chosen if months[key[2]] in of}
        compute(closed_of(asked, of), known_at)
        others = segments_of_others()
        found += _counted(keys, chosen, rollup)
        scopes = frozenset({scope for scope, _, _ in keys} | {company_scope()})
        compute(replace(
            asked, whole=frozenset(), closed_through=None,
            partly={month: Part(scopes, frozenset({ENTRY})) for month in of},
        ), known_at)
        later = {month for _, more in groups[number + 1:] for month in more}
        found += _following([row for row in differing(asked, others) if later.isdisjoint(row.months)], rollup)
    return found


def _months_of(periods: Iterable[int]) -> dict[int, Month]:
    rows = Period.objects.filter(pk__in=periods, grain="month").values_list("pk", "starts_on")
    return {pk: Month.holding(starts_on) for pk, starts_on in rows}


def _counted(keys: set[Key], chosen: Mapping[Key, Figure], rollup: Rollup) -> list[Revised]:
    company = company_scope()
    moved: dict[tuple[int, int], list[Decimal | int]] = defaultdict(lambda: [Decimal(0), 0, 0])
    found = []
    for scope, definition, period, was, was_value, state, value, *by in fetch(COLLECTED, columns_of(keys)):
        key = (scope, definition, period)
        if (state, value) != chosen[key]:
            raise MovedAgain
        found.append(Revised(key, (was, was_value), (state, value)))
        if (company, definition, period) not in keys:
            moved[definition, period] = [a + b for a, b in zip(moved[definition, period], by, strict=True)]
    revise("month", keys, rollup)
    return found + _company(moved, company, rollup)


def _company(moved: Mapping[tuple[int, int], Sequence[Decimal | int]], company: int, rollup: Rollup) -> list[Revised]:
    if not moved:
        return []
    columns = list(zip(*(of + tuple(by) for of, by in moved.items()), strict=True))
    rows = fetch(COMPANY_MOVES, [rollup.pk, *map(list, columns), company])
    return [
        Revised((company, definition, period), (state, old), (state, new))
        for definition, period, state, old, new in rows if old != new
    ]


def _following(rows: Sequence[Differing], rollup: Rollup) -> list[Revised]:
    """Formulas, segments, quarters and years that differ since."""
    grains = {1: "month", 3: "quarter", 12: "year"}
    for length, grain in grains.items():
        if keys := {row.key for row in rows if len(row.months) == length}:
            revise(grain, keys, rollup)
    return [Revised(row.key, row.old, row.new) for row in rows]


