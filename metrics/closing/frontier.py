"""Closing and reopening: the frontier moves, and the periods on its way say so.

Both wait for a roll-up under way and let none begin, and hold every connection, so that no batch of a reading stands
on both sides of a close.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from collectors.load import hold
from metrics import quality
from metrics.closing.checks import Outcome, look_at
from metrics.closing.periods import DAY, Refused, Status, first_month, span_of, status, statuses, today
from metrics.models import Period, PeriodChange, Restatement
from metrics.periods import Month, Quarter, Span, Year, months_between
from metrics.rollup import marks, whole
from metrics.rollup.sql import fetch

if TYPE_CHECKING:
    from django.contrib.auth.models import User

REOPENED = "Period"  # the mark that asks for every open month again
RANK = {Status.OPEN: 0, Status.SOFT_CLOSED: 1, Status.CLOSED: 2}


@transaction.atomic
def close(
    span: Span, by: User | None, *, reason: str = "", accept: Mapping[str, str] | None = None, soft: bool = False,
    earlier: bool = False, now: datetime | None = None,
) -> list[Period]:
    """Close a period, and with `earlier` all that is open before it; the periods that changed. Raises Refused.

    `accept` gives a reason for each check that may fail. What was read until now is worked out first. `soft` leaves
    entries and corrections open to people; a soft-closed period is closed for good by closing it again.
    """
    target = Status.SOFT_CLOSED if soft else Status.CLOSED
    moment = _alone()
    if whole.run(f"closing {span.label}", now=now):
        quality.run(now=now)  # so that the checks know what it brought
    months = _to_close(span, target, earlier, now)
    outcomes = look_at(months)
    accepted = {key: words.strip() for key, words in (accept or {}).items()}
    _refuse_what_fails(span, outcomes, accepted)
    last = months[-1].ends_on - DAY
    frontier = max(last, Calendar.current().closed_through or last)
    Calendar.objects.filter(pk=1).update(closed_through=frontier)
    told = [
        {"check": each.key, "label": each.label, "holds": each.holds, "says": each.says,
         "accepted": "" if each.holds else accepted[each.key]} for each in outcomes
    ]
    changed = _say_closed(months, target, moment, frontier)
    PeriodChange.objects.bulk_create([
        PeriodChange(
            period=period, from_state=before, to_state=period.state, reason=reason.strip(), by=by, at=moment,
            checks=told if span_of(period) == span else [],
        )
        for period, before in changed
    ])
    return [period for period, _ in changed]


@transaction.atomic
def reopen(span: Span, by: User | None, reason: str, *, later: bool = False) -> list[Period]:
    """Let a closed period move again, and with `later` all that is closed after it; the periods that changed.

    The next roll-up works everything out again that is open then. Raises Refused.
    """
    if not reason.strip():
        raise Refused(f"Say why {span.label} is reopened.")
    moment = _alone()
    if status(span) == Status.OPEN:
        raise Refused(f"{span.label} is open.")
    frontier = Calendar.current().closed_through
    if frontier and frontier >= span.ends_on and not later:
        after = Month.holding(frontier).label
        raise Refused(f"What comes after {span.label} is closed through {after}: reopen that first, or all at once.")
    first = first_month()
    before = span.starts_on - DAY if first and first.starts_on < span.starts_on else None
    Calendar.objects.filter(pk=1).update(closed_through=before)
    changed = []
    for period in Period.objects.filter(ends_on__gt=span.starts_on).exclude(state=Status.OPEN).order_by("starts_on"):
        changed.append(PeriodChange(
            period=period, from_state=period.state, to_state=Status.OPEN, reason=reason.strip(), by=by, at=moment,
        ))
        period.state, period.closed_at, period.links_as_of = Status.OPEN, None, None
        period.save(update_fields=["state", "closed_at", "links_as_of"])
    PeriodChange.objects.bulk_create(changed)
    Restatement.objects.filter(
        decision=Restatement.Decision.WAITING, period__ends_on__gt=span.starts_on
    ).update(decision=Restatement.Decision.GONE, reason=f"reopened: {reason.strip()}", decided_by=by, decided_at=moment)
    marks.mark_all(REOPENED)
    return [change.period for change in changed]


def _alone() -> datetime:
    """Let nobody else work out, load or close until the end of this transaction; the database's clock then."""
    whole.alone()
    Calendar.current()
    Calendar.objects.select_for_update().get(pk=1)
    for source in Connection.objects.order_by("pk"):
        hold(source)
    [(moment,)] = fetch("SELECT clock_timestamp()")
    assert isinstance(moment, datetime)
    return moment


def _to_close(span: Span, target: Status, earlier: bool, now: datetime | None) -> list[Month]:
    """The months that a close of this span concerns, those already as closed as asked left out. Raises Refused."""
    if span.ends_on > today(now):
        raise Refused(f"{span.label} has not ended: it can be closed from {_day(span.ends_on)} on.")
    first = min(first_month() or span.months[0], span.months[0])
    states = statuses(months_between(first, span.months[-1]))
    months = [month for month, state in states.items() if RANK[state] < RANK[target]]
    if not months:
        raise Refused(f"{span.label} is closed." if status(span) == Status.CLOSED else f"{span.label} is soft-closed.")
    before = [month for month in months if month.ends_on <= span.starts_on]
    if before and not earlier:
        raise Refused(f"{_stretch(before)} {_is(states[before[0]])}: close what comes before {span.label} first, "
                      "or all at once.")
    return [month for month in months if isinstance(month, Month)]


def _stretch(months: Sequence[Span]) -> str:
    return months[0].label if len(months) == 1 else f"{months[0].label} to {months[-1].label}"


def _is(state: Status) -> str:
    return "is only soft-closed" if state == Status.SOFT_CLOSED else "is open"


def _refuse_what_fails(span: Span, outcomes: Iterable[Outcome], accepted: Mapping[str, str]) -> None:
    if failing := [each for each in outcomes if not each.holds and not accepted.get(each.key)]:
        raise Refused(f"{span.label} was not closed. " + " ".join(each.says for each in failing))


def _say_closed(
    months: Sequence[Month], target: Status, moment: datetime, frontier: date
) -> list[tuple[Period, str]]:
    """Mark months, and the quarters and years that end with them; each that changed, with what it was.

    What was soft-closed before keeps the moment of that: its values and links have stood since then.
    """
    upper: list[Span] = sorted(
        {longer.holding(month.starts_on) for month in months for longer in (Quarter, Year)}, key=lambda s: s.starts_on
    )
    spans = [*months, *(span for span in upper if span.ends_on - DAY <= frontier)]
    changed = []
    for span in spans:
        period, _ = Period.objects.get_or_create(grain=span.grain, starts_on=span.starts_on, ends_on=span.ends_on)
        state = target
        if not isinstance(span, Month) and any(of == Status.SOFT_CLOSED for of in statuses(span.months).values()):
            state = Status.SOFT_CLOSED
        if period.state == state:
            continue
        changed.append((period, str(period.state)))
        if period.state == Status.OPEN:
            period.closed_at = period.links_as_of = moment
        period.state = state
        period.save(update_fields=["state", "closed_at", "links_as_of"])
    return changed


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"


