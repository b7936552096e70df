"""The REST API of Veeam Service Provider Console, version 3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.veeam.filters import matches
from collectors.sandbox.vendors.veeam.rows import Rows, company_uid
from collectors.sandbox.world.world import World

API_KEY = "sandbox-veeam-simple-key"
ROOT = "/api/v3"
DEFAULT_SIZE = 100
PARAMETERS = {"limit", "offset", "sort", "filter", "select", "expand"}
TYPES = {401: "security", 403: "security", 404: "logical", 400: "logical"}


class Veeam:
    slug = "veeam"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        rows = Rows(world, switches)
        self._put_off: set[str] = set()
        self._lists: dict[str, Callable[[], list[Row]]] = {
            "/organizations/companies": rows.companies,
            "/organizations": rows.organizations,
            "/infrastructure/backupAgents": rows.agents,
            "/infrastructure/backupAgents/jobs": rows.agent_jobs,
            "/protectedWorkloads/computersManagedByConsole": rows.console_computers,
        }
        self._further: dict[str, Callable[[], list[Row]]] = {  # which the role of the key may not have
            "/infrastructure/backupServers/jobs": rows.server_jobs,
            "/protectedWorkloads/virtualMachines": rows.virtual_machines,
            "/protectedWorkloads/computersManagedByBackupServer": rows.server_computers,
            "/protectedWorkloads/vb365ProtectedObjects": rows.cloud_objects,
            "/alarms/active": rows.alarms,
        }

    def owners(self) -> dict[str, int | None]:
        tried: dict[str, int | None] = {company_uid(-place): None for place in (1, 2)}
        return tried | {company_uid(client): client for client in self.world.clients.served}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"api_key": API_KEY}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        told = {"message": message, "type": TYPES.get(status, "retryableLogical"), "code": int(code or status)}
        return json_reply({"meta": None, "data": None, "errors": [told]}, 520 if status >= 500 else status)

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return self.refusal(401, "The key is not valid")
        if request.method != "GET" or request.repeated:
            return self.refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        path = request.path.removeprefix(ROOT)
        if path == "/about":
            return json_reply({"meta": None, "data": {"serverVersion": "9.2.0.0"}, "errors": None})
        if path in self._further and not self.switches.on(self.slug, "all_groups"):
            raise Refusal(403, "The role of this key does not have this group")
        listed = self._lists.get(path) or self._further.get(path)
        if listed is None or path == request.path:
            raise Refusal(404, "not found")
        if self._is_put_off(request):
            location = f"{ROOT}/asyncActions/1"
            return json_reply({"meta": None, "data": None, "errors": None}, 202, Location=location)
        return self._page(request, listed(), path)

    def _is_put_off(self, request: Request) -> bool:
        asked = f"{request.path}?{request.query_text}"
        if not self.switches.on(self.slug, "long_answers") or asked in self._put_off:
            self._put_off.discard(asked)
            return False
        self._put_off.add(asked)
        return True

    def _page(self, request: Request, rows: list[Row], path: str) -> Reply:
        query = request.query
        if unknown := set(query) - PARAMETERS:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")
        rows = _expanded(rows, query.get("expand"), path)
        rows = [row for row in rows if all(matches(row, test) for test in _list(query, "filter"))]
        for order in reversed(_list(query, "sort")):
            rows = _sorted(rows, order)
        largest = self.switches.number(self.slug, "largest_page")
        size, offset = min(largest, _number(query, "limit", DEFAULT_SIZE, 1)), _number(query, "offset", 0, 0)
        page = [_selected(row, _list(query, "select")) for row in rows[offset : offset + size]]
        told = {"pagingInfo": {"total": len(rows), "count": len(page), "offset": offset}}
        return Reply(
            rows=page, wrap=lambda listed: b'{"meta":' + dumps(told) + b',"data":' + listed + b',"errors":null}'
        )


def _number(query: dict[str, str], name: str, default: int, least: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or int(text) < least:
        raise Refusal(400, f"{name} is no number from {least} on")
    return int(text)


def _list(query: dict[str, str], name: str) -> list[Any]:
    try:
        found = json.loads(query.get(name, "[]"))
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refusal(400, f"{name} is no list of objects")
    return found


def _sorted(rows: list[Row], order: dict[str, Any]) -> list[Row]:
    name, direction = order.get("property"), order.get("direction")
    if direction not in ("ascending", "descending") or any(name not in row for row in rows):
        raise Refusal(400, f"cannot sort by {name}, {direction}")
    return sorted(rows, key=lambda row: str(row[str(name)]), reverse=direction == "descending")


def _selected(row: Row, wanted: list[Any]) -> Row:
    names = {one.get("propertyPath") for one in wanted}
    return {name: value for name, value in row.items() if not names or name in names}


def _expanded(rows: list[Row], expand: str | None, path: str) -> list[Row]:
    if expand is None:
        return [{name: value for name, value in row.items() if name != "_embedded"} for row in rows]
    if expand != "Organization" or path != "/organizations/companies":
        raise Refusal(400, f"cannot expand {expand}")
    return rows
