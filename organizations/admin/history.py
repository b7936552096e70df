"""Every decision on accounts and every change of organizations: who, when, why, on what evidence, from which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Page, Paginator
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from collectors.connections import Connection
from collectors.facts.shapes import EARLIEST
from collectors.systems import system
from organizations.admin import deciding
from organizations.admin.words import LONGEST, change_words, evidence_lines, link_words, since, told, who, why
from organizations.models import AccountLink, Organization, OrganizationChange

A_PAGE = 25

# The history of one organization: decisions about every account it ever had, its changes, and what was edited.


@dataclass(frozen=True)
class Entry:
    at: datetime
    by: str
    what: str
    starts_on: date | None = None  # from which day; None where it is not dated
    method: str = ""
    evidence: Sequence[str] = ()
    why: str = ""
    until: datetime | None = None  # when it was superseded or undone; None while it stands
    change: OrganizationChange | None = None

    @property
    def since(self) -> str:
        return "" if self.starts_on is None else since(self.starts_on)


def history(organization: Organization, number: Any = 1, size: int = A_PAGE) -> Page[Entry]:
    """Newest first, a page at a time, in a number of queries that does not grow with it."""
    links = AccountLink.objects.filter(
        change=None, account__in=AccountLink.objects.filter(organization=organization).values("account")
    )
    changes = OrganizationChange.objects.filter(
        models.Q(organization=organization) | models.Q(other=organization) | models.Q(links__organization=organization)
    ).distinct()
    edits = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Organization), object_id=str(organization.pk)
    )
    keys = _keys(links, "link").union(
        _keys(changes, "change"), _keys(edits, "edit", "action_time"), all=True
    ).order_by("-moment", "-key")
    page: Any = Paginator(keys, size).get_page(number)
    wanted = list(page.object_list)
    found = _links(_of("link", wanted), organization) | _changes(_of("change", wanted)) | _edits(_of("edit", wanted))
    page.object_list = [found[what, key] for _, key, what in wanted]
    return page  # type: ignore[no-any-return]


def _keys(rows: models.QuerySet[Any], what: str, moment: str = "decided_at") -> Any:
    named = rows.order_by().annotate(moment=models.F(moment), key=models.F("pk"), what=models.Value(what))
    return named.values_list("moment", "key", "what")


def _of(what: str, keys: Sequence[tuple[datetime, int, str]]) -> list[int]:
    return [key for _, key, kind in keys if kind == what]


def _links(keys: Sequence[int], organization: Organization) -> dict[tuple[str, int], Entry]:
    links = AccountLink.objects.select_related("account__connection", "organization", "decided_by").in_bulk(keys)
    return {
        ("link", key): Entry(
            at=link.decided_at, by=who(link), what=link_words(link, organization),
            starts_on=link.starts_on, method=str(link.get_method_display()), evidence=evidence_lines(link.evidence),
            why=why(link), until=link.superseded_at,
        )
        for key, link in links.items()
    }


def _changes(keys: Sequence[int]) -> dict[tuple[str, int], Entry]:
    return {
        ("change", key): Entry(
            at=change.decided_at, by=who(change), what=change_words(change), starts_on=change.starts_on,
            why=change.reason, until=change.undone_at, change=change,
        )
        for key, change in told().in_bulk(keys).items()
    }


def _edits(keys: Sequence[int]) -> dict[tuple[str, int], Entry]:
    edits = LogEntry.objects.select_related("user").in_bulk(keys)
    return {
        ("edit", key): Entry(at=edit.action_time, by=str(edit.user), what=str(edit.get_change_message()) or "Edited")
        for key, edit in edits.items()
    }


class SystemFilter(admin.SimpleListFilter):
    title = "system"
    parameter_name = "system"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        vendors = Connection.objects.order_by("vendor").values_list("vendor", flat=True).distinct()
        return [(vendor, system(vendor).label) for vendor in vendors]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(account__connection__vendor=self.value()) if self.value() else queryset


class ReadOnly:
    """Rows are superseded by decisions and changes, and never edited or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnly, admin.ModelAdmin[AccountLink]):
    """Every decision as it was made, those that fell included."""

    actions = ("unlink",)
    list_display = ("account_", "decision", "how", "decided", "until")
    list_display_links = ("account_",)
    list_filter = (
        SystemFilter, "method", "verdict", ("superseded_at", admin.EmptyFieldListFilter),
        ("decided_by", admin.RelatedOnlyFieldListFilter),
    )  # fmt: skip
    list_select_related = ("account__connection", "organization", "decided_by")
    list_per_page = 50
    search_fields = ("account__name", "account__external_id", "organization__name", "reason")
    search_help_text = "Name or id of an account, name of an organization, or words of the reason"
    date_hierarchy = "decided_at"
    ordering = ("-decided_at", "-pk")
    fields = ("account_", "decision", "how", "reason", "decided", "until", "change")
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ["organizations/organization.css"]}

    @admin.display(description="Account", ordering="account__name")
    def account_(self, link: AccountLink) -> SafeString:
        name = Truncator(link.account.name or "(no name)").chars(LONGEST)
        return format_html('<bdi class="name">{}</bdi> <small>{}</small>', name, link.account.connection.label)

    @admin.display(description="Decision", ordering="organization__name")
    def decision(self, link: AccountLink) -> SafeString:
        from_day = f"from {'the beginning' if link.starts_on == EARLIEST else since(link.starts_on)}"
        if link.organization is None:
            return format_html("{} <small>{}</small>", link.get_verdict_display(), from_day)
        name = Truncator(link.organization.name or "(no name)").chars(LONGEST)
        return format_html('Linked to <bdi class="name">{}</bdi> <small>{}</small>', name, from_day)

    @admin.display(description="How, on what evidence, and why", ordering="method")
    def how(self, link: AccountLink) -> SafeString:
        lines = [str(link.get_method_display()), *evidence_lines(link.evidence)]
        said = [f"“{Truncator(reason).chars(200)}”"] if (reason := why(link)) else []
        lines = [Truncator(line).chars(200) for line in lines] + said
        return format_html_join("", '<bdi class="line" dir="ltr">{}</bdi>', ((line,) for line in lines))

    @admin.display(description="Decided", ordering="decided_at")
    def decided(self, link: AccountLink) -> SafeString:
        return format_html("{} <small>{}</small>", f"{link.decided_at:%-d %b %Y %H:%M}", who(link))

    @admin.display(description="Known until", ordering="superseded_at", empty_value="now")
    def until(self, link: AccountLink) -> datetime | None:
        return link.superseded_at

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Decisions on accounts", **(extra_context or {})})

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
