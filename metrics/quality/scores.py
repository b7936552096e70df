"""How good each system's data is, once a day: five dimensions, each so many good of so many.

What happened is scored over the last twelve months, what stands as it stands now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from metrics.models import Finding, QualityScore
from metrics.quality.seen import fetched
from metrics.reading.freshness import patience

Dimension = QualityScore.Dimension
Split = tuple[int, int]  # good, total
NOTHING: Split = (0, 0)
A_YEAR = timedelta(days=365)
OUR_CLOCK = timedelta(days=1)  # what is dated further ahead than this cannot be so


@dataclass(frozen=True, kw_only=True)
class Needs:
    """One kind of record: which of its fields metrics need, and what cannot be so of one. SQL over a row `f`."""

    words: str
    source: str
    has: str
    wrong: str = "false"


RECORDS: tuple[Needs, ...] = (
    Needs(
        words="tickets with a client's account and a queue",
        source="SELECT * FROM ticket f WHERE f.retired_on IS NULL AND f.opened_on >= %(since)s",
        has="f.account_id IS NOT NULL AND f.queue_id IS NOT NULL AND (NOT f.closed OR f.closed_on IS NOT NULL)",
        wrong="f.opened_at > %(latest)s OR f.closed_at < f.opened_at",
    ),
    Needs(
        words="time entries with an account or a charge code, and a technician",
        source="SELECT * FROM time_entry f WHERE f.retired_on IS NULL AND f.entered_on >= %(since)s",
        has="f.technician_id IS NOT NULL AND (f.account_id IS NOT NULL OR f.charged_to IN ('charge code', 'activity'))",
        wrong="f.entered_at > %(latest)s OR f.hours < 0",
    ),
    Needs(
        words="devices with an account, a name and a kind",
        source="""SELECT s.*, a.connection_id FROM asset a JOIN asset_state s ON s.thing_id = a.id
                  WHERE a.retired_on IS NULL AND s.until_on = '9999-12-31'""",
        has="f.account_id IS NOT NULL AND f.name <> '' AND f.kind <> 'other'",
    ),
    Needs(
        words="agreements with an account and a billing cycle",
        source="""SELECT s.*, a.connection_id FROM agreement a JOIN agreement_state s ON s.thing_id = a.id
                  WHERE a.retired_on IS NULL AND s.until_on = '9999-12-31' AND NOT s.cancelled""",
        has="f.account_id IS NOT NULL AND f.cycle_months IS NOT NULL",
        wrong="f.amount < 0",
    ),
    Needs(
        words="ledger balances of a ledger account",
        source="SELECT * FROM ledger_balance f WHERE f.retired_on IS NULL AND f.month >= %(since)s",
        has="f.ledger_account_id IS NOT NULL",
    ),
)

MADE_OF: Mapping[QualityScore.Dimension, str] = {
    Dimension.COMPLETENESS: "Records that have the fields metrics need: "
    + "; ".join(needs.words for needs in RECORDS) + ".",
    Dimension.ACCURACY: "Records that could be read and say nothing that cannot be: no date ahead of the clock, no "
    "close before its opening, no hours below zero.",
    Dimension.CONSISTENCY: "Records of which every reference leads to a record that is there.",
    Dimension.TIMELINESS: "Lists that were read within their schedule.",
    Dimension.UNIQUENESS: "Accounts and devices that are there once.",
}

COUNTS = """
SELECT f.connection_id, count(*), count(*) FILTER (WHERE {has}), count(*) FILTER (WHERE {wrong})
FROM ({source}) f GROUP BY 1"""
SET_ASIDE = "SELECT connection_id, count(*) FROM quarantined_record WHERE replayed_at IS NULL GROUP BY 1"
DANGLING = "SELECT connection_id, count(DISTINCT (entity, fact)) FROM dangling GROUP BY 1"
THINGS = """
SELECT connection_id, count(*) FROM (
    SELECT connection_id FROM account WHERE retired_on IS NULL
    UNION ALL SELECT connection_id FROM asset WHERE retired_on IS NULL
) thing GROUP BY 1"""
LAST_READ = """
SELECT connection_id, entity, max(at) FROM (
    SELECT connection_id, entity, read_through AS at FROM reading UNION ALL
    SELECT connection_id, entity, at FROM listing
) read GROUP BY 1, 2"""


def score(now: datetime) -> None:
    """Store today's scores of every connection that is switched on; once a day, and again changes nothing.

    None of nothing is stored as well: it tells that the day was looked at.
    """
    today = now.astimezone(Calendar.current().zone).date()
    connections = list(Connection.objects.filter(enabled=True))
    QualityScore.objects.bulk_create(
        [
            QualityScore(connection=each, dimension=dimension, day=today, good=good, total=total)
            for dimension, splits in _scored(connections, now, today)
            for each in connections
            for good, total in [splits.get(each.pk, NOTHING)]
        ],
        ignore_conflicts=True,
    )


Scored = Iterator[tuple[QualityScore.Dimension, Mapping[int, Split]]]


def _scored(connections: list[Connection], now: datetime, today: date) -> Scored:
    total, has, wrong = _records(now, today)
    aside, dangling = Counter(dict(fetched(SET_ASIDE))), Counter(dict(fetched(DANGLING)))
    yield Dimension.COMPLETENESS, {pk: (has[pk], count) for pk, count in total.items()}
    read = total + aside
    yield Dimension.ACCURACY, {pk: (count - aside[pk] - wrong[pk], count) for pk, count in read.items()}
    yield Dimension.CONSISTENCY, {pk: (max(count - dangling[pk], 0), count) for pk, count in total.items()}
    yield Dimension.TIMELINESS, _in_time(connections, now)
    things, twice = dict(fetched(THINGS)), _twice()
    yield Dimension.UNIQUENESS, {pk: (max(count - twice[pk], 0), count) for pk, count in things.items()}


def _records(now: datetime, today: date) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """By connection: the records scored, those that have what is needed, and those that say what cannot be."""
    total, has, wrong = Counter[int](), Counter[int](), Counter[int]()
    values = {"since": today - A_YEAR, "latest": now + OUR_CLOCK}
    for needs in RECORDS:
        statement = COUNTS.format(has=needs.has, wrong=needs.wrong, source=needs.source)
        for connection, count, complete, impossible in fetched(statement, values):
            total[connection] += count
            has[connection] += complete
            wrong[connection] += impossible
    return total, has, wrong


def _in_time(connections: list[Connection], now: datetime) -> dict[int, Split]:
    last: dict[tuple[int, str], datetime] = {(pk, entity): at for pk, entity, at in fetched(LAST_READ)}
    found = {}
    for each in connections:
        if vendor := VENDORS.get(each.vendor):
            lists = _lists(vendor)
            late = now - patience(each.schedule, now)
            found[each.pk] = (sum(1 for name in lists if (at := last.get((each.pk, name))) and at >= late), len(lists))
    return found


def _lists(vendor: Vendor) -> list[str]:
    return sorted({endpoint.into.__name__ for endpoint in vendor.endpoints})


def _twice() -> Counter[int]:
    """Accounts and devices too many, as the rules found them, unless somebody accepted them."""
    found: Counter[int] = Counter()
    rows = Finding.objects.filter(rule__in=["accounts_twice", "numbers_twice"], life=Finding.Life.OPEN)
    for connection, rule, measure in rows.values_list("connection_id", "rule", "measure"):
        found[connection] += 1 if rule == "accounts_twice" else int(measure or 1) - 1
    return found
