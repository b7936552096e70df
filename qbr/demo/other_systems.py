"""The demo's systems that no vendor file reads: their clients and devices, written straight into the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from django.db import transaction

from collectors.connections import Connection
from collectors.convert import registrable
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetKind, AssetState
from collectors.facts.shapes import FOREVER
from collectors.systems import system

Told: TypeAlias = Mapping[str, Any]
"""A record as the sandbox tells it: id, name, ids, tenant_id, domains, phones, and machines with their serials."""


@transaction.atomic
def write(others: Mapping[str, Sequence[Told]], day: date) -> int:
    """Each system's records as of a day. How many accounts were new; written again, the same is nothing new."""
    return sum(_write(slug, records, day) for slug, records in others.items())


def _write(slug: str, records: Sequence[Told], day: date) -> int:
    source, _ = Connection.objects.get_or_create(vendor=slug, label=system(slug).label)
    before = Account.objects.filter(connection=source).count()
    Account.objects.bulk_create(
        [
            Account(connection=source, external_id=one["id"], name=one["name"], evidence=_evidence(one), seen_from=day)
            for one in records
        ],
        update_conflicts=True, unique_fields=["connection", "external_id"],
        update_fields=["name", "evidence", "retired_on"],
    )  # fmt: skip
    _retire(Account, source, [one["id"] for one in records], day)
    _write_machines(source, records, day)
    return Account.objects.filter(connection=source).count() - before


def _evidence(one: Told) -> dict[str, Any]:
    said = {
        "domains": sorted({name for text in one["domains"] if (name := registrable(text))}),
        "ids": one["ids"], "tenant_id": one["tenant_id"], "phones": one["phones"],
    }  # fmt: skip
    return {word: value for word, value in said.items() if value}


def _write_machines(source: Connection, records: Sequence[Told], day: date) -> None:
    """They stand in the system's own layer, so they are added to no other system's devices."""
    layer = system(source.vendor).layer
    machines = {machine["id"]: (machine, one["id"]) for one in records for machine in one["machines"]}
    Asset.objects.bulk_create(
        [
            Asset(
                connection=source, external_id=key, layer=layer or "", serial=machine["serial"],
                hostname=machine["name"], last_seen_at=datetime.fromtimestamp(machine["heard_at"], UTC),
            )
            for key, (machine, _) in machines.items()
        ],
        update_conflicts=True, unique_fields=["connection", "external_id"],
        update_fields=["serial", "hostname", "last_seen_at", "retired_on"],
    )  # fmt: skip
    _retire(Asset, source, list(machines), day)
    accounts = dict(Account.objects.filter(connection=source).values_list("external_id", "pk"))
    new = Asset.objects.filter(connection=source, external_id__in=machines, states=None)
    AssetState.objects.bulk_create([
        AssetState(
            thing=asset, from_on=day, until_on=FOREVER, account_id=accounts[account], name=machine["name"],
            kind=AssetKind.SERVER if machine["server"] else AssetKind.WORKSTATION, os=machine["os"],
        )
        for asset in new for machine, account in [machines[asset.external_id]]
    ])  # fmt: skip


def _retire(entity: type[Account] | type[Asset], source: Connection, listed: Sequence[str], day: date) -> None:
    gone = entity._default_manager.filter(connection=source, retired_on=None).exclude(external_id__in=listed)
    gone.update(retired_on=day)
