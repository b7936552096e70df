"""What an account says of who it is, brought into keys that two accounts can share.

An account's own id in its system and the same id carried by another system are one key, so a PSA company id kept
in the RMM joins the two. What the vendor wrote may have any shape; what cannot be read says nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from collectors.convert import FREE_MAIL, registrable
from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.systems import system
from organizations.models import Signal
from organizations.names import normalised

Kind: TypeAlias = Signal.Kind

# Domains shared by people who have nothing to do with each other: free mail, providers, pages of a platform.
_SHARED = """
    fastmail.com hey.com tutanota.com tuta.io pm.me rocketmail.com mail.ru yandex.ru qq.com 163.com naver.com
    hotmail.fr hotmail.de live.co.uk outlook.fr yahoo.fr yahoo.de yahoo.ca yahoo.com.au orange.fr free.fr laposte.net
    t-online.de freenet.de libero.it spectrum.net earthlink.net sky.com virginmedia.com talktalk.net ntlworld.com
    shaw.ca rogers.com bell.net sympatico.ca telus.net bigpond.com bigpond.net.au optusnet.com.au iinet.net.au
    tpg.com.au xtra.co.nz roadrunner.com rr.com optonline.net frontier.com frontiernet.net windstream.net
    centurylink.net embarqmail.com juno.com netzero.net suddenlink.net mediacombb.net tds.net qwest.net
    onmicrosoft.com sharepoint.com youtube.com yelp.com google.com goo.gl tiktok.com pinterest.com
    wixsite.com squarespace.com godaddysites.com godaddy.com weebly.com wordpress.com blogspot.com business.site
    linktr.ee myshopify.com shopify.com github.io webflow.io netlify.app tripadvisor.com bit.ly
"""
NOBODYS = FREE_MAIL | frozenset(_SHARED.split())
LONGEST = 200  # characters of a key; a longer one is kept as its digest
MOST = 50  # keys of one kind that are read of an account

_COUNTRY = (
    "1", "7", "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "52", "55", "60", "61", "63", "64", "65", "66", "81", "82", "86", "90", "91", "92", "351", "352", "353",
    "354", "356", "357", "358", "370", "371", "372", "385", "386", "420", "421", "852", "886", "966", "971", "972",
)  # fmt: skip
_EXTENSION = re.compile(r"(?:\bext?\.?|\bextension|[x#;,/])\s*:?\s*\d{1,6}\s*$", re.IGNORECASE)
_FREEPHONE = ("800", "833", "844", "855", "866", "877", "888", "822", "808", "900", "1300", "1800")
_POSTCODE = re.compile(
    r"\b(?:\d{5}(?=-\d{4}\b)|\d{4,6}|[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}|[a-z]\d[a-z]\s*\d[a-z]\d)\b"
)
_WORD = re.compile(r"[^\W_]+")
_STREETS = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "ln": "lane",
    "dr": "drive", "ct": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway", "ter": "terrace",
    "cir": "circle", "n": "north", "s": "south", "e": "east", "w": "west",
}  # fmt: skip
_UNITS = frozenset("suite ste unit apt apartment floor fl room rm".split())  # noqa: SIM905


class Key(NamedTuple):
    """One thing an account says, in a form that two accounts can share."""

    kind: str
    key: str


def keys_of(vendor: str, external_id: str, name: str, evidence: Any) -> set[Key]:
    """Everything an account says of who it is."""
    said: Mapping[str, Any] = evidence if isinstance(evidence, Mapping) else {}
    found = {Key(Kind.ID, f"{vendor}:{external_id}")} if external_id else set()
    found |= {Key(Kind.ID, f"{slug}:{number}") for slug, number in carried(said).items()}
    found |= {Key(Kind.TENANT, tenant) for tenant in _tenants(vendor, external_id, said)}
    found |= {Key(Kind.DOMAIN, domain) for text in _texts(said, "domains") if (domain := owned_domain(text))}
    found |= {Key(Kind.PHONE, phone) for text in _texts(said, "phones") if (phone := phone_key(text))}
    found |= {Key(Kind.ADDRESS, address) for text in _texts(said, "addresses") if (address := address_key(text))}
    if called := normalised(name):
        found.add(Key(Kind.NAME, called))
    return {Key(kind, _short(key)) for kind, key in found}


def carried(evidence: Mapping[str, Any]) -> dict[str, str]:
    """The ids of other systems that an account carries, by vendor."""
    ids = evidence.get("ids")
    if not isinstance(ids, Mapping):
        return {}
    known = {str(slug): str(number).strip() for slug, number in ids.items() if isinstance(number, str | int)}
    return {slug: number for slug, number in known.items() if number}


def domains_of(account: Account) -> list[str]:
    """The account's domains that can tell one client from another."""
    return sorted({domain for text in _texts(account.evidence, "domains") if (domain := owned_domain(text))})


