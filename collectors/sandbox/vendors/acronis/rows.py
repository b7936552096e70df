"""Tenants by their uuid; what is protected, and alerts, by the number that a tenant had before it had one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.backups import ACRONIS, Thing
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.world import World

PARTNER, FOLDER = opaque("acronis partner"), opaque("acronis folder")
TYPES = {"mailbox": "resource.office365.mailbox", "drive": "resource.office365.onedrive",
         "site": "resource.office365.site", "team": "resource.office365.team"}  # fmt: skip
STATUSES = {"ok": "ok", "warning": "warning", "failed": "error", "": "scheduled"}
LISTED = 120 * DAY  # how long alerts are listed
CLOSED_AFTER = 20 * 3_600


def tenant_uuid(client: int) -> str:
    return opaque(f"acronis tenant/{client}")


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches

    # Tenants

    def tenants(self) -> list[Row]:
        rows = [self._tenant(tenant_uuid(client), *self._named(client)) for client in self._clients()]
        return [*rows, *self.others()]

    def others(self) -> list[Row]:
        """What is no customer that is served."""
        return [
            self._tenant(opaque("acronis trial"), "Proof of concept", None, pricing_mode="trial"),
            self._tenant(opaque("acronis off"), "Old demo", None, enabled=False),
            self._tenant(FOLDER, "Customers", None, kind="folder", parent_id=PARTNER, has_children=True),
            self._tenant(PARTNER, "Lanternworks IT", None, kind="partner", parent_id=opaque("acronis root"),
                         has_children=True),
        ]  # fmt: skip

    def _clients(self) -> list[int]:
        return [
            client for client in self.world.clients.served
            if (client == INTERNAL or self.world.backups.product_of(client) == ACRONIS)
            and self.world.others.account(ACRONIS, client, self._now)
        ]  # fmt: skip

    def _named(self, client: int) -> tuple[str, str | None]:
        record = self.world.others.account(ACRONIS, client, self._now)
        assert record is not None
        return record.name, next(iter(record.ids.values()), None)

    def _tenant(self, uuid: str, name: str, customer_id: str | None, **more: object) -> Row:
        return {
            "id": uuid, "version": 2, "name": name, "customer_type": "default", "parent_id": FOLDER,
            "kind": "customer", "enabled": True, "created_at": "2016-06-22T18:25:16",
            "updated_at": "2016-06-22T18:25:16", "deleted_at": None, "customer_id": customer_id,
            "internal_tag": None, "language": "en", "has_children": False, "ancestral_access": True,
            "mfa_status": "enabled", "pricing_mode": "production",
            "contact": {"firstname": "Somebody", "email": "somebody@client.example"}, **more,
        }  # fmt: skip

    # What is protected

    def statuses(self, tenant: str) -> list[Row]:
        """All that the token's tenant may see: a partner's token sees every customer's."""
        return [row for client in self._seen_by(tenant) for row in self._resources(client)]

    def _seen_by(self, tenant: str) -> list[int]:
        return [client for client in self._clients() if tenant in (PARTNER, tenant_uuid(client))]

    def _resources(self, client: int) -> Iterator[Row]:
        things = self.world.backups.things(client, self._now)
        yield from (self._resource(one) for one in things)
        if things:  # a group, and a machine that has no backup plan
            yield self._row(client, "group", "resource.group.computers", "All machines", [])
            antivirus: list[Row] = [{"type": "policy.security.antimalware_protection", "status": "ok"}]
            yield self._row(client, "kiosk", "resource.machine", "KIOSK-01", antivirus)

    def _resource(self, one: Thing) -> Row:
        end = "_time" if self.switches.text(ACRONIS, "run_fields") == "long" else ""
        plan: Row = {
            "type": "policy.backup.machine" if one.device else "policy.backup.office365",
            "status": STATUSES[one.last_outcome], "enabled": not one.paused,
            f"last_run{end}": _moment(one.last_run_at), f"last_success_run{end}": _moment(one.last_good_at),
            "next_run_time": None,
        }  # fmt: skip
        virus: Row = {"type": "policy.security.antimalware_protection", "status": "ok"}
        policies = [plan, virus] if one.device else [plan]
        return self._row(one.client, f"{one.id}", TYPES.get(one.kind, "resource.machine"), one.hostname or one.name,
                         policies)  # fmt: skip

    def _row(self, client: int, what: str, kind: str, name: str, policies: list[Row]) -> Row:
        uuid = opaque(f"acronis resource/{client}/{what}")
        return {
            "context": {"id": uuid, "name": name, "type": kind, "tenant_id": _number(client),
                        "tenant_name": self._named(client)[0], "external_id": f"{uuid}@17", "agent_id": uuid.upper(),
                        "agent_name": name, "created_at": "2021-02-03T14:57:07.311022688Z"},
            "aggregate": {"names": "New protection plan", "status": "idle", "running": []}, "policies": policies,
        }  # fmt: skip

    # Alerts

    def alerts(self, tenant: str) -> list[Row]:
        """One for each night that failed, closed the evening after; the oldest first."""
        now = self._now
        return [
            self._alert(client, run.id, run.finished_at, run.error)
            for client in self._seen_by(tenant)
            for run in self.world.backups.runs(client, now, now - LISTED) if run.outcome == "failed"
        ]  # fmt: skip

    def _alert(self, client: int, run: int, at: int, error: str) -> Row:
        closed = at + CLOSED_AFTER if at + CLOSED_AFTER <= self._now else None
        row: Row = {
            "id": opaque(f"acronis alert/{run}").upper(), "type": "BackupFailed", "severity": "critical",
            "category": "Backup", "details": {"errorMessage": error, "planName": "New protection plan"},
            "createdAt": _moment(at), "receivedAt": _moment(at, ".71025511Z"),
            "updatedAt": _moment(closed or at, ".352636392Z"), "_source": opaque("acronis source"),
            "_sourceTimeStamp": 3246, "tenant": {"id": _number(client), "locator": f"/1/50/53/{_number(client)}/"},
        }  # fmt: skip
        return {**row, "deletedAt": _moment(closed, ".352636392Z")} if closed else row

    @property
    def _now(self) -> int:
        return self.world.clock.now()


def _number(client: int) -> str:
    """The id a tenant had in former days."""
    return f"{5_600 + client * 7}"


def _moment(at: int | None, end: str = "Z") -> str | None:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S") + end if at else None
