"""What a list of the latest alone no longer names is over. It happened, so it is not retired: it gets its end."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from collectors.facts.shapes import Record as Entity
from collectors.load import marks
from collectors.load.merge import Place, hold


def end(entity: type[Entity], field: str, endpoints: list[str], place: Place, moment: datetime) -> int:
    """Write the moment of the running read into `field` of what stands open and was not named; how many.

    Call inside a transaction. One that is named again later stands open again, by its list. No closed month moves:
    in all of them it was open, and still was.
    """
    table, values = entity._meta.db_table, place.values | {"endpoints": endpoints, "moment": moment}
    written = f"{field} = %(moment)s, changed_run_id = %(run)s"
    written += "".join(f", {day} = %(day)s" for day, source in entity.counted.days.items() if source == field)
    with connection.cursor() as cursor:
        hold(place.source)
        cursor.execute(
            f"UPDATE {table} t SET {written} WHERE t.connection_id = %(connection)s AND t.retired_on IS NULL "
            f"AND t.{field} IS NULL AND NOT EXISTS (SELECT FROM seen s WHERE s.connection_id = %(connection)s "
            "AND s.endpoint = ANY(%(endpoints)s) AND s.external_id = t.external_id) RETURNING t.id",
            values,
        )
        ended = [key for (key,) in cursor.fetchall()]
        marks.leave(cursor, entity, ended, values)  # afterwards, so that the month of its end is among them
    return len(ended)
