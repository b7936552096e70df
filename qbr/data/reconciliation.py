"""Whether the parts make the whole: clients + internal + not linked = company, exactly, for what adds up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from metrics import reading
from metrics.declare import ALL_SCOPES, Flow, Metric, Movement, Opening, Standing, Stock
from metrics.definitions import CATALOGUE
from metrics.periods import Month
from metrics.reading import COMPANY, NOT_LINKED, Number, Person
from metrics.reading.over_clients import BY_HAND
from qbr.pages import formats

ADDITIVE = (Flow, Stock, Standing, Movement, Opening)  # each a count or a sum of rows that belong to one account


@dataclass(frozen=True)
class Line:
    """One metric's month, part by part. None: nothing there, which is not zero."""

    metric: Metric
    clients: Decimal | None
    internal: Decimal | None
    not_linked: Decimal | None
    company: Decimal | None
    why: str  # why the company has no value

    @property
    def parts(self) -> Decimal | None:
        return total([self.clients, self.internal, self.not_linked])

    @property
    def agrees(self) -> bool:
        return self.parts == self.company

    @property
    def cells(self) -> list[str]:
        return [exact(value) for value in (self.clients, self.internal, self.not_linked, self.company)]


def exact(value: Decimal | None) -> str:
    """Every digit there is: a rounded sum proves nothing."""
    if value is None:
        return formats.MISSING
    places = max(0, -int(value.normalize().as_tuple().exponent))
    return formats.rounded(value, places)


def total(values: list[Decimal | None]) -> Decimal | None:
    given = [value for value in values if value is not None]
    return sum(given, Decimal(0)) if given else None


def additive(person: Person) -> list[Metric]:
    return [
        metric for metric in CATALOGUE.values()
        if isinstance(metric, ADDITIVE) and metric.scopes == ALL_SCOPES and reading.may_see(person, metric)
    ]


def lines(person: Person, month: Month) -> list[Line]:
    """Every additive metric of a month, as collected: a correction of the whole is no part of any client."""
    metrics = additive(person)
    keys = [metric.key for metric in metrics]
    added = reading.collected_by_kind(person, keys, month)
    numbers = reading.numbers(person, keys, [COMPANY, NOT_LINKED], [month])
    return [
        Line(
            metric, added.get((metric.key, False)), added.get((metric.key, True)),
            collected(numbers[metric.key, NOT_LINKED, month]), collected(numbers[metric.key, COMPANY, month]),
            numbers[metric.key, COMPANY, month].cause,
        )
        for metric in metrics
    ]  # fmt: skip


def collected(number: Number) -> Decimal | None:
    """What systems say, whatever people entered over it."""
    return number.collected if number.origin in BY_HAND else number.value
