"""Accounts with nothing to go by, and those whose evidence points elsewhere. Something in the record always says so:
a person who reads all of it would not link it to the wrong client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from collectors.sandbox.labelled.accounts import Said, unknown_devices
from collectors.sandbox.labelled.clients import Client, family_name
from collectors.sandbox.labelled.draft import Draft
from collectors.sandbox.labelled.spelling import any_way, lightly, postal, readable, telephone

STRANGERS = 0.45  # of the misleading ones: accounts that are nobody's, or left over of an acquired client

Own: TypeAlias = Callable[[Draft, str, Client], Said | None]
Stranger: TypeAlias = Callable[[Draft, str], tuple[Said, Client | None]]


def of_a_client(draft: Draft, system: str, client: Client) -> Said:
    """A client's own account that says little or the wrong thing."""
    [way] = draft.random.choices([way for way, _ in OWN], [weight for _, weight in OWN])
    made = way(draft, system, client) or _name_alone(draft, system, client)
    made.serials = unknown_devices(draft, system)
    return made


def of_a_stranger(draft: Draft, system: str) -> tuple[Said, Client | None]:
    [way] = draft.random.choices([way for way, _ in STRANGE], [weight for _, weight in STRANGE])
    made, client = way(draft, system)
    made.serials = unknown_devices(draft, system)
    return made, client


def _name_alone(draft: Draft, system: str, client: Client) -> Said:
    return Said(any_way(client.name, client.form, draft.random), story="a name alone")


def _a_name_of_several(draft: Draft, system: str, client: Client) -> Said | None:
    members = [other for other in draft.clients if other.story == "franchise"]
    if client not in members:
        return None
    return Said(readable(client.name, client.form, draft.random), story="a name of several")


def _nothing(draft: Draft, system: str, client: Client) -> Said:
    number = draft.random.randrange(1, 99)
    name = draft.random.choice(("Main Office", f"Customer {number}", "Default Site", f"New client {number}", "Server"))
    return Said(name, story="nothing usable")


def _old_name_and_phone(draft: Draft, system: str, client: Client) -> Said | None:
    if not client.old_name or not draft.companies[client.label].phones:
        return None
    return Said(client.old_name, phones=[telephone(client.phone, draft.random)], story="old name, telephone")


def _wrong_id(draft: Draft, system: str, client: Client) -> Said | None:
    """A mistyped number: another client's, or nobody's. The rest of the record is right."""
    company = draft.companies[client.label]
    if not client.domain and not company.phones:
        return None
    number = draft.another(client).psa_id if draft.chance(0.7) else str(int(client.psa_id) + 500_000)
    made = Said(lightly(client.name, client.form, draft.random), ids={"connectwise_psa": number},
                story="mistyped id")
    if client.domain and draft.chance(0.6):
        made.domains = [client.domain]
    elif company.phones and draft.chance(0.6):
        made.phones = [telephone(client.phone, draft.random)]
    return made


def _anothers_domain(draft: Draft, system: str, client: Client) -> Said:
    """The contact is the client's accountant, who is a client too, or somebody of the MSP."""
    other = draft.us if draft.chance(0.3) else draft.another(client)
    made = Said(lightly(client.name, client.form, draft.random), [str(other.domain)],
                story="another client's domain")
    if draft.companies[client.label].phones and draft.chance(0.4):
        made.phones = [telephone(client.phone, draft.random)]
    return made


def _part_without_company(draft: Draft, system: str) -> tuple[Said, Client | None]:
    """A subsidiary uses its parent's domain and has no company in the PSA."""
    parent = draft.another(draft.us)
    called = family_name(draft.random, draft.words, parent)
    made = Said(called, [str(parent.domain)], story="subsidiary without company")
    if draft.chance(0.5):
        made.phones = [telephone(draft.words.phone(), draft.random)]
    return made, None


def _namesake(draft: Draft, system: str) -> tuple[Said, Client | None]:
    """Somebody else of the same name, with a domain, or a telephone and an address, that are not the client's."""
    client = draft.another(draft.us)
    made = Said(lightly(client.name, client.form, draft.random), story="same name, somebody else")
    if draft.chance(0.6):
        made.domains = [draft.words.domain(f"{client.name} {draft.words.word()}")]
    else:
        made.phones = [telephone(draft.words.phone(), draft.random)]
        made.addresses = [draft.words.address()]
    return made, None


def _place_of_a_chain(draft: Draft, system: str) -> tuple[Said, Client | None]:
    """A franchise that is no client, behind the call centre of one that is. Its address is another."""
    companies = ((client, draft.companies[client.label]) for client in draft.clients[1:])
    client = draft.random.choice([client for client, company in companies if company.phones and company.addresses])
    made = Said(lightly(client.name, client.form, draft.random), phones=[telephone(client.phone, draft.random)],
                addresses=[draft.words.address()], story="same name and telephone, somebody else")
    return made, None


def _left_over(draft: Draft, system: str) -> tuple[Said, Client | None]:
    """Of an acquired client: still its name and domain, and already the telephone and the address of the new owner."""
    gone, owner = _acquired(draft)
    made = Said(readable(gone.name, gone.form, draft.random), [str(gone.domain)],
                phones=[telephone(owner.phone, draft.random)], addresses=[postal(owner.address, draft.random)],
                story="acquired, old name and domain")
    return made, owner


def _left_over_id(draft: Draft, system: str) -> tuple[Said, Client | None]:
    """Of an acquired client: the new owner's name and domain, and still the id of old."""
    gone, owner = _acquired(draft)
    made = Said(lightly(owner.name, owner.form, draft.random), [owner.domain] if owner.domain else [],
                ids={"connectwise_psa": gone.psa_id}, phones=[telephone(owner.phone, draft.random)],
                story="acquired, old id")
    return made, owner


def _acquired(draft: Draft) -> tuple[Client, Client]:
    """A client that is gone, and the one it went into; of several, one whose telephone the PSA knows."""
    pairs = [(client, client.into) for client in draft.clients if client.into and client.domain]
    known = [(gone, owner) for gone, owner in pairs if draft.companies[owner.label].phones]
    return draft.random.choice(known or pairs)


def _nobody(draft: Draft, system: str) -> tuple[Said, Client | None]:
    name = draft.random.choice(("ZZ Test", "Demo tenant", "Do not use", "Spare licences", "Training lab", "Sandbox"))
    return Said(f"{name} {draft.random.randrange(1, 99)}", story="no client"), None


OWN: tuple[tuple[Own, int], ...] = (
    (_name_alone, 40), (_a_name_of_several, 12), (_nothing, 8), (_old_name_and_phone, 8), (_wrong_id, 18),
    (_anothers_domain, 14),
)
STRANGE: tuple[tuple[Stranger, int], ...] = (
    (_part_without_company, 33), (_namesake, 25), (_place_of_a_chain, 10), (_left_over, 14), (_left_over_id, 8),
    (_nobody, 10),
)
