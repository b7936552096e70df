"""The whole labelled world, system by system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from collectors.sandbox.labelled.accounts import Slot, can, said
from collectors.sandbox.labelled.clients import true_clients
from collectors.sandbox.labelled.draft import Draft, with_companies
from collectors.sandbox.labelled.misleading import STRANGERS, of_a_client, of_a_stranger
from collectors.sandbox.labelled.shapes import SHARES, WITH_DEVICES, Kind, LabelledAccount, World
from collectors.sandbox.labelled.words import Words

# Which clients a system has. Tenants come first, since other systems' accounts may carry a tenant's id.
PRESENT: Mapping[str, float] = {
    "microsoft_365": 0.88, "ninjaone": 0.95, "quickbooks_online": 0.92, "datto_bcdr": 0.60, "sentinelone": 0.80,
}
SECOND_OFFICES = 0.03  # of a system's clients: another record, with the same id
_NUMBERS: dict[str, Callable[[Random, int], str]] = {
    "ninjaone": lambda random, at: str(at + 11),
    "quickbooks_online": lambda random, at: str(at + 1),
    "datto_bcdr": lambda random, at: f"DB-{at + 4000}",
    "sentinelone": lambda random, at: str(random.randrange(10**18, 2 * 10**18)),
}


def labelled_world(seed: int, clients: int, *, everywhere: bool = False) -> World:
    """The same for the same arguments. `everywhere` gives each client an account in every system.

    At least 20 clients: with fewer there is not one of each peculiarity.
    """
    if clients < 20:
        raise ValueError("A labelled world has at least 20 clients.")
    random = Random(f"labelled {seed} {clients}")
    words = Words(random, clients)
    draft = Draft(random, words, true_clients(random, words, clients))
    with_companies(draft)
    present = dict.fromkeys(PRESENT, 1.0) if everywhere else PRESENT
    accounts = [account for system, share in present.items() for account in _system(draft, system, share)]
    companies = [company.account() for company in (*draft.companies.values(), *draft.others)]
    return World((*random.sample(companies, len(companies)), *accounts))


def _system(draft: Draft, system: str, present: float) -> list[LabelledAccount]:
    slots = _slots(draft, present)
    every = round(len(slots) / (1 - SHARES[Kind.MISLEADING] * STRANGERS))
    kinds = _kinds(draft, system, slots, every)
    strangers: list[Slot | None] = [None] * (every - len(slots))
    made = []
    for at, slot in enumerate(draft.random.sample([*slots, *strangers], every)):
        number = _number(draft, system, at, slot)
        kind = kinds[slot] if slot else Kind.MISLEADING
        made.append(_account(draft, system, number, slot, kind))
        if slot and slot.usual and system == "microsoft_365":
            draft.tenants[slot.client.label] = kind
        if slot and slot.usual and system in WITH_DEVICES and kind in (Kind.ID, Kind.DOMAIN):
            draft.with_devices.setdefault(slot.client.label, []).append(made[-1])
    return made


def _account(draft: Draft, system: str, number: str, slot: Slot | None, kind: Kind) -> LabelledAccount:
    if slot is None:
        strange, client = of_a_stranger(draft, system)
        strange.tenant_id = number if system == "microsoft_365" else ""
        return strange.account(system, number, client.label if client else None, kind)
    if kind is not Kind.MISLEADING:
        return said(draft, system, number, slot, kind).account(system, number, slot.client.label, kind)
    made = of_a_client(draft, system, slot.client)
    made.tenant_id = number if system == "microsoft_365" else ""
    return made.account(system, number, slot.client.label, kind)


def _slots(draft: Draft, present: float) -> list[Slot]:
    served = [client for client in draft.clients if not client.former and draft.chance(present)]
    slots = [Slot(client) for client in served]
    for client in draft.random.sample(served, round(len(served) * SECOND_OFFICES)):
        slots.append(Slot(client, f"{client.name} {draft.words.word()}"))
    for client in draft.clients:
        if client.into and draft.chance(present / 2):
            slots.append(Slot(client.into, client.name, str(client.domain)))
    return slots


def _kinds(draft: Draft, system: str, slots: list[Slot], every: int) -> dict[Slot, Kind]:
    """Which evidence each account has: the shares, among those that can have it, and an id for the rest."""
    left = draft.random.sample(slots, len(slots))
    kinds: dict[Slot, Kind] = {}
    wanted = {kind: round(SHARES[kind] * every) for kind in reversed(Kind) if kind is not Kind.ID}
    wanted[Kind.MISLEADING] -= every - len(slots)
    for kind, count in wanted.items():
        able = [slot for slot in left if can(draft, system, slot, kind)][:count]
        kinds |= dict.fromkeys(able, kind)
        left = [slot for slot in left if slot not in kinds]
    return kinds | dict.fromkeys(left, Kind.ID)


def _number(draft: Draft, system: str, at: int, slot: Slot | None) -> str:
    """The account's id in its system; in Microsoft 365 that is the tenant."""
    if system == "microsoft_365":
        return slot.client.tenant if slot and slot.usual else draft.words.guid()
    return _NUMBERS[system](draft.random, at)
