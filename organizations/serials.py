"""Serial numbers that two systems both know: which accounts look after the same devices.

What the makers leave in the field tells nothing, nor does a number that one system has on devices of several clients.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from collectors.facts.shapes import FOREVER
from organizations.as_of import DEEPEST

JUNK = (
    "TO BE FILLED BY O.E.M.", "TO BE FILLED BY O.E.M", "DEFAULT STRING", "SYSTEM SERIAL NUMBER", "SERIAL NUMBER",
    "NOT SPECIFIED", "NOT APPLICABLE", "NOT AVAILABLE", "UNKNOWN", "UNDEFINED", "INVALID", "EMPTY",
    "CHASSIS SERIAL NUMBER", "SYSTEM SERIAL", "0123456789", "123456789", "1234567890", "12345678", "O.E.M.",
    "TBD BY OEM", "EVAL",
)  # fmt: skip
SHORTEST = 5

# (id, top, depth): sites go with the account they stand under, unless somebody decided on them.
SITE = """a.kind = 'site' AND NOT EXISTS (
    SELECT FROM account_link l WHERE l.account_id = a.id AND l.superseded_at IS NULL AND l.verdict <> 'open')"""
TOPS = """
    {tops}
    UNION ALL
    SELECT a.id, t.top, t.depth + 1 FROM account a JOIN tops t ON a.parent_id = t.id
    WHERE {site} AND t.depth < {deepest}"""
ALL = "SELECT a.id, a.id, 0 FROM account a WHERE NOT (a.parent_id IS NOT NULL AND {site})"
THESE = "SELECT x, x, 0 FROM unnest(%(tops)s::bigint[]) x"
CLIMB = """
WITH RECURSIVE climb(id, at, depth) AS (
    SELECT x, x, 0 FROM unnest(%(accounts)s::bigint[]) x
    UNION ALL
    SELECT c.id, a.parent_id, c.depth + 1 FROM climb c JOIN account a ON a.id = c.at
    WHERE a.parent_id IS NOT NULL AND {site} AND c.depth < {deepest}
)
SELECT DISTINCT ON (id) at FROM climb ORDER BY id, depth DESC
"""
DEVICES = """
    SELECT DISTINCT t.top, a.connection_id, upper(x.serial) AS serial
    FROM tops t JOIN account a ON a.id = t.top
    JOIN asset_state s ON s.account_id = t.id AND s.until_on = %(forever)s
    JOIN asset x ON x.id = s.thing_id AND x.retired_on IS NULL
    WHERE x.serial <> '' AND length(x.serial) BETWEEN %(shortest)s AND 64 AND upper(x.serial) <> ALL (%(junk)s)
      AND x.serial !~ '^(.)\\1*$'"""
OWN = "WITH RECURSIVE tops(id, top, depth) AS ({tops}) SELECT DISTINCT serial FROM ({devices}) d"
NEAR = """
SELECT DISTINCT s.account_id FROM unnest(%(serials)s::text[]) n(serial)
JOIN asset x ON upper(x.serial) = n.serial AND x.serial <> '' AND x.retired_on IS NULL
JOIN asset_state s ON s.thing_id = x.id AND s.until_on = %(forever)s AND s.account_id IS NOT NULL
"""
# A serial that one system has under several accounts is no one's.
SHARED = """
WITH RECURSIVE tops(id, top, depth) AS ({tops}),
device AS MATERIALIZED ({devices}),
telling AS MATERIALIZED (
    SELECT top, connection_id, serial FROM (
        SELECT *, count(*) OVER (PARTITION BY connection_id, serial) AS holders FROM device
    ) d WHERE holders = 1
),
held AS (SELECT top, count(*) AS many FROM telling GROUP BY top),
pair AS (
    SELECT one.top AS account, other.top AS holder, count(*) AS shared
    FROM telling one JOIN telling other ON other.serial = one.serial AND other.connection_id <> one.connection_id
    {asked} GROUP BY 1, 2
)
SELECT p.account, p.holder, p.shared, mine.many, theirs.many
FROM pair p JOIN held mine ON mine.top = p.account JOIN held theirs ON theirs.top = p.holder
ORDER BY p.account, p.shared DESC, p.holder
"""


class SharedSerials(NamedTuple):
    """How many serial numbers two accounts of two systems share, of how many each has."""

    account: int
    holder: int
    shared: int
    mine: int
    theirs: int


def all_shared() -> list[SharedSerials]:
    """Of every account with every other, by serial: no system has a telling one twice."""
    return _shared(_tops(ALL), "")


def shared_by(accounts: Collection[int]) -> list[SharedSerials]:
    """Of these accounts with any other, all found by index."""
    serials = [row[0] for row in _rows(OWN.format(tops=_tops(THESE), devices=DEVICES), tops=accounts)]
    if not serials:
        return []
    near = [row[0] for row in _rows(NEAR, serials=serials)]
    tops = {*accounts, *(row[0] for row in _rows(CLIMB.format(site=SITE, deepest=DEEPEST), accounts=near))}
    return _shared(_tops(THESE), "WHERE one.top = ANY(%(accounts)s)", tops=tops, accounts=accounts)


def _shared(sites: str, asked: str, **told: Collection[int]) -> list[SharedSerials]:
    return [SharedSerials(*row) for row in _rows(SHARED.format(tops=sites, devices=DEVICES, asked=asked), **told)]


def _tops(first: str) -> str:
    return TOPS.format(tops=first.format(site=SITE), site=SITE, deepest=DEEPEST)


def _rows(statement: str, **told: Collection[int] | Collection[str]) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {
            "forever": FOREVER, "shortest": SHORTEST, "junk": list(JUNK),
            **{word: list(values) for word, values in told.items()},
        })  # fmt: skip
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows
