"""Changes of organizations: said in a form, seen in a preview, confirmed, listed, and undone the same way.

They stand here and not with the organizations since a preview works out metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.crypto import constant_time_compare
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_safe

from metrics.admin.change_forms import FOUND, SCREENS, ChangeForm, Kind, Screen, search, written
from metrics.admin.change_preview import Act, hold, seal, shown
from metrics.admin.decisions import today
from metrics.rollup.preview import NotInTime
from organizations import changes
from organizations.admin.history import ReadOnly
from organizations.admin.words import change_words, consequences, named, since, told
from organizations.models import Organization, OrganizationChange

MAY = ("organizations.change_organization", "organizations.change_waitingaccount")
TEMPLATES = "admin/metrics/organization_changes"
ORGANIZATION = "admin:organizations_organization_beside"
MOVED_ON = "Somebody has decided or changed something here since. This is what it would do now."


@admin.register(OrganizationChange)
class OrganizationChangeAdmin(ReadOnly, admin.ModelAdmin[OrganizationChange]):
    """Every change as it was made, those undone included."""

    change_form_template = f"{TEMPLATES}/change.html"
    list_display = ("what", "from_", "why", "decided_by", "decided_at", "standing")
    list_display_links = ("what",)
    list_filter = ("kind", ("undone_at", admin.EmptyFieldListFilter), ("decided_by", admin.RelatedOnlyFieldListFilter))
    list_per_page = 50
    search_fields = ("organization__name", "other__name", "reason")
    search_help_text = "Name of an organization, or words of the reason"
    date_hierarchy = "decided_at"
    fields = ("what", "from_", "did", "reason", "decided_by", "decided_at", "standing", "moved")
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ["organizations/organization.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[OrganizationChange]:
        return told().order_by("-decided_at", "-pk")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Changes of organizations", **(extra_context or {})})

    def has_view_permission(self, request: HttpRequest, obj: OrganizationChange | None = None) -> bool:
        return request.user.has_perms(MAY) or super().has_view_permission(request, obj)

    @admin.display(description="Change", ordering="kind")
    def what(self, change: OrganizationChange) -> SafeString:
        return format_html('<bdi class="name" dir="ltr">{}</bdi>', change_words(change))

    @admin.display(description="Reason", ordering="reason")
    def why(self, change: OrganizationChange) -> str:
        return Truncator(change.reason).chars(200)

    @admin.display(description="From", ordering="starts_on")
    def from_(self, change: OrganizationChange) -> str:
        return since(change.starts_on)

    @admin.display(description="State", ordering="undone_at")
    def standing(self, change: OrganizationChange) -> str:
        if change.undone_at is None:
            return "Stands"
        by = f" by {change.undone_by}" if change.undone_by else ""
        return f"Undone{by}, {change.undone_at:%-d %b %Y}"

    @admin.display(description="What else it did")
    def did(self, change: OrganizationChange) -> SafeString | str:
        lines = ((each,) for each in consequences(change))
        return format_html_join("", '<bdi class="line" dir="ltr">{}</bdi>', lines) or "—"

    @admin.display(description="Decisions it made")
    def moved(self, change: OrganizationChange) -> SafeString | str:
        count = change.links.count()
        where = reverse("admin:organizations_accountlink_changelist")
        return format_html('<a href="{}?change__id__exact={}">{}</a>', where, change.pk, count) if count else "—"

    def get_urls(self) -> list[URLPattern]:
        def view(of: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(of))

        name = "organizations_organizationchange"
        return [
            path("find/", self.admin_site.admin_view(require_safe(self.find)), name=f"{name}_find"),
            path("merge/", self.admin_site.admin_view(require_safe(self.merge)), name=f"{name}_merge"),
            path("<int:key>/undo/", view(self.undo), name=f"{name}_undo"),
            path("<slug:kind>/<int:key>/", view(self.make), name=f"{name}_make"),
            *super().get_urls(),
        ]

    def find(self, request: HttpRequest) -> HttpResponse:
        """Organizations for what is typed, as the field takes them."""
        _allowed(request)
        typed = request.GET.get("q", "").strip()
        found = search(typed)[:FOUND] if typed else []
        return JsonResponse({"found": [written(organization) for organization in found]})

    def merge(self, request: HttpRequest) -> HttpResponse:
        """The form of a merge with both named, for screens that know them by their keys: ?gone=7&into=9."""
        _allowed(request)
        keys = [int(key) if (key := request.GET.get(name, "")).isdecimal() else 0 for name in ("gone", "into")]
        gone, into = (get_object_or_404(Organization, pk=key) for key in keys)
        where = reverse("admin:organizations_organizationchange_make", args=[Kind.MERGE.value, gone.pk])
        return redirect(f"{where}?{urlencode({'other': written(into)})}")

    def make(self, request: HttpRequest, kind: str, key: int) -> HttpResponse:
        """One change of one organization: the form, then what it would do, then it is done. Only the last saves."""
        _allowed(request)
        screen = SCREENS.get(kind)
        if screen is None:
            raise Http404
        organization = get_object_or_404(Organization.objects.select_related("merged_into"), pk=key)
        if into := organization.merged_into:
            messages.error(request, f"{named(organization.name)} has been merged into {named(into.name)}.")
            return redirect(ORGANIZATION, into.pk)
        if request.method != "POST":
            return self._form(request, screen, screen.form(organization, today(), initial=request.GET.dict()))
        form = screen.form(organization, today(), request.POST)
        if "back" in request.POST or not form.is_valid():
            return self._form(request, screen, form)
        other = form.cleaned_data.get("other")

        def act() -> OrganizationChange:
            return screen.act(organization, form.cleaned_data, cast(User, request.user))

        try:
            return self._seen_or_done(
                request, act, title=screen.title, organization=organization, said=form.as_hidden(), screen=screen,
                concerned=[organization.pk, *([other.pk] if other else [])], undo=None,
            )
        except changes.Refused as refused:
            form.add_error(None, _clipped(refused))
            return self._form(request, screen, form)

    def undo(self, request: HttpRequest, key: int) -> HttpResponse:
        """What taking a change back would do, or why it cannot be taken back; then it is."""
        _allowed(request)
        change = get_object_or_404(told(), pk=key)

        def act() -> OrganizationChange:
            return changes.undo(change, cast(User, request.user))

        concerned = [int(each) for each in change.after] + [change.organization_id]
        try:
            return self._seen_or_done(
                request, act, title="Undo", organization=change.organization, said=[("change", str(change.pk))],
                concerned=[*concerned, *([change.other_id] if change.other_id else [])], screen=None, undo=change,
            )
        except changes.Refused as refused:
            messages.error(request, _clipped(refused))
            return redirect(ORGANIZATION, change.organization_id)

    def _seen_or_done(
        self, request: HttpRequest, act: Act, *, title: str, organization: Organization, concerned: list[int],
        said: list[tuple[str, str]], screen: Screen | None, undo: OrganizationChange | None,
    ) -> HttpResponse:
        """Done where what is confirmed is what was shown; else shown, for the first time or again."""
        grown_old = False
        if "confirm" in request.POST:
            with transaction.atomic():
                hold(concerned)
                if constant_time_compare(seal(concerned, said), request.POST.get("seal", "")):
                    done = act()
                    return self._done(request, done, undone=undo is not None)
                grown_old = True
        context: dict[str, Any] = {"said": said, "grown_old": MOVED_ON if grown_old else "", "undo": undo}
        leaves = organization if screen and screen.leaves else None
        try:
            context["shown"] = shown(act, request.user, concerned, said, leaves)
        except NotInTime as late:
            context["late"] = str(late)
        if undo:
            context["words"] = change_words(undo)
        whole = self._context(request, organization, title, context)
        return TemplateResponse(request, f"{TEMPLATES}/preview.html", whole)

    def _done(self, request: HttpRequest, change: OrganizationChange, *, undone: bool) -> HttpResponse:
        change = told().get(pk=change.pk)
        words = change_words(change)
        messages.success(request, f"{'Undone: ' if undone else ''}{words}. Figures follow within a minute.")
        leads_on = change.organization.merged_into_id
        return redirect(ORGANIZATION, leads_on or change.organization_id)

    def _form(self, request: HttpRequest, screen: Screen, form: ChangeForm) -> HttpResponse:
        return TemplateResponse(request, f"{TEMPLATES}/form.html", self._context(
            request, form.organization, screen.title, {"screen": screen, "form": form},
        ))

    def _context(
        self, request: HttpRequest, organization: Organization, title: str, more: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request), "opts": self.opts, "title": title, "organization": organization,
            **more,
        }


def _allowed(request: HttpRequest) -> None:
    if not request.user.has_perms(MAY):
        raise PermissionDenied


def _clipped(refused: Exception) -> str:
    """Its sentence, in which a name may be of any length."""
    return Truncator(str(refused)).chars(400)
