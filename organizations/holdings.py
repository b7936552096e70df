"""What waits to be decided on, and how much hangs on it: devices, tickets and agreement money."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from collectors.facts.shapes import FOREVER
from organizations.as_of import DEEPEST, last_owners_sql

TICKET_DAYS = 90

# Sites that wait go with the account they belong to.
HOLDINGS = """
WITH RECURSIVE owner AS MATERIALIZED ({owners}),
waiting(id, top, depth) AS (
    SELECT a.id, a.id, 0 FROM account a
    WHERE {asked}
    UNION ALL
    SELECT a.id, w.top, w.depth + 1 FROM account a JOIN waiting w ON a.parent_id = w.id
    WHERE a.kind = 'site' AND w.depth < {deepest}
      AND NOT EXISTS (SELECT FROM account_link l WHERE l.account_id = a.id AND l.superseded_at IS NULL
                      AND l.verdict <> 'open')
),
device AS (
    SELECT w.top, count(*) AS held FROM waiting w
    JOIN asset_state s ON s.account_id = w.id AND s.until_on = %(forever)s
    JOIN asset x ON x.id = s.thing_id AND x.retired_on IS NULL GROUP BY 1
),
ticket_ AS (
    SELECT w.top, count(*) AS held FROM waiting w
    JOIN ticket t ON t.account_id = w.id AND t.opened_on > %(since)s AND t.opened_on <= %(today)s GROUP BY 1
),
money AS (
    SELECT w.top, sum(g.monthly_amount) AS held FROM waiting w
    JOIN agreement_line g ON g.account_id = w.id AND g.from_on <= %(today)s AND %(today)s < g.until_on GROUP BY 1
)
SELECT a.id, coalesce(d.held, 0), coalesce(t.held, 0), coalesce(m.held, 0)
FROM waiting w JOIN account a ON a.id = w.top JOIN connection c ON c.id = a.connection_id
LEFT JOIN device d ON d.top = a.id LEFT JOIN ticket_ t ON t.top = a.id LEFT JOIN money m ON m.top = a.id
WHERE w.depth = 0 AND (%(vendor)s = '' OR c.vendor = %(vendor)s)
  AND (%(search)s = '' OR a.name ILIKE '%%' || %(search)s || '%%' OR a.external_id = %(search)s)
ORDER BY 4 DESC, 2 DESC, 3 DESC, a.name, a.id
"""
# Sites and accounts that are gone are not asked about, but they can be found.
WAITING = """a.id NOT IN (SELECT account_id FROM owner)
      AND (a.kind = 'client' AND a.retired_on IS NULL OR %(search)s <> '')"""
IGNORED = """EXISTS (SELECT FROM account_link l
                     WHERE l.account_id = a.id AND l.superseded_at IS NULL AND l.verdict = 'ignored')"""


@dataclass(frozen=True)
class Holding:
    """An account and what it holds today, its sites included. `monthly` is agreement money a month."""

    account: int
    devices: int
    tickets: int  # opened in the last 90 days
    monthly: Decimal


def waiting(today: date, vendor: str = "", search: str = "") -> list[Holding]:
    """The accounts nobody has decided on, most at stake first."""
    return _held(WAITING, today, vendor, search)


def ignored(today: date, vendor: str = "", search: str = "") -> list[Holding]:
    """The accounts that count nowhere, most at stake first."""
    return _held(IGNORED, today, vendor, search)


def total(holdings: Collection[Holding]) -> Holding:
    """All of them as one; its `account` is how many there are."""
    return Holding(
        len(holdings),
        sum(one.devices for one in holdings),
        sum(one.tickets for one in holdings),
        sum((one.monthly for one in holdings), Decimal()),
    )


def _held(asked: str, today: date, vendor: str, search: str) -> list[Holding]:
    with connection.cursor() as cursor:
        cursor.execute(
            HOLDINGS.format(owners=last_owners_sql(), asked=asked, deepest=DEEPEST),
            {
                "today": today, "since": today - timedelta(days=TICKET_DAYS), "forever": FOREVER,
                "vendor": vendor, "search": search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_"),
            },
        )
        return [Holding(*row) for row in cursor.fetchall()]
