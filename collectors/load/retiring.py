"""What a complete listing no longer names: retired with a date, never deleted, and never most of a list at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from collectors.errors import CollectError
from collectors.facts.shapes import Record as Entity
from collectors.load import late, marks
from collectors.load.merge import Place, hold

FEW = 2  # may go from any list, but never all of it
MOST = 5  # of a list, one in this many


class TooManyGone(CollectError):
    """A listing lost so much at once that a person has to say whether that is true."""


@dataclass(frozen=True)
class Span:
    """The local days a listing of what happened speaks for: from one day, and until another where it has an end.

    `by` is the one of an entity's days by which rows are meant; "": a row is meant if any of its days is within.
    """

    from_on: date
    until_on: date | None = None
    by: str = ""


def retire(
    entity: type[Entity], endpoints: list[str], place: Place, *, span: Span | None = None,
    among: Mapping[str, str] | None = None, confirmed: bool = False,
) -> int:
    """Retire what these endpoints have not named in the running read; how many. Raises TooManyGone.

    Call inside a transaction. Rows of what happened are judged only within the span that was asked for, and only
    those `among` which the list was asked, by column and value whatever the case.
    """
    values = place.values | {"endpoints": endpoints}
    where = "t.connection_id = %(connection)s AND t.retired_on IS NULL"
    if span is not None and entity.counted.days:
        days = [span.by] if span.by else entity.counted.days
        where += " AND (" + " OR ".join(_within(day, span, values) for day in days) + ")"
    for column, value in (among or {}).items():
        where += f" AND lower(t.{column}) = %(among_{column})s"
        values |= {f"among_{column}": value.lower()}
    named = (
        "EXISTS (SELECT FROM seen s WHERE s.connection_id = %(connection)s AND s.endpoint = ANY(%(endpoints)s) "
        "AND s.external_id = t.external_id)"
    )
    table = entity._meta.db_table
    with connection.cursor() as cursor:
        hold(place.source)
        cursor.execute(f"SELECT t.id, {named} FROM {table} t WHERE {where}", values)
        known = cursor.fetchall()
        gone = [key for key, named_again in known if not named_again]
        if _too_many(len(gone), len(known)) and not confirmed:
            raise TooManyGone(
                f"{len(gone)} of {len(known)} {' and '.join(endpoints)} are no longer listed, so none was retired. "
                f"Check what the key may see. If they are really gone, confirm with: "
                f"manage.py collect {place.source.pk} --confirm-retire"
            )
        if gone:
            _retire(cursor, entity, gone, values)
    return len(gone)


def _retire(cursor: Any, entity: type[Entity], keys: list[int], values: dict[str, Any]) -> None:
    marks.leave(cursor, entity, keys, values)  # first, while the states still say whose each is
    late.keep_retired(cursor, entity, keys, values)
    values = values | {"keys": keys}
    written = "retired_on = %(day)s, changed_run_id = %(run)s"
    if marks.has(entity, "gone_on"):
        written += ", gone_on = %(day)s"
    cursor.execute(f"UPDATE {entity._meta.db_table} SET {written} WHERE id = ANY(%(keys)s)", values)
    if entity.state_model:
        states = entity.state_model._meta.db_table
        current = "thing_id = ANY(%(keys)s) AND until_on = %(forever)s"
        cursor.execute(f"DELETE FROM {states} WHERE {current} AND from_on >= %(day)s", values)  # stood for no whole day
        cursor.execute(f"UPDATE {states} SET until_on = %(day)s WHERE {current}", values)


def _too_many(gone: int, known: int) -> bool:
    """An empty list, or one cut short, looks like many that are gone."""
    return gone > 0 and (gone == known or (gone > FEW and gone * MOST > known))


def _within(day: str, span: Span, values: dict[str, Any]) -> str:
    values |= {"from_on": span.from_on, "until_on": span.until_on}
    return f"(t.{day} >= %(from_on)s" + (f" AND t.{day} < %(until_on)s)" if span.until_on else ")")
