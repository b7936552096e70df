"""A system's accounts of the clients, by the strongest evidence each of them has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from collectors.sandbox.labelled.clients import Client
from collectors.sandbox.labelled.draft import Draft
from collectors.sandbox.labelled.shapes import WITH_DEVICES, Kind, LabelledAccount
from collectors.sandbox.labelled.spelling import any_way, postal, readable, telephone
from collectors.sandbox.labelled.words import FREE_MAIL

JUNK = ("To be filled by O.E.M.", "Default string", "System Serial Number", "0", "None", "N/A", "123456789", "INVALID")
LONGEST = {"quickbooks_online": 30, "datto_bcdr": 30}  # characters of a name that are kept, where they are few
_PSA_KEEPS_OURS = 0.10  # the id is explicit the other way round
_BY_ANOTHER = 0.15  # the id is that of a third system, which carries the PSA's


@dataclass(frozen=True)
class Slot:
    """One account to be made: a client's, under a name of its own where `called` says so."""

    client: Client
    called: str = ""
    old_domain: str = ""

    @property
    def usual(self) -> bool:
        return not self.called


@dataclass
class Said:
    """What an account is going to say."""

    name: str
    domains: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    tenant_id: str = ""
    phones: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)
    story: str = ""

    def account(self, system: str, number: str, client: str | None, kind: Kind) -> LabelledAccount:
        said: dict[str, Any] = {
            "domains": sorted(set(self.domains)), "ids": self.ids, "tenant_id": self.tenant_id, "phones": self.phones,
            "addresses": self.addresses,
        }
        return LabelledAccount(
            system, number, self.name[: LONGEST.get(system)], {word: value for word, value in said.items() if value},
            tuple(self.serials), client, kind, self.story,
        )


def can(draft: Draft, system: str, slot: Slot, kind: Kind) -> bool:
    """Whether the client has such evidence, and the PSA knows it by it."""
    client, company = slot.client, draft.companies[slot.client.label]
    match kind:
        case Kind.ID:
            return True
        case Kind.DOMAIN:
            return slot.usual and client.domain is not None
        case Kind.TENANT_OR_SERIALS:
            return slot.usual and (system in WITH_DEVICES or system == "microsoft_365" or tenant_known(draft, client))
        case Kind.NAME_AND_SECOND:
            return slot.usual and bool(company.phones or company.addresses)
        case Kind.MISLEADING:
            return slot.usual


def tenant_known(draft: Draft, client: Client) -> bool:
    """Whether the client's tenant may tie another account to it: where its own account there is to have little
    evidence, the tenant must not give it any."""
    return draft.tenants.get(client.label) not in (Kind.NAME_AND_SECOND, Kind.MISLEADING)


def said(draft: Draft, system: str, number: str, slot: Slot, kind: Kind) -> Said:
    client = slot.client
    match kind:
        case Kind.ID:
            made = _with_id(draft, system, number, slot)
        case Kind.DOMAIN:
            made = _with_domain(draft, system, client)
        case Kind.TENANT_OR_SERIALS:
            made = _with_tenant_or_serials(draft, system, client)
        case _:
            made = _with_second(draft, system, client)
    if kind in (Kind.ID, Kind.DOMAIN):
        _also(draft, system, made, client)
    if system == "microsoft_365":
        made.tenant_id = number
    made.story = made.story or client.story
    return made


def _with_id(draft: Draft, system: str, number: str, slot: Slot) -> Said:
    client, random = slot.client, draft.random
    called = slot.called or (client.old_name if client.old_name and draft.chance(0.5) else client.name)
    made = Said(any_way(called, client.form, random))
    company, others = draft.companies[client.label], draft.identified.setdefault(client.label, {})
    if draft.chance(_PSA_KEEPS_OURS) and system not in company.ids:
        company.ids[system] = number
    elif others and draft.chance(_BY_ANOTHER):
        other = random.choice(sorted(others))
        made.ids[other] = others[other]
    else:
        made.ids["connectwise_psa"] = client.psa_id
    others.setdefault(system, number)
    if slot.called:
        made.story = "acquired, mapped by hand" if slot.old_domain else "second office"
        made.domains += [slot.old_domain] if slot.old_domain and draft.chance(0.3) else []
    elif client.old_domain and draft.chance(0.3):
        made.domains.append(client.old_domain)
    elif draft.chance(0.5):
        made.domains += [domain for domain in (client.domain or client.family,) if domain]
    if draft.chance(0.01):
        made.domains.append(str(draft.us.domain))  # a technician of the MSP is the contact
    return made


