"""One number explained: what it means, its formula with values put in, what it read, and who entered what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import connection

from collectors.systems import system
from metrics import reading, settings
from metrics.declare import Across, Derived, Metric, Total, facts_of
from metrics.definitions import CATALOGUE
from metrics.entering.grid import name_of
from metrics.formula import MONTHS, MONTHS_IN_YEAR, Formula, parse, working
from metrics.joined import LEAST_RESOLVED, bases_of, is_joined
from metrics.models import Entry, QueueKind
from metrics.periods import Month, Span
from metrics.reading import COMPANY, NOT_LINKED, Number, Person, Provenance, ScopeRef
from metrics.reading.read_through import entities_of
from metrics.reading.resolved import Resolved, resolved
from metrics.reading.stored import numbers_of
from metrics.typed import plain_decimal
from metrics.working.listings import listing_of

ACROSS_WORDS = {
    Across.SUM: "the sum of its months", Across.MEAN: "the mean of its months",
    Across.FIRST: "its first month", Across.LAST: "its last month",
}


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
class Working:
    number: Number
    meaning: str
    formula: str  # in words; empty where the number is not worked out from others
    formula_with_values: str  # empty where an input may not be seen
    inputs: tuple[Number, ...]  # what the formula reads, those the person may see
    across: str  # how its months make a longer period; empty for a month, and where it is worked out afresh
    months: tuple[Number, ...]  # those months
    counted: str  # which rows are counted, in words; empty where none are
    rules: tuple[RuleRead, ...]
    systems: tuple[SystemRead, ...]
    resolved: tuple[Resolved, ...]  # of a joined number: the share of each base that belongs to someone we know
    entries: tuple[EntryMade, ...]  # newest first
    provenance: Provenance | None  # None where nothing is stored
    has_rows: bool


def explain(person: Person, metric: str, scope: ScopeRef, period: Span) -> Working | None:
    """Everything there is to say of one number; None where the person may not see it."""
    declared = CATALOGUE[metric]
    number = reading.number(person, metric, scope, period)
    if number is None:
        return None
    gathered = not isinstance(period, Month) and (isinstance(declared, Total) or not isinstance(declared, Derived))
    provenance = reading.provenance(person, metric, scope, period)
    words, put_in, inputs = ("", "", ()) if gathered else _formula(person, declared, number)
    return Working(
        number=number, meaning=declared.meaning, formula=words, formula_with_values=put_in, inputs=inputs,
        across=ACROSS_WORDS[declared.across] if gathered else "",  # type: ignore[attr-defined]
        months=tuple(reading.numbers(person, [metric], [scope], period.months).values()) if gathered else (),
        counted=_counted(declared), rules=_rules(declared, scope, period, provenance), systems=_systems(declared),
        resolved=_resolved(number), entries=_entries(declared, scope, period), provenance=provenance,
        has_rows=listing_of(declared) is not None,
    )


def _resolved(number: Number) -> tuple[Resolved, ...]:
    """Shares give no amount away, so they are told whether or not the person may see what they are shares of."""
    bases = [CATALOGUE[key] for key in bases_of(number.metric, number.scope.side)]
    if number.coverage is None or not bases:
        return ()
    months = number.period.months
    return resolved(number.metric, number.scope, months, numbers_of(bases, [COMPANY, NOT_LINKED], months))


def _formula(person: Person, metric: Metric, number: Number) -> tuple[str, str, tuple[Number, ...]]:
    """The formula in words, with values put in, and its inputs. One hidden input hides every value."""
    if not isinstance(metric, Derived):
        return "", "", ()
    formula = parse(metric.formula_for(number.scope.side))
    keys = [word for word in formula.inputs if word in CATALOGUE]
    inputs = tuple(reading.numbers(person, keys, [number.scope], [number.period]).values())
    words = {word: _word(word) for word in formula.words}
    if len(inputs) < len(keys) or not inputs:
        return working(formula, words), "", inputs
    return working(formula, words), working(formula, words | _values(formula, number, inputs)), inputs


def _word(word: str) -> str:
    if word in CATALOGUE:
        return CATALOGUE[word].label
    if word in settings.SETTINGS:
        return settings.SETTINGS[word].label.lower()
    return {MONTHS: "months", MONTHS_IN_YEAR: "12"}[word]


def _values(formula: Formula, number: Number, inputs: Iterable[Number]) -> dict[str, str]:
    """Each word's value as it went in; a word without one keeps its name."""
    rules = settings.all_in_force([_last_day(number.period)])[_last_day(number.period)]
    values: dict[str, Any] = {n.metric.key: n.value for n in inputs}
    values |= {word: Decimal(rules[word]) for word in formula.inputs if word in settings.NUMBERS}
    values[MONTHS] = Decimal(number.months or number.period.of_months)
    return {word: _grouped(value) for word, value in values.items() if value is not None}


