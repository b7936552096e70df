"""The platform's APIs: account management 2, resource management 4 and alerts 1."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.acronis.rows import PARTNER, Rows, tenant_uuid
from collectors.sandbox.vendors.acronis.tokens import CLIENT_ID, CLIENT_SECRET, Tokens
from collectors.sandbox.world.dates import parse_moment
from collectors.sandbox.world.world import World

DEFAULT_SIZE = 100
STATUSES, ALERTS = "/api/resource_management/v4/resource_statuses", "/api/alert_manager/v1/alerts"
FILTERS = {
    "/api/2/tenants": {"uuids", "subtree_root_id", "parent_id"}, STATUSES: {"type", "include_attributes"},
    ALERTS: {"updated_at", "created_at", "deleted_at", "severity", "category", "type", "show_deleted"},
}  # fmt: skip
MOMENT = re.compile(r"(gt|ge|lt|le)\((\d{19})\)")
TESTS: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__, "ge": int.__ge__, "lt": int.__lt__, "le": int.__le__,
}  # fmt: skip
MOMENTS = {"updated_at": "updatedAt", "created_at": "createdAt", "deleted_at": "deletedAt"}


class Acronis:
    slug = "acronis"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.rows, self.tokens = Rows(world, switches), Tokens(switches)

    def owners(self) -> dict[str, int | None]:
        told: dict[str, int | None] = {str(row["id"]): None for row in self.rows.others()}
        return told | {tenant_uuid(client): client for client in self.world.clients.served}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "tenant_id": PARTNER}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        if status == 401 and self.switches.on(self.slug, "html_401"):
            return Reply(401, b"<html><head><title>401 Authorization Required</title></head></html>", "text/html")
        error = {"domain": "PlatformAccountServer", "code": code or "Error", "message": message, "context": {}}
        reply = json_reply({"error": error}, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path == "/api/2/idp/token":
            if request.method != "POST":
                return self.refusal(405, "POST only")
            return self.tokens.issue(request, {str(row["id"]) for row in self.rows.tenants()})
        tenant = self.tokens.tenant(request)
        if tenant is None:
            return self.refusal(401, "Unauthorized")
        if request.method != "GET" or request.repeated:
            return self.refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        if request.path == f"/api/2/clients/{CLIENT_ID}":
            return json_reply({"client_id": CLIENT_ID, "tenant_id": PARTNER, "type": "api_client", "status": "enabled"})
        if request.path not in FILTERS:
            raise Refusal(404, "not found", "NotFound")
        return self._listed(request, tenant)

    def _listed(self, request: Request, tenant: str) -> Reply:
        query = request.query
        if unknown := set(query) - FILTERS[request.path] - {"limit", "after"}:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}", "BadRequest")
        place, filters = self._place(query, request.path)
        if request.path == STATUSES:
            rows = self._statuses(tenant, filters)
        elif request.path == ALERTS:
            rows = [row for row in self.rows.alerts(tenant) if _passes(row, filters)]
        else:
            rows = self._tenants(tenant, filters)
            if not self.switches.on(self.slug, "tenants_paged"):
                whole = b'{"timestamp":"2026-01-12T09:00:00","items":'
                return Reply(rows=rows, wrap=lambda listed: whole + listed + b"}")
        return self._page(rows, place, _size(query), filters)

    def _place(self, query: dict[str, str], path: str) -> tuple[int, dict[str, str]]:
        """Where a page begins, and the filters of the first, which its cursor holds."""
        filters = {name: text for name, text in query.items() if name in FILTERS[path]}
        if "after" not in query:
            return 0, filters
        if filters and path != "/api/2/tenants" and self.switches.on(self.slug, "after_alone"):
            raise Refusal(400, "a cursor stands alone", "BadRequest")
        try:
            kept: dict[str, Any] = json.loads(base64.urlsafe_b64decode(query["after"]))
            return int(kept["at"]), dict(kept["filters"])
        except (ValueError, KeyError, TypeError):
            raise Refusal(400, "no such cursor", "BadRequest") from None

    def _page(self, rows: list[Row], place: int, size: int, filters: dict[str, str]) -> Reply:
        cursors: Row = {"total": len(rows)} if self.switches.on(self.slug, "totals") else {}
        if place + size < len(rows):
            after = json.dumps({"at": place + size, "filters": filters}).encode()
            cursors["after"] = base64.urlsafe_b64encode(after).decode()
        return Reply(
            rows=rows[place : place + size],
            wrap=lambda listed: b'{"items":' + listed + b',"paging":{"cursors":' + dumps(cursors) + b"}}",
        )

    def _tenants(self, tenant: str, filters: dict[str, str]) -> list[Row]:
        if tenant != PARTNER or len(filters) != 1:
            raise Refusal(403 if tenant != PARTNER else 400, "ask for a tree, a parent or some tenants", "Forbidden")
        [(name, wanted)] = filters.items()
        rows = self.rows.tenants()
        if name == "uuids":
            return [row for row in rows if row["id"] in wanted.split(",")]
        if wanted not in {row["id"] for row in rows}:
            raise Refusal(404, "no such tenant", "NotFound")
        if name == "parent_id" or wanted != PARTNER:
            return [row for row in rows if row["parent_id"] == wanted]
        return rows

    def _statuses(self, tenant: str, filters: dict[str, str]) -> list[Row]:
        rows, kind = self.rows.statuses(tenant), filters.get("type")
        if kind and not self.switches.on(self.slug, "type_filter"):
            return []
        return [row for row in rows if kind in (None, _of(row, "context", "type"))]


def _size(query: dict[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_SIZE))
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, "limit is no number", "BadRequest")
    return int(text)


def _of(row: Row, outer: str, name: str) -> Any:
    inner = row[outer]
    return inner.get(name) if isinstance(inner, dict) else None


def _passes(row: Row, filters: dict[str, str]) -> bool:
    """Whether an alert passes; one that was closed passes only where closed ones are asked for."""
    if row.get("deletedAt") and filters.get("show_deleted") != "true":
        return False
    for name, text in filters.items():
        if name in MOMENTS and not _moved(row.get(MOMENTS[name]), text):
            return False
        if name in ("severity", "category", "type") and row[name] != text:
            return False
    return True


def _moved(found: object, text: str) -> bool:
    """Moments are compared as nanoseconds; anything shorter would be a moment long ago, and is refused."""
    test = MOMENT.fullmatch(text)
    if test is None:
        raise Refusal(400, "a moment is gt, ge, lt or le of nanoseconds", "BadRequest")
    return isinstance(found, str) and TESTS[test[1]](_nanoseconds(found), int(test[2]))


def _nanoseconds(text: str) -> int:
    whole, _, rest = text.removesuffix("Z").partition(".")
    return parse_moment(f"{whole}Z") * 10**9 + int(rest.ljust(9, "0"))
