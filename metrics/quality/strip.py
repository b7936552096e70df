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
LICENSED = "licensed_users"
INVOICED, INVOICED_IN_LEDGER, EARNED = "invoiced", "invoiced_in_ledger", "total_revenue"
READ = (
    AGREEMENTS, LEDGER, NEW, LOST, EXPANSION, CONTRACTION, SEATS_BILLED, SEATS_MANAGED, LICENSED, INVOICED,
    INVOICED_IN_LEDGER, EARNED,
)


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
        found = (each(stored, period.months, rule) for each in CHECKS)
        yield [line for line in found if line is not None]


@dataclass(frozen=True)
class _Stored:
    numbers: Numbers

    def of(self, metric: str, month: Month) -> Decimal | None:
        """A value that counts as settled."""
        number = self.numbers[metric, COMPANY, month]
        return number.value if number.is_final else None


def _both(stored: _Stored, months: Sequence[Month], one: str, other: str) -> tuple[tuple[Month, ...], Decimal, Decimal]:
    """The months that two metrics both know, and what each comes to over them."""
    known = [
        (month, left, right) for month in months
        if (left := stored.of(one, month)) is not None and (right := stored.of(other, month)) is not None
    ]
    return tuple(each[0] for each in known), _sum(each[1] for each in known), _sum(each[2] for each in known)


def _mrr_twice(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    both, agreements, ledger = _both(stored, months, AGREEMENTS, LEDGER)
    if not both:
        return None
    return Line(
        "mrr_twice", "Agreement MRR and ledger MRR", both, Unit.MONEY, Side("agreements", agreements, AGREEMENTS),
        Side("ledger", ledger, LEDGER), _share(ledger, rule["mrr_tolerance"]),
    )


def _invoiced_twice(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    both, psa, ledger = _both(stored, months, INVOICED, INVOICED_IN_LEDGER)
    if not both:
        return None
    return Line(
        "invoiced_twice", "Invoices of PSA and ledger", both, Unit.MONEY, Side("PSA", psa, INVOICED),
        Side("ledger", ledger, INVOICED_IN_LEDGER), _share(max(psa, ledger), rule["invoice_tolerance"]),
    )


def _invoiced_and_earned(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    """Revenue beside the ledger's own invoices; where it tells none, beside those of the PSA."""
    for invoices, label in ((INVOICED_IN_LEDGER, "ledger invoices"), (INVOICED, "PSA invoices")):
        both, invoiced, earned = _both(stored, months, invoices, EARNED)
        if both:
            return Line(
                "invoiced_and_earned", "Invoices and the ledger's revenue", both, Unit.MONEY,
                Side(label, invoiced, invoices), Side("revenue", earned, EARNED),
                _share(max(invoiced, earned), rule["invoice_tolerance"]),
            )
    return None


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
    return _billed_beside(
        stored, months, "seats", "Seats billed and seats managed", ("RMM", SEATS_MANAGED), rule["seat_tolerance"]
    )


def _licensed(stored: _Stored, months: Sequence[Month], rule: dict[str, Any]) -> Line | None:
    return _billed_beside(
        stored, months, "licensed_users", "Seats billed and licensed users", ("tenant", LICENSED),
        rule["licensed_user_tolerance"],
    )


def _billed_beside(
    stored: _Stored, months: Sequence[Month], key: str, title: str, other: tuple[str, str], tolerance: str
) -> Line | None:  # fmt: skip
    """As they stood at the last month end that both know."""
    label, metric = other
    for month in reversed(months):
        billed, seen = stored.of(SEATS_BILLED, month), stored.of(metric, month)
        if billed and seen is not None:
            return Line(
                key, title, (month,), Unit.COUNT, Side("PSA", billed, SEATS_BILLED), Side(label, seen, metric),
                _share(max(billed, seen), tolerance),
            )
    return None


CHECKS = (_mrr_twice, _bridge, _invoiced_twice, _invoiced_and_earned, _seats, _licensed)


def _share(of: Decimal, percent: str) -> Decimal:
    return abs(of) * Decimal(percent) / 100


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _last_day(period: Span) -> Any:
    return period.ends_on - timedelta(days=1)
