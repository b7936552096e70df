"""Empty tables of our own, to try things in: what is written there nobody else sees, and no real row is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import sql

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
VIEWS = """
SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c
WHERE c.relkind = 'v' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid
"""


@contextmanager
def tables_apart() -> Iterator[None]:
    """Every table and view of the product, empty and temporary, found before the real ones until the block ends.

    They are PostgreSQL's temporary tables, made and rolled back in one transaction: real rows are neither read nor
    locked, whatever the database holds, and nothing remains even where the program is killed. Foreign keys are not
    copied.
    """
    with transaction.atomic():
        _shadow()
        yield
        transaction.set_rollback(True)


def _shadow() -> None:
    with connection.cursor() as cursor:
        cursor.execute(VIEWS)
        views = cursor.fetchall()  # while their tables' names still mean the real ones
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            name = sql.Identifier(table)
            cursor.execute(sql.SQL(
                "CREATE TEMPORARY TABLE {} (LIKE {} INCLUDING ALL) ON COMMIT DROP").format(name, name))
        for view, definition in views:
            cursor.execute(sql.SQL("CREATE TEMPORARY VIEW {} AS {}").format(sql.Identifier(view), sql.SQL(definition)))
