"""The roll-up's own rows of some metrics, as SQL that stands alone: months, owners and month ends as subqueries.

The statements that count are compiled in `metrics.rollup`; the same text lists rows and says what each of them adds.
Values people typed stand in it as quoted literals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone
from psycopg.sql import Literal

from collectors.facts.touched import Calendar
from metrics.declare import Bridge, Measured, Movement, Opening, Stock
from metrics.periods import Month
from metrics.rollup.compile import PARTS, RULE, Group, amounts, changing, groups
from metrics.rollup.sql import ids
from metrics.rollup.tables import stock_days
from metrics.settings import COLUMNS, all_in_force, for_sql
from organizations.as_of import owners_sql

# Outside a client's own months its facts are nobody's, as in the roll-up.
OWNED = """
SELECT w.account_id, greatest(w.starts_on, s.from_month) AS starts_on, least(w.ends_on, s.to_month) AS ends_on,
       s.scope_id, s.internal, w.verdict = 'ignored' AS ignored, s.name AS client
FROM ({owners}) w LEFT JOIN (
    SELECT s.id AS scope_id, s.organization_id, o.name, o.kind = 'internal' AS internal,
           coalesce(date_trunc('month', o.client_from::timestamp)::date, date '0001-01-01') AS from_month,
           coalesce((date_trunc('month', o.client_to - interval '1 day') + interval '1 month')::date,
                    date '9999-12-31') AS to_month
    FROM scope s JOIN organization o ON o.id = s.organization_id WHERE s.kind = 'organization'
) s ON s.organization_id = w.organization_id
WHERE greatest(w.starts_on, s.from_month) < least(w.ends_on, s.to_month)"""

MINE = " WHERE a.account_id = ANY(ARRAY(SELECT account_id FROM owned))"  # so that no other's amounts are read


@dataclass(frozen=True)
class Source:
    """The rows of one group of metrics in some months that follow one another, of everyone or of one organization.

    `accounts` are those whose owners are looked up, where it is known that no other matters, and `things` those of
    which a movement is sought; None: all of them. `moved` leaves out things whose amount is the same at all month ends.
    """

    group: Group
    months: Sequence[Month]
    organization: int | None = None
    accounts: frozenset[int] | None = None
    things: frozenset[int] | None = None
    moved: bool = False

    @cached_property
    def tables(self) -> str:
        """The months with their rules, whose each account is, and on which day a month's stock is read."""
        first = self.group.metrics[0]
        owners = OWNED.format(owners=self._owners())
        tables = [self._known_months(), f"owned AS MATERIALIZED ({owners})"]
        if isinstance(first, Stock | Movement | Opening):
            tables.append(f"stock_day AS MATERIALIZED ({stock_days(self.group.facts)})")
        if isinstance(first, Movement | Opening):
            mine = "" if self.organization is None else MINE
            amount = amounts(first.bridge, self._of_things(first.bridge))
            tables.append(f"amount AS MATERIALIZED (SELECT * FROM ({amount}) a{mine})")  # noqa: S608
        return "WITH " + ", ".join(tables)

    def _of_things(self, bridge: Bridge) -> str:
        if self.things is not None:
            return f"{bridge.thing} = ANY({ids(self.things)})"
        read = {rule for part in (bridge.where, bridge.facts.keep) for rule in RULE.findall(part)}
        is_steady = all(len({repr(rules[rule]) for rules in self._rules.values()}) == 1 for rule in read)
        return f"{bridge.thing} IN ({changing(bridge, len(self._known))})" if self.moved and is_steady else "true"

    def _owners(self) -> str:
        return owners_sql(organization=self.organization, accounts=self.accounts)

    @property
    def account(self) -> str:
        """Whose record a row is, before anyone is asked who that belongs to."""
        return self.group.account or "NULL::bigint"

    @property
    def source(self) -> str:
        """FROM and WHERE; `r` is the month with its rules, `o` the owner, `f` the row (`p` of a movement)."""
        return self.group.source

    @property
    def scope(self) -> str:
        """The scope a row counts for; NULL where it belongs to nobody."""
        return "o.scope_id" if self.group.facts.account else "NULL::bigint"

    @property
    def row(self) -> str:
        return "p.thing" if isinstance(self.group.metrics[0], Movement | Opening) else self.group.facts.row

    @property
    def _known(self) -> tuple[Month, ...]:
        return (self.months[0].previous, *self.months)

    @cached_property
    def _rules(self) -> Mapping[Month, Mapping[str, Any]]:
        """The rules in force at the end of each month, by their keys."""
        days = {month: month.ends_on - timedelta(1) for month in self._known}
        rules = all_in_force(days.values())
        return {month: rules[day] for month, day in days.items()}

    def _known_months(self) -> str:
        """Each month with the rules in force at its end, and the month before the first, which movements start from."""
        zone, now = Calendar.current().zone, today()
        rows = []
        for number, month in enumerate(self._known):
            starts_at, ends_at = month.moments(zone)
            fixed = (
                f"{number}::bigint", _quoted(month.starts_on, "date"), _quoted(month.ends_on, "date"),
                _quoted(max(month.starts_on, min(month.ends_on - timedelta(1), now)), "date"),
                _quoted(starts_at, "timestamptz"), _quoted(ends_at, "timestamptz"),
                str(month.ends_on > now), str(number > 0),
            )
            ruled = (_quoted(for_sql(key, self._rules[month][key]), kind) for key, kind in COLUMNS.items())
            rows.append(f"({', '.join((*fixed, *ruled))})")
        days = ("month", "ends_on", "last_day", "starts_at", "ends_at")
        names = ", ".join(("period_id", *days, "running", "rolled", *COLUMNS))
        return f"known_month({names}) AS MATERIALIZED (VALUES {', '.join(rows)})"


def source_of(metric: Measured, months: Sequence[Month], organization: int | None = None) -> Source:
    group = next(group for group in groups([(months[0], months[-1])]) if metric in group.metrics)
    return Source(group, months, organization)


def sources(months: Sequence[Month]) -> list[Source]:
    """Everything that is counted in these months, for everyone."""
    return [Source(group, months) for group in groups([(months[0], months[-1])])]


def aggregate_of(metric: Measured) -> tuple[str, str]:
    """What a metric adds up, and over which rows: an SQL aggregate and a condition, empty where there is none."""
    match metric:
        case Movement(part=part):
            added, where = PARTS[part]
            return f"sum({added})", where
        case Opening():
            return "sum(before)", "before > 0"
    return getattr(metric, "value", "count(*)"), metric.where


def today() -> date:
    """The local day."""
    return timezone.now().astimezone(Calendar.current().zone).date()


def _quoted(value: Any, kind: str) -> str:
    return f"{Literal(value).as_string(None)}::{kind}"
