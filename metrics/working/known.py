"""What many values share, as plain data: definitions, scopes, periods, and how far each system was read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from collectors.facts.touched import Calendar
from collectors.systems import system
from metrics import settings
from metrics.declare import Derived, Facts, Flow, For, MayBeUntold, Metric, Movement, Opening, Stock, facts_of
from metrics.definitions import CATALOGUE, VERSIONS, version_of
from metrics.formula import Minus, Number, Pair, Term, Word, parse
from metrics.joined import LEAST_RESOLVED, base_word, bases_of
from metrics.models import Rollup
from metrics.periods import Month, Quarter, Span, Year
from metrics.reading import Person, ScopeRef, may_see
from metrics.reading.stored import fetched
from metrics.rollup.compile import entities_of, is_gathered
from metrics.rollup.tables import sources
from metrics.working.contributions import DISTINCT
from metrics.working.source import aggregate_of
from organizations.as_of import owners_sql

Line = dict[str, Any]
ABOUT = (LEAST_RESOLVED, "listing_tolerance_days")  # rules of what is measured and covered, whatever the metric
SPANS: Mapping[str, type[Span]] = {"month": Month, "quarter": Quarter, "year": Year}

DEFINITIONS = "SELECT id, metric, version, fingerprint, since, note FROM definition"
IN_FORCE = """
SELECT i.metric, i.from_on, d.version FROM in_force i JOIN definition d ON d.id = i.definition_id
ORDER BY i.metric, i.from_on"""
BASES = "SELECT id, definition_id, rules, inputs FROM basis"
PERIODS = "SELECT id, grain, starts_on, state FROM period WHERE grain <> 'week'"
SCOPES = """
SELECT s.id, s.kind, coalesce(o.slug, g.name, ''), coalesce(o.name, g.name, ''), coalesce(o.kind = 'internal', false),
       date_trunc('month', o.client_from::timestamp)::date,
       (date_trunc('month', o.client_to - interval '1 day') + interval '1 month')::date, s.organization_id
FROM scope s LEFT JOIN organization o ON o.id = s.organization_id
LEFT JOIN segment g ON s.kind = 'segment' AND g.id = s.key
WHERE s.kind IN ('company', 'organization', 'not_linked', 'segment')
  AND (%(scope)s::bigint IS NULL OR s.id = %(scope)s) ORDER BY s.id"""
# Which systems knew an organization, on which days.
LINKED = """
SELECT DISTINCT w.organization_id, a.connection_id, w.starts_on, w.ends_on
FROM ({owners}) w JOIN account a ON a.id = w.account_id WHERE w.verdict = 'linked'
ORDER BY 1, 2, 3"""
CONNECTIONS = """
SELECT c.id, c.label, c.vendor, c.counts_from, c.counts_to, c.full_compare_at IS NOT NULL
FROM connection c ORDER BY c.id"""
READINGS = "SELECT connection_id, entity, read_from, read_through, run_id FROM reading WHERE account_id IS NULL"
LISTINGS = "SELECT connection_id, entity, array_agg(day ORDER BY day) FROM listing GROUP BY 1, 2"


@dataclass(frozen=True)
class Defined:
    """One version of a metric; `declared` is None where the code no longer holds it."""

    id: int
    metric: str
    version: int
    fingerprint: str
    since: date | None
    note: str

    @cached_property
    def declared(self) -> Metric | None:
        return version_of(self.metric, self.version) if self.metric in CATALOGUE else None

    @property
    def named(self) -> Line:
        return {"metric": self.metric, "version": self.version}


@dataclass(frozen=True)
class Whose:
    id: int
    ref: ScopeRef
    name: str
    internal: bool
    from_month: date | None
    to_month: date | None
    organization: int | None

    @property
    def named(self) -> Line:
        return {"kind": self.ref.kind, "slug": self.ref.slug}


class Known:
    """Read once for all values. `as_of` is the last roll-up's moment, which says what has begun and what runs."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.zone: ZoneInfo = Calendar.current().zone
        last = Rollup.objects.order_by("-pk").first()
        self.as_of: datetime = last.started_at if last else timezone.now()
        self.definitions = {row[0]: Defined(*row) for row in fetched(DEFINITIONS, {})}
        self.bases = {
            row: (definition, json.loads(rules), inputs) for row, definition, rules, inputs in fetched(BASES, {})
        }
        rows = fetched(PERIODS, {})
        self.spans: dict[int, Span] = {row: SPANS[grain].holding(day) for row, grain, day, _ in rows}
        self.ids = {span: row for row, span in self.spans.items()}
        self.closed = {row: state for row, _, _, state in rows}
        self.rollups = dict(Rollup.objects.values_list("id", "cause"))
        self.worked_out_at = {
            row: ended or started for row, started, ended in Rollup.objects.values_list("id", "started_at", "ended_at")
        }

    @cached_property
    def today(self) -> date:
        return self.as_of.astimezone(self.zone).date()

    @cached_property
    def rules(self) -> dict[date, dict[str, Any]]:
        return settings.all_in_force({span.ends_on - timedelta(1) for span in self.spans.values()})

    def may_see(self, definition: int) -> bool:
        declared = CATALOGUE.get(self.definitions[definition].metric)
        return declared is not None and may_see(self.person, declared)

    def begun(self, span: Span) -> list[Month]:
        return [month for month in span.months if month.starts_on <= self.today]

    def inputs_of(self, basis: int) -> dict[str, int]:
        """Metric key: the version of each input that was read, as definition ids."""
        read = (self.bases[row][0] for row in self.bases[basis][2] if row in self.bases)
        return {self.definitions[row].metric: row for row in read}


