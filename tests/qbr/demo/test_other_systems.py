"""What the systems without a vendor file hold, written into the tables: as told, once, and retired when it is gone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetState
from qbr.demo.other_systems import write

pytestmark = pytest.mark.django_db
FIRST, LATER = date(2026, 3, 2), date(2026, 3, 9)


def machine(number: int) -> dict[str, Any]:
    return {
        "id": str(number), "serial": f"NW{number}", "name": f"WS-{number}", "server": False, "os": "Windows 11 Pro",
        "heard_at": 1_772_000_000,
    }  # fmt: skip


def told(name: str = "Fernbrook Dental", *machines: int, **said: Any) -> dict[str, Any]:
    record = {"id": "7", "name": name, "ids": {}, "tenant_id": "", "domains": [], "phones": []}
    return {**record, "machines": [machine(number) for number in machines], **said}


def test_accounts_say_what_they_know_of_identity_and_devices_stand_in_their_systems_layer() -> None:
    site = told("Fernbrook Dental", 1, 2, ids={"connectwise_psa": "250"})
    domains = ["fernbrook.example", "www.fernbrook.example"]
    tenant = told("Fernbrook", domains=domains, tenant_id="7", phones=["555 0101"])
    assert write({"sentinelone": [site], "microsoft_365": [tenant]}, FIRST) == 2
    assert set(Connection.objects.values_list("vendor", "label")) == {
        ("sentinelone", "SentinelOne"), ("microsoft_365", "Microsoft 365"),
    }  # fmt: skip
    assert Account.objects.get(connection__vendor="sentinelone").evidence == {"ids": {"connectwise_psa": "250"}}
    assert Account.objects.get(connection__vendor="microsoft_365").evidence == {
        "domains": ["fernbrook.example"], "tenant_id": "7", "phones": ["555 0101"],
    }  # fmt: skip
    assert set(Asset.objects.values_list("layer", "serial")) == {("edr", "NW1"), ("edr", "NW2")}
    assert set(AssetState.objects.values_list("account__name", "kind")) == {("Fernbrook Dental", "workstation")}


def test_written_again_it_is_nothing_new_and_what_is_told_no_longer_is_retired() -> None:
    others = {"sentinelone": [told("Fernbrook Dental", 1, 2), told("Default site", id="8")]}
    assert (write(others, FIRST), write(others, FIRST)) == (2, 0)
    assert (Account.objects.count(), Asset.objects.count(), AssetState.objects.count()) == (2, 2, 2)
    assert write({"sentinelone": [told("Fernbrook Dental Group", 1)]}, LATER) == 0
    assert Account.objects.get(retired_on=None).name == "Fernbrook Dental Group"
    assert Account.objects.get(external_id="8").retired_on == LATER
    assert Asset.objects.get(serial="NW2").retired_on == LATER
    write(others, LATER)
    assert not Account.objects.exclude(retired_on=None).exists() and not Asset.objects.exclude(retired_on=None).exists()
