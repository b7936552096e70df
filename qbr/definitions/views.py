"""Every definition that a person may see, searched as they type; and one by itself."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from metrics import reading
from metrics.declare import Section
from metrics.definitions import CATALOGUE
from qbr.definitions import found, told


@login_required
@require_GET
def definitions(request: HttpRequest) -> HttpResponse:
    """The whole page, or the list alone when htmx asks for it."""
    query, section = request.GET.get("q", "").strip(), request.GET.get("section", "")
    metrics = found.metrics(request.user, query, section)
    htmx = request.headers.get("HX-Request") == "true" and not request.headers.get("HX-History-Restore-Request")
    answer = render(request, "definitions/list.html" if htmx else "definitions/page.html", {
        "title": "Definitions", "query": query, "section": section, "sections": [each.value for each in Section],
        "groups": found.by_section(told.everything(request.user, metrics)), "count": len(metrics),
    })  # fmt: skip
    patch_vary_headers(answer, ("HX-Request", "HX-History-Restore-Request"))
    return answer


@login_required
@require_GET
def definition(request: HttpRequest, metric: str) -> HttpResponse:
    if metric not in CATALOGUE or not reading.may_see(request.user, CATALOGUE[metric]):
        raise Http404
    [one] = told.everything(request.user, [CATALOGUE[metric]])
    return render(request, "definitions/one.html", {"title": one.label, "one": one, "open": True})
