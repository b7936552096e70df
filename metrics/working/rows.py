"""The rows behind one number, listed again by the definition's own filter, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import QueryCanceled

from metrics import reading
from metrics.declare import For, Measured
from metrics.definitions import version_of
from metrics.models import Scope
from metrics.periods import Month, Span
from metrics.reading import Person, ScopeRef
from metrics.reading.versions import version_on
from metrics.rollup.compile import with_rules
from metrics.spreadsheets import Column, Kind
from metrics.working.listings import Listing, Shown, listing_of
from metrics.working.source import Source, aggregate_of, source_of, today

BUDGET = "10s"  # a number's rows are read while a person waits
COUNTED_AGAIN = 5_000  # rows up to which they are counted each time they are listed
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
    person: Person, metric: str, scope: ScopeRef, period: Span, *, limit: int = 50, offset: int = 0, order: str = "",
    months: Sequence[Month] = (), counted: int | None = None, version: int | None = None,
) -> Rows:
    """The rows a number counts now, under the rules in force in each of its months; of a quarter, its months' together.

    The version is that in force, or the one named. `months` stand in place of the period's own, as those of the year to
    date do. Where `counted` rows are many they are taken to be as many still: counting them again costs more than
    showing them. Nothing where the person may not see the metric, or it is entered or worked out from others. Raises
    OverBudget.
    """
    named = version_of(metric, version) if version else None
    declared = named or version_on(metric, (months or period.months)[0].starts_on)
    listing = listing_of(declared)
    months = [month for month in months or period.months if month.starts_on <= today()]
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
        source = source_of(declared, months, whose.organization_id)
        known = counted if (counted or 0) > COUNTED_AGAIN else None
        total, found = _Question(declared, scope, whose.pk, source).ask(columns, listing, order, limit, offset, known)
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


@dataclass(frozen=True)
class _Question:
    """One metric's rows for one scope in some months, as SQL."""

    metric: Measured
    scope: ScopeRef
    scope_id: int
    source: Source

    def ask(
        self, columns: Sequence[Shown], listing: Listing, order: str, limit: int, offset: int, known: int | None
    ) -> tuple[int, list[tuple[Any, ...]]]:
        """How many rows there are, and those of one page, each with its link at the end."""
        tables, source = self.source.tables, self._narrowed()
        by = next(column.sql for column in columns if column.key == order.lstrip("-"))
        direction = "DESC NULLS LAST" if order.startswith("-") else "ASC NULLS LAST"
        shown = ", ".join(column.sql for column in columns)
        page = f"ORDER BY ({by}) {direction}, {self.source.row} LIMIT {int(limit)} OFFSET {int(offset)}"
        budget = {"statement_timeout": BUDGET}
        if not self.scope.slug:  # the planner takes `owned` for a few rows, and would walk all of it for each fact
            budget["enable_nestloop"] = "off"
        with transaction.atomic(), connection.cursor() as cursor, _set_for_now(cursor, budget):
            if known is None:
                cursor.execute(f"{tables} SELECT count(*) FROM {source}")  # noqa: S608 - declarations, quoted literals
                [(known,)] = cursor.fetchall()
            cursor.execute(f"{tables} SELECT {shown}, {listing.link} FROM {source} {page}")  # noqa: S608
            return known, list(cursor.fetchall())

    def _narrowed(self) -> str:
        """The roll-up's own FROM and WHERE for this metric, narrowed to what it counts and to one scope."""
        _, where = aggregate_of(self.metric)
        narrowed = [self.source.source, f"({with_rules(where)})" if where else ""]
        if self.scope.slug:
            narrowed.append(f"o.scope_id = {self.scope_id}")
        elif not self.scope.is_company:
            narrowed.append(f"{self.source.scope} IS NULL")
        return " AND ".join(part for part in narrowed if part)
