"""What one row of the mapping queue shows, and the words that stand in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from collectors.facts.accounts import Account
from collectors.systems import system
from organizations.holdings import Holding
from organizations.suggestions import Suggestion, suggestions

SAID = (("domains", "{}"), ("phones", "phone {}"), ("addresses", "{}"), ("types", "called “{}”"))


@dataclass(frozen=True)
class Offer:
    """A suggestion as it stands on the screen. Whoever accepts it says so by its `seal`."""

    suggestion: Suggestion
    account: int

    @property
    def standing(self) -> str:
        """certain, strong, weak or conflict."""
        return "conflict" if self.suggestion.is_conflict else self.suggestion.strength.name.lower()

    @property
    def together(self) -> bool:
        """Whether it may be accepted in a list without having been chosen: strong, and nothing speaks against it."""
        return self.suggestion.is_strong

    @property
    def lines(self) -> dict[str, list[str]]:
        """What a person has read of it."""
        return {"shown": list(self.suggestion.evidence), "against": list(self.suggestion.against)}

    @property
    def seal(self) -> str:
        """`account:organization:mark`, where the mark changes with whatever a person has read of it."""
        read = json.dumps([self.standing, self.suggestion.organization.name, self.lines])
        mark = hashlib.sha256(read.encode()).hexdigest()[:12]
        return f"{self.account}:{self.suggestion.organization.pk}:{mark}"


@dataclass(frozen=True)
class Row:
    """One account in the queue; `top` is the best suggestion, `others` the rest."""

    account: Account
    holding: Holding
    top: Offer | None
    others: Sequence[Offer]

    @property
    def system(self) -> str:
        return self.account.connection.label or system(self.account.connection.vendor).label

    @property
    def said(self) -> list[str]:
        return said(self.account)

    @property
    def site_of(self) -> str:
        """The name of the account above, where this is a site of one."""
        parent = self.account.parent if self.account.kind == Account.Kind.SITE else None
        return (parent.name or "an account without a name") if parent else ""

    @property
    def console(self) -> str:
        """The record's page in the vendor's console, if that is an address one may follow."""
        return self.account.link if self.account.link.startswith(("https://", "http://")) else ""

    @property
    def monthly(self) -> str:
        return dollars(self.holding.monthly)


def rows_of(held: Sequence[Holding], *, with_suggestions: bool) -> list[Row]:
    """In a number of queries that does not grow with the rows."""
    accounts = Account.objects.select_related("connection", "parent").in_bulk([holding.account for holding in held])
    offered = offers(list(accounts.values())) if with_suggestions else {}
    rows = []
    for holding in held:
        if account := accounts.get(holding.account):
            best = offered.get(account.pk, [])
            rows.append(Row(account, holding, best[0] if best else None, best[1:]))
    return rows


def offers(accounts: Sequence[Account]) -> dict[int, list[Offer]]:
    """What is suggested for each account now, best first."""
    return {account: [Offer(one, account) for one in found] for account, found in suggestions(accounts).items()}


def said(account: Account) -> list[str]:
    """What the system says of the account's identity, in words. What it says in another shape is left out."""
    evidence, words = account.evidence, []
    for key, form in SAID:
        if isinstance(listed := evidence.get(key), list):
            words += [form.format(one) for one in listed if one]
    if isinstance(ids := evidence.get("ids"), dict):
        words += [f"{system(slug).label} id {number}" for slug, number in ids.items()]
    if evidence.get("tenant_id"):
        words.append(f"tenant {evidence['tenant_id']}")
    return words


def dollars(amount: Decimal) -> str:
    """Whole dollars, rounded once, half up; written as on the pages."""
    whole = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return f"−${-whole:,}" if whole < 0 else f"${whole:,}"
