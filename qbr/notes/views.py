"""Notes are listed, added and taken back; limits are worked out again with a reason."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from metrics import notes as noted
from metrics import reading, varying
from metrics.definitions import CATALOGUE
from metrics.reading import COMPANY, client
from qbr import access
from qbr.entry.views import may_enter
from qbr.notes.forms import NoteForm
from qbr.pages.filters import Question
from qbr.pages.panels.noted import Listed

PREFILLED = ("client", "metric", "next")


@login_required
@require_http_methods(["GET", "POST"])
def notes(request: HttpRequest) -> HttpResponse:
    """Everything that is noted; whoever enters numbers may add to it."""
    person = cast(User, request.user)
    may = access.may_enter(person)
    if request.method == "POST":
        return _add(request)
    given = {name: request.GET.get(name, "") for name in PREFILLED}
    form = NoteForm(person, initial={**given, "on": Question.of(request).today}) if may else None
    return _page(request, form)


@may_enter
def _add(request: HttpRequest) -> HttpResponse:
    person = cast(User, request.user)
    form = NoteForm(person, request.POST)
    if not form.is_valid():
        return _page(request, form)
    data = form.cleaned_data
    try:
        noted.add(person, kind=data["kind"], on=data["on"], until=form.until, text=data["text"], scope=form.scope,
                  metric=data["metric"])  # fmt: skip
    except noted.Refused as problem:
        form.add_error(None, str(problem))
        return _page(request, form)
    messages.success(request, "The note is on every chart it touches.")
    return redirect(_back(request))


@login_required
@may_enter
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    if not noted.take_back(request.user, pk):
        raise Http404("There is no such note.")
    messages.success(request, "The note was taken back. It is kept, and shown nowhere.")
    return redirect("notes")


@login_required
@may_enter
@require_POST
def limits_again(request: HttpRequest, metric: str) -> HttpResponse:
    """Work the limits of one number out again."""
    if metric not in CATALOGUE or not reading.may_see(request.user, CATALOGUE[metric]):
        raise Http404("There is no such number.")
    slug = request.POST.get("client", "")
    try:
        varying.work_out_again(request.user, metric, client(slug) if slug else COMPANY, request.POST.get("reason", ""))
    except varying.Refused as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "The limits were worked out again.")
    return redirect(_back(request))


def _page(request: HttpRequest, form: NoteForm | None) -> HttpResponse:
    found = noted.every(request.user)
    return render(request, "notes/notes.html", {
        "title": "Notes", "form": form, "may_enter": form is not None,
        "notes": [Listed.of(note, number) for number, note in enumerate(found, 1)],
    })  # fmt: skip


def _back(request: HttpRequest) -> str:
    """Where the person came from, if that is one of our own pages."""
    address = request.POST.get("next", "")
    hosts = {request.get_host()}
    ours = url_has_allowed_host_and_scheme(address, allowed_hosts=hosts, require_https=request.is_secure())
    return address if address and ours else reverse("notes")
