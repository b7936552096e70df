"""The true clients of a labelled world, with what makes businesses hard to tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from collectors.sandbox.labelled.spelling import typo
from collectors.sandbox.labelled.words import LEGAL, Words

# Shares of the clients. The rest are businesses with a name and a domain of their own.
FRANCHISES = 0.05  # in groups of two to four, one name, each with a domain and a telephone of its own
SUBSIDIARIES = 0.02  # use their parent's domain and are companies of their own in the PSA
RENAMED = 0.04  # some systems still have the old name, some the old domain
ACQUIRED = 0.015  # former clients, whose accounts now belong to another
NEAR_NAMES = 0.01  # one letter from another client's name
FREE_MAIL_ONLY = 0.07
SMALL_PROVIDER = 0.015  # e-mail at one local provider that no list knows
SAME_PHONE = 0.02  # as another client: a building's reception, a call centre, an accountant
SAME_ADDRESS = 0.02
SOLD_DEVICES = 0.02  # a device of another client, still in that client's systems too


@dataclass(eq=False)
class Client:
    """One business. `domain` is None where it has none that is its alone; `family` is one it shares."""

    label: str
    name: str
    form: str
    psa_id: str
    domain: str | None
    phone: str
    address: str
    tenant: str
    serials: list[str]
    story: str = ""
    family: str | None = None
    old_name: str = ""
    old_domain: str = ""
    into: Client | None = None  # who acquired it
    former: bool = False
    owner: bool = False  # the MSP itself


def true_clients(random: Random, words: Words, count: int) -> list[Client]:
    """The MSP's own company first, then `count` clients."""
    numbers = iter(sorted(random.sample(range(2_000, 2_000 + (count + 50) * 6), count * 2 + 50)))
    clients = [_business(random, words, f"client-{number:05}", next(numbers)) for number in range(1, count + 1)]
    order = random.sample(clients, count)
    free = iter(order)
    _franchises(random, words, free, _some(FRANCHISES, count, least=2))
    _subsidiaries(random, words, free, _some(SUBSIDIARIES, count))
    for client in _next(free, _some(RENAMED, count)):
        client.story, client.old_name = "renamed", words.name()
        client.old_domain = words.domain(client.old_name)
    for client, acquirer in zip(_next(free, _some(ACQUIRED, count)), _next(free, _some(ACQUIRED, count)), strict=True):
        client.story, client.former, client.into, acquirer.story = "acquired", True, acquirer, "acquirer"
    for client, other in zip(_next(free, _some(NEAR_NAMES, count)), _next(free, _some(NEAR_NAMES, count)), strict=True):
        near = typo(other.name, random)
        if words.take(near.casefold()):
            client.story, client.name = "near another's name", near
            client.domain = words.domain(near)
    for client in _next(free, _some(FREE_MAIL_ONLY, count)):
        client.story, client.domain = "free mail only", None
    for at, client in enumerate(_next(free, _some(SMALL_PROVIDER, count))):
        if at % 6 == 0:
            provider = words.domain(words.word())
        client.story, client.domain, client.family = "at a small provider", None, provider
    for client in random.sample(order, _some(SAME_PHONE, count)):
        client.phone = random.choice(clients).phone
    for client in random.sample(order, _some(SAME_ADDRESS, count)):
        client.address = random.choice(clients).address
    for client in random.sample(order, _some(SOLD_DEVICES, count)):
        client.serials.append(random.choice(clients).serials[0])
    us = _business(random, words, "us", next(numbers))
    us.owner, us.story = True, "the MSP itself"
    return [us, *clients]


def _business(random: Random, words: Words, label: str, number: int) -> Client:
    name = words.name()
    return Client(
        label=label, name=name, form=random.choice(LEGAL), psa_id=str(number), domain=words.domain(name),
        phone=words.phone(), address=words.address(), tenant=words.guid(),
        serials=[words.serial() for _ in range(random.randrange(3, 13))],
    )


def _franchises(random: Random, words: Words, free: Iterator[Client], count: int) -> None:
    while count >= 2:
        members = _next(free, min(count, random.choice((2, 2, 3, 4))))
        desk = random.random() < 0.3  # one call centre answers for all of them
        for member in members:
            member.story, member.name = "franchise", members[0].name
            member.domain = words.domain(f"{member.name} {words.word()}")
            member.phone = members[0].phone if desk else member.phone
        count -= len(members)


def _subsidiaries(random: Random, words: Words, free: Iterator[Client], count: int) -> None:
    for parent, subsidiary in zip(_next(free, count), _next(free, count), strict=True):
        parent.story, subsidiary.story = "parent", "subsidiary"
        parent.family = subsidiary.family = parent.domain
        parent.domain = subsidiary.domain = None
        if random.random() < 0.5:
            subsidiary.name = _of_the_family(random, words, parent.name)


def _of_the_family(random: Random, words: Words, name: str) -> str:
    """The parent's first word with another trade, and never what the parent is called but for its article."""
    plain = name.removeprefix("The ")
    first = plain.split()[0]
    other = f"{first} {words.name().split()[-1]}"
    return other if other != plain and words.take(other.casefold()) else f"{first} {words.word()}"


def family_name(random: Random, words: Words, client: Client) -> str:
    """What a part of this client without a company of its own is called: half of them take its first word."""
    return _of_the_family(random, words, client.name) if random.random() < 0.5 else words.name()


def _some(share: float, count: int, least: int = 1) -> int:
    return max(least, round(share * count))


def _next(free: Iterator[Client], count: int) -> list[Client]:
    return [client for _, client in zip(range(count), free, strict=False)]
