"""Pax8's Partner API, version 1."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.world import names
from collectors.sandbox.world.clients import Client
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.marketplace import Subscription
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

CLIENT_ID, CLIENT_SECRET, AUDIENCE = "sandbox-pax8-client", "sandbox-pax8-secret", "https://api.pax8.com"
DEFAULT_SIZE, MOST = 10, 200
STATUSES = {"active": "Active", "trial": "Trial", "cancelled": "Cancelled"}
FILTERS = {
    "/companies": {"city", "country", "stateOrProvince", "postalCode", "selfServiceAllowed", "billOnBehalfOfEnabled",
                   "orderApprovalRequired", "status"},
    "/subscriptions": {"status", "billingTerm", "companyId", "productId"},
}  # fmt: skip


class Pax8:
    slug = "pax8"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self._tokens: dict[str, float] = {}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "audience": AUDIENCE}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        body = {"type": code or "ERROR", "message": message, "instance": "/v1", "status": status, "details": []}
        reply = json_reply(body, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path == "/v1/token":
            return self._token(request)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self._tokens.get(token, 0) < time.time():
            return self.refusal(401, "Unauthorized", "UNAUTHORIZED")
        if request.method != "GET" or request.repeated:
            return self.refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        path = request.path.removeprefix("/v1")
        if path not in FILTERS:
            raise Refusal(404, "not found", "NOT_FOUND")
        if unknown := set(request.query) - FILTERS[path] - {"page", "size", "sort"}:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}", "BAD_REQUEST")
        rows = self._companies(request) if path == "/companies" else self._subscriptions(request)
        return self._page(request, list(rows))

    def _token(self, request: Request) -> Reply:
        if request.method != "POST":
            return self.refusal(405, "POST only")
        try:
            body = json.loads(request.body)
        except ValueError:
            return self.refusal(400, "the body is no JSON", "BAD_REQUEST")
        expected = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "audience": AUDIENCE,
                    "grant_type": "client_credentials"}  # fmt: skip
        if body != expected:
            return json_reply({"error": "access_denied", "error_description": "Unauthorized"}, 401)
        token, life = secrets.token_urlsafe(24), self.switches.number(self.slug, "token_seconds")
        self._tokens[token] = time.time() + life
        return json_reply({"access_token": token, "expires_in": life, "token_type": "Bearer"})

    def _page(self, request: Request, rows: list[Row]) -> Reply:
        """A page larger than the largest is cut without a word."""
        page, size = self._number(request, "page", 0), self._number(request, "size", DEFAULT_SIZE)
        if size < 1:
            raise Refusal(400, "size is too small", "BAD_REQUEST")
        size = min(size, MOST)
        told = {"size": size, "totalElements": len(rows), "totalPages": -(-len(rows) // size), "number": page}
        return Reply(
            rows=rows[page * size : (page + 1) * size],
            wrap=lambda listed: b'{"content":' + listed + b',"page":' + dumps(told) + b"}",
        )

    def _number(self, request: Request, name: str, default: int) -> int:
        text = request.query.get(name, str(default))
        if not text.isdigit():
            raise Refusal(400, f"{name} is no number", "BAD_REQUEST")
        return int(text)

    def _companies(self, request: Request) -> Iterator[Row]:
        wanted = request.query.get("status", "")
        updated = utc_text(self.world.calendar.month_start(self.world.options.first_month))
        for record in self.world.marketplace.companies(self.world.clock.now()):
            client = None if record.client is None else self.world.clients.get(record.client)
            row = _company(record, client, updated)
            if wanted in ("", row["status"]):
                yield row
        if wanted == "Deleted" or (not wanted and self.switches.on(self.slug, "deleted_listed")):
            yield {"id": opaque("pax8/deleted"), "name": "Old Harbor Test", "status": "Deleted", "address": {}}

    def _subscriptions(self, request: Request) -> Iterator[Row]:
        now, query = self.world.clock.now(), request.query
        for record in self.world.marketplace.companies(now):
            if record.client is None or query.get("companyId", record.id) != record.id:
                continue
            for one in self.world.marketplace.subscriptions(record.client, now):
                row = self._subscription(one, record.id)
                if self._asked_for(row, query):
                    yield row

    def _asked_for(self, row: Row, query: dict[str, str]) -> bool:
        ended = row["status"] == "Cancelled" and "status" not in query
        if ended and not self.switches.on(self.slug, "cancelled_listed"):
            return False
        return all(row[name] == query[name] for name in ("status", "billingTerm", "productId") if name in query)

    def _subscription(self, one: Subscription, company: str) -> Row:
        row: Row = {
            "id": one.guid, "companyId": company, "productId": one.product.guid, "vendorSkuId": one.product.part_number,
            "quantity": one.quantity, "startDate": f"{one.start_on}T00:00:00Z", "createdDate": utc_text(one.created_at),
            "updatedDate": utc_text(one.updated_at).replace("Z", ".000-0000"), "billingStart": one.start_on.isoformat(),
            "status": STATUSES[one.status], "price": float(one.price), "partnerCost": float(one.partner_cost),
            "currencyCode": "USD", "billingTerm": "Trial" if one.status == "trial" else one.term,
        }  # fmt: skip
        if one.end_on:
            row["endDate"] = one.end_on.isoformat()
        if self.switches.on(self.slug, "product_name"):
            row["productName"] = one.product.name
        return row


def _company(record: Record, client: Client | None, updated: str) -> Row:
    """Nine in ten have the address and website that the PSA has; the rest were entered in a hurry."""
    known = client if client is not None and client.index % 10 else None
    row: Row = {
        "id": record.id, "name": record.name, "status": "Active", "phone": next(iter(record.phones), ""),
        "website": f"https://www.{known.domain}/" if known else None, "address": {"country": "US"},
        "selfServiceAllowed": False, "billOnBehalfOfEnabled": False, "orderApprovalRequired": False,
        "updatedDate": updated.replace("Z", ".314-0600"),
    }  # fmt: skip
    if known:
        street, city, code = names.address(known.index, known.psa_name)
        row["address"] = {"street": street, "city": city, "postalCode": code, "country": "US"}
    if record.ids:
        row["externalId"] = next(iter(record.ids.values()))
    return row
