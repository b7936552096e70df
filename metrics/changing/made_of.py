"""A worked-out number by its factors where it declares some, else by its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from metrics import attribution, reading, settings
from metrics.changing.parts import Moved, Part, Split, exactly
from metrics.declare import Across, Derived, Factor
from metrics.definitions import CATALOGUE
from metrics.formula import EXACT, MONTHS, Formula, parse, rounded
from metrics.periods import Month, Span
from metrics.reading import Number, Numbers, Person
from metrics.reading.resolved import GOOD

HIDDEN = "What it is made of includes numbers you may not see."


@dataclass(frozen=True)
class _Inputs:
    """What the words of a formula were in one period; a word without a value is left out."""

    number: Number
    values: Mapping[str, Fraction]
    told: Mapping[str, Number]


def by_factor(person: Person, metric: Derived, now: Number, base: Number) -> Split | None:
    """None where it declares no factors for this scope, or one of them has no value."""
    if not metric.factors or metric.formula_for(now.scope.side) != metric.formula:
        return None
    formulas = [parse(factor.formula) for factor in metric.factors]
    read = _read(person, formulas, now, base)
    if read is None:
        return None
    before, after = read
    shares = attribution.by_factor(formulas, before.values, after.values)
    if shares is None:
        return None
    changes = exactly(shares, _change(now, base))
    return Split("factor", tuple(
        _factor_part(factor, formula, change, before, after)
        for factor, formula, change in zip(metric.factors, formulas, changes, strict=True)
    ))


def by_input(person: Person, metric: Derived, now: Number, base: Number) -> Split:
    """Raises Moved with a sentence where its inputs do not tell."""
    formula = parse(metric.formula_for(now.scope.side))
    read = _read(person, [formula], now, base)
    if read is None:
        raise Moved(HIDDEN)
    before, after = read
    for each in (after, before):
        if lacking := next((word for word in formula.inputs if word not in each.values), None):
            missing = each.told.get(lacking)
            why = (missing.cause or missing.state.label) if missing else "not known"
            raise Moved(f"{_label(lacking)} in {each.number.period.label}: {why}.")
    shares = attribution.by_input(formula, before.values, after.values)
    if shares is None:
        raise Moved("It divides by zero in one of the two.")
    changes = exactly(list(shares.values()), _change(now, base))
    parts = [
        Part(
            _label(word), change, _written(before.values[word]), _written(after.values[word]),
            words=_label(word), metric=word if word in CATALOGUE else "",
        )
        for word, change in zip(shares, changes, strict=True) if change or word in CATALOGUE
    ]
    return Split("input", tuple(sorted(parts, key=lambda part: -abs(part.change))))


def _factor_part(factor: Factor, formula: Formula, change: Decimal, before: _Inputs, after: _Inputs) -> Part:
    was, became = attribution.exact(formula, before.values), attribution.exact(formula, after.values)
    assert was is not None and became is not None
    words = factor.more if became > was else factor.fewer if became < was else factor.label
    return Part(factor.label, change, _written(was), _written(became), words=words)


def _written(value: Fraction) -> Decimal:
    """As people may read it beside a part."""
    return rounded(EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)))


def _change(now: Number, base: Number) -> Decimal:
    assert now.value is not None and base.value is not None
    return now.value - base.value


def _label(word: str) -> str:
    if word in CATALOGUE:
        return CATALOGUE[word].label
    return settings.SETTINGS[word].label if word in settings.SETTINGS else word.capitalize()


def _read(person: Person, formulas: Sequence[Formula], now: Number, base: Number) -> tuple[_Inputs, _Inputs] | None:
    """The words of some formulas before and after; None where one of them is a number the person may not see."""
    words = dict.fromkeys(word for formula in formulas for word in formula.words)
    keys = [word for word in words if word in CATALOGUE]
    if not all(reading.may_see(person, CATALOGUE[key]) for key in keys):
        return None
    periods = [span for number in (now, base) for span in (number.period, *_months(number.period))]
    stored = reading.numbers(person, keys, [now.scope], periods)
    return _inputs(base, words, stored), _inputs(now, words, stored)


def _months(period: Span) -> tuple[Month, ...]:
    return () if isinstance(period, Month) else period.months


def _inputs(number: Number, words: Mapping[str, None], stored: Numbers) -> _Inputs:
    told = {word: stored[word, number.scope, number.period] for word in words if word in CATALOGUE}
    values = {word: exact for word, each in told.items() if (exact := _exact(each, stored)) is not None}
    in_force = settings.all_in_force([day := number.period.ends_on - timedelta(days=1)])[day]
    values |= {word: Fraction(in_force[word]) for word in words if word in settings.NUMBERS}
    values[MONTHS] = Fraction(number.months or number.period.of_months)
    return _Inputs(number, values, told)


def _exact(number: Number, stored: Numbers) -> Fraction | None:
    """A value as formulas read it: a mean of months before it was rounded."""
    if number.value is None or number.state not in GOOD:
        return None
    if isinstance(number.period, Month) or getattr(number.metric, "across", None) is not Across.MEAN:
        return Fraction(number.value)
    months = [stored[number.metric.key, number.scope, month] for month in number.period.months]
    there = [Fraction(month.value) for month in months if month.value is not None and month.state in GOOD]
    return sum(there, Fraction(0)) / len(there) if there else Fraction(number.value)
