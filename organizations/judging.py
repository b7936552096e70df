"""Whose an account may be: what speaks for each organization, what against it, and whether that decides.

Certain is an id that another system carries, or a tenant. Strong are a domain, serial numbers, a telephone or address,
and a name, where one organization alone has it. Two strong ones of different kinds that agree decide, certain ones
decide alone, and nothing decides where anything contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from collectors.systems import system
from organizations.evidence import ADDRESS, DOMAIN, ID, NAME, PHONE, TENANT, Key
from organizations.known import COMMON, Held, Known, Record
from organizations.likeness import TELLING, Alike, alike, likeness
from organizations.models import AccountLink, Proposal
from organizations.names import looks_like, normalised

CERTAIN, STRONG, WEAK = Proposal.Strength.CERTAIN, Proposal.Strength.STRONG, Proposal.Strength.WEAK
SERIALS, CONTACT = "serials", "contact"  # a telephone and an address together are one
KIND_OF = {PHONE: CONTACT, ADDRESS: CONTACT}
WEIGHTS = {ID: 60.0, TENANT: 60.0, DOMAIN: 35.0, SERIALS: 40.0, CONTACT: 20.0, NAME: 30.0}
OF_NAMES = {Alike.SAME: 26.0, Alike.AGREES: 22.0, Alike.PART: 8.0, Alike.UNKNOWN: 0.0, Alike.UNLIKE: -4.0}
SAID = {
    Alike.SAME: "Same name", Alike.AGREES: "Same name but for its spelling", Alike.PART: "Similar name",
}  # fmt: skip
CLOSE_ENOUGH, NEAREST = 60, 8  # of those whose names share a key, the nearest are compared
OFFERED = 5  # organizations that one key is worth naming


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


def judge(known: Known, account: int) -> list[Claim]:
    """The claims on an account, best first, with all that contradicts them."""
    record = known.records[account]
    claims = _claims(known, record)
    _add_alike(known, record, claims)
    _add_those_it_passes_for(known, record, claims)
    named = any(claim.alike >= Alike.AGREES for claim in claims.values())
    for claim in claims.values():
        claim.rivalled = claim.certain and claim.alike is Alike.UNLIKE and named
        claim.against += _contradictions(known, record, claim, claims.values())
    for claim in claims.values():
        if not claim.agrees or claim.against:
            claim.against += [line for line in claim.doubted if line not in claim.against]
    return sorted(claims.values(), key=lambda claim: (-claim.score, bool(claim.against), claim.organization))


def deciding(known: Known, account: int) -> Claim | None:
    """The claim that decides whose an account is, if one does; the work of judging goes no further than it must."""
    record = known.records[account]
    claims = _claims(known, record)
    agreeing = [claim for claim in claims.values() if claim.agrees]
    if not agreeing:
        return None
    if any(claim.certain and claim.alike < Alike.AGREES for claim in agreeing):
        _add_alike(known, record, claims)
    _add_those_it_passes_for(known, record, claims)
    return next((
        claim for claim in agreeing
        if not claim.against and not _contradictions(known, record, claim, claims.values())
    ), None)  # fmt: skip


def _claims(known: Known, record: Record) -> dict[int, Claim]:
    """By organization: what shares a key or serial numbers with the account."""
    claims: dict[int, Claim] = {}
    for key in known.keys.get(record.pk, ()):
        _add_key(known, record, key, claims)
    _add_serials(known, record, claims)
    for claim in claims.values():
        _compare_name(known, record, claim)
    return claims


def _add_key(known: Known, record: Record, key: Key, claims: dict[int, Claim]) -> None:
    held = known.held(key)
    if not held.organizations or len(held.organizations) > (COMMON if key.kind in (ID, TENANT) else OFFERED):
        return
    kind = KIND_OF.get(key.kind, key.kind)
    for organization in held.organizations:
        claim = claims.setdefault(organization, Claim(organization))
        doubts = _doubts(known, record, key, held, organization)
        claim.seen.add(kind)
        claim.keys.append(f"{key.kind} {key.key}")
        claim.doubted += doubts
        if not doubts:
            claim.alone.add(kind)
        if key.kind != NAME:
            claim.evidence.append(_words(known, record, key))


def _doubts(known: Known, record: Record, key: Key, held: Held, organization: int) -> list[str]:
    """Why a key that this organization has does not tell it from others."""
    what = _called(key)
    doubts = [f"{known.organizations[other]} has {what} too" for other in sorted(held.organizations - {organization})]
    if key.kind == ID:
        owners = [pk for pk in known.holders[key] if _own_key(known.records[pk]) == key]
        return doubts + ([f"{len(owners)} systems have a record with {what}"] if len(owners) > 1 else [])
    for connection, many in held.repeated.items():
        others = {
            known.records[pk].organization or -pk for pk in known.holders[key]
            if known.records[pk].connection == connection and pk != record.pk
        }
        if connection != record.connection or others - {organization}:
            system_ = next(known.records[pk].system for pk in known.holders[key]
                           if known.records[pk].connection == connection)
            doubts.append(f"{many} records of {system_} have {what}")
    return doubts


def _add_serials(known: Known, record: Record, claims: dict[int, Claim]) -> None:
    """At least two shared numbers, and most of the smaller side's in that system."""
    by_system: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for row in known.serials.get(record.pk, ()):
        holder = known.records[row.holder]
        if holder.organization is not None:
            by_system.setdefault((holder.organization, holder.connection), []).append(
                (row.shared, row.mine, row.theirs))
    for (organization, connection), rows in by_system.items():
        shared, mine, theirs = sum(row[0] for row in rows), rows[0][1], sum(row[2] for row in rows)
        claim = claims.setdefault(organization, Claim(organization))
        claim.seen.add(SERIALS)
        if shared >= 2 and shared * 2 > min(mine, theirs):
            claim.alone.add(SERIALS)
        name = known.organizations[organization]
        system_ = next(one.system for row in known.serials[record.pk]
                       if (one := known.records[row.holder]).connection == connection)
        claim.keys.append(f"{SERIALS} {shared}/{mine}/{theirs} {system_}")
        are = "is" if shared == 1 else "are"
        claim.evidence.append(f"{shared} of {mine} serial numbers {are} {name}'s in {system_}")


