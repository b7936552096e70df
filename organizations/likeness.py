"""How alike two names are, and under which keys alike names are found without comparing every pair.

A name that agrees backs up other evidence. It never says that "Acme" and "Acme Logistics" are one: companies of one
family share domains and telephones, and their names are what tells them apart.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from organizations.names import LEGAL

GENERIC = frozenset("group the and of managed old deleted inactive former closed usa".split())  # noqa: SIM905
CLOSE = 72  # of 100: how alike two names are before one suggests the other
TELLING = 5  # letters a word needs to tell anything by itself
_OPAQUE = re.compile(r"(?:[0-9a-f]*\d[0-9a-f]*|\W)+")  # a GUID, a number


class Alike(IntEnum):
    """How one name stands to another. PART: one is more than the other, or they are somewhat alike."""

    UNLIKE = 0
    UNKNOWN = 1  # one of them tells nothing
    PART = 2
    AGREES = 3  # but for a typing error, an abbreviation or a word that tells nothing
    SAME = 4


@lru_cache(maxsize=200_000)
def alike(one: str, other: str) -> Alike:
    """Of two normalised names."""
    if not tells(one) or not tells(other):
        return Alike.UNKNOWN
    if one == other:
        return Alike.SAME
    ours, theirs = _core(one), _core(other)
    if _agree(ours, theirs) or _agree(theirs, ours) or _initials(one, other) or _initials(other, one):
        return Alike.AGREES
    near = _part(ours, theirs) or abbreviated(one, other) or likeness(one, other) >= CLOSE
    return Alike.PART if near else Alike.UNLIKE


def likeness(one: str, other: str) -> float:
    """0 to 100: ranks names, and decides nothing."""
    return (fuzz.token_set_ratio(one, other) + fuzz.token_sort_ratio(one, other)) / 2


def tells(name: str) -> bool:
    """Whether a name is one, and no number or machine's id."""
    return len(name) > 1 and not _OPAQUE.fullmatch(name)


def keys(name: str) -> set[str]:
    """Under which a normalised name is found by names like it, few enough to look each one up.

    The whole name ("=..."), its words, its first two without one letter each (so that any one typing error meets),
    it in one piece, its beginnings, and its initials ("@...").
    """
    if not tells(name):
        return {f"={name}"} if name else set()
    words = [word for word in name.split() if word not in GENERIC][:8]
    found = {f"={name}", "".join(words)[:40], *(word for word in words if len(word) > 2)}
    for word in words[:2]:
        if TELLING <= len(word) <= 20:
            found |= {word[:place] + word[place + 1 :] for place in range(len(word))}
    if len(words) > 1:
        found.add(f"{words[0][:4]}|{words[1][:3]}")
    initials = "".join(word[0] for word in words)
    if len(words) > 2 or (len(words) == 1 and 3 <= len(name) <= 6):
        found.add(f"@{initials if len(words) > 2 else name}")
    return found - {""}


def _core(name: str) -> tuple[str, ...]:
    """The words that tell something; a code in front that is taken from the name goes, as in "FERD - Fernbrook"."""
    words = name.split()
    if len(words) > 1 and len(words[0]) <= 6 and (_mixed(words[0]) or _short_for(words[0], words[1])):
        words = words[1:]
    kept = [word for word in words if word not in GENERIC]
    while len(kept) > 1 and kept[-1] in LEGAL:
        kept.pop()
    return tuple(kept or words)


def abbreviated(one: str, other: str) -> bool:
    """ "mgmt of hazelmere" for "management of hazelmere": the first word cut short as well, and another that tells.

    Too little to agree, since what is left tells few from each other; enough to doubt who is said to be a third.
    """
    ours, theirs = _core(one), _core(other)
    if not 1 < len(ours) == len(theirs) or not any(len(word) >= TELLING for word in {*ours} & {*theirs}):
        return False
    return all(_word_agrees(mine, its) for mine, its in zip(ours, theirs, strict=True))


def _mixed(word: str) -> bool:
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _short_for(code: str, word: str) -> bool:
    return 3 <= len(code) < len(word) and word.startswith(code[:3])


def _agree(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    if "".join(ours) == "".join(theirs) or sorted(ours) == sorted(theirs):
        return True
    if len(ours) == len(theirs):
        return _word_agrees(ours[0], theirs[0], first=True) and all(
            _word_agrees(one, other) for one, other in zip(ours[1:], theirs[1:], strict=True)
        )
    cut, whole = " ".join(ours), " ".join(theirs)  # a system that keeps few letters cuts a word in two
    return len(cut) >= 20 and whole.startswith(cut) and whole[len(cut)] != " "


def _initials(one: str, other: str) -> bool:
    """ "fdg" for "fernbrook dental group", "and" and "of" counted or not."""
    words = other.split()
    telling = [word for word in words if word not in ("and", "of", "the")]
    return len(one) > 2 and len(words) > 2 and one in {"".join(word[0] for word in said) for said in (words, telling)}


def _word_agrees(one: str, other: str, *, first: bool = False) -> bool:
    if one == other:
        return True
    if any(letter.isdigit() for letter in one + other):
        return False
    short, long = sorted((one, other), key=len)
    if len(short) >= TELLING and OSA.distance(one, other) <= (2 if len(short) > 8 else 1):
        return True
    return not first and len(long) >= TELLING and _abbreviates(short, long)


def _abbreviates(short: str, long: str) -> bool:
    """ "assoc" for "associates", "mgmt" for "management"."""
    if len(short) < 2 or short[0] != long[0]:
        return False
    if len(short) > 2 and long.startswith(short):
        return True
    letters = iter(long)
    return len(short) < len(long) - 2 and not set(short[1:]) & set("aeiou") and all(one in letters for one in short)


def _part(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """The words of one are all in the other, or both begin with one word that tells something."""
    fewer, more = sorted((set(ours), set(theirs)), key=len)
    return fewer <= more or (ours[0] == theirs[0] and len(ours[0]) >= TELLING)
