"""The index of what accounts say of who they are, and of the keys under which organizations' names are found.

Only what has changed is read again. Sites belong with their parents and say nothing of their own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import connection, transaction

from organizations.evidence import keys_of
from organizations.likeness import keys
from organizations.names import looks_like, normalised

RULES = "2"  # what changes the keys of accounts that stay as they are is counted here
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

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
STATEMENTS = (
    """DELETE FROM signal s USING signals_stale gone WHERE s.account_id = gone.id
       AND NOT EXISTS (SELECT FROM signals_said n WHERE n.id = s.account_id AND n.kind = s.kind AND n.key = s.key)""",
    "INSERT INTO signal (account_id, kind, key) SELECT id, kind, key FROM signals_said ON CONFLICT DO NOTHING",
    """INSERT INTO signals_read (account_id, mark) SELECT id, mark FROM signals_stale
       ON CONFLICT (account_id) DO UPDATE SET mark = excluded.mark""",
)

STALE_NAMES = """
SELECT g.id, g.name FROM organization g LEFT JOIN names_read r ON r.organization_id = g.id
WHERE r.name IS DISTINCT FROM g.name ORDER BY g.id
"""
NAME_STATEMENTS = (
    "DELETE FROM name_key WHERE organization_id IN (SELECT id FROM names_stale)",
    "INSERT INTO name_key (organization_id, key) SELECT id, key FROM names_said ON CONFLICT DO NOTHING",
    """INSERT INTO names_read (organization_id, name) SELECT id, name FROM names_stale
       ON CONFLICT (organization_id) DO UPDATE SET name = excluded.name""",
)


@transaction.atomic
def refresh(accounts: Collection[int] | None = None) -> int:
    """Bring the signals of all accounts, or of these, up to date; how many accounts had changed."""
    only = "" if accounts is None else "WHERE a.id = ANY(%(accounts)s)"
    with connection.cursor() as cursor:
        cursor.execute(STALE_ACCOUNTS.format(only=only), {"rules": RULES, "accounts": list(accounts or ())})
        stale = cursor.fetchall()
    said = (
        (account, *key) for account, kind, vendor, external_id, name, evidence, _ in stale if kind != "site"
        for key in keys_of(vendor, external_id, name, json.loads(evidence))
    )
    if stale:
        _exchange(
            {"signals_stale (id bigint, mark text)": ((row[0], row[-1]) for row in stale),
             "signals_said (id bigint, kind text, key text)": said},
            STATEMENTS,
        )  # fmt: skip
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
    if stale:
        _exchange(
            {"names_stale (id bigint, name text)": stale,
             "names_said (id bigint, key text)": ((pk, key) for pk, name in stale for key in name_keys(name))},
            NAME_STATEMENTS,
        )  # fmt: skip
    return len(stale)


def name_keys(name: str) -> set[str]:
    """The keys of an organization's name; "~..." is what it passes for, where it has letters of another script."""
    seen = looks_like(name)
    return keys(normalised(name)) | ({f"~{seen}"} if seen else set())


def _exchange(tables: Mapping[str, Iterable[tuple[Any, ...]]], statements: Iterable[str]) -> None:
    """Copy rows into tables of the moment, as text and in one piece, and let statements take them from there."""
    with connection.cursor() as cursor:
        for table, rows in tables.items():
            name = table.partition(" ")[0]
            cursor.execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP")
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                copy.write("".join("\t".join(map(_escaped, row)) + "\n" for row in rows))
            cursor.execute(f"ANALYZE {name}")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"DROP TABLE {', '.join(table.partition(' ')[0] for table in tables)}")


def _escaped(value: Any) -> str:
    text = str(value)
    return text.translate(ESCAPES) if "\\" in text or not text.isprintable() else text
