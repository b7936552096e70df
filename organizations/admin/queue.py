"""The mapping queue: what waits, what it holds, whose it may be, and one click to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from organizations import holdings
from organizations.admin import deciding
from organizations.holdings import Holding
from organizations.models import Organization, WaitingAccount
from organizations.suggestions import Suggestion, suggestions

A_PAGE = 25
RESULTS = 20


@dataclass(frozen=True)
class Row:
    """One account in the queue; `top` is the best suggestion, `others` the rest."""

    account: Account
    holding: Holding
    said: Sequence[str]
    top: Suggestion | None
    others: Sequence[Suggestion]


@admin.register(WaitingAccount)
class QueueAdmin(admin.ModelAdmin[WaitingAccount]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: WaitingAccount | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        prefix = "organizations_waitingaccount"
        return [
            path("", self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.queue)),
                 name=f"{prefix}_changelist"),
            path("<int:account>/", self.admin_site.admin_view(require_http_methods(["GET"])(self.choose)),
                 name=f"{prefix}_choose"),
        ]

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What waits, or what is ignored; a POST decides and comes back to the same list."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request)
        ignored = request.GET.get("show") == "ignored"
        system, search = request.GET.get("system", ""), request.GET.get("q", "").strip()
        held = (holdings.ignored if ignored else holdings.waiting)(today(), system, search)
        page = Paginator(held, A_PAGE).get_page(request.GET.get("p"))
        rows = _rows(page, with_suggestions=not ignored)
        return TemplateResponse(request, "admin/organizations/queue.html", self._context(request) | {
            "title": "Ignored accounts" if ignored else "Mapping queue",
            "ignored": ignored, "system": system, "search": search, "systems": _systems(), "page": page, "rows": rows,
            "total": holdings.total(held), "strong": sum(1 for row in rows if row.top and row.top.is_strong),
            "asked": request.GET.urlencode(), "pages": _addresses(request, page),
        })

    def choose(self, request: HttpRequest, account: int) -> HttpResponse:
        """One account beside everything that could be its client, found by name, domain or slug."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        asked = get_object_or_404(Account.objects.select_related("connection"), pk=account)
        search = request.GET.get("q", "").strip()
        return TemplateResponse(request, "admin/organizations/choose.html", self._context(request) | {
            "title": f"Whose is {asked.name or 'this account'}?",
            "account": asked, "said": said(asked), "search": search, "offered": suggestions([asked])[asked.pk],
            "sites": asked.sites.order_by("name")[:RESULTS], "found": _found(search) if search else [],
        })

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        undo = request.session.get(deciding.UNDO)
        if undo and not undo["links"]:  # what was undone is said once
            del request.session[deciding.UNDO]
        return self.admin_site.each_context(request) | {"opts": self.opts, "undo": undo}

    def _decide(self, request: HttpRequest) -> HttpResponse:
        try:
            with transaction.atomic():
                deciding.act(request)
        except deciding.Refused as refused:
            messages.error(request, str(refused))
        back = request.GET.urlencode()
        return redirect(f"{request.path}?{back}" if back else request.path)


def today() -> date:
    return datetime.now(Calendar.current().zone).date()


def said(account: Account) -> list[str]:
    """What the system says of the account's identity, in words."""
    evidence, words = account.evidence, []
    if isinstance(evidence.get("domains"), list):
        words += [str(domain) for domain in evidence["domains"]]
    if isinstance(evidence.get("ids"), dict):
        words += [f"{_label(system)} id {number}" for system, number in evidence["ids"].items()]
    if evidence.get("tenant_id"):
        words.append(f"tenant {evidence['tenant_id']}")
    if isinstance(evidence.get("types"), list):
        words += [f"called “{name}”" for name in evidence["types"]]
    return words


def _label(system: str) -> str:
    return VENDORS[system].label if system in VENDORS else system


def _systems() -> list[tuple[str, str]]:
    known = Connection.objects.order_by("vendor").values_list("vendor", flat=True).distinct()
    return [(vendor, _label(vendor)) for vendor in known]


def _rows(page: Page[Holding], *, with_suggestions: bool) -> list[Row]:
    held = list(page)
    accounts = Account.objects.select_related("connection").in_bulk([holding.account for holding in held])
    offered = suggestions(list(accounts.values())) if with_suggestions else {}
    rows = []
    for holding in held:
        account, best = accounts[holding.account], offered.get(holding.account, [])
        rows.append(Row(account, holding, said(account), best[0] if best else None, best[1:]))
    return rows


def _found(search: str) -> list[Organization]:
    named = Organization.objects.filter(merged_into=None).prefetch_related("domains")
    return list(
        (named.filter(name__icontains=search) | named.filter(slug__icontains=search)
         | named.filter(domains__name__icontains=search)).distinct().order_by("name")[:RESULTS]
    )  # fmt: skip


def _addresses(request: HttpRequest, page: Page[Holding]) -> dict[str, str]:
    """Where the pages before and after this one are."""
    numbers = {}
    if page.has_previous():
        numbers["before"] = page.previous_page_number()
    if page.has_next():
        numbers["after"] = page.next_page_number()
    asked = request.GET.copy()
    addresses = {}
    for word, number in numbers.items():
        asked["p"] = str(number)
        addresses[word] = f"?{asked.urlencode()}"
    return addresses
