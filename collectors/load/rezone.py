"""Another business time zone: every local day follows from its moment again, and every month is marked."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from collectors.connections import Connection
from collectors.errors import Refused
from collectors.facts.shapes import FOREVER, Record
from collectors.facts.touched import Calendar
from collectors.load import marks
from collectors.load.merge import hold


@transaction.atomic
def rezone(zone: str) -> None:
    """Count by the days of another time zone. Raises ZoneInfoNotFoundError where there is no such zone.

    Raises Refused where a period is closed: other days would move rows into it and out of it, with nothing to tell why.
    """
    ZoneInfo(zone)
    Calendar.current()
    calendar = Calendar.objects.select_for_update().get(pk=1)
    if calendar.time_zone == zone:
        return
    if calendar.closed_through:
        raise Refused(
            f"Periods are closed through {calendar.closed_through:%-d %b %Y}, by the days of {calendar.time_zone}. "
            "Reopen them first, change the time zone, and close them again."
        )
    calendar.time_zone = zone
    calendar.save(update_fields=["time_zone"])
    for source in Connection.objects.order_by("pk"):
        hold(source)
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    values = {"zone": zone, "forever": FOREVER, "month": today.replace(day=1)}
    entities = [model for model in apps.get_app_config("collectors").get_models() if issubclass(model, Record)]
    with connection.cursor() as cursor:
        for entity in entities:
            marks.leave_all(cursor, entity, values)
            if _derive(cursor, entity, values):
                marks.leave_all(cursor, entity, values)
        _derive_listings(cursor, values)


def _derive(cursor: Any, entity: type[Record], values: dict[str, Any]) -> int:
    days = {day: f"({at} AT TIME ZONE %(zone)s)::date" for day, at in entity.counted.days.items() if at}
    if not days:
        return 0
    written = ", ".join(f"{day} = {local}" for day, local in days.items())
    differs = f"ROW({', '.join(days)}) IS DISTINCT FROM ROW({', '.join(days.values())})"
    cursor.execute(f"UPDATE {entity._meta.db_table} SET {written} WHERE {differs}", values)
    return int(cursor.rowcount)


def _derive_listings(cursor: Any, values: dict[str, Any]) -> None:
    """Where two listings fall on one day now, the later is that day's."""
    cursor.execute(
        "WITH gone AS (DELETE FROM listing RETURNING *) SELECT DISTINCT ON (connection_id, entity, day) * FROM ("
        "SELECT connection_id, entity, (at AT TIME ZONE %(zone)s)::date AS day, at, run_id FROM gone) l "
        "ORDER BY connection_id, entity, day, at DESC",
        values,
    )
    kept = cursor.fetchall()
    cursor.executemany("INSERT INTO listing (connection_id, entity, day, at, run_id) VALUES (%s, %s, %s, %s, %s)", kept)
