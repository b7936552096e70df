"""Working limits out and holding them: for everyone in one statement after a roll-up, for one number when asked.

They stand on the last 24 closed months or, while nothing is closed, on the last complete ones. With 12 to 23 of them
they grow by each further month; with 24 they are held until somebody has them worked out again and says why.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics.definitions import CATALOGUE
from metrics.limits import FEW, LEAST, MOST, WIDE
from metrics.models import Definition, HeldLimits, InForce, Period, Rollup, Scope
from metrics.periods import Month
from metrics.reading import ScopeRef
from metrics.varying.working_days import is_per_working_day, working_days

LOCK = 7_132_003  # of the transaction that works limits out: two at once would do it twice

# The arithmetic is that of `metrics.limits`, to the last place. What 24 points hold is left alone before it is read.
WORKED_OUT = f"""
WITH complete(period_id, starts_on, ends_on, days) AS (
    SELECT * FROM unnest(%(periods)s::bigint[], %(starts)s::date[], %(ends)s::date[], %(days)s::int[])
), point AS (
    SELECT v.scope_id, v.definition_id, c.starts_on, c.ends_on,
           CASE WHEN v.definition_id = ANY(%(by_day)s) THEN round(round(v.value, 40) / c.days, 8)
                ELSE v.value END AS value,
           row_number() OVER (PARTITION BY v.scope_id, v.definition_id ORDER BY c.starts_on DESC) AS back
    FROM metrics_monthly v
    JOIN complete c ON c.period_id = v.period_id
    JOIN scope s ON s.id = v.scope_id AND s.kind IN ('company', 'organization', 'segment')
    WHERE v.state = 0 AND (%(scopes)s::bigint[] IS NULL OR v.scope_id = ANY(%(scopes)s))
      AND (%(definition)s::bigint IS NULL OR v.definition_id = %(definition)s)
      AND NOT EXISTS (
          SELECT 1 FROM held_limits h
          WHERE h.definition_id = v.definition_id AND h.scope_id = v.scope_id AND h.superseded_at IS NULL
            AND h.points >= {MOST})
), moved AS (
    SELECT *, abs(value - lag(value) OVER (PARTITION BY scope_id, definition_id ORDER BY starts_on)) AS step
    FROM point WHERE back <= {MOST}
), worked AS (
    SELECT scope_id, definition_id, round(sum(value), 40) / count(*) AS mean,
           round({WIDE} * (count(*) + {FEW}) / count(*), 8) * round(sum(step), 40) / count(step) AS wide,
           count(*) AS points, min(starts_on) AS from_on, max(ends_on) AS until_on
    FROM moved GROUP BY 1, 2 HAVING count(*) >= {LEAST}
)
INSERT INTO held_limits (
    definition_id, scope_id, per_working_day, mean, lower, upper, points, from_on, until_on, reason, by_id, at)
SELECT definition_id, scope_id, definition_id = ANY(%(by_day)s), round(mean, 8), round(mean - wide, 8),
       round(mean + wide, 8), points, from_on, until_on, %(reason)s, %(by)s, %(now)s
FROM worked
ON CONFLICT (definition_id, scope_id) WHERE superseded_at IS NULL DO UPDATE
SET mean = excluded.mean, lower = excluded.lower, upper = excluded.upper, points = excluded.points,
    from_on = excluded.from_on, until_on = excluded.until_on, at = excluded.at
WHERE held_limits.points < excluded.points"""  # noqa: S608 - numbers of our own


class Refused(Exception):
    """A sentence for the person who asked; nothing was changed."""


@transaction.atomic
def hold(done: Rollup | None = None, *, everyone: bool = False) -> int:
    """Work out what a roll-up moved, or everyone's; how many limits are new or stand on more months than before.

    A roll-up of nothing but the running month costs no reading of values.
    """
    if not everyone and (done is None or not _complete_of(done)):
        return 0
    return _work_out(scopes=None if everyone or done is None else _scopes_of(done))


@transaction.atomic
def work_out_again(by: Any, metric: str, scope: ScopeRef, reason: str) -> HeldLimits:
    """Leave the limits that are held and stand on the last 12 to 24 months instead. Raises Refused with a sentence."""
    if not reason.strip():
        raise Refused("Say why the limits are worked out again: a signal may be lost by it.")
    whose = Scope.objects.filter(kind=scope.kind, organization__slug=scope.slug or None, key=None).first()
    definition = _in_force(metric)
    if whose is None or definition is None:
        raise Refused("Nothing has been measured for this yet.")
    standing = HeldLimits.objects.filter(definition=definition, scope=whose, superseded_at=None)
    standing.update(superseded_at=timezone.now())
    if not _work_out(scopes=[whose.pk], definition=definition.pk, by=by.pk, reason=reason.strip()):
        raise Refused(f"There are no {LEAST} complete months to work limits out from.")
    return standing.get()


def _work_out(
    *, scopes: list[int] | None, definition: int | None = None, by: int | None = None, reason: str = ""
) -> int:
    months = _complete_months()
    if len(months) < LEAST:
        return 0
    days = working_days(months.values())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(WORKED_OUT, {
            "periods": list(months), "starts": [month.starts_on for month in months.values()],
            "ends": [month.ends_on for month in months.values()], "days": [days[month] for month in months.values()],
            "by_day": _by_day(), "scopes": scopes, "definition": definition, "by": by, "reason": reason,
            "now": timezone.now(),
        })
        return max(int(cursor.rowcount), 0)


def _by_day() -> list[int]:
    keys = [key for key, metric in CATALOGUE.items() if is_per_working_day(metric)]
    return list(Definition.objects.filter(metric__in=keys).values_list("pk", flat=True))


def _complete_months() -> dict[int, Month]:
    """The months limits may stand on, by the id of their row: closed ones, or while nothing is, all that ended."""
    calendar = Calendar.current()
    rows = Period.objects.filter(grain=Period.Grain.MONTH, ends_on__lte=_today())
    closed = rows.filter(state=Period.Status.CLOSED)
    if calendar.closed_through is not None or closed.exists():
        rows = closed | rows.filter(ends_on__lte=calendar.closed_through) if calendar.closed_through else closed
    return {row.pk: Month.holding(row.starts_on) for row in rows.order_by("starts_on")}


def _complete_of(done: Rollup) -> list[str]:
    """The months a roll-up worked out that have ended, as it keeps them."""
    running = Month.holding(_today()).starts_on.isoformat()
    return [day for day in done.asked if day < running]


def _scopes_of(done: Rollup) -> list[int] | None:
    """For whom it worked them out; None for everyone."""
    asked = [done.asked[day] for day in _complete_of(done)]
    if any(scopes is None for scopes in asked):
        return None
    return sorted({scope for scopes in asked for scope in scopes})


def _in_force(metric: str) -> Definition | None:
    """The version shown today."""
    row = InForce.objects.filter(metric=metric, from_on__lte=_today()).order_by("-from_on").first()
    if row is not None:
        return row.definition
    return Definition.objects.filter(metric=metric, version=CATALOGUE[metric].version).first()


def _today() -> date:
    return timezone.now().astimezone(Calendar.current().zone).date()
