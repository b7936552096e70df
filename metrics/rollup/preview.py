"""What an act would change in open periods: done, worked out, compared with what is stored, and rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import OperationalError, transaction
from django.utils import timezone

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from metrics.declare import Metric
from metrics.definitions import CATALOGUE
from metrics.models import Entry, Goal, State
from metrics.periods import Month, Quarter, Span, Year
from metrics.reading.shapes import Person, ScopeRef, may_see
from metrics.reading.stored import absent
from metrics.rollup import whole
from metrics.rollup.asked import ask
from metrics.rollup.compute import compute
from metrics.rollup.sql import execute, fetch
from organizations.models import Organization

LONGEST = "20s"  # for a statement
PATIENCE = "5s"  # for a roll-up or a change under way
SHOWN = 200
GRAINS: dict[str, type[Span]] = {"quarter": Quarter, "year": Year, "month": Month}  # in the order they are shown
KINDS = ("organization", "segment", "company", "not_linked")
POSITION = {key: position for position, key in enumerate(CATALOGUE)}

DIFFERING = """
WITH stored AS (
    SELECT v.scope_id, v.definition_id, v.period_id, v.state, v.value
    FROM metrics_monthly v JOIN asked a USING (scope_id, period_id)
    UNION ALL
    SELECT v.scope_id, v.definition_id, v.period_id, v.state, v.value
    FROM metrics_quarterly v JOIN asked_upper a USING (scope_id, period_id)
    UNION ALL
    SELECT v.scope_id, v.definition_id, v.period_id, v.state, v.value
    FROM metrics_yearly v JOIN asked_upper a USING (scope_id, period_id)
), differing AS (
    SELECT scope_id, definition_id, period_id, s.state AS was, s.value AS was_value, w.state, w.value
    FROM (SELECT * FROM stored WHERE definition_id IN (SELECT definition_id FROM basis_of)) s
    FULL JOIN outcome w USING (scope_id, definition_id, period_id)
    WHERE (s.state, s.value) IS DISTINCT FROM (w.state, w.value)
)
SELECT d.metric, s.kind, coalesce(o.slug, g.name, ''), coalesce(o.name, g.name, ''), p.grain, p.starts_on,
       x.was, x.was_value, x.state, x.value
FROM differing x
JOIN definition d ON d.id = x.definition_id
JOIN period p ON p.id = x.period_id
JOIN scope s ON s.id = x.scope_id
LEFT JOIN organization o ON o.id = s.organization_id
LEFT JOIN segment g ON s.kind = 'segment' AND g.id = s.key
WHERE (x.definition_id, x.period_id) NOT IN (TABLE aside)"""

# The closed months since the first day that was decided on, in which one of the organizations concerned has values.
CLOSED = """
SELECT count(*) FROM period p
WHERE p.grain = 'month' AND (p.state = 'closed' OR p.ends_on - 1 <= %(closed_through)s)
  AND p.ends_on > (
    SELECT min(starts_on) FROM (
        SELECT starts_on FROM account_link WHERE decided_at >= %(moment)s OR superseded_at >= %(moment)s
        UNION ALL
        SELECT starts_on FROM organization_change WHERE decided_at >= %(moment)s OR undone_at >= %(moment)s) x)
  AND EXISTS (
    SELECT FROM metrics_monthly v JOIN scoped s ON s.scope_id = v.scope_id AND s.kind = 'organization'
    WHERE v.period_id = p.id AND v.scope_id IN (SELECT scope_id FROM asked))"""


class NotInTime(Exception):
    """There is no preview now; the message says it to a person."""


class Stored(NamedTuple):
    """A value as it reads; none where the state carries none."""

    state: State
    value: Decimal | None


@dataclass(frozen=True)
class Moved:
    """A value that would read otherwise."""

    metric: Metric
    scope: ScopeRef
    name: str  # of the organization, as it would be called, or of the segment; else empty
    period: Span
    before: Stored
    after: Stored

    @property
    def weight(self) -> tuple[object, ...]:
        """The important ones first: quarters of organizations, SmartNumbers among them, the latest; numbers at all."""
        return (
            self.before.value is None and self.after.value is None,
            list(GRAINS).index(self.period.grain), KINDS.index(self.scope.kind), not self.metric.smart_number,
            -self.period.starts_on.toordinal(), self.name, POSITION[self.metric.key],
        )


@dataclass(frozen=True)
class Preview:
    """What would move: the most important of it, how much in all, and how many closed months stay as they are."""

    moved: list[Moved]
    total: int
    closed_untouched: int


class LeftBehind(NamedTuple):
    """What people gave for an organization. No change of organizations takes it along."""

    entries: int
    goals: int


def preview(
    act: Callable[[], object], person: Person | None = None, *, now: datetime | None = None, shown: int = SHOWN
) -> Preview:
    """Do it, work out what follows, and take everything back; only metrics the person may see, if one is named.

    No other roll-up works meanwhile. Raises NotInTime where one does, or where this one would take too long, and
    whatever `act` raises.
    """
    try:
        with transaction.atomic():
            execute(f"SET LOCAL statement_timeout = '{LONGEST}'")
            execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            found = _worked_out(act, person, now or timezone.now(), shown)
            transaction.set_rollback(True)
    except OperationalError as error:
        raise NotInTime(
            "The numbers are being worked out just now, or this moves too many to show them in time. "
            "Nothing was changed. Try again in a minute."
        ) from error
    return found


def left_behind(organization: Organization, starts_on: date = EARLIEST) -> LeftBehind:
    """How many numbers of months since that day, and goals, people gave for it."""
    entries = Entry.objects.filter(
        scope__organization=organization, superseded_at=None, period__ends_on__gt=starts_on
    )
    return LeftBehind(entries.count(), Goal.objects.filter(scope__organization=organization).count())


def _worked_out(act: Callable[[], object], person: Person | None, now: datetime, shown: int) -> Preview:
    whole.run("preview", now=now)
    moment = timezone.now()
    act()
    asked = ask(now)
    if asked is None or not asked.months:
        return Preview([], 0, 0)
    compute(asked)
    moved = sorted(_moved(person), key=lambda each: each.weight)
    [(closed,)] = fetch(CLOSED, {"moment": moment, "closed_through": Calendar.current().closed_through})
    return Preview(moved[:shown], len(moved), closed)


def _moved(person: Person | None) -> Iterator[Moved]:
    for key, kind, slug, name, grain, starts_on, was, was_value, state, value in fetch(DIFFERING):
        metric, scope, period = CATALOGUE[key], ScopeRef(kind, slug), GRAINS[grain].holding(starts_on)
        before, after = (
            Stored(State(stored), number) if stored is not None
            else Stored(absent(metric, scope, period, True, None).state, None)
            for stored, number in ((was, was_value), (state, value))
        )
        if before != after and (person is None or may_see(person, metric)):
            yield Moved(metric, scope, name, period, before, after)
