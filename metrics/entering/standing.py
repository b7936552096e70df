"""What cells hold before they are changed: the entry, the value it stands over, and whether the month takes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import reading
from metrics.declare import For, Metric
from metrics.definitions import CATALOGUE
from metrics.models import Entry, Origin, Period, Scope, State
from metrics.periods import Month, closed_in_words
from metrics.reading import Number, Person, ScopeRef
from metrics.typed import may_be_entered

Place = tuple[str, ScopeRef, Month]  # metric key, for whom, when

BY_HAND = (Origin.ENTERED, Origin.IMPORTED, Origin.CORRECTED)
COUNTS = (State.MEASURED, State.SO_FAR, State.INSUFFICIENT_COVERAGE)


@dataclass(frozen=True)
class Standing:
    """One cell as it is now."""

    entry: Entry | None  # the one that stands; what was entered before a system gave the number no longer does
    number: Number
    locked: str  # why it takes no entry; empty: it does

    @property
    def collected(self) -> Decimal | None:
        """The system's own value: kept beside an entry where one stands, else the value itself."""
        return self.number.collected if self.number.origin in BY_HAND else self.number.value

    @property
    def shown(self) -> Decimal | None:
        return self.entry.value if self.entry else self.collected


def enterable(person: Person, scope: ScopeRef) -> list[Metric]:
    """The metrics this person may give numbers for, in the catalogue's order."""
    side = For.COMPANY if scope.is_company else For.ORGANIZATION
    return [
        metric for metric in CATALOGUE.values()
        if side in metric.scopes and may_be_entered(metric) and reading.may_see(person, metric)
    ]


def enterable_keys(person: Person, scopes: Iterable[ScopeRef]) -> dict[ScopeRef, frozenset[str]]:
    """The keys of those metrics for many scopes at once: every client takes the same."""
    sides: dict[bool, frozenset[str]] = {}
    return {
        scope: sides.get(scope.is_company)
        or sides.setdefault(scope.is_company, frozenset(metric.key for metric in enterable(person, scope)))
        for scope in scopes
    }


def standing(person: Person, places: Sequence[Place]) -> dict[Place, Standing]:
    """What every cell asked for holds now, in a fixed number of statements however many there are."""
    if not places:
        return {}
    keys, scopes, months = (tuple(dict.fromkeys(place[part] for place in places)) for part in range(3))
    stored = reading.numbers(person, keys, scopes, months)  # type: ignore[arg-type]
    entries = _entries(keys, scopes, months)  # type: ignore[arg-type]
    locked = locks(months)  # type: ignore[arg-type]
    return {
        place: Standing(_that_stands(entries.get(place), stored[place]), stored[place], locked.get(place[2], ""))
        for place in places
    }


def _that_stands(entry: Entry | None, number: Number) -> Entry | None:
    """Only a correction stands over a value that is collected and counts."""
    collected = number.origin not in BY_HAND and number.state in COUNTS
    return None if entry and collected and entry.kind != Entry.Kind.CORRECTED else entry


def _entries(keys: Sequence[str], scopes: Sequence[ScopeRef], months: Sequence[Month]) -> Mapping[Place, Entry]:
    whom = Q(scope__organization__slug__in=[scope.slug for scope in scopes if scope.slug])
    whom |= Q(scope__organization=None, scope__kind__in=[scope.kind for scope in scopes if not scope.slug])
    rows = Entry.objects.filter(
        whom, metric__in=keys, superseded_at=None,
        period__grain="month", period__starts_on__in=[month.starts_on for month in months],
    ).select_related("scope__organization", "period", "by")
    return {(row.metric, reference(row.scope), Month.holding(row.period.starts_on)): row for row in rows}


def reference(scope: Scope) -> ScopeRef:
    return ScopeRef(scope.kind, scope.organization.slug if scope.organization else "")


def locks(months: Iterable[Month]) -> dict[Month, str]:
    """Why some months take no entry, in words."""
    calendar = Calendar.current()
    today = timezone.now().astimezone(calendar.zone).date()
    days = {month.starts_on: month for month in months}
    soft = set(
        Period.objects.filter(grain="month", starts_on__in=days, state=Period.Status.SOFT_CLOSED)
        .values_list("starts_on", flat=True)
    )
    found = {}
    for day, month in days.items():
        if day > today:
            found[month] = "the month has not begun"
        elif calendar.closed_through and month.ends_on - timedelta(1) <= calendar.closed_through and day not in soft:
            found[month] = closed_in_words(month)
    return found
