"""Rules over records and systems: what cannot be so, what is there twice, what was set aside, what was not read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from collectors.connections import Connection, QuarantinedRecord
from collectors.declare import Convert, Endpoint, Layer
from collectors.drop.layouts import LAYOUTS
from collectors.facts.accounts import Account
from collectors.systems import FILES, UNREAD, system
from collectors.vendors import VENDORS
from metrics.models import Period
from metrics.periods import Month
from metrics.quality import words
from metrics.quality.extent import Extent
from metrics.quality.seen import Seen, fetched
from metrics.reading.freshness import systems
from organizations import duplicates

A_DAY = timedelta(days=1)  # clocks and time zones differ by less
COUNTED = (Layer.PSA, Layer.RMM)  # layers whose clients' things metrics count
AT_MOST = 500  # numbers told of as there twice, in one look

FUTURE = """
SELECT 'Ticket', f.connection_id, c.label, count(*), max(f.opened_on) FROM ticket f
JOIN connection c ON c.id = f.connection_id
WHERE f.opened_on >= %(today)s AND f.opened_at > %(latest)s AND f.retired_on IS NULL GROUP BY 2, 3
UNION ALL
SELECT 'TimeEntry', f.connection_id, c.label, count(*), max(f.entered_on) FROM time_entry f
JOIN connection c ON c.id = f.connection_id
WHERE f.entered_on >= %(today)s AND f.entered_at > %(latest)s AND f.retired_on IS NULL GROUP BY 2, 3"""

# A serial without a digit, or of one repeated, is what a maker writes who forgot to.
SAME_SERIAL = """
SELECT a.connection_id, upper(a.serial), count(*), (array_agg(a.hostname ORDER BY a.id))[1:4]
FROM asset a
WHERE a.serial <> '' AND a.retired_on IS NULL AND length(a.serial) >= 5 AND a.serial ~ '[0-9]'
  AND a.serial !~ '^(.)\\1*$' AND a.serial !~ '^0?123456'
GROUP BY 1, 2 HAVING count(*) BETWEEN 2 AND 4 ORDER BY 1, 2 LIMIT %(at_most)s"""
SAME_LEDGER_NUMBER = """
SELECT l.connection_id, l.number, count(*), (array_agg(l.name ORDER BY l.id))[1:4]
FROM ledger_account l WHERE l.number <> '' AND l.retired_on IS NULL AND l.active
GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2 LIMIT %(at_most)s"""

# A client whose accounts in two systems of one layer both count on one day is counted twice.
TWICE_COUNTED = """
SELECT s.id, v.layer, array_agg(DISTINCT c.label ORDER BY c.label)
FROM account_link k
JOIN account a ON a.id = k.account_id AND a.retired_on IS NULL
JOIN connection c ON c.id = a.connection_id AND c.counts_to > %(today)s AND c.counts_from <= %(today)s
JOIN unnest(%(vendors)s::text[], %(layers)s::text[]) v(vendor, layer) ON v.vendor = c.vendor
JOIN organization o ON o.id = k.organization_id AND o.kind = 'client'
JOIN scope s ON s.kind = 'organization' AND s.organization_id = o.id
WHERE k.superseded_at IS NULL AND k.verdict = 'linked'
GROUP BY 1, 2 HAVING count(DISTINCT c.id) > 1"""

NOUNS = {
    "Ticket": "ticket", "TimeEntry": "time entry", "Asset": "device", "Agreement": "agreement", "Addition": "addition",
    "LedgerBalance": "ledger balance", "LedgerAccount": "ledger account", "Account": "account", "Queue": "queue",
    "Technician": "technician", "TicketStatus": "ticket status",
}
PLURALS = {"TimeEntry": "time entries", "TicketStatus": "ticket statuses"}


def noun(entity: str, count: int) -> str:
    return words.many(count, NOUNS.get(entity, "record"), PLURALS.get(entity, ""))


def future(extent: Extent) -> Iterator[Seen]:
    rows = fetched(FUTURE, {"today": extent.today, "latest": extent.now + A_DAY})
    for entity, connection, label, count, latest in rows:
        says = f"{noun(entity, count)} of {label} {_are(count)} dated in the future, the latest on {_day(latest)}."
        yield Seen(connection=connection, subject=entity, says=says, measure=Decimal(count))


def accounts_twice(extent: Extent) -> Iterator[Seen]:
    pairs = duplicates.pairs()
    ids = {account for pair in pairs for account in (pair.one, pair.two)}
    of = {row: (name, source) for row, name, source in
          Account.objects.filter(pk__in=ids).values_list("pk", "name", "connection_id")}
    for pair in pairs:
        (one, source), (two, _) = of[pair.one], of[pair.two]
        yield Seen(
            connection=source, subject=f"{pair.one} {pair.two}", measure=Decimal(pair.weight),
            says=f"“{one}” and “{two}” look like one client. {'. '.join(pair.evidence)}.",
        )


def numbers_twice(extent: Extent) -> Iterator[Seen]:
    for entity, statement in (("Asset", SAME_SERIAL), ("LedgerAccount", SAME_LEDGER_NUMBER)):
        for connection, number, count, names in fetched(statement, {"at_most": AT_MOST}):
            says = f"{noun(entity, count)} have the number {number}: {words.some([name or '?' for name in names])}."
            yield Seen(connection=connection, subject=f"{entity} {number}", says=says, measure=Decimal(count))


def counted_twice(extent: Extent) -> Iterator[Seen]:
    spoken = {slug: system(slug).layer for slug in (*VENDORS, *UNREAD)}
    layers = {slug: layer.value for slug, layer in spoken.items() if layer in COUNTED}
    rows = fetched(TWICE_COUNTED, {"today": extent.today, "vendors": list(layers), "layers": list(layers.values())})
    for scope, layer, labels in rows:
        says = f"{' and '.join(labels)} both count this client."
        yield Seen(scope=scope, subject=layer, says=says, measure=Decimal(len(labels)))


def stale(extent: Extent) -> Iterator[Seen]:
    for each in systems(extent.now):
        if each.waits:
            said = each.problem.startswith(each.connection)
            yield Seen(connection=each.pk, says=each.problem if said else f"{each.connection}: {each.problem}")


@dataclass(frozen=True)
class _List:
    """One list of a vendor: the entity its records become, and the vendor's fields that tell their month."""

    entity: str
    paths: tuple[str, ...]


