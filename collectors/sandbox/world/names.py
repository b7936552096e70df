"""Invented names, and the ways in which the same client is written in different systems."""

# ruff: noqa: SIM905 - a list of words is easier to read as a sentence

from __future__ import annotations

import hashlib
from math import gcd
from random import Random

FIRST = (
    "Blue Oak Fern Hazel North East West South Silver Copper Amber Stone Mill Lake River Cedar "
    "Maple Birch Elm Ash Clay Sand Winter Summer Bright Swift Quill Raven Fox Otter Heron Wren Lark "
    "Thorn Moss Iron Pearl Coral Dune Frost"
).split()
SECOND = (
    "field mere brook ford gate haven wick dale ridge crest point moor shore grove hollow bridge "
    "stead worth vale cross bank hurst leigh combe"
).split()
TRADES = (
    "Dental;Law Group;Accounting;Architects;Manufacturing;Logistics;Family Clinic;Insurance;Realty;"
    "Construction;Veterinary;Engineering;Credit Union;Foods;Printing;Plumbing Supply;Charter School;"
    "Hospitality;Orthopedics;Machine Works"
).split(";")
SUFFIXES = ("", ", LLC", " Inc.", " Corporation", ", P.C.", " Co.")
GIVEN = (
    "Avery Blair Casey Dana Ellis Frankie Gray Harper Indra Jules Kendall Lane Marlow Noor Oakley "
    "Perrin Quinn Reese Sage Tatum"
).split()
FAMILY = (
    "Abbern Brintle Corvane Dellworth Eskridge Farnaby Gildern Hartwen Ivesly Jorrick Kestrow "
    "Lindquell Morvane Nettlam Orrwick Pellridge Quarrow Rendlam Selwick Tarnford"
).split()

AREAS = ("312", "773", "630", "847", "708", "815", "224", "331", "872", "309")
STREETS = ("Street", "Avenue", "Road", "Lane")

_COUNT = len(FIRST) * len(SECOND) * len(TRADES)


def business_name(index: int, seed: int) -> tuple[str, str]:
    """A name and a trade, different for every index below nineteen thousand."""
    step = 7_919
    while gcd(step, _COUNT) != 1:
        step += 1
    place = (index * step + seed * 613) % _COUNT
    place, first = divmod(place, len(FIRST))
    place, second = divmod(place, len(SECOND))
    turn = index // _COUNT
    name = FIRST[first] + SECOND[second] + (f" {turn + 1}" if turn else "")
    return name, TRADES[place]


def domain_of(name: str, trade: str) -> str:
    """The client's own domain, under a top level that can never be registered."""
    return f"{name.replace(' ', '').lower()}{trade.split()[0].lower()}.example"


def person(random: Random) -> str:
    return f"{random.choice(GIVEN)} {random.choice(FAMILY)}"


def phone(index: int) -> str:
    """The client's telephone as its digits, of the range that belongs to nobody, with an area code that exists."""
    area, line = divmod(index, 100)
    return f"{AREAS[area % len(AREAS)]}5550{100 + line}"


def written_phone(digits: str, way: int) -> str:
    """As one of the many ways in which people write a number."""
    area, office, line = digits[:3], digits[3:6], digits[6:]
    return (f"({area}) {office}-{line}", f"{area}.{office}.{line}", f"+1 {area} {office} {line}", digits)[way % 4]


def address(index: int, name: str) -> tuple[str, str, str]:
    """Street, city and postcode."""
    street = f"{12 + index * 7 % 900} {SECOND[index * 5 % len(SECOND)].title()} {STREETS[index % len(STREETS)]}"
    return street, f"{name.split()[0]}ton", f"{60_000 + index * 37 % 9_000}"


def opaque(text: str) -> str:
    """An id like a GUID, always the same for the same text."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"


def psa_spelling(name: str, trade: str, random: Random) -> str:
    return f"{name} {trade}{random.choice(SUFFIXES)}"


def rmm_spelling(name: str, trade: str, random: Random) -> str:
    way = random.random()
    if way < 0.4:
        return f"{name} {trade}"
    if way < 0.6:
        return f"{name} {trade}".upper()
    if way < 0.75:
        return name
    if way < 0.85:
        return f"{name[:3].upper()}{trade[0]} - {name}"
    if way < 0.93:
        return f"{name}  {trade.lower()} (managed)"
    return opaque(f"{name}/{trade}")


def ledger_spelling(name: str, trade: str, random: Random) -> str:
    way = random.random()
    if way < 0.5:
        return f"{name} {trade}{random.choice(SUFFIXES)}"
    if way < 0.7:
        return f"{name.upper()} {trade.upper()}"
    if way < 0.85:
        return f"The {name} {trade}"
    return f"{name} {trade.replace('Group', 'Grp').replace('Manufacturing', 'Mfg')} Incorporated"
