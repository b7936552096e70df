"""Organizations with their accounts and how each came to them, and every decision as it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest

from collectors.facts.shapes import EARLIEST
from organizations import linking
from organizations.admin import deciding
from organizations.models import AccountLink, Domain, Organization

ONE_LINE: Mapping[type[models.Field[Any, Any]], Mapping[str, Any]] = {
    models.TextField: {"widget": AdminTextInputWidget},
}
MOVES_NUMBERS = {"kind", "client_from", "client_to"}


class ReadOnly:
    """Rows are superseded by the mapping queue, and never edited or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DomainInline(admin.TabularInline[Domain, Organization]):
    model = Domain
    extra = 0
    formfield_overrides: ClassVar = ONE_LINE


class LinkInline(ReadOnly, admin.TabularInline[AccountLink, Organization]):
    model = AccountLink
    verbose_name_plural = "Accounts, now and before"
    fields = ("account", "system", "since", "method", "reason", "keys", "decided_by", "decided_at", "until")
    readonly_fields = fields
    ordering = ("-superseded_at", "account__name", "-decided_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccountLink]:
        return super().get_queryset(request).select_related("account__connection", "decided_by", "organization")

    @admin.display(description="System")
    def system(self, link: AccountLink) -> str:
        return link.account.connection.label

    @admin.display(description="Since")
    def since(self, link: AccountLink) -> str:
        return "ever" if link.starts_on == EARLIEST else f"{link.starts_on:%d %b %Y}"

    @admin.display(description="Evidence")
    def keys(self, link: AccountLink) -> str:
        return in_words(link.evidence)

    @admin.display(description="Known until")
    def until(self, link: AccountLink) -> str:
        return f"{link.superseded_at:%d %b %Y %H:%M}" if link.superseded_at else "now"


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    list_display = ("name", "kind", "owner", "segment", "plan", "accounts", "client_from", "client_to")
    list_filter = ("kind", "owner", "segment", "plan")
    formfield_overrides: ClassVar = ONE_LINE
    list_select_related = ("owner",)
    search_fields = ("name", "slug", "domains__name")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    autocomplete_fields = ("parent",)
    fields = ("name", "slug", "kind", "owner", "segment", "plan", "parent", "client_from", "client_to")
    inlines = (DomainInline, LinkInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organization]:
        current = models.Q(links__superseded_at=None, links__verdict=AccountLink.Verdict.LINKED)
        return super().get_queryset(request).annotate(linked=models.Count("links", filter=current))

    @admin.display(description="Accounts", ordering="linked")
    def accounts(self, organization: Any) -> int:
        return int(organization.linked)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Organization | None = None) -> dict[str, Any]:
        """A slug stands in addresses, so a new name does not change it."""
        return {} if obj else dict(self.prepopulated_fields)

    def save_model(self, request: HttpRequest, obj: Organization, form: ModelForm[Organization], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if MOVES_NUMBERS & set(form.changed_data):
            linking.mark_organization(obj)


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnly, admin.ModelAdmin[AccountLink]):
    actions = ("unlink",)
    list_display = ("account", "system", "verdict", "organization", "method", "reason", "decided_by", "decided_at",
                    "superseded_at")  # fmt: skip
    list_filter = ("verdict", "method", ("superseded_at", admin.EmptyFieldListFilter), "account__connection")
    list_select_related = ("account__connection", "organization", "decided_by")
    search_fields = ("account__name", "account__external_id", "organization__name", "reason")
    date_hierarchy = "decided_at"
    ordering = ("-decided_at", "-pk")

    @admin.display(description="System", ordering="account__connection__label")
    def system(self, link: AccountLink) -> str:
        return link.account.connection.label

    def has_unlink_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizations.change_waitingaccount")

    @admin.action(description="Unlink: back to the mapping queue", permissions=["unlink"])
    def unlink(self, request: HttpRequest, chosen: models.QuerySet[AccountLink]) -> None:
        """Take back links that stand, whoever made them; the mapping queue offers to undo it."""
        try:
            with transaction.atomic():
                words = deciding.unlink(request, [link.pk for link in chosen])
        except deciding.Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"{words} Figures follow within a minute.")


def in_words(evidence: dict[str, Any]) -> str:
    """Evidence as a line of text."""
    return "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in evidence.items() if value
    )
