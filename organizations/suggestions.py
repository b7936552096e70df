"""Whose a waiting account may be: ranked, with the reason in words. People decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from rapidfuzz import fuzz, process

from collectors.facts.accounts import Account
from organizations.evidence import Shared, domains_of, shared_keys
from organizations.matching import words
from organizations.models import AccountLink, Organization
from organizations.names import normalised

CLOSE = 72  # of 100: how alike two names are before one suggests the other
TELLING = 5  # letters a word needs to tell anything
SHOWN = 3


class Strength(IntEnum):
    WEAK = 1
    STRONG = 2
    CERTAIN = 3


@dataclass(frozen=True)
class Suggestion:
    """`likeness` of the names, 0 to 100, ranks those of one strength; `keyed`: more than a name speaks for it."""

    organization: Organization
    strength: Strength
    reason: str
    likeness: float
    keyed: bool = False

    @property
    def is_strong(self) -> bool:
        return self.strength >= Strength.STRONG


@dataclass(frozen=True)
class Alike:
    """How an organization's name is like an account's; `alone`: the same name, which no other client has."""

    likeness: float
    how: str
    alone: bool = False


def suggestions(accounts: Sequence[Account]) -> dict[int, list[Suggestion]]:
    """The best few for each account, in a number of queries that does not grow with their number."""
    known = Organization.objects.filter(merged_into=None).values_list("pk", "name")
    names = {pk: normalised(name) for pk, name in known}
    by_name, by_word = _grouped(names, lambda name: [name]), _grouped(names, str.split)
    alike = {account.pk: _alike(normalised(account.name), names, by_name, by_word) for account in accounts}
    shared = shared_keys([account.pk for account in accounts])
    wanted = {pk for found in alike.values() for pk in found} | {row.organization for row in shared}
    organizations = Organization.objects.prefetch_related("domains").in_bulk(wanted)
    offered = {
        account.pk: {pk: _named(account, organizations[pk], one) for pk, one in alike[account.pk].items()}
        for account in accounts
    }
    for row in shared:
        _add_key(offered[row.account], row, organizations[row.organization])
    return {account: _ranked(list(found.values())) for account, found in offered.items()}


def _grouped(names: dict[int, str], parts: Callable[[str], list[str]]) -> dict[str, set[int]]:
    """Which organizations have each name, or each word of a name."""
    holders: dict[str, set[int]] = defaultdict(set)
    for pk, name in names.items():
        for part in parts(name):
            holders[part].add(pk)
    return holders


def _alike(
    name: str, names: dict[int, str], by_name: dict[str, set[int]], by_word: dict[str, set[int]]
) -> dict[int, Alike]:
    """Organizations with a name like this one, or with a word of it that no other client has."""
    if not name:
        return {}
    found = {}
    for word in name.split():
        holders = by_word.get(word, set())
        if len(word) >= TELLING and len(holders) == 1:
            found[next(iter(holders))] = Alike(0, f"The only client with “{word}” in its name")
    for _, _, pk in process.extract(name, names, scorer=fuzz.token_set_ratio, score_cutoff=CLOSE, limit=10):
        likeness = (fuzz.token_set_ratio(name, names[pk]) + fuzz.token_sort_ratio(name, names[pk])) / 2
        if names[pk] == name:
            found[pk] = Alike(likeness, "Same name", alone=len(by_name[name]) == 1)
        elif likeness >= CLOSE:
            found[pk] = Alike(likeness, "Similar name")
    return found


def _named(account: Account, organization: Organization, alike: Alike) -> Suggestion:
    """The same name is a strong hint where nobody else has it and no domain speaks against it."""
    theirs = {domain.name for domain in organization.domains.all()}
    ours = set(domains_of(account))
    if ours and theirs and not ours & theirs:
        against = f"{alike.how}, but another domain, {', '.join(sorted(ours))}"
        return Suggestion(organization, Strength.WEAK, against, alike.likeness)
    strength = Strength.STRONG if alike.alone else Strength.WEAK
    return Suggestion(organization, strength, alike.how, alike.likeness)


def _add_key(offered: dict[int, Suggestion], shared: Shared, organization: Organization) -> None:
    """A shared key says more than a name, unless it is in doubt."""
    before = offered.get(organization.pk)
    strength = Strength.CERTAIN if shared.method != AccountLink.Method.DOMAIN else Strength.STRONG
    reason = words(shared)
    if shared.doubted:
        strength, reason = Strength.WEAK, f"{reason}, but it is not the only one with it"
    if before is None or before.strength <= strength:
        likeness = before.likeness if before else 0
        offered[organization.pk] = Suggestion(organization, strength, reason, likeness, keyed=True)


def _ranked(offered: list[Suggestion]) -> list[Suggestion]:
    """Best first. Where keys claim it for two clients none is strong, and no name is strong against a key."""
    claims = [one.organization for one in offered if one.keyed and one.is_strong]
    if claims:
        offered = [
            replace(one, strength=Strength.WEAK, reason=f"{one.reason}; another client has a claim too")
            if one.is_strong and (len(claims) > 1 or one.organization not in claims) else one for one in offered
        ]
    return sorted(offered, key=lambda one: (-one.strength, -one.likeness, one.organization.name))[:SHOWN]
