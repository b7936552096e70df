"""Datto's Partner Portal API, version 1: appliances, what is on them, and SaaS Protection."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import TypeVar

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.datto_bcdr.appliances import Appliances
from collectors.sandbox.vendors.datto_bcdr.saas import Saas
from collectors.sandbox.world.world import World

PUBLIC_KEY, SECRET_KEY = "sandbox-datto-public", "sandbox-datto-secret"
BASIC = "Basic " + base64.b64encode(f"{PUBLIC_KEY}:{SECRET_KEY}".encode()).decode()
DEFAULT_SIZE, MOST = 100, 250
Told = TypeVar("Told")
PAGING = {"_page", "_perPage"}
HIDING = {"showHiddenDevices", "showChildResellerDevices"}
ASSETS = re.compile(r"/bcdr/device/([^/]+)/asset(?:/(agent|share))?")
DEVICE = re.compile(r"/bcdr/device/([^/]+)")
APPLICATIONS = re.compile(r"/saas/(\d+)/applications")


class DattoBcdr:
    slug = "datto_bcdr"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.appliances, self.saas = Appliances(world, switches), Saas(world, switches)

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"public_key": PUBLIC_KEY, "secret_key": SECRET_KEY}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        reply = json_reply({"code": code or status, "message": message}, status)
        if status == 429:
            reply.headers["X-API-Limit-Remaining"] = "0"
        return reply

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != BASIC:
            return self.refusal(401, "Unauthorized")
        if request.method != "GET" or request.repeated:
            return self.refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        if not request.path.startswith("/v1/"):
            return self.refusal(404, "not found")
        reply = self._read(request, request.path.removeprefix("/v1"))
        reply.headers |= {"X-API-Limit-Remaining": "599", "X-API-Limit-Resets": "60", "X-API-Limit-Cost": "1"}
        return reply

    def _read(self, request: Request, path: str) -> Reply:
        if path == "/bcdr/device":
            self._allow(request, PAGING | HIDING)
            shown = {name: self._flag(request, name) for name in HIDING}
            return self._paged(request, self.appliances.listed(**shown))
        if found := ASSETS.fullmatch(path):
            self._allow(request, PAGING)
            rows = self._known(self.appliances.assets, found[1])
            wanted = [row for row in rows if found[2] in (None, row["type"])]
            return self._maybe_paged(request, wanted, "asset_pages")
        if found := DEVICE.fullmatch(path):
            self._allow(request, set())
            return json_reply(self._known(self.appliances.one, found[1]))
        if path.startswith("/saas/") and not self.switches.on(self.slug, "saas_allowed"):
            raise Refusal(403, "This key may not read SaaS Protection")
        if path == "/saas/domains":
            self._allow(request, PAGING)
            return self._maybe_paged(request, self.saas.domains(), "saas_pages")
        if found := APPLICATIONS.fullmatch(path):
            self._allow(request, PAGING | {"daysUntil"})
            days = self._number(request, "daysUntil", 30, 1)
            rows = self._known(lambda number: self.saas.applications(int(number), days), found[1])
            return self._paged(request, rows)
        raise Refusal(404, "not found")

    def _allow(self, request: Request, names: set[str]) -> None:
        if unknown := set(request.query) - names:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")

    def _known(self, told: Callable[[str], Told | None], key: str) -> Told:
        if (found := told(key)) is None:
            raise Refusal(404, f"{key} is not known")
        return found

    def _flag(self, request: Request, name: str) -> bool:
        """Left out is yes: some clients get hidden appliances unasked."""
        if (text := request.query.get(name, "1")) not in ("0", "1"):
            raise Refusal(400, f"{name} is 0 or 1")
        return text == "1"

    def _number(self, request: Request, name: str, default: int, least: int) -> int:
        text = request.query.get(name, str(default))
        if not text.isdigit() or int(text) < least:
            raise Refusal(400, f"{name} is no number from {least} on")
        return int(text)

    def _maybe_paged(self, request: Request, rows: list[Row], switch: str) -> Reply:
        """A bare array, unless pages are asked for where there are any."""
        if self.switches.on(self.slug, switch) and PAGING & set(request.query):
            return self._paged(request, rows)
        return Reply(rows=rows)

    def _paged(self, request: Request, rows: list[Row]) -> Reply:
        page = self._number(request, "_page", 1, 1)
        size = min(MOST, self._number(request, "_perPage", DEFAULT_SIZE, 1))
        told = {"page": page, "perPage": size, "totalPages": -(-len(rows) // size), "count": len(rows)}
        return Reply(
            rows=rows[(page - 1) * size : page * size],
            wrap=lambda listed: b'{"pagination":' + dumps(told) + b',"items":' + listed + b"}",
        )
