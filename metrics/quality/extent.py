"""What one look of the rules covers: which months, and for whom in each, laid as temporary tables.

    looked_at   (scope, month or quarter); `everyone` where the whole of it is looked at, and not some scopes alone
    shown_as    which definition of each metric is shown in each month and quarter, from a year before the first
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from metrics.definitions import CATALOGUE
from metrics.models import Period
from metrics.periods import Month, Quarter

YEAR_BEFORE = 12  # months of history a rule may look back on

SHOWN_AS = """
DROP TABLE IF EXISTS pg_temp.shown_as;
CREATE TEMPORARY TABLE shown_as ON COMMIT DROP AS
SELECT asked.metric, d.id AS definition_id, p.id AS period_id, p.grain, p.starts_on, p.ends_on,
       p.ends_on <= %(today)s AS ended, p.state AS period_state
FROM unnest(%(metrics)s::text[], %(versions)s::int[]) AS asked(metric, version)
CROSS JOIN period p
JOIN definition d ON d.metric = asked.metric AND d.id = coalesce(
    (SELECT i.definition_id FROM in_force i WHERE i.metric = asked.metric AND i.from_on <= p.starts_on
     ORDER BY i.from_on DESC LIMIT 1),
    (SELECT x.id FROM definition x WHERE x.metric = asked.metric AND x.version = asked.version))
WHERE p.grain IN ('month', 'quarter') AND p.starts_on >= %(from_on)s;
CREATE INDEX ON shown_as (metric, grain, starts_on);
ANALYZE shown_as"""

LOOKED_AT = """
DROP TABLE IF EXISTS pg_temp.looked_at;
CREATE TEMPORARY TABLE looked_at ON COMMIT DROP AS
WITH named AS (
    SELECT DISTINCT n.scope_id, n.starts_on FROM unnest(%(scopes)s::bigint[], %(days)s::date[]) n(scope_id, starts_on)
    WHERE n.starts_on <> ALL(%(whole)s::date[])
), every AS (
    SELECT s.id AS scope_id, w.starts_on FROM scope s CROSS JOIN unnest(%(whole)s::date[]) w(starts_on)
), month AS (
    SELECT scope_id, starts_on, false AS everyone FROM named UNION ALL SELECT scope_id, starts_on, true FROM every
)
SELECT m.scope_id, p.id AS period_id, p.grain, p.starts_on, m.everyone
FROM month m JOIN period p ON p.grain = 'month' AND p.starts_on = m.starts_on
UNION ALL
SELECT m.scope_id, p.id, p.grain, p.starts_on, bool_and(m.everyone)
FROM month m JOIN period p ON p.grain = 'quarter' AND p.starts_on = date_trunc('quarter', m.starts_on::timestamp)::date
GROUP BY 1, 2, 3, 4;
ANALYZE looked_at"""


@dataclass(frozen=True)
class Extent:
    """The months looked at: for everyone where None, else for some scopes. Days are local."""

    now: datetime
    zone: ZoneInfo
    months: Mapping[Month, frozenset[int] | None]
    whole: bool = False  # everything there is, records and systems included: the look of the day, or before a close

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def ended(self) -> list[Month]:
        return sorted(month for month in self.beside() if month.ends_on <= self.today)

    @property
    def last_ended(self) -> Month:
        return Month.holding(self.today).previous

    @property
    def for_everyone(self) -> bool:
        """Whether any month is looked at for everyone."""
        return any(scopes is None for scopes in self.months.values())

    def beside(self) -> Mapping[Month, frozenset[int] | None]:
        """With the month before and after each, for the same scopes: what moved in one may be a breach in the next."""
        found: dict[Month, frozenset[int] | None] = {}
        for month, scopes in self.months.items():
            for near in (month.previous, month, month.shift(1)):
                found[near] = together(found[near], scopes) if near in found else scopes
        return found

    def lay(self) -> None:
        """Lay the temporary tables; call in a transaction."""
        months = self.beside()
        named = [(scope, month) for month, scopes in months.items() for scope in scopes or ()]
        first = min(months, default=Month.holding(self.today))
        values: dict[str, Any] = {
            "metrics": list(CATALOGUE), "versions": [metric.version for metric in CATALOGUE.values()],
            "today": self.today, "from_on": Quarter.holding(first.shift(-YEAR_BEFORE).starts_on).starts_on,
            "scopes": [scope for scope, _ in named], "days": [month.starts_on for _, month in named],
            "whole": [month.starts_on for month, scopes in months.items() if scopes is None],
        }
        with connection.cursor() as cursor:
            cursor.execute(SHOWN_AS, values)
            cursor.execute(LOOKED_AT, values)


def together(one: frozenset[int] | None, two: frozenset[int] | None) -> frozenset[int] | None:
    """Those of both; None is everyone."""
    return None if one is None or two is None else one | two


def asked_of(asked: Iterable[Mapping[str, list[int] | None]]) -> dict[Month, frozenset[int] | None]:
    """What several roll-ups worked out, as they keep it, together."""
    found: dict[Month, frozenset[int] | None] = {}
    for months in asked:
        for text, listed in months.items():
            month, scopes = Month.holding(date.fromisoformat(text)), None if listed is None else frozenset(listed)
            found[month] = together(found[month], scopes) if month in found else scopes
    return found


def every_month() -> dict[Month, frozenset[int] | None]:
    """All that numbers have been worked out for."""
    days = Period.objects.filter(grain="month").values_list("starts_on", flat=True)
    return {Month.holding(day): None for day in days}
