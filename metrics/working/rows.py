"""The rows behind one number, listed again by the definition's own filter, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from psycopg.errors import QueryCanceled

from metrics import reading
from metrics.declare import For, Measured, Median
from metrics.definitions import version_of
from metrics.models import Scope
from metrics.periods import Month, Span
from metrics.reading import Person, ScopeRef
from metrics.reading.versions import version_on
from metrics.spreadsheets import Column, Kind
from metrics.working.asking import Asking, usual_order
from metrics.working.listings import Shown, listing_of
from metrics.working.source import source_of, today

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
    counts = declared.of if isinstance(declared, Median) else declared
    assert isinstance(counts, Measured)
    columns = listing.columns if len(months) == 1 else (MONTH, *listing.columns)
    order = order if order.lstrip("-") in {column.key for column in columns} else usual_order(counts, listing)
    try:
        source = source_of(counts, months, whose.organization_id)
        known = counted if scope.is_company or (counted or 0) > COUNTED_AGAIN else None
        asking = Asking(counts, scope, whose.pk, source, BUDGET)
        total, found = asking.page(columns, listing, order, limit, offset, known)
    except OperationalError as fault:
        if not isinstance(fault.__cause__, QueryCanceled):
            raise
        raise OverBudget("These rows take too long to list. Choose a single month, or one client.") from None
    return Rows(
        columns=tuple(Column(column.label, column.kind) for column in columns),
        keys=tuple(column.key for column in columns),
        rows=tuple(Row(cells=tuple(row[:-1]), link=row[-1] or "") for row in found), total=total, order=order,
    )
