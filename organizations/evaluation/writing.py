"""Labelled accounts as rows: a connection for each system, its accounts, and their devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import connection

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetKind, AssetState
from collectors.sandbox.labelled import LabelledAccount
from collectors.systems import system

SEEN_FROM = date(2024, 1, 1)
AT_ONCE = 5_000


def write(labelled: Sequence[LabelledAccount]) -> dict[int, LabelledAccount]:
    """Write them; the rows' ids with what is known of each."""
    connections = {
        slug: Connection.objects.create(vendor=slug, label=system(slug).label, enabled=False)
        for slug in dict.fromkeys(one.system for one in labelled)
    }
    accounts = Account.objects.bulk_create([
        Account(connection=connections[one.system], external_id=one.external_id, name=one.name,
                evidence=dict(one.evidence), seen_from=SEEN_FROM)
        for one in labelled
    ], batch_size=AT_ONCE)  # fmt: skip
    _write_devices(zip(accounts, labelled, strict=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE account, asset, asset_state")
    return {account.pk: one for account, one in zip(accounts, labelled, strict=True)}


def _write_devices(accounts: Iterable[tuple[Account, LabelledAccount]]) -> None:
    listed = [(account, serial, at) for account, one in accounts for at, serial in enumerate(one.serials)]
    layers = {slug: system(slug).layer for slug in {account.connection.vendor for account, _, _ in listed}}
    assets = Asset.objects.bulk_create([
        Asset(connection=account.connection, external_id=f"{account.external_id}/{at}", serial=serial,
              layer=layers[account.connection.vendor] or "", hostname=f"PC-{at}")
        for account, serial, at in listed
    ], batch_size=AT_ONCE)  # fmt: skip
    AssetState.objects.bulk_create([
        AssetState(thing=asset, account=account, kind=AssetKind.WORKSTATION, from_on=SEEN_FROM)
        for asset, (account, _, _) in zip(assets, listed, strict=True)
    ], batch_size=AT_ONCE)  # fmt: skip
