"""Import in two steps: a file is read and shown as what it would change, and only a second click saves it."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.declare import Unit
from metrics.entering import Change
from metrics.models import Entry
from metrics.reading import COMPANY, ScopeRef, client
from metrics.spreadsheets import Preview, Unusable, commit
from metrics.spreadsheets import preview as read_file
from metrics.spreadsheets.sheet import LARGEST_FILE
from qbr import access, tasks
from qbr.entry.models import Upload
from qbr.entry.views import may_enter
from qbr.pages import formats

SHOWN_CHANGES = 500


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or Excel file", help_text="Metrics by name, months as columns or rows; at most 5 MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )  # fmt: skip
    scope = forms.ChoiceField(
        label="For whom", required=False, help_text="Rows that name a client in a client column go to that client.",
        choices=lambda: [("", "The company"), *access.clients().values_list("slug", "name")],
    )  # fmt: skip

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError("The file is larger than 5 MB. Split it into smaller files.")
        return file


@login_required
@may_enter
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        kept = Upload.keep(request, form.cleaned_data["file"])
        slug, address = form.cleaned_data["scope"], reverse("import_preview", args=[kept.pk])
        return redirect(f"{address}?{urlencode({'client': slug})}" if slug else address)
    return render(request, "entry/upload.html", {"form": form, "title": "Import"})


@login_required
@may_enter
@require_GET
def preview(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What the file would change. Nothing is saved."""
    kept = _kept(request, upload_id)
    if kept is None:
        return _gone(request)
    try:
        read = _read(request, kept)
    except Unusable as problem:
        kept.delete()
        messages.error(request, str(problem))
        return redirect("import")
    return render(request, "entry/preview.html", {
        "title": "Import", "upload": kept, "preview": read, "query": request.GET.urlencode(),
        "changes": [_shown(change) for change in read.changes[:SHOWN_CHANGES]],
        "more": max(0, len(read.changes) - SHOWN_CHANGES),
        "repair": urlencode(request.GET.dict() | {"repair": "1"}),
    })  # fmt: skip


@login_required
@may_enter
@require_POST
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Save what the preview showed, checked again as things stand now."""
    kept = _kept(request, upload_id)
    if kept is None:
        return _gone(request)
    done = commit(_read(request, kept), cast(User, request.user), request.POST.get("note", "").strip()[:500])
    kept.delete()
    tasks.work_out_soon("import")
    many = formats.plural(len(done.changes), "cell")
    messages.success(request, f"{many} of {kept.name} saved. Figures follow within a minute.")
    return redirect("entry")


def _read(request: HttpRequest, kept: Upload) -> Preview:
    slug = request.GET.get("client", "")
    if slug and not access.clients().filter(slug=slug).exists():
        raise Http404
    scope: ScopeRef = client(slug) if slug else COMPANY
    return read_file(
        cast(User, request.user), kept.name, bytes(kept.content), scope, repair=request.GET.get("repair") == "1"
    )


def _kept(request: HttpRequest, upload_id: UUID) -> Upload | None:
    return Upload.sent_in(request).filter(pk=upload_id, asked={}).first()


def _gone(request: HttpRequest) -> HttpResponse:
    messages.warning(request, "That file is no longer kept. Choose it again.")
    return redirect("import")


def _shown(change: Change) -> dict[str, str]:
    unit: Unit = change.metric.unit
    return {
        "scope": "Company" if change.scope.is_company else change.scope.slug, "metric": change.metric.label,
        "month": change.month.label, "old": formats.written(change.old, unit), "new": formats.written(change.new, unit),
        "kind": _kind(change),
    }  # fmt: skip


def _kind(change: Change) -> str:
    if change.kind is None:
        return "Taken back"
    if change.kind is Entry.Kind.CORRECTED:
        return "Correction"
    return "New" if change.old is None else "Changed"
