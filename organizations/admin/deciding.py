"""What the buttons of the mapping queue do. Each action can be undone by the one after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

from django.db import connection
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from organizations import blocking, linking, suggestions
from organizations.admin.rows import offers, said
from organizations.admin.words import named
from organizations.founding import found, is_psa, learn_domains
from organizations.known import FEW
from organizations.linking import Decision
from organizations.models import AccountLink, Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNDO = "mapping_undo"  # in the session: the links of the last action and what it did, in words
AT_ONCE = 200  # the longest list that can stand on a screen
NAMED = 3  # accounts a refusal names
UNCHANGED = "Nothing was changed."
LONGEST = 300  # characters of a reason


CHOSEN = {"shown": ["Chosen among all clients"], "against": []}
VERDICTS = {
    "new": AccountLink.Verdict.LINKED, "ignore": AccountLink.Verdict.IGNORED, "wait": AccountLink.Verdict.OPEN,
}


# Accounts that share a key with these, or for which one of their organizations is proposed.
NEAR = """
SELECT account_id FROM (
    SELECT s.account_id FROM signal s JOIN (
        SELECT DISTINCT kind, key FROM signal WHERE account_id = ANY(%(accounts)s)) mine USING (kind, key)
    UNION
    SELECT p.account_id FROM proposal p JOIN account_link l ON l.organization_id IN (p.organization_id, p.runner_up_id)
    WHERE l.account_id = ANY(%(accounts)s)
) near WHERE account_id <> ALL(%(accounts)s) LIMIT %(most)s
"""


class Refused(Exception):
    """An action that cannot be done; the message says why to the person who asked."""


@dataclass(frozen=True)
class Asked:
    """One account as the form names it. `seal` is the suggestion as it stood on the screen, where one is accepted."""

    account: int
    organization: int | None = None
    seal: str = ""


def act(request: HttpRequest) -> int | None:
    """One button pressed: `do` names it and, where it stands in a row, the account. Returns the row to come back to."""
    verb, *keys = request.POST.get("do", "").split() or [""]
    by, reason = cast("User", request.user), plain(request.POST.get("reason", ""))[:LONGEST]
    if verb == "undo":
        return _undo(request, by)
    asked = _asked(verb, keys, request)
    accounts, since = _accounts([one.account for one in asked], ignored=verb == "wait")
    decisions = _decisions(verb, asked, accounts, since, reason, together=keys in (["shown"], ["chosen"]))
    links = linking.decide(decisions, by)
    if verb in ("link", "new"):
        _learn(links, accounts)
    _propose_again([*accounts])
    request.session[UNDO] = {"links": [link.pk for link in links], "words": _words(verb, links, accounts)}
    return _next(request, set(accounts))


def came_from(request: HttpRequest) -> int | None:
    """The account whose button was pressed, or None where it was not one of a row."""
    named = request.POST.get("do", "").partition(" ")[2].partition(":")[0].partition(" ")[0]
    return int(named) if named.isdecimal() and len(named) < 20 else None


def plain(text: str) -> str:
    """What a person typed, without the one character PostgreSQL cannot keep."""
    return text.replace("\0", "").strip()


def _asked(verb: str, keys: Sequence[str], request: HttpRequest) -> list[Asked]:
    """What the form asks for. A list that is accepted is the one that stood on the screen, nothing computed since."""
    try:
        match verb, *keys:
            case "link", "shown":
                asked = [_sealed(seal) for seal in request.POST.getlist("shown")]
            case "link", "chosen":
                asked = _first_of_chosen(request)
            case "link", account, to:
                asked = [Asked(_key(account), _key(to))]
            case "link", seal:
                asked = [_sealed(seal)]
            case ("new" | "ignore" | "wait"), "chosen":
                asked = [Asked(_key(account)) for account in request.POST.getlist("chosen")]
            case ("new" | "ignore" | "wait"), account:
                asked = [Asked(_key(account))]
            case _:
                raise Refused("That button is not known here.")
    except ValueError as error:
        raise Refused("That row is not known here.") from error
    if not asked:
        raise Refused("Choose at least one account first.")
    if len(asked) > AT_ONCE:
        raise Refused(f"At most {AT_ONCE} accounts at once. {UNCHANGED}")
    if len({one.account for one in asked}) < len(asked):
        raise Refused(f"That list names an account twice. {UNCHANGED}")
    return asked


def _first_of_chosen(request: HttpRequest) -> list[Asked]:
    """The first suggestion of each row that is ticked."""
    offered = {one.account: one for one in map(_sealed, request.POST.getlist("shown") + request.POST.getlist("weaker"))}
    chosen = [_key(account) for account in request.POST.getlist("chosen")]
    if bare := [account for account in chosen if account not in offered]:
        names = _named(Account.objects.filter(pk__in=bare).order_by("name"))
        raise Refused(f"No suggestion without a conflict stands beside {names}. {UNCHANGED}")
    return [offered[account] for account in chosen]


def _sealed(seal: str) -> Asked:
    account, organization, _ = seal.split(":")
    return Asked(_key(account), _key(organization), seal)


def _key(text: str) -> int:
    key = int(text)
    if not 0 < key < 2**63:
        raise ValueError(text)
    return key


def _accounts(asked: Sequence[int], *, ignored: bool) -> tuple[dict[int, Account], dict[int, date]]:
    """The accounts, held until the transaction ends, and the day from which the question of each is open.

    Refuses where someone has decided since the page was shown.
    """
    linking.hold(asked)
    accounts = Account.objects.select_related("connection").in_bulk(asked)
    if len(accounts) != len(asked):
        raise Refused(f"An account is gone. {UNCHANGED}")
    last = AccountLink.objects.current().filter(account__in=asked).order_by("account", "-starts_on")
    stands = {link.account_id: link for link in last.distinct("account")}
    open_ = {AccountLink.Verdict.OPEN, AccountLink.Verdict.IGNORED} if ignored else {AccountLink.Verdict.OPEN}
    if taken := [accounts[key] for key in asked if key in stands and stands[key].verdict not in open_]:
        raise Refused(f"Someone has decided on {_named(taken)} since. {UNCHANGED}")
    return accounts, {key: stands[key].starts_on if key in stands else EARLIEST for key in asked}


def _decisions(
    verb: str, asked: Sequence[Asked], accounts: Mapping[int, Account], since: Mapping[int, date], reason: str,
    *, together: bool,
) -> list[Decision]:
    """One decision for each account, with what stood on the screen as its evidence."""
    if verb == "link":
        _check_clients({one.organization for one in asked if one.organization})
        shown = _shown(asked, accounts, together=together)
        return [
            Decision(account=one.account, organization=one.organization, reason=reason, evidence=shown[one.account],
                     starts_on=since[one.account])
            for one in asked
        ]
    whose = _clients_of(accounts) if verb == "new" else {}
    return [
        Decision(account=key, verdict=VERDICTS[verb], organization=whose.get(key), reason=reason,
                 evidence={"said": said(account)}, starts_on=since[key])
        for key, account in accounts.items()
    ]


def _check_clients(organizations: set[int]) -> None:
    if Organization.objects.filter(pk__in=organizations, merged_into=None).count() < len(organizations):
        raise Refused(f"That client is gone. {UNCHANGED}")


def _shown(
    asked: Sequence[Asked], accounts: Mapping[int, Account], *, together: bool
) -> dict[int, dict[str, list[str]]]:
    """The lines each person had before them. Refuses what reads otherwise by now, and a conflict in a list."""
    sealed = [accounts[one.account] for one in asked if one.seal]
    now = {offer.seal: offer for offered in offers(sealed).values() for offer in offered} if sealed else {}
    if changed := [accounts[one.account] for one in asked if one.seal and one.seal not in now]:
        raise Refused(f"What is suggested for {_named(changed)} has changed since the page was shown. {UNCHANGED} "
                      "This is how the list stands now.")
    if together and (conflicts := [accounts[one.account] for one in asked
                                   if one.seal and now[one.seal].suggestion.is_conflict]):
        raise Refused(f"Something speaks against the suggestion for {_named(conflicts)}: decide on it by itself. "
                      f"{UNCHANGED}")
    return {one.account: now[one.seal].lines if one.seal else CHOSEN for one in asked}


def _clients_of(accounts: Mapping[int, Account]) -> dict[int, int]:
    """An organization for each: the one it founded before, if that was left empty, or a new one."""
    linked = AccountLink.objects.current().filter(organization=OuterRef("pk"))
    once = Organization.objects.filter(
        ~Exists(linked), links__account__in=list(accounts), links__account__name=F("name"), merged_into=None
    )
    founders = dict(once.order_by("-links__account").values_list("pk", "links__account"))
    again = {account: organization for organization, account in founders.items()}
    fresh = found({one: Organization.Kind.CLIENT for key, one in accounts.items() if key not in again})
    return again | {account.pk: organization.pk for account, organization in fresh.items()}


def _learn(links: Sequence[AccountLink], accounts: Mapping[int, Account]) -> None:
    """A PSA company brings its domains along."""
    companies = [link for link in links if is_psa(accounts[link.account_id])]
    to = Organization.objects.in_bulk([link.organization_id for link in companies if link.organization_id])
    learn_domains({accounts[link.account_id]: to[link.organization_id] for link in companies if link.organization_id})


def _propose_again(accounts: list[int]) -> None:
    """Work out what is suggested for these accounts, and for as many near them as are looked up by index, as of now.

    The rest, and what only a likeness of names connects, follows with the next run; a row shows what holds anyway.
    """
    blocking.refresh_new(accounts)
    with connection.cursor() as cursor:
        cursor.execute(NEAR, {"accounts": accounts, "most": max(0, FEW - len(accounts))})
        suggestions.refresh({*accounts, *(row[0] for row in cursor.fetchall())})


def unlink(request: HttpRequest, links: Sequence[int]) -> str:
    """Take back those of these links that stand, and say so. Raises Refused where none of them does."""
    by = cast("User", request.user)
    linking.hold(AccountLink.objects.filter(pk__in=links).values_list("account", flat=True))
    standing = list(
        AccountLink.objects.current().filter(pk__in=links, verdict=AccountLink.Verdict.LINKED).select_related("account")
    )
    if not standing:
        raise Refused(f"None of the chosen links stands any more. {UNCHANGED}")
    made = linking.decide([
        Decision(account=each.account_id, verdict=AccountLink.Verdict.OPEN, starts_on=each.starts_on)
        for each in standing
    ], by)
    _propose_again([each.account_id for each in standing])
    words = _words("wait", made, {each.account_id: each.account for each in standing})
    request.session[UNDO] = {"links": [link.pk for link in made], "words": words}
    return words


def _undo(request: HttpRequest, by: User) -> int | None:
    last = request.session.pop(UNDO, None)
    if last is None or not last["links"]:
        raise Refused("There is nothing to undo.")
    links = list(AccountLink.objects.filter(pk__in=last["links"]))
    try:
        linking.undo(links, by)
    except linking.Superseded as superseded:
        raise Refused(str(superseded)) from superseded
    _propose_again([link.account_id for link in links])
    request.session[UNDO] = {"links": [], "words": f"Undone: {last['words']}"}
    return next((link.account_id for link in links), None)


def _next(request: HttpRequest, decided: set[int]) -> int | None:
    """The row to go on with: the first one left below what was decided, or else the last one above it."""
    rows = [int(row) for row in request.POST.getlist("row")[:AT_ONCE] if row.isdecimal() and len(row) < 20]
    first = next((at for at, row in enumerate(rows) if row in decided), len(rows))
    left = (row for row in (*rows[first:], *rows[:first][::-1]) if row not in decided)
    return next(left, None)


def _words(verb: str, links: Sequence[AccountLink], accounts: Mapping[int, Account]) -> str:
    if len(links) > 1:
        done = {"link": "linked", "new": "made clients", "ignore": "ignored", "wait": "put back in the queue"}[verb]
        return f"{len(links)} accounts were {done}."
    [link] = links
    first = named(accounts[link.account_id].name)
    to = named(link.organization.name) if link.organization else ""
    match verb:
        case "link":
            return f"{first} is linked to {to}."
        case "new":
            return f"{to} is a client now."
        case "ignore":
            return f"{first} is ignored and counts nowhere."
        case _:
            return f"{first} waits again."


def _named(accounts: Iterable[Account]) -> str:
    """The first few by name, and how many more there are."""
    names = [named(account.name) for account in accounts]
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")

