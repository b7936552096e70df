"""References to records not collected yet: kept aside, and filled in when the other arrives."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from collectors.load import late, marks
from collectors.load.tables import Tables, target

# References of states need none of this: the next listing of their thing looks them up again.


def keep(cursor: Any, tables: Tables, ready: str, values: dict[str, Any]) -> None:
    """Make the dangling references of a merged batch what they are now, then fill in those it answers."""
    name = tables.entity.__name__
    values = values | {"entity": name}
    columns = [column for column in tables.of_thing if target(column)]
    if columns:
        expected = " UNION ALL ".join(
            f"SELECT id AS fact, '{column.name}' AS field, '{target(column).__name__}' AS target, "  # type: ignore[union-attr]
            f"raw_{column.name} AS external_id FROM {ready} "
            f"WHERE raw_{column.name} IS NOT NULL AND {column.column} IS NULL"
            for column in columns
        )
        _restate(cursor, expected, ready, values, [column.name for column in columns])
    _fill(cursor, ready, values)


def _restate(cursor: Any, expected: str, ready: str, values: dict[str, Any], fields: list[str]) -> None:
    cursor.execute(
        f"DELETE FROM dangling d USING {ready} r WHERE d.entity = %(entity)s AND d.fact = r.id "
        f"AND d.field = ANY(%(fields)s) AND NOT EXISTS (SELECT FROM ({expected}) e "
        "WHERE e.fact = d.fact AND e.field = d.field AND e.external_id = d.external_id)",
        values | {"fields": fields},
    )
    cursor.execute(
        "INSERT INTO dangling (connection_id, entity, fact, field, target, external_id) "
        f"SELECT %(connection)s, %(entity)s, e.fact, e.field, e.target, e.external_id FROM ({expected}) e "
        "WHERE NOT EXISTS (SELECT FROM dangling d "
        "WHERE d.entity = %(entity)s AND d.fact = e.fact AND d.field = e.field)",
        values,
    )


def _fill(cursor: Any, ready: str, values: dict[str, Any]) -> None:
    """What waits for records of this batch gets them."""
    answered = (
        f"FROM dangling d JOIN {ready} r ON r.external_id = d.external_id "
        "WHERE d.connection_id = %(connection)s AND d.target = %(entity)s"
    )
    cursor.execute(f"SELECT DISTINCT d.entity, d.field {answered}", values)
    for name, field in cursor.fetchall():
        waiting = apps.get_model("collectors", name)
        cursor.execute(
            f"UPDATE {waiting._meta.db_table} f SET {field}_id = found.id, changed_run_id = %(run)s "
            f"FROM (SELECT d.fact, r.id {answered} AND d.entity = %(waiting)s AND d.field = %(field)s) found "
            "WHERE f.id = found.fact RETURNING f.id",
            values | {"waiting": name, "field": field},
        )
        filled = [key for (key,) in cursor.fetchall()]
        marks.leave(cursor, waiting, filled, values)
        late.keep_filled(cursor, waiting, filled, field, values)
    cursor.execute(
        f"DELETE FROM dangling d USING {ready} r WHERE r.external_id = d.external_id "
        "AND d.connection_id = %(connection)s AND d.target = %(entity)s",
        values,
    )
