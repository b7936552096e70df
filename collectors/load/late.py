"""What comes late: rows that loading adds, changes or retires where a month they count in is closed.

Each becomes a `FactChange` with what it was and what it is, in the transaction that changes it, and a mark of its own
for the roll-up. Where nothing is closed this costs one look at the calendar a batch, and where nothing changed not
even that. Who closes a period holds every connection meanwhile, so no batch stands on both sides of a close.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.apps import apps
from django.db import models

from collectors.facts.changed import FactChange
from collectors.facts.shapes import Record as Entity
from collectors.facts.touched import LATE
from collectors.load import marks
from collectors.load.tables import Tables

# Kept by loading, or words no metric counts.
LEFT_OUT = frozenset({"id", "connection", "external_id", "changed_run", "link", "title", "requester"})

KEEP = """
WITH told AS (
    INSERT INTO fact_change (entity, fact, external_id, kind, before, after, accounts, months, connection_id, run_id,
                             changed_at)
    SELECT %(entity)s, x.id, x.external_id, '{kind}', x.before, x.after,
           ARRAY(SELECT DISTINCT coalesce(a, 0) FROM unnest(x.accounts) a), x.months, %(connection)s, %(run)s,
           clock_timestamp()
    FROM ({rows}) x
    WHERE x.months IS NOT NULL AND x.before IS DISTINCT FROM x.after
    RETURNING months
)
INSERT INTO touched (entity, account, month)
SELECT DISTINCT %(late)s, 0, m FROM told CROSS JOIN unnest(told.months) m ON CONFLICT DO NOTHING"""


def closed_through(cursor: Any) -> date | None:
    """The last day that is closed, as it stands now that the connection is held."""
    cursor.execute("SELECT closed_through FROM calendar")
    row = cursor.fetchone()
    return row[0] if row else None


def keep_changed(cursor: Any, tables: Tables, ready: str, values: dict[str, Any], given: list[str]) -> None:
    """The changed rows of a merged batch; call while the tables still say what was. `given`: the columns it fills."""
    entity = tables.entity
    columns = {name: f"r.{name}" if name in given else f"t.{name}" for name in _columns(entity)}
    days = [f"r.{when}_{day}" for day in entity.counted.days for when in ("was", "now")]
    _keep(cursor, entity, FactChange.Kind.CHANGED, values, f"""
        SELECT r.id, r.external_id, {_told(entity, {name: f"t.{name}" for name in columns})} AS before,
               {_told(entity, columns | {"retired_on": "NULL::date"})} AS after,
               ARRAY[r.was_account, r.now_account] AS accounts, {_months(entity, days, "r.id", "r.leaned_on")} AS months
        FROM {ready} r JOIN {entity._meta.db_table} t ON t.id = r.id WHERE r.thing_changed""")


def keep_added(cursor: Any, tables: Tables, ready: str, values: dict[str, Any]) -> None:
    """The new rows of a merged batch, once they are there."""
    entity = tables.entity
    days = [f"r.now_{day}" for day in entity.counted.days]
    if days:
        _keep(cursor, entity, FactChange.Kind.ADDED, values, f"""
            SELECT t.id, t.external_id, '{{}}'::jsonb AS before, {_row(entity)} AS after,
                   ARRAY[r.now_account] AS accounts, {_months(entity, days)} AS months
            FROM {ready} r JOIN {entity._meta.db_table} t
                ON t.connection_id = %(connection)s AND t.external_id = r.external_id
            WHERE r.is_new""")


def keep_states(cursor: Any, tables: Tables, ready: str, values: dict[str, Any], given: list[str]) -> None:
    """States that begin on a closed day; call while the states still say what was."""
    state = tables.state
    if state is None or values["day"] > values["closed"]:
        return
    was, now = (_told(state, {name: f"{row}.{name}" for name in given}) for row in "cr")
    _keep(cursor, tables.entity, FactChange.Kind.CHANGED, values, f"""
        SELECT r.id, r.external_id, CASE WHEN c.id IS NULL THEN '{{}}'::jsonb ELSE {was} END AS before, {now} AS after,
               ARRAY[r.was_account, r.now_account] AS accounts, ARRAY[%(month)s::date] AS months
        FROM {ready} r LEFT JOIN {state._meta.db_table} c ON c.thing_id = r.id AND c.until_on = %(forever)s
        WHERE r.state_changed""")


def keep_retired(cursor: Any, entity: type[Entity], keys: list[int], values: dict[str, Any]) -> None:
    """Rows about to be retired; call while the tables still say what was."""
    if (closed := closed_through(cursor)) is None:
        return
    days = [f"t.{day}" for day in entity.counted.days]
    if entity.state_model and values["day"] <= closed:
        days.append("%(day)s::date")
    account, join = marks.account_and_join(entity)
    _keep(cursor, entity, FactChange.Kind.RETIRED, values | {"closed": closed, "keys": keys}, f"""
        SELECT t.id, t.external_id, {_row(entity)} AS before,
               {_row(entity)} || jsonb_build_object('retired_on', %(day)s::date) AS after,
               ARRAY[{account}] AS accounts, {_months(entity, days, "t.id")} AS months
        FROM {entity._meta.db_table} t {join} WHERE t.id = ANY(%(keys)s)""")


def keep_filled(cursor: Any, entity: type[Entity], keys: list[int], field: str, values: dict[str, Any]) -> None:
    """Rows that have just got the record they referred to."""
    if not keys or (closed := closed_through(cursor)) is None:
        return
    account, join = marks.account_and_join(entity)
    days = [f"t.{day}" for day in entity.counted.days]
    empty = f"""'{{"{field}_id": null}}'::jsonb"""
    _keep(cursor, entity, FactChange.Kind.CHANGED, values | {"closed": closed, "keys": keys}, f"""
        SELECT t.id, t.external_id, {_row(entity)} || {empty} AS before, {_row(entity)} AS after,
               ARRAY[{account}] AS accounts, {_months(entity, days, "t.id")} AS months
        FROM {entity._meta.db_table} t {join} WHERE t.id = ANY(%(keys)s)""")


def _keep(cursor: Any, entity: type[Entity], kind: FactChange.Kind, values: dict[str, Any], rows: str) -> None:
    names = {"entity": entity.__name__, "late": entity.__name__ + LATE}
    cursor.execute(KEEP.format(kind=kind.value, rows=rows), values | names)


def _columns(entity: type[models.Model]) -> list[str]:
    return [str(column.column) for column in entity._meta.concrete_fields if column.name not in LEFT_OUT]


def _row(entity: type[Entity]) -> str:
    return _told(entity, {name: f"t.{name}" for name in _columns(entity)})


def _told(entity: type[models.Model], columns: dict[str, str]) -> str:
    """A row as JSON; decimals as text, so that none loses a digit on its way."""
    decimals = {field.column for field in entity._meta.concrete_fields if isinstance(field, models.DecimalField)}
    pairs = (f"'{name}', {sql}{'::text' if name in decimals else ''}" for name, sql in columns.items())
    return f"jsonb_build_object({', '.join(pairs)})"


def _months(entity: type[Entity], days: list[str], key: str = "", leaned_on: str = "true") -> str:
    """The closed months among these days and, where rows lean on this one, among theirs; NULL for none."""
    sources = [f"SELECT unnest(ARRAY[{', '.join(days)}]::date[]) AS day"] if days else []
    for name, field in entity.counted.leaners if key else ():
        leaner = apps.get_model("collectors", name)
        sources += [
            f"SELECT l.{day} AS day FROM {leaner._meta.db_table} l WHERE {leaned_on} AND l.{field}_id = {key}"
            for day in leaner.counted.days
        ]
    if not sources:
        return "NULL::date[]"
    return (
        "(SELECT array_agg(DISTINCT date_trunc('month', d.day::timestamp)::date) "
        f"FROM ({' UNION ALL '.join(sources)}) d WHERE d.day <= %(closed)s)"
    )
