"""What must hold before a period closes: one entry a check, each with a sentence that says how it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from collectors.connections import QuarantinedRecord
from collectors.facts.touched import Calendar
from collectors.systems import is_collected
from metrics import records
from metrics.closing.periods import first_month, statuses
from metrics.declare import Flow, For, Manual, Measured, Standing, facts_of
from metrics.definitions import CATALOGUE
from metrics.models import Finding, MonthlyValue, Period, QuarterlyValue, Scope, State
from metrics.periods import Month, Quarter, Span, months_between
from metrics.quality.strip import strip_for_all
from metrics.rollup.compile import entities_of
from metrics.rollup.sql import fetch
from metrics.settings import in_force

SHOWN = 4  # names in a sentence; the rest are counted


@dataclass(frozen=True)
class Stretch:
    """The months that are about to close."""

    months: Sequence[Month]

    @cached_property
    def starts_on(self) -> date:
        return self.months[0].starts_on

    @cached_property
    def ends_on(self) -> date:
        return self.months[-1].ends_on

    @property
    def label(self) -> str:
        first, last = self.months[0], self.months[-1]
        return first.label if first == last else f"{first.label} to {last.label}"

    @cached_property
    def ends_at(self) -> datetime:
        return self.months[-1].moments(Calendar.current().zone)[1]

    @cached_property
    def spans(self) -> list[Span]:
        """Its months, and the quarters that end with them."""
        quarters = {Quarter.holding(month.starts_on) for month in self.months}
        return [*self.months, *sorted(quarter for quarter in quarters if quarter.ends_on <= self.ends_on)]


@dataclass(frozen=True)
class Check:
    """`problems` names what does not hold, each in a few words; none where the check holds.

    `holds` and `fails` are the two sentences; `{}` is the stretch in the first, what is named in the second.
    """

    key: str
    label: str
    holds: str
    fails: str
    problems: Callable[[Stretch], Sequence[str]]


@dataclass(frozen=True)
class Outcome:
    """How a check stands for a stretch of months, in a sentence."""

    key: str
    label: str
    holds: bool
    says: str


UNREAD = """
SELECT c.label, r.entity, r.read_through AT TIME ZONE %(zone)s
FROM reading r JOIN connection c ON c.id = r.connection_id
WHERE r.account_id IS NULL AND r.entity = ANY(%(flows)s) AND r.read_through < %(ends_at)s
  AND c.counts_from < %(ends_on)s AND c.counts_to >= %(ends_on)s
UNION ALL
SELECT c.label, l.entity, max(l.day) FROM listing l JOIN connection c ON c.id = l.connection_id
WHERE l.entity = ANY(%(stocks)s) AND l.day < %(ends_on)s AND c.counts_from < %(ends_on)s AND c.counts_to >= %(ends_on)s
GROUP BY 1, 2 HAVING max(l.day) < %(listed_since)s
ORDER BY 1, 2"""
NEVER_READ = """
SELECT c.label, c.vendor FROM connection c
WHERE c.enabled AND c.counts_from < least(%s, c.counts_to)
  AND NOT EXISTS (SELECT FROM reading r WHERE r.connection_id = c.id)
  AND NOT EXISTS (SELECT FROM listing l WHERE l.connection_id = c.id) ORDER BY 1"""
UNMAPPED = """
SELECT a.name, sum(abs(b.amount)) FROM ledger_balance b JOIN ledger_account a ON a.id = b.ledger_account_id
JOIN connection x ON x.id = b.connection_id AND b.month >= x.counts_from AND b.month < x.counts_to
WHERE b.retired_on IS NULL AND b.amount <> 0 AND a.side <> 'none' AND b.month >= %s AND b.month < %s
  AND NOT EXISTS (SELECT FROM ledger_category c WHERE c.ledger_account_id = a.id AND c.from_on <= b.month)
GROUP BY 1 ORDER BY 2 DESC, 1"""
UNDECIDED = """
SELECT q.name, count(*) FROM ticket t JOIN queue q ON q.id = t.queue_id
JOIN connection x ON x.id = t.connection_id AND t.opened_on >= x.counts_from AND t.opened_on < x.counts_to
WHERE t.retired_on IS NULL AND t.opened_on >= %s AND t.opened_on < %s AND coalesce((
    SELECT k.kind FROM queue_kind k WHERE k.queue_id = q.id AND k.from_on <= t.opened_on
    ORDER BY k.from_on DESC LIMIT 1), 'undecided') = 'undecided'
