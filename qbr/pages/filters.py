"""The question a page answers, read from its address: for whom, over which period, compared with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import notes, reading, varying
from metrics.declare import Goal
from metrics.definitions import CATALOGUE
from metrics.notes import Dated
from metrics.periods import Month, Quarter, Span, months_between, parse
from metrics.reading import COMPANY, NOT_LINKED, ChangedBy, ScopeRef, client
from metrics.varying import Held, Verdict
from organizations.models import Organization

if TYPE_CHECKING:
    from metrics.reading import Person

TREND_MONTHS = 24
TREND_QUARTERS = 5
TO_DATE = "to-date"


@dataclass(frozen=True)
class Question:
    person: Person
    path: str
    period: Span
    now: datetime
    zone: ZoneInfo
    organization: Organization | None = None
    part: ScopeRef | None = None  # a segment or what is not linked, asked for in place of a client
    given: Mapping[str, str] = field(
        default_factory=dict
    )  # the address as it was asked, for links that change one part

    @classmethod
    def of(cls, request: HttpRequest, *, parts: bool = False) -> Self:
        """Raises Http404 for a client or a period that does not exist.

        With `parts` a segment or what is not linked may be asked for; other pages are of the company or a client.
        """
        zone, now = Calendar.current().zone, timezone.now()
        given = {name: str(value) for name, value in request.GET.items() if value}
        return cls(
            person=request.user,
            path=request.path,
            period=_period(given.get("period", ""), now.astimezone(zone)),
            now=now,
            zone=zone,
            organization=_organization(given.get("client", "")),
            part=_part(given) if parts else None,
            given=given,
        )

    @property
    def scope(self) -> ScopeRef:
        return self.part or (client(self.organization.slug) if self.organization else COMPANY)

    @property
    def for_company(self) -> bool:
        return self.organization is None and self.part is None

    @property
    def whom(self) -> str:
        if self.part is not None:
            return f"Segment {self.part.slug}" if self.part.slug else "Not linked"
        return self.organization.name if self.organization else "Whole company"

    @property
    def last_month(self) -> Month:
        """The last month of the period that has begun."""
        return min(self.period.months[-1], Month.holding(self.today))

    @property
    def today(self) -> date:
        """The local day."""
        return self.now.astimezone(self.zone).date()

    @property
    def last_day(self) -> date:
        """The last day of the period that has come."""
        return min(self.period.ends_on - timedelta(days=1), self.today)

    @cached_property
    def is_running(self) -> bool:
        return self.period.starts_on <= self.today < self.period.ends_on

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """The months of the trend, ending with the period's last."""
        return tuple(months_between(self.last_month.shift(1 - TREND_MONTHS), self.last_month))

    @cached_property
    def systems(self) -> dict[int, reading.SystemFreshness]:
        """How each system is read, by its connection, asked once for all panels."""
        return {each.pk: each for each in reading.freshness(self.person)}

    @cached_property
    def quarters(self) -> tuple[Quarter, ...]:
        last = Quarter.holding(self.last_month.starts_on)
        return tuple(last.shift(offset) for offset in range(1 - TREND_QUARTERS, 1))

    @cached_property
    def goals(self) -> Mapping[str, Goal]:
        """Those in force on the last day of the period, as rules are; read once for all panels."""
        return reading.goals(self.person, CATALOGUE, self.scope, self.period.ends_on - timedelta(days=1))

    @cached_property
    def signals(self) -> Mapping[str, Verdict]:
        """Of each metric whether its latest month is more than noise, read once for all panels."""
        return {key: found for (key, _), found in varying.signals(
            self.person, CATALOGUE, [self.scope], self.period
        ).items()}

    @cached_property
    def held(self) -> Mapping[str, Held]:
        """The limits each metric varies within, read once for all charts."""
        return {key: found for (key, _), found in varying.held(
            self.person, CATALOGUE, [self.scope], self.last_month
        ).items()}

    @cached_property
    def notes(self) -> Sequence[Dated]:
        """What happened in the months of the trend, read once for all charts."""
        first, until = self.months[0].starts_on, self.months[-1].ends_on
        return notes.touching(self.person, self.scope, CATALOGUE, first, until)

    @cached_property
    def turned(self) -> dict[str, ChangedBy]:
        """What changed along the charts of a page, by grain; `qbr.pages.turns` fills it, once for all of them."""
        return {}

    @cached_property
    def working_days(self) -> Mapping[Month, int]:
        """Of the months of the trend."""
        return varying.working_days(self.months)

    def address(self, path: str = "", **changed: object) -> str:
        """The same question with some parts changed; a part that is None or empty is left out."""
        parts = {**self.given, **{name: "" if value is None else str(value) for name, value in changed.items()}}
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"{path or self.path}{'?' if query else ''}{query}"

    @property
    def to_date(self) -> bool:
        """Whether it is asked of the fiscal year so far, through the period."""
        return self.given.get("year") == TO_DATE

    def number_address(
        self, metric: str, scope: ScopeRef | None = None, period: Span | None = None, *, to_date: bool = False
    ) -> str:
        """Where the working of one number is."""
        whose = self.scope if scope is None else scope
        found = _number_address(metric, whose, str(period or self.period))
        return f"{found}&year={TO_DATE}" if to_date else found


@lru_cache(maxsize=20_000)
def _number_address(metric: str, whose: ScopeRef, period: str) -> str:
    """A page holds hundreds of them, and they never change."""
    parts = {**whose_address(whose), "period": period}
    return f"{reverse('number', args=[metric])}?{urlencode({name: value for name, value in parts.items() if value})}"


def whose_address(whose: ScopeRef) -> dict[str, str]:
    """The part of an address that says for whom; empty for the company."""
    if whose == NOT_LINKED:
        return {"not_linked": "yes"}
    return {"segment" if whose.kind == "segment" else "client": whose.slug}


def _part(given: Mapping[str, str]) -> ScopeRef | None:
    if "not_linked" in given:
        return NOT_LINKED
    name = given.get("segment", "").strip().lower()
    if not name:
        return None
    found = next((each for each in reading.segments() if each.slug.lower() == name), None)
    if found is None:
        raise Http404("There is no such segment.")
    return found


def _period(text: str, local_now: datetime) -> Span:
    """Without one, the last quarter that has ended."""
    if not text:
        return Quarter.holding(local_now.date()).previous
    try:
        return parse(text)
    except ValueError as error:
        raise Http404(str(error)) from error


def _organization(slug: str) -> Organization | None:
    if not slug:
        return None
    found = Organization.objects.select_related("merged_into", "owner").filter(slug=slug).first()
    if found is None:
        raise Http404("There is no such client.")
    return found.merged_into or found