def _with_domain(draft: Draft, system: str, client: Client) -> Said:
    called = client.old_name if client.old_name and draft.chance(0.5) else client.name
    made = Said(any_way(called, client.form, draft.random), [str(client.domain)])
    if client.old_domain and draft.chance(0.3):
        made.domains.append(client.old_domain)
    return made


def _with_tenant_or_serials(draft: Draft, system: str, client: Client) -> Said:
    made = Said(any_way(client.name, client.form, draft.random))
    company = draft.companies[client.label]
    if system not in WITH_DEVICES or (tenant_known(draft, client) and draft.chance(0.25)):
        made.tenant_id = client.tenant
        tied = draft.tenants.get(client.label) in (Kind.ID, Kind.DOMAIN)
        if system == "microsoft_365" or not tied or draft.chance(0.5):
            company.tenant_id = client.tenant
        return made
    known = [set(account.serials) & set(client.serials) for account in draft.with_devices.get(client.label, ())]
    if len(company.serials) < 2 and not any(len(serials) > 1 for serials in known):
        company.serials = draft.random.sample(client.serials, max(2, round(len(client.serials) * 0.8)))
    base = next((serials for serials in (set(company.serials), *known) if len(serials) > 1), set())
    made.serials = sorted({*draft.random.sample(sorted(base), 2), *_some(draft, client.serials)})
    made.serials += _junk(draft)
    return made


def _with_second(draft: Draft, system: str, client: Client) -> Said:
    company = draft.companies[client.label]
    made = Said(readable(client.name, client.form, draft.random))
    by_phone = bool(company.phones) and (not company.addresses or draft.chance(0.65))
    if by_phone:
        made.phones = [telephone(client.phone, draft.random)]
    if not by_phone or (company.addresses and draft.chance(0.2)):
        made.addresses = [postal(client.address, draft.random)]
    elif draft.chance(0.08):
        made.addresses = [draft.words.address()]  # bills go elsewhere
    made.serials = unknown_devices(draft, system)
    return made


def _also(draft: Draft, system: str, made: Said, client: Client) -> None:
    """What an account with good evidence has besides."""
    if draft.chance(0.8 if system == "quickbooks_online" else 0.25):
        made.phones = [telephone(client.phone, draft.random)]
    if draft.chance(0.8 if system == "quickbooks_online" else 0.15):
        elsewhere = draft.chance(0.15)
        made.addresses = [draft.words.address() if elsewhere else postal(client.address, draft.random)]
    if draft.chance(0.05):
        made.domains.append(draft.random.choice(FREE_MAIL))
    if system == "microsoft_365" and draft.chance(0.6):
        made.domains.append("onmicrosoft.com")
    if system in WITH_DEVICES:
        made.serials = (_some(draft, client.serials) if draft.chance(0.85) else []) + _junk(draft)


def unknown_devices(draft: Draft, system: str) -> list[str]:
    """Devices that no other system tells us of."""
    if system not in WITH_DEVICES:
        return []
    return [draft.words.serial() for _ in range(draft.random.randrange(4))] + _junk(draft)


def _some(draft: Draft, serials: Iterable[str]) -> list[str]:
    every = list(serials)
    return draft.random.sample(every, max(1, round(len(every) * draft.random.uniform(0.6, 1))))


def _junk(draft: Draft) -> list[str]:
    return draft.random.choices(JUNK, k=draft.random.randrange(1, 4)) if draft.chance(0.25) else []
