"""Loading pages already fetched, against a loop written by hand for the same pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from collectors.connections import CollectorRun, Connection
from collectors.load.merge import Merge, Place
from collectors.transform import Batch, Plan
from collectors.vendors import VENDORS
from tests.bench.measure import in_turn, peak_megabytes, say, wal_bytes
from tests.bench.pages_of_tickets import tickets

ZONE = "America/Chicago"


def prepare(clients: int) -> tuple[Connection, CollectorRun]:
    source = Connection.objects.create(vendor="connectwise_psa", label="Bench", settings={"address": "http://127.0.0.1:1"})
    run = CollectorRun.objects.create(connection=source, as_of="2026-10-01T00:00:00Z")
    with connection.cursor() as cursor:
        for table, fields, values, count in (
            ("account", "name, kind, evidence, active", "'Client', 'client', '{}', true", clients),
            ("queue", "name, active", "'Queue', true", 5),
            ("technician", "name, active", "'Technician', true", 60),
        ):
            cursor.execute(
                f"INSERT INTO {table} (connection_id, external_id, link, {fields}) "
                f"SELECT %s, n::text, '', {values} FROM generate_series(1, %s) n", [source.pk, count],
            )
    return source, run


def ours(source: Connection, run: CollectorRun, fetched: list[bytes]) -> None:
    vendor = VENDORS["connectwise_psa"]
    endpoint = next(one for one in vendor.endpoints if one.name == "tickets")
    plan = Plan(endpoint, vendor, source.settings)
    merge, place = Merge(plan), Place(source, run, date(2026, 10, 1), ZONE)
    for first in range(0, len(fetched), 10):
        batch = Batch()
        for page in fetched[first : first + 10]:
            plan.read(json.loads(page, parse_float=Decimal), batch)
        with transaction.atomic():
            merge.load(batch, place)


BY_HAND = """
CREATE TEMP TABLE by_hand (external_id text, account text, queue text, technician text, title text, type text,
    subtype text, priority text, status text, closed bool, opened_at timestamptz, closed_at timestamptz,
    first_response_at timestamptz, resolved_at timestamptz, sla_met bool) ON COMMIT DROP
"""
MERGE_BY_HAND = """
CREATE TEMP TABLE looked_up ON COMMIT DROP AS
SELECT h.external_id, a.id AS account_id, q.id AS queue_id, t.id AS technician_id, h.title, h.type, h.subtype,
       h.priority, h.status, h.closed, h.opened_at, h.closed_at, h.first_response_at, h.resolved_at, h.sla_met,
       (h.opened_at AT TIME ZONE 'America/Chicago')::date AS opened_on,
       (h.closed_at AT TIME ZONE 'America/Chicago')::date AS closed_on
FROM by_hand h
LEFT JOIN account a ON a.connection_id = %(c)s AND a.external_id = h.account
LEFT JOIN queue q ON q.connection_id = %(c)s AND q.external_id = h.queue
LEFT JOIN technician t ON t.connection_id = %(c)s AND t.external_id = h.technician;
UPDATE ticket x SET title = l.title, account_id = l.account_id, queue_id = l.queue_id, status = l.status,
       closed = l.closed, closed_at = l.closed_at, closed_on = l.closed_on
FROM looked_up l WHERE x.connection_id = %(c)s AND x.external_id = l.external_id
 AND (x.title, x.account_id, x.queue_id, x.status, x.closed, x.closed_at)
     IS DISTINCT FROM (l.title, l.account_id, l.queue_id, l.status, l.closed, l.closed_at);
INSERT INTO ticket (connection_id, external_id, link, account_id, queue_id, technician_id, title, type, subtype,
       priority, status, requester, closed, opened_at, closed_at, first_response_at, resolved_at, sla_met, opened_on,
       closed_on)
SELECT %(c)s, l.external_id, '', l.account_id, l.queue_id, l.technician_id, l.title, l.type, l.subtype, l.priority,
       l.status, '', l.closed, l.opened_at, l.closed_at, l.first_response_at, l.resolved_at, l.sla_met, l.opened_on,
       l.closed_on
FROM looked_up l
WHERE NOT EXISTS (SELECT 1 FROM ticket x WHERE x.connection_id = %(c)s AND x.external_id = l.external_id);
INSERT INTO touched (entity, account, month)
SELECT DISTINCT 'Ticket', coalesce(account_id, 0), date_trunc('month', day)::date
FROM looked_up, unnest(ARRAY[opened_on, closed_on]) day ON CONFLICT DO NOTHING;
"""


def by_hand(source: Connection, fetched: list[bytes]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HAND)
        with cursor.copy("COPY by_hand FROM STDIN") as copy:
            for row in _rows_by_hand(fetched):
                copy.write_row(row)
        for statement in MERGE_BY_HAND.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"c": source.pk})


def _rows_by_hand(fetched: list[bytes]) -> Iterator[tuple[Any, ...]]:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    for page in fetched:
        for record in json.loads(page, parse_float=Decimal):
            yield (
                str(record["id"]), str(record["company"]["id"]), str(record["board"]["id"]),
                str(record["owner"]["id"]), record.get("summary", ""), record["type"]["name"],
                record["subType"]["name"], record["priority"]["name"], record["status"]["name"], record["closedFlag"],
                moment(record["_info"]["dateEntered"]), moment(record.get("closedDate")),
                moment(record.get("dateResponded")), moment(record.get("dateResolved")), record.get("isInSla"),
            )


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ticket, touched, dangling CASCADE")


def bench(rows: int, clients: int) -> None:
    fetched = tickets(rows, clients)
    source, run = prepare(clients)
    of = f"{rows:,} tickets in {len(fetched):,} pages, {clients:,} accounts"

    def first(load: Any) -> Any:
        def work() -> None:
            empty()
            load()
        return work

    ratio = in_turn(first(lambda: ours(source, run, fetched)), first(lambda: by_hand(source, fetched)))
    say("Loading pages already fetched, against a loop by hand", ratio, "at most 2", of)
    empty()
    ours(source, run, fetched)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE ticket")
        cursor.execute("DELETE FROM touched")
    written = min(wal_bytes(lambda: ours(source, run, fetched)) for _ in range(3))  # vacuuming by itself writes too
    figure = f"{written / rows:.3f} MB of WAL for a million rows ({written:,} bytes)"
    say("Loading the same rows again, unchanged", figure, "at most 1 MB", of)
    print(f"    peak memory of this process {peak_megabytes():.0f} MB\n")