def _grouped(value: Decimal) -> str:
    return f"{Decimal(plain_decimal(value)):,f}"


def _last_day(period: Span) -> Any:
    return period.ends_on - timedelta(1)


def _counted(metric: Metric) -> str:
    facts = facts_of(metric)
    if facts is None:
        return ""
    bridge = getattr(metric, "bridge", None)
    narrower: str = bridge.where_words if bridge else getattr(metric, "where_words", "")
    return f"{facts.words}; {narrower}" if narrower else facts.words


def _rules(metric: Metric, scope: ScopeRef, period: Span, provenance: Provenance | None) -> tuple[RuleRead, ...]:
    """The rules the value read; where nothing is stored, as they stand at the period's end."""
    day = _last_day(period)
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
    value = f"{values[key]} %" if key == LEAST_RESOLVED else values[key]
    shown = ", ".join(str(item).replace("_", " ") for item in value) if isinstance(value, list) else str(value)
    return RuleRead(settings.SETTINGS[key].label, shown or "none")


QUEUES = """
SELECT d.kind, string_agg(q.name, ', ' ORDER BY q.name) FROM queue_kind_days d JOIN queue q ON q.id = d.queue_id
WHERE d.from_on <= %(day)s AND %(day)s < d.until_on AND d.kind <> 'undecided' GROUP BY d.kind ORDER BY d.kind"""

LEDGER_ACCOUNTS = """
SELECT string_agg(a.name, ', ' ORDER BY a.name)
FROM ledger_category_days d JOIN ledger_account a ON a.id = d.ledger_account_id
WHERE d.from_on <= %(day)s AND %(day)s < d.until_on AND d.category = %(category)s"""

SYSTEMS = """
SELECT c.label, c.vendor, read.entity, read.read_from, read.read_through
FROM connection c JOIN (
    SELECT connection_id, entity, min(read_from) AS read_from, min(read_through) AS read_through
    FROM reading WHERE entity = ANY(%(entities)s) GROUP BY 1, 2
    UNION ALL
    SELECT connection_id, entity, min(at), max(at) FROM listing WHERE entity = ANY(%(entities)s) GROUP BY 1, 2
) read ON read.connection_id = c.id
ORDER BY c.label, read.entity"""


def _fetched(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _queues(period: Span) -> str:
    kinds = dict(QueueKind.Kind.choices)
    found = _fetched(QUEUES, {"day": _last_day(period)})
    return "; ".join(f"{kinds[kind]}: {names}" for kind, names in found)


def _ledger_accounts(metric: Metric, period: Span) -> str:
    """A metric counts the category that bears its key."""
    [(names,)] = _fetched(LEDGER_ACCOUNTS, {"day": _last_day(period), "category": metric.key})
    return names or ""


def _systems(metric: Metric) -> tuple[SystemRead, ...]:
    entities = sorted(entities_of(metric))
    if not entities:
        return ()
    return tuple(
        SystemRead(label, system(slug).label, _records(entity), read_from, read_through)
        for label, slug, entity, read_from, read_through in _fetched(SYSTEMS, {"entities": entities})
    )


def _records(entity: str) -> str:
    """“TimeEntry” becomes “time entries”."""
    return str(apps.get_model("collectors", entity)._meta.verbose_name_plural).replace("entrys", "entries")


def _entries(metric: Metric, scope: ScopeRef, period: Span) -> tuple[EntryMade, ...]:
    rows = Entry.objects.filter(
        metric=metric.key, scope__kind=scope.kind, scope__organization__slug=scope.slug or None,
        period__grain="month", period__starts_on__in=[month.starts_on for month in period.months],
    ).select_related("period", "by").order_by("-at", "-id")
    return tuple(
        EntryMade(
            month=Month.holding(row.period.starts_on), kind=Entry.Kind(row.kind), value=row.value, by=name_of(row.by),
            at=row.at, note=row.note, superseded_at=row.superseded_at,
        )
        for row in rows
    )
