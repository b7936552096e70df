"""Organizations: what is edited by hand, and the way to everything that a dated change does instead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from organizations import linking
from organizations.admin import beside
from organizations.admin.history import history
from organizations.admin.words import LONGEST
from organizations.models import AccountLink, Domain, Organization

ONE_LINE: Mapping[type[models.Field[Any, Any]], Mapping[str, Any]] = {
    models.TextField: {"widget": AdminTextInputWidget},
}
MOVES_NUMBERS = {"kind", "client_from", "segment"}
CHANGED = ("name", "parent", "client_to")  # only a change sets these: it has a day, a reason, a preview and a way back


class DomainInline(admin.TabularInline[Domain, Organization]):
    model = Domain
    extra = 0
    formfield_overrides: ClassVar = ONE_LINE


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    list_display = ("name_", "side_by_side", "kind", "owner", "segment", "plan", "accounts", "client_from",
                    "client_to", "gone_into")  # fmt: skip
    list_display_links = ("name_",)
    list_filter = ("kind", "owner", "segment", "plan", ("merged_into", admin.EmptyFieldListFilter))
    formfield_overrides: ClassVar = ONE_LINE
    list_select_related = ("owner", "merged_into")
    search_fields = ("name", "slug", "domains__name")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    edited = ("slug", "kind", "owner", "segment", "plan", "client_from")
    inlines = (DomainInline,)

    class Media:
        css: ClassVar = {"all": ["organizations/organization.css"]}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organization]:
        current = models.Q(links__superseded_at=None, links__verdict=AccountLink.Verdict.LINKED)
        return super().get_queryset(request).annotate(linked=models.Count("links", filter=current))

    @admin.display(description="Name", ordering="name")
    def name_(self, organization: Organization) -> SafeString:
        return format_html('<bdi class="name">{}</bdi>', Truncator(organization.name or "(no name)").chars(LONGEST))

    @admin.display(description="Accounts", ordering="linked")
    def accounts(self, organization: Any) -> int:
        return int(organization.linked)

    @admin.display(description="Merged into", ordering="merged_into__name")
    def gone_into(self, organization: Organization) -> SafeString | str:
        return self.name_(organization.merged_into) if organization.merged_into else "—"

    @admin.display(description="Side by side")
    def side_by_side(self, organization: Organization) -> SafeString:
        return format_html(
            '<a href="{}" aria-label="{} side by side">Side by side</a>',
            reverse("admin:organizations_organization_beside", args=[organization.pk]),
            Truncator(organization.name).chars(LONGEST),
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(require_safe(partial(beside.page, self)))
        return [path("<int:key>/beside/", page, name="organizations_organization_beside"), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Organization | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("name", *self.edited)})]
        where = reverse("admin:organizations_organization_beside", args=[obj.pk])
        words = format_html(
            'Each takes a day, a reason and a preview, and can be undone: <a href="{}#changes">change them</a>.',
            where,
        )
        return [(None, {"fields": self.edited}), ("Changed from a day on", {"fields": CHANGED, "description": words})]

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> tuple[str, ...]:
        return CHANGED if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Organization | None = None) -> dict[str, Any]:
        """A slug stands in addresses, so a new name does not change it."""
        return {} if obj else dict(self.prepopulated_fields)

    def save_model(self, request: HttpRequest, obj: Organization, form: ModelForm[Organization], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if MOVES_NUMBERS & set(form.changed_data):
            linking.mark_organization(obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """In place of the admin's own: every decision on its accounts, every change of it, and what was edited."""
        organization = get_object_or_404(Organization, pk=object_id if object_id.isdecimal() else 0)
        if not self.has_view_permission(request, organization):
            raise PermissionDenied
        return TemplateResponse(request, "admin/organizations/organization/history.html", {
            **self.admin_site.each_context(request), "opts": self.opts, "title": "History",
            "organization": organization, "history": history(organization, request.GET.get("p", 1)),
            **beside.may(request, organization), **(extra_context or {}),
        })
