"""Two records of one client inside one system: shown with what they share, made one client's or told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from collectors.connections import Connection
from collectors.facts.accounts import Account
from organizations import duplicates, linking
from organizations.admin.deciding import plain
from organizations.admin.mappers import ForMappers
from organizations.admin.queue import today
from organizations.admin.rows import dollars
from organizations.admin.words import named
from organizations.duplicates import Held, Pair
from organizations.models import AccountLink, NotDuplicate, Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

A_PAGE = 20
SETTLED = 50
UNDO = "duplicates_undo"  # in the session: what the last press made, and what it did in words
MERGE = "admin:organizations_organizationchange_merge"
NOBODYS_YET = 0
Done: TypeAlias = dict[str, Any]  # "words", whether it "can" be undone, and the "links" or the row "apart" it made


class Refused(Exception):
    """A press that cannot be done; the message says why to the person who asked."""


@dataclass(frozen=True)
class Side:
    """One of the two records as the screen shows it."""

    account: Account
    organization: Organization | None
    held: Held

    @property
    def console(self) -> str:
        """The record's page in the vendor's console, if that is an address one may follow."""
        return self.account.link if self.account.link.startswith(("https://", "http://")) else ""

    @property
    def holds(self) -> str:
        """What is kept under it, in words: a system that keeps no tickets has none to name."""
        counted = [(self.held.devices, "device"), (self.held.tickets, "ticket")]
        words = [f"{many:,} {word}{'' if many == 1 else 's'}" for many, word in counted if many]
        return " · ".join([f"{dollars(self.held.monthly)} a month"] * bool(self.held.monthly) + words)


@dataclass(frozen=True)
class Shown:
    """A pair with both sides. `to` is whose both would be; None where both are clients' or nobody's yet."""

    pair: Pair
    sides: tuple[Side, Side]

    @property
    def to(self) -> Organization | None:
        known = [side.organization for side in self.sides if side.organization]
        return known[0] if len(known) == 1 else None

    @property
    def merge(self) -> str:
        """Where two organizations are merged; empty where they are not two, or nothing here merges them."""
        one, two = (side.organization for side in self.sides)
        if not (one and two):
            return ""
        try:
            return f"{reverse(MERGE)}?{urlencode({'gone': two.pk, 'into': one.pk})}"
        except NoReverseMatch:
            return reverse("admin:organizations_organization_change", args=[two.pk])


@admin.register(NotDuplicate)
class DuplicatesAdmin(ForMappers[NotDuplicate]):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.screen))
        return [path("", view, name="organizations_notduplicate_changelist")]

    def screen(self, request: HttpRequest) -> HttpResponse:
        """What looks like one client twice, or with ?show=apart what people told apart; a POST settles a pair."""
        self.allowed(request)
        if request.method == "POST":
            return _settle(request)
        undo = request.session.get(UNDO)
        if undo and not undo["can"]:  # what was undone is said once
            del request.session[UNDO]
        if request.GET.get("show") == "apart":
            told = NotDuplicate.objects.select_related("one__connection", "two", "decided_by").order_by("-decided_at")
            return self.page(request, "duplicates_apart", title="Told apart", apart=told[:SETTLED], undo=undo)
        chosen = request.GET.get("system", "")
        found = duplicates.pairs(int(chosen) if chosen.isdecimal() and len(chosen) < 10 else 0)
        page = Paginator(found, A_PAGE).get_page(request.GET.get("p"))
        return self.page(
            request, "duplicates", title="Duplicates inside one system", rows=_shown(list(page)), page=page, undo=undo,
            chosen=chosen, connections=Connection.objects.order_by("label"), asked=urlencode({"system": chosen}),
        )


def _shown(pairs: Sequence[Pair]) -> list[Shown]:
    """In a number of queries that does not grow with the pairs."""
    keys = [key for pair in pairs for key in (pair.one, pair.two)]
    accounts = Account.objects.select_related("connection").in_bulk(keys)
    owners = Organization.objects.in_bulk({key for pair in pairs for key in (pair.ours, pair.theirs) if key})
    held = duplicates.held_by(keys, today())

    def side(account: int, organization: int | None) -> Side:
        return Side(accounts[account], owners[organization] if organization else None, held[account])

    return [Shown(pair, (side(pair.one, pair.ours), side(pair.two, pair.theirs))) for pair in pairs]


def _settle(request: HttpRequest) -> HttpResponse:
    by, reason = cast("User", request.user), plain(request.POST.get("reason", ""))[:1000]
    verb, *texts = request.POST.get("do", "").split()[:4] or [""]
    keys = [int(text) for text in texts if text.isdecimal() and len(text) < 18]
    try:
        with transaction.atomic():
            match verb, keys:
                case "same", [one, two, whose]:
                    request.session[UNDO] = _same(one, two, whose, by, reason)
                case "apart", [one, two]:
                    request.session[UNDO] = _apart(one, two, by, reason)
                case "again", [told]:
                    request.session[UNDO] = _again(told)
                case "undo", []:
                    request.session[UNDO] = _undo(request.session.pop(UNDO, None), by)
                case _:
                    raise Refused("That button is not known here.")
    except (Refused, linking.Superseded) as refused:
        messages.error(request, str(refused))
    asked = request.GET.urlencode()
    return redirect(f"{request.path}?{asked}" if asked else request.path)


def _same(one: int, two: int, whose: int, by: User, reason: str) -> Done:
    """Both accounts are this organization's; with NOBODYS_YET, a new one's."""
    accounts = _held(one, two)
    links = {link.account_id: link for link in _last(accounts)}
    owners = {link.organization_id for link in links.values() if link.organization_id}
    if any(link.verdict == AccountLink.Verdict.IGNORED for link in links.values()) or owners != {whose} - {NOBODYS_YET}:
        raise Refused("Someone has decided on one of the two since. Nothing was changed.")
    waiting = [each for each in accounts if not (each.pk in links and links[each.pk].organization_id)]
    if len(waiting) + len(owners) != 2:
        raise Refused("Both are one client’s already. Nothing was changed.")
    made = []
    if not owners:
        first = waiting.pop(0)
        made.append(linking.create_and_link(first, by, reason))
        organization = made[0].organization
    else:
        organization = next(link.organization for link in links.values() if link.organization_id)
    if organization is None:
        raise Refused("That client is gone. Nothing was changed.")
    for account in waiting:
        other = next(each for each in accounts if each != account)
        evidence = {"same client as": f"{named(other.name)} ({other.external_id})"}
        made.append(linking.link(account, organization, by, reason, evidence=evidence))
    words = f"{_both(accounts)} are both {named(organization.name)}."
    return {"links": [link.pk for link in made], "words": words, "can": True}


def _apart(one: int, two: int, by: User, reason: str) -> Done:
    accounts = _held(one, two)
    lower, higher = sorted(account.pk for account in accounts)
    told, _ = NotDuplicate.objects.get_or_create(
        one_id=lower, two_id=higher, defaults={"reason": reason, "decided_by": by, "decided_at": timezone.now()}
    )
    words = f"{_both(accounts)} are told apart and are not asked about again."
    return {"apart": told.pk, "words": words, "can": True}


def _again(told: int) -> Done:
    """Ask about two accounts again that somebody told apart."""
    found = NotDuplicate.objects.select_related("one", "two").filter(pk=told).first()
    if found is None:
        raise Refused("Somebody has taken that back already.")
    found.delete()
    return {"words": f"{_both([found.one, found.two])} are asked about again.", "can": False}


def _undo(last: Done | None, by: User) -> Done:
    if not last or not last["can"]:
        raise Refused("There is nothing to undo.")
    if apart := last.get("apart"):
        NotDuplicate.objects.filter(pk=apart).delete()
    else:
        linking.undo(list(AccountLink.objects.filter(pk__in=last["links"])), by)
    return {"words": f"Undone: {last['words']}", "can": False}


def _both(accounts: Sequence[Account]) -> str:
    return " and ".join(named(account.name) for account in accounts)


def _held(one: int, two: int) -> list[Account]:
    """The two in the order asked for, held until the transaction ends. Raises Refused."""
    linking.hold([one, two])
    found = Account.objects.select_related("connection").in_bulk([one, two])
    if len(found) != 2 or found[one].connection_id != found[two].connection_id:
        raise Refused("These are no two accounts of one system. Nothing was changed.")
    return [found[one], found[two]]


def _last(accounts: Sequence[Account]) -> list[AccountLink]:
    """The last link of each account that has one: whose it is in the end."""
    current = AccountLink.objects.current().filter(account__in=accounts).select_related("organization")
    return list(current.order_by("account", "-starts_on").distinct("account"))