@lru_cache(maxsize=50_000)
def owned_domain(text: str) -> str | None:
    """The registrable domain in a text, unless it is nobody's."""
    name = registrable(text)
    return name if name and name not in NOBODYS else None


@lru_cache(maxsize=50_000)
def phone_key(text: str) -> str | None:
    """The national part of a number; None where it is too short, free of charge or no number at all.

    >>> phone_key("+1 (212) 555-0134 x12"), phone_key("0044 20 7946 0958"), phone_key("800-555-0100")
    ('2125550134', '2079460958', None)
    """
    plain = _EXTENSION.sub("", text.strip()[:60])
    digits = "".join(letter for letter in plain if letter.isascii() and letter.isdigit())
    if plain.startswith("+") or digits.startswith("00"):
        digits = digits.lstrip("0")
        code = next((code for code in _COUNTRY if digits.startswith(code)), "")
        digits = digits.removeprefix(code)
    elif len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    digits = digits.lstrip("0")
    if not 7 <= len(digits) <= 12 or len(set(digits)) == 1 or (len(digits) > 8 and digits.startswith(_FREEPHONE)):
        return None
    return digits


@lru_cache(maxsize=50_000)
def address_key(text: str) -> str | None:
    """Street and postcode in one spelling; without a postcode every word counts.

    >>> address_key("12 Mill Ln., Suite 4, Fernbrook, OH 43001-1234"), address_key("12 mill lane, 43001")
    ('12 mill lane|43001', '12 mill lane|43001')
    """
    plain = text.casefold()[:300].replace("\n", ",")
    codes = [found for found in _POSTCODE.finditer(plain) if found.start() > 4]
    street = plain[: codes[-1].start()] if codes else plain
    words = [_STREETS.get(word, word) for word in _WORD.findall(street.partition(",")[0])]
    words = words[: next((place for place, word in enumerate(words) if word in _UNITS and place > 1), len(words))]
    numbered = any(word.isdigit() for word in words) or "box" in words
    if codes and len(words) > 1 and numbered:
        return f"{' '.join(words)}|{codes[-1][0].replace(' ', '')[:10]}"
    words += _WORD.findall(street.partition(",")[2])
    return " ".join(words) if numbered and len(words) > 3 else None


def _tenants(vendor: str, external_id: str, said: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(tenant := said.get("tenant_id"), str) and tenant.strip():
        yield tenant.strip().lower()
    if system(vendor).layer is Layer.TENANT and external_id:
        yield external_id.lower()


def _texts(said: Mapping[str, Any], word: str) -> list[str]:
    values = said.get(word) if isinstance(said, Mapping) else None
    return [text for text in values[:MOST] if isinstance(text, str) and text] if isinstance(values, list) else []


def _short(key: str) -> str:
    return key if len(key) <= LONGEST else hashlib.sha256(key.encode()).hexdigest()


# --- replaced soon
from collections.abc import Collection
from django.db import connection
from organizations.as_of import last_owners_sql
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
