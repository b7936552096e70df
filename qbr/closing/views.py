"""The list of periods, the page of one, and closing and reopening it."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from collectors.facts.touched import Calendar
from metrics import closing
from metrics.closing import Refused
from metrics.models import Period, PeriodChange
from metrics.periods import Month, Quarter, Span, parse
from qbr import access, tasks
from qbr.closing import checked, waiting
from qbr.closing.checked import Checks
from qbr.closing.forms import CloseForm, ReopenForm
from qbr.closing.shown import WORDS, Standing, by_quarter, done_by, known_months, standings
from qbr.entry.views import may_enter
from qbr.pages import formats

Status = Period.Status


@login_required
@require_GET
def periods(request: HttpRequest) -> HttpResponse:
    zone, through = Calendar.current().zone, closing.closed_through()
    found = by_quarter(zone)
    ended = [each.quarter for each in found if each.quarter.has_ended]
    return render(request, "closing/periods.html", {
        "title": "Periods", "quarters": found, "zone": zone.key,
        "through": formats.day(through) if through else "",
        "next": ended[0] if ended and ended[0].status != Status.CLOSED else None,
        "waits": waiting.how_many(request.user), "may_close": access.may_enter(request.user),
    })  # fmt: skip


@login_required
@require_GET
def period(request: HttpRequest, period: str) -> HttpResponse:
    return _page(request, _span(period))


@login_required
@may_enter
@require_POST
def close(request: HttpRequest, period: str) -> HttpResponse:
    """Close or soft-close; where something is refused the page says why, with what was typed."""
    person, span = cast(User, request.user), _span(period)
    soft = request.POST.get("do") == "soft"
    form = _close_form(request, span)
    if not form.is_valid():
        return _page(request, span, closes=form)
    data = form.cleaned_data
    try:
        closing.close(
            span, person, reason=data["reason"], accept=form.accepted, soft=soft, earlier=data.get("earlier", False)
        )
    except Refused as problem:
        messages.error(request, str(problem))
        return _page(request, span, closes=form)
    tasks.work_out_soon(tasks.CLOSED)
    messages.success(request, f"{span.label} is {WORDS[Status.SOFT_CLOSED if soft else Status.CLOSED]}.")
    return redirect("period", str(span))


@login_required
@may_enter
@require_POST
def reopen(request: HttpRequest, period: str) -> HttpResponse:
    person, span = cast(User, request.user), _span(period)
    form = ReopenForm(_closed_after(span), request.POST)
    if not form.is_valid():
        return _page(request, span, reopens=form)
    data = form.cleaned_data
    try:
        closing.reopen(span, person, data["reason"], later=data.get("later", False))
    except Refused as problem:
        messages.error(request, str(problem))
        return _page(request, span, reopens=form)
    tasks.work_out_soon("reopened")
    messages.success(request, f"{span.label} is open again. Its figures are worked out anew now.")
    return redirect("period", str(span))


def _page(
    request: HttpRequest, span: Span, closes: CloseForm | None = None, reopens: ReopenForm | None = None
) -> HttpResponse:
    person, zone = cast(User, request.user), Calendar.current().zone
    of_months = span.months if isinstance(span, Quarter) else ()
    found = standings([span, *of_months], zone)
    standing, may = found[span], access.may_enter(person)
    may_close = may and standing.has_ended and standing.status != Status.CLOSED
    may_reopen = may and not standing.is_open
    if may_close and closes is None:
        closes = _close_form(request, span)
    changes = closing.history(span)
    return render(request, "closing/period.html", {
        "title": span.label, "standing": standing, "months": [found[month] for month in of_months],
        "quarter": Quarter.holding(span.starts_on) if isinstance(span, Month) else None,
        "checks": _checks(person, span, standing, changes, closes),
        "from_day": formats.day(span.ends_on), "zone": zone.key,
        "closes": closes if may_close else None,
        "reopens": (reopens or ReopenForm(_closed_after(span))) if may_reopen else None,
        "waits": waiting.how_many(person, span),
        "changes": [
            (WORDS[Status(each.to_state)], WORDS[Status(each.from_state)], done_by(each.by, each.at, zone), each.reason)
            for each in changes
        ],
    })  # fmt: skip


def _checks(
    person: User, span: Span, standing: Standing, changes: list[PeriodChange], closes: CloseForm | None
) -> Checks | None:
    """Now, or of the close where it is closed for good; that may have been the close of a longer period."""
    if not standing.has_ended:
        return None
    if standing.status != Status.CLOSED:
        return Checks(closes.outcomes if closes else checked.of_outcomes(person, span, closing.look(span)))
    last = next((each for each in changes if each.to_state == Status.CLOSED), None)
    if last is None:
        return None
    if last.checks:
        return Checks(checked.of_change(person, last), of_close=True)
    asked = PeriodChange.objects.filter(at=last.at).exclude(checks=[]).select_related("period").first()
    if asked is None:
        return None
    return Checks(checked.of_change(person, asked), of_close=True, closed_with=closing.span_of(asked.period))


def _close_form(request: HttpRequest, span: Span) -> CloseForm:
    """With a field for each check that does not hold now."""
    outcomes = checked.of_outcomes(request.user, span, closing.look(span))
    before = [each for each in closing.closable() if isinstance(each, Month) and each.ends_on <= span.starts_on]
    sent = request.POST if request.method == "POST" else None
    return CloseForm(outcomes, before, sent)


def _closed_after(span: Span) -> str:
    """The last month that is closed after it."""
    through = closing.closed_through()
    return Month.holding(through).label if through and through >= span.ends_on else ""


def _span(text: str) -> Span:
    """A period that has values and has begun. Raises Http404."""
    try:
        span = parse(text)
    except ValueError as problem:
        raise Http404(str(problem)) from problem
    if set(span.months).isdisjoint(known_months()):
        raise Http404("Nothing is known of this period.")
    return span