def _compare_name(known: Known, record: Record, claim: Claim) -> None:
    """How alike the names are, at their best, and whether the one that agrees is this organization's alone."""
    ours, best = known.called.get(record.pk, ""), ""
    claim.former = record.active and known.profile(claim.organization).former
    for theirs in known.profile(claim.organization).names:
        found = alike(ours, theirs)
        if found > claim.alike or not best:
            claim.alike, best = found, theirs
    claim.likeness = likeness(ours, best)
    if claim.alike is Alike.AGREES:
        held = known.held(Key(NAME, best))
        claim.only = len(held.organizations) == 1 and not held.repeated
    elif claim.alike is Alike.PART:
        claim.short = _shortened(known, ours, claim.organization)
    if claim.alike in SAID:
        claim.evidence.append(SAID[claim.alike])


def _shortened(known: Known, ours: str, organization: int) -> bool:
    """ "Hazelmere" for "Hazelmere Law", where no other organization's name has that word. Never the other way round:
    "Hazelmere Law" is a part of "Hazelmere", or its neighbour."""
    short, theirs = ours.split(), known.words_of(organization)
    if len(short) >= len(theirs) or theirs[: len(short)] != short or len(short[0]) < TELLING:
        return False
    return known.has_alone(organization, short[0])


def _add_alike(known: Known, record: Record, claims: dict[int, Claim]) -> None:
    """Organizations with a name like this one, found by the keys they share."""
    name = known.called.get(record.pk, "")
    near = {pk: normalised(known.organizations[pk]) for pk in known.like(name) if pk not in claims}
    found = process.extract(name, near, scorer=fuzz.token_set_ratio, score_cutoff=CLOSE_ENOUGH, limit=NEAREST)
    initials = [pk for pk in known.named.get(f"@{name}", ())[:NEAREST] if pk in near]
    for organization in dict.fromkeys([*(pk for _, _, pk in found), *initials]):
        claim = Claim(organization)
        _compare_name(known, record, claim)
        if claim.alike >= Alike.PART:
            word = _word_alone(known, name, organization) if claim.alike is Alike.PART else ""
            if word:
                claim.evidence = [f"The only client with “{word}” in its name"]
            claims[organization] = claim


