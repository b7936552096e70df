"""The index of what accounts say of who they are, and of the keys under which organizations' names are found.

Only what has changed is read again. Sites belong with their parents and say nothing of their own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, transaction

from organizations.evidence import keys_of
from organizations.likeness import keys
from organizations.names import looks_like, normalised

RULES = "1"  # what changes the keys of accounts that stay as they are is counted here
AT_ONCE = 5_000
T = TypeVar("T")

STALE_ACCOUNTS = """
SELECT a.id, a.kind, a.vendor, a.external_id, a.name, a.evidence, a.mark
FROM (
    SELECT a.id, a.kind, c.vendor, a.external_id, a.name, a.evidence,
           md5(concat_ws(chr(31), %(rules)s, a.kind, c.vendor, a.external_id, a.name, a.evidence)) AS mark
    FROM account a JOIN connection c ON c.id = a.connection_id {only}
) a
LEFT JOIN signals_read r ON r.account_id = a.id
WHERE r.mark IS DISTINCT FROM a.mark
ORDER BY a.id
"""
NEWER = "SELECT id FROM account WHERE id > (SELECT coalesce(max(account_id), 0) FROM signals_read)"
# What an account still says stays where it is: most changes leave most of it.
FORGET = """
DELETE FROM signal s USING unnest(%(accounts)s::bigint[]) gone(id)
WHERE s.account_id = gone.id AND (s.account_id, s.kind, s.key) NOT IN (
    SELECT * FROM unnest(%(owners)s::bigint[], %(kinds)s::text[], %(keys)s::text[])
)
"""
LEARN = """
INSERT INTO signal (account_id, kind, key)
SELECT * FROM unnest(%(owners)s::bigint[], %(kinds)s::text[], %(keys)s::text[]) ON CONFLICT DO NOTHING
"""
READ = """
INSERT INTO signals_read (account_id, mark) SELECT * FROM unnest(%(accounts)s::bigint[], %(marks)s::text[])
ON CONFLICT (account_id) DO UPDATE SET mark = excluded.mark
"""

STALE_NAMES = """
SELECT g.id, g.name FROM organization g LEFT JOIN names_read r ON r.organization_id = g.id
WHERE r.name IS DISTINCT FROM g.name ORDER BY g.id
"""
FORGET_NAMES = "DELETE FROM name_key WHERE organization_id = ANY(%(organizations)s)"
LEARN_NAMES = """
INSERT INTO name_key (organization_id, key)
SELECT * FROM unnest(%(holders)s::bigint[], %(keys)s::text[]) ON CONFLICT DO NOTHING
"""
READ_NAMES = """
INSERT INTO names_read (organization_id, name) SELECT * FROM unnest(%(organizations)s::bigint[], %(names)s::text[])
ON CONFLICT (organization_id) DO UPDATE SET name = excluded.name
"""


@transaction.atomic
def refresh(accounts: Collection[int] | None = None) -> int:
    """Bring the signals of all accounts, or of these, up to date; how many accounts had changed."""
    only = "" if accounts is None else "WHERE a.id = ANY(%(accounts)s)"
    with connection.cursor() as cursor:
        cursor.execute(STALE_ACCOUNTS.format(only=only), {"rules": RULES, "accounts": list(accounts or ())})
        stale = cursor.fetchall()
        for batch in _batches(stale):
            said = [
                (account, *key) for account, kind, vendor, external_id, name, evidence, _ in batch if kind == "client"
                for key in keys_of(vendor, external_id, name, json.loads(evidence))
            ]
            owners, kinds, found = _columns(said, 3)
            told = {
                "accounts": [row[0] for row in batch], "marks": [row[-1] for row in batch],
                "owners": owners, "kinds": kinds, "keys": found,
            }
            for statement in (FORGET, LEARN, READ):
                cursor.execute(statement, told)
    return len(stale)


def refresh_new(accounts: Collection[int]) -> None:
    """What a few accounts need to be judged by now: their own signals, those of accounts come since, and the names."""
    with connection.cursor() as cursor:
        cursor.execute(NEWER)
        refresh({*accounts, *(row[0] for row in cursor.fetchall())})
    refresh_names()


@transaction.atomic
def refresh_names() -> int:
    """Bring the keys of organizations' names up to date; how many had changed."""
    with connection.cursor() as cursor:
        cursor.execute(STALE_NAMES)
        stale = cursor.fetchall()
        for batch in _batches(stale):
            holders, found = _columns([(pk, key) for pk, name in batch for key in name_keys(name)], 2)
            told = {
                "organizations": [pk for pk, _ in batch], "names": [name for _, name in batch],
                "holders": holders, "keys": found,
            }
            for statement in (FORGET_NAMES, LEARN_NAMES, READ_NAMES):
                cursor.execute(statement, told)
    return len(stale)


def name_keys(name: str) -> set[str]:
    """The keys of an organization's name; "~..." is what it passes for, where it has letters of another script."""
    seen = looks_like(name)
    return keys(normalised(name)) | ({f"~{seen}"} if seen else set())


def _batches(rows: Sequence[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
