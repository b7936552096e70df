"""Reading one page of rows, and no more of the facts than it needs where the order follows an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from metrics.declare import Flow, Measured, Movement, Opening, Standing
from metrics.reading import ScopeRef
from metrics.rollup.compile import with_rules
from metrics.rollup.sql import ids
from metrics.working.listings import Listing, Shown
from metrics.working.source import Source, aggregate_of

SPARE = 100  # rows read beyond a page at first, since some of them may be nobody's business
MOST = 5_000  # rows read ahead at most: a page further down is sought among all
# The planner thinks that few rows meet a metric's condition and would read and sort them all for the first hundred.
BY_INDEX = {"enable_sort": "off", "enable_bitmapscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
# Amounts at month ends follow no index: it takes them for a few, too, and would look each thing up by itself.
BY_HASH = {"enable_nestloop": "off", "enable_mergejoin": "off", "work_mem": "32MB"}

# The value a setting had, and the one it has from here on.
SET = """
SELECT name, current_setting(name), set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) s(name, value)"""

Found = list[tuple[Any, ...]]


@contextmanager
def _set_for_now(cursor: CursorWrapper, wanted: Mapping[str, str]) -> Iterator[None]:
    """Settings of the server for these statements alone: inside a longer transaction SET LOCAL would outlive them.

    Where a statement fails, rolling back to the savepoint around it puts the former settings back.
    """
    cursor.execute(SET, [[*wanted], [*wanted.values()]])
    former = {name: value for name, value, _ in cursor.fetchall()}
    yield
    cursor.execute(SET, [[*former], [*former.values()]])


@dataclass(frozen=True)
class Asking:
    """One metric's rows for one scope in some months, as SQL."""

    metric: Measured
    scope: ScopeRef
    scope_id: int
    source: Source
    budget: str

    def page(
        self, columns: Sequence[Shown], listing: Listing, order: str, limit: int, offset: int, known: int | None
    ) -> tuple[int, Found]:
        """How many rows there are, and those of one page, each with its link at the end.

        `known` is how many there are known to be. Then the company's newest are found by index.
        """
        shown = ", ".join((*(column.sql for column in columns), listing.link))
        budget = {"statement_timeout": self.budget}
        with transaction.atomic(), connection.cursor() as cursor:
            if known == 0 and self.scope.is_company:
                return 0, []
            if known is not None and self.scope.is_company and order == usual_order(self.metric, listing):
                with _set_for_now(cursor, budget):
                    near = self._near(cursor, shown, self._newest(columns, order), limit, offset)
                if near is not None:
                    return known, near
            if not self.scope.slug:  # the planner takes `owned` for a few rows, and would walk all of it for each fact
                budget["enable_nestloop"] = "off"
            with _set_for_now(cursor, budget):
                return self._among_all(cursor, shown, self._by(columns, order), limit, offset, known)

    def _among_all(
        self, cursor: CursorWrapper, shown: str, by: str, limit: int, offset: int, known: int | None
    ) -> tuple[int, Found]:
        tables, source = self.source.tables, self._narrowed()
        if known is None:
            cursor.execute(f"{tables} SELECT count(*) FROM {source}")  # noqa: S608 - declarations, quoted literals
            [(known,)] = cursor.fetchall()
        page = f"ORDER BY {by}, {self.source.row}, r.month LIMIT {int(limit)} OFFSET {int(offset)}"
        cursor.execute(f"{tables} SELECT {shown} FROM {source} {page}")  # noqa: S608
        return known, list(cursor.fetchall())

    def _near(self, cursor: CursorWrapper, shown: str, by: str, limit: int, offset: int) -> Found | None:
        """The page among the first rows whoever owns them, then asked whose only those are; None where that is far."""
        wanted, row = offset + limit, self.source.row
        anyone = replace(self.source, accounts=frozenset(), moved=isinstance(self.metric, Movement))
        while (ahead := 2 * wanted + SPARE) <= MOST:
            with _set_for_now(cursor, self._way()):
                cursor.execute(f"""{anyone.tables} SELECT {row}, r.period_id, {anyone.account}
                    FROM {self._narrowed()} ORDER BY {by}, {row}, r.month LIMIT {ahead}""")  # noqa: S608
                first = cursor.fetchall()
            if not first:
                return []
            accounts = frozenset(account for _, _, account in first if account is not None)
            pairs = ", ".join(f"({number}, {month})" for number, month, _ in first)
            found = frozenset(number for number, _, _ in first)
            cursor.execute(f"""{replace(self.source, accounts=accounts, things=found).tables} SELECT {shown}
                FROM {self._narrowed()} AND {row} = ANY({ids(found)})
                  AND ({row}, r.period_id) IN (VALUES {pairs})
                ORDER BY {by}, {row}, r.month LIMIT {wanted}""")  # noqa: S608
            page = list(cursor.fetchall())
            if len(page) == wanted or len(first) < ahead:
                return page[offset:]
            wanted *= 2
        return None

    def _way(self) -> Mapping[str, str]:
        """How the planner is to find the first rows; few of many things stand open, and have an index of their own."""
        match self.metric:
            case Standing():
                return {}
            case Movement() | Opening():
                return BY_HASH
        return BY_INDEX

    def _by(self, columns: Sequence[Shown], order: str) -> str:
        if not order:
            return f"{self.source.row} DESC"
        by = next(column.sql for column in columns if column.key == order.lstrip("-"))
        return f"({by}) {'DESC' if order.startswith('-') else 'ASC'} NULLS LAST"

    def _newest(self, columns: Sequence[Shown], order: str) -> str:
        """As an index on the day has it: a day rows are counted by is never missing."""
        return self._by(columns, order).removesuffix(" NULLS LAST")

    def _narrowed(self) -> str:
        """The roll-up's own FROM and WHERE for this metric, narrowed to what it counts and to one scope."""
        _, where = aggregate_of(self.metric)
        narrowed = [self.source.source, f"({with_rules(where)})" if where else ""]
        if self.scope.slug:
            narrowed.append(f"o.scope_id = {self.scope_id}")
        elif not self.scope.is_company:
            narrowed.append(f"{self.source.scope} IS NULL")
        return " AND ".join(part for part in narrowed if part)


def usual_order(metric: Measured, listing: Listing) -> str:
    """Newest first, by the day rows are counted by where it is shown; empty: by record, the last first."""
    day = metric.dated if isinstance(metric, Flow) else ""
    key = next((column.key for column in listing.columns if column.sql == day), listing.newest_first)
    return f"-{key}" if key else ""
