"""What is on the way to becoming a labelled world: the PSA's companies, to which other systems still add."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from collectors.sandbox.labelled.clients import Client
from collectors.sandbox.labelled.shapes import FOUNDING, Kind, LabelledAccount
from collectors.sandbox.labelled.spelling import legal, postal, readable, telephone
from collectors.sandbox.labelled.words import FREE_MAIL, Words

DUPLICATES = 0.01  # of the clients: a second company in the PSA that is the same client
NO_CLIENTS = 0.06  # prospects and vendors in the PSA
_OTHERS_CONTACT = 0.01  # an accountant or a former employer as contact brings another client's domain
_OUR_CONTACT = 0.007  # a technician of the MSP stands as the contact
_WITH_PHONE, _WITH_ADDRESS = 0.93, 0.92


@dataclass
class Company:
    """One company in the PSA."""

    external_id: str
    name: str
    client: str | None
    domains: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=lambda: ["Client"])
    ids: dict[str, str] = field(default_factory=dict)  # of other systems, as somebody wrote them down
    tenant_id: str = ""
    serials: list[str] = field(default_factory=list)
    story: str = ""

    def account(self) -> LabelledAccount:
        said: dict[str, Any] = {
            "domains": sorted(set(self.domains)), "ids": self.ids, "tenant_id": self.tenant_id, "phones": self.phones,
            "addresses": self.addresses, "types": self.types,
        }
        return LabelledAccount(
            system=FOUNDING, external_id=self.external_id, name=self.name, client=self.client, story=self.story,
            evidence={word: value for word, value in said.items() if value}, serials=tuple(self.serials),
        )


@dataclass
class Draft:
    """`identified` and `reached`, by client: accounts that an id, or an id or a domain, ties to the PSA."""

    random: Random
    words: Words
    clients: list[Client]
    companies: dict[str, Company] = field(default_factory=dict)
    others: list[Company] = field(default_factory=list)
    identified: dict[str, dict[str, str]] = field(default_factory=dict)  # label: {system: external id}
    with_devices: dict[str, list[LabelledAccount]] = field(default_factory=dict)
    tenants: dict[str, Kind] = field(default_factory=dict)  # label: what its tenant in Microsoft 365 is known by

    @property
    def us(self) -> Client:
        return self.clients[0]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def another(self, than: Client) -> Client:
        """A client of the MSP other than this one, with a domain that is its alone."""
        while True:
            other = self.random.choice(self.clients)
            if other is not than and other.domain and not other.owner:
                return other


def with_companies(draft: Draft) -> None:
    """Each client's company in the PSA, some of them twice, and companies there that are no clients."""
    count = len(draft.clients) - 1
    for client in draft.clients:
        draft.companies[client.label] = _company(draft, client)
    numbers = iter(range(900_000, 900_000 + count * 2 + 10))
    for client in draft.random.sample(draft.clients[1:], max(1, round(count * DUPLICATES))):
        draft.others.append(_again(draft, client, str(next(numbers))))
    for _ in range(max(1, round(count * NO_CLIENTS))):
        draft.others.append(_no_client(draft, str(next(numbers))))


def _company(draft: Draft, client: Client) -> Company:
    random = draft.random
    name = f"{client.name}, {client.form}" if client.form and draft.chance(0.8) else client.name
    types = random.choices((["Client"], ["Client", "Managed"], ["Customer"]), (80, 15, 5))[0]
    company = Company(client.psa_id, name.upper() if draft.chance(0.05) else name, client.label, story=client.story)
    company.types = ["Owner"] if client.owner else ["Former Client"] if client.former else list(types)
    company.domains = [domain for domain in (client.domain, client.family) if domain]
    if client.domain and draft.chance(0.08):
        company.domains.append(draft.words.domain(client.name))  # e-mail elsewhere than the website
    if client.story == "free mail only" and draft.chance(0.3):
        company.domains.append(random.choice(FREE_MAIL))
    if draft.chance(_OTHERS_CONTACT):
        company.domains.append(str(draft.another(client).domain))
    if draft.chance(_OUR_CONTACT):
        company.domains.append(str(draft.us.domain))
    company.phones = [telephone(client.phone, random)] if draft.chance(_WITH_PHONE) else []
    company.addresses = [client.address] if draft.chance(_WITH_ADDRESS) else []
    if draft.chance(0.4):
        company.serials = random.sample(client.serials, round(len(client.serials) * random.uniform(0.6, 1)))
    return company


def _again(draft: Draft, client: Client, number: str) -> Company:
    company = Company(number, readable(client.name, client.form, draft.random), client.label,
                      story="second company of one client")
    way = draft.random.random()
    if way < 0.4:
        company.domains = [domain for domain in (client.domain or client.family,) if domain]
    elif way < 0.8:
        company.phones = [telephone(client.phone, draft.random)]
        company.addresses = [postal(client.address, draft.random)]
    return company


def _no_client(draft: Draft, number: str) -> Company:
    called = draft.random.choice(draft.clients).name if draft.chance(0.1) else draft.words.name()
    return Company(
        number, legal(called, "LLC", draft.random), None, [draft.words.domain(called)],
        [telephone(draft.words.phone(), draft.random)], [draft.words.address()],
        [draft.random.choice(("Prospect", "Prospect", "Vendor", "Lead"))], story="no client",
    )
