"""The page, and the one address decisions are sent to."""

from __future__ import annotations

from typing import cast
from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from metrics import quality
from metrics.models import Finding
from metrics.periods import Month, Quarter, Span
from qbr import access
from qbr.entry.grid import this_month
from qbr.pages import formats
from qbr.quality import decided, scored, shown
from qbr.quality.asked import NO_ONE, Asked, strip_of

AT_MOST = 10_000  # findings decided about at once


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    person, asked = cast(User, request.user), Asked.of(request.GET.dict())
    zone = Calendar.current().zone
    period = strip_of(request.GET.get("period", ""), this_month().previous)
    with timezone.override(zone):
        return render(request, "quality/overview.html", {
            "title": "Data quality", "asked": asked, "here": asked.address(page=asked.page), "zone": zone.key,
            "lives": shown.lives(person, asked), "groups": shown.groups(person, asked),
            "choices": _choices(), "decides": access.may_enter(person),
            "strip": shown.strip(person, period), "period": period, "periods": _periods(period, asked),
            "scored": scored.scored(timezone.localdate()),
        })  # fmt: skip


@login_required
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Accept, open again or assign what was ticked, or all that a rule's filters keep; back to where it was asked."""
    person = cast(User, request.user)
    asked = Asked.of(dict(parse_qsl(request.POST.get("here", "").removeprefix("?"))))
    chosen = _chosen(request, person, asked)
    try:
        messages.success(request, _decided(request, chosen, person))
    except ValueError as problem:
        messages.error(request, str(problem))
    return redirect(reverse("quality") + asked.address(page=asked.page))


def _decided(request: HttpRequest, chosen: QuerySet[Finding], person: User) -> str:
    """What was done, in a sentence. Raises ValueError with a sentence where it makes no sense."""
    if not chosen.exists():
        raise ValueError("Tick the findings you decide about.")
    match request.POST.get("do"):
        case "accept":
            many = decided.accept(chosen, request.POST.get("reason", ""), person)
            return f"{formats.plural(many, 'finding')} accepted."
        case "open":
            many = decided.open_again(chosen, person)
            return f"{formats.plural(many, 'finding')} open again."
        case "assign":
            owner = User.objects.filter(pk=_id(request.POST.get("owner", "")), is_active=True).first()
            many = decided.assign(chosen, owner)
            return f"{formats.plural(many, 'finding')} given to {_name(owner) if owner else 'no one'}."
    raise ValueError("Say what to do: accept, open again or assign.")


def _chosen(request: HttpRequest, person: User, asked: Asked) -> QuerySet[Finding]:
    """What was ticked of what this person sees and may decide about."""
    visible = quality.visible(person)
    if not access.may_enter(person):
        visible = visible.filter(owner=person)
        if not visible.exists():
            raise PermissionDenied
    if "every" in request.POST and "rule" in asked.values:
        ids = list(asked.filtered(visible).filter(life=asked.life).values_list("pk", flat=True)[:AT_MOST])
    else:
        ids = [_id(text) for text in request.POST.getlist("finding")]
    return Finding.objects.filter(pk__in=visible.filter(pk__in=ids).values("pk"))


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What each filter offers, and whom findings can be given to."""
    people = [(str(user.pk), _name(user)) for user in User.objects.filter(is_active=True).order_by("username")]
    return {
        "severity": [(each.value, each.label) for each in Finding.Severity],
        "rule": [(rule.key, rule.label) for rule in quality.RULES.values()],
        "system": [(str(pk), label) for pk, label in Connection.objects.order_by("label").values_list("pk", "label")],
        "client": list(access.clients().order_by("name").values_list("slug", "name")),
        "owner": [(NO_ONE, "No one"), *people],
        "people": people,
    }


def _periods(period: Span, asked: Asked) -> dict[str, object]:
    """The ways from the strip's period to others: by month or quarter, earlier and later."""
    latest = this_month().previous
    month = period if isinstance(period, Month) else min(period.months[-1], latest)
    quarter = Quarter.holding(period.starts_on)
    later = period.shift(1)
    return {
        "grains": [
            ("Month", asked.address(period=month), isinstance(period, Month)),
            ("Quarter", asked.address(period=quarter), isinstance(period, Quarter)),
        ],
        "earlier": asked.address(period=period.previous), "earlier_label": period.previous.label,
        "later": asked.address(period=later) if later.starts_on <= latest.starts_on else "",
        "later_label": later.label,
    }
