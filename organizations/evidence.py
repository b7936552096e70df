"""What accounts say of identity, as keys that two accounts can share: ids, tenants and domains. Never names.

An account's own id in its system and the same id carried by another system are one key, so a PSA company id kept
in the RMM joins the two.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import connection

from collectors.convert import FREE_MAIL
from collectors.facts.accounts import Account
from organizations.as_of import last_owners_sql

# Domains shared by people who have nothing to do with each other: free mail, more providers, pages of a platform.
_SHARED = """
    fastmail.com hey.com spectrum.net earthlink.net sky.com virginmedia.com shaw.ca rogers.com bell.net
    telus.net bigpond.com optusnet.com.au xtra.co.nz onmicrosoft.com youtube.com yelp.com google.com wixsite.com
    squarespace.com godaddysites.com weebly.com wordpress.com blogspot.com business.site linktr.ee
"""
NOBODYS = FREE_MAIL | frozenset(_SHARED.split())

# (account_id, connection_id, method, key), for clients' accounts; sites belong with their parents.
KEYS = """
    SELECT a.id AS account_id, a.connection_id, 'explicit_id' AS method, c.vendor || ':' || a.external_id AS key
    FROM account a JOIN connection c ON c.id = a.connection_id WHERE a.kind = 'client'
    UNION ALL
    SELECT a.id, a.connection_id, 'explicit_id', i.key || ':' || i.value
    FROM account a, jsonb_each_text(
        CASE jsonb_typeof(a.evidence -> 'ids') WHEN 'object' THEN a.evidence -> 'ids' ELSE '{}' END) i
    WHERE a.kind = 'client'
    UNION ALL
    SELECT a.id, a.connection_id, 'tenant', lower(a.evidence ->> 'tenant_id')
    FROM account a WHERE a.kind = 'client' AND a.evidence ->> 'tenant_id' <> ''
    UNION ALL
    SELECT a.id, a.connection_id, 'domain', lower(d.value)
    FROM account a, jsonb_array_elements_text(
        CASE jsonb_typeof(a.evidence -> 'domains') WHEN 'array' THEN a.evidence -> 'domains' ELSE '[]' END) d
    WHERE a.kind = 'client' AND lower(d.value) <> ALL (%(nobodys)s)
"""

# A key is in doubt where one system knows it by two records that are not one client's, or where two clients hold it.
# An id is in doubt only between clients: several records of one system may well carry the same id of another.
DOUBTED = """
    SELECT method, key FROM (
        SELECT k.method, k.key, o.organization_id FROM key k JOIN owner o USING (account_id)
        UNION
        SELECT 'domain', d.name, coalesce(g.merged_into_id, g.id)
        FROM domain d JOIN organization g ON g.id = d.organization_id
    ) holder
    GROUP BY 1, 2 HAVING count(DISTINCT organization_id) > 1
    UNION
    SELECT k.method, k.key FROM key k LEFT JOIN owner o USING (account_id)
    WHERE k.method = 'domain'
    GROUP BY k.method, k.key, k.connection_id
    HAVING count(DISTINCT coalesce(o.organization_id, -k.account_id)) > 1
    UNION
    SELECT 'explicit_id', c.vendor || ':' || a.external_id FROM account a JOIN connection c ON c.id = a.connection_id
    GROUP BY 1, 2 HAVING count(*) > 1
"""

# (account_id, method, key, organization_id, doubted): each key of the accounts asked for that an organization holds,
# through an account linked to it or as one of its own domains. A domain alone gives no organization a second record
# in a system where it has one.
SHARED = """
WITH key AS MATERIALIZED ({keys}), owner AS MATERIALIZED ({owners}), doubted AS MATERIALIZED ({doubted}),
held AS (
    SELECT DISTINCT k.method, k.key, o.organization_id FROM key k JOIN owner o USING (account_id)
    WHERE o.organization_id IS NOT NULL AND k.method <> 'domain'
    UNION
    SELECT 'domain', d.name, coalesce(g.merged_into_id, g.id)
    FROM domain d JOIN organization g ON g.id = d.organization_id WHERE d.name <> ALL (%(nobodys)s)
),
served AS (
    SELECT a.connection_id, o.organization_id FROM owner o JOIN account a ON a.id = o.account_id
    WHERE a.kind = 'client' AND o.organization_id IS NOT NULL
)
SELECT k.account_id, k.method, k.key, h.organization_id,
       EXISTS (SELECT FROM doubted x WHERE x.method = k.method AND x.key = k.key)
       OR k.method = 'domain' AND (k.connection_id, h.organization_id) IN (SELECT * FROM served)
FROM key k JOIN held h USING (method, key)
WHERE k.account_id = ANY (%(accounts)s)
"""

# (connection_id, domain): what one system knows by two records that are not one client's.
REPEATED = """
WITH key AS MATERIALIZED ({keys}), owner AS MATERIALIZED ({owners})
SELECT k.connection_id, k.key FROM key k LEFT JOIN owner o USING (account_id) WHERE k.method = 'domain'
GROUP BY 1, 2 HAVING count(DISTINCT coalesce(o.organization_id, -k.account_id)) > 1
"""

# (domain): what some organization holds, as its own or through an account linked to it.
HELD = """
WITH key AS MATERIALIZED ({keys}), owner AS MATERIALIZED ({owners})
SELECT k.key FROM key k JOIN owner o USING (account_id) WHERE k.method = 'domain' AND o.organization_id IS NOT NULL
UNION SELECT name FROM domain
"""


class Shared(NamedTuple):
    """A key of an account that an organization holds. It decides nothing where it is in doubt."""

    account: int
    method: str
    key: str
    organization: int
    doubted: bool


def domains_of(account: Account) -> list[str]:
    """The account's domains that can tell one client from another."""
    domains = account.evidence.get("domains")
    known = [str(domain).lower() for domain in domains] if isinstance(domains, list) else []
    return [domain for domain in known if domain not in NOBODYS]


def shared_keys(accounts: Collection[int]) -> list[Shared]:
    """What these accounts share with organizations, in one statement."""
    return [Shared(*row) for row in _rows(SHARED, accounts=list(accounts))]


def repeated_domains() -> set[tuple[int, str]]:
    """(connection, domain) where the system knows a domain by two records that are not one client's."""
    return {(row[0], row[1]) for row in _rows(REPEATED)}


def held_domains() -> set[str]:
    """The domains some organization holds, as its own or through an account linked to it."""
    return {row[0] for row in _rows(HELD)}


def _rows(template: str, **parameters: list[int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            template.format(keys=KEYS, owners=last_owners_sql(), doubted=DOUBTED),
            {"nobodys": sorted(NOBODYS), **parameters},
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
