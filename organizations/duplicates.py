"""Two accounts of one system that look like one client: what they share, and what people say of it.

Accounts are compared only where they carry one key, so this grows with the keys and not with the pairs. A key that
many accounts of a system carry tells none of them apart. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from collectors.facts.shapes import FOREVER
from organizations import serials
from organizations.as_of import DEEPEST, last_owners_sql

MOST = 4  # accounts of one system that may carry a key before it tells nothing

# How much each kind of key says for two accounts being one client, strongest first, and in which words.
WEIGHTS: Mapping[str, int] = {
    "id": 9, "tenant": 9, "serial": 7, "domain": 5, "phone": 4, "name": 3, "address": 1,
}  # fmt: skip
WORDS = {
    "id": "Same id of another system: {}", "tenant": "Same tenant: {}", "serial": "Devices with the same serial: {}",
    "domain": "Same domain: {}", "phone": "Same telephone: {}", "name": "Same name: “{}”",
    "address": "Same address: {}",
}  # fmt: skip
OTHER = {"domain": "Each has a domain of its own", "tenant": "Each has a tenant of its own"}
AGAINST = 4  # the weight of each of these
SHOWN_KEYS = 3

# (connection_id, kind, key, account_id) of what may tell: signals of clients, and serials of the devices under them.
# A serial without a digit, or of one repeated, is what a maker writes who forgot to.
CARRIED = """
SELECT a.connection_id, s.kind, s.key, a.id AS account_id FROM signal s JOIN account a ON a.id = s.account_id
WHERE s.kind = ANY (%(kinds)s) AND a.kind = 'client' AND a.retired_on IS NULL
UNION
SELECT a.connection_id, 'serial', upper(x.serial), p.top
FROM asset_state s JOIN asset x ON x.id = s.thing_id JOIN place p ON p.id = s.account_id JOIN account a ON a.id = p.top
WHERE s.until_on = %(forever)s AND x.retired_on IS NULL AND a.retired_on IS NULL
  AND length(x.serial) >= %(shortest)s AND upper(x.serial) <> ALL (%(junk)s)
  AND x.serial ~ '[0-9]' AND x.serial !~ '^(.)\\1*$'
"""
# Each site with the client it is under.
PLACE = """
SELECT id, id AS top, 0 AS depth FROM account WHERE kind = 'client'
UNION ALL
SELECT a.id, p.top, p.depth + 1 FROM account a JOIN place p ON a.parent_id = p.id
WHERE a.kind = 'site' AND p.depth < {deepest}
"""
# A tenant's own id is another in every record of it, so only a tenant that a record names speaks against another.
# Nobody asks about two accounts of one client, of two that are known to be one family, of accounts that are nobody's,
# nor about two that a person has told apart.
PAIRS = """
WITH RECURSIVE place(id, top, depth) AS ({place}),
owner AS MATERIALIZED ({owners}),
carried AS MATERIALIZED (
    SELECT * FROM (
        SELECT c.*, count(*) OVER (PARTITION BY connection_id, kind, key) AS carriers FROM ({carried}) c
    ) every WHERE carriers BETWEEN 2 AND %(most)s
),
shared AS (
    SELECT o.account_id AS one, t.account_id AS two, o.connection_id, o.kind, o.key
    FROM carried o JOIN carried t USING (connection_id, kind, key) WHERE o.account_id < t.account_id
),
pair AS (
    SELECT one, two, connection_id,
           array_agg(kind ORDER BY kind, key) AS kinds, array_agg(key ORDER BY kind, key) AS keys
    FROM shared GROUP BY 1, 2, 3
)
SELECT p.one, p.two, a.organization_id, b.organization_id, p.kinds, p.keys,
       ARRAY(
           SELECT kind FROM unnest(ARRAY['domain', 'tenant']) kind
           WHERE 2 = (SELECT count(DISTINCT s.account_id) FROM signal s JOIN account x ON x.id = s.account_id
                      WHERE s.account_id IN (p.one, p.two) AND s.kind = kind.kind AND s.key <> lower(x.external_id))
             AND NOT EXISTS (SELECT FROM signal s JOIN signal t USING (kind, key)
                             WHERE s.account_id = p.one AND t.account_id = p.two AND s.kind = kind.kind)
       )
