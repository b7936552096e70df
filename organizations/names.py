"""Names of companies, brought down to what tells them apart. A name alone only ever suggests."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from django.utils.text import slugify

_LEGAL = """
    inc incorporated corp corporation co company llc llp lp ltd limited plc pc pllc pa pty pvt gmbh ag kg ug sa sarl
    sas srl spa bv nv ab as oy aps
"""
LEGAL = frozenset(_LEGAL.split())
SPELLED = {"&": "and", "+": "and", "grp": "group", "mfg": "manufacturing", "svcs": "services", "assoc": "associates",
           "intl": "international", "dept": "department", "ctr": "center", "centre": "center"}
_INITIALS = re.compile(r"\b(?:\w\.){2,}\w?")
_WORD = re.compile(r"[^\W_]+|[&+]")
LONGEST = 200  # characters of a name that are read

# Letters of other scripts that look like Latin ones: capitals and small letters apart, since they look different.
_LOOKS = dict(zip(
    "АВЕЅІЈКМНОРСТУХԌԚԜЅасԁеһіјӏорѕԛԝхуѵмтΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχγıɑɡ",
    "ABESIJKMHOPCTYXGQWSacdehijlopsqwxyvmtABEZHIKMNOPTYXaikvoptuxyiag",
    strict=True,
))  # fmt: skip
LOOKS = str.maketrans(_LOOKS)


@lru_cache(maxsize=50_000)
def normalised(name: str) -> str:
    """Lower case, one spelling, without "The", punctuation, accents and legal form; never down to nothing.

    A name without a letter or digit, such as one of emoji only, is no name: an empty text.

    >>> normalised("The Fernbrook & Sons Co., L.L.C.")
    'fernbrook and sons'
    """
    text = unicodedata.normalize("NFKC", name[:LONGEST]).casefold()
    if not text.isascii():
        text = _without_marks(text)
    text = _INITIALS.sub(lambda found: found[0].replace(".", ""), text).replace("'", "").replace("’", "")
    words = [SPELLED.get(word, word) for word in _WORD.findall(text)]
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    kept = list(words)
    while len(kept) > 1 and kept[-1] in LEGAL:
        kept.pop()
    return " ".join(kept)[:LONGEST]


def looks_like(name: str) -> str:
    """What a name with letters of another script passes for, normalised; empty where it has none.

    >>> looks_like("\N{CYRILLIC CAPITAL LETTER A}cme"), looks_like("Acme")
    ('acme', '')
    """
    text = unicodedata.normalize("NFKC", name[:LONGEST])
    seen = text if text.isascii() else text.translate(LOOKS)
    return normalised(seen) if seen != text else ""


def _without_marks(text: str) -> str:
    """Without accents and vowel points, which one system keeps and another drops."""
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(letter for letter in apart if unicodedata.category(letter) not in ("Mn", "Mc", "Cf"))
    return unicodedata.normalize("NFKC", kept)


def free_slug(name: str, otherwise: str, taken: set[str]) -> str:
    """A name for addresses, numbered where another has it; `taken` learns it."""
    plain = slugify(normalised(name))[:70].strip("-") or otherwise
    slug, number = plain, 2
    while slug in taken:
        slug, number = f"{plain}-{number}", number + 1
    taken.add(slug)
    return slug
