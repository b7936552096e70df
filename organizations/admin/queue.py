"""The mapping queue: what waits, what it holds, whose it may be, and one click or key to say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.touched import Calendar
from collectors.systems import system
from organizations import holdings
from organizations.admin import deciding
from organizations.admin.rows import Offer, dollars, offers, rows_of, said
from organizations.holdings import Holding
from organizations.models import Organization, WaitingAccount

ROWS = (25, 100, 200)
RESULTS = 20
STANDINGS = {
    "certain": "Certain", "strong": "Strong", "weak": "Weak", "conflict": "Conflict", "nothing": "Nothing suggested",
}
HOLDS: Mapping[str, tuple[str, Callable[[Holding], bool]]] = {
    "money": ("Agreements", lambda held: held.monthly != 0),
    "devices": ("Devices", lambda held: held.devices > 0),
    "tickets": ("Tickets this quarter", lambda held: held.tickets > 0),
    "nothing": ("Nothing", lambda held: not (held.monthly or held.devices or held.tickets)),
}


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
        """What waits, or what is ignored; a POST decides and comes back to the same place in the same list."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request)
        asked = request.GET
        ignored = asked.get("show") == "ignored"
        found = (holdings.ignored if ignored else holdings.waiting)(
            today(), deciding.plain(asked.get("system", "")), search := deciding.plain(asked.get("q", ""))
        )
        found = [held for held in found if HOLDS[asked["holds"]][1](held)] if asked.get("holds") in HOLDS else found
        by_standing = Counter(held.standing for held in found)
        if not ignored and asked.get("strength") in STANDINGS:
            found = [held for held in found if held.standing == asked["strength"]]
        page = Paginator(found, _rows_a_page(asked)).get_page(asked.get("p"))
        rows = rows_of(list(page), with_suggestions=not ignored)
        total = holdings.total(found)
        return TemplateResponse(request, "admin/organizations/queue.html", self._context(request) | {
            "title": "Ignored accounts" if ignored else "Mapping queue", "ignored": ignored, "search": search,
            "narrowed": any(asked.get(word) for word in ("q", "system", "strength", "holds")),
            "filters": _filters(asked), "strengths": _strengths(asked, by_standing), "page": page, "rows": rows,
            "total": total, "monthly": dollars(total.monthly), "asked": _kept(asked),
            "kept": _with(asked, p="", chosen="").removeprefix("?"),
            "together": sum(1 for row in rows if row.top and row.top.together),
            "all_chosen": asked.get("chosen") == "all", "choose_all": _with(asked, chosen="all"),
        })

    def choose(self, request: HttpRequest, account: int) -> HttpResponse:
        """One account beside everything that could be its client, found by name, domain or slug."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        asked = get_object_or_404(Account.objects.select_related("connection"), pk=account)
        search, offered = deciding.plain(request.GET.get("q", "")), offers([asked])[asked.pk]
        return TemplateResponse(request, "admin/organizations/choose.html", self._context(request) | {
            "title": f"Whose is {asked.name[:120] or 'this account'}?", "account": asked, "said": said(asked),
            "system": asked.connection.label, "search": search, "offered": offered,
            "sites": asked.sites.order_by("name")[:RESULTS], "found": _found(search, offered) if search else [],
            "back": _kept(QueryDict(request.GET.get("back", ""))), "next": request.GET.get("next", ""),
        })

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        undo = request.session.get(deciding.UNDO)
        if undo and not undo["links"]:  # what was undone is said once
            del request.session[deciding.UNDO]
        return self.admin_site.each_context(request) | {"opts": self.opts, "undo": undo}

    def _decide(self, request: HttpRequest) -> HttpResponse:
        try:
            with transaction.atomic():
                row = deciding.act(request)
        except deciding.Refused as refused:
            messages.error(request, str(refused))
            row = deciding.came_from(request)
        back = _kept(request.GET)
        return redirect(f"{request.path}{f'?{back}' if back else ''}{f'#account-{row}' if row else ''}")


def today() -> date:
    return datetime.now(Calendar.current().zone).date()


def _rows_a_page(asked: QueryDict) -> int:
    return next((rows for rows in ROWS if asked.get("rows") == str(rows)), ROWS[0])


def _kept(asked: QueryDict) -> str:
    """The address of this list; which rows were ticked is not part of it."""
    kept = asked.copy()
    kept.pop("chosen", None)
    return kept.urlencode()


def _with(asked: QueryDict, **words: str) -> str:
    """The address of this list but for these words; an empty one is left out."""
    changed = asked.copy()
    for word, value in words.items():
        changed.pop(word, None)
        if value:
            changed[word] = value
    return f"?{changed.urlencode()}"


def _strengths(asked: QueryDict, counted: Counter[str]) -> list[dict[str, Any]]:
    """A link for each strength, with how many wait in it."""
    chosen = asked.get("strength") if asked.get("strength") in STANDINGS else ""
    return [
        {"key": key, "label": label, "many": counted[key] if key else counted.total(), "current": key == chosen,
         "address": _with(asked, strength=key, p="", chosen="")}
        for key, label in {"": "All", **STANDINGS}.items()
    ]


def _filters(asked: QueryDict) -> list[dict[str, Any]]:
    """The lists to choose from: the name of the field, what it is called, its choices and the one chosen."""
    vendors = Connection.objects.order_by("vendor").values_list("vendor", flat=True).distinct()
    return [
        {"name": name, "label": label, "choices": choices, "chosen": asked.get(name, "")}
        for name, label, choices in (
            ("system", "System", [("", "All systems"), *((vendor, system(vendor).label) for vendor in vendors)]),
            ("holds", "Holds", [("", "Anything"), *((key, label) for key, (label, _) in HOLDS.items())]),
            ("rows", "Rows", [(str(rows), str(rows)) for rows in ROWS]),
        )
    ]


def _found(search: str, offered: list[Offer]) -> list[tuple[Organization, str]]:
    """Clients that match, each with the seal of its suggestion where it is one."""
    named = Organization.objects.filter(merged_into=None).prefetch_related("domains")
    found = (
        named.filter(name__icontains=search) | named.filter(slug__icontains=search)
        | named.filter(domains__name__icontains=search)
    ).distinct().order_by("name")[:RESULTS]  # fmt: skip
    seals = {offer.suggestion.organization.pk: offer.seal for offer in offered}
    return [(one, seals.get(one.pk, "")) for one in found]
