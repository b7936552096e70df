"""What every breakdown stands on: the facts a metric counts, for one scope, by the rules and links that metric reads.

A statement is put together from a metric's own declarations, so that the parts add up to the stored number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from metrics.declare import Facts
from metrics.periods import Month, Span
from metrics.reading import NOT_LINKED, ScopeRef
from metrics.rollup.compile import with_rules
from metrics.rollup.sql import day
from metrics.settings import COLUMNS, all_in_force
from organizations.as_of import owners_sql
from organizations.models import Organization

# r: the months asked for, with the rules in force at the end of each; owned: whose each account is on which days.
STATEMENT = """
WITH r(month, ends_on, {rules}) AS (VALUES {months}),
owned AS MATERIALIZED (
    SELECT o.account_id, o.starts_on, o.ends_on, o.verdict, g.id AS organization_id, g.name AS client, g.slug,
           coalesce(g.kind = 'internal', false) AS internal
    FROM ({owners}) o LEFT JOIN organization g ON g.id = o.organization_id
)
{body}
"""

# listed: the day each connection's month is read on, its last complete listing of everything the facts need.
LISTED = """listed AS MATERIALIZED (
    SELECT e.month, e.connection_id, min(e.day) AS day FROM (
        SELECT r.month, l.connection_id, l.entity, max(l.day) AS day
        FROM r JOIN connection c ON c.counts_from < r.ends_on
            AND c.counts_to > least(r.ends_on - 1, greatest(r.month, (SELECT max(day) FROM listing)))
        JOIN listing l ON l.connection_id = c.id AND l.entity IN ({entities})
            AND l.day >= greatest(r.month, c.counts_from) AND l.day < least(r.ends_on, c.counts_to)
        GROUP BY 1, 2, 3
    ) e
    GROUP BY 1, 2
    HAVING count(*) = (SELECT count(DISTINCT entity) FROM listing x
                       WHERE x.connection_id = e.connection_id AND x.entity IN ({entities}))
)"""

FLOWING = """{sql}
    JOIN r ON r.month = date_trunc('month', {dated}::timestamp)::date
    JOIN connection c ON c.id = {connection} AND {dated} >= c.counts_from AND {dated} < c.counts_to
    {owner}
WHERE {dated} >= {first} AND {dated} < {last}
  AND {kept} AND {where}"""

STANDING = """listed d
    JOIN r ON r.month = d.month
    CROSS JOIN ({sql})
    {owner}
WHERE {connection} = d.connection_id AND f.from_on <= d.day AND f.until_on > d.day AND {kept} AND {where}"""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Source:
    """Facts for one scope over some months, ready to be grouped by anything."""

    scope: ScopeRef
    months: tuple[Month, ...]

    @classmethod
    def over(cls, scope: ScopeRef, span: Span) -> Source:
        return cls(scope, span.months)

    def rows(self, body: str, values: Mapping[str, Any] | None = None) -> Rows:
        """What a SELECT over `r`, `owned` and the facts below gives. Values are written %(name)s, a percent sign %%."""
        rules = all_in_force([month.ends_on - timedelta(days=1) for month in self.months])
        given: dict[str, Any] = dict(values or {})
        lines = []
        for number, month in enumerate(self.months):
            in_force = rules[month.ends_on - timedelta(days=1)]
            given |= {f"m{number}": month.starts_on, f"e{number}": month.ends_on}
            given |= {f"{key}_{number}": _for_sql(in_force[key]) for key in COLUMNS}
            columns = [f"%({key}_{number})s::{column}" for key, column in COLUMNS.items()]
            lines.append(f"({', '.join([f'%(m{number})s::date', f'%(e{number})s::date', *columns])})")
        statement = STATEMENT.format(
            rules=", ".join(COLUMNS), months=", ".join(lines), owners=self._owners(), body=body
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            found: Rows = cursor.fetchall()
        return found

    def flowing(self, facts: Facts, dated: str, where: str = "") -> str:
        """FROM and WHERE of what happened in the months; `o` is whose it is.

        The days stand there as such, because a planner that cannot see them takes a quarter for a handful of rows.
        """
        return with_rules(FLOWING.format(
            sql=facts.sql.replace("{day}", dated), dated=dated, connection=facts.connection,
            first=day(min(self.months).starts_on), last=day(max(self.months).ends_on),
            owner=self.owner(facts, dated), kept=self.kept(facts), where=where or "true",
        ))

    def standing(self, facts: Facts, where: str = "") -> str:
        """FROM and WHERE of what stood on the day `d.day` each month is read on; needs `listed` laid before."""
        return with_rules(STANDING.format(
            sql=facts.sql.replace("{day}", "d.day"), connection=facts.connection,
            owner=self.owner(facts, "d.day"), kept=self.kept(facts), where=where or "true",
        ))

    def owner(self, facts: Facts, on: str) -> str:
        if not facts.account:
            return ""
        join = "LEFT JOIN" if self.scope.kind != "organization" else "JOIN"
        return f"{join} owned o ON o.account_id = {facts.account} AND {on} >= o.starts_on AND {on} < o.ends_on"

    def kept(self, facts: Facts) -> str:
        """Ignored accounts count nowhere, and the MSP's own records only where the facts say so."""
        held = [facts.keep or "true"]
        if facts.account:
            held.append("o.account_id IS NULL" if self.scope == NOT_LINKED else "o.verdict IS DISTINCT FROM 'ignored'")
            if not facts.internal:
                held.append("o.internal IS NOT TRUE")
        return " AND ".join(held)

    def _owners(self) -> str:
        if self.scope.kind != "organization":
            return owners_sql()
        asked = Organization.objects.filter(slug=self.scope.slug).values_list("pk", flat=True).first()
        return owners_sql(organization=asked or 0)


def listed(facts: Facts) -> str:
    """The days on which months of these facts are read, as a CTE."""
    return LISTED.format(entities=", ".join(f"'{entity.__name__}'" for entity in (facts.entity, *facts.also)))


def month_of(day: date) -> tuple[Month, ...]:
    return (Month.holding(day),)


def _for_sql(value: Any) -> Any:
    """Names are compared without regard to case."""
    return [str(name).lower() for name in value] if isinstance(value, list) else value
