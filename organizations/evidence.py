"""What an account says of who it is, brought into keys that two accounts can share.

An account's own id in its system and the same id carried by another system are one key, so a PSA company id kept
in the RMM joins the two. What the vendor wrote may have any shape; what cannot be read says nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from collectors.convert import FREE_MAIL, registrable
from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.systems import system
from organizations.models import Signal
from organizations.names import normalised

ID, TENANT, DOMAIN = Signal.Kind.ID.value, Signal.Kind.TENANT.value, Signal.Kind.DOMAIN.value
PHONE, ADDRESS, NAME = Signal.Kind.PHONE.value, Signal.Kind.ADDRESS.value, Signal.Kind.NAME.value

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
    r"\b(?:\d{5}(?:-\d{4})|\d{4,6}|[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}|[a-z]\d[a-z]\s*\d[a-z]\d)\b"
)
_WORD = re.compile(r"[^\W_]+")
_STREETS = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "ln": "lane",
    "dr": "drive", "ct": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway", "ter": "terrace",
    "cir": "circle", "n": "north", "s": "south", "e": "east", "w": "west",
}  # fmt: skip
_UNITS = ("suite", "ste", "unit", "apt", "apartment", "floor", "room")
_NUMBER = re.compile(r"\d")


class Key(NamedTuple):
    """One thing an account says, in a form that two accounts can share."""

    kind: str
    key: str


def keys_of(vendor: str, external_id: str, name: str, evidence: Any) -> set[Key]:
    """Everything an account says of who it is."""
    said: Mapping[str, Any] = evidence if isinstance(evidence, Mapping) else {}
    found = {Key(ID, f"{vendor}:{external_id}")} if external_id else set()
    found |= {Key(ID, f"{slug}:{number}") for slug, number in carried(said).items()}
    found |= {Key(TENANT, tenant) for tenant in _tenants(vendor, external_id, said)}
    found |= {Key(DOMAIN, domain) for text in _texts(said, "domains") if (domain := owned_domain(text))}
    found |= {Key(PHONE, phone) for text in _texts(said, "phones") if (phone := phone_key(text))}
    found |= {Key(ADDRESS, address) for text in _texts(said, "addresses") if (address := address_key(text))}
    if called := normalised(name):
        found.add(Key(NAME, called))
    return {Key(kind, _plain(key)) for kind, key in found}


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
    parts = (plain[: codes[-1].start()] if codes else plain).split(",")
    street = next((part for part in parts if _NUMBER.search(part) and not part.strip().startswith(_UNITS)), parts[0])
    words = [_STREETS.get(word, word) for word in _WORD.findall(street)]
    words = words[: next((place for place, word in enumerate(words) if word in _UNITS and place > 1), len(words))]
    numbered = any(word.isdigit() for word in words) or "box" in words
    if codes and len(words) > 1 and numbered:
        return f"{' '.join(words)}|{codes[-1][0].partition('-')[0].replace(' ', '')}"
    words += [word for part in parts[parts.index(street) + 1 :] for word in _WORD.findall(part)]
    return " ".join(words) if numbered and len(words) > 3 else None


def _tenants(vendor: str, external_id: str, said: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(tenant := said.get("tenant_id"), str) and tenant.strip():
        yield tenant.strip().lower()
    if system(vendor).layer is Layer.TENANT and external_id:
        yield external_id.lower()


def _texts(said: Mapping[str, Any], word: str) -> list[str]:
    values = said.get(word) if isinstance(said, Mapping) else None
    return [text for text in values[:MOST] if isinstance(text, str) and text] if isinstance(values, list) else []


def _plain(key: str) -> str:
    """Without the characters that keep keys apart, and never too long for an index."""
    if not key.isprintable():
        key = "".join(letter for letter in key if letter.isprintable())
    return key if len(key) <= LONGEST else hashlib.sha256(key.encode()).hexdigest()
