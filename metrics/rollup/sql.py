"""Running the statements of a roll-up, and writing plain values into their text.

Statements are put together from declarations, ids and days of our own; nothing a person typed becomes text in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection


def execute(statement: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> int:
    """Run a statement; how many rows it moved. Without values a percent sign needs no doubling."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return max(int(cursor.rowcount), 0)


def fetch(statement: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()]


def lay(table: str, select: str, values: Sequence[Any] | None = None) -> None:
    """Make a temporary table of what a SELECT gives, for this transaction, and let the planner know its size."""
    execute(f"""
        DROP TABLE IF EXISTS pg_temp.{table};
        CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {select};
        ANALYZE {table}""", values)


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def day(value: date) -> str:
    return f"date '{value.isoformat()}'"


def ids(values: Iterable[int]) -> str:
    return "'{" + ",".join(str(value) for value in values) + "}'::bigint[]"
