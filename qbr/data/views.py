"""The Data page: what is connected, how far it has been read, and what waits for a person."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from metrics.periods import Month, parse
from qbr import tasks
from qbr.data import ledger, reconciliation, sources, undecided
from qbr.data import runs as runs_
from qbr.data.progress import progress_of
from qbr.entry.grid import this_month

SHOWN_RUNS = 25
SHOWN_IGNORED = 200
may_collect = permission_required("collectors.change_connection", raise_exception=True)


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    person = cast(User, request.user)
    return _local(request, "data/overview.html", {
        "layers": sources.by_layer(person),
        "undecided": undecided.counts(),
        "ignored": undecided.ignored_accounts().select_related("connection")[:SHOWN_IGNORED],
        "may_collect": person.has_perm("collectors.change_connection"),
        "title": "Data",
    })  # fmt: skip


@login_required
@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    return _part(request, "data/runs.html", {"runs": runs_.newest(SHOWN_RUNS), "title": "Runs"})


@login_required
@require_GET
def parts(request: HttpRequest) -> HttpResponse:
    """Whether clients, internal and not linked make the company, and the ledger beside the agreements."""
    person, month = cast(User, request.user), _month(request.GET.get("month", ""))
    lines = reconciliation.lines(person, month)
    return _part(request, "data/parts.html", {
        "month": month, "earlier": month.previous, "later": month.shift(1), "latest": this_month(),
        "lines": lines, "agreeing": [line for line in lines if line.agrees],
        "broken": [line for line in lines if not line.agrees],
        "both": ledger.beside_agreements(person, month), "title": "Parts and whole",
    })  # fmt: skip


@login_required
@may_collect
@require_POST
def collect(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Ask the worker to read a connection now; answers with the bar, which then asks after itself."""
    source = get_object_or_404(Connection, pk=connection_id, enabled=True, vendor__in=VENDORS)
    newest: int | None = source.runs.order_by("-pk").values_list("pk", flat=True).first() or 0
    if progress_of(source).moving:
        newest = None  # the reading under way is the one asked for
    else:
        tasks.collect_now(source)
    if getattr(request, "htmx", False):
        return _progress(request, source, newest)
    return redirect("data")


@login_required
@require_GET
def progress(request: HttpRequest, connection_id: int) -> HttpResponse:
    source = get_object_or_404(Connection, pk=connection_id)
    after = request.GET.get("after", "")
    return _progress(request, source, int(after) if after.isdecimal() else None)


def _progress(request: HttpRequest, source: Connection, after: int | None) -> HttpResponse:
    return render(request, "data/progress.html", {"progress": progress_of(source, after=after), "after": after})


def _part(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A part of the Data page for htmx; for anyone else, who has no scripts, a page of its own."""
    if getattr(request, "htmx", False):
        return _local(request, template, context)
    return _local(request, "data/part.html", context | {"part": template})


def _local(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Moments are shown in the business time zone."""
    zone = Calendar.current().zone
    with timezone.override(zone):
        return render(request, template, context | {"zone": zone.key})


def _month(text: str) -> Month:
    try:
        month = parse(text)
    except ValueError:
        return this_month().previous
    return month if isinstance(month, Month) else this_month().previous
