"""Why a number moved from one period to another, or the sentence that says why nobody can tell."""

from __future__ import annotations

from metrics import reading
from metrics.changing.by_thing import OverBudget, by_thing
from metrics.changing.made_of import by_factor, by_input
from metrics.changing.parts import Changed, Moved, Split
from metrics.declare import Derived, Measured, Median, Metric
from metrics.definitions import CATALOGUE
from metrics.formula import Word, parse
from metrics.models import State
from metrics.periods import Span
from metrics.reading import Number, Person, ScopeRef

TELLS = (State.MEASURED, State.INSUFFICIENT_COVERAGE)


def what_changed(person: Person, metric: str, scope: ScopeRef, period: Span, against: Span) -> Changed | None:
    """The change from `against` to `period` in parts; None where the person may not see the number."""
    found = reading.numbers(person, [metric], [scope], [period, against])
    now, base = found.get((metric, scope, period)), found.get((metric, scope, against))
    if now is None or base is None:
        return None
    if refused := _refused(now, base):
        return Changed(now, base, refused=refused)
    try:
        splits = tuple(_splits(person, now, base))
    except Moved as problem:
        return Changed(now, base, refused=str(problem))
    except OverBudget:
        return Changed(now, base, refused="Its rows take too long to read. Choose a single month, or one client.")
    nothing = "It was entered by people, and nothing tells what it is made of."
    return Changed(now, base, splits, refused="" if splits else nothing)


def _refused(now: Number, base: Number) -> str:
    for number in (now, base):
        if number.state is State.SO_FAR:
            return f"{number.period.label} still runs: what changed is told once it is complete."
        if number.value is None or number.state not in TELLS:
            return f"{number.period.label} cannot be compared: {number.cause or number.state.label}."
    if now.version != base.version:
        return (
            f"{base.period.label} was worked out by version {base.version} of the definition and {now.period.label} "
            f"by version {now.version}."
        )
    told = [
        each for differing in reading.changed_settings([(base, now)]).values()
        for each in (*differing.settings, *differing.definitions)
    ]
    return f"The two were worked out by different rules. {'; '.join(told)}." if told else ""


def _splits(person: Person, now: Number, base: Number) -> list[Split]:
    metric = now.metric
    if isinstance(metric, Median):
        raise Moved("It is the middle of its rows, and no part of them adds up to its change.")
    if isinstance(metric, Derived):
        stands_for = _one_word(metric, now.scope)
        if isinstance(stands_for, Measured) and reading.may_see(person, stands_for):
            return by_thing(person, stands_for, now, base)
        return [by_factor(person, metric, now, base) or by_input(person, metric, now, base)]
    return by_thing(person, metric, now, base) if isinstance(metric, Measured) else []


def _one_word(metric: Derived, scope: ScopeRef) -> Metric | None:
    """The metric a formula of one word stands for."""
    term = parse(metric.formula_for(scope.side)).term
    return CATALOGUE.get(term.name) if isinstance(term, Word) else None
