"""The shapes a change is told in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from metrics.attribution import to_the_place
from metrics.formula import PLACES
from metrics.reading import Number


@dataclass(frozen=True)
class Part:
    """What one factor, one input, one client, queue, ... added to a change.

    `before` and `after` are its own values, in its own unit; `words` says in a sentence what it did.
    """

    name: str
    change: Decimal
    before: Decimal | None = None
    after: Decimal | None = None
    words: str = ""
    slug: str = ""  # of a client
    metric: str = ""  # of an input


@dataclass(frozen=True)
class Split:
    """A change by one thing: the largest parts first, the rest of them together, and what no row gives any more."""

    by: str  # "factor", "input", "client", "queue", ...
    parts: tuple[Part, ...]
    rest: Decimal = Decimal(0)
    rest_of: int = 0  # how many parts the rest is
    left: Decimal = Decimal(0)
    left_words: str = ""

    @property
    def total(self) -> Decimal:
        return sum((part.change for part in self.parts), self.rest + self.left)


@dataclass(frozen=True)
class Changed:
    """Between two numbers. Where there are no parts, `refused` says in a sentence why."""

    now: Number
    base: Number
    splits: tuple[Split, ...] = ()
    refused: str = ""

    @property
    def change(self) -> Decimal | None:
        if self.now.value is None or self.base.value is None:
            return None
        return self.now.value - self.base.value


class Moved(Exception):
    """The stored values no longer follow from what is stored beneath them; the message is a sentence."""


def exactly(shares: Sequence[Fraction], change: Decimal) -> list[Decimal]:
    """Shares rounded to the stored places so that they add up to the stored change. Raises Moved where they cannot."""
    try:
        return to_the_place(shares, change)
    except ValueError:
        raise Moved("What it is made of has moved since it was worked out.") from None


def is_rounding(difference: Decimal, parts: int) -> bool:
    return abs(difference) <= PLACES * (parts + 1)
