"""Records from a file, in two steps: it is read and shown as what it would change; only a second click loads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from collectors.connections import QuarantinedRecord
from collectors.drop.files import LoadedFile
from collectors.drop.layouts import LAYOUTS
from collectors.drop.loading import check, load
from collectors.drop.table import DropError, table
from collectors.facts.touched import Calendar
from qbr import tasks
from qbr.data import examples, undecided
from qbr.data.chosen import Chosen, FileForm
from qbr.data.runs import Run, counted
from qbr.data.views import may_collect
from qbr.entry.models import Upload

SHOWN_FILES = 50
SHOWN_ROWS = 200
SHOWN_ACCOUNTS = 100


@dataclass(frozen=True)
class Past:
    """A file that was loaded, and what came of it."""

    file: LoadedFile

    @property
    def layout(self) -> str:
        known = LAYOUTS.get(self.file.layout)
        return known.label if known else self.file.layout

    @property
    def run(self) -> Run:
        return counted(self.file.run)


@login_required
@may_collect
@require_http_methods(["GET", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """Choose what the file holds; then whose it is, its days, and the file."""
    layout = LAYOUTS.get(request.GET.get("holds", ""))
    form = FileForm(layout, request.POST or None, request.FILES or None) if layout else None
    if form is not None and request.method == "POST" and form.is_valid():
        kept = Upload.keep(request, form.cleaned_data["file"], form.chosen.stored())
        return redirect("data_file_preview", kept.pk)
    past = LoadedFile.objects.select_related("run__connection", "by").order_by("-loaded_at", "-pk")
    past = past.filter(layout=layout.key) if layout else past
    columns = [(column, examples.holds(column)) for column in layout.columns] if layout else []
    return _local(request, "data/upload.html", {
        "title": "Files", "layout": layout, "form": form, "kinds": examples.by_layer(), "columns": columns,
        "past": [Past(file) for file in past[:SHOWN_FILES]],
    })  # fmt: skip


@login_required
@may_collect
@require_GET
def template(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """A file to start from, as CSV or XLSX."""
    if key not in LAYOUTS or form not in examples.WRITERS:
        raise Http404("There is no such template.")
    write, content_type = examples.WRITERS[form]
    return HttpResponse(
        write(examples.example(LAYOUTS[key])), content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{key}.{form}"'},
    )  # fmt: skip


@login_required
@may_collect
@require_GET
def preview(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What the file would change. Nothing is written."""
    kept = _kept(request, upload_id)
    if kept is None:
        return _gone(request)
    chosen = Chosen.restored(kept.asked)
    try:
        sheet = table(bytes(kept.content), kept.name)
        checked = check(chosen.layout, sheet, chosen.source, span=chosen.span, complete=chosen.complete)
    except DropError as problem:
        kept.delete()
        messages.error(request, str(problem))
        return redirect(_again(chosen))
    return _local(request, "data/upload_preview.html", {
        "title": "Files", "upload": kept, "chosen": chosen, "checked": checked, "again": _again(chosen),
        "writes": checked.new + checked.changed + checked.retired,
        "set_aside": checked.set_aside[:SHOWN_ROWS], "more_rows": max(0, len(checked.set_aside) - SHOWN_ROWS),
        "accounts": checked.accounts[:SHOWN_ACCOUNTS], "more_accounts": max(0, len(checked.accounts) - SHOWN_ACCOUNTS),
    })  # fmt: skip


@login_required
@may_collect
@require_POST
def confirm(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Load what the preview showed, read again as things stand now."""
    kept = _kept(request, upload_id)
    if kept is None:
        return _gone(request)
    chosen = Chosen.restored(kept.asked)
    try:
        run = load(
            chosen.layout, table(bytes(kept.content), kept.name), chosen.source, span=chosen.span,
            complete=chosen.complete, by=cast(User, request.user), confirm_retire="gone" in request.POST,
        )  # fmt: skip
    except DropError as problem:
        messages.error(request, str(problem))
        return redirect("data_file_preview", kept.pk)
    kept.delete()
    tasks.follow_soon(f"Figures after {kept.name}")
    messages.success(request, f"{kept.name} is loaded. Figures follow within a minute.")
    return redirect("data_file", LoadedFile.objects.get(run=run).pk)


@login_required
@may_collect
@require_GET
def loaded(request: HttpRequest, file_id: int) -> HttpResponse:
    """What came of a file, and where its rows went."""
    file = get_object_or_404(LoadedFile.objects.select_related("run__connection", "by"), pk=file_id)
    aside = QuarantinedRecord.objects.filter(connection=file.run.connection, endpoint=file.layout, replayed_at=None)
    return _local(request, "data/upload_loaded.html", {
        "title": file.name, "past": Past(file),
        "aside": aside.count(),
        "reasons": aside.values_list("reason").annotate(many=Count("pk")).order_by("-many", "reason")[:SHOWN_ROWS],
        "waiting": undecided.waiting_accounts().filter(connection=file.run.connection).count(),
        "quarantine": _listed("admin:collectors_quarantinedrecord_changelist", file),
        "runs": _listed("admin:collectors_collectorrun_changelist", file),
    })  # fmt: skip


def _listed(name: str, file: LoadedFile) -> str:
    """The admin's list of what belongs to the file's source."""
    return f"{reverse(name)}?{urlencode({'connection__id__exact': file.run.connection_id})}"


def _again(chosen: Chosen) -> str:
    return f"{reverse('data_files')}?{urlencode({'holds': chosen.layout.key})}"


def _kept(request: HttpRequest, upload_id: UUID) -> Upload | None:
    return Upload.sent_in(request).filter(pk=upload_id, asked__layout__in=list(LAYOUTS)).first()


def _gone(request: HttpRequest) -> HttpResponse:
    messages.warning(request, "That file is no longer kept. Choose it again.")
    return redirect("data_files")


def _local(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """Moments are shown in the business time zone."""
    zone = Calendar.current().zone
    with timezone.override(zone):
        return render(request, page, context | {"zone": zone.key})
