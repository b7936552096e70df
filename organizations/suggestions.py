"""Whose a waiting account may be: ranked, with the reason in words. People decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from rapidfuzz import fuzz, process

from collectors.facts.accounts import Account
from organizations.evidence import domains_of, shared_keys
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


def suggestions(accounts: Sequence[Account]) -> dict[int, list[Suggestion]]:
    """The best few for each account, in a number of queries that does not grow with their number."""
    organizations = {
        organization.pk: organization
        for organization in Organization.objects.filter(merged_into=None).prefetch_related("domains")
    }
    names = {pk: normalised(organization.name) for pk, organization in organizations.items()}
    by_name, by_word = _grouped(names, lambda name: [name]), _grouped(names, str.split)
    found: dict[int, dict[int, Suggestion]] = {
        account.pk: _by_word(account, organizations, by_word) | _by_name(account, organizations, names, by_name)
        for account in accounts
    }
    for row in shared_keys([account.pk for account in accounts]):
        organization = organizations[row.organization]
        before = found[row.account].get(row.organization)
        strength = Strength.CERTAIN if row.method != AccountLink.Method.DOMAIN else Strength.STRONG
        reason = words(row)
        if row.doubted:
            strength, reason = Strength.WEAK, f"{reason}, but it is not the only one with it"
        if before is None or before.strength <= strength:
            likeness = before.likeness if before else 0
            found[row.account][row.organization] = Suggestion(organization, strength, reason, likeness, keyed=True)
    return {account: _ranked(list(offered.values())) for account, offered in found.items()}


def _grouped(names: dict[int, str], parts: Callable[[str], list[str]]) -> dict[str, set[int]]:
    """Which organizations have each name, or each word of a name."""
    holders: dict[str, set[int]] = defaultdict(set)
    for pk, name in names.items():
        for part in parts(name):
            holders[part].add(pk)
    return holders


def _by_word(
    account: Account, organizations: dict[int, Organization], by_word: dict[str, set[int]]
) -> dict[int, Suggestion]:
    """A word of some length that only one organization has in its name."""
    offered = {}
    for word in normalised(account.name).split():
        holders = by_word.get(word, set())
        if len(word) >= TELLING and len(holders) == 1:
            [pk] = holders
            offered[pk] = Suggestion(organizations[pk], Strength.WEAK, f"The only client with “{word}” in its name", 0)
    return offered


def _by_name(
    account: Account, organizations: dict[int, Organization], names: dict[int, str], by_name: dict[str, set[int]]
) -> dict[int, Suggestion]:
    name = normalised(account.name)
    if not name:
        return {}
    offered = {}
    for _, _, pk in process.extract(name, names, scorer=fuzz.token_set_ratio, score_cutoff=CLOSE, limit=10):
        likeness = (fuzz.token_set_ratio(name, names[pk]) + fuzz.token_sort_ratio(name, names[pk])) / 2
        if likeness >= CLOSE:
            alone = names[pk] == name and len(by_name[name]) == 1
            offered[pk] = _named(account, organizations[pk], likeness, same=names[pk] == name, alone=alone)
    return offered


def _named(account: Account, organization: Organization, likeness: float, *, same: bool, alone: bool) -> Suggestion:
    """The same name is a strong hint where nobody else has it and no domain speaks against it."""
    reason = "Same name" if same else "Similar name"
    theirs = {domain.name for domain in organization.domains.all()}
    ours = set(domains_of(account))
    if ours and theirs and not ours & theirs:
        against = f"{reason}, but another domain, {', '.join(sorted(ours))}"
        return Suggestion(organization, Strength.WEAK, against, likeness)
    return Suggestion(organization, Strength.STRONG if alone else Strength.WEAK, reason, likeness)


def _ranked(offered: list[Suggestion]) -> list[Suggestion]:
    """Best first. Where keys claim it for two clients none is strong, and no name is strong against a key."""
    claims = [one.organization for one in offered if one.keyed and one.is_strong]
    if claims:
        offered = [
            replace(one, strength=Strength.WEAK, reason=f"{one.reason}; another client has a claim too")
            if one.is_strong and (len(claims) > 1 or one.organization not in claims) else one for one in offered
        ]
    return sorted(offered, key=lambda one: (-one.strength, -one.likeness, one.organization.name))[:SHOWN]
