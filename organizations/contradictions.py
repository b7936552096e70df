"""What contradicts that an account is an organization's, in words. Nothing is linked over a contradiction."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.systems import system
from organizations.claims import CONTACT, KIND_OF, SERIALS, Claim
from organizations.evidence import ADDRESS, DOMAIN, ID, NAME, TENANT
from organizations.known import Known, Record
from organizations.likeness import TELLING, Alike, abbreviated, alike
from organizations.names import normalised
from organizations.wording import called, own_key


def contradictions(known: Known, record: Record, claim: Claim, claims: Iterable[Claim]) -> list[str]:
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
            lines.append(f"Its {called(key, own=True)} is {whose}")
    if SERIALS in other.alone:
        lines.append(f"Most of its serial numbers are {whose}")
    if claim.certain and not lines and _rathercalled(known, record, claim, other):
        lines.append(f"Its name is more like {whose}")
    return lines


def _rathercalled(known: Known, record: Record, claim: Claim, other: Claim) -> bool:
    """Whether the name speaks for another organization than the id does: somebody mistyped the id."""
    name, theirs = known.called.get(record.pk, ""), normalised(known.organizations[other.organization])
    stands = alike(name, theirs)
    if stands is Alike.SAME:
        return claim.alike < Alike.AGREES
    if claim.alike > Alike.UNKNOWN:
        return False
    return stands is Alike.AGREES or (
        stands is Alike.PART and (_begins(name, theirs) or abbreviated(name, theirs))
    )


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
        if key.kind == ID and own_key(record) != key and claim.organization in known.held(key).organizations:
            same = [
                pk for pk in known.holders[key] if pk != record.pk and own_key(known.records[pk]) != key
                and known.records[pk].connection == record.connection
            ]
            if same:
                return [f"{len(same) + 1} records of {record.system} carry {called(key)}"]
    return []


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
