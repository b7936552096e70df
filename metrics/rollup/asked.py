"""What a roll-up is asked for: which months, and for whom in each; taken from marks and from readings that moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collectors.facts.touched import LATE, Calendar
from metrics.declare import Facts
from metrics.definitions import VERSIONS
from metrics.models import Definition, Period, Rollup, RollupReading, Scope
from metrics.periods import Month, months_between
from metrics.rollup.compile import BRIDGED, COUNTED, LOOKED_BACK_AT, STANDING, moved_by, standing
from metrics.rollup.marks import EVERY_ACCOUNT, EVERY_MONTH, NO_ACCOUNT
from metrics.rollup.sql import execute, fetch

Key = tuple[int, str, int | None]  # connection, entity, account
ENTRY = "Entry"  # the mark whose account is a scope
MANY = 1_000  # scopes of a month from which on it is told as everyone's

TAKE_MARKS = """
WITH taken AS (DELETE FROM touched RETURNING entity, account, month)
SELECT DISTINCT entity, account, month FROM taken"""

# How far each list has been read. A listing of what stood moves like a reading, from its first to its last.
READ_NOW = """
SELECT connection_id, entity, account_id, read_from, read_through, run_id FROM reading
UNION ALL
SELECT connection_id, entity || ' listing', NULL, min(at), max(at), NULL FROM listing GROUP BY 1, 2"""

FIRST_DAY = """
SELECT least(
    (SELECT min((read_from AT TIME ZONE %s)::date) FROM reading),
    (SELECT min(day) FROM listing),
    (SELECT min(p.starts_on) FROM entry e JOIN period p ON p.id = e.period_id WHERE e.superseded_at IS NULL))"""

NEW_SCOPES = """
INSERT INTO scope (kind, organization_id)
SELECT 'organization', o.id FROM organization o
WHERE NOT EXISTS (SELECT 1 FROM scope s WHERE s.kind = 'organization' AND s.organization_id = o.id)"""

# Everyone an account was ever said to belong to, itself or as a site, whether that still stands or not.
SCOPES_OF = """
WITH RECURSIVE lineage(account, ancestor, depth) AS (
    SELECT id, id, 0 FROM account WHERE id = ANY(%s)
    UNION SELECT l.account, a.parent_id, l.depth + 1
    FROM lineage l JOIN account a ON a.id = l.ancestor WHERE a.kind = 'site' AND a.parent_id IS NOT NULL AND l.depth < 8
), named AS (
    SELECT l.account, k.organization_id FROM lineage l JOIN account_link k ON k.account_id = l.ancestor
    WHERE k.organization_id IS NOT NULL
)
SELECT n.account, s.id FROM named n JOIN scope s ON s.kind = 'organization' AND s.organization_id = n.organization_id"""


Needs = frozenset[str] | None  # the entities whose facts are counted again; None: all of them


@dataclass(frozen=True)
class Part:
    """What is asked for in a month that is not worked out for everyone."""

    scopes: frozenset[int] = frozenset()
    needs: Needs = frozenset()
    accounts: frozenset[int] = frozenset()  # the accounts whose facts moved

    def __or__(self, other: Part) -> Part:
        needs = None if self.needs is None or other.needs is None else self.needs | other.needs
        return Part(self.scopes | other.scopes, needs, self.accounts | other.accounts)


@dataclass(frozen=True)
class Asked:
    """The open months to work out: for everyone (`whole`), or for some scopes beside the company (`partly`)."""

    now: datetime
    zone: ZoneInfo
    first: Month
    closed_through: date | None
    whole: frozenset[Month]
    partly: Mapping[Month, Part]
    readings: Mapping[Key, tuple[datetime, datetime, int | None]]
    late: frozenset[Month] = frozenset()  # closed months in which something changed at a source since
    entered: Mapping[Month, frozenset[int]] = field(default_factory=dict)  # soft-closed ones, the scopes given numbers

    @property
    def months(self) -> list[Month]:
        return sorted({*self.whole, *self.partly})

    @property
    def told(self) -> dict[str, list[int] | None]:
        """For whom each month is worked out, as it is kept with the roll-up: scopes by first day, None for everyone."""
        return {
            month.starts_on.isoformat(): None if month in self.whole or len(self.partly[month].scopes) > MANY
            else sorted(self.partly[month].scopes)
            for month in self.months
        }

    def needs(self, month: Month) -> Needs:
        """Whose facts are counted again in a month; the rest keeps the values it has."""
        return None if month in self.whole else self.partly[month].needs

    def counts(self, facts: Facts) -> bool:
        """Whether these facts are counted again in any month."""
        if self.whole:
            return True
        mine = {name for entity in moved_by(facts) for name in (entity, standing(entity))}
        return any(part.needs is None or part.needs & mine for part in self.partly.values())

    @property
    def current(self) -> Month:
        return Month.holding(self.now.astimezone(self.zone).date())

    def last_day(self, month: Month) -> date:
        """The last of its days that has come; of a month that is to come its first."""
        return max(month.starts_on, min(month.ends_on - timedelta(days=1), self.now.astimezone(self.zone).date()))

    def is_closed(self, ends_on: date) -> bool:
        """Whether the last day of what ends before this day is closed."""
        return self.closed_through is not None and ends_on - timedelta(days=1) <= self.closed_through


def ask(now: datetime, *, everything: bool = False) -> Asked | None:
    """Take the marks, and see which months they and the readings ask for; None where there is nothing to do."""
    marks = fetch(TAKE_MARKS)
    asked = _nothing_yet(now)
    if asked is None:
        return None
    months = frozenset(months_between(asked.first, asked.current))
    opened = frozenset(month for month in months if not asked.is_closed(month.ends_on))
    last = Rollup.objects.order_by("-id").first()
    moved = _moved(asked, last) if last else set()
    if everything or last is None or _new_definitions() or _marked_whole(marks):
        whole = opened
    else:
        whole = opened & {*moved, *_begun_since(asked, last)}
    partly = {month: part for month, part in _marked(marks, opened).items() if month not in whole}
    closed = months - opened
    late, entered = (_late(marks, closed) | (moved & closed), _entered(marks)) if closed else (frozenset(), {})
    if not (whole or partly or late or entered):
        return None
    return replace(asked, whole=frozenset(whole), partly=partly, late=late, entered=entered)


def about_closed(now: datetime) -> Asked:
    """A question that names no month yet, for who works closed months out again; no mark is taken."""
    asked = _nothing_yet(now)
    assert asked is not None
    return asked


def _nothing_yet(now: datetime) -> Asked | None:
    """What has been read, and since when; None where nothing ever was."""
    calendar = Calendar.current()
    [(first_day,)] = fetch(FIRST_DAY, [calendar.zone.key])
    if first_day is None:
        return None
    current = Month.holding(now.astimezone(calendar.zone).date())
    readings = {(row[0], row[1], row[2]): (row[3], row[4], row[5]) for row in fetch(READ_NOW)}
    first = min(Month.holding(first_day), current)
    return Asked(now, calendar.zone, first, calendar.closed_through, frozenset(), {}, readings)


def _late(marks: Iterable[tuple[str, int, date]], closed: frozenset[Month]) -> frozenset[Month]:
    """The closed months that a change at a source could move, did they still move."""
    return frozenset(
        month for entity, _, day in marks if entity.endswith(LATE)
        for month, _ in _moved_by(entity.removesuffix(LATE), day, closed)
    )


def _entered(marks: Iterable[tuple[str, int, date]]) -> dict[Month, frozenset[int]]:
    """The soft-closed months in which people have entered or corrected since, and for whom."""
    soft = {
        Month.holding(starts_on) for starts_on in
        Period.objects.filter(grain="month", state=Period.Status.SOFT_CLOSED).values_list("starts_on", flat=True)
    }
    found: dict[Month, frozenset[int]] = {}
    for entity, scope, day in marks:
        if entity == ENTRY and day != EVERY_MONTH and (month := Month.holding(day)) in soft:
            found[month] = found.get(month, frozenset()) | {scope}
    return found


def _new_definitions() -> bool:
    known = set(Definition.objects.values_list("metric", "version"))
    return any((metric.key, metric.version) not in known for metric in VERSIONS.values())


def _marked_whole(marks: Iterable[tuple[Any, ...]]) -> bool:
    return any(account == EVERY_ACCOUNT for _, account, _ in marks)


def _moved(asked: Asked, last: Rollup) -> set[Month]:
    """Months that a reading has newly reached since the last roll-up, at either end."""
    before: dict[Key, tuple[datetime, datetime]] = {
        (row.connection, row.entity, row.account): (row.read_from, row.read_through)
        for row in RollupReading.objects.filter(rollup=last) if row.read_from and row.read_through
    }
    months: set[Month] = set()
    for key, (read_from, read_through, _) in asked.readings.items():
        old_from, old_through = before.get(key, (read_through, read_from))
        if key not in before or old_through != read_through:
            months |= _touching(asked, min(old_through, read_through), max(asked.now, read_through))
        if old_from != read_from:
            months |= _touching(asked, min(old_from, read_from), max(old_from, read_from))
    if gone := before.keys() - asked.readings.keys():
        months |= _touching(asked, min(before[key][0] for key in gone), asked.now)
    return months


def _begun_since(asked: Asked, last: Rollup) -> set[Month]:
    """Months that have ended or begun since: a month that was running is so no longer."""
    then = Month.holding(last.started_at.astimezone(asked.zone).date())
    return set() if then >= asked.current else set(months_between(then, asked.current))


def _touching(asked: Asked, start: datetime, end: datetime) -> set[Month]:
    first = max(Month.holding(start.astimezone(asked.zone).date()), asked.first)
    last = min(Month.holding(end.astimezone(asked.zone).date()), asked.current)
    return set(months_between(first, last))


def _marked(marks: Iterable[tuple[str, int, date]], opened: frozenset[Month]) -> dict[Month, Part]:
    """What each marked month asks for: the scopes the marked accounts belong or belonged to, and the company."""
    marks = [mark for mark in marks if not mark[0].endswith(LATE)]
    scopes = _scopes_of({account for entity, account, _ in marks if entity != ENTRY and account > NO_ACCOUNT})
    company = frozenset(
        Scope.objects.filter(kind__in=[Scope.Kind.COMPANY, Scope.Kind.NOT_LINKED]).values_list("id", flat=True)
    )
    found: dict[Month, Part] = {}
    for entity, account, day in marks:
        of = company | ({account} if entity == ENTRY else scopes.get(account, set()))
        for month, needs in _moved_by(entity, day, opened):
            found[month] = found.get(month, Part()) | Part(of, needs, frozenset({account}))
    return found


def _scopes_of(accounts: set[int]) -> dict[int, set[int]]:
    scopes: dict[int, set[int]] = {account: set() for account in accounts}
    if accounts:
        execute(NEW_SCOPES)  # an organization made since the last roll-up is asked for as well
        for account, scope in fetch(SCOPES_OF, [sorted(accounts)]):
            scopes[account].add(scope)
    return scopes


def _moved_by(entity: str, day: date, opened: frozenset[Month]) -> Iterator[tuple[Month, Needs]]:
    """The months a mark could move, and whose facts in each.

    What stands open stands at every month end since, and a month's movement begins where the month before ended.
    """
    if day == EVERY_MONTH or entity not in COUNTED:
        needs = frozenset({entity}) if entity in COUNTED else None
        yield from ((month, needs) for month in opened if day in (EVERY_MONTH, month.starts_on))
        return
    marked = Month.holding(day)
    if marked in opened:
        yield marked, frozenset({entity})
    if entity in STANDING:
        yield from ((month, frozenset({standing(entity)})) for month in opened if month > marked)
    if entity in LOOKED_BACK_AT:
        yield from ((month, frozenset({entity})) for month in opened if month > marked)
    if entity in BRIDGED and marked.shift(1) in opened:
        yield marked.shift(1), frozenset({entity})