def about(known: Known) -> Line:
    [(last_listing,)] = fetched("SELECT max(day) FROM listing", {})
    days = {str(span): span.ends_on - timedelta(1) for span in sorted(known.spans.values(), key=lambda span: str(span))}
    return {
        "line": "about", "as_of": known.as_of, "time_zone": known.zone.key, "last_listing": last_listing,
        "in_force": [
            {"metric": metric, "from": from_on, "version": version}
            for metric, from_on, version in fetched(IN_FORCE, {})
        ],
        "rules": {period: {key: known.rules[day][key] for key in ABOUT} for period, day in days.items()},
    }


def definitions(known: Known) -> Iterator[Line]:
    yield from (definition_line(known, row) for row in known.definitions if known.may_see(row))


def definition_line(known: Known, row: int) -> Line:
    """What a version means, how it is worked out and how its months make a longer period."""
    it = known.definitions[row]
    metric = it.declared
    line = {
        "line": "definition", **it.named, "fingerprint": it.fingerprint, "since": it.since, "note": it.note,
    }
    if metric is None:
        return line
    line |= {
        "class": type(metric).__name__.lower(), "label": metric.label, "meaning": metric.meaning,
        "unit": metric.unit.value, "across": metric.across.value if is_gathered(metric) else None,  # type: ignore[attr-defined]
        "bases": {side.value: _bases(metric, side) for side in For},
    }
    if isinstance(metric, Derived):
        line["formula"] = {side.value: _formula(metric, side) for side in For}
    if facts := facts_of(metric):
        line["counts"] = _counts(metric, facts)
    return line


def _bases(metric: Metric, side: For) -> list[Line]:
    return [
        {"metric": VERSIONS[name].key, "version": VERSIONS[name].version, "word": base_word(name),
         "across": VERSIONS[name].across.value}  # type: ignore[attr-defined]
        for name in bases_of(metric, side)
    ]  # fmt: skip


def _formula(metric: Derived, side: For) -> Line:
    formula = parse(metric.formula_for(side))
    return {"text": formula.text, "term": _term(formula.term)}


