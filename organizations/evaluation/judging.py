"""Matching held against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from collectors.facts.accounts import Account
from collectors.sandbox.labelled import FOUNDING, LabelledAccount
from organizations.evaluation.apart import tables_apart
from organizations.evaluation.writing import write
from organizations.matching import link_new
from organizations.models import AccountLink, Organization
from organizations.suggestions import Suggestion, suggestions

LEAST_RECALL, LEAST_FIRST = 0.85, 0.97


@dataclass(frozen=True)
class Wrong:
    """A link made without asking that is not so: whose the account was said to be, and by what."""

    account: LabelledAccount
    organization: str
    method: str
    reason: str


@dataclass(frozen=True)
class Judged:
    """Counts of accounts. `linkable`: outside the founding system, and the true client has a company there.

    `first_wrong` lists the linkable accounts that were linked to another client or, where they wait, have another or
    none as their first suggestion, and which. The lists of companies are of the founding system: a second organization
    made for a client that had one, one made of a company that is no client, and clients that wait for a person.
    """

    made: int
    wrong: Sequence[Wrong]
    linkable: int
    linked: int
    first_wrong: Sequence[tuple[LabelledAccount, str]]
    conflicts: int
    unlinkable: int
    founded: int
    founded_again: Sequence[LabelledAccount]
    founded_wrongly: Sequence[LabelledAccount]
    companies_waiting: Sequence[LabelledAccount]

    @property
    def precision(self) -> float | None:
        return 1 - len(self.wrong) / self.made if self.made else None

    @property
    def recall(self) -> float | None:
        return self.linked / self.linkable if self.linkable else None

    @property
    def first(self) -> float | None:
        """The share of linkable accounts linked rightly or, where they wait, with the right first suggestion."""
        return 1 - len(self.first_wrong) / self.linkable if self.linkable else None

    def missed(self) -> Iterator[str]:
        """The goals that are missed, in words."""
        if self.wrong:
            yield f"{len(self.wrong)} automatic links are wrong" if len(self.wrong) > 1 else "1 automatic link is wrong"
        if self.recall is not None and self.recall < LEAST_RECALL:
            yield f"recall {self.recall:.3f} is under {LEAST_RECALL}"
        if self.first is not None and self.first < LEAST_FIRST:
            yield f"first suggestion {self.first:.3f} is under {LEAST_FIRST}"


def evaluate(labelled: Sequence[LabelledAccount], match: Callable[[], object] = link_new) -> Judged:
    """Match these accounts in tables of their own, which are gone afterwards, and judge what became of them.

    `match` is what links; whatever else the database holds takes no part and stays as it is.
    """
    with tables_apart():
        known = write(labelled)
        match()
        return _judged(known)


def _judged(known: Mapping[int, LabelledAccount]) -> Judged:
    links = {link.account_id: link for link in AccountLink.objects.current().filter(verdict="linked")}
    founding = {pk: link for pk, link in links.items() if link.method == AccountLink.Method.FOUNDED}
    clients = {link.organization_id: known[pk].client for pk, link in founding.items()}
    names = dict(Organization.objects.values_list("pk", "name"))
    made = {pk: link for pk, link in links.items() if pk not in founding}

    def right(account: int, organization: int | None) -> bool:
        return known[account].client is not None and clients.get(organization) == known[account].client

    companies = {pk: one for pk, one in known.items() if one.system == FOUNDING}
    served = {one.client for one in companies.values() if one.client}
    linkable = {pk for pk, one in known.items() if pk not in companies and one.client in served}
    open_ones = Account.objects.filter(pk__in=known.keys() - links.keys()).select_related("connection")
    offered = suggestions(list(open_ones))
    first = {pk: found[0].organization.pk for pk, found in offered.items() if found}
    return Judged(
        made=len(made),
        wrong=[
            Wrong(known[pk], names[link.organization_id], link.get_method_display(), link.reason)
            for pk, link in made.items() if link.organization_id and not right(pk, link.organization_id)
        ],
        linkable=len(linkable),
        linked=sum(pk in made and right(pk, made[pk].organization_id) for pk in linkable),
        first_wrong=[
            (known[pk], names[first[pk]] if pk in first else "")
            for pk in sorted(linkable) if not right(pk, made[pk].organization_id if pk in made else first.get(pk))
        ],
        conflicts=sum(_conflict(found) for found in offered.values()),
        unlinkable=len(known) - len(companies) - len(linkable),
        founded=len(founding),
        founded_again=_again(known, founding),
        founded_wrongly=[known[pk] for pk in founding if known[pk].client is None],
        companies_waiting=[one for pk, one in companies.items() if one.client and pk not in links],
    )


def _conflict(found: Sequence[Suggestion]) -> bool:
    return bool(found) and found[0].is_conflict


def _again(known: Mapping[int, LabelledAccount], founding: Mapping[int, object]) -> list[LabelledAccount]:
    """Companies that founded an organization for a client that had one already."""
    before: Counter[str | None] = Counter()
    again = []
    for pk in sorted(founding):
        before[known[pk].client] += 1
        if known[pk].client and before[known[pk].client] > 1:
            again.append(known[pk])
    return again
