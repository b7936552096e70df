"""The list of restatements, one of them with its rows, and the one address decisions are sent to."""

from __future__ import annotations

from typing import cast
from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from collectors.facts.touched import Calendar
from metrics import closing
from metrics.closing import Refused
from metrics.models import Restatement
from qbr import access, tasks
from qbr.closing.asked import Asked, choices
from qbr.closing.batched import TONES, WORDS, batched, listed
from qbr.closing.shown import done_by
from qbr.entry.views import may_enter
from qbr.pages import formats
from qbr.pages.panels.restated import told

Decision = Restatement.Decision


@login_required
@require_GET
def restatements(request: HttpRequest) -> HttpResponse:
    asked, zone = Asked.of(request.GET.dict()), Calendar.current().zone
    found = listed(request.user, asked, zone)
    return render(request, "closing/restatements.html", {
        "title": "Restatements", "asked": asked, "found": found, "choices": choices(), "zone": zone.key,
        "here": asked.address(page=asked.page), "decides": access.may_enter(request.user),
        "lives": [
            (word, found.counts.get(decision, 0), asked.address(decision=decision.value), decision == asked.decision)
            for decision, word in WORDS.items()
        ],
        "earlier": asked.address(page=asked.page - 1) if asked.page > 1 else "",
        "later": asked.address(page=asked.page + 1) if found.has_later else "",
    })  # fmt: skip


@login_required
@require_GET
def restatement(request: HttpRequest, pk: int) -> HttpResponse:
    """One with the rows behind it; while it waits, with what is decided together with it."""
    person, zone = request.user, Calendar.current().zone
    this = closing.Asked(rows=[pk])
    found = next(iter(closing.restatements(person, this, *Decision)), None)
    if found is None:
        raise Http404("There is no such restatement.")
    decision = Decision(found.row.decision)
    together = next(iter(closing.Batches(person, this)), None) if decision == Decision.WAITING else None
    return render(request, "closing/restatement.html", {
        "title": "Restatement", "told": told(found), "cause": found.cause, "word": WORDS[decision],
        "tone": TONES.get(decision, "watch" if decision == Decision.WAITING else ""),
        "found_at": formats.moment(found.row.found_at, zone), "zone": zone.key,
        "decided": done_by(found.row.decided_by, found.row.decided_at, zone)
        if found.row.decided_at and found.row.decided_by else "",
        "reason": found.row.reason, "batch": batched(together, zone) if together else None,
        "decides": access.may_enter(person), "here": reverse("restatement", args=[pk]),
        "changes": [
            (each.words, each.link, formats.moment(each.row.changed_at, zone))
            for each in closing.changes_of(person, [found.row])
        ],
    })  # fmt: skip


@login_required
@may_enter
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Accept or leave as closed what was ticked; back to where it was asked."""
    person = cast(User, request.user)
    try:
        messages.success(request, _decided(request, person))
    except Refused as problem:
        messages.error(request, str(problem))
    asked = Asked.of(dict(parse_qsl(request.POST.get("here", "").removeprefix("?"))))
    return redirect(reverse("restatements") + asked.address(page=asked.page))


def _decided(request: HttpRequest, person: User) -> str:
    """What was done, in a sentence. Raises Refused."""
    ids = {int(text) for text in request.POST.getlist("batch") if text.isascii() and text.isdigit() and len(text) < 18}
    ids &= {each.row.pk for each in closing.restatements(person, closing.Asked(rows=ids))}
    if not ids:
        raise Refused("Tick what you decide about. What is not listed any more was decided already.")
    reason = request.POST.get("reason", "")[:500]
    match request.POST.get("do"):
        case "accept":
            rows = closing.accept(ids, person, reason)
            tasks.work_out_soon("restated")
            return f"{formats.plural(len(rows), 'figure')} restated."
        case "refuse":
            return f"{formats.plural(len(closing.refuse(ids, person, reason)), 'figure')} left as closed."
    raise Refused("Say what to do: accept, or leave as closed.")
