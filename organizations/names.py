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


@lru_cache(maxsize=50_000)
def normalised(name: str) -> str:
    """Lower case, one spelling, without "The", punctuation and legal form; never down to nothing.

    >>> normalised("The Fernbrook & Sons Co., L.L.C.")
    'fernbrook and sons'
    """
    text = unicodedata.normalize("NFKC", name[:LONGEST]).casefold()
    text = _INITIALS.sub(lambda found: found[0].replace(".", ""), text).replace("'", "").replace("’", "")
    words = [SPELLED.get(word, word) for word in _WORD.findall(text)]
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    kept = list(words)
    while len(kept) > 1 and kept[-1] in LEGAL:
        kept.pop()
    return " ".join(kept)


def free_slug(name: str, otherwise: str, taken: set[str]) -> str:
    """A name for addresses, numbered where another has it; `taken` learns it."""
    plain = slugify(normalised(name))[:70].strip("-") or otherwise
    slug, number = plain, 2
    while slug in taken:
        slug, number = f"{plain}-{number}", number + 1
    taken.add(slug)
    return slug
