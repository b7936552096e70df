"""Year to date: from the first month of the fiscal year, worked out from stored months as a quarter would be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import settings
from metrics.declare import Across, Derived, Median, Metric, Total
from metrics.definitions import CATALOGUE, versions_of
from metrics.formula import EXACT, MONTHS, Result, evaluate, parse, rounded
from metrics.joined import LEAST_RESOLVED, bases_of
from metrics.models import Origin, State
from metrics.periods import Month, Span, months_between
from metrics.reading.medians import median_of
from metrics.reading.resolved import BY_HAND, GOOD, in_words, resolved
from metrics.reading.shapes import COMPANY, NOT_LINKED, Number, Numbers, Person, ScopeRef, may_see
from metrics.reading.stored import numbers_of

NAMED = 3  # how many months that lack a value are named


def _fiscal_year_start(last: Month, rules: Mapping[str, Any]) -> Month:
    """The first month of the fiscal year that holds this month."""
    begins = int(rules["fiscal_year_start"])
    return Month(last.year if last.number >= begins else last.year - 1, begins)


def year_to_date(person: Person, metrics: Iterable[str], scope: ScopeRef, through: Span) -> dict[str, Number]:
    """From the start of the fiscal year through the last month of `through`, worked out from stored months.

    `period` of each number is `through`. One statement for all months, and one for how far they were read.
    """
    asked = [CATALOGUE[key] for key in dict.fromkeys(metrics) if may_see(person, CATALOGUE[key])]
    today = _today()
    rules = settings.all_in_force([through.months[-1].starts_on, last_day := through.ends_on - timedelta(days=1)])
    months = _begun(through, rules[through.months[-1].starts_on], today)
    # A permitted ratio may be made of inputs this person may not see; those are read here and never handed out.
    bases = [CATALOGUE[key] for metric in asked for key in bases_of(metric, scope.side)]
    scopes = [scope, COMPANY, NOT_LINKED] if bases else [scope]
    needed = tuple(dict.fromkeys([*_with_inputs(asked, scope), *bases]))
    stored = numbers_of(needed, scopes, months, on=months[0].starts_on if months else None)
    running = bool(months) and through.ends_on > Month.holding(today).starts_on
    so_far = _Year(scope, through, months, stored, running, rules[last_day])
    return {metric.key: so_far.covered(so_far.number(metric)) for metric in asked}


def months_to_date(through: Span) -> tuple[Month, ...]:
    """The months that make the year to date: those of the fiscal year that have begun."""
    last = through.months[-1].starts_on
    return _begun(through, settings.all_in_force([last])[last], _today())


def _begun(through: Span, rules: Mapping[str, Any], today: date) -> tuple[Month, ...]:
    last = through.months[-1]
    year = months_between(_fiscal_year_start(last, rules), last)
    return tuple(month for month in year if month.starts_on <= today)


def _today() -> date:
    return timezone.now().astimezone(Calendar.current().zone).date()


def _with_inputs(metrics: Iterable[Metric], scope: ScopeRef) -> tuple[Metric, ...]:
    """The metrics whose months are needed: those asked for, or what they are worked out from."""
    needed: dict[str, Metric] = {}
    waiting = list(metrics)
    while waiting:
        metric = waiting.pop()
        if metric.key not in needed:
            needed[metric.key] = metric
            words = [word for version in versions_of(metric.key).values() for word in _words(version, scope)]
            waiting += [CATALOGUE[word] for word in words if word in CATALOGUE]
    return tuple(needed.values())


def _words(metric: Metric, scope: ScopeRef) -> tuple[str, ...]:
    """A total adds its own months, whatever it was made of."""
    if not isinstance(metric, Derived) or isinstance(metric, Total):
        return ()
    return parse(_formula(metric, scope)).inputs


def _formula(metric: Derived, scope: ScopeRef) -> str:
    return metric.formula_for(scope.side)


@dataclass(frozen=True)
class _Year:
    """The months so far of one scope's fiscal year."""

    scope: ScopeRef
    through: Span
    months: tuple[Month, ...]
    stored: Numbers
    running: bool
    rules: Mapping[str, Any]  # in force on its last day

    def number(self, metric: Metric) -> Number:
        """In the version in force on the first day of the year, as a year has."""
        if self.months:
            metric = self.stored[metric.key, self.scope, self.months[0]].metric
        if isinstance(metric, Derived) and not isinstance(metric, Total):
            return self._derived(metric)
        months = [self.stored[metric.key, self.scope, month] for month in self.months]
        there = [month for month in months if month.state is not State.NOT_APPLICABLE]
        with_value = [month for month in there if month.state in GOOD and month.value is not None]
        if not there or len(with_value) < len(there):
            return self._missing(metric, months, there, with_value)
        value = _across(metric)([month.value for month in with_value if month.value is not None])
        origins = {month.origin for month in there}
        return self._made(metric, value, there, len(there), origins.pop() if len(origins) == 1 else Origin.DERIVED)

    def covered(self, number: Number) -> Number:
        """With its coverage over the whole year, as a longer period is given it."""
        if number.value is None or number.origin in BY_HAND:
            return number
        shares = resolved(number.metric, self.scope, self.months, self.stored)
        if not shares:
            return number
        coverage = min(each.share for each in shares)
        told = replace(number, coverage=coverage, cause=number.cause or in_words(shares))
        if coverage * 100 >= Decimal(self.rules[LEAST_RESOLVED]):
            return told
        so_far = "so far, " if number.state is State.SO_FAR else ""
        return replace(told, state=State.INSUFFICIENT_COVERAGE, cause=f"{so_far}{told.cause}")

    def _missing(self, metric: Metric, months: list[Number], there: list[Number], usable: list[Number]) -> Number:
        """The state the months share, or incomplete with how many there are."""
        states = {month.state for month in there} or {month.state for month in months} or {State.NOT_COLLECTED}
        alike = len(states) == 1 and not usable
        lacking = [month.period.label for month in there if month not in usable and isinstance(month.period, Month)]
        others = " and others" if len(lacking) > NAMED else ""
        without = f"{len(usable)} of {len(there)} months, without {', '.join(lacking[:NAMED])}{others}"
        return Number(
            metric=metric, scope=self.scope, period=self.through, value=None,
            state=states.pop() if alike else State.INCOMPLETE,
            cause=(months[0].cause if months else "not begun") if alike else without,
            months=len(usable), of_months=len(there),
        )

    def _derived(self, metric: Derived) -> Number:
        formula = parse(_formula(metric, self.scope))
        inputs = [self.number(CATALOGUE[word]) for word in formula.inputs if word in CATALOGUE]
        lacking = next((n for n in inputs if n.value is None), None)
        if lacking is not None:
            cause = f"{lacking.metric.label}: {lacking.cause or lacking.state.label}"
            return replace(lacking, metric=metric, cause=cause, origin=Origin.DERIVED)
        added = [n for n in inputs if getattr(n.metric, "across", None) is Across.SUM] or inputs
        measured = min((n.months or 0 for n in added), default=len(self.months))
        words = {word: Decimal(self.rules[word]) for word in formula.inputs if word in settings.NUMBERS}
        values = {n.metric.key: self._exact(n) for n in inputs} | words | {MONTHS: Decimal(measured)}
        result = self._middle(metric) if isinstance(metric, Median) else evaluate(formula, values)
        if result.value is None:
            return Number(
                metric=metric, scope=self.scope, period=self.through, value=None, state=State.UNDEFINED,
                cause=metric.undefined, origin=Origin.DERIVED, months=measured, of_months=measured,
            )
        return self._made(metric, result.value, inputs, measured, Origin.DERIVED)

    def _middle(self, metric: Median) -> Result:
        """From the rows themselves; the months' own medians do not tell it."""
        of = [self.stored[metric.of.key, self.scope, month] for month in self.months]
        own = [month.period for month in of if month.state is not State.NOT_APPLICABLE]
        return Result(median_of(metric, self.scope, [month for month in own if isinstance(month, Month)]))

    def _exact(self, number: Number) -> Decimal | None:
        """A mean as it goes into formulas, so that they are rounded once."""
        if getattr(number.metric, "across", None) is not Across.MEAN:
            return number.value
        months = [self.stored[number.metric.key, self.scope, month].value for month in self.months]
        there = [value for value in months if value is not None]
        return EXACT.divide(sum(there, Decimal(0)), Decimal(len(there)))

    def _made(self, metric: Metric, value: Decimal, parts: list[Number], months: int, origin: Origin) -> Number:
        state = max(part.state for part in parts) if parts else State.MEASURED
        return Number(
            metric=metric, scope=self.scope, period=self.through, value=value, origin=origin,
            state=max(state, State.SO_FAR) if self.running else state, months=months, of_months=months,
            read_through=min((part.read_through for part in parts if part.read_through), default=None),
        )


def _across(metric: Metric) -> Callable[[Sequence[Decimal]], Decimal]:
    """How months make a longer period, as the metric declares it."""
    return {
        Across.SUM: lambda values: sum(values, Decimal(0)),
        Across.MEAN: lambda values: rounded(sum(values, Decimal(0)) / len(values)),
        Across.FIRST: lambda values: values[0],
        Across.LAST: lambda values: values[-1],
    }[metric.across]  # type: ignore[attr-defined]
