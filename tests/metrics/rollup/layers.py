"""The systems beside PSA, RMM and ledger: endpoint protection, backup, tenant, marketplace and application control."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from collectors.connections import Connection
from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.facts.backups import Backup, BackupRun, BackupState, RecoveryTest
from collectors.facts.estate import Alert, AssetState
from collectors.facts.licenses import License, LicenseState
from collectors.facts.posture import Incident, PostureCheck, PostureCheckState, Seat, SeatState
from collectors.facts.readings import Listing
from collectors.systems import UNREAD, System
from organizations.models import Organization
from tests.metrics.rollup.world import World, at, day, number, read


def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the systems below known for the layer each speaks for, as vendors with a file are."""
    for layer in Layer:
        monkeypatch.setitem(UNREAD, f"some_{layer}", System(f"Some {layer}", layer))


class Layers:
    """One system of each layer. A test that makes them says so with `known`."""

    FLOWS = (
        ("rmm", "Alert"), ("edr", "Incident"), ("tenant", "Incident"), ("backup", "BackupRun"),
        ("backup", "RecoveryTest"),
    )
    STOCKS = (
        ("edr", "Asset"), ("backup", "Backup"), ("tenant", "Seat"), ("tenant", "PostureCheck"), ("tenant", "License"),
        ("marketplace", "License"), ("control", "Asset"),
    )

    def __init__(self, world: World, read_through: str = "2025-04-02", *, listed: tuple[str, ...] = ()) -> None:
        world.rmm.vendor = "some_rmm"
        world.rmm.save()
        self.sources = {"rmm": world.rmm} | {
            layer: Connection.objects.create(vendor=f"some_{layer}", label=layer)
            for layer in ("edr", "backup", "tenant", "marketplace", "control")
        }
        self.world = world
        for layer, entity in self.FLOWS:
            read(self.sources[layer], entity, "2024-12-01", read_through)
        for layer, entity in self.STOCKS:
            for text in listed:
                self.list(layer, entity, text)

    def list(self, layer: str, entity: str, text: str) -> None:
        Listing.objects.create(connection=self.sources[layer], entity=entity, day=day(text), at=at(text))

    def account(self, of: Organization | None, layer: str) -> Account:
        return self.world.account(of, self.sources[layer])

    def agent(self, account: Account | None, layer: str = "edr", **fields: Any) -> AssetState:
        return self.world.device(account, layer=layer, source=self.sources[layer], **fields)

    def backup(
        self, account: Account | None, kind: str = "continuity", since: str = "2024-12-01", serial: str = "",
        hostname: str = "", **fields: Any,
    ) -> Backup:
        backup = Backup.objects.create(
            connection=self.sources["backup"], external_id=number(), serial=serial, hostname=hostname
        )
        BackupState.objects.create(thing=backup, account=account, kind=kind, from_on=day(since), **fields)
        return backup

    def ran(self, backup: Backup, on: str, outcome: str = "succeeded", account: Account | None = None) -> BackupRun:
        return BackupRun.objects.create(
            connection=backup.connection, external_id=number(), backup=backup, outcome=outcome, finished_on=day(on),
            finished_at=at(on), account=account or BackupState.objects.filter(thing=backup).latest("from_on").account,
        )

    def tried(self, backup: Backup, on: str, passed: bool | None = True) -> RecoveryTest:
        return RecoveryTest.objects.create(
            connection=backup.connection, external_id=number(), backup=backup, passed=passed, tested_on=day(on),
            tested_at=at(on), account=BackupState.objects.filter(thing=backup).latest("from_on").account,
        )

    def raised(
        self, what: type[Alert] | type[Incident], account: Account | None, layer: str, on: str, resolved: str = "",
        **fields: Any,
    ) -> None:
        what._default_manager.create(
            connection=self.sources[layer], external_id=number(), account=account, layer=layer, raised_on=day(on),
            raised_at=at(on), resolved_on=day(resolved) if resolved else None,
            resolved_at=at(resolved) if resolved else None, **fields,
        )

    def check(self, account: Account | None, score: str | None, of: str | None, name: str = "secure_score") -> None:
        check = PostureCheck.objects.create(
            connection=self.sources["tenant"], external_id=number(), layer="tenant", name=name
        )
        PostureCheckState.objects.create(
            thing=check, account=account, score=score and Decimal(score), out_of=of and Decimal(of),
            from_on=day("2024-12-01"),
        )

    def seat(self, account: Account | None, mfa: bool | None, **fields: Any) -> Seat:
        seat = Seat.objects.create(
            connection=self.sources["tenant"], external_id=number(), layer="tenant", link="https://tenant.test/seat"
        )
        SeatState.objects.create(thing=seat, account=account, mfa=mfa, from_on=day("2024-12-01"), **fields)
        return seat

    def license(self, account: Account | None, layer: str = "tenant", **fields: Any) -> None:
        row = License.objects.create(connection=self.sources[layer], external_id=number(), layer=layer)
        LicenseState.objects.create(thing=row, account=account, from_on=day("2024-12-01"), **fields)
