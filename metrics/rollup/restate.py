"""What closed values would be now, since something changed at a source: found at each roll-up, and never written here.

The closed months concerned are worked out once more in a savepoint that is rolled back: by the rules of their days,
the links known at their close, and the facts as they are. Where a value differs and a changed row is behind it, or its
month was read whole since, a `Restatement` waits for a person; where it differs no longer, the restatement is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from metrics.declare import facts_of
from metrics.definitions import CATALOGUE
from metrics.models import Period, Restatement, Rollup
from metrics.periods import Month, Quarter, Year
from metrics.rollup.asked import Asked
from metrics.rollup.behind import Behind
from metrics.rollup.compute import compute
from metrics.rollup.sql import execute, fetch
from metrics.rollup.store import COMPARED, TABLES

Key = tuple[int, int, int]  # scope, definition, period
COUNTED = [key for key, metric in CATALOGUE.items() if facts_of(metric) is not None]
WAITING = Restatement.Decision.WAITING
TOLD = ("revision", "old_state", "old_value", "new_state", "new_value", "cause", "changes")

# Only definitions that had values there when it was closed. The members of a segment are those of today, so that one
# is left alone whose members' stored values no longer make its own.
DIFFERING = """
WITH stored AS (
    SELECT v.scope_id, v.definition_id, v.period_id, v.state, v.value, v.revision
    FROM metrics_monthly v JOIN asked a USING (scope_id, period_id)
    UNION ALL
    SELECT v.scope_id, v.definition_id, v.period_id, v.state, v.value, v.revision
    FROM metrics_quarterly v JOIN asked_upper a USING (scope_id, period_id)
    UNION ALL
    SELECT v.scope_id, v.definition_id, v.period_id, v.state, v.value, v.revision
    FROM metrics_yearly v JOIN asked_upper a USING (scope_id, period_id)
), known AS (
    SELECT DISTINCT definition_id, period_id FROM stored WHERE definition_id IN (SELECT definition_id FROM basis_of)
)
SELECT scope_id, definition_id, period_id, d.metric, s.kind, p.grain, p.starts_on, s2.revision,
       s2.state, s2.value, w.state, w.value
