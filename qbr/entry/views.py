"""Numbers people give: the month grid, and the import of a file."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from collectors.facts.touched import Calendar
from metrics import entering
from metrics.entering import CellError
from organizations.models import Organization
from qbr import tasks
from qbr.entry import grid
from qbr.entry.grid import Asked

may_enter = permission_required("metrics.enter_numbers", raise_exception=True)


@login_required
@may_enter
@require_http_methods(["GET", "POST"])
def months(request: HttpRequest) -> HttpResponse:
    """The grid; saving answers with the grid again, so that a refused cell stands beside what was saved."""
    asked = Asked.of(request.GET)
    if request.method == "GET":
        return _grid(request, asked)
    try:
        edits = grid.edits(request.POST)
    except ValueError as problem:
        messages.error(request, str(problem))
        return redirect(request.get_full_path())
    errors = entering.save(cast(User, request.user), asked.scope, edits)
    saved = len(edits) - len(errors)
    if saved:
        tasks.work_out_soon("entry")
    if errors or getattr(request, "htmx", False):
        return _grid(request, asked, errors, saved)
    messages.success(request, _saved(saved))
    return redirect(request.get_full_path())


def _grid(
    request: HttpRequest, asked: Asked, errors: list[CellError] | None = None, saved: int | None = None
) -> HttpResponse:
    groups = grid.shown(cast(User, request.user), asked, errors or ())
    context: dict[str, Any] = {
        "asked": asked, "groups": groups, "stood": grid.stood(groups), "errors": errors or [],
        "note": request.POST.get("note", "") if errors else "",
        "saved": "" if saved is None else _saved(saved),
        "clients": Organization.objects.exclude(kind=Organization.Kind.PARTNER).filter(merged_into=None),
        "earlier": asked.until.shift(-grid.SHOWN_MONTHS), "later": asked.until.shift(grid.SHOWN_MONTHS),
        "latest": grid.this_month(), "title": "Enter numbers",
    }  # fmt: skip
    template = "entry/grid.html" if getattr(request, "htmx", False) else "entry/months.html"
    with timezone.override(Calendar.current().zone):
        return render(request, template, context)


def _saved(count: int) -> str:
    if count == 0:
        return "Nothing was changed."
    return f"{count} cell{'' if count == 1 else 's'} saved. Figures follow within a minute."