def set_aside(extent: Extent) -> Iterator[Seen]:
    """Records in quarantine by the month they would count in, as far as they tell it."""
    known: dict[tuple[str, str], _List] = {}
    labels = dict(Connection.objects.values_list("pk", "label"))
    counts: dict[tuple[int, str, Month | None], int] = defaultdict(int)
    waiting = QuarantinedRecord.objects.filter(replayed_at=None).select_related("connection")
    for row in waiting.only("endpoint", "record", "last_seen_at", "connection__vendor").iterator():
        name = (row.connection.vendor, row.endpoint)
        of = known[name] if name in known else known.setdefault(name, _list(*name))
        counts[row.connection_id, of.entity, _month(of, row, extent)] += 1
    periods = {Month.holding(day): pk for pk, day in
               Period.objects.filter(grain="month").values_list("pk", "starts_on")}
    for (connection, entity, month), count in counts.items():
        when = f" of {month.label}" if month else ""
        says = f"{noun(entity, count)}{when} could not be read from {labels[connection]}, and {_are(count)} set aside."
        # A month nothing was worked out for has no row; two such months are told apart by their names.
        period = periods.get(month) if month else None
        subject = entity if period or not month else f"{entity} {month}"
        yield Seen(connection=connection, subject=subject, period=period, says=says, measure=Decimal(count))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _list(vendor: str, endpoint: str) -> _List:
    if vendor in FILES and (layout := LAYOUTS.get(endpoint)):
        return _List(layout.into.__name__, layout.dated)
    declared = VENDORS.get(vendor)
    found = next((each for each in (declared.endpoints if declared else ()) if each.name == endpoint), None)
    return _List(found.into.__name__, _dated(found)) if found else _List("", ())


def _dated(endpoint: Endpoint) -> tuple[str, ...]:
    """The vendor's fields from which the day is read that a record is counted by, the first of them first."""
    paths: list[str] = []
    for day, moment in endpoint.into.counted.days.items():
        match endpoint.fields.get(moment or day):
            case Convert(paths=several):
                paths.extend(several)
            case str() as path:
                paths.append(path)
    return tuple(paths)


def _month(of: _List, row: QuarantinedRecord, extent: Extent) -> Month | None:
    """The first day it tells; what stands and happens on no day is in doubt in the month it was last seen in."""
    if of.entity and not of.paths:
        return Month.holding(row.last_seen_at.astimezone(extent.zone).date())
    days = (_read_day(_at(row.record, path), extent) for path in of.paths)
    return next((Month.holding(day) for day in days if day is not None and 1 < day.year < 9999), None)


def _at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, as the vendor sent it: under its whole name, or step by step."""
    value: Any = record.get(path)
    if value is None:
        value = record
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _read_day(value: Any, extent: Extent) -> date | None:
    """A day in the business time zone, None for what is no moment."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if len(value) == len("2025-01-31"):
        return moment.date()
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(extent.zone).date()


def _day(on: date) -> str:
    return f"{on.day} {Month.holding(on).label}"


