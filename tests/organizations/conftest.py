"""Invented connections, accounts and organizations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetState
from organizations.models import Organization

MakeAccount = Callable[..., Account]
MakeDevice = Callable[[Account, str], Asset]
MakeOrganization = Callable[..., Organization]


def connection_of(vendor: str) -> Connection:
    return Connection.objects.get_or_create(vendor=vendor, label=vendor)[0]


@pytest.fixture
def make_account(db: None) -> MakeAccount:
    count = 0

    def make(name: str = "Fernbrook Dental", vendor: str = "connectwise_psa", **fields: Any) -> Account:
        nonlocal count
        count += 1
        fields = {"external_id": f"{count + 1000}", "seen_from": date(2025, 1, 1)} | fields
        return Account.objects.create(connection=connection_of(vendor), name=name, **fields)

    return make


@pytest.fixture
def make_device(db: None) -> MakeDevice:
    count = 0

    def make(account: Account, serial: str) -> Asset:
        nonlocal count
        count += 1
        asset = Asset.objects.create(connection=account.connection, external_id=str(count), serial=serial)
        AssetState.objects.create(thing=asset, account=account, from_on=date(2026, 1, 1))
        return asset

    return make


@pytest.fixture
def make_organization(db: None) -> MakeOrganization:
    def make(name: str = "Fernbrook Dental", *domains: str, **fields: Any) -> Organization:
        slug = name.lower().replace(" ", "-")
        organization = Organization.objects.create(**({"slug": slug, "name": name} | fields))
        for domain in domains:
            organization.domains.create(name=domain)
        return organization

    return make


@pytest.fixture
def shipped_words(db: None) -> None:
    """What products are commonly called, as a new database has it; tests that empty tables take it away."""
    import_module("organizations.migrations.0004_mapping_file").name_what_is_paid(apps, None)
