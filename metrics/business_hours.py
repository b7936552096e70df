"""Business hours between two moments: the open days one after another, each with the open time there was before it.

`open_day` holds the days the desk is open, by the business hours and holidays in force on each of them, in the business
time zone. The open time up to a moment is then one look at one row, and between two moments one subtraction: nothing
walks over hours. A day the clock is changed on is as long as it was.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.db import connection

from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.facts.touched import Calendar
from metrics.models import Rule
from metrics.settings import all_in_force

RULES = ("business_hours", "holidays")
AHEAD = timedelta(days=400)  # days laid beyond today and the last closing day there is

# Least and greatest leave out what is not there.
BOUNDS = """
SELECT least(min(opened_on), current_date), greatest(max(closed_on), max(opened_on), current_date) FROM ticket"""
LAY = """
CREATE TEMPORARY TABLE open_now ON COMMIT DROP AS
WITH spell AS (
    SELECT * FROM unnest(%(starts)s::date[], %(ends)s::date[], %(opens)s::time[], %(closes)s::time[])
        WITH ORDINALITY AS s(from_on, until_on, opens, closes, number)
), shut AS (
    SELECT * FROM unnest(%(shut_in)s::bigint[], %(shut_on)s::date[]) AS x(number, day)
), week AS (
    SELECT * FROM unnest(%(week_in)s::bigint[], %(week_day)s::int[]) AS x(number, weekday)
), opened AS (
    SELECT d.day::date AS day, (d.day::date + s.opens) AT TIME ZONE %(zone)s AS opens_at,
           (d.day::date + s.closes) AT TIME ZONE %(zone)s AS closes_at
    FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') d(day)
    JOIN spell s ON d.day::date >= s.from_on AND d.day::date < s.until_on
    JOIN week w ON w.number = s.number AND w.weekday = extract(isodow FROM d.day)
    WHERE NOT EXISTS (SELECT FROM shut x WHERE x.number = s.number AND x.day = d.day::date)
), timed AS (
    SELECT day, opens_at, greatest(extract(epoch FROM closes_at - opens_at), 0)::integer AS seconds FROM opened
)
SELECT day, opens_at, seconds, (sum(seconds) OVER (ORDER BY day) - seconds)::bigint AS before FROM timed"""
DROP_OLD = "DELETE FROM open_day o WHERE NOT EXISTS (SELECT FROM open_now n WHERE n.day = o.day)"
KEEP = """
INSERT INTO open_day (day, opens_at, seconds, before) SELECT day, opens_at, seconds, before FROM open_now
ON CONFLICT (day) DO UPDATE SET opens_at = excluded.opens_at, seconds = excluded.seconds, before = excluded.before
WHERE (open_day.opens_at, open_day.seconds, open_day.before)
    IS DISTINCT FROM (excluded.opens_at, excluded.seconds, excluded.before)"""

UP_TO = """coalesce((
    SELECT d.before + least(extract(epoch FROM {moment} - d.opens_at), d.seconds) FROM open_day d
    WHERE d.opens_at <= {moment} ORDER BY d.opens_at DESC LIMIT 1), 0)"""


def between(start: str, end: str) -> str:
    """SQL for the business hours from one moment to another, to four places; what ends before it begins took none.

    NULL where one of the moments is.
    """
    until, since = UP_TO.format(moment=end), UP_TO.format(moment=start)
    hours = f"round(greatest({until} - {since}, 0) / 3600, 4)"
    return f"CASE WHEN {start} IS NOT NULL AND {end} IS NOT NULL THEN {hours} END"


def lay() -> None:
    """Make the open days what the settings say now. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.open_now")
        cursor.execute(BOUNDS)
        [(first, last)] = cursor.fetchall()
        cursor.execute(LAY, {
            "first": first.replace(month=1, day=1), "last": last + AHEAD, "zone": Calendar.current().time_zone,
            **_spells(),
        })
        cursor.execute(DROP_OLD)
        cursor.execute(KEEP)


def _spells() -> dict[str, list[Any]]:
    """The stretches of days under the same two rules, each with its hours, its days of the week and its holidays."""
    begins = sorted({EARLIEST, *Rule.objects.filter(key__in=RULES).values_list("from_on", flat=True)})
    in_force = all_in_force(begins)
    found: dict[str, list[Any]] = {
        name: [] for name in ("starts", "ends", "opens", "closes", "shut_in", "shut_on", "week_in", "week_day")
    }
    for number, (start, end) in enumerate(pairwise([*begins, FOREVER]), 1):
        hours, holidays = (in_force[start][rule] for rule in RULES)
        for name, value in (("starts", start), ("ends", end), ("opens", hours["from"]), ("closes", hours["to"])):
            found[name].append(value)
        found["shut_in"] += [number] * len(holidays)
        found["shut_on"] += holidays
        found["week_in"] += [number] * len(hours["days"])
        found["week_day"] += hours["days"]
    return found
