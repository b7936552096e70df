"""Chances that hang on whole numbers alone: the same numbers, the same chance, at any moment and in any order.

Cheaper than a generator with a seed, where a fact of one day must be known without the days before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

Choice = TypeVar("Choice")
_MASK = (1 << 64) - 1


def chance(what: str, *numbers: int) -> float:
    """At least 0 and less than 1."""
    return _mixed(what, numbers) / (_MASK + 1)


def whole(low: int, high: int, what: str, *numbers: int) -> int:
    """At least `low` and less than `high`."""
    return low + int(chance(what, *numbers) * (high - low))


def pick(choices: Sequence[Choice], what: str, *numbers: int) -> Choice:
    return choices[whole(0, len(choices), what, *numbers)]


def _mixed(what: str, numbers: Sequence[int]) -> int:
    state = crc32(what.encode())
    for number in numbers:
        state = (state ^ number) + 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state
