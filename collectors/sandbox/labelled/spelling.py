"""The ways in which people write one business in different systems."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from collectors.sandbox.labelled.words import LEGAL

_SHORT = {
    "Manufacturing": "Mfg", "Associates": "Assoc", "International": "Intl", "Services": "Svcs", "Center": "Ctr",
    "Company": "Co", "Engineering": "Engr", "Management": "Mgmt", "Construction": "Const", "Financial": "Fin",
    "Veterinary": "Vet", "Community": "Comm", "Group": "Grp", "Orthopedics": "Ortho", "Distributors": "Dist",
    "Bros.": "Brothers", "St.": "Saint", "Insurance": "Ins", "Electric": "Elec", "and": "&", "&": "and",
}
_BESIDE = {"a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "t": "r", "l": "k", "r": "e", "s": "d", "d": "f"}
Way: TypeAlias = Callable[[str, Random], str]


def typo(name: str, random: Random) -> str:
    """One letter left out, doubled, swapped with the next or hit beside, within a word of some length."""
    places = [place for place in range(1, len(name) - 2) if name[place - 1 : place + 2].isalpha()]
    if len(name) < 6 or not places:
        return name
    at = random.choice(places)
    letter = name[at]
    return name[:at] + random.choice((
        name[at + 1 :], letter + name[at:], name[at + 1] + letter + name[at + 2 :],
        _BESIDE.get(letter, letter) + name[at + 1 :],
    ))


def shortened(name: str, random: Random) -> str:
    return " ".join(_SHORT.get(word, word) for word in name.split())


def turned(name: str, random: Random) -> str:
    """“Brawick Dental” as “Dental, Brawick”."""
    first, _, rest = name.partition(" ")
    return f"{rest}, {first}" if rest and first not in ("The", "St.") else name


def article(name: str, random: Random) -> str:
    return name.removeprefix("The ") if name.startswith("The ") else f"The {name}"


def cased(name: str, random: Random) -> str:
    return name.upper() if random.random() < 0.7 else name.lower()


def pointed(name: str, random: Random) -> str:
    """Other punctuation and spaces."""
    return random.choice((name.replace(" & ", "&"), name.replace(".", ""), name.replace(" ", "  ", 1),
                          name.replace(" ", "-", 1), f" {name} "))


def placed(name: str, random: Random) -> str:
    return name + random.choice((" - Main", " (HQ)", " - North", " #1", " - Main Office", " - MSA", " (managed)"))


def coded(name: str, random: Random) -> str:
    code = "".join(letter for letter in name if letter.isalpha())[:4].upper()
    return f"{code}{random.randrange(1, 99):02} - {name}"


def without_trade(name: str, random: Random) -> str:
    """The first words only, as somebody in a hurry writes it."""
    words = name.split()
    kept = 2 if words[0] in ("The", "St.") or len(words) > 3 else 1
    return " ".join(words[:kept]).removesuffix(" &").removesuffix(" and").removesuffix(" of")


def initials(name: str, random: Random) -> str:
    return "".join(word[0] for word in re.findall(r"\w+", name)).upper()


def kept(name: str, random: Random) -> str:
    return name


_AS_IT_IS = (kept, kept)
_LIGHT: tuple[Way, ...] = (shortened, article, cased, pointed, cased, shortened)
_HEAVY: tuple[Way, ...] = (typo, typo, turned, placed, coded, without_trade, shortened)
_WILD: tuple[Way, ...] = (initials, initials, without_trade)


def legal(name: str, form: str, random: Random) -> str:
    """With its legal form, another way of writing it, a wrong one or none."""
    form = random.choices((form, "", random.choice(LEGAL)), (5, 4, 1))[0]
    return f"{name}{random.choice((', ', ' '))}{form}" if form else name


def readable(name: str, form: str, random: Random) -> str:
    """As a careful person knows it again."""
    return _written(name, form, random, (40, 40, 20, 0))


def any_way(name: str, form: str, random: Random) -> str:
    """Also as nobody knows it again: initials, the first word alone."""
    return _written(name, form, random, (33, 38, 21, 8))


def lightly(name: str, form: str, random: Random) -> str:
    """Without a letter changed: legal form, case, abbreviations and points only."""
    return _written(name, form, random, (50, 50, 0, 0))


def _written(name: str, form: str, random: Random, weights: tuple[int, ...]) -> str:
    """First what is called what, then its legal form, then how it looks."""
    heavy, light = random.choices(
        (_AS_IT_IS, (_AS_IT_IS[0], random.choice(_LIGHT)), (random.choice(_HEAVY), random.choice(_LIGHT)),
         (random.choice(_WILD), _AS_IT_IS[1])), weights,
    )[0]
    return light(legal(heavy(name, random), form, random), random)


def telephone(digits: str, random: Random) -> str:
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return random.choice((
        f"({area}) {exchange}-{line}", f"{area}.{exchange}.{line}", f"+1 {area} {exchange} {line}",
        f"{area}-{exchange}-{line} x{random.randrange(10, 99)}", digits, f"1-{area}-{exchange}-{line}",
    ))


def postal(address: str, random: Random) -> str:
    """The same address in another hand."""
    if random.random() < 0.4:
        return address
    for long, short in (("Street", "St"), ("Avenue", "Ave."), ("Road", "Rd"), ("Boulevard", "Blvd"), ("Drive", "Dr."),
                        ("Lane", "Ln"), ("Parkway", "Pkwy"), ("Court", "Ct"), ("Suite ", "#"), ("Suite", "Ste")):
        if random.random() < 0.7:
            address = address.replace(f" {long}", f" {short}")
    return address.upper() if random.random() < 0.2 else address
