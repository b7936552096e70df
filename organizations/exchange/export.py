"""The mapping out: a row for each account and dated link, and for each account that nobody has decided on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from collectors.facts.shapes import EARLIEST
from organizations.exchange.cells import safe
from organizations.models import AccountLink

# Of these, reading takes only what `reading.Row` names; the rest is for people.
COLUMNS = (
    "system", "connection", "account_id", "account_name", "verdict", "organization", "organization_name", "from",
    "reason", "method", "decided_by", "decided_at",
)
BATCH = 2_000
LONGEST_NAME = 200  # characters: a name may be enormous, and nothing reads it back

# What a cursor reads is planned for its first rows; a CTE is planned for all of them, as we read them.
MAPPING = f"""
WITH mapping AS MATERIALIZED (
    SELECT c.vendor, c.label, a.external_id, left(a.name, {LONGEST_NAME}) AS name,
           CASE WHEN l.verdict <> 'open' THEN l.verdict WHEN a.kind = 'site' THEN 'parent' ELSE 'waiting' END,
           g.slug, g.name AS organization, l.starts_on, l.reason, l.method, u.username, l.decided_at
    FROM account a
    JOIN connection c ON c.id = a.connection_id
    LEFT JOIN account_link l ON l.account_id = a.id AND l.superseded_at IS NULL
    LEFT JOIN organization g ON g.id = l.organization_id
    LEFT JOIN auth_user u ON u.id = l.decided_by_id
)
SELECT * FROM mapping ORDER BY vendor, label, name, external_id, starts_on
"""  # noqa: S608 - a number of our own
METHODS = dict(AccountLink.Method.choices)


def to_csv() -> Iterator[bytes]:
    """The file piece by piece, UTF-8 with a mark that lets Excel see so; one statement, read as it is sent."""
    yield "\ufeff".encode()
    yield _lines([COLUMNS])
    with connection.chunked_cursor() as cursor:
        cursor.execute(MAPPING)
        while rows := cursor.fetchmany(BATCH):
            yield _lines([_cells(row) for row in rows])


def file_name() -> str:
    return f"mapping-{timezone.now():%Y-%m-%d}.csv"


def _cells(row: tuple[Any, ...]) -> tuple[str, ...]:
    *known, starts_on, reason, method, by, at = row
    return (
        *(safe(text or "") for text in known), _day(starts_on), safe(reason or ""), METHODS.get(method, ""),
        safe(by or ""), _moment(at),
    )


def _day(day: date | None) -> str:
    """Blank: from the beginning."""
    return "" if day is None or day == EARLIEST else day.isoformat()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _lines(rows: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
