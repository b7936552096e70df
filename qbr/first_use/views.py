"""The set-up, one page a step; each can be left and taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from collectors import consent
from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.errors import CollectError
from collectors.tried import PATIENCE, SECONDS
from collectors.vendors import VENDORS
from qbr import tasks
from qbr.data import undecided
from qbr.data.progress import Progress, progress_of
from qbr.first_use import gate
from qbr.first_use.forms import AdminForm, CalendarForm, asked, connection_form, unsaved
from qbr.first_use.steps import Step, next_step

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Shown:
    """One connection on the page of the first read."""

    progress: Progress
    after: int | None  # the run number after which the first one is awaited
    consent_address: str  # where a person agrees; empty: nobody needs to

    @classmethod
    def of(cls, source: Connection) -> Shown:
        waiting = source.enabled and not source.runs.exists()
        progress = progress_of(source, after=0 if waiting else None)
        address = "" if consent.given(source) else reverse("set_up_consent", args=[source.pk])
        return cls(progress, 0 if waiting else None, address)


def set_up(request: HttpRequest) -> HttpResponse:
    return redirect(f"set_up_{next_step().slug}")


def for_the_admin(view: View) -> View:
    """After the first step the set-up is the admin's; before it there is nobody to ask."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if next_step() is Step.ADMIN:
            return redirect("set_up_admin")
        if not request.user.is_superuser:
            return redirect("sign_in" if request.user.is_anonymous else "today")
        return view(request, *args, **kwargs)

    return guarded


def admin(request: HttpRequest) -> HttpResponse:
    if next_step() is not Step.ADMIN:
        return redirect("set_up")
    form = AdminForm(request.POST or None, ask_token=not gate.from_this_machine(request))
    if request.method == "POST" and form.is_valid():
        person = form.save()
        if person is None:
            return redirect("sign_in")
        login(request, person)
        return redirect("set_up")
    closed = not gate.from_this_machine(request) and not settings.SETUP_TOKEN
    return _page(request, Step.ADMIN, {"form": form, "closed": closed})


@for_the_admin
def calendar(request: HttpRequest) -> HttpResponse:
    if next_step() is not Step.CALENDAR:
        return redirect("set_up")
    form = CalendarForm(request.POST or None, initial={"time_zone": "America/Chicago"})
    if request.method == "POST" and form.is_valid():
        form.save(by=cast(User, request.user))
        tasks.schedules()
        return redirect("set_up")
    return _page(request, Step.CALENDAR, {"form": form})


@for_the_admin
def connection(request: HttpRequest) -> HttpResponse:
    return _page(request, Step.CONNECTION, {"vendors": sorted(VENDORS.values(), key=lambda vendor: vendor.label)})


@for_the_admin
def vendor(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in VENDORS:
        return redirect("set_up_connection")
    chosen = VENDORS[slug]
    form = connection_form(chosen, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        source = unsaved(form)
        source.save()
        if chosen.consent is not None:
            return redirect("set_up_read")  # a person must agree in the vendor's own window first
        if problem := _problem(source, chosen):
            source.delete()  # never switched on, so nothing hangs on it
            form.add_error(None, problem)
        else:
            _switch_on(source)
            return redirect("set_up_read")
    return _page(request, Step.CONNECTION, {"form": form, "fields": asked(form), "vendor": chosen})


@for_the_admin
def ask_consent(request: HttpRequest, connection_id: int) -> HttpResponse:
    """To the vendor's own page, where a person agrees, and back to the first read."""
    source = get_object_or_404(Connection, pk=connection_id)
    callback = request.build_absolute_uri(reverse("admin:collectors_connection_consented"))
    try:
        return redirect(consent.begin(request, source, callback, back=reverse("set_up_read")))
    except CollectError as problem:
        messages.error(request, str(problem))
        return redirect("set_up_read")


@for_the_admin
def begin(request: HttpRequest, connection_id: int) -> HttpResponse:
    """Try a connection that has its person's consent now, and begin to read it."""
    source = get_object_or_404(Connection, pk=connection_id, vendor__in=VENDORS)
    if request.method == "POST":
        if problem := _problem(source, VENDORS[source.vendor]):
            messages.error(request, problem)
        else:
            _switch_on(source)
    return redirect("set_up_read")


@for_the_admin
def read(request: HttpRequest) -> HttpResponse:
    sources = Connection.objects.filter(vendor__in=VENDORS).order_by("pk")
    return _page(request, Step.READ, {"shown": [Shown.of(source) for source in sources]})


@for_the_admin
def next_(request: HttpRequest) -> HttpResponse:
    return _page(request, Step.NEXT, {"undecided": undecided.counts()})


def _problem(source: Connection, chosen: Vendor) -> str:
    try:
        with Client(source, chosen, patience=PATIENCE, deadline=time.monotonic() + SECONDS) as client:
            client.test()
    except CollectError as problem:
        return str(problem)
    return ""


def _switch_on(source: Connection) -> None:
    source.enabled = True
    source.problem = ""
    source.save(update_fields=["enabled", "problem"])
    tasks.schedules()
    tasks.collect_now(source)


def _page(request: HttpRequest, step: Step, context: dict[str, Any]) -> HttpResponse:
    return render(request, f"first_use/{step.slug}.html", {"step": step, "steps": list(Step), **context})
