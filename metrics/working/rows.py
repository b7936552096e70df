"""The rows behind one number, listed again by the definition's own filter, a page at a time.

The statements that count are compiled in `metrics.rollup`; the same text lists here. What a roll-up lays in
temporary tables for everyone stands here as subqueries for one scope and one period.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg.errors import QueryCanceled
from psycopg.sql import Literal

from collectors.facts.touched import Calendar
from metrics import reading
from metrics.declare import Facts, Flow, For, Measured, Movement, Opening, Standing, Stock
from metrics.definitions import CATALOGUE
from metrics.models import Scope
from metrics.periods import Month, Span
from metrics.reading import Person, ScopeRef
from metrics.rollup.compile import PARTS, amounts, groups, with_rules
from metrics.rollup.tables import stock_days
from metrics.settings import COLUMNS, all_in_force, for_sql
from metrics.spreadsheets import Column, Kind
from metrics.working.listings import Listing, Shown, listing_of
from organizations.as_of import owners_sql
from organizations.models import Organization

BUDGET = "10s"  # a number's rows are read while a person waits
MONTH = Shown("month", "Month", "r.month", Kind.DAY)


@dataclass(frozen=True)
class Row:
    cells: tuple[Any, ...]  # text, Decimal, day, moment or None, as its column says
    link: str  # the record in the vendor's console; empty where the vendor has none


@dataclass(frozen=True)
class Rows:
    columns: tuple[Column, ...]
    keys: tuple[str, ...]  # what `order` takes for each column, led by "-" for descending
    rows: tuple[Row, ...]
    total: int
    order: str


NO_ROWS = Rows((), (), (), 0, "")


class OverBudget(Exception):
    """Listing the rows would take longer than a person waits; the message says what to do."""


def rows(
    person: Person, metric: str, scope: ScopeRef, period: Span, *, limit: int = 50, offset: int = 0, order: str = ""
) -> Rows:
    """The rows a number counts now, under the rules in force in each of its months; of a quarter, its months' together.

    Nothing where the person may not see the metric, or it is entered or worked out from others. Raises OverBudget.
    """
    declared = CATALOGUE[metric]
    listing = listing_of(declared)
    months = _begun(period)
    whose = Scope.objects.filter(kind=scope.kind, organization__slug=scope.slug or None, key=None).first()
    side = For.COMPANY if scope.is_company else For.ORGANIZATION
    if listing is None or not months or whose is None or side not in declared.scopes:
        return NO_ROWS
    if not reading.may_see(person, declared):
        return NO_ROWS
    columns = listing.columns if len(months) == 1 else (MONTH, *listing.columns)
    order = order if order.lstrip("-") in {column.key for column in columns} else f"-{listing.newest_first}"
    assert isinstance(declared, Measured)
    try:
        total, found = _Question(declared, scope, whose.pk, months).ask(columns, listing, order, limit, offset)
    except OperationalError as fault:
        if not isinstance(fault.__cause__, QueryCanceled):
            raise
        raise OverBudget("These rows take too long to list. Choose a single month, or one client.") from None
    return Rows(
        columns=tuple(Column(column.label, column.kind) for column in columns),
        keys=tuple(column.key for column in columns),
        rows=tuple(Row(cells=tuple(row[:-1]), link=row[-1] or "") for row in found), total=total, order=order,
    )


@contextmanager
def _set_for_now(cursor: CursorWrapper, wanted: Mapping[str, str]) -> Iterator[None]:
    """Settings of the server for these statements alone: inside a longer transaction SET LOCAL would outlive them.

    Where a statement fails, rolling back to the savepoint around it puts the former settings back.
    """
    former = {}
    for name, value in wanted.items():
        cursor.execute("SELECT current_setting(%s), set_config(%s, %s, true)", [name, name, value])
        [(former[name], _)] = cursor.fetchall()
    yield
    for name, value in former.items():
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def _begun(period: Span) -> tuple[Month, ...]:
    return tuple(month for month in period.months if month.starts_on <= _today())


def _today() -> date:
    return timezone.now().astimezone(Calendar.current().zone).date()


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


@dataclass(frozen=True)
class _Question:
    """One metric's rows for one scope in some months, as SQL. Values people typed stand in it as quoted literals."""

    metric: Measured
    scope: ScopeRef
    scope_id: int
    months: Sequence[Month]

    def ask(
        self, columns: Sequence[Shown], listing: Listing, order: str, limit: int, offset: int
    ) -> tuple[int, list[tuple[Any, ...]]]:
        """How many rows there are, and those of one page, each with its link at the end."""
        tables, source = self._tables(), self._source()
        by = next(column.sql for column in columns if column.key == order.lstrip("-"))
        direction = "DESC NULLS LAST" if order.startswith("-") else "ASC NULLS LAST"
        shown = ", ".join(column.sql for column in columns)
        page = f"ORDER BY ({by}) {direction}, {self._row()} LIMIT {int(limit)} OFFSET {int(offset)}"
        budget = {"statement_timeout": BUDGET}
        if not self.scope.slug:  # the planner takes `owned` for a few rows, and would walk all of it for each fact
            budget["enable_nestloop"] = "off"
        with transaction.atomic(), connection.cursor() as cursor, _set_for_now(cursor, budget):
            cursor.execute(f"{tables} SELECT count(*) FROM {source}")  # noqa: S608 - declarations and quoted literals
            [(total,)] = cursor.fetchall()
            cursor.execute(f"{tables} SELECT {shown}, {listing.link} FROM {source} {page}")  # noqa: S608
            return total, list(cursor.fetchall())

    def _tables(self) -> str:
        """The months with their rules, whose each account is, and on which day a month's stock is read."""
        owners = owners_sql(organization=self._organization()) if self.scope.slug else owners_sql()
        tables = [self._known_months(), f"owned AS MATERIALIZED ({OWNED.format(owners=owners)})"]
        if isinstance(self.metric, Stock | Movement | Opening):
            tables.append(f"stock_day AS MATERIALIZED ({stock_days(self._facts())})")
        if isinstance(self.metric, Movement | Opening):
            tables.append(f"amount AS MATERIALIZED ({amounts(self.metric.bridge)})")
        return "WITH " + ", ".join(tables)

    def _known_months(self) -> str:
        """Each month with the rules in force at its end, and the month before the first, which movements start from."""
        known = (self.months[0].previous, *self.months)
        zone = Calendar.current().zone
        days = {month: month.ends_on - timedelta(1) for month in known}
        rules = all_in_force(days.values())
        rows = []
        for number, month in enumerate(known):
            starts_at, ends_at = month.moments(zone)
            fixed = (
                f"{number}::bigint", _quoted(month.starts_on, "date"), _quoted(month.ends_on, "date"),
                _quoted(starts_at, "timestamptz"), _quoted(ends_at, "timestamptz"),
                str(month.ends_on > _today()), str(number > 0),
            )
            ruled = (_quoted(for_sql(key, rules[days[month]][key]), kind) for key, kind in COLUMNS.items())
            rows.append(f"({', '.join((*fixed, *ruled))})")
        names = ", ".join(("period_id", "month", "ends_on", "starts_at", "ends_at", "running", "rolled", *COLUMNS))
        return f"known_month({names}) AS MATERIALIZED (VALUES {', '.join(rows)})"

    def _source(self) -> str:
        """The roll-up's own FROM and WHERE for this metric, narrowed to what it counts and to one scope."""
        group = next(g for g in groups([(self.months[0], self.months[-1])]) if self.metric in g.metrics)
        narrowed = [group.source, with_rules(self._where())]
        if self.scope.slug:
            narrowed.append(f"o.scope_id = {self.scope_id}")
        elif not self.scope.is_company:
            narrowed.append("o.scope_id IS NULL")
        return " AND ".join(f"({part})" if number and part else part for number, part in enumerate(narrowed) if part)

    def _where(self) -> str:
        match self.metric:
            case Movement(part=part):
                return PARTS[part][1]
            case Opening():
                return "before > 0"
            case Flow(where=where) | Stock(where=where) | Standing(where=where):
                return where

    def _facts(self) -> Facts:
        return self.metric.bridge.facts if isinstance(self.metric, Movement | Opening) else self.metric.facts

    def _row(self) -> str:
        return "p.thing" if isinstance(self.metric, Movement | Opening) else self._facts().row

    def _organization(self) -> int:
        return Organization.objects.values_list("id", flat=True).get(slug=self.scope.slug)


def _quoted(value: Any, kind: str) -> str:
    return f"{Literal(value).as_string(None)}::{kind}"
