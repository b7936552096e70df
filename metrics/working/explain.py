"""One number explained: what it means, its formula with values put in, what it read, and who entered what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from metrics import reading, settings
from metrics.declare import Across, Derived, Median
from metrics.definitions import CATALOGUE
from metrics.formula import MONTHS, MONTHS_IN_YEAR, Formula, parse, working
from metrics.joined import bases_of
from metrics.periods import Month, Span
from metrics.reading import Number, Person, Provenance, ScopeRef
from metrics.reading.resolved import Resolved, read_bases, resolved
from metrics.reading.stored import numbers_of
from metrics.reading.to_date import months_to_date
from metrics.rollup.compile import is_gathered
from metrics.typed import plain_decimal
from metrics.working.listings import listing_of
from metrics.working.rests_on import (
    EntryMade,
    RuleRead,
    SystemRead,
    VersionTold,
    counted_of,
    entries_of,
    middle_of,
    rules_of,
    systems_of,
    versions_of,
)

ACROSS_WORDS = {
    Across.SUM: "the sum of its months", Across.MEAN: "the mean of its months",
    Across.FIRST: "its first month", Across.LAST: "its last month",
}


@dataclass(frozen=True)
class Working:
    number: Number
    meaning: str
    formula: str  # in words; empty where the number is not worked out from others
    formula_with_values: str  # empty where an input may not be seen
    inputs: tuple[Number, ...]  # what the formula reads, those the person may see
    across: str  # how its months make a longer period; empty for a month, and where it is worked out afresh
    months: tuple[Number, ...]  # those months
    counted: str  # which rows are counted, in words; empty where none are
    rules: tuple[RuleRead, ...]
    systems: tuple[SystemRead, ...]
    resolved: tuple[Resolved, ...]  # of a joined number: the share of each base that belongs to someone we know
    entries: tuple[EntryMade, ...]  # newest first
    provenance: Provenance | None  # None where nothing is stored
    has_rows: bool
    versions: tuple[VersionTold, ...] = ()  # of its definition, newest first
    parsed: Formula | None = None  # the formula itself
    put_in: Mapping[str, Decimal] = field(default_factory=dict)  # each word's value; empty where one may not be seen
    to_date: bool = False  # the fiscal year so far, through the period
    whole: tuple[Month, ...] = ()  # the months it is over


@dataclass(frozen=True)
class _Asked:
    """A number somebody asks about: of one period, or of the year so far through it."""

    person: Person
    scope: ScopeRef
    period: Span
    to_date: bool

    @property
    def months(self) -> tuple[Month, ...]:
        return months_to_date(self.period) if self.to_date else self.period.months

    def numbers(self, metrics: Sequence[str]) -> tuple[Number, ...]:
        """Those of them the person may see."""
        if self.to_date:
            return tuple(reading.year_to_date(self.person, metrics, self.scope, self.period).values())
        return tuple(reading.numbers(self.person, metrics, [self.scope], [self.period]).values())


def explain(
    person: Person, metric: str, scope: ScopeRef, period: Span, *, to_date: bool = False
) -> Working | None:
    """Everything there is to say of one number; None where the person may not see it."""
    asked = _Asked(person, scope, period, to_date)
    number = next(iter(asked.numbers([metric])), None)
    if number is None:
        return None
    declared, months = number.metric, asked.months
    gathered = (to_date or not isinstance(period, Month)) and is_gathered(declared)
    provenance = None if to_date else reading.provenance(person, metric, scope, period)
    formula = None if gathered or not isinstance(declared, Derived) else parse(declared.formula_for(scope.side))
    inputs, put_in = _inputs(asked, formula, number) if formula else ((), {})
    if isinstance(declared, Median):
        formula, put_in = None, {}
    words = {word: _word(word) for word in formula.words} if formula else {}
    shown = words | {word: f"{Decimal(plain_decimal(value)):,f}" for word, value in put_in.items()}
    return Working(
        number=number, meaning=declared.meaning, formula=working(formula, words) if formula else middle_of(declared),
        formula_with_values=working(formula, shown) if formula and put_in else "", inputs=inputs,
        across=ACROSS_WORDS[declared.across] if gathered else "",  # type: ignore[attr-defined]
        months=tuple(numbers_of([declared], [scope], months, months[0].starts_on).values()) if gathered else (),
        counted=counted_of(declared), rules=rules_of(declared, scope, period, provenance),
        systems=systems_of(declared, months), resolved=_resolved(number, months),
        entries=entries_of(declared, scope, months), provenance=provenance,
        has_rows=listing_of(declared) is not None, versions=versions_of(declared), parsed=formula, put_in=put_in,
        to_date=to_date, whole=tuple(months),
    )


def _resolved(number: Number, months: Sequence[Month]) -> tuple[Resolved, ...]:
    """Shares give no amount away, so they are told whether or not the person may see what they are shares of."""
    bases = bases_of(number.metric, number.scope.side)
    if number.coverage is None or not bases:
        return ()
    return resolved(number.metric, number.scope, months, read_bases(bases, months))


def _inputs(
    asked: _Asked, formula: Formula, number: Number
) -> tuple[tuple[Number, ...], dict[str, Decimal]]:
    """What the formula reads, and the value of each word as it went in. One hidden input hides every value."""
    keys = [word for word in formula.inputs if word in CATALOGUE]
    inputs = asked.numbers(keys)
    if len(inputs) < len(keys) or not inputs:
        return inputs, {}
    rules = settings.all_in_force([day := asked.period.ends_on - timedelta(1)])[day]
    values: dict[str, Decimal | None] = {each.metric.key: each.value for each in inputs}
    values |= {word: Decimal(rules[word]) for word in formula.inputs if word in settings.NUMBERS}
    values |= {MONTHS: Decimal(number.months or len(asked.months)), MONTHS_IN_YEAR: Decimal(12)}
    return inputs, {word: value for word in formula.words if (value := values[word]) is not None}


def _word(word: str) -> str:
    if word in CATALOGUE:
        return CATALOGUE[word].label
    if word in settings.SETTINGS:
        return settings.SETTINGS[word].label.lower()
    return {MONTHS: "months", MONTHS_IN_YEAR: "12"}[word]
