"""What waits to be decided on, and how much hangs on it: devices, tickets and agreement money."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from collectors.facts.shapes import FOREVER
from organizations.as_of import DEEPEST

# Whose an account is in the end is its last link's word; a site that says nothing of its own asks its parents.
# Devices are found by the array, since the planner takes those of all accounts where it sees a join alone.
HOLDINGS = """
WITH RECURSIVE decided AS MATERIALIZED (
    SELECT l.account_id FROM account_link l
    WHERE l.superseded_at IS NULL AND l.verdict <> 'open' AND NOT EXISTS (
        SELECT FROM account_link n
        WHERE n.account_id = l.account_id AND n.superseded_at IS NULL AND n.starts_on > l.starts_on)
),
asked AS MATERIALIZED (
    SELECT a.id, a.kind, a.name FROM account a JOIN connection c ON c.id = a.connection_id
    WHERE (%(system)s = '' OR c.vendor = %(system)s) AND {asked}
),
above(id, at, depth) AS (
    SELECT id, id, 0 FROM asked WHERE kind = 'site'
    UNION ALL
    SELECT u.id, a.parent_id, u.depth + 1 FROM above u JOIN account a ON a.id = u.at
    WHERE a.kind = 'site' AND a.parent_id IS NOT NULL AND u.depth < {deepest}
),
held(id, top, depth) AS (
    SELECT id, id, 0 FROM asked WHERE {waits}
    UNION ALL
    SELECT a.id, h.top, h.depth + 1 FROM account a JOIN held h ON a.parent_id = h.id
    WHERE a.kind = 'site' AND h.depth < {deepest} AND a.id NOT IN (SELECT account_id FROM decided)
),
device AS (
    SELECT h.top, count(*) AS many FROM held h
    JOIN asset_state s ON s.account_id = h.id AND s.account_id = ANY(ARRAY(SELECT id FROM held))
         AND s.until_on = %(forever)s
    JOIN asset x ON x.id = s.thing_id AND x.retired_on IS NULL GROUP BY 1
),
opened AS (
    SELECT h.top, count(*) AS many FROM held h
    JOIN ticket t ON t.account_id = h.id AND t.opened_on >= %(since)s AND t.opened_on <= %(today)s GROUP BY 1
),
money AS (
    SELECT h.top, sum(g.monthly_amount) AS much FROM held h
    JOIN agreement_line g ON g.account_id = h.id AND g.from_on <= %(today)s AND %(today)s < g.until_on GROUP BY 1
)
SELECT a.id, coalesce(d.many, 0), coalesce(o.many, 0), coalesce(m.much, 0), {standing}
FROM held h JOIN asked a ON a.id = h.top
LEFT JOIN device d ON d.top = a.id LEFT JOIN opened o ON o.top = a.id LEFT JOIN money m ON m.top = a.id
LEFT JOIN proposal p ON p.account_id = a.id
WHERE h.depth = 0
ORDER BY 4 DESC, 2 DESC, 3 DESC, a.name, a.id
"""
# Sites and accounts that are gone are not asked about, but they can be found.
CLIENTS = "a.kind = 'client' AND a.retired_on IS NULL AND a.id NOT IN (SELECT account_id FROM decided)"
FOUND = """(a.name ILIKE %(like)s OR a.evidence ->> 'domains' ILIKE %(like)s
            OR lower(%(search)s) IN (lower(a.external_id), lower(a.evidence ->> 'tenant_id')))"""
WAITS = """NOT EXISTS (SELECT FROM above u JOIN decided d ON d.account_id = u.at WHERE u.id = asked.id)
           AND id NOT IN (SELECT account_id FROM decided)"""
IGNORED = """EXISTS (SELECT FROM account_link l
                     WHERE l.account_id = a.id AND l.superseded_at IS NULL AND l.verdict = 'ignored')"""
STANDING = """CASE WHEN p.organization_id IS NULL THEN 'nothing' WHEN jsonb_array_length(p.against) > 0 THEN 'conflict'
                   ELSE (ARRAY['nothing', 'weak', 'strong', 'certain'])[p.strength + 1] END"""


@dataclass(frozen=True)
class Holding:
    """An account and what it holds today, its sites included. `monthly` is agreement money a month."""

    account: int
    devices: int
    tickets: int  # opened in this quarter
    monthly: Decimal
    standing: str = "nothing"  # of the proposal stored last: certain, strong, weak, conflict or nothing


def waiting(today: date, system: str = "", search: str = "") -> list[Holding]:
    """The accounts nobody has decided on, most at stake first."""
    return _held(today, system, search, asked=FOUND if search else CLIENTS, waits=WAITS, standing=STANDING)


def ignored(today: date, system: str = "", search: str = "") -> list[Holding]:
    """The accounts that count nowhere, most at stake first."""
    asked = f"{IGNORED} AND {FOUND}" if search else IGNORED
    return _held(today, system, search, asked=asked, waits="true", standing="'nothing'")


def total(holdings: Collection[Holding]) -> Holding:
    """All of them as one; its `account` is how many there are."""
    return Holding(
        len(holdings),
        sum(one.devices for one in holdings),
        sum(one.tickets for one in holdings),
        sum((one.monthly for one in holdings), Decimal()),
    )


def quarter_of(today: date) -> date:
    """The first day of the quarter that holds this day."""
    return date(today.year, today.month - (today.month - 1) % 3, 1)


def _held(today: date, system: str, search: str, **parts: str) -> list[Holding]:
    like = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    values: Mapping[str, Any] = {
        "today": today, "since": quarter_of(today), "forever": FOREVER,
        "system": system, "search": search, "like": f"%{like}%",
    }
    with connection.cursor() as cursor:
        cursor.execute(HOLDINGS.format(deepest=DEEPEST, **parts), values)
        return [Holding(*row) for row in cursor.fetchall()]
