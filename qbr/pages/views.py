"""Two views serve every page: the page, and the working of one number. A third finds a client."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET
from django_htmx.middleware import HtmxDetails

from metrics import closing, reading
from metrics.definitions import CATALOGUE
from metrics.models import Period
from metrics.periods import Month, Quarter, Span, Year
from metrics.reading import Numbers
from qbr import access
from qbr.pages import exports, formats, layout, number
from qbr.pages.filters import Question
from qbr.pages.layout import Answer, Page, Panel

FOUND_AT_MOST = 12


@require_GET
@login_required
def page(request: HttpRequest, page: Page) -> HttpResponse:
    """The whole page, only its answer when htmx asks, one panel, or one panel's table as a file."""
    question = Question.of(request)
    if page.client_only and question.for_company:
        return redirect("portfolio")
    if page.client_rows is None:  # it is about no single client, though one may have come along in the address
        question = replace(question, organization=None)
    if "panel" in request.GET:
        return _panel(request, page, question)
    answer = layout.answer(page, question, whole="whole" in request.GET)
    partly = _asked_by_htmx(request)
    return _vary(
        render(
            request,
            "pages/answer.html" if partly else "pages/page.html",
            {
                "page": page,
                "title": page.title,
                "question": question,
                "rows": answer.rows,
                "partly": partly,
                "periods": _periods(question),
                "as_of": _as_of(question, answer),
                "whom": _whom(page, question),
            },
        )
    )


def _asked_by_htmx(request: HttpRequest) -> bool:
    """For a part of the page; going back in history asks for all of it."""
    asked = HtmxDetails(request)
    return bool(asked) and not asked.history_restore_request


def _panel(request: HttpRequest, page: Page, question: Question) -> HttpResponse:
    panel = page.panel(question, request.GET["panel"])
    if panel is None:
        raise Http404("There is no such panel.")
    numbers = layout.read(question, [panel])
    if "format" in request.GET:
        return _file(panel, question, numbers, request.GET["format"])
    shown = layout.show(panel, question, numbers)
    if shown is None:
        raise Http404("There is no such panel.")
    return _vary(render(request, "pages/panel.html", {"shown": shown, "question": question}))


def _file(panel: Panel, question: Question, numbers: Numbers, form: str) -> HttpResponse:
    table = panel.table(question, numbers)
    if table is None:
        raise Http404("There is no table behind this.")
    return exports.download(table, question, form)


@require_GET
@login_required
def working(request: HttpRequest, metric: str) -> HttpResponse:
    """How one number came to be, down to its rows: a page, or for htmx what opens beside the number."""
    question = Question.of(request, parts=True)
    if "format" in request.GET:
        return exports.download(number.rows_table(metric, question), question, request.GET["format"])
    if name := request.GET.get("part"):
        found = number.part(metric, name, question)
        return _vary(render(request, "pages/number/part.html", {
            "each": found, "question": question, "title": CATALOGUE[metric].label
        }))  # fmt: skip
    shown = number.shown(metric, question)
    return _vary(
        render(
            request,
            "pages/number/in_place.html" if _asked_by_htmx(request) else "pages/number.html",
            {
                "title": shown.label,
                "question": question,
                "working": shown,
                "periods": _periods(question),
                "whom": _whom(None, question),
            },
        )
    )


@require_GET
@login_required
def clients(request: HttpRequest) -> HttpResponse:
    """Clients whose name holds what was typed, a person's own first."""
    text = request.GET.get("q", "").strip()
    matching = (
        access.clients().filter(name__icontains=text).only("name", "slug", "owner_id")
        if text
        else (access.own_clients(request.user).only("name", "slug", "owner_id"))
    )
    found = sorted(
        matching[: FOUND_AT_MOST * 4], key=lambda each: (each.owner_id != request.user.pk, each.name.lower())
    )
    here = request.GET.get("here", "")
    return render(
        request,
        "pages/found.html" if _asked_by_htmx(request) else "pages/clients.html",
        {
            "title": "Clients",
            "found": found[:FOUND_AT_MOST],
            "text": text,
            "own": request.user.pk,
            "here": here if here in _sections() else reverse("client"),
            "period": request.GET.get("period", ""),
        },
    )


def _sections() -> set[str]:
    """Where the same page exists for one client, so that switching client keeps the page."""
    names = ("operations", "security", "gaps", "service", "financial", "smartnumbers", "client")
    return {reverse(name) for name in names}


def _vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response


def _whom(page: Page | None, question: Question) -> list[dict[str, object]]:
    """The choice between the company and the client in question."""
    if page is not None and page.client_rows is None:
        return []
    return [
        {"label": "Whole company", "href": question.address(client=None, panel=None), "current": question.for_company}
    ] + ([{"label": question.whom, "href": question.address(), "current": True}] if question.organization else [])


def _periods(question: Question) -> dict[str, object]:
    """Previous, next, and the same moment as a month, quarter or year."""
    period, day = question.period, question.period.starts_on
    grains: tuple[type[Span], ...] = (Month, Quarter, Year)
    later = period.shift(1) if period.ends_on <= question.today else None
    return {
        "now": period,
        "label": period.label,
        "closed": closing.status(period) != Period.Status.OPEN,
        "months": formats.months_of(period),
        "previous": question.address(period=period.previous),
        "previous_label": period.previous.label,
        "next": question.address(period=later) if later else "",
        "next_label": later.label if later else "",
        "grains": [
            {
                "label": grain.grain.capitalize(),
                "current": isinstance(period, grain),
                "href": question.address(
                    period=grain.holding(question.last_month.starts_on if grain is Month else day)
                ),
            }
            for grain in grains
        ],
    }


def _oldest_system(question: Question) -> datetime | None:
    """Where a page asked for no stored value of its own."""
    return min((each.read_through for each in reading.freshness(question.person) if each.read_through), default=None)


def _as_of(question: Question, answer: Answer) -> dict[str, str]:
    read = answer.read_through or _oldest_system(question)
    return {
        "read": f"Read through {formats.moment(read, question.zone)} ({formats.age(read, question.now)})"
        if read
        else "Nothing has been read yet",
        "zone": question.zone.key,
        "period": f"{question.period.label}, {formats.months_of(question.period)}",
        "running": "This period is still running: figures are so far." if question.is_running else "",
    }
