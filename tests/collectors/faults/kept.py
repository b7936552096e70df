"""States of the test's database that are made once and put back in a moment, each in a schema of its own."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'django_migrations'"""
SEQUENCES = """
SELECT format('SELECT setval(%L, %s, %L)', schemaname || '.' || sequencename, coalesce(last_value, 1),
              last_value IS NOT NULL)
FROM pg_sequences WHERE schemaname = 'public'"""


class Kept:
    """Each state by its name. References are checked at the end of a transaction, so the tables need no order."""

    def __init__(self) -> None:
        self.sequences: dict[str, list[str]] = {}

    def back_to(self, name: str, make: Callable[[], None]) -> None:
        """The database as it was once made under this name."""
        if name in self.sequences:
            return self._put_back(name)
        make()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
            cursor.execute(f'CREATE SCHEMA "{name}"')
            for table in _column(TABLES):
                cursor.execute(f'CREATE TABLE "{name}"."{table}" AS TABLE public."{table}"')
            self.sequences[name] = _column(SEQUENCES)

    def forget(self) -> None:
        with connection.cursor() as cursor:
            for name in self.sequences:
                cursor.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')

    def _put_back(self, name: str) -> None:
        tables = _column(TABLES)
        with transaction.atomic(), connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f'DELETE FROM public."{table}"')
            for table in tables:
                cursor.execute(f'INSERT INTO public."{table}" OVERRIDING SYSTEM VALUE TABLE "{name}"."{table}"')
            cursor.execute(";".join(self.sequences[name]))


def _column(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [str(row[0]) for row in cursor.fetchall()]
