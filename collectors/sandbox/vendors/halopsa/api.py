"""HaloPSA's REST API: who may ask what, and how lists are cut into pages."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.halopsa.rows import Rows
from collectors.sandbox.world.world import World

CLIENT_ID, CLIENT_SECRET, TENANT = "sandbox-halo-client", "sandbox-halo-secret", "lanternworks"
KNOWN_SCOPES = {"all", "read:tickets", "read:customers", "read:assets", "read:contracts", "read:invoices"}
UNASKED = 50  # rows of a list that is not asked for in pages
PAGED = frozenset({"pageinate", "page_no", "page_size", "order", "orderdesc", "count"})
KEPT = 6


@dataclass(frozen=True)
class Collection:
    scope: str
    key: str
    rows: Callable[[dict[str, str]], Iterable[Row]]
    parameters: frozenset[str] = frozenset()
    paged: bool = False


class Halo:
    slug = "halopsa"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches, self.rows = world, switches, Rows(world, switches)
        self._tokens: dict[str, tuple[float, set[str]]] = {}
        self._kept: dict[tuple[object, ...], list[Row]] = {}
        rows = self.rows
        self.collections = {
            "/Client": Collection("customers", "clients", rows.clients, frozenset({
                "includeactive", "includeinactive"}), True),
            "/Tickets": Collection("tickets", "tickets", rows.tickets, frozenset({
                "client_id", "agent_id", "status_id", "requesttype_id", "open_only", "closed_only", "includeclosed",
                "lastupdatefromdate"}), True),
            "/ClientContract": Collection(
                "contracts", "contracts", rows.contracts, frozenset({"includeinactive"}), True
            ),
            "/RecurringInvoice": Collection("invoices", "invoices", rows.recurring, frozenset({"includelines"}), True),
            "/Invoice": Collection("invoices", "invoices", rows.invoices, frozenset({
                "includelines", "invoicedatestart", "invoicedateend"}), True),
            "/Actions": Collection("tickets", "actions", rows.actions, frozenset({
                "ticket_id", "startdate", "enddate", "timeentriesonly", "agentonly", "count"})),
            "/Agent": Collection("tickets", "agents", rows.agents, frozenset({
                "includeenabled", "includedisabled"})),
            "/Status": Collection("tickets", "statuses", rows.statuses, frozenset({"excludeclosed"})),
            "/TicketType": Collection("tickets", "tickettypes", rows.types, frozenset({"showall"})),
            "/Priority": Collection("tickets", "priorities", rows.priorities),
            "/Feedback": Collection("tickets", "feedback", rows.feedback),
        }  # fmt: skip

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "auth_address": f"{base}/auth", "tenant": TENANT}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def owners(self) -> dict[str, int | None]:
        return self.rows.owners()

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        """Its errors are not uniform: a class and a message, or an error with its description."""
        if code:
            reply = json_reply({"error": code, "error_description": message}, status)
        else:
            reply = json_reply({"ClassName": "System.Exception", "Message": message}, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path == "/auth/token":
            return self._token(request)
        if request.path == "/api/authinfo" and request.method == "GET":
            return json_reply({"auth_url": f"{request.base}/auth", "tenant_id": TENANT})
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        until, scopes = self._tokens.get(token, (0.0, set()))
        if kind != "Bearer" or until < time.time():
            raise Refusal(401, "Unauthorized")
        if request.method != "GET" or request.repeated:
            raise Refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        path = request.path.removeprefix("/api")
        if path == request.path:
            raise Refusal(404, "not found")
        if single := re.fullmatch(r"/(Client|Agent)/(\d+)", path):
            return self._single(request, single[1], int(single[2]), scopes)
        if path not in self.collections:
            raise Refusal(404, "not found")
        return self._list(request, path, self.collections[path], scopes)

    def _token(self, request: Request) -> Reply:
        if request.method != "POST":
            raise Refusal(405, "POST only")
        if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise Refusal(400, "a form is wanted", "invalid_request")
        form, needs = request.form(), self.switches.on(self.slug, "tenant_needed")
        if request.query.get("tenant", "" if needs else TENANT) != TENANT or set(request.query) - {"tenant"}:
            raise Refusal(400, "Invalid tenant", "invalid_request")
        if set(form) != {"grant_type", "client_id", "client_secret", "scope"}:
            raise Refusal(400, "not the form of this grant", "invalid_request")
        if form["grant_type"] != "client_credentials":
            raise Refusal(400, "unsupported", "unsupported_grant_type")
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal(400, "The client is unknown", "invalid_client")
        scopes = set(form["scope"].split())
        if not scopes or scopes - KNOWN_SCOPES:
            raise Refusal(400, "A scope is unknown", "invalid_scope")
        token, life = secrets.token_urlsafe(24), self.switches.number(self.slug, "token_seconds")
        self._tokens[token] = (time.time() + life, scopes)
        return json_reply({"access_token": token, "expires_in": life, "token_type": "Bearer"})

    def _allowed(self, scope: str, scopes: set[str]) -> None:
        if not {"all", f"read:{scope}"} & scopes:
            raise Refusal(403, f"The application has no permission read:{scope}")

    def _single(self, request: Request, kind: str, identity: int, scopes: set[str]) -> Reply:
        self._allowed("customers" if kind == "Client" else "tickets", scopes)
        if set(request.query) - {"includedetails"}:
            raise Refusal(400, "unknown parameter")
        found = self.rows.client(identity) if kind == "Client" else self.rows.agent(identity)
        if found is None:
            raise Refusal(404, "not found")
        return Reply(rows=[found], wrap=lambda listed: listed[1:-1] or b"{}")

    def _list(self, request: Request, path: str, listed: Collection, scopes: set[str]) -> Reply:
        self._allowed(listed.scope, scopes)
        query = request.query
        if unknown := set(query) - listed.parameters - (PAGED if listed.paged else frozenset()):
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")
        rows = self._rows(path, listed, query)
        if listed.paged and query.get("pageinate") == "true":
            return self._page(query, listed.key, rows)
        if listed.paged or path == "/Actions":
            size = self._number(query, "count", UNASKED)
            return self._wrapped(rows[:size], listed.key, {"record_count": len(rows)})
        if self.switches.on(self.slug, "bare"):
            return Reply(rows=rows)
        return self._wrapped(rows, listed.key, {"record_count": len(rows)})

    def _page(self, query: dict[str, str], key: str, rows: list[Row]) -> Reply:
        size = self._number(query, "page_size", UNASKED)
        page, size = self._number(query, "page_no", 1), min(size, self.switches.number(self.slug, "largest_page"))
        here = rows[(page - 1) * size : page * size]
        counted = here if self.switches.text(self.slug, "record_count") == "page" else rows
        return self._wrapped(here, key, {"page_no": page, "page_size": size, "record_count": len(counted)})

    def _wrapped(self, rows: list[Row], key: str, told: Row) -> Reply:
        head = dumps(told)[:-1]
        return Reply(rows=rows, wrap=lambda listed: head + b',"' + key.encode() + b'":' + listed + b"}")

    def _rows(self, path: str, listed: Collection, query: dict[str, str]) -> list[Row]:
        """The whole list; that of the page before is used again while nothing has moved."""
        asked = {name: text for name, text in query.items() if name in listed.parameters}
        key = (path, tuple(sorted(asked.items())), query.get("orderdesc"), self.world.clock.now(),
               self.world.edits.version, self.switches.version)  # fmt: skip
        if key not in self._kept:
            if query.get("order", "id") != "id":
                raise Refusal(400, "only the order by id is played here")
            rows = list(listed.rows(asked))
            while len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[key] = rows[::-1] if query.get("orderdesc") == "true" else rows
        return self._kept[key]

    def _number(self, query: dict[str, str], name: str, default: int) -> int:
        """A filter that makes no sense is ignored, not refused."""
        text = query.get(name, "")
        return int(text) if text.isdigit() and int(text) > 0 else default
