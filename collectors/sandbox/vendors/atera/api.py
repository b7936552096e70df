"""Atera's REST API, version 3."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.atera.rows import Rows
from collectors.sandbox.world.world import World

LEGACY_KEY = "sandbox-atera-legacy-key"
TOKEN = ".".join(("sandboxatera" * 4, "readscustomersagentsdevicesandalerts" * 3, "signed" * 8))
BASE = "/api/v3"
USUAL, MOST = 20, 50
DEVICE_LISTS = tuple(f"/devices/{kind}devices" for kind in ("snmp", "tcp", "http", "generic"))
FILTERS: dict[str, set[str]] = {
    "/customers": {"FromLastModifiedDate", "SortBy"},
    "/agents": set(),
    "/alerts": {"alertStatus"},
    **{path: {"customerId", "monitoringAgentId"} for path in DEVICE_LISTS},
}
OF_CUSTOMER = re.compile(r"/agents/customer/(\d+)")
PATCHES = re.compile(r"/agents/([0-9A-Fa-f-]{36})/available-patches")
MODIFIED_FROM = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?")
SORTED_BY = ("Creation", "LastModified")
TITLES = {400: "Bad Request", 404: "Not Found"}


class Atera:
    slug = "atera"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.switches, self.rows = switches, Rows(world, switches)

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"api_key": TOKEN}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        """Problem details where the document names them; anything else has no body."""
        if status not in TITLES:
            return Reply(status, content_type=None)
        told = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": message}
        return json_reply(told, status)

    def answer(self, request: Request) -> Reply:
        if not request.path.startswith(f"{BASE}/"):
            raise Refusal(404, "no such path")
        if not self._knows(request):
            raise Refusal(401, "")
        path = request.path.removeprefix(BASE)
        forbidden = self.switches.text(self.slug, "forbidden")
        if request.method != "GET" or (forbidden and forbidden in path):
            raise Refusal(403, "")
        if request.repeated:
            raise Refusal(400, "a parameter is given twice")
        patches, customer = PATCHES.fullmatch(path), OF_CUSTOMER.fullmatch(path)
        if path == "/account" or patches:
            _allow(request, set())
            return json_reply(self._patches(patches[1]) if patches else self.rows.account())
        name = "/agents" if customer else path
        if name not in FILTERS:
            raise Refusal(404, "no such path")
        _allow(request, FILTERS[name] | {"page", "itemsInPage"})
        found, make = self._listed(request, name, int(customer[1]) if customer else None)
        return self._page(request, found, make)

    def _knows(self, request: Request) -> bool:
        key, bearer = request.headers.get("x-api-key", ""), request.headers.get("authorization", "")
        by_bearer = self.switches.text(self.slug, "token_in") == "bearer"
        return key == LEGACY_KEY or (bearer == f"Bearer {TOKEN}" if by_bearer else key == TOKEN)

    def _patches(self, guid: str) -> Row:
        found = self.rows.patches(guid.lower())
        if found is None:
            raise Refusal(404, "no such agent")
        return found

    def _listed(self, request: Request, name: str, customer: int | None) -> tuple[list[Any], Callable[[Any], Row]]:
        """All records of a list as the world has them, and how one of them is written."""
        query, rows = request.query, self.rows
        if name == "/customers":
            since, order = query.get("FromLastModifiedDate", "0001-01-01"), query.get("SortBy", "Creation")
            if not MODIFIED_FROM.fullmatch(since) or order not in SORTED_BY:
                raise Refusal(400, "FromLastModifiedDate or SortBy is not as it should be")
            return rows.customers(since, order), dict
        if name == "/agents":
            return rows.agents(customer), rows.agent
        if name == "/alerts":
            status = query.get("alertStatus", "")
            if status not in ("", "Open", "Resolved", "Snoozed"):
                raise Refusal(400, f"The value '{status}' is not valid.")
            return rows.alerts(status), rows.alert
        customer = _number(request, "customerId", 0) or None
        _number(request, "monitoringAgentId", 0)
        here = name == DEVICE_LISTS[0] and "monitoringAgentId" not in query
        return rows.network_devices(customer) if here else [], rows.network_device

    def _page(self, request: Request, found: list[Any], make: Callable[[Any], Row]) -> Reply:
        page, size = _number(request, "page", 1), _number(request, "itemsInPage", USUAL)
        if page < 1 or size < 1:
            raise Refusal(400, "page or itemsInPage is too small")
        if size > MOST and self.switches.text(self.slug, "over_fifty") == "refused":
            raise Refusal(400, f"itemsInPage is at most {MOST}")
        size = min(size, MOST)
        if self.switches.text(self.slug, "order") == "newest":
            found = found[::-1]
        pages, begin = -(-len(found) // size), (page - 1) * size
        none = "" if self.switches.text(self.slug, "last_link") == "empty" else None
        told = {
            "totalItemCount": len(found), "page": page, "itemsInPage": size, "totalPages": pages,
            "prevLink": self._link(request, page - 1, size) if page > 1 else none,
            "nextLink": self._link(request, page + 1, size) if page < pages else none,
        }  # fmt: skip
        tail = b"," + dumps(told)[1:]
        return Reply(
            rows=[make(one) for one in found[begin : begin + size]],
            wrap=lambda listed: b'{"items":' + listed + tail,
        )

    def _link(self, request: Request, page: int, size: int) -> str:
        return f"{request.base}{request.path}?{urlencode({**request.query, 'page': page, 'itemsInPage': size})}"


def _allow(request: Request, names: set[str]) -> None:
    if unknown := set(request.query) - names:
        raise Refusal(400, f"unknown parameter {min(unknown)}")


def _number(request: Request, name: str, default: int) -> int:
    told = request.query.get(name, str(default))
    if not told.isdigit():
        raise Refusal(400, f"The value '{told}' is not valid.")
    return int(told)
