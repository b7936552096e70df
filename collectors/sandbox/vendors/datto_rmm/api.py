"""Datto RMM's REST API, version 2."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.datto_rmm.rows import Rows
from collectors.sandbox.world.world import World

API_KEY, API_SECRET = "sandbox-datto-key", "sandbox-datto-secret"
CLIENT = "Basic " + base64.b64encode(b"public-client:public").decode()
MOST = 250
FORM = "application/x-www-form-urlencoded"
WORDS = {400: "Bad Request", 401: "Request can not be authorized", 403: "Forbidden", 404: "Not Found"}
FILTERS = {  # by path: what the list is called in the answer, and what may be asked beside the page
    "/v2/account/sites": ("sites", {"siteName"}),
    "/v2/account/devices": ("devices", {"filterId", "hostname", "deviceType", "operatingSystem", "siteName"}),
    "/v2/account/alerts/open": ("alerts", {"muted"}),
    "/v2/account/alerts/resolved": ("alerts", {"muted"}),
}


class DattoRmm:
    slug = "datto_rmm"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.rows = Rows(world, lambda: switches.text(self.slug, "moments"))
        self._tokens: dict[str, float] = {}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"api_key": API_KEY, "api_secret": API_SECRET}

    def owners(self) -> dict[str, int | None]:
        return self.rows.owners()

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        said = code or WORDS.get(status, message)
        if status == 403 and self.switches.on(self.slug, "forbidden_is_block"):
            said = "IP address blocked: API rate limit exceeded"
        told = {"timestamp": self.world.clock.now() * 1000, "status": status, "error": said, "message": message}
        return json_reply({**told, "path": "/v2"}, status)

    def answer(self, request: Request) -> Reply:
        if request.path == "/auth/oauth/token":
            return self._token(request)
        if not request.path.startswith("/api/"):
            raise Refusal(404, "no such path")
        path = request.path.removeprefix("/api")
        if path == "/v2/system/status":
            return json_reply({"version": "2.0.0", "status": "OK", "started": "2026-01-01T00:00:00Z"})
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self._tokens.get(token, 0) < time.time():
            raise Refusal(401, "the token is missing, wrong or too old")
        if request.method != "GET":
            raise Refusal(403, "this key may only view")
        if request.repeated:
            raise Refusal(400, "a parameter is given twice")
        if path in FILTERS:
            return self._list(request, path)
        return self._single(request, path)

    def _token(self, request: Request) -> Reply:
        if request.method != "POST" or request.headers.get("content-type", "").partition(";")[0] != FORM:
            return json_reply({"error": "invalid_request", "error_description": "POST a form"}, 400)
        if request.headers.get("authorization") != CLIENT:
            return json_reply({"error": "unauthorized", "error_description": "Full authentication is required"}, 401)
        form = request.form()
        if form.get("grant_type") != "password":
            return json_reply({"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}, 400)
        if form != {"grant_type": "password", "username": API_KEY, "password": API_SECRET}:
            return json_reply({"error": "invalid_grant", "error_description": "Bad credentials"}, 400)
        token, life = secrets.token_urlsafe(24), self.switches.number(self.slug, "token_seconds")
        self._tokens[token] = time.time() + life
        told = {"access_token": token, "token_type": "bearer", "expires_in": life, "scope": "default"}
        return json_reply({**told, "jti": secrets.token_hex(8)})

    def _single(self, request: Request, path: str) -> Reply:
        answers: dict[str, Callable[[], Row]] = {
            "/v2/account": self.rows.account,
            "/v2/system/pagination": lambda: {"max": MOST},
            "/v2/system/request_rate": lambda: {
                "slidingTimeWindowSizeSeconds": 60, "accountRateLimit": 600, "accountCutOffRatio": 0.9,
                "accountWriteRateLimit": 100,
            },
        }  # fmt: skip
        head, _, uid = path.rpartition("/")
        if request.query:
            raise Refusal(400, f"unknown parameter {sorted(request.query)[0]}")
        if path in answers:
            return json_reply(answers[path]())
        found = self.rows.audit(uid) if head == "/v2/audit/device" else None
        if found is None:
            raise Refusal(404, "no such path or device")
        return json_reply(found)

    def _list(self, request: Request, path: str) -> Reply:
        name, filters = FILTERS[path]
        if unknown := set(request.query) - filters - {"page", "max"}:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")
        most = self.switches.number(self.slug, "alerts_most") if name == "alerts" else MOST
        first = self.switches.number(self.slug, "first_page")
        page, size = _number(request, "page", first), _number(request, "max", most)
        if page < first or size < 1:
            raise Refusal(400, "page or max is too small")
        if size > most and self.switches.text(self.slug, "over_max") == "refused":
            raise Refusal(400, f"max is at most {most}")
        rows = self._rows(request, path)
        size, begin = min(size, most), (page - first) * min(size, most)
        listed = rows[begin : begin + size]
        told = {
            "count": len(listed), "totalCount": len(rows),
            "prevPageUrl": self._link(request, page - 1, page > first),
            "nextPageUrl": self._link(request, page + 1, begin + size < len(rows)),
        }  # fmt: skip
        return Reply(
            rows=listed,
            wrap=lambda text: b'{"pageDetails":' + dumps(told) + b',"' + name.encode() + b'":' + text + b"}",
        )

    def _link(self, request: Request, page: int, there: bool) -> str | None:
        if not there:
            return "" if self.switches.text(self.slug, "last_link") == "empty" else None
        kept = request.query if self.switches.on(self.slug, "link_keeps") else {}
        return f"{request.base}{request.path}?{urlencode({**kept, 'page': page})}"

    def _rows(self, request: Request, path: str) -> list[Row]:
        query = request.query
        if path.endswith("/sites"):
            return [row for row in self.rows.sites() if _like(query, "siteName", row["name"])]
        if path.endswith("/devices"):
            if "filterId" in query:
                raise Refusal(404, "no such filter")
            return [row for row in self.rows.devices() if _fits(query, row)]
        rows = self.rows.alerts(resolved=path.endswith("/resolved"))
        rows = [row for row in rows if query.get("muted", "") in ("", str(row["muted"]).lower())]
        return rows if self.switches.text(self.slug, "alerts_order") == "oldest" else rows[::-1]


def _fits(query: dict[str, str], row: Row) -> bool:
    type_ = row["deviceType"]
    category = type_["category"] if isinstance(type_, dict) else ""
    return (
        _like(query, "hostname", row["hostname"]) and _like(query, "operatingSystem", row["operatingSystem"])
        and _like(query, "siteName", row["siteName"]) and _like(query, "deviceType", category)
    )  # fmt: skip


def _like(query: dict[str, str], name: str, value: object) -> bool:
    """Any part of the value will do, in any case."""
    return query.get(name, "").casefold() in str(value or "").casefold()


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit():
        raise Refusal(400, f"{name} is no number")
    return int(text)
