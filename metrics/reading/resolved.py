"""How much of what a joined number rests on belongs to someone we know, base by base, from stored months.

The roll-up stores the least of these shares with each value (`metrics/rollup/cover.py` says what a share is); here each
is told by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from metrics.declare import Across, Metric
from metrics.definitions import CATALOGUE, VERSIONS
from metrics.formula import EXACT
from metrics.joined import base_word, bases_of
from metrics.models import Origin, State
from metrics.periods import Month, Span
from metrics.reading.shapes import COMPANY, NOT_LINKED, Number, Numbers, ScopeRef
from metrics.reading.stored import numbers_of, numbers_of_version
from metrics.typed import plain_decimal

GOOD = (State.MEASURED, State.SO_FAR, State.INSUFFICIENT_COVERAGE)
BY_HAND = (Origin.ENTERED, Origin.IMPORTED, Origin.CORRECTED)
PLACES, TENTHS = Decimal("0.000001"), Decimal("0.1")

Split = tuple[Decimal, Decimal] | None  # an amount that is someone's, and one that is nobody's; None: given by people


@dataclass(frozen=True)
class Resolved:
    """The share of one base, cut off after six places and never rounded up."""

    base: str
    share: Decimal

    @property
    def words(self) -> str:
        percent = (self.share * 100).quantize(TENTHS, rounding=ROUND_DOWN)
        return f"{plain_decimal(percent)}% of {self.base}"


def resolved(metric: Metric, scope: ScopeRef, months: Sequence[Month], stored: Numbers) -> tuple[Resolved, ...]:
    """Each base's share over these months, as the formula names them; empty where the metric is not joined there.

    `stored` holds the months of `bases_of` the metric, as `read_bases` gives them. Two bases of one word are told as
    the lesser.
    """
    found: dict[str, Decimal] = {}
    for key in bases_of(metric, scope.side):
        share = _share(key, months, stored)
        if share is not None:
            found[base_word(key)] = min(share, found.get(base_word(key), share))
    return tuple(Resolved(base, share) for base, share in found.items())


def read_bases(names: Iterable[str], months: Sequence[Month]) -> Numbers:
    """The months of some bases, for the company and for what is not linked, by (base, scope, month).

    A base under a metric's key is of the version in force, under the name of another version of that.
    """
    asked, scopes = set(names), (COMPANY, NOT_LINKED)
    found: dict[tuple[str, ScopeRef, Span], Number] = dict(
        numbers_of([CATALOGUE[key] for key in sorted(asked & CATALOGUE.keys())], scopes, months)
    )
    for name in sorted(asked - CATALOGUE.keys()):
        for (_, scope, month), number in numbers_of_version(VERSIONS[name], scopes, months).items():
            found[name, scope, month] = number
    return Numbers(found)


def in_words(shares: Iterable[Resolved]) -> str:
    """“98.4% of hours, 96% of devices resolved”; nothing where all is."""
    lacking = [each.words for each in shares if each.share < 1]
    return f"{', '.join(lacking)} resolved" if lacking else ""


def _share(key: str, months: Sequence[Month], stored: Numbers) -> Decimal | None:
    split = _over(VERSIONS[key].across, [  # type: ignore[attr-defined]  # what counts facts has one
        _split(key, month, stored) for month in months if stored[key, COMPANY, month].state in GOOD
    ])
    if split is None:
        return None
    known, unknown = split
    if not known + unknown:
        return Decimal(1)
    return EXACT.divide(known, known + unknown).quantize(PLACES, rounding=ROUND_DOWN)


def _split(key: str, month: Month, stored: Numbers) -> Split:
    whole, apart = stored[key, COMPANY, month], stored[key, NOT_LINKED, month]
    if whole.value is None or whole.origin in BY_HAND:
        return None
    unknown = (apart.collected if apart.origin in BY_HAND else apart.value) or Decimal(0)
    return abs(whole.value - unknown), abs(unknown)


def _over(across: Across, months: Sequence[Split]) -> Split:
    if across in (Across.FIRST, Across.LAST):
        return months[0 if across is Across.FIRST else -1] if months else None
    told = [month for month in months if month is not None]
    return (sum((m[0] for m in told), Decimal(0)), sum((m[1] for m in told), Decimal(0))) if told else None
