"""The reconciliation strip: what two systems say of one thing, side by side, with what they differ by.

A line is there only where both its sources have measured. Each is about the company, over a month, quarter or year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.periods import Month, Span
from metrics.quality import words
from metrics.reading.shapes import COMPANY, Numbers, Person, may_see
from metrics.reading.stored import numbers_of
from metrics.settings import all_in_force

AGREEMENTS, LEDGER = "agreement_mrr", "mrr"
NEW, LOST, EXPANSION, CONTRACTION = "new_mrr", "lost_mrr", "expansion_mrr", "contraction_mrr"
SEATS_BILLED, SEATS_MANAGED = "agreement_seats", "seats_managed"
READ = (AGREEMENTS, LEDGER, NEW, LOST, EXPANSION, CONTRACTION, SEATS_BILLED, SEATS_MANAGED)


@dataclass(frozen=True)
class Side:
    label: str
    value: Decimal
    metric: str  # whose working stands behind it


@dataclass(frozen=True)
class Line:
    """`tolerance` is in the line's unit. `period` is the part of what was asked for that both sides know."""

    key: str
    title: str
    period: tuple[Month, ...]
    unit: Unit
    left: Side
    right: Side
    tolerance: Decimal

    @property
    def difference(self) -> Decimal:
        return self.left.value - self.right.value

    @property
    def within(self) -> bool:
        return abs(self.difference) <= self.tolerance

    @property
    def when(self) -> str:
        first, last = self.period[0], self.period[-1]
        return last.label if first == last else f"{first.label} to {last.label}"

    def told(self, value: Decimal) -> str:
        """An amount in the line's unit."""
        return words.told(value, self.unit)

    @property
    def verdict(self) -> str:
        """What they differ by, and whether that is too much."""
        if not self.difference:
            return "They agree."
        allowed = f"{'within' if self.within else 'more than'} the {self.told(self.tolerance)} allowed"
        return f"They are {self.told(abs(self.difference))} apart, {allowed}."

    @property
    def says(self) -> str:
        """Both figures, and the verdict."""
        left, right = (f"{side.label} {self.told(side.value)}" for side in (self.left, self.right))
        return f"{self.when}: {left}, {right}. {self.verdict}"


def strip(person: Person, period: Span) -> list[Line]:
    """The lines a person may see of a month, quarter or year."""
    return [
        line for line in strip_for_all(period)
        if all(may_see(person, CATALOGUE[side.metric]) for side in (line.left, line.right))
    ]


def strip_for_all(period: Span) -> list[Line]:
    """Every line, for a check that is nobody's in particular."""
    [lines] = lines_of([period])
    return lines


def lines_of(periods: Sequence[Span]) -> Iterator[list[Line]]:
    """The lines of several periods, read at once."""
    months = sorted({near for period in periods for month in period.months for near in (month.previous, month)})
    stored = _Stored(numbers_of([CATALOGUE[key] for key in READ], [COMPANY], months))
    rules = all_in_force({_last_day(period) for period in periods})
    for period in periods:
        rule = rules[_last_day(period)]
        found = (each(stored, period.months, rule) for each in (_mrr_twice, _bridge, _seats))
        yield [line for line in found if line is not None]


@dataclass(frozen=True)
class _Stored:
    numbers: Numbers

    def of(self, metric: str, month: Month) -> Decimal | None:
        """A value that counts as settled."""
        number = self.numbers[metric, COMPANY, month]
        return number.value if number.is_final else None


def _mrr_twice(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    both = [
        (month, agreements, ledger) for month in months
        if (agreements := stored.of(AGREEMENTS, month)) is not None and (ledger := stored.of(LEDGER, month)) is not None
    ]
    if not both:
        return None
    agreements, ledger = _sum(each[1] for each in both), _sum(each[2] for each in both)
    return Line(
        "mrr_twice", "Agreement MRR and ledger MRR", tuple(each[0] for each in both), Unit.MONEY,
        Side("agreements", agreements, AGREEMENTS), Side("ledger", ledger, LEDGER),
        _share(ledger, rule["mrr_tolerance"]),
    )


def _bridge(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    """Closing MRR beside the opening and all that moved it: of agreements, or of the ledger where none are read."""
    for standing, label in ((AGREEMENTS, "agreement MRR"), (LEDGER, "ledger MRR")):
        known = _trailing([month for month in months if _moved(stored, standing, month) is not None])
        if known:
            opening = stored.of(standing, known[0].previous) or Decimal(0)
            closing = stored.of(standing, known[-1]) or Decimal(0)
            moved = _sum(_moved(stored, standing, month) or Decimal(0) for month in known)
            return Line(
                "mrr_bridge", "MRR bridge", tuple(known), Unit.MONEY, Side(f"closing {label}", closing, standing),
                Side("opening and what moved it", opening + moved, NEW), _share(closing, rule["bridge_tolerance"]),
            )
    return None


def _moved(stored: _Stored, standing: str, month: Month) -> Decimal | None:
    """New less lost, with growth and shrinkage where they are told; None where an end or a movement is not known."""
    new, lost = stored.of(NEW, month), stored.of(LOST, month)
    ends = (stored.of(standing, month.previous), stored.of(standing, month))
    if new is None or lost is None or None in ends:
        return None
    grown, shrunk = (stored.of(key, month) or Decimal(0) for key in (EXPANSION, CONTRACTION))
    return new - lost + grown - shrunk


def _trailing(months: Sequence[Month]) -> list[Month]:
    """The last of them that follow one another without a gap."""
    run: list[Month] = []
    for month in reversed(months):
        if run and month != run[0].previous:
            break
        run.insert(0, month)
    return run


def _seats(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    """As they stood at the last month end that both know."""
    for month in reversed(months):
        billed, managed = stored.of(SEATS_BILLED, month), stored.of(SEATS_MANAGED, month)
        if billed and managed is not None:
            return Line(
                "seats", "Seats billed and seats managed", (month,), Unit.COUNT,
                Side("PSA", billed, SEATS_BILLED), Side("RMM", managed, SEATS_MANAGED),
                _share(max(billed, managed), rule["seat_tolerance"]),
            )
    return None


def _share(of: Decimal, percent: str) -> Decimal:
    return abs(of) * Decimal(percent) / 100


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _last_day(period: Span) -> Any:
    return period.ends_on - timedelta(days=1)
