"""What a page is given: for whom a number is, the number itself or why there is none, and who may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from metrics.declare import Access, For, Metric
from metrics.models import Origin, State
from metrics.periods import Span

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

Person: TypeAlias = "User | AnonymousUser"

PERMISSIONS = {Access.FINANCE: "metrics.see_finance", Access.WAGES: "metrics.see_wages"}


@dataclass(frozen=True, order=True)
class ScopeRef:
    """For whom: `company`, `not_linked`, an organization by slug, a segment by name. Hashable; what addresses carry."""

    kind: str
    slug: str = ""

    @property
    def is_company(self) -> bool:
        return self.kind == "company"

    @property
    def side(self) -> For:
        """Which of a metric's formulas holds for it."""
        sides = {"company": For.COMPANY, "segment": For.SEGMENT}
        return sides.get(self.kind, For.ORGANIZATION)


COMPANY = ScopeRef("company")
NOT_LINKED = ScopeRef("not_linked")


def client(slug: str) -> ScopeRef:
    return ScopeRef("organization", slug)


def segment(name: str) -> ScopeRef:
    """Clients of a kind together."""
    return ScopeRef("segment", name)


@dataclass(frozen=True)
class Number:
    """One stored value, or the reason there is none. `value` is None in every state that carries none."""

    metric: Metric
    scope: ScopeRef
    period: Span
    value: Decimal | None
    state: State
    # Why, in a few words ("no devices", "2 of 3 months", "Help Desk not read since 3 Nov"); where a joined value is not
    # wholly resolved, how far it is ("96% of devices resolved").
    cause: str = ""
    origin: Origin = Origin.COLLECTED
    collected: Decimal | None = None
    months: int | None = None
    of_months: int | None = None
    coverage: Decimal | None = None  # the least resolved share of what a joined value rests on; None: it is not joined
    fact_rows: int | None = None
    read_through: datetime | None = None
    version: int | None = None  # of the definition it was worked out by; None where nothing is stored
    basis: int | None = None  # the definition and rules it was worked out by; None where nothing is stored

    @property
    def is_final(self) -> bool:
        return self.state is State.MEASURED

    @property
    def is_whole(self) -> bool:
        """Whether all it rests on belongs to someone we know."""
        return self.coverage is None or self.coverage == 1


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


def may_see(person: Person, metric: Metric) -> bool:
    """Everyone who may sign in sees everyone's metrics; finance and wages need their permission."""
    if not (person.is_active and person.is_authenticated):
        return False
    permission = PERMISSIONS.get(metric.access)
    return permission is None or person.has_perm(permission)