GROUP BY 1 ORDER BY 2 DESC, 1"""


def _entities(*kinds: type[Measured]) -> list[str]:
    return sorted({
        name for metric in CATALOGUE.values() if isinstance(metric, kinds) and (facts := facts_of(metric))
        for name in entities_of(facts)
    })


FLOWS = _entities(Flow, Standing)
STOCKS = sorted({name for m in CATALOGUE.values() if (f := facts_of(m)) for name in entities_of(f)} - set(FLOWS))


def _unread(stretch: Stretch) -> list[str]:
    last = stretch.ends_on - timedelta(1)
    rows = fetch(UNREAD, {
        "zone": Calendar.current().zone.key, "flows": FLOWS, "stocks": STOCKS, "ends_at": stretch.ends_at,
        "ends_on": stretch.ends_on, "listed_since": last - timedelta(in_force("listing_tolerance_days", last)),
    })
    told = [f"{label}, {records.in_words(entity)} (until {until:%-d %b %Y})" for label, entity, until in rows]
    never = [label for label, vendor in fetch(NEVER_READ, [stretch.ends_on]) if is_collected(vendor)]
    return told + [f"{label} (never read)" for label in never]


def _unmapped(stretch: Stretch) -> list[str]:
    return [f"{name} ({amount:,.2f})" for name, amount in fetch(UNMAPPED, [stretch.starts_on, stretch.ends_on])]


def _undecided(stretch: Stretch) -> list[str]:
    rows = fetch(UNDECIDED, [stretch.starts_on, stretch.ends_on])
    return [f"{name} ({many:,} {'ticket' if many == 1 else 'tickets'})" for name, many in rows]


def _quarantined(stretch: Stretch) -> list[str]:
    """A record that cannot be read does not say which month it belongs to: any could."""
    rows = QuarantinedRecord.objects.filter(replayed_at=None).order_by("connection__label", "endpoint")
    return [f"{label}, {name} {external}".strip() for label, name, external in rows.values_list(
        "connection__label", "endpoint", "external_id")]


def _uncovered(stretch: Stretch) -> list[str]:
    days = {span.starts_on for span in stretch.spans}
    found: dict[str, None] = {}
    for table in (MonthlyValue, QuarterlyValue):
        rows = table.objects.filter(
            scope__kind=Scope.Kind.COMPANY, state=State.INSUFFICIENT_COVERAGE, period__starts_on__in=days,
            period__ends_on__lte=stretch.ends_on,
        ).order_by("period__ends_on").values_list("definition__metric", "period__starts_on", "period__grain")
        for key, starts_on, grain in rows:
            span = Month.holding(starts_on) if grain == "month" else Quarter.holding(starts_on)
            found[f"{CATALOGUE[key].label if key in CATALOGUE else key}, {span.label}"] = None
    return list(found)


def _not_given(stretch: Stretch) -> Iterator[str]:
    """A number people give, where it is given at all: each of its months, or it says that it never was."""
    wanted = [m for m in CATALOGUE.values() if isinstance(m, Manual) and For.COMPANY in m.scopes]
    rows = MonthlyValue.objects.filter(
        scope__kind=Scope.Kind.COMPANY, definition__metric__in=[metric.key for metric in wanted], value__isnull=False
    ).values_list("definition__metric", "period__starts_on")
    given = set(rows)
    ever = {key for key, _ in given}
    for metric in wanted:
        if metric.key not in ever:
            yield f"{metric.label} (never entered)"
        elif lacking := [month for month in stretch.months if (metric.key, month.starts_on) not in given]:
            yield f"{metric.label} ({_months(lacking)})"


def _months(months: Sequence[Month]) -> str:
    return months[0].label if len(months) == 1 else f"{len(months)} months from {months[0].label}"


def _unreconciled(stretch: Stretch) -> list[str]:
    return [
        f"{line.title}, {line.when}" for month in stretch.months for line in strip_for_all(month) if not line.within
    ]


def _findings(stretch: Stretch) -> list[str]:
    periods = Period.objects.filter(starts_on__gte=stretch.starts_on, ends_on__lte=stretch.ends_on)
    rows = Finding.objects.filter(
        life=Finding.Life.OPEN, severity=Finding.Severity.STOP, period__in=periods
    ).order_by("first_seen_at")
    return [row.says.rstrip(".") for row in rows]


CHECKS = (
    Check("sources_read", "Sources read to the end", "Every source was read past the end of {}.",
          "Not read to the end: {}.", _unread),
    Check("ledger_mapped", "Ledger accounts mapped", "Every ledger account with an amount in {} has a category.",
          "Ledger accounts without a category: {}.", _unmapped),
    Check("queues_decided", "Queues decided", "Every queue with a ticket in {} has a kind.",
          "Queues without a kind: {}.", _undecided),
    Check("quarantine_empty", "Quarantine empty", "Every record that was read could be used.",
          "Records that could not be read: {}.", _quarantined),
    Check("covered", "Coverage", "Every joined figure of {} is resolved as far as the settings ask.",
          "Less resolved than the settings ask: {}.", _uncovered),
    Check("given", "Figures entered", "Every figure people give is there for {}.",
          "Not entered: {}.", lambda stretch: list(_not_given(stretch))),
    Check("reconciled", "Reconciliation", "What two systems say of one thing agrees in {} within the tolerance.",
          "Further apart than the tolerance: {}.", _unreconciled),
    Check("findings", "Data quality", "No finding that stops a close is open for {}.",
          "Findings that stop a close: {}.", _findings),
)


def look(span: Span, now: datetime | None = None) -> list[Outcome]:
    """How each check stands for a period and every month before it that is open, as it stands now."""
    first = min(first_month() or span.months[0], span.months[0])
    states = statuses(months_between(first, span.months[-1]))
    opened = [month for month, state in states.items() if state == Period.Status.OPEN]
    return look_at([month for month in opened if isinstance(month, Month)] or span.months)


def look_at(months: Sequence[Month]) -> list[Outcome]:
    stretch = Stretch(months)
    return [_outcome(check, stretch) for check in CHECKS]


def _outcome(check: Check, stretch: Stretch) -> Outcome:
    problems = check.problems(stretch)
    says = check.fails.format(_listed(problems)) if problems else check.holds.format(stretch.label)
    return Outcome(check.key, check.label, not problems, says)


def _listed(problems: Sequence[str]) -> str:
    more = len(problems) - SHOWN
    return ", ".join(problems[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
