"""What the buttons of the mapping queue do. Each action can be undone by the one after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from collectors.facts.accounts import Account
from organizations import linking
from organizations.models import AccountLink, Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNDO = "mapping_undo"  # in the session: the links of the last action and what it did, in words
Decide = Callable[[Account], AccountLink]


class Refused(Exception):
    """An action that cannot be done; the message says why to the person who asked."""


def act(request: HttpRequest) -> None:
    """One button pressed: `do` names it and, where it stands in a row, the account and the organization."""
    verb, *keys = request.POST.get("do", "").split() or [""]
    by, reason = cast("User", request.user), request.POST.get("reason", "").strip()
    if verb == "undo":
        _undo(request, by)
        return
    asked = _asked(verb, keys, request)
    accounts = _accounts([account for account, _ in asked], ignored=verb == "wait")
    links = [_decided(verb, accounts[account], organization, by, reason) for account, organization in asked]
    request.session[UNDO] = {"links": [link.pk for link in links], "words": _words(verb, links, accounts)}


def _asked(verb: str, keys: Sequence[str], request: HttpRequest) -> list[tuple[int, int | None]]:
    """(account, organization) as the form names them. What "link shown" links is what stood on the screen."""
    try:
        match verb, *keys:
            case "link", "shown":
                pairs = [pair.split(":") for pair in request.POST.getlist("shown")]
                asked: list[tuple[int, int | None]] = [(_key(account), _key(to)) for account, to in pairs]
            case "link", account, to:
                asked = [(_key(account), _key(to))]
            case ("new" | "ignore" | "wait"), "chosen":
                asked = [(_key(account), None) for account in dict.fromkeys(request.POST.getlist("chosen"))]
            case ("new" | "ignore" | "wait"), account:
                asked = [(_key(account), None)]
            case _:
                raise Refused("That button is not known here.")
    except ValueError as error:
        raise Refused("That row is not known here.") from error
    if not asked:
        raise Refused("Choose at least one account first.")
    return asked


def _key(text: str) -> int:
    key = int(text)
    if not 0 < key < 2**63:
        raise ValueError(text)
    return key


def _accounts(asked: Sequence[int], *, ignored: bool) -> dict[int, Account]:
    """The accounts, held until the transaction ends. Refuses where someone has decided since the page was shown."""
    linking.hold(asked)
    accounts = Account.objects.select_related("connection").in_bulk(asked)
    if len(accounts) != len(set(asked)):
        raise Refused("An account is gone. Nothing was changed.")
    decided = AccountLink.objects.current().filter(account__in=asked).exclude(verdict=AccountLink.Verdict.OPEN)
    if ignored:
        decided = decided.exclude(verdict=AccountLink.Verdict.IGNORED)
    if taken := decided.select_related("account").first():
        raise Refused(f"Someone has decided on {taken.account.name} since. Nothing was changed.")
    return accounts


def _decided(verb: str, account: Account, organization: int | None, by: User, reason: str) -> AccountLink:
    match verb:
        case "link":
            to = Organization.objects.filter(pk=organization or 0, merged_into=None).first()
            if to is None:
                raise Refused("That client is gone. Nothing was changed.")
            return linking.link(account, to, by, reason)
        case "new":
            return linking.create_and_link(account, by, reason)
        case "ignore":
            return linking.ignore(account, by, reason)
        case _:
            return linking.unlink(account, by, reason)


def unlink(request: HttpRequest, links: Sequence[int]) -> str:
    """Take back those of these links that stand, and say so. Raises Refused where none of them does."""
    by = cast("User", request.user)
    linking.hold(AccountLink.objects.filter(pk__in=links).values_list("account", flat=True))
    standing = list(
        AccountLink.objects.current().filter(pk__in=links, verdict=AccountLink.Verdict.LINKED).select_related("account")
    )
    if not standing:
        raise Refused("None of the chosen links stands any more. Nothing was changed.")
    made = [linking.unlink(each.account, by, starts_on=each.starts_on) for each in standing]
    words = _words("wait", made, {each.account_id: each.account for each in standing})
    request.session[UNDO] = {"links": [link.pk for link in made], "words": words}
    return words


def _undo(request: HttpRequest, by: User) -> None:
    last = request.session.pop(UNDO, None)
    if last is None:
        raise Refused("There is nothing to undo.")
    try:
        linking.undo(list(AccountLink.objects.filter(pk__in=last["links"])), by)
    except linking.Superseded as superseded:
        raise Refused(str(superseded)) from superseded
    request.session[UNDO] = {"links": [], "words": f"Undone: {last['words']}"}


def _words(verb: str, links: Sequence[AccountLink], accounts: dict[int, Account]) -> str:
    first, organization = accounts[links[0].account_id].name or "An account", links[0].organization
    if len(links) > 1:
        done = {"link": "linked", "new": "made clients", "ignore": "ignored", "wait": "put back in the queue"}[verb]
        return f"{len(links)} accounts were {done}."
    match verb:
        case "link":
            return f"“{first}” is linked to “{organization}”."
        case "new":
            return f"“{organization}” is a client now."
        case "ignore":
            return f"“{first}” is ignored and counts nowhere."
        case _:
            return f"“{first}” waits again."
