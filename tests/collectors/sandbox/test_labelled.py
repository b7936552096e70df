"""The labelled world is drawn as it says it is, and is a fair one: what it calls evidence is evidence, and right."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from collectors.sandbox.labelled import FOUNDING, SHARES, SYSTEMS, Kind, LabelledAccount, World, labelled_world

SEED = 4_711


@pytest.fixture(scope="module")
def world() -> World:
    return labelled_world(SEED, 400)


@pytest.fixture(scope="module")
def companies(world: World) -> dict[str, LabelledAccount]:
    """The PSA's first company of each client."""
    return {one.client: one for one in reversed(world.accounts) if one.system == FOUNDING and one.client
            and one.story != "second company of one client"}


def of_kind(world: World, kind: Kind) -> list[LabelledAccount]:
    found = [one for one in world.accounts if one.kind is kind]
    assert len({one.system for one in found}) == len(SYSTEMS) - 1
    return found


def digits(phones: list[str]) -> set[str]:
    """Without country code and extension."""
    return {re.sub(r"\D", "", phone.split(" x")[0])[-10:] for phone in phones}


def test_each_system_has_the_shares_it_should_within_what_rounding_makes_of_them(world: World) -> None:
    shares = world.shares()
    assert set(shares) == set(SYSTEMS) - {FOUNDING}
    for system in shares:
        for kind, wanted in SHARES.items():
            assert shares[system][kind] == pytest.approx(wanted, abs=0.015), (system, kind)


def test_the_same_seed_gives_the_same_world_and_another_another(world: World) -> None:
    assert labelled_world(SEED, 400) == world
    assert labelled_world(SEED + 1, 400).accounts[:50] != world.accounts[:50]


def test_an_id_is_the_clients_own_however_many_systems_it_goes_through(world: World) -> None:
    owner = {(one.system, one.external_id): one.client for one in world.accounts}
    carried = defaultdict(set)
    for one in world.accounts:
        for system, number in one.evidence.get("ids", {}).items():
            carried[system, number].add(one.client)
    for one in of_kind(world, Kind.ID):
        said = {owner[system, number] for system, number in one.evidence.get("ids", {}).items()}
        assert said | carried[one.system, one.external_id] == {one.client}, one


def test_a_verified_domain_is_one_the_psa_knows_the_client_by(
    world: World, companies: dict[str, LabelledAccount]
) -> None:
    for one in of_kind(world, Kind.DOMAIN):
        assert one.client
        assert set(one.evidence["domains"]) & set(companies[one.client].evidence["domains"]), one
        assert "ids" not in one.evidence


def test_a_tenant_or_several_serials_are_shared_with_an_account_better_known(world: World) -> None:
    others = defaultdict(list)
    for one in world.accounts:
        if one.kind in (None, Kind.ID, Kind.DOMAIN):
            others[one.client].append(one)
    for one in of_kind(world, Kind.TENANT_OR_SERIALS):
        tenant = one.evidence.get("tenant_id")
        tenants = {other.evidence.get("tenant_id") for other in others[one.client]}
        serials = max(len(set(one.serials) & set(other.serials)) for other in others[one.client])
        assert (tenant and tenant in tenants) or serials >= 2, one
        assert not {"ids", "domains"} & one.evidence.keys()


def test_a_second_signal_is_the_clients_own_telephone_or_address(
    world: World, companies: dict[str, LabelledAccount]
) -> None:
    for one in of_kind(world, Kind.NAME_AND_SECOND):
        assert one.client and not {"ids", "domains"} & one.evidence.keys()
        company = companies[one.client].evidence
        same_phone = digits(one.evidence.get("phones", [])) & digits(company.get("phones", []))
        same_house = {text.split()[0] for text in one.evidence.get("addresses", [])} & {
            text.split()[0] for text in company.get("addresses", [])
        }
        assert same_phone or same_house, one


def test_what_misleads_says_so_somewhere(world: World, companies: dict[str, LabelledAccount]) -> None:
    """An id of another client stands beside its own client's name, and a name of another beside its own domain."""
    by_id = {one.external_id: one.client for one in companies.values()}
    names = {label: one.name.casefold() for label, one in companies.items()}
    stories = defaultdict(list)
    for one in of_kind(world, Kind.MISLEADING):
        stories[one.story].append(one)
    assert {"mistyped id", "same name, somebody else", "subsidiary without company", "another client's domain",
            "a name alone", "nothing usable", "no client"} < stories.keys()
    for one in stories["mistyped id"]:
        assert one.client and by_id.get(one.evidence["ids"][FOUNDING]) != one.client
    for one in stories["subsidiary without company"]:
        assert one.client is None
        assert one.name.casefold() not in {name.removeprefix("the ").split(",")[0] for name in names.values()}
    for one in stories["same name, somebody else"]:
        assert one.client is None
        assert not any(set(one.evidence.get("domains", [])) & set(other.evidence.get("domains", []))
                       for other in companies.values())


def test_a_place_of_a_chain_that_is_no_client_has_an_address_the_psa_does_not_know() -> None:
    worlds = [labelled_world(seed, 400) for seed in range(3)]
    for world in worlds:
        for one in world.accounts:
            if one.story == "same name and telephone, somebody else":
                behind = [other for other in world.accounts if other.system == FOUNDING
                          and digits(other.evidence.get("phones", [])) & digits(one.evidence["phones"])]
                assert behind and all(one.evidence["addresses"] != other.evidence.get("addresses") for other in behind)
                assert any(other.evidence.get("addresses") for other in behind)
                assert one.client is None


def test_it_holds_what_makes_clients_hard_to_tell_apart(
    world: World, companies: dict[str, LabelledAccount]
) -> None:
    domains = defaultdict(set)
    for label, company in companies.items():
        for domain in company.evidence.get("domains", []):
            domains[domain].add(label)
    serials = defaultdict(set)
    for one in world.accounts:
        for serial in one.serials:
            serials[serial].add(one.client)
    names = [one.name.casefold().split(",")[0] for one in companies.values() if one.story == "franchise"]
    assert any(len(labels) > 1 for labels in domains.values()), "a domain of several clients"
    assert len(set(names)) < len(names), "a name of several clients"
    assert any(len(clients) == 2 for serial, clients in serials.items() if len(serial) == 7), "a device sold on"
    assert any(serial == "To be filled by O.E.M." for serial in serials)
    stories = {one.story for one in companies.values()}
    assert {"renamed", "acquired", "parent", "subsidiary", "free mail only"} <= stories
    assert any(one.story == "second company of one client" for one in world.accounts)
    assert max(len(one.name) for one in world.accounts if one.system == "quickbooks_online") == 30


def test_no_record_stands_twice_and_each_client_has_one_in_every_system_where_that_is_asked() -> None:
    world = labelled_world(SEED, 60, everywhere=True)
    records = [(one.system, one.external_id) for one in world.accounts]
    assert len(records) == len(set(records))
    for system in SYSTEMS:
        served = {one.client for one in world.accounts if one.system == system}
        assert len(served - {None}) >= 60  # all but the acquired, and the MSP itself


def test_a_world_too_small_to_hold_each_peculiarity_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20 clients"):
        labelled_world(1, 19)
    assert labelled_world(1, 20).accounts