FROM pair p
LEFT JOIN owner a ON a.account_id = p.one LEFT JOIN organization g ON g.id = a.organization_id
LEFT JOIN owner b ON b.account_id = p.two LEFT JOIN organization h ON h.id = b.organization_id
WHERE (%(connection)s = 0 OR p.connection_id = %(connection)s)
  AND coalesce(a.verdict, '') <> 'ignored' AND coalesce(b.verdict, '') <> 'ignored'
  AND (g.id IS NULL OR h.id IS NULL OR (g.id <> h.id AND g.id IS DISTINCT FROM h.parent_id
       AND h.id IS DISTINCT FROM g.parent_id AND (g.parent_id IS NULL OR g.parent_id IS DISTINCT FROM h.parent_id)))
  AND NOT EXISTS (SELECT FROM not_duplicate n WHERE n.one_id = p.one AND n.two_id = p.two)
"""
HELD = """
WITH RECURSIVE held(id, top, depth) AS (
    SELECT id, id, 0 FROM unnest(%(accounts)s::bigint[]) id
    UNION ALL
    SELECT a.id, h.top, h.depth + 1 FROM account a JOIN held h ON a.parent_id = h.id
    WHERE a.kind = 'site' AND h.depth < {deepest}
)
SELECT h.top,
       sum((SELECT count(*) FROM asset_state s JOIN asset x ON x.id = s.thing_id
            WHERE s.account_id = h.id AND s.until_on = %(forever)s AND x.retired_on IS NULL)),
       sum((SELECT count(*) FROM ticket t WHERE t.account_id = h.id)),
       sum((SELECT coalesce(sum(g.monthly_amount), 0) FROM agreement_line g
            WHERE g.account_id = h.id AND g.from_on <= %(today)s AND %(today)s < g.until_on))
FROM held h GROUP BY h.top
"""


@dataclass(frozen=True)
class Pair:
    """Two accounts of one connection; `one` has the lower id. `ours` and `theirs` are their organizations, if any."""

    one: int
    two: int
    ours: int | None
    theirs: int | None
    shared: Sequence[tuple[str, str]]  # (kind, key)
    differs: Sequence[str]  # kinds in which each has keys, and no key is of both

    @property
    def weight(self) -> int:
        """How much speaks for one client, less what speaks against it."""
        return sum(WEIGHTS[kind] for kind in {kind for kind, _ in self.shared}) - AGAINST * len(self.differs)

    @property
    def evidence(self) -> list[str]:
        """What they share in words, strongest first."""
        kinds = sorted({kind for kind, _ in self.shared}, key=lambda kind: -WEIGHTS[kind])
        return [WORDS[kind].format(_listed([key for each, key in self.shared if each == kind])) for kind in kinds]

    @property
    def against(self) -> list[str]:
        return [OTHER[kind] for kind in self.differs]


class Held(NamedTuple):
    """What an account holds, its sites included; tickets of all time, agreement money a month."""

    devices: int
    tickets: int
    monthly: Decimal


def pairs(of_connection: int = 0) -> list[Pair]:
    """What looks like one client twice, most telling first, in one statement; of one connection, or of every one."""
    kinds = [kind for kind in WEIGHTS if kind != "serial"]
    rows = _rows(
        PAIRS.format(place=PLACE.format(deepest=DEEPEST), owners=last_owners_sql(), carried=CARRIED),
        {"kinds": kinds, "forever": FOREVER, "most": MOST, "connection": of_connection,
         "shortest": serials.SHORTEST, "junk": list(serials.JUNK)},
    )
    found = [
        Pair(one, two, ours, theirs, list(zip(kinds, keys, strict=True)), differs)
        for one, two, ours, theirs, kinds, keys, differs in rows
    ]
    telling = (pair for pair in found if {kind for kind, _ in pair.shared} != {"address"})
    return sorted(telling, key=lambda pair: (-pair.weight, pair.one, pair.two))


def held_by(accounts: Collection[int], today: date) -> dict[int, Held]:
    """What each of these accounts holds, whosever they are, in one statement."""
    rows = _rows(HELD.format(deepest=DEEPEST), {"accounts": list(accounts), "forever": FOREVER, "today": today})
    return {account: Held(int(devices), int(tickets), monthly) for account, devices, tickets, monthly in rows}


def _rows(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _listed(keys: Sequence[str]) -> str:
    more = len(keys) - SHOWN_KEYS
    return ", ".join(key.replace("|", ", ") for key in keys[:SHOWN_KEYS]) + (f" and {more} more" if more > 0 else "")
