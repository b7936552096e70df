"""Whose an account may be: what speaks for each organization, what against it, and whether that decides.

Certain is an id that another system carries, or a tenant. Strong are a domain, serial numbers, a telephone or address,
and a name, where one organization alone has it. Two strong ones of different kinds that agree decide, certain ones
decide alone, and nothing decides where anything contradicts.
"""

from __future__ import annotations

from rapidfuzz import fuzz, process

from organizations.claims import KIND_OF, SERIALS, Claim
from organizations.contradictions import contradictions
from organizations.evidence import ID, NAME, TENANT, Key
from organizations.known import COMMON, Held, Known, Record
from organizations.likeness import TELLING, Alike, alike, likeness
from organizations.names import looks_like, normalised
from organizations.wording import called, own_key, words_of

SAID = {
    Alike.SAME: "Same name", Alike.AGREES: "Same name but for its spelling", Alike.PART: "Similar name",
}  # fmt: skip
CLOSE_ENOUGH, NEAREST = 60, 8  # of those whose names share a key, the nearest are compared
OFFERED = 5  # organizations that one key is worth naming


def judge(known: Known, account: int) -> list[Claim]:
    """The claims on an account, best first, with all that contradicts them."""
    record = known.records[account]
    claims = _claims(known, record)
    _add_alike(known, record, claims)
    _add_those_it_passes_for(known, record, claims)
    named = any(claim.alike >= Alike.AGREES for claim in claims.values())
    for claim in claims.values():
        claim.rivalled = claim.certain and claim.alike is Alike.UNLIKE and named
        claim.against += contradictions(known, record, claim, claims.values())
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
        if not claim.against and not contradictions(known, record, claim, claims.values())
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
            claim.evidence.append(words_of(known, record, key))


def _doubts(known: Known, record: Record, key: Key, held: Held, organization: int) -> list[str]:
    """Why a key that this organization has does not tell it from others."""
    what = called(key)
    doubts = [f"{known.organizations[other]} has {what} too" for other in sorted(held.organizations - {organization})]
    if key.kind == ID:
        owners = [pk for pk in known.holders[key] if own_key(known.records[pk]) == key]
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
