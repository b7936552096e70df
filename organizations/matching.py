"""Linking what evidence decides. Whatever is not certain waits for a person: a wrong guess is worse than none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from django.db import transaction

from collectors.facts.accounts import Account
from collectors.vendors import VENDORS
from organizations.evidence import Shared, shared_keys
from organizations.founding import found, founders
from organizations.linking import Decision, decide, hold
from organizations.models import AccountLink

Method: TypeAlias = AccountLink.Method
BY_STRENGTH = (Method.EXPLICIT_ID, Method.TENANT, Method.DOMAIN)


@dataclass(frozen=True)
class Linked:
    """What one run did, by the label of the connection."""

    linked: Counter[str] = field(default_factory=Counter)
    founded: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)


@transaction.atomic
def link_new() -> Linked:
    """Link every account nobody has decided on that evidence decides. Running it twice equals running it once.

    First by evidence, then each company of the PSA that is a client founds one, then by the evidence that brought.
    An account a person has taken back has been decided on, and is not taken up again.
    """
    undecided = Account.objects.filter(kind=Account.Kind.CLIENT).exclude(links__superseded_at=None, links__isnull=False)
    hold(undecided.values_list("pk", flat=True))
    waiting = {account.pk: account for account in undecided.select_related("connection")}
    done = Linked()
    _link_by_evidence(waiting, done)
    if _found_clients(waiting, done):
        _link_by_evidence(waiting, done)
    done.waiting.update(account.connection.label for account in waiting.values())
    return done


def _link_by_evidence(waiting: dict[int, Account], done: Linked) -> None:
    """A link may be the evidence of another, so it goes on until one round brings none."""
    while waiting and (decisions := _decided(shared_keys(waiting))):
        decide(decisions)
        done.linked.update(waiting.pop(decision.account).connection.label for decision in decisions)


def _found_clients(waiting: dict[int, Account], done: Linked) -> bool:
    founded = found(founders(list(waiting.values())))
    decide([
        Decision(
            account=account.pk, organization=organization.pk, method=Method.FOUNDED,
            reason=f"First record of the client in {account.connection.label}",
            evidence={"types": account.evidence.get("types", []), "domains": account.evidence.get("domains", [])},
        )
        for account, organization in founded.items()
    ])
    done.founded.update(waiting.pop(account.pk).connection.label for account in founded)
    return bool(founded)


def _decided(shared: Iterable[Shared]) -> list[Decision]:
    """A decision for each account whose keys all point to one organization, one of them beyond doubt."""
    by_account: Mapping[int, list[Shared]] = defaultdict(list)
    for row in shared:
        by_account[row.account].append(row)
    return [decision for rows in by_account.values() if (decision := _decision(rows)) is not None]


def _decision(rows: Sequence[Shared]) -> Decision | None:
    certain = [row for row in rows if not row.doubted]
    if not certain or len({row.organization for row in rows}) > 1:
        return None
    strongest = min(certain, key=lambda row: BY_STRENGTH.index(Method(row.method)))
    return Decision(
        account=strongest.account, organization=strongest.organization, method=Method(strongest.method),
        reason=words(strongest), evidence={"keys": sorted({f"{row.method} {row.key}" for row in certain})},
    )


def words(shared: Shared) -> str:
    """A key as a person would say it."""
    match Method(shared.method):
        case Method.EXPLICIT_ID:
            slug, _, number = shared.key.partition(":")
            return f"Same {VENDORS[slug].label if slug in VENDORS else slug} id, {number}"
        case Method.TENANT:
            return f"Same tenant, {shared.key}"
        case _:
            return f"Same domain, {shared.key}"