def _word_alone(known: Known, name: str, organization: int) -> str:
    theirs = known.words_of(organization)
    for word in name.split():
        if len(word) >= TELLING and word in theirs and known.has_alone(organization, word):
            return word
    return ""


def _add_those_it_passes_for(known: Known, record: Record, claims: dict[int, Claim]) -> None:
    """Names that only look the same never are: letters of two scripts are a mistake, or somebody's trick."""
    name, seen = known.called.get(record.pk, ""), looks_like(record.name)
    for organization in {*known.named.get(f"~{name}", ()), *(known.named.get(f"={seen}", ()) if seen else ())}:
        if organization in known.organizations:
            claim = claims.setdefault(organization, Claim(organization))
            if claim.alike is not Alike.SAME:
                its = known.organizations[organization]
                claim.against.append(f"Its name only looks like “{its}”: letters of another script")


def _contradictions(known: Known, record: Record, claim: Claim, claims: Iterable[Claim]) -> list[str]:
    organization, name = claim.organization, known.organizations[claim.organization]
    lines = [line for other in claims if other is not claim for line in _pointing(known, record, claim, other)]
    if (record.pk, organization) in known.taken_back:
        lines.append(f"A link to {name} was taken back before")
    if ID not in claim.alone:
        lines += [
            f"{name} already has an account in {record.system}: “{known.records[member].name}”"
            for member in sorted(known.members.get(organization, ()))
            if member != record.pk and known.records[member].connection == record.connection
            and not known.records[member].retired
        ][:1]
    lines += _other_ids(known, record, claim)
    domains, theirs = _said(known, record, DOMAIN), known.profile(organization).keys[DOMAIN]
    elsewhere = bool(domains and theirs and not domains & theirs)
    if claim.certain:
        inherited = any(other.former and DOMAIN in other.seen for other in claims)
        if elsewhere and claim.alike is Alike.UNLIKE and not inherited:
            lines.append(f"Neither its name nor its domain, {_listed(domains)}, is {name}'s")
        return lines + _same_id_twice(known, record, claim)
    if claim.former:
        lines.append(f"{name} is a client no more, and {record.system} still has this account")
    if elsewhere:
        lines.append(f"Another domain, {_listed(domains)}; {name} has {_listed(theirs)}")
    places, others = _said(known, record, ADDRESS), known.profile(organization).keys[ADDRESS]
    if CONTACT in claim.alone and not claim.alone & {DOMAIN, SERIALS} and places and others and not places & others:
        lines.append(f"Another address than {name}'s")
    if claim.alike is Alike.UNLIKE and claim.seen:
        lines.append(f"Another name, “{record.name[:60]}”")
    return lines


def _pointing(known: Known, record: Record, claim: Claim, other: Claim) -> list[str]:
    """What only another organization has. To what an id says it matters less how accounts of the other are called, and
    nothing what a client of the past had: its accounts have been mapped to whoever took it over."""
    if claim.certain and other.former and not other.certain:
        return []
    whose, lines = f"{known.organizations[other.organization]}'s", []
    for key in known.keys.get(record.pk, ()):
        kind, held = KIND_OF.get(key.kind, key.kind), known.held(key)
        elsewhere = other.organization in held.organizations and claim.organization not in held.organizations
        by_itself = key.kind != NAME or not claim.certain or other.organization in known.named.get(f"={key.key}", ())
        if kind in other.alone and elsewhere and by_itself:
            lines.append(f"Its {_called(key, own=True)} is {whose}")
    if SERIALS in other.alone:
        lines.append(f"Most of its serial numbers are {whose}")
    if claim.certain and not lines and _rather_called(known, record, claim, other):
        lines.append(f"Its name is more like {whose}")
    return lines


def _rather_called(known: Known, record: Record, claim: Claim, other: Claim) -> bool:
    """Whether the name speaks for another organization than the id does: somebody mistyped the id."""
    name, theirs = known.called.get(record.pk, ""), normalised(known.organizations[other.organization])
    stands = alike(name, theirs)
    if stands is Alike.SAME:
        return claim.alike < Alike.AGREES
    if claim.alike > Alike.UNKNOWN:
        return False
    return stands is Alike.AGREES or (stands is Alike.PART and _begins(name, theirs))