FROM (SELECT * FROM stored WHERE (definition_id, period_id) IN (TABLE known)) s2
FULL JOIN outcome w USING (scope_id, definition_id, period_id)
JOIN definition d ON d.id = definition_id
JOIN period p ON p.id = period_id
JOIN scope s ON s.id = scope_id
WHERE (s2.state, s2.value) IS DISTINCT FROM (w.state, w.value)
  AND p.ends_on - 1 <= %(closed_through)s AND (definition_id, period_id) IN (TABLE known)
  AND (definition_id, period_id) NOT IN (TABLE aside)  -- nobody is shown what another version would have been"""

OTHER_MEMBERS = """
SELECT DISTINCT v.scope_id
FROM asked a
JOIN scoped g ON g.scope_id = a.scope_id AND g.kind = 'segment'
JOIN metrics_monthly v ON v.scope_id = a.scope_id AND v.period_id = a.period_id
JOIN definition d ON d.id = v.definition_id AND d.metric = ANY(%s)
LEFT JOIN LATERAL (
    SELECT sum(m.value) AS value FROM client_of c
    JOIN metrics_monthly m ON m.scope_id = c.scope_id AND m.definition_id = v.definition_id
        AND m.period_id = v.period_id
    WHERE c.segment_id = v.scope_id
) t ON true
WHERE v.value IS NOT NULL AND v.value IS DISTINCT FROM coalesce(t.value, 0)"""


@dataclass(frozen=True)
class Differing:
    """A closed value as it is stored and as it would be; None: no row."""

    key: Key
    metric: str
    kind: str  # of its scope
    months: tuple[Month, ...]
    revision: int
    old: tuple[int | None, Decimal | None]  # state, value
    new: tuple[int | None, Decimal | None]


def restate(asked: Asked) -> None:
    """Find what the late changes of closed months would move, for people to accept or refuse."""
    if not asked.late or asked.closed_through is None:
        return
    waiting = Restatement.objects.filter(decision=WAITING).select_related("period")
    months = _with_neighbours(asked.late, waiting)
    found, behind = _work_out(asked, months)
    causes = {row: cause for row in found if (cause := behind.cause_of(row)) is not None}
    _keep(causes, {row for row in waiting if _is_within(row.period, months)})


def by_moment_of_close(months: Iterable[Month]) -> Iterator[tuple[datetime | None, list[Month]]]:
    """Months that were closed at one moment together, the earliest moment first: they know the same links."""
    days = {month.starts_on: month for month in months}
    known = dict(
        Period.objects.filter(grain="month", starts_on__in=days).values_list("starts_on", "links_as_of")
    )
    moments = {known.get(day) for day in days}
    for moment in sorted(moments, key=lambda each: (each is not None, each)):
        yield moment, sorted(month for day, month in days.items() if known.get(day) == moment)


def columns_of(keys: Iterable[Key]) -> list[list[int]]:
    ordered = sorted(keys)
    return [[key[place] for key in ordered] for place in range(3)]


def revise(grain: str, keys: set[Key], rollup: Rollup) -> None:
    """Give these stored values what was worked out, one revision on."""
    table = TABLES[grain]
    mine = "unnest(%s::bigint[], %s::bigint[], %s::bigint[]) k(s, d, p)"
    same = "v.scope_id = k.s AND v.definition_id = k.d AND v.period_id = k.p"
    worked = f"w.scope_id = k.s AND w.definition_id = k.d AND w.period_id = k.p AND w.grain = '{grain}'"
    columns = columns_of(keys)
    execute(f"DELETE FROM {table} v USING {mine} WHERE {same} "
            f"AND NOT EXISTS (SELECT 1 FROM outcome w WHERE {worked})", columns)
    execute(f"""
        UPDATE {table} v SET {", ".join(f"{name} = w.{name}" for name in COMPARED)}, rollup_id = {rollup.pk},
               revision = v.revision + 1
        FROM {mine} JOIN outcome w ON {worked} WHERE {same}""", columns)
    execute(f"""
        INSERT INTO {table} (scope_id, definition_id, period_id, rollup_id, revision, {", ".join(COMPARED)})
        SELECT w.scope_id, w.definition_id, w.period_id, {rollup.pk}, 1, {", ".join(f"w.{name}" for name in COMPARED)}
        FROM {mine} JOIN outcome w ON {worked}
        WHERE NOT EXISTS (SELECT 1 FROM {table} v WHERE {same})""", columns)


def closed_of(asked: Asked, months: Iterable[Month]) -> Asked:
    """The same question about closed months, as if they were open."""
    return replace(asked, whole=frozenset(months), partly={}, closed_through=None)


def _with_neighbours(late: frozenset[Month], waiting: Iterable[Restatement]) -> frozenset[Month]:
    """A quarter's and a year's figure needs every month of theirs in which something waits."""
    years = {month.year for month in late}
    held = {
        Month.holding(row.period.starts_on) for row in waiting
        if row.period.grain == "month" and row.period.starts_on.year in years
    }
    return late | held


def _is_within(period: Period, months: frozenset[Month]) -> bool:
    return any(period.starts_on <= month.starts_on < period.ends_on for month in months)


def _work_out(asked: Asked, months: frozenset[Month]) -> tuple[list[Differing], Behind]:
    """What differs from the stored values, of months, quarters and years; nothing of this is kept."""
    found: dict[Key, Differing] = {}
    behind = Behind(months)
    with transaction.atomic():
        groups = list(by_moment_of_close(months))
        for number, (known_at, of) in enumerate(groups):
            compute(closed_of(asked, of), known_at)
            behind.learn_owners()
            mine = {row.key: row for row in differing(asked, segments_of_others())}
            upper = {key for key, row in found.items() if len(row.months) > 1 and _touches(row.months, of)}
            for key in upper - mine.keys():  # what differed by the months before differs no longer
                del found[key]
            found |= mine
            if number + 1 < len(groups):
                _as_if_accepted(mine.values())
        transaction.set_rollback(True)
    return list(found.values()), behind


def _touches(months: Sequence[Month], of: Sequence[Month]) -> bool:
    return not set(months).isdisjoint(of)


def _as_if_accepted(rows: Iterable[Differing]) -> None:
    """So that the quarters of months closed at another moment can be gathered; rolled back."""
    keys = {row.key for row in rows if len(row.months) == 1}
    rollup = Rollup.objects.order_by("-pk").first()
    assert rollup is not None
    revise("month", keys, rollup)


def segments_of_others() -> set[int]:
    """The scopes of segments that have other members now than when the months worked out were closed."""
    [(there,)] = fetch("SELECT EXISTS (SELECT 1 FROM scoped WHERE kind = 'segment')")
    return {scope for (scope,) in fetch(OTHER_MEMBERS, [COUNTED])} if there else set()


def differing(asked: Asked, left_out: set[int]) -> list[Differing]:
    """Closed values, as worked out, that are not as they are stored; not those of the scopes left out."""
    spans = {"month": Month, "quarter": Quarter, "year": Year}
    return [
        Differing(
            (scope, definition, period), metric, kind, spans[grain].holding(starts_on).months, revision or 0,
            (was, was_value), (state, value),
        )
        for scope, definition, period, metric, kind, grain, starts_on, revision, was, was_value, state, value
        in fetch(DIFFERING, {"closed_through": asked.closed_through}) if scope not in left_out
    ]


def _keep(causes: Mapping[Differing, tuple[str, list[int]]], waiting: set[Restatement]) -> None:
    """Make the waiting restatements those that were found; what a person has refused is not asked twice."""
    there = {(row.scope_id, row.definition_id, row.period_id): row for row in waiting}
    refused = _Refused({row.key for row in causes})
    new, moved, left = [], [], []
    for row, (cause, changes) in causes.items():
        standing = there.pop(row.key, None)
        if refused.covers(row, changes):
            if standing is not None:  # of the company's figure only what was refused is left
                left.append(standing.pk)
            continue
        scope, definition, period = row.key
        told = standing or Restatement(scope_id=scope, definition_id=definition, period_id=period)
        was = [getattr(told, name) for name in TOLD]
        now = [row.revision, *row.old, *row.new, cause, changes]
        for name, each in zip(TOLD, now, strict=True):
            setattr(told, name, each)
        if standing is None:
            new.append(told)
        elif was != now:
            moved.append(told)
    Restatement.objects.bulk_create(new, batch_size=2_000)
    Restatement.objects.bulk_update(moved, TOLD, batch_size=500)
    Restatement.objects.filter(pk__in=left).update(
        decision=Restatement.Decision.REFUSED, reason="its parts were refused", decided_at=timezone.now()
    )
    Restatement.objects.filter(pk__in=[row.pk for row in there.values()]).update(
        decision=Restatement.Decision.GONE, decided_at=timezone.now()
    )


class _Refused:
    """What people have refused for some periods: the changes, and where no row was behind, the figures."""

    def __init__(self, keys: set[Key]) -> None:
        rows = Restatement.objects.filter(
            decision=Restatement.Decision.REFUSED, period__in={period for _, _, period in keys}
        ).order_by("pk")
        self.changes = {change for row in rows for change in row.changes}
        self.figures = {
            (row.scope_id, row.definition_id, row.period_id): (row.new_state, row.new_value) for row in rows
        }

    def covers(self, row: Differing, changes: list[int]) -> bool:
        return self.changes.issuperset(changes) if changes else self.figures.get(row.key) == row.new
