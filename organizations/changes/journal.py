"""One change as it is made: what it may not be, what it does to organizations and accounts, and its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import connection
from django.utils import timezone

from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.facts.touched import Calendar
from organizations import linking
from organizations.changes.days import Held, Said, handed_over, own_links
from organizations.models import AccountLink, Domain, Organization, OrganizationChange

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Fields: TypeAlias = dict[str, dict[str, Any]]  # by organization, as text: JSON has no other keys

ONE_AT_A_TIME = 7_132_003  # the advisory lock of changes: two at once could close a circle that neither sees
OLDEST = date(1980, 1, 1)  # an earlier day than this is a slip of the keys, or means the beginning
AHEAD = timedelta(days=366)
LONGEST_NAME, LONGEST_REASON = 200, 2000


class Refused(Exception):
    """A change that cannot be; the message says why to the person who asked."""


@dataclass
class Change:
    """A change being made. What it sets is remembered; `write` makes its row, and then accounts are handed over."""

    kind: OrganizationChange.Kind
    reason: str
    by: User | None
    starts_on: date = EARLIEST
    before: Fields = field(default_factory=dict)
    after: Fields = field(default_factory=dict)
    moment: datetime = datetime.min  # when it was written, with everything held

    def __post_init__(self) -> None:
        self.reason = said(self.reason, "a reason", LONGEST_REASON)
        self.starts_on = _reasonable(self.starts_on)

    def set(self, organization: Organization, name: str, value: Any) -> None:
        """One of its own fields; a foreign key by its column."""
        self._note(organization.pk, name, getattr(organization, name), value)
        put(organization, name, value)

    def found(self, organization: Organization, back_into: Organization) -> None:
        """A new organization; undone, it goes back into the one it came from."""
        self._note(organization.pk, "merged_into_id", back_into.pk, None)

    def give_domains(self, names: Iterable[str], of: Organization, to: Organization) -> None:
        if names := sorted(names):
            Domain.objects.filter(organization=of, name__in=names).update(organization=to)
            for organization, before, after in ((of, names, []), (to, [], names)):
                self._note(organization.pk, "domains", before, after)

    def write(self, organization: Organization, other: Organization | None = None) -> OrganizationChange:
        self.moment = timezone.now()
        return OrganizationChange.objects.create(
            kind=self.kind, organization=organization, other=other, starts_on=self.starts_on, reason=self.reason,
            before=self.before, after=self.after, decided_by=self.by, decided_at=self.moment,
        )

    def hand_over(self, change: OrganizationChange, held: Held, to: Organization) -> None:
        """These accounts are the other's on these days. They are held already."""
        own = own_links(set(held))
        linking.decide([
            self._decision(change, account, day, what)
            for account, spans in held.items() for day, what in handed_over(own[account], spans, to.pk).items()
        ], self.by, self.moment)

    def _decision(self, change: OrganizationChange, account: int, day: date, what: Said) -> linking.Decision:
        return linking.Decision(
            account=account, verdict=AccountLink.Verdict(what.verdict), organization=what.organization,
            method=AccountLink.Method.CHANGE, reason=self.reason, starts_on=day, change=change.pk,
        )

    def _note(self, organization: int, name: str, before: Any, after: Any) -> None:
        self.before.setdefault(str(organization), {})[name] = in_json(before)
        self.after.setdefault(str(organization), {})[name] = in_json(after)


def put(organization: Organization, name: str, value: Any) -> None:
    """Keep a field, and mark the months in which it is newly a client or newly none."""
    before = getattr(organization, name)
    setattr(organization, name, value)
    organization.save(update_fields=[name.removesuffix("_id")])
    if name == "client_to":
        linking.mark_organization(organization, min(day for day in (before, value, FOREVER) if day))


def in_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def alone() -> None:
    """Until the transaction ends nobody else changes organizations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def standing(*asked: Organization) -> list[Organization]:
    """These organizations as they stand, held against links and changes; refuses one that was merged away."""
    keys = sorted({organization.pk for organization in asked})
    rows = Organization.objects.select_for_update(of=("self",)).select_related("merged_into").order_by("pk")
    found = {organization.pk: organization for organization in rows.filter(pk__in=keys)}
    for organization in asked:
        if organization.pk not in found:
            raise Refused(f"“{organization}” is gone. Nothing was changed.")
        if into := found[organization.pk].merged_into:
            raise Refused(f"“{organization}” has been merged into “{into}”. Nothing was changed.")
    return [found[organization.pk] for organization in asked]


def above(organization: Organization) -> Iterator[Organization]:
    """Its parent, the parent of that, and so on; a circle ends where it closes."""
    seen: set[int] = set()
    parent = organization.parent
    while parent and parent.pk not in seen:
        yield parent
        seen.add(parent.pk)
        parent = parent.parent


def said(text: str, what: str, longest: int) -> str:
    """What a person wrote, on one spacing. Refuses nothing, too much, and what cannot be kept."""
    words = " ".join(text.split())
    if not words:
        raise Refused(f"Give {what}.")
    if len(words) > longest:
        raise Refused(f"That is too long: {what} may have {longest} characters.")
    if "\x00" in words:
        raise Refused(f"Give {what} without characters that cannot be shown.")
    return words


def named(name: str) -> str:
    return said(name, "a name", LONGEST_NAME)


def on(day: date) -> str:
    """A day in a sentence that says what is so on it."""
    return "in the beginning" if day == EARLIEST else f"on {in_words(day)}"


def since(day: date) -> str:
    return "from the beginning" if day == EARLIEST else f"from {in_words(day)} on"


def in_words(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _reasonable(day: date) -> date:
    latest = timezone.now().astimezone(Calendar.current().zone).date() + AHEAD
    if day != EARLIEST and not OLDEST <= day <= latest:
        raise Refused(f"{in_words(day)} is out of reason: give a day from {in_words(OLDEST)} to {in_words(latest)}.")
    return day