def _begins(name: str, other: str) -> bool:
    ours, theirs = name.split(), other.split()
    return bool(ours and theirs) and ours[0] == theirs[0] and len(ours[0]) >= TELLING


def _other_ids(known: Known, record: Record, claim: Claim) -> list[str]:
    """Ids and tenants where both sides have one, and not the same."""
    if ID in claim.alone:
        return []
    name = known.organizations[claim.organization]
    ours, theirs = _by_system(_said(known, record, ID)), _by_system(known.profile(claim.organization).keys[ID])
    lines = [
        f"{system(slug).label} id {_listed(ours[slug])}, where {name} has {_listed(theirs[slug])}"
        for slug in sorted(ours.keys() & theirs.keys()) if not ours[slug] & theirs[slug] and slug != record.vendor
    ]
    told = _told_by_others(known, record, claim)
    if told:
        lines.append(f"{told[0]} gives {name} another {system(record.vendor).label} id, {told[1]}")
    tenants, others = _said(known, record, TENANT), known.profile(claim.organization).keys[TENANT]
    if tenants and others and not tenants & others:
        lines.append(f"Another tenant than {name}'s")
    return lines


def _told_by_others(known: Known, record: Record, claim: Claim) -> tuple[str, str] | None:
    """An account of the organization's, and the id that it carries of this account's system, which is another."""
    for member in sorted(known.members.get(claim.organization, ())):
        holder = known.records[member]
        if holder.vendor != record.vendor:
            for key in known.keys.get(member, ()):
                slug, _, number = key.key.partition(":")
                if key.kind == ID and slug == record.vendor and number != record.external_id:
                    return holder.system, number
    return None


def _same_id_twice(known: Known, record: Record, claim: Claim) -> list[str]:
    """Several records of one system may carry one id; one of them whose name is another's has it by mistake."""
    if claim.alike >= Alike.PART or claim.alone - {ID, TENANT}:
        return []
    for key in known.keys.get(record.pk, ()):
        if key.kind == ID and _own_key(record) != key and claim.organization in known.held(key).organizations:
            same = [
                pk for pk in known.holders[key] if pk != record.pk and _own_key(known.records[pk]) != key
                and known.records[pk].connection == record.connection
            ]
            if same:
                return [f"{len(same) + 1} records of {record.system} carry {_called(key)}"]
    return []


def _words(known: Known, record: Record, key: Key) -> str:
    """A key that two share, as a person would say it."""
    match key.kind:
        case "id":
            slug, _, number = key.key.partition(":")
            label = system(slug).label
            if _own_key(record) != key:
                return f"Carries {label} id {number}"
            carrier = next((known.records[pk].system for pk in known.holders[key] if pk != record.pk), label)
            return f"{carrier} carries its {label} id, {number}"
        case "tenant":
            return f"Same tenant, {key.key}"
        case "domain":
            return f"Same domain, {key.key}"
        case "phone":
            return f"Same phone, {_spoken(key.key)}"
        case "address":
            return f"Same address, {key.key.replace('|', ', ')}"
        case _:
            return "Same name"


def _called(key: Key, *, own: bool = False) -> str:
    slug, _, number = key.key.partition(":")
    match key.kind:
        case "id":
            return f"{system(slug).label} id" if own else f"{system(slug).label} id {number}"
        case "domain":
            return f"domain, {key.key}," if own else f"the domain {key.key}"
        case "phone":
            return f"phone, {_spoken(key.key)}," if own else f"the phone {_spoken(key.key)}"
        case kind:
            return kind if own else f"that {kind}"


def _spoken(digits: str) -> str:
    """In the groups in which people write numbers."""
    if len(digits) == 7:
        return f"{digits[:3]} {digits[3:]}"
    return f"{digits[:-7]} {digits[-7:-4]} {digits[-4:]}"


def _own_key(record: Record) -> Key:
    return Key(ID, f"{record.vendor}:{record.external_id}")


def _said(known: Known, record: Record, kind: str) -> set[str]:
    return {key.key for key in known.keys.get(record.pk, ()) if key.kind == kind}


def _by_system(ids: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key in ids:
        slug, _, number = key.partition(":")
        found.setdefault(slug, set()).add(number)
    return found


def _listed(words: Iterable[str]) -> str:
    few = sorted(words)[:3]
    return ", ".join(few)
