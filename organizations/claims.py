"""What speaks for an organization that an account may be of, and whether that would decide."""

from __future__ import annotations

from dataclasses import dataclass, field

from organizations.evidence import ADDRESS, DOMAIN, ID, NAME, PHONE, TENANT
from organizations.likeness import Alike
from organizations.models import AccountLink, Proposal

CERTAIN, STRONG, WEAK = Proposal.Strength.CERTAIN, Proposal.Strength.STRONG, Proposal.Strength.WEAK
SERIALS, CONTACT = "serials", "contact"  # a telephone and an address together are one
KIND_OF = {PHONE: CONTACT, ADDRESS: CONTACT}
WEIGHTS = {ID: 60.0, TENANT: 60.0, DOMAIN: 35.0, SERIALS: 40.0, CONTACT: 20.0, NAME: 30.0}
OF_NAMES = {Alike.SAME: 26.0, Alike.AGREES: 22.0, Alike.PART: 8.0, Alike.UNKNOWN: 0.0, Alike.UNLIKE: -4.0}


@dataclass
class Claim:
    """What speaks for an organization. `alone`: the kinds of evidence that it alone has; `doubted`: why others are not
    counted; `against`: what contradicts."""

    organization: int
    alone: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    alike: Alike = Alike.UNKNOWN
    likeness: float = 0
    only: bool = False  # the organization's name is no other's
    former: bool = False  # the PSA has the organization as a client no more
    rivalled: bool = False  # an id says so, and the name is another organization's
    short: bool = False  # the account has the first words of its name, which no other's begins with

    @property
    def certain(self) -> bool:
        return bool(self.alone & {ID, TENANT})

    @property
    def method(self) -> AccountLink.Method:
        if ID in self.alone:
            return AccountLink.Method.EXPLICIT_ID
        return AccountLink.Method.TENANT if TENANT in self.alone else AccountLink.Method.SIGNALS

    @property
    def agrees(self) -> bool:
        """Whether the evidence would decide if nothing contradicted."""
        if self.certain:
            return True
        backed = self.alone & {DOMAIN, SERIALS, CONTACT}
        if NAME in self.alone or (self.alike is Alike.AGREES and self.only):
            return bool(backed)
        if SERIALS in backed:
            return self.short or (len(backed) > 1 and self.alike is not Alike.UNLIKE)
        return len(backed) > 1 and (self.short or self.alike in (Alike.SAME, Alike.AGREES, Alike.UNKNOWN))

    @property
    def decides(self) -> bool:
        return self.agrees and not self.against

    @property
    def strength(self) -> Proposal.Strength:
        if self.against:
            return WEAK
        if self.certain:
            return CERTAIN
        return STRONG if self.agrees or self.alone & {DOMAIN, SERIALS, NAME} else WEAK

    @property
    def score(self) -> float:
        told = sum(WEIGHTS[kind] for kind in self.alone if kind != NAME)
        told += sum(WEIGHTS[kind] / 2 for kind in self.seen - self.alone if kind != NAME)
        told += OF_NAMES[self.alike] + (4 if NAME in self.alone else 0) + self.likeness / 20
        return told - 30 * self.former - 40 * self.rivalled
