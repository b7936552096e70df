"""Marks for the roll-up: every (entity, account, month) a change could move, left with the change itself.

A row marks the months it was counted in and those it is counted in now, by each of its days; a state the month it
changed in; and a row that others lean on marks theirs.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from collectors.facts.shapes import Record as Entity
from collectors.load.tables import Tables

DEEPEST = 3  # a time entry leans on its ticket, that on its parent
LEAVE = "INSERT INTO touched (entity, account, month) {rows} ON CONFLICT DO NOTHING"  # a transaction's own marks alone


def has(entity: type[Entity], name: str) -> bool:
    return any(column.name == name for column in entity._meta.concrete_fields)


def in_states(entity: type[Entity]) -> bool:
    """Whether the account stands in the states and not in the thing."""
    return not has(entity, "account") and entity.state_model is not None


def has_account(entity: type[Entity]) -> bool:
    model = entity.state_model if in_states(entity) else entity
    assert model is not None
    return any(column.name == entity.counted.account for column in model._meta.concrete_fields)


def account_of_thing(entity: type[Entity], key: str) -> str:
    """SQL for the account that the thing `counted.through` points at stands under now."""
    thing = entity._meta.get_field(entity.counted.through).related_model
    assert isinstance(thing, type) and issubclass(thing, Entity) and thing.state_model is not None
    table = thing.state_model._meta.db_table
    return f"(SELECT o.account_id FROM {table} o WHERE o.thing_id = {key} AND o.until_on = %(forever)s)"


def leave_changed(cursor: Any, tables: Tables, ready: str, values: dict[str, Any]) -> None:
    """Marks for the rows of a merged batch, where they were and where they are."""
    entity, name = tables.entity, tables.entity.__name__
    rows: list[str] = []
    if entity.state_model:
        moved = "state_changed OR (thing_changed AND was_account IS DISTINCT FROM now_account)"
        rows = [_month(f"{when}_account", "%(month)s", ready, moved) for when in ("was", "now")]
    for day in entity.counted.days:
        for when, which in (("was", "thing_changed"), ("now", "is_new OR thing_changed")):
            rows.append(_month(f"{when}_account", f"{when}_{day}", ready, f"({which}) AND {when}_{day} IS NOT NULL"))
    if rows:
        cursor.execute(LEAVE.format(rows=f"SELECT DISTINCT '{name}', * FROM ({' UNION '.join(rows)}) m"), values)
    if entity.counted.leaners:
        cursor.execute(f"SELECT id FROM {ready} WHERE leaned_on")
        leave_leaners(cursor, entity, [key for (key,) in cursor.fetchall()], values)


def leave_family(cursor: Any, where: str, values: dict[str, Any]) -> None:
    """Marks for accounts t and the parents they have now, in every open month: whose they are may change."""
    cursor.execute(
        f"INSERT INTO touched (entity, account, month) SELECT DISTINCT 'Account', m.id, date '{EARLIEST.isoformat()}' "
        "FROM account t CROSS JOIN LATERAL unnest(ARRAY[t.id, t.parent_id]) m(id) "
        f"WHERE m.id IS NOT NULL AND {where} ON CONFLICT DO NOTHING",
        values,
    )


def leave(cursor: Any, entity: type[Entity], keys: list[int], values: dict[str, Any]) -> None:
    """Marks for these rows where they are now, and for those that lean on them."""
    if keys and entity is Account:
        leave_family(cursor, "t.id = ANY(%(keys)s)", values | {"keys": keys})
    elif keys:
        cursor.execute(LEAVE.format(rows=_standing(entity, "t.id = ANY(%(keys)s)")), values | {"keys": keys})
        leave_leaners(cursor, entity, keys, values)


def leave_all(cursor: Any, entity: type[Entity], values: dict[str, Any]) -> None:
    """Marks for every month that any row is counted in."""
    cursor.execute(LEAVE.format(rows=_standing(entity, "true")), values)


def leave_leaners(
    cursor: Any, entity: type[Entity], keys: list[int], values: dict[str, Any], depth: int = DEEPEST
) -> None:
    for name, key in entity.counted.leaners if keys and depth else ():
        leaner = apps.get_model("collectors", name)
        table = leaner._meta.db_table
        cursor.execute(f"SELECT id FROM {table} WHERE {key}_id = ANY(%s)", [keys])
        leaning = [found for (found,) in cursor.fetchall()]
        if leaning:
            cursor.execute(LEAVE.format(rows=_standing(leaner, "t.id = ANY(%(keys)s)")), values | {"keys": leaning})
            leave_leaners(cursor, leaner, leaning, values, depth - 1)


def _month(account: str, day: str, source: str, where: str) -> str:
    return (
        f"SELECT coalesce({account}, 0) AS account, date_trunc('month', {day}::timestamp)::date AS month "
        f"FROM {source} WHERE {where}"
    )


def account_and_join(entity: type[Entity]) -> tuple[str, str]:
    """The account of a row t as it stands, in SQL, and what must be joined to tell it."""
    if entity.counted.through:
        return account_of_thing(entity, f"t.{entity.counted.through}_id"), ""
    if not entity.counted.account or not has_account(entity):
        return "0", ""
    if not in_states(entity):
        return "t.account_id", ""
    assert entity.state_model is not None
    states = entity.state_model._meta.db_table
    return "c.account_id", f"JOIN {states} c ON c.thing_id = t.id AND c.until_on = %(forever)s"


def _standing(entity: type[Entity], where: str) -> str:
    """The marks of rows as they stand, in SQL over their table as t."""
    account, join = account_and_join(entity)
    source = f"{entity._meta.db_table} t {join}"
    rows = [_month(account, f"t.{day}", source, f"{where} AND t.{day} IS NOT NULL") for day in entity.counted.days]
    if entity.state_model:
        rows.append(_month(account, "%(month)s", source, where))
    if not rows:
        rows = ["SELECT 0 AS account, NULL::date AS month WHERE false"]
    return f"SELECT DISTINCT '{entity.__name__}', m.account, m.month FROM ({' UNION '.join(rows)}) m"
