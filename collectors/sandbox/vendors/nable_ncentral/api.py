"""N-central's REST API of the server itself."""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.nable_ncentral.rows import Rows
from collectors.sandbox.world.world import World

USER_TOKEN = "sandbox-ncentral-user-api-token"
SIZE = 50
PAGED = {"pageNumber", "pageSize", "sortBy", "sortOrder", "select"}
UNIT = re.compile(r"/api/org-units/(\d+)/active-issues")
DEVICE = re.compile(r"/api/devices/(\d+)/(assets|assets/lifecycle-info|service-monitor-status)")
SELECT = re.compile(r"(\w+)==([^;]+)")


class NableNcentral:
    slug = "nable_ncentral"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.rows = Rows(world, switches)
        self._tokens: dict[str, float] = {}
        self._refresh: set[str] = set()

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "psa": "connectwise_psa"}

    def secrets(self) -> dict[str, str]:
        return {"token": USER_TOKEN}

    def owners(self) -> dict[str, int | None]:
        return self.rows.owners()

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        return json_reply({"status": status, "message": message}, status)

    def answer(self, request: Request) -> Reply:
        if self.switches.on(self.slug, "password_expired"):
            raise Refusal(500, "Internal Server Error")
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if request.path in ("/api/auth/authenticate", "/api/auth/refresh"):
            return self._token(request, token if kind == "Bearer" else "")
        if kind != "Bearer" or self._tokens.get(token, 0) < time.time():
            raise Refusal(401, "Authentication failed")
        if request.method != "GET":
            raise Refusal(403, "the role of this user may only read")
        if request.repeated:
            raise Refusal(400, "a parameter is given twice")
        return self._read(request)

    def _token(self, request: Request, shown: str) -> Reply:
        if request.method != "POST" or request.query_text:
            raise Refusal(405, "POST without parameters")
        if request.path.endswith("authenticate"):
            if request.body:
                raise Refusal(400, "the body is to be empty")
            known = shown == USER_TOKEN
        else:
            known = shown in self._tokens and request.body.decode("utf-8", "replace") in self._refresh
        if not known:
            raise Refusal(401, "Authentication failed")
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        life = self.switches.number(self.slug, "token_seconds")
        self._tokens[access] = time.time() + life
        self._refresh.add(refresh)
        told = {
            "access": {"token": access, "type": "Bearer", "expirySeconds": life},
            "refresh": {"token": refresh, "type": "Body", "expirySeconds": 90_000},
        }
        return json_reply({"tokens": told})

    def _read(self, request: Request) -> Reply:
        path = request.path
        lists = {
            "/api/customers": self.rows.customers, "/api/sites": self.rows.sites, "/api/devices": self.rows.devices,
            "/api/service-orgs": self.rows.service_orgs, "/api/org-units": self.rows.org_units,
        }  # fmt: skip
        if path in lists:
            return self._page(request, _selected(request, lists[path]()), PAGED | {"filterId"})
        if unit := UNIT.fullmatch(path):
            return self._page(request, self.rows.issues(int(unit[1])), PAGED - {"select"})
        if request.query:
            raise Refusal(400, f"unknown parameter {sorted(request.query)[0]}")
        if found := DEVICE.fullmatch(path):
            return self._of_device(int(found[1]), found[2])
        singles = {
            "/api/server-info": self.rows.server, "/api/server-info/time": self.rows.clock,
            "/api/users/me": self.rows.me, "/api/auth/validate": self.rows.valid,
        }  # fmt: skip
        if path not in singles:
            raise Refusal(404, "Not Found")
        return json_reply(singles[path]())

    def _of_device(self, number: int, what: str) -> Reply:
        if what == "service-monitor-status":
            if (rows := self.rows.services(number)) is None:
                raise Refusal(404, "Device not found")
            return Reply(rows=rows, wrap=lambda listed: b'{"data":' + listed + b"}")
        found = self.rows.lifecycle(number) if what.endswith("lifecycle-info") else self.rows.asset(number)
        if found is None:
            raise Refusal(404, "Asset information not found")
        return json_reply(found)

    def _page(self, request: Request, rows: list[Row], known: set[str]) -> Reply:
        query = request.query
        if unknown := set(query) - known:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")
        if query.get("sortOrder", "asc").lower() not in ("asc", "desc") or "filterId" in query:
            raise Refusal(400, "sortOrder or filterId is unknown")
        page, size = _number(query, "pageNumber", 1), _number(query, "pageSize", SIZE)
        size = min(size, self.switches.number(self.slug, "most"))
        pages = max(1, -(-len(rows) // size))
        listed = rows[(page - 1) * size : page * size]
        told: Row = {"pageNumber": page, "pageSize": size, "itemCount": len(listed), "totalItems": len(rows)}
        where = self.switches.text(self.slug, "pages_at")
        told |= (
            {"totalPages": pages} if where == "top" else {"_page": {"totalPages": pages}} if where == "_page" else {}
        )
        told["_links"] = {
            "firstPage": _link(request, 1), "previousPage": _link(request, page - 1) if page > 1 else None,
            "nextPage": _link(request, page + 1) if page < pages else None, "lastPage": _link(request, pages),
        }  # fmt: skip
        return Reply(rows=listed, wrap=lambda text: b'{"data":' + text + b"," + dumps(told)[1:])


def _link(request: Request, page: int) -> str:
    return f"{request.path}?{urlencode({**request.query, 'pageNumber': page})}"


def _selected(request: Request, rows: list[Row]) -> list[Row]:
    """A filter of rows in RSQL, of which only “equal” and “and” are safe."""
    text = request.query.get("select", "")
    for clause in text.split(";") if text else ():
        found = SELECT.fullmatch(clause)
        if found is None:
            raise Refusal(500, "NullPointerException")
        if rows and found[1] not in rows[0]:
            raise Refusal(400, f"Field not found: {found[1]}")
        rows = [row for row in rows if str(row[found[1]]) == found[2]]
    return rows


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, f"{name} is no number from 1 on")
    return int(text)
