"""Rolling up three years of facts against SQL written by hand, and one touched client-month against the whole."""

from __future__ import annotations

import statistics
import time
from datetime import date

from django.db import connection

from metrics import rollup
from tests.bench import by_hand
from tests.bench.measure import in_turn, say
from tests.bench.world import Size, write

TABLES = ("metrics_monthly", "metrics_quarterly", "metrics_yearly")
TOUCHES = 9
LEAST_MOVED = 6  # the client's and the company's tickets within SLA, in a month, a quarter and a year

# As loading leaves it: the row changed, and a mark for each month it is counted in; here it is one month.
TOUCH = """
WITH changed AS (
    UPDATE ticket f SET sla_met = NOT sla_met
    WHERE id = (
        SELECT t.id FROM ticket t JOIN queue_kind k ON k.queue_id = t.queue_id AND k.kind = 'reactive'
        WHERE date_trunc('month', t.opened_on) = date_trunc('month', t.closed_on)
          AND t.opened_on >= (SELECT min(opened_on) + (max(opened_on) - min(opened_on)) * %s / %s FROM ticket)
        ORDER BY t.opened_on, t.id LIMIT 1)
    RETURNING account_id, opened_on
)
INSERT INTO touched (entity, account, month)
SELECT 'Ticket', account_id, date_trunc('month', opened_on)::date FROM changed"""

UNEQUAL = """
SELECT count(*), count(*) FILTER (WHERE o.scope_id IS NULL OR t.scope_id IS NULL),
       count(*) FILTER (WHERE o.value IS DISTINCT FROM t.value), count(o.value),
       min(d.metric || ', version ' || d.version || ', ' || p.grain || ' ' || p.starts_on) FILTER (
           WHERE o.value IS DISTINCT FROM t.value OR o.scope_id IS NULL OR t.scope_id IS NULL)
FROM ours_{table} o
FULL JOIN {table} t ON t.scope_id = o.scope_id AND t.definition_id = o.definition_id AND t.period_id = o.period_id
JOIN definition d ON d.id = coalesce(o.definition_id, t.definition_id)
JOIN period p ON p.id = coalesce(o.period_id, t.period_id)"""


class NotTheSame(RuntimeError):
    """What was written by hand is not what the roll-up wrote, so that their times cannot be compared."""


def prepare(size: Size) -> str:
    """Write the world; what it holds, in words."""
    rows = write(size)
    held = ", ".join(f"{count:,} {table.replace('_', ' ')} rows" for table, count in rows.items())
    return f"{size.clients:,} clients, {size.months} months, {held}"


def full(size: Size, of: str, rounds: int = 3) -> list[float]:
    """The whole roll-up; the seconds it took in each round."""
    rollup.run("bench", everything=True)
    compared = compare(size.first_day)
    ratio = in_turn(everything, lambda: by_hand.roll_up(size.first_day), rounds, before=no_values)
    say("Rolling up everything into empty tables, against SQL by hand", ratio, "at most 2", f"{of}; {compared}")
    return ratio.ours


def first_time(of: str) -> None:
    """The whole roll-up once, with how many rows it wrote a second: what the parts after it stand on."""
    began = time.perf_counter()
    done = rollup.run("bench", everything=True)
    took = time.perf_counter() - began
    assert done is not None
    figure = f"{took:.0f} s; {done.rows_written:,} rows written, {done.rows_written / took:,.0f} a second"
    say("Rolling up everything for the first time", figure, "none, it makes ready for what follows", of)


def everything() -> None:
    rollup.run("bench", everything=True)


def no_values() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")


def compare(first: date) -> str:
    """Hold every value of the two ways beside each other. Raises NotTheSame where one differs."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TEMP TABLE ours_{table} AS SELECT * FROM {table}")
        no_values()
        by_hand.roll_up(first)
        rows = values = 0
        for table in TABLES:
            cursor.execute(UNEQUAL.format(table=table))
            every, alone, differing, valued, example = cursor.fetchone()
            if alone or differing:
                raise NotTheSame(f"{table}: {alone:,} rows stand alone, {differing:,} values differ, as in {example}.")
            rows, values = rows + every, values + valued
            cursor.execute(f"DROP TABLE ours_{table}")
    return f"{rows:,} rows written, {values:,} of them with a value, all compared and equal"


def touched(of: str, whole: list[float]) -> None:
    """One ticket of one client changes; what rests on its month is worked out again."""
    no_values()  # not over rows written by hand, of which nothing has told the planner
    everything()
    took = [_touch(number) for number in range(TOUCHES)]
    middle, against = statistics.median(took), statistics.median(whole)
    figure = (f"{middle / against:.2%} (from {min(took) / against:.2%} to {max(took) / against:.2%}); "
              f"{middle:.3f} s against {against:.2f} s")
    say("One touched client-month, with its company, quarter and year, against the whole", figure, "under 1 %", of)


def _touch(number: int) -> float:
    """Seconds after a ticket, early or late in the three years, was found to have met its SLA or not."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCH, [number + 1, TOUCHES + 1])
    began = time.perf_counter()
    done = rollup.run("bench")
    took = time.perf_counter() - began
    if done is None or done.rows_written < LEAST_MOVED:
        raise NotTheSame("A ticket changed and the roll-up did not see it.")
    return took
