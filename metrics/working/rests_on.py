"""What a number rests on: which rows it counts in words, the rules it read, the systems behind it, what people gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.systems import system
from metrics import records, settings
from metrics.declare import Median, Metric, facts_of
from metrics.entering.grid import name_of
from metrics.joined import LEAST_RESOLVED, is_joined
from metrics.models import Definition, Entry, QueueKind
from metrics.periods import Month, Span
from metrics.reading import Provenance, ScopeRef
from metrics.reading.read_through import counted_from
from metrics.reading.stored import fetched


@dataclass(frozen=True)
class RuleRead:
    """A rule people own, as it stood when the value was worked out."""

    label: str
    value: str


@dataclass(frozen=True)
class SystemRead:
    """A system behind the number and how far it has been read."""

    connection: str
    vendor: str
    records: str  # what is read from it: tickets, time entries, ...
    read_from: datetime | None
    read_through: datetime
    run: int | None  # the collector run that read it last


@dataclass(frozen=True)
class EntryMade:
    """Somebody gave this number, or took it back."""

    month: Month
    kind: Entry.Kind
    value: Decimal | None
    by: str
    at: datetime
    note: str
    superseded_at: datetime | None  # None: it stands


@dataclass(frozen=True)
class VersionTold:
    """One version of the definition: from when it holds, and what changed with it."""

    version: int
    since: date | None
    note: str
    fingerprint: str


def last_day(period: Span) -> Any:
    return period.ends_on - timedelta(1)


def middle_of(metric: Metric) -> str:
    """What a median is the middle of; empty for any other metric."""
    return f"the middle of {metric.each_words}" if isinstance(metric, Median) else ""


def counted_of(metric: Metric) -> str:
    if isinstance(metric, Median):
        return counted_of(metric.of)
    facts = facts_of(metric)
    if facts is None:
        return ""
    bridge = getattr(metric, "bridge", None)
    narrower: str = bridge.where_words if bridge else getattr(metric, "where_words", "")
    return f"{facts.words}; {narrower}" if narrower else facts.words


def rules_of(metric: Metric, scope: ScopeRef, period: Span, provenance: Provenance | None) -> tuple[RuleRead, ...]:
    """The rules the value read; where nothing is stored, as they stand at the period's end."""
    day = last_day(period)
    stood: Mapping[str, Any] = settings.all_in_force([day])[day]
    if provenance:
        stood = {**stood, **provenance.rules}
    read = (*metric.rules, LEAST_RESOLVED) if is_joined(metric, scope.side) else metric.rules
    return tuple(_rule(key, metric, period, stood) for key in read)


def _rule(key: str, metric: Metric, period: Span, values: Mapping[str, Any]) -> RuleRead:
    if key == "queue_kinds":
        return RuleRead("Queues by kind of work", _queues(period) or "none decided")
    if key == "ledger_categories":
        return RuleRead(f"Ledger accounts in {metric.label}", _ledger_accounts(metric, period) or "none")
    shown = f"{values[key]} %" if key == LEAST_RESOLVED else settings.in_words(key, values[key])
    return RuleRead(settings.SETTINGS[key].label, shown or "none")


QUEUES = """
SELECT d.kind, string_agg(q.name, ', ' ORDER BY q.name) FROM queue_kind_days d JOIN queue q ON q.id = d.queue_id
WHERE d.from_on <= %(day)s AND %(day)s < d.until_on AND d.kind <> 'undecided' GROUP BY d.kind ORDER BY d.kind"""

LEDGER_ACCOUNTS = """
SELECT string_agg(a.name, ', ' ORDER BY a.name)
FROM ledger_category_days d JOIN ledger_account a ON a.id = d.ledger_account_id
WHERE d.from_on <= %(day)s AND %(day)s < d.until_on AND d.category = %(category)s"""

SYSTEMS = """
SELECT c.label, c.vendor, read.entity, min(read.read_from), max(read.read_through), max(read.run)
FROM connection c JOIN (
    SELECT connection_id, entity, min(read_from) AS read_from, min(read_through) AS read_through, max(run_id) AS run
    FROM reading WHERE entity = ANY(%(entities)s) GROUP BY 1, 2
    UNION ALL
    SELECT connection_id, entity, min(at), max(at), max(run_id) FROM listing
    WHERE entity = ANY(%(entities)s) GROUP BY 1, 2
) read ON read.connection_id = c.id
WHERE c.counts_from < %(until)s AND c.counts_to > %(since)s
GROUP BY c.id, read.entity ORDER BY c.label, read.entity"""


def _queues(period: Span) -> str:
    kinds = dict(QueueKind.Kind.choices)
    found = fetched(QUEUES, {"day": last_day(period)})
    return "; ".join(f"{kinds[kind]}: {names}" for kind, names in found)


def _ledger_accounts(metric: Metric, period: Span) -> str:
    """A metric counts the category that bears its key."""
    [(names,)] = fetched(LEDGER_ACCOUNTS, {"day": last_day(period), "category": metric.key})
    return names or ""


def systems_of(metric: Metric, months: Sequence[Month]) -> tuple[SystemRead, ...]:
    """Those that speak for the layers it is counted from, and count on a day of these months."""
    counted = counted_from(metric)
    if not counted:
        return ()
    given = {
        "entities": sorted({entity for entity, _ in counted}),
        "since": months[0].starts_on, "until": months[-1].ends_on,
    }  # fmt: skip
    return tuple(
        SystemRead(label, system(slug).label, records.in_words(entity), read_from, read_through, run)
        for label, slug, entity, read_from, read_through, run in fetched(SYSTEMS, given)
        if any(of == entity and system(slug).layer in (layer, None) for of, layer in counted)
    )


def entries_of(metric: Metric, scope: ScopeRef, months: Sequence[Month]) -> tuple[EntryMade, ...]:
    rows = Entry.objects.filter(
        metric=metric.key, scope__kind=scope.kind, scope__organization__slug=scope.slug or None,
        period__grain="month", period__starts_on__in=[month.starts_on for month in months],
    ).select_related("period", "by").order_by("-at", "-id")
    return tuple(
        EntryMade(
            month=Month.holding(row.period.starts_on), kind=Entry.Kind(row.kind), value=row.value, by=name_of(row.by),
            at=row.at, note=row.note, superseded_at=row.superseded_at,
        )
        for row in rows
    )


def versions_of(metric: Metric) -> tuple[VersionTold, ...]:
    """Newest first."""
    rows = Definition.objects.filter(metric=metric.key).order_by("-version")
    return tuple(VersionTold(row.version, row.since, row.note, row.fingerprint) for row in rows)
