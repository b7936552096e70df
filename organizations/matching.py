"""Linking what evidence decides. Whatever is not certain waits for a person: a wrong guess is worse than none."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from django.db import transaction

from collectors.facts.accounts import Account
from organizations import blocking, suggestions
from organizations.claims import Claim
from organizations.evidence import ID, domains_of
from organizations.founding import found, founders
from organizations.judging import deciding
from organizations.known import Known
from organizations.linking import Decision, decide, hold
from organizations.models import AccountLink

Method: TypeAlias = AccountLink.Method


@dataclass(frozen=True)
class Linked:
    """What one run did, by the label of the connection."""

    linked: Counter[str] = field(default_factory=Counter)
    founded: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)


@contextmanager
def _keeping_everything() -> Iterator[None]:
    """Without looking for garbage in circles: there is none, and looking through what is known takes a third longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_keeping_everything()
@transaction.atomic
def link_new() -> Linked:
    """Link every account nobody has decided on that evidence decides. Running it twice equals running it once.

    First by evidence, then each company of the PSA that is a client founds one, then by the evidence that brought. A
    CRM's prospects come last and wait for nobody, since most are no client. An account a person has taken back has been
    decided on, and is not taken up again.
    """
    blocking.refresh()
    blocking.refresh_names()
    undecided = Account.objects.exclude(kind=Account.Kind.SITE).exclude(links__superseded_at=None, links__isnull=False)
    hold(undecided.values_list("pk", flat=True))
    waiting = {account.pk: account for account in undecided.select_related("connection")}
    open_ = suggestions.waiting()
    known = Known.around([*waiting, *(pk for pk in open_ if pk not in waiting)])
    prospects = {pk: waiting.pop(pk) for pk, one in list(waiting.items()) if one.kind == Account.Kind.PROSPECT}
    done = Linked()
    _link_by_evidence(known, waiting, done)
    if _found_clients(known, waiting, done):
        _link_by_evidence(known, waiting, done)
    _link_by_evidence(known, prospects, done)
    blocking.refresh_names()
    suggestions.store(known, [pk for pk in open_ if known.records[pk].open], all_of_them=True)
    done.waiting.update(account.connection.label for account in waiting.values())
    return done


def _link_by_evidence(known: Known, waiting: dict[int, Account], done: Linked) -> None:
    """Link until nothing more decides, as often as something that did not stand may have become clear."""
    while True:
        decided, fallen = _settled(known, waiting)
        decide([_decision(account, claim) for account, claim in decided.items()])
        done.linked.update(waiting.pop(account).connection.label for account in decided)
        if not decided or not fallen:
            return


def _settled(known: Known, waiting: Iterable[int]) -> tuple[dict[int, Claim], set[int]]:
    """What decides, by account, and the accounts for which it seemed so until more was known.

    A link may be the evidence of another, and may contradict one that seemed clear before: only what stands in the end
    is kept.
    """
    decided: dict[int, Claim] = {}
    while found := _decided(known, [account for account in waiting if account not in decided]):
        for account, claim in found.items():
            known.own(account, claim.organization)
        decided |= found
    fallen: set[int] = set()
    while shaken := {account for account, claim in decided.items() if not _stands(known, account, claim)}:
        for account in shaken:
            known.disown(account)
            del decided[account]
        fallen |= shaken
    return decided, fallen


def _stands(known: Known, account: int, claim: Claim) -> bool:
    """Whether a claim decides still, now that more is known, without leaning on itself."""
    if ID in claim.alone and known.points_to(account, claim.organization):
        return True
    known.disown(account)
    now = deciding(known, account)
    known.own(account, claim.organization)
    return now is not None and now.organization == claim.organization


def _found_clients(known: Known, waiting: dict[int, Account], done: Linked) -> bool:
    founded = found(founders(list(waiting.values()), known))
    decide([
        Decision(
            account=account.pk, organization=organization.pk, method=Method.FOUNDED,
            reason=f"First record of the client in {account.connection.label}",
            evidence={"types": account.evidence.get("types", []), "domains": account.evidence.get("domains", [])},
        )
        for account, organization in founded.items()
    ])
    for account, organization in founded.items():
        known.found(organization.pk, organization.name, domains_of(account))
        known.own(account.pk, organization.pk)
        done.founded[waiting.pop(account.pk).connection.label] += 1
    return bool(founded)


def _decided(known: Known, waiting: Iterable[int]) -> dict[int, Claim]:
    """The claim that decides, by account. Of several accounts of one system that would go to one organization only
    those go whose ids say so."""
    decided = {account: claim for account in waiting if (claim := deciding(known, account))}
    rivals = Counter((known.records[account].connection, claim.organization) for account, claim in decided.items())
    return {
        account: claim for account, claim in decided.items()
        if ID in claim.alone or rivals[known.records[account].connection, claim.organization] == 1
    }


def _decision(account: int, claim: Claim) -> Decision:
    return Decision(
        account=account, organization=claim.organization, method=claim.method,
        reason="; ".join(claim.evidence), evidence={"keys": sorted(claim.keys), "words": claim.evidence},
    )
