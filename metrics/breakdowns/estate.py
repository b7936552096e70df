"""The estate: endpoints by class and place over time, and which devices have gone quiet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from collectors.facts.estate import AssetKind
from metrics.breakdowns.source import Source, listed
from metrics.definitions.facts import DEVICES, DEVICES_BY_SYSTEM, NO_SPARE
from metrics.periods import Month
from metrics.reading import ScopeRef
from metrics.rollup.compile import with_rules

ENDPOINT = f"f.kind = ANY(:endpoint_kinds) AND {NO_SPARE}"  # as in endpoints_managed

BY = {
    "kind": "f.kind",
    "location": "coalesce(a.name, '')",
    "client": "coalesce(o.client, '')",
}
# Each account's days in full, those on which it waits too, so that a device is held against them once and not once for
# every month: its days with one owner are a stretch, and stretches alike are counted together before months are joined.
OVER = """, {listed},
every_day AS MATERIALIZED (
    SELECT account_id AS whose, account_id, starts_on, ends_on, verdict, client, internal FROM owned
    UNION ALL
    SELECT account_id, NULL, ends_on, next_on, NULL, NULL, false FROM (
        SELECT account_id, ends_on, lead(starts_on, 1, date '9999-12-31') OVER (
            PARTITION BY account_id ORDER BY starts_on, ends_on) AS next_on
        FROM (
            SELECT account_id, starts_on, ends_on FROM owned
            UNION ALL SELECT id, date '0001-01-01', date '0001-01-01' FROM account
        ) known
    ) waiting
    WHERE ends_on < next_on
),
stretch AS MATERIALIZED (
    SELECT t.connection_id, {by} AS key, r.endpoint_kinds, r.spare_pattern,
           greatest(f.from_on, o.starts_on) AS from_on, least(f.until_on, o.ends_on) AS until_on, count(*) AS devices
    FROM {sql}
        CROSS JOIN (SELECT DISTINCT endpoint_kinds, spare_pattern FROM r) r
        {join} = f.account_id AND o.starts_on < f.until_on AND o.ends_on > f.from_on
        LEFT JOIN account a ON a.id = f.account_id
    WHERE {kept} AND {where}
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT d.month, s.key, sum(s.devices)::int
FROM listed d
    JOIN r ON r.month = d.month
    JOIN stretch s ON s.connection_id = d.connection_id AND s.from_on <= d.day AND s.until_on > d.day
        AND s.endpoint_kinds = r.endpoint_kinds AND s.spare_pattern = r.spare_pattern
GROUP BY 1, 2
UNION ALL
SELECT DISTINCT month, NULL, 0 FROM listed"""  # says that the month was listed

# The devices as last listed, whichever day that was.
NOW = """
SELECT {columns}
FROM asset_state f JOIN asset t ON t.id = f.thing_id AND t.layer = 'rmm' AND t.retired_on IS NULL
    JOIN r ON true
    JOIN connection c ON c.id = t.connection_id AND c.counts_from < r.ends_on AND c.counts_to > r.month
    {owner}
    LEFT JOIN account a ON a.id = f.account_id
WHERE f.until_on = date '9999-12-31' AND {kept} AND {where}
"""


@dataclass(frozen=True)
class Series:
    """One class or place: how many at each month's end, None where the month was not listed."""

    key: str
    name: str
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class OverMonths:
    months: tuple[Month, ...]
    series: tuple[Series, ...]  # the largest at the end first


@dataclass(frozen=True)
class Contact:
    """Devices whose last contact was so many days ago; `until_days` None is without end, both None is never."""

    from_days: int | None
    until_days: int | None  # the day after the last
    devices: int


@dataclass(frozen=True)
class Unseen:
    asset: int
    name: str
    kind: str
    client: str  # "" where the account is not linked
    slug: str
    location: str
    last_seen_at: datetime | None
    link: str


@dataclass(frozen=True)
class UnseenDevices:
    """The longest unseen first; `total` counts also those not listed."""

    total: int
    devices: tuple[Unseen, ...]


def endpoints_over(
    scope: ScopeRef, through: Month, by: Literal["kind", "location", "client"], months: int = 24
) -> OverMonths:
    """Endpoints at each month's end, by the rules of endpoints_managed. A location is the account's own name."""
    asked = tuple(through.shift(offset) for offset in range(1 - months, 1))
    source = Source(scope, asked)
    join = "JOIN owned o ON o.account_id" if scope.kind == "organization" else "LEFT JOIN every_day o ON o.whose"
    found = source.rows(OVER.format(
        listed=listed(DEVICES), by=BY[by], sql=DEVICES.sql, join=join, kept=source.kept(DEVICES),
        where=with_rules(ENDPOINT),
    ))  # fmt: skip
    return _over(found, asked, by)


def _over(found: list[tuple[object, ...]], asked: tuple[Month, ...], by: str) -> OverMonths:
    """Rows without a name only say that the month was listed: a class that had none then had 0, not nothing."""
    known = {row[0] for row in found if row[1] is None}
    counts = {(str(row[1]), row[0]): int(str(row[2])) for row in found if row[1] is not None}
    series = [
        Series(
            key, str(AssetKind(key).label) if by == "kind" else key,
            tuple(counts.get((key, month.starts_on), 0) if month.starts_on in known else None for month in asked),
        )
        for key in {key for key, _ in counts}
    ]
    return OverMonths(asked, tuple(sorted(series, key=lambda one: (-_latest(one), one.name))))


def _latest(series: Series) -> int:
    return next((value for value in reversed(series.values) if value is not None), 0)


DAYS = (0, 1, 7, 30, 90)  # where each stretch of days since last contact begins
BUCKET = "width_bucket(extract(epoch FROM %(now)s - t.last_seen_at) / 86400, ARRAY[1, 7, 30, 90]::numeric[])"


def last_contact(scope: ScopeRef, now: datetime) -> list[Contact]:
    """Endpoints by how long ago each was last in contact, as of a local moment; those never seen come last."""
    source = Source(scope, (Month.holding(now.date()),))
    body = _now(source, f"CASE WHEN t.last_seen_at IS NOT NULL THEN {BUCKET} END, count(*)", ENDPOINT)
    counted: dict[int | None, int] = dict(source.rows(f"{body} GROUP BY 1", {"now": now, "on": now.date()}))
    ends = (*DAYS[1:], None)
    contacts = [Contact(first, ends[n], counted.get(n, 0)) for n, first in enumerate(DAYS)]
    return [*contacts, Contact(None, None, counted.get(None, 0))]


def not_seen(scope: ScopeRef, now: datetime, days: int = 30, limit: int = 100) -> UnseenDevices:
    """Endpoints whose agent has not been in contact for so many days, or never."""
    source = Source(scope, (Month.holding(now.date()),))
    columns = (
        "t.id, coalesce(nullif(f.name, ''), t.hostname), f.kind, coalesce(o.client, ''), coalesce(o.slug, ''), "
        "coalesce(a.name, ''), t.last_seen_at, t.link, count(*) OVER ()"
    )
    quiet = f"{ENDPOINT} AND (t.last_seen_at IS NULL OR t.last_seen_at < %(before)s)"
    body = f"{_now(source, columns, quiet)} ORDER BY t.last_seen_at NULLS FIRST, 2, 1 LIMIT %(limit)s"
    found = source.rows(body, {"before": now - timedelta(days=days), "limit": limit, "on": now.date()})
    return UnseenDevices(found[0][-1] if found else 0, tuple(Unseen(*row[:-1]) for row in found))


def _now(source: Source, columns: str, where: str) -> str:
    owner = source.owner(DEVICES, "%(on)s::date")
    return NOW.format(columns=columns, owner=owner, kept=source.kept(DEVICES), where=with_rules(where))


BY_SUPPORT = """, {listed}
SELECT system.supported_until, coalesce(system.name, f.os), count(*)::int
FROM {rows} GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 3 DESC, 2"""


@dataclass(frozen=True)
class Online:
    """Of one kind of device how many were online at the last reading, how many not, and of how many it is not told."""

    kind: str
    online: int
    offline: int
    untold: int


@dataclass(frozen=True)
class Supported:
    """Devices on one version of an operating system and the last day its maker supports it.

    Where no row of the table of systems knows it there is no day, and `os` is what the RMM calls it.
    """

    until: date | None
    os: str
    devices: int


def online_now(scope: ScopeRef, now: datetime) -> list[Online]:
    """As last listed, by kind; empty where no system tells."""
    source = Source(scope, (Month.holding(now.date()),))
    states = ("t.online", "NOT t.online", "t.online IS NULL")
    columns = ", ".join(("f.kind", *(f"count(*) FILTER (WHERE {state})::int" for state in states)))
    rows = source.rows(f"{_now(source, columns, ENDPOINT)} GROUP BY 1 ORDER BY 1", {"on": now.date()})
    found = [Online(*row) for row in rows]
    return found if any(each.online or each.offline for each in found) else []


def by_support(scope: ScopeRef, month: Month) -> list[Supported]:
    """Endpoints by operating system at a month's end, those whose support ends first before the others."""
    source = Source(scope, (month,))
    body = BY_SUPPORT.format(listed=listed(DEVICES_BY_SYSTEM), rows=source.standing(DEVICES_BY_SYSTEM, ENDPOINT))
    return [Supported(*row) for row in source.rows(body)]
