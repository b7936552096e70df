"""Fractions: from text, rounded, over months, by a formula; and the checksum of rows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

PLACES = 10**8
TOO_LARGE = Fraction(10**20 - 1, PLACES)


def fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def rounded(value: Fraction) -> Fraction:
    """To eight places, half away from zero."""
    size = Fraction(floor(abs(value) * PLACES + Fraction(1, 2)), PLACES)
    return -size if value < 0 else size


def hashed(row: int) -> int:
    """What PostgreSQL's hashint8 makes of a row's id: Bob Jenkins' last mixing of one word."""
    low, high = row & 0xFFFFFFFF, (row >> 32) & 0xFFFFFFFF
    word = low ^ (high if row >= 0 else high ^ 0xFFFFFFFF)
    a = b = c = (0x9E3779B9 + 4 + 3923095) & 0xFFFFFFFF
    a = (a + word) & 0xFFFFFFFF

    def turned(value: int, by: int) -> int:
        return (value << by | value >> (32 - by)) & 0xFFFFFFFF

    c = ((c ^ b) - turned(b, 14)) & 0xFFFFFFFF
    a = ((a ^ c) - turned(c, 11)) & 0xFFFFFFFF
    b = ((b ^ a) - turned(a, 25)) & 0xFFFFFFFF
    c = ((c ^ b) - turned(b, 16)) & 0xFFFFFFFF
    a = ((a ^ c) - turned(c, 4)) & 0xFFFFFFFF
    b = ((b ^ a) - turned(a, 14)) & 0xFFFFFFFF
    c = ((c ^ b) - turned(b, 24)) & 0xFFFFFFFF
    return c - (1 << 32) if c >= 1 << 31 else c


def across(how: str, values: list[Fraction]) -> Fraction | None:
    if not values:
        return None
    match how:
        case "sum":
            return sum(values, Fraction(0))
        case "mean":
            return sum(values, Fraction(0)) / len(values)
        case "first":
            return values[0]
        case "last":
            return values[-1]
    raise AssertionError(how)


def evaluated(term: Any, words: Mapping[str, Fraction | None]) -> Fraction | None:
    """A formula's tree; None where it divides by zero."""
    if isinstance(term, str):
        return words[term]
    if isinstance(term, dict):
        return Fraction(term["number"])
    sign, *terms = term
    known = [evaluated(each, words) for each in terms]
    if any(each is None for each in known):
        return None
    [left, *rest] = [each for each in known if each is not None]
    if not rest:
        return -left
    [right] = rest
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
    raise AssertionError(sign)
