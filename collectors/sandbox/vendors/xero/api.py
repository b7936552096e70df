"""Xero's Accounting API 2.0, as a custom connection to one organisation sees it."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import date

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.xero.records import Records
from collectors.sandbox.vendors.xero.report import profit_and_loss
from collectors.sandbox.world.world import World

CLIENT_ID, CLIENT_SECRET = "SandboxXeroClient", "SandboxXeroSecret"
SCOPES = {
    "granular": "accounting.settings.read accounting.contacts.read accounting.reports.profitandloss.read "
                "accounting.invoices.read",
    "classic": "accounting.settings.read accounting.contacts.read accounting.reports.read "
               "accounting.transactions.read",
}  # fmt: skip
PAGE, MOST = 100, 1000
TAKES = {
    "Organisation": set[str](),
    "Accounts": {"where", "order"},
    "Contacts": {"page", "pageSize", "where", "order", "IDs", "includeArchived", "summaryOnly", "searchTerm"},
    "Invoices": {"page", "pageSize", "where", "order", "IDs", "Statuses", "ContactIDs"},
    "CreditNotes": {"page", "pageSize", "where", "order"},
    "Reports/ProfitAndLoss": {"fromDate", "toDate", "standardLayout", "paymentsOnly", "timeframe"},
}
_CLAUSE = re.compile(r'(\w+)(==|>=|<=|>|<)(?:"([^"]*)"|DateTime\((\d{4}),(\d{1,2}),(\d{1,2})\))')


class Xero:
    slug = "xero"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.records = Records(world)
        self._tokens: dict[str, float] = {}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "token_address": base, "basis": "accrual", "scope": SCOPES["granular"]}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def owners(self) -> dict[str, int | None]:
        return self.records.owners()

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        if status == 400:
            return json_reply({"ErrorNumber": 10, "Type": "ValidationException", "Elements": [],
                               "Message": message}, 400)  # fmt: skip
        if status == 404:
            return Reply(404, b"<html><body>The resource you're looking for cannot be found</body></html>", "text/html")
        reply = json_reply({"Type": None, "Title": code or "Error", "Status": status, "Detail": message,
                            "Instance": "3f0e", "Extensions": {}}, status)  # fmt: skip
        if status == 429:
            reply.headers |= {"Retry-After": str(self.switches.number(self.slug, "retry_after")),
                              "X-Rate-Limit-Problem": "minute"}  # fmt: skip
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path == "/connect/token":
            return self._token(request)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self._tokens.get(token, 0) <= time.time():
            return self.refusal(401, "TokenExpired: token expired", "Unauthorized")
        if request.headers.get("xero-tenant-id"):
            return self.refusal(403, "AuthenticationUnsuccessful", "Forbidden")
        path = request.path.removeprefix("/api.xro/2.0/")
        if path == request.path or path not in TAKES:
            raise Refusal(404, "not found")
        if request.method != "GET":
            return self.refusal(405, "only reading is played here")
        if unknown := set(request.query) - TAKES[path]:
            raise Refusal(400, f"unknown parameter {min(unknown)}")
        if request.headers.get("accept") != "application/json":
            return Reply(200, b"<Response><Status>OK</Status></Response>", "text/xml")
        return self._read(path, request.query)

    def _token(self, request: Request) -> Reply:
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.method != "POST" or request.headers.get("authorization") != f"Basic {wanted}":
            return json_reply({"error": "invalid_client"}, 400)
        form, scopes = request.form(), SCOPES[self.switches.text(self.slug, "scopes")]
        if set(form) - {"scope"} != {"grant_type"} or form["grant_type"] != "client_credentials":
            return json_reply({"error": "unsupported_grant_type"}, 400)
        if not set(form.get("scope", "").split()) <= set(scopes.split()):
            return json_reply({"error": "invalid_scope"}, 400)
        token, life = secrets.token_urlsafe(24), self.switches.number(self.slug, "token_seconds")
        self._tokens[token] = time.time() + life
        return json_reply({"access_token": token, "expires_in": life, "token_type": "Bearer", "scope": scopes})

    def _read(self, path: str, query: dict[str, str]) -> Reply:
        now = self.world.clock.now()
        if path == "Organisation":
            return _listed("Organisations", [self.records.organisation()])
        if path == "Accounts":
            return _listed(path, _asked(list(self.records.accounts(now)), query))
        if path == "Reports/ProfitAndLoss":
            return json_reply(self._report(query, now))
        made: dict[str, Callable[[int], Iterator[Row]]] = {
            "Contacts": self.records.contacts, "Invoices": self.records.invoices,
            "CreditNotes": self.records.credit_notes,
        }  # fmt: skip
        rows = _asked(list(made[path](now)), query)
        if path == "Contacts" and query.get("includeArchived") != "true":
            rows = [row for row in rows if row["ContactStatus"] == "ACTIVE"]
        if "Statuses" in query:
            rows = [row for row in rows if row["Status"] in query["Statuses"].split(",")]
        return self._page(path, rows, query)

    def _page(self, name: str, rows: list[Row], query: dict[str, str]) -> Reply:
        page, size = _number(query, "page", 1), min(_number(query, "pageSize", PAGE), MOST)
        told: Row = {"page": page, "pageSize": size, "pageCount": -(-len(rows) // size), "itemCount": len(rows)}
        shown = rows[(page - 1) * size : page * size]
        return _listed(name, shown, told if self.switches.on(self.slug, "pagination") else None)

    def _report(self, query: dict[str, str], now: int) -> Row:
        try:
            start, end = date.fromisoformat(query["fromDate"]), date.fromisoformat(query["toDate"])
        except (KeyError, ValueError):
            raise Refusal(400, "fromDate and toDate are days") from None
        if end < start or (end - start).days > 365:
            raise Refusal(400, "The report covers a year at the most")
        label = self.switches.text(self.slug, "dated_labels")
        return profit_and_loss(self.world, start, end, query.get("paymentsOnly") == "true", now, label)


def _listed(name: str, rows: list[Row], pagination: Row | None = None) -> Reply:
    head = {"Id": "b3c1", "Status": "OK", "ProviderName": "Sandbox"} | (
        {"pagination": pagination} if pagination else {})  # fmt: skip
    return Reply(rows=rows, wrap=lambda listed: dumps(head)[:-1] + b',"' + name.encode() + b'":' + listed + b"}")


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, f"{name} counts from 1")
    return int(text)


def _asked(rows: list[Row], query: dict[str, str]) -> list[Row]:
    for clause in query["where"].split(" AND ") if "where" in query else ():
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise Refusal(400, f"cannot parse where: {clause[:60]}")
        rows = [row for row in rows if _holds(row, match)]
    if order := query.get("order"):
        name, _, way = order.partition(" ")
        if way not in ("", "ASC", "DESC") or any(name not in row for row in rows):
            raise Refusal(400, f"cannot order by {name}")
        rows = sorted(rows, key=lambda row: str(row[name]), reverse=way == "DESC")
    return rows


def _holds(row: Row, match: re.Match[str]) -> bool:
    name, sign, wanted = match[1], match[2], match[3]
    if name not in row:
        raise Refusal(400, f"no property {name}")
    found = str(row[name])
    if match[4]:
        found, wanted = str(row[f"{name}String"])[:10], date(int(match[4]), int(match[5]), int(match[6])).isoformat()
    return {"==": found == wanted, ">=": found >= wanted, "<=": found <= wanted, ">": found > wanted,
            "<": found < wanted}[sign]  # fmt: skip
