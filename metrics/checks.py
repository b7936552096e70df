"""What `manage.py check` refuses: declarations that cannot be worked out, and meanings changed under stored values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connection

from collectors.facts.shapes import EARLIEST
from metrics.attribution import exact
from metrics.declare import (
    COMPANY_ONLY,
    Across,
    Catalogue,
    Derived,
    Facts,
    Flow,
    For,
    Median,
    Metric,
    Standing,
    Stock,
    ToldStanding,
    facts_of,
    fingerprint,
)
from metrics.definitions import ALSO, CATALOGUE
from metrics.formula import OWN_WORDS, Formula, Unreadable, parse
from metrics.rollup.compile import RULE
from metrics.settings import COLUMNS, NUMBERS, SETTINGS

ADDITIVE = ("count(", "sum(")
DECIDED = frozenset({"queue_kinds", "ledger_categories"})  # rules kept in tables of their own

STORED = """
SELECT d.metric, d.version, d.fingerprint FROM definition d
WHERE EXISTS (SELECT 1 FROM metrics_monthly v WHERE v.definition_id = d.id)"""
DECIDED_ON = """
SELECT i.metric, i.from_on, d.metric, d.version FROM in_force i JOIN definition d ON d.id = i.definition_id
ORDER BY 1, 2"""
ALIKE = ("unit", "scopes", "access", "better", "across")  # what every version of a metric has in common


def check_definitions(
    catalogue: Catalogue = CATALOGUE, also: Sequence[Metric] | None = None, **_: Any
) -> list[CheckMessage]:
    """Unknown inputs, circles, stocks that would be summed, aggregates that do not add up, rules that do not exist.

    And of versions: two of one number, one that says nothing of what it changes, one that is another metric.
    """
    found: list[CheckMessage] = []
    if also is None:
        also = ALSO if catalogue is CATALOGUE else ()
    for key, metric in [*catalogue.items(), *((metric.key, metric) for metric in also)]:
        found += [Error(f"{key}: {problem}", id="metrics.E001") for problem in _problems(key, metric, catalogue)]
    found += [Error(problem, id="metrics.E002") for problem in _circles(catalogue, also)]
    return found + [Error(problem, id="metrics.E004") for problem in _version_problems(catalogue, also)]


def _version_problems(catalogue: Catalogue, also: Sequence[Metric]) -> Iterator[str]:
    numbers = {(metric.key, metric.version) for metric in catalogue.values()}
    for metric in also:
        named, first = f"{metric.key}: version {metric.version}", catalogue.get(metric.key)
        if first is None:
            yield f"{named} is a version of a metric that does not exist."
            continue
        if (metric.key, metric.version) in numbers:
            yield f"{named} is declared twice."
        numbers.add((metric.key, metric.version))
        for name in ALIKE:
            if getattr(metric, name, None) != getattr(first, name, None):
                yield f"{named} has another {name} than version {first.version}: that is another metric."
        if isinstance(metric, Derived) != isinstance(first, Derived):
            yield f"{named} is worked out from others and version {first.version} is not, or the other way round."
    for metric in (*catalogue.values(), *also):
        if metric.version > 1 and not (metric.note and metric.since):
            yield f"{metric.key}: version {metric.version} lacks a note that says what changed, and its day."


def _problems(key: str, metric: Metric, catalogue: Catalogue) -> Iterator[str]:
    if key != metric.key:
        yield f"is listed under another key than its own, {metric.key}."
    for rule in metric.rules:
        if rule not in SETTINGS and rule not in DECIDED:
            yield f"names a rule “{rule}” that does not exist."
    if isinstance(metric, Derived):
        yield from _formula_problems(metric, catalogue)
        yield from _factor_problems(metric, catalogue)
    if getattr(metric, "across", None) is Across.SUM and isinstance(metric, Stock | Standing):
        yield "is a stock and would be summed over months."
    if isinstance(metric, Flow | Stock | ToldStanding) and not metric.value.startswith(ADDITIVE):
        yield f"“{metric.value}” does not add up over clients; count or sum."
    if (facts := facts_of(metric)) is not None:
        yield from _fact_problems(metric, facts)


def _formula_problems(metric: Derived, catalogue: Catalogue) -> Iterator[str]:
    for scope in metric.scopes:
        try:
            words = parse(metric.formula_for(scope)).words
        except Unreadable as error:
            yield str(error)
            continue
        for word in words:
            if word in NUMBERS and word not in metric.rules:
                yield f"reads the rule {word} and does not name it, so that its basis would not."
            if word in OWN_WORDS or word in NUMBERS:
                continue
            if isinstance(catalogue.get(word), Median):
                yield f"reads {word}, a median, which adds up to nothing."
            if word not in catalogue:
                yield f"reads “{word}”, which is no metric and no rule with a number."
            elif scope not in catalogue[word].scopes:
                yield f"reads {word} for a scope that {word} is not for ({scope.value})."


def _factor_problems(metric: Derived, catalogue: Catalogue) -> Iterator[str]:
    """Its factors multiply to it, for any numbers: what they are said to have added is the whole change."""
    if not metric.factors:
        return
    try:
        whole, factors = parse(metric.formula), [parse(factor.formula) for factor in metric.factors]
    except Unreadable as error:
        yield str(error)
        return
    words = dict.fromkeys(word for formula in (whole, *factors) for word in formula.words)
    if unknown := [word for word in words if word not in OWN_WORDS | NUMBERS and word not in catalogue]:
        yield f"has a factor that reads “{unknown[0]}”, which is no metric and no rule with a number."
    elif any(_product(factors, values) != exact(whole, values) for values in _any_numbers(words)):
        yield "has factors that do not multiply to its formula."


def _any_numbers(words: Iterable[str]) -> Iterator[dict[str, Fraction]]:
    """Some numbers for each word, the same each time: two different formulas agree on all of them by no chance."""
    draw = Random(0)  # noqa: S311 - nothing secret
    for _ in range(5):
        yield {word: Fraction(draw.randint(1, 10**6), draw.randint(1, 10**6)) for word in words}


def _product(factors: Iterable[Formula], values: Mapping[str, Fraction]) -> Fraction | None:
    product = Fraction(1)
    for factor in factors:
        value = exact(factor, values)
        if value is None:
            return None
        product *= value
    return product


def _fact_problems(metric: Metric, facts: Facts) -> Iterator[str]:
    if not facts.account and metric.scopes != COMPANY_ONLY:
        yield "counts facts that belong to no account, so it is the company's alone."
    if facts.account and For.ORGANIZATION not in metric.scopes:
        yield "counts facts of accounts, so it is for clients as well as for the company."
    for rule in RULE.findall(getattr(metric, "where", "")):
        if rule not in COLUMNS:
            yield f"its condition reads “:{rule}”, which is no rule."


def _circles(catalogue: Catalogue, also: Sequence[Metric] = ()) -> Iterator[str]:
    """Each circle once, told from where it is first met, whichever versions are read."""
    done: set[str] = set()

    def walk(key: str, path: tuple[str, ...]) -> Iterator[str]:
        if key in path:
            yield f"{' -> '.join([*path[path.index(key):], key])} goes round in a circle."
            return
        if key in done or key not in catalogue:
            return
        for metric in (catalogue[key], *(version for version in also if version.key == key)):
            if not isinstance(metric, Derived):
                continue
            for scope in metric.scopes:
                try:
                    words = parse(metric.formula_for(scope)).inputs
                except Unreadable:
                    continue
                for word in words:
                    yield from walk(word, (*path, key))
        done.add(key)

    for key in catalogue:
        yield from walk(key, ())


def check_versions(**_: Any) -> list[CheckMessage]:
    """A version that has values keeps its meaning: another meaning is another version."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(STORED)
            stored = {(metric, version): mark for metric, version, mark in cursor.fetchall()}
    except DatabaseError:  # the tables are not there yet: nothing is stored
        return []
    return [
        Error(
            f"{metric.key}: the meaning of version {metric.version} has changed while values of it are stored.",
            hint=f"Declare version {metric.version + 1} and keep the old values as they are.", id="metrics.E003",
        )
        for metric in (*CATALOGUE.values(), *ALSO)
        if stored.get((metric.key, metric.version), fingerprint(metric)) != fingerprint(metric)
    ]


def check_in_force(**_: Any) -> list[CheckMessage]:
    """What people have put in force is a version the code declares."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(DECIDED_ON)
            rows = cursor.fetchall()
    except DatabaseError:
        return []
    declared = {(metric.key, metric.version) for metric in (*CATALOGUE.values(), *ALSO)}
    return [
        Error(
            f"{metric}: from {'the beginning' if from_on == EARLIEST else from_on.isoformat()} on version {version} of "
            f"{of} is in force, which the code does not declare.",
            hint="Declare it again, or put another version in force.", id="metrics.E005",
        )
        for metric, from_on, of, version in rows if of != metric or (of, version) not in declared
    ]