def _term(term: Term) -> Any:
    """A number as {"number": text}, a word as its name, the rest as [sign, term, ...]."""
    match term:
        case Number(value):
            return {"number": f"{value:f}"}
        case Word(name):
            return name
        case Minus(of):
            return ["-", _term(of)]
        case Pair(sign, left, right):
            return [sign, _term(left), _term(right)]


def _counts(metric: Metric, facts: Facts) -> Line:
    aggregate, _ = aggregate_of(metric)  # type: ignore[arg-type]  # what has facts is measured
    return {
        "rows": facts.name, "words": facts.words, "where": getattr(metric, "where_words", ""),
        "of": "things" if DISTINCT.fullmatch(aggregate) else "rows",
        "records": entities_of(facts), "belong_to_accounts": bool(facts.account), "own_count": facts.internal,
        "read_by": "reading" if isinstance(metric, Flow) or not isinstance(metric, Stock | Movement | Opening)
        else "listing",
        "from_month_to_month": isinstance(metric, Movement | Opening), "may_be_untold": isinstance(metric, MayBeUntold),
        "unsettled_words": facts.unsettled_words,
    }


def scopes(scope: int | None = None) -> dict[int, Whose]:
    found = fetched(SCOPES, {"scope": scope})
    return {
        row: Whose(row, ScopeRef(kind, slug), name, internal, since, until, organization)
        for row, kind, slug, name, internal, since, until, organization in found
    }


def scope_lines(whose: Mapping[int, Whose]) -> Iterator[Line]:
    """For whom values are: the months in which it is a client's, and which systems knew it on which days."""
    linked: dict[int, list[Line]] = {}
    only = next(iter(whose.values())).organization if len(whose) == 1 else None
    for organization, connection, starts_on, ends_on in fetched(LINKED.format(
        owners=owners_sql(organization=only)
    ), {}):  # fmt: skip
        linked.setdefault(organization, []).append({"connection": connection, "from": starts_on, "until": ends_on})
    for each in whose.values():
        yield {
            "line": "scope", **each.named, "name": each.name, "internal": each.internal,
            "from_month": each.from_month, "to_month": each.to_month,
            "linked": linked.get(each.organization, []) if each.organization else None,
        }


def connections(entities: frozenset[str] | None = None) -> Iterator[Line]:
    """Each system, the days it counts on, what is counted from it, and how far each list of it was read."""
    readings: dict[int, Line] = {}
    listings: dict[int, Line] = {}
    for connection, entity, read_from, read_through, run in fetched(READINGS, {}):
        readings.setdefault(connection, {})[entity] = {"from": read_from, "through": read_through, "run": run}
    for connection, entity, days in fetched(LISTINGS, {}):
        listings.setdefault(connection, {})[entity] = days
    feeds = _feeds()
    for row, label, vendor, counts_from, counts_to, compared in fetched(CONNECTIONS, {}):
        fed = sorted(feeds.get(row, set()))
        if entities is None or entities & {*readings.get(row, {}), *listings.get(row, {})}:
            yield {
                "line": "connection", "id": row, "label": label, "vendor": system(vendor).label,
                "counts_from": counts_from, "counts_to": counts_to, "read_whole_once": compared, "feeds": fed,
                "readings": readings.get(row, {}), "listings": listings.get(row, {}),
            }


def _feeds() -> dict[int, set[str]]:
    """The facts each connection feeds, by its id."""
    found: dict[int, set[str]] = {}
    for metric in CATALOGUE.values():
        facts = facts_of(metric)
        if facts is None or any(facts.name in of for of in found.values()):
            continue
        by = "listing" if isinstance(metric, Stock | Movement | Opening) else "reading"
        for (connection,) in fetched(sources(facts, by), {}):
            found.setdefault(connection, set()).add(facts.name)
    return found


def least_resolved(known: Known, span: Span) -> str:
    return str(known.rules[span.ends_on - timedelta(1)][LEAST_RESOLVED])
