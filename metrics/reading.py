"""The one door out: every page, export, command and program reads stored values here, as the person asking.

A metric the person may not see is absent from the answer, not blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from metrics.declare import Metric
from metrics.models import Origin, State
from metrics.periods import Span

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Person = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, order=True)
class ScopeRef:
    """For whom: `company`, `not_linked`, or an organization by slug. Hashable; what addresses carry."""

    kind: str
    slug: str = ""

    @property
    def is_company(self) -> bool:
        return self.kind == "company"


COMPANY = ScopeRef("company")
NOT_LINKED = ScopeRef("not_linked")


def client(slug: str) -> ScopeRef:
    return ScopeRef("organization", slug)


@dataclass(frozen=True)
class Number:
    """One stored value, or the reason there is none. `value` is None in every state that carries none."""

    metric: Metric
    scope: ScopeRef
    period: Span
    value: Decimal | None
    state: State
    cause: str = ""  # why, in a few words ("no devices", "2 of 3 months", "Help Desk not read since 3 Nov")
    origin: Origin = Origin.COLLECTED
    collected: Decimal | None = None
    months: int | None = None
    of_months: int | None = None
    coverage: Decimal | None = None
    fact_rows: int | None = None
    read_through: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.state is State.MEASURED


class Numbers(Mapping[tuple[str, ScopeRef, Span], Number]):
    """What was asked for, by (metric key, scope, period). Everything permitted is there: absence in the store
    has become a Number with state not linked or not collected."""

    def __init__(self, rows: Mapping[tuple[str, ScopeRef, Span], Number]) -> None:
        self._rows = dict(rows)

    def __getitem__(self, key: tuple[str, ScopeRef, Span]) -> Number:
        return self._rows[key]

    def __iter__(self) -> Iterator[tuple[str, ScopeRef, Span]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def numbers(
    person: Person, metrics: Iterable[str], scopes: Iterable[ScopeRef], periods: Iterable[Span]
) -> Numbers:
    """Every permitted metric for every scope and period asked, in one query a grain whatever their number."""
    raise NotImplementedError


def number(person: Person, metric: str, scope: ScopeRef, period: Span) -> Number | None:
    """One value, or None where the person may not see the metric."""
    raise NotImplementedError


def year_to_date(person: Person, metrics: Iterable[str], scope: ScopeRef, through: Span) -> dict[str, Number]:
    """From the start of the fiscal year through the last month of `through`, worked out from stored months."""
    raise NotImplementedError


def for_all_clients(person: Person, metrics: Sequence[str], period: Span) -> dict[ScopeRef, dict[str, Number]]:
    """Every client's values of one period, one query: what rankings and the portfolio are made of."""
    raise NotImplementedError


def may_see(person: Person, metric: Metric) -> bool:
    """Everyone who may sign in sees everyone's metrics; finance and wages need their permission."""
    raise NotImplementedError
