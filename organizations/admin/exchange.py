"""The whole mapping as CSV in the admin: a download, and an upload that is shown before it is saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from organizations import exchange, linking
from organizations.admin.mappers import ForMappers
from organizations.admin.words import named
from organizations.exchange.reading import LARGEST_FILE
from organizations.models import MappingFile

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KEPT_FOR = timedelta(hours=1)
SHOWN = 200  # changes and errors on the page; all of them are counted
LONGEST_NAME = 120  # characters of a file's name
UNDO = "mapping_import"  # in the session: when the last file was saved, and what that did in words
SCREEN = "admin:organizations_mappingfile_changelist"


@admin.register(MappingFile)
class ExchangeAdmin(ForMappers[MappingFile]):
    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "organizations_mappingfile"
        return [
            path("", view(require_http_methods(["GET", "POST"])(self.screen)), name=f"{name}_changelist"),
            path("mapping.csv", view(require_GET(self.download)), name=f"{name}_export"),
            path("<uuid:key>/", view(require_http_methods(["GET", "POST"])(self.preview)), name=f"{name}_preview"),
        ]

    def screen(self, request: HttpRequest) -> HttpResponse:
        """Where a file is downloaded or chosen; a POST keeps the file and goes to its preview."""
        self.allowed(request)
        if request.POST.get("do") == "undo":
            return _undo(request)
        if request.method == "POST":
            file = request.FILES.get("file")
            if not isinstance(file, UploadedFile):
                messages.error(request, "Choose a CSV file first.")
            elif (file.size or 0) > LARGEST_FILE:
                messages.error(request, f"{file.name} is larger than {LARGEST_FILE // 1024**2} MB. Split it.")
            else:
                return redirect("admin:organizations_mappingfile_preview", _keep(request, file).pk)
        return self.page(
            request, "exchange", title="Mapping as CSV, in and out", largest=LARGEST_FILE // 1024**2,
            undo=request.session.get(UNDO),
        )

    def download(self, request: HttpRequest) -> HttpResponseBase:
        self.allowed(request)
        headers = {"Content-Disposition": f'attachment; filename="{exchange.file_name()}"'}
        return StreamingHttpResponse(exchange.to_csv(), content_type="text/csv; charset=utf-8", headers=headers)

    def preview(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """What the file would change; a POST saves that, if it is still what was shown."""
        self.allowed(request)
        kept = MappingFile.objects.filter(pk=key, by=cast("User", request.user), at__gte=_oldest()).first()
        if kept is None:
            messages.warning(request, "That file is no longer kept. Choose it again.")
            return redirect(SCREEN)
        try:
            if request.method == "POST":
                return _save(request, kept)
            read = exchange.preview(kept.name, bytes(kept.content))
        except exchange.Moved as moved:
            messages.warning(request, str(moved))
            return redirect(request.path)
        except exchange.Unusable as problem:
            kept.delete()
            messages.error(request, str(problem))
            return redirect(SCREEN)
        return self.page(
            request, "exchange_preview", title="What the file would change", file=kept, preview=read,
            changes=read.changes[:SHOWN], errors=read.errors[:SHOWN], founding=read.founding[:SHOWN],
            more=max(0, len(read.changes) - SHOWN), more_errors=max(0, len(read.errors) - SHOWN),
            more_founding=max(0, len(read.founding) - SHOWN),
        )


def _keep(request: HttpRequest, file: UploadedFile[Any]) -> MappingFile:
    MappingFile.objects.filter(at__lt=_oldest()).delete()
    name = (file.name or "mapping.csv").replace("\0", "")[-LONGEST_NAME:]
    return MappingFile.objects.create(by=cast("User", request.user), name=name, content=file.read())


def _save(request: HttpRequest, kept: MappingFile) -> HttpResponse:
    """Raises Moved, and Unusable where a row has become wrong since."""
    shown = request.POST.get("shown", "") or "nothing"
    saved = exchange.commit(kept.name, bytes(kept.content), cast("User", request.user), shown)
    kept.delete()
    words = f"{_decisions(len(saved.links))} of {named(kept.name)} saved. Figures follow within a minute."
    request.session[UNDO] = {"at": saved.links[0].decided_at.isoformat(), "words": words} if saved.links else None
    if not saved.links:
        messages.success(request, "The mapping stands as the file says. There was nothing to save.")
    return redirect(SCREEN)


def _undo(request: HttpRequest) -> HttpResponse:
    last = request.session.pop(UNDO, None)
    if last is None:
        messages.error(request, "There is nothing to undo.")
        return redirect(SCREEN)
    try:
        many = exchange.undo(datetime.fromisoformat(last["at"]), cast("User", request.user))
    except linking.Superseded as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"Undone: {_decisions(many)} taken back.")
    return redirect(SCREEN)


def _decisions(many: int) -> str:
    return f"{many:,} decision{'' if many == 1 else 's'}"


def _oldest() -> datetime:
    return timezone.now() - KEPT_FOR
