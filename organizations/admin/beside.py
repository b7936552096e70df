"""The page of one organization: each system's record of it side by side, and its history under that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from collectors.facts.touched import Calendar
from organizations.admin.history import history
from organizations.admin.words import evidence_lines, since, who, why
from organizations.beside import Beside, Column, beside
from organizations.models import Organization

LATEST = 10  # entries of the history that stand on the page itself
CHANGES = (
    ("merge", "Merge into another"), ("split", "Split off accounts"), ("move", "Move an account"),
    ("parent", "Set the parent"), ("rename", "Rename"), ("former", "Former client"),
)  # fmt: skip
SEE_MONEY = "metrics.see_finance"


@dataclass(frozen=True)
class Came:
    """How an account came to be here, in words."""

    column: Column
    method: str = ""
    since: str = ""
    evidence: Sequence[str] = ()
    why: str = ""
    by: str = ""
    through: str = ""  # the organization it was linked to, where that has been merged into this one


def today() -> date:
    return datetime.now(Calendar.current().zone).date()


def page(model_admin: admin.ModelAdmin[Organization], request: HttpRequest, key: int) -> HttpResponse:
    organization = get_object_or_404(
        Organization.objects.select_related("parent", "merged_into", "owner").prefetch_related("domains"), pk=key
    )
    if not model_admin.has_view_permission(request, organization):
        raise PermissionDenied
    shown = beside(organization, today())
    return TemplateResponse(request, "admin/organizations/organization/beside.html", {
        **model_admin.admin_site.each_context(request), "opts": model_admin.opts, "title": "Side by side",
        "organization": organization, "beside": shown, "came": [came(column, organization) for column in shown.columns],
        "differing": differing(shown), "consoles": any(column.console for column in shown.columns),
       
        "subsidiaries": organization.subsidiaries.filter(merged_into=None)[:20],
        "with_money": request.user.has_perm(SEE_MONEY), "history": history(organization, size=LATEST),
        **may(request, organization),
    })  # fmt: skip


def may(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """Whether this person may change this organization: what was merged away is changed no more."""
    allowed = request.user.has_perms(["organizations.change_organization", "organizations.change_waitingaccount"])
    return {
        "may_change": allowed and organization.merged_into_id is None, "may_undo": allowed, "changes": CHANGES,
    }


def came(column: Column, organization: Organization) -> Came:
    link = column.link
    if link is None:
        return Came(column)
    return Came(
        column=column, method=str(link.get_method_display()), since=since(link.starts_on),
        evidence=evidence_lines(link.evidence), why=why(link),
        by=who(link),
        through=link.organization.name if link.organization and link.organization != organization else "",
    )


def differing(shown: Beside) -> str:
    """What differs, in a sentence's words: “domains, phones and name”."""
    *first, last = [label[0].lower() + label[1:] for label in shown.differing] or [""]
    return f"{', '.join(first)} and {last}" if first else last
