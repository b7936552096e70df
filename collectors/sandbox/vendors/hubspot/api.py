"""HubSpot's CRM API, version 3."""

from __future__ import annotations

import base64
import binascii
import json

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.hubspot import rows
from collectors.sandbox.vendors.hubspot.search import found
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.world import World

TOKEN = "pat-na1-5d0f2c1e-sandbox-hubspot"
OBJECTS = "/crm/v3/objects/"
DEFAULT_SIZE, MOST = 10, 100
LISTS = {"limit", "after", "properties", "propertiesWithHistory", "associations", "archived"}
CATEGORIES = {400: "VALIDATION_ERROR", 401: "INVALID_AUTHENTICATION", 403: "MISSING_SCOPES", 404: "OBJECT_NOT_FOUND"}


class HubSpot:
    slug = "hubspot"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.records = rows.Records(world)

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "partner_property": "partner"}

    def secrets(self) -> dict[str, str]:
        return {"token": TOKEN}

    def owners(self) -> dict[str, int | None]:
        return {
            str(company.id): company.client if company.client >= 0 else None
            for company in self.world.sales.companies(self.world.clock.now())
        }

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        if status == 429:
            return self._throttled()
        return json_reply({
            "status": "error", "message": message, "correlationId": opaque(f"hubspot/{message}"),
            "category": code or CATEGORIES.get(status, "INTERNAL_ERROR"),
        }, status)  # fmt: skip

    def _throttled(self) -> Reply:
        policy = "DAILY" if self.switches.on(self.slug, "daily_limit") else "TEN_SECONDLY_ROLLING"
        body = {
            "status": "error", "message": f"You have reached your {policy.lower()} limit.", "errorType": "RATE_LIMIT",
            "correlationId": opaque("hubspot/limit"), "policyName": policy, "groupName": "publicapi:private-apps",
        }  # fmt: skip
        reply = json_reply(body, 429)
        if self.switches.on(self.slug, "names_wait"):
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "Authentication credentials not found.")
        if request.repeated:
            raise Refusal(400, "a parameter is given twice")
        kind, _, rest = request.path.removeprefix(OBJECTS).partition("/")
        if request.path.startswith(OBJECTS) and kind in rows.KINDS and rest in ("", "search"):
            return self._search(request, kind) if rest else self._list(request, kind)
        plain = {
            "/crm/v3/owners": (self._owners, {"limit", "after", "archived", "email"}),
            "/crm/v3/pipelines/deals": (self._pipelines, set()),
            "/calling/v1/dispositions": (self._dispositions, set()),
        }
        if request.path not in plain:
            raise Refusal(404, "resource not found")
        answer, known = plain[request.path]
        self._read_only(request, known)
        return answer(request)

    def _read_only(self, request: Request, known: set[str]) -> None:
        if request.method != "GET":
            raise Refusal(405, "method not allowed")
        if unknown := set(request.query) - known:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")

    def _list(self, request: Request, kind: str) -> Reply:
        """Ordered by id; a property that nobody knows is passed over, and of no list more than is named comes."""
        self._read_only(request, LISTS)
        query = request.query
        history = query.get("propertiesWithHistory", "")
        most = self.switches.number(self.slug, "history_limit") if history else MOST
        size = _number(query.get("limit", str(DEFAULT_SIZE)), most)
        every = [] if query.get("archived") == "true" else self._records(kind)
        wanted = [name for name in query.get("properties", "").split(",") if name]
        shown = [
            rows.shown(kind, row, wanted, history, [name for name in query.get("associations", "").split(",") if name])
            for row in every
        ]
        return _page(shown, size, query.get("after", ""))

    def _records(self, kind: str) -> list[rows.Record]:
        together = kind == "companies" and self.switches.on(self.slug, "changed_together")
        return self.records.of(kind, together=together)

    def _search(self, request: Request, kind: str) -> Reply:
        if request.method != "POST" or request.query_text:
            raise Refusal(405, "search is asked by POST, with everything in the body")
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(415, "the body is no JSON")
        try:
            asked = json.loads(request.body)
        except ValueError:
            raise Refusal(400, "Invalid input JSON") from None
        cap, iso = self.switches.number(self.slug, "search_cap"), self.switches.on(self.slug, "iso_filters")
        whole, page, after = found(asked, self._records(kind), cap=cap, iso=iso)
        shown: list[Row] = [rows.shown(kind, row, asked.get("properties", []), "", []) for row in page]
        told = {"paging": {"next": {"after": str(after), "link": f"?after={after}"}}} if after else {}
        head = b'{"total":%d,"results":' % len(whole)
        return Reply(rows=shown, wrap=lambda listed: head + listed + _tail(told))

    def _owners(self, request: Request) -> Reply:
        past = request.query.get("archived", "false") == "true"
        listed = [row for row in rows.owners(self.world.sales.sellers) if row["archived"] is past]
        return _page(listed, _number(request.query.get("limit", "100"), MOST), request.query.get("after", ""))

    def _pipelines(self, request: Request) -> Reply:
        return json_reply({"results": rows.pipelines()})

    def _dispositions(self, request: Request) -> Reply:
        return json_reply(rows.dispositions())


def _page(listed: list[Row], size: int, after: str) -> Reply:
    """The rows whose id is above that in the cursor."""
    try:
        above = int(base64.b64decode(after, validate=True)) if after else 0
    except (ValueError, binascii.Error):
        raise Refusal(400, "Unable to parse the cursor") from None
    left = [row for row in listed if int(str(row["id"])) > above]
    told = {}
    if len(left) > size:
        cursor = base64.b64encode(str(left[size - 1]["id"]).encode()).decode()
        told = {"paging": {"next": {"after": cursor, "link": f"https://api.hubapi.com/?after={cursor}"}}}
    return Reply(rows=left[:size], wrap=lambda shown: b'{"results":' + shown + _tail(told))


def _tail(told: dict[str, dict[str, dict[str, str]]]) -> bytes:
    return b"," + dumps(told)[1:] if told else b"}"


def _number(text: str, most: int) -> int:
    if not text.isdigit() or not 0 < int(text) <= most:
        raise Refusal(400, f"limit must be between 1 and {most}")
    return int(text)
