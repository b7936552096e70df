"""Why a number moved: the change split over what it is made of, with nothing left over. Pure; knows no database.

A product moves by each factor's change times the mean of the other (a quotient is a product with the inverse), a sum
by its parts. So every split adds up to the change exactly, for zero and for negative values too; only a division by
zero, before or after, allows none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from metrics.formula import MONTHS_IN_YEAR, PLACES, Formula, Minus, Number, Pair, Term, Word

Values = Mapping[str, Decimal | int | Fraction]
Shares = dict[str, Fraction]  # input: what its change added to the result's


@dataclass(frozen=True)
class _Moved:
    """A term's value before and after, and what each word under it added to the change between the two."""

    before: Fraction
    after: Fraction
    shares: Shares

    @property
    def mean(self) -> Fraction:
        return (self.before + self.after) / 2

    def times(self, scale: Fraction) -> Shares:
        return {word: share * scale for word, share in self.shares.items()}


def by_input(formula: Formula, before: Values, after: Values) -> Shares | None:
    """What each word added to the result's change; None where the formula divides by zero or a word is missing."""
    found = _both(formula, before, after)
    return None if found is None else found.shares


def by_factor(factors: Sequence[Formula], before: Values, after: Values) -> list[Fraction] | None:
    """What each factor of a product added to the product's change; None where one of them has no value."""
    moved = [_both(factor, before, after) for factor in factors]
    whole = _Moved(Fraction(1), Fraction(1), {})
    for number, each in enumerate(moved):
        if each is None:
            return None
        whole = _product(whole, _Moved(each.before, each.after, {str(number): each.after - each.before}))
    return [whole.shares[str(number)] for number in range(len(factors))]


def exact(formula: Formula, values: Values) -> Fraction | None:
    """The formula's value without any rounding; None where it divides by zero or a word is missing."""
    found = _both(formula, values, values)
    return None if found is None else found.before


def to_the_place(parts: Sequence[Fraction], total: Decimal) -> list[Decimal]:
    """Parts rounded to the places values are stored with, so that they add up to `total` as it is stored.

    What rounding leaves goes to the largest parts, where it matters least; parts that sum to something else than
    `total` by more than a rounding stay apart from it, which is an error of whoever split them.
    """
    unit = Fraction(PLACES)
    units = [round(part / unit) for part in parts]
    left = int(Fraction(total) / unit) - sum(units)
    if abs(left) > len(parts) + 1:
        raise ValueError(f"The parts miss the whole by {left} of its last places.")
    largest = sorted(range(len(parts)), key=lambda number: -abs(parts[number]))
    for step in range(abs(left)):
        units[largest[step % len(largest)]] += 1 if left > 0 else -1
    return [Decimal(count) * PLACES for count in units]


def _both(formula: Formula, before: Values, after: Values) -> _Moved | None:
    if any(word not in values for word in formula.inputs for values in (before, after)):
        return None
    return _moved(formula.term, {MONTHS_IN_YEAR: 12, **before}, {MONTHS_IN_YEAR: 12, **after})


def _moved(term: Term, before: Values, after: Values) -> _Moved | None:
    match term:
        case Number(value):
            return _Moved(Fraction(value), Fraction(value), {})
        case Word(name):
            was, now = Fraction(before[name]), Fraction(after[name])
            return _Moved(was, now, {name: now - was})
        case Minus(of):
            inner = _moved(of, before, after)
            return inner and _Moved(-inner.before, -inner.after, inner.times(Fraction(-1)))
        case Pair(sign, left_term, right_term):
            left, right = _moved(left_term, before, after), _moved(right_term, before, after)
            if left is None or right is None:
                return None
            return _pair(sign, left, right)


def _pair(sign: str, left: _Moved, right: _Moved) -> _Moved | None:
    match sign:
        case "+":
            return _Moved(left.before + right.before, left.after + right.after, _added(left.shares, right.shares))
        case "-":
            return _pair("+", left, _Moved(-right.before, -right.after, right.times(Fraction(-1))))
        case "*":
            return _product(left, right)
    if right.before == 0 or right.after == 0:
        return None
    scale = -1 / (right.before * right.after)  # by which 1/x moves for each step of x, exactly
    return _product(left, _Moved(1 / right.before, 1 / right.after, right.times(scale)))


def _product(left: _Moved, right: _Moved) -> _Moved:
    shares = _added(left.times(right.mean), right.times(left.mean))
    return _Moved(left.before * right.before, left.after * right.after, shares)


def _added(left: Shares, right: Shares) -> Shares:
    return {word: left.get(word, Fraction(0)) + right.get(word, Fraction(0)) for word in left | right}
