"""The one join: whose each account is on each day, as it is known now or was known at an earlier moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from collectors.facts.shapes import EARLIEST, FOREVER

DEEPEST = 8  # sites under sites; a circle of parents ends here

EVERY_ACCOUNT = "SELECT id FROM account"
# A link once named the organization, or the account is a site somewhere under such an account.
ACCOUNTS_NEAR = """
    SELECT l.account_id FROM account_link l WHERE l.organization_id = {organization}
    UNION
    SELECT a.id FROM account a JOIN family f ON a.parent_id = f.id WHERE a.kind = 'site'"""
# These accounts, and what sites among them stand under.
ACCOUNTS_ABOVE = """
    SELECT unnest('{{{accounts}}}'::bigint[])
    UNION
    SELECT a.parent_id FROM account a JOIN family f ON a.id = f.id WHERE a.kind = 'site' AND a.parent_id IS NOT NULL"""

OWNERS = """
WITH RECURSIVE family(id) AS ({family}
),
verdicts AS (
    SELECT l.account_id, l.starts_on, l.verdict, l.organization_id
    FROM account_link l JOIN family f ON f.id = l.account_id WHERE {known}
),
said AS (
    SELECT account_id, starts_on, lead(starts_on, 1, date '{forever}') OVER days AS ends_on, verdict, organization_id
    FROM (
        SELECT * FROM verdicts
        UNION ALL
        SELECT f.id, date '{earliest}', 'open', NULL FROM family f
        WHERE f.id NOT IN (SELECT account_id FROM verdicts WHERE starts_on = date '{earliest}')
    ) every_day
    WINDOW days AS (PARTITION BY account_id ORDER BY starts_on)
),
answered AS (
    SELECT account_id, account_id AS asked_id, starts_on, ends_on, verdict, organization_id, 0 AS depth FROM said
    UNION ALL
    SELECT r.account_id, p.account_id, greatest(r.starts_on, p.starts_on), least(r.ends_on, p.ends_on),
           p.verdict, p.organization_id, r.depth + 1
    FROM answered r
    JOIN account a ON a.id = r.asked_id AND a.kind = 'site'
    JOIN said p ON p.account_id = a.parent_id AND p.starts_on < r.ends_on AND r.starts_on < p.ends_on
    WHERE r.verdict = 'open' AND r.depth < {deepest}
)
SELECT w.account_id, w.starts_on, w.ends_on, w.organization_id, w.verdict
FROM answered w WHERE w.verdict <> 'open'{only}
"""


def owners_sql(
    known_at: datetime | None = None, *, organization: int | None = None, accounts: Collection[int] | None = None
) -> str:
    """A SELECT of (account_id, starts_on, ends_on, organization_id, verdict), days half-open, linked or ignored.

    An account that waits has no row for the days it waits. On days a site says nothing of its own, its parent
    answers for it. Each link lasts until the account's next begins. Where only one organization or some accounts are
    asked for, they are found by index. The text takes no parameters and stands as a subquery or a CTE.
    """
    known = "l.superseded_at IS NULL"
    if known_at is not None:
        moment = _moment(known_at)
        known = f"l.decided_at <= {moment} AND (l.superseded_at IS NULL OR l.superseded_at > {moment})"
    family, only = EVERY_ACCOUNT, ""
    if organization is not None:
        family = ACCOUNTS_NEAR.format(organization=int(organization))
        only = f" AND w.organization_id = {int(organization)}"
    elif accounts is not None:
        listed = ",".join(str(int(account)) for account in accounts)
        family, only = ACCOUNTS_ABOVE.format(accounts=listed), f" AND w.account_id = ANY('{{{listed}}}')"
    return OWNERS.format(
        family=family, known=known, only=only, deepest=DEEPEST,
        earliest=EARLIEST.isoformat(), forever=FOREVER.isoformat(),
    )


CLIENTS = "SELECT id, kind, client_from, client_to FROM organization"

# The first change made or undone since tells what stood until then.
CLIENTS_THEN = """
WITH told AS (
    SELECT DISTINCT ON (e.key) e.key::bigint AS id, (e.value ->> 'client_to')::date AS client_to
    FROM (
        SELECT decided_at AS at, before AS fields FROM organization_change WHERE decided_at > {moment}
        UNION ALL
        SELECT undone_at, after FROM organization_change WHERE undone_at > {moment}
    ) c, jsonb_each(c.fields) e
    WHERE e.value ? 'client_to' ORDER BY e.key, c.at
)
SELECT o.id, o.kind, o.client_from, CASE WHEN t.id IS NULL THEN o.client_to ELSE t.client_to END AS client_to
FROM organization o LEFT JOIN told t ON t.id = o.id
"""


def clients_sql(known_at: datetime | None = None) -> str:
    """A SELECT of (id, kind, client_from, client_to): the days each organization is a client, as changes of it say."""
    return CLIENTS if known_at is None else CLIENTS_THEN.format(moment=_moment(known_at))


LAST_OWNERS = """
SELECT account_id, organization_id, verdict FROM ({owners}) by_day WHERE ends_on = date '{forever}'
"""


def last_owners_sql() -> str:
    """A SELECT of (account_id, organization_id, verdict): whose each account is in the end, by its last link."""
    return LAST_OWNERS.format(owners=owners_sql(), forever=FOREVER.isoformat())


def _moment(known_at: datetime) -> str:
    return f"timestamptz '{known_at.isoformat()}'"
