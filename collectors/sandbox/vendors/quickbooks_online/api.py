"""QuickBooks Online's Accounting API, version 3."""

from __future__ import annotations

import json
from datetime import date
from xml.sax.saxutils import escape

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.quickbooks_online import profit, statements
from collectors.sandbox.vendors.quickbooks_online.consent import CLIENT_ID, CLIENT_SECRET, REALM, Consent
from collectors.sandbox.vendors.quickbooks_online.entities import Entities, changed_at, server_time
from collectors.sandbox.world.dates import DAY, parse_moment
from collectors.sandbox.world.world import World

MINOR_VERSION = "75"
CDC_DAYS, CDC_OBJECTS, BATCH_ITEMS = 30, 1000, 30
_FAULT_TYPES = {400: "ValidationFault", 401: "AUTHENTICATION", 403: "AuthorizationFault", 429: "ThrottleFault"}
_CODES = {400: "2010", 401: "3200", 403: "3100", 404: "610", 429: "3001", 500: "10000"}


class QuickBooks:
    slug = "quickbooks_online"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.entities = Entities(world)
        self.consent = Consent(switches)

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "consent_address": base, "token_address": base, "basis": "Accrual"}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "realm_id": REALM,
                "refresh_token": self.consent.current_refresh_token()}  # fmt: skip

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        if status == 429:
            return self._throttled()
        code = code or _CODES.get(status, "10000")
        kind = _FAULT_TYPES.get(status, "SystemFault")
        now = server_time(self.world.clock.now())
        if status == 401 and self.switches.on(self.slug, "gateway_faults"):
            error: Row = {"message": message, "detail": message, "code": code}
            return json_reply({"fault": {"error": [error], "type": kind}}, status, intuit_tid="sandbox")
        if self.switches.on(self.slug, "errors_as_xml"):
            return self._xml_fault(status, message, code, kind)
        error = {"Message": message.split(":")[0], "Detail": message, "code": code, "element": ""}
        return json_reply({"Fault": {"Error": [error], "type": kind}, "time": now}, status, intuit_tid="sandbox")

    def _xml_fault(self, status: int, message: str, code: str, kind: str) -> Reply:
        body = (f'<?xml version="1.0" encoding="UTF-8"?><IntuitResponse><Fault type="{kind}"><Error code="{code}">'
                f"<Message>{escape(message)}</Message></Error></Fault></IntuitResponse>")  # fmt: skip
        return Reply(status, body.encode(), "application/xml", {"intuit_tid": "sandbox"})

    def _throttled(self) -> Reply:
        message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
        error: Row = {"Message": message, "Detail": "", "code": "3001", "element": ""}
        status = self.switches.number(self.slug, "throttle_status")
        reply = json_reply({"Fault": {"Error": [error], "type": "ThrottleFault"}}, status, intuit_tid="sandbox")
        if self.switches.on(self.slug, "throttle_wait"):
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path == "/connect/oauth2":
            return self.consent.page(request)
        if request.path.startswith("/connect/oauth2/allow/"):
            return self.consent.allow(request.path.removeprefix("/connect/oauth2/allow/"))
        if request.path == "/oauth2/v1/tokens/bearer" and request.method == "POST":
            return self.consent.token(request)
        if request.path == "/v2/oauth2/tokens/revoke" and request.method == "POST":
            return self._revoke(request)
        prefix = "/v3/company/"
        if not request.path.startswith(prefix):
            raise Refusal(404, "not found", "610")
        if not self.consent.admits(request):
            raise Refusal(401, "AuthenticationFailed: token is missing, wrong or expired")
        realm, _, path = request.path.removeprefix(prefix).partition("/")
        if realm != REALM:
            raise Refusal(403, "ApplicationAuthorizationFailed: this token is not for that company")
        if request.headers.get("accept") != "application/json":
            raise Refusal(400, "Accept: application/json is the only format played here")
        if request.repeated or request.query.get("minorversion", MINOR_VERSION) != MINOR_VERSION:
            raise Refusal(400, "minorversion below 75 is retired")
        reply = self._read(request, path)
        reply.headers["intuit_tid"] = "sandbox"
        return reply

    def _revoke(self, request: Request) -> Reply:
        self.consent.revoke()
        return Reply(200, content_type=None)

    def _read(self, request: Request, path: str) -> Reply:
        if path == "query":
            return self._query(request)
        if path == "batch" and request.method == "POST":
            return self._batch(request)
        if request.method != "GET":
            raise Refusal(400, "only reading is played here")
        if path == f"companyinfo/{REALM}":
            return self._one(request, "CompanyInfo")
        if path == "preferences":
            return self._one(request, "Preferences")
        if path == "cdc":
            return self._changes(request)
        if path == "reports/ProfitAndLoss":
            return self._profit(request)
        raise Refusal(404, "Object Not Found", "610")

    def _time(self) -> str:
        return server_time(self.world.clock.now())

    def _one(self, request: Request, entity: str) -> Reply:
        self._allow(request, set())
        row = next(self.entities.rows(entity, self.world.clock.now()))
        return json_reply({entity: row, "time": self._time()})

    def _allow(self, request: Request, names: set[str]) -> None:
        unknown = set(request.query) - names - {"minorversion"}
        if unknown:
            raise Refusal(400, f"unknown parameter: {', '.join(sorted(unknown))}")

    def _query(self, request: Request) -> Reply:
        if request.method == "POST":
            if request.headers.get("content-type", "").split(";")[0] != "application/text":
                raise Refusal(400, "a statement is sent as application/text")
            self._allow(request, set())
            return self._select(request.body.decode())
        self._allow(request, {"query"})
        return self._select(request.query.get("query", ""))

    def _select(self, text: str) -> Reply:
        statement, found = self._found(text)
        if statement.count:
            return json_reply({"QueryResponse": {"totalCount": len(found)}, "time": self._time()})
        rows = found[statement.start - 1 : statement.start - 1 + statement.size]
        if statement.fields is not None:
            rows = [_only(row, statement.fields) for row in rows]
        head = {"startPosition": statement.start, "maxResults": len(rows)}

        def wrap(listed: bytes) -> bytes:
            inner = b"{}" if listed == b"[]" else (
                b'{"' + statement.entity.encode() + b'":' + listed + b"," + dumps(head)[1:])  # fmt: skip
            return b'{"QueryResponse":' + inner + b',"time":' + dumps(self._time()) + b"}"

        return Reply(rows=rows, wrap=wrap)

    def _found(self, text: str) -> tuple[statements.Statement, list[Row]]:
        statement = statements.parse(text)
        return statement, statement.select(list(self.entities.rows(statement.entity, self.world.clock.now())))

    def _batch(self, request: Request) -> Reply:
        try:
            items = json.loads(request.body)["BatchItemRequest"]
            wanted = [(str(item["bId"]), str(item["Query"])) for item in items if set(item) == {"bId", "Query"}]
        except (ValueError, KeyError, TypeError):
            raise Refusal(400, "BatchItemRequest is not readable") from None
        if len(wanted) != len(items) or len(items) > BATCH_ITEMS:
            raise Refusal(400, "a batch holds up to 30 queries and nothing else")
        answers = [{"bId": name} | json.loads(self._select(text).finish()) for name, text in wanted]
        return json_reply({"BatchItemResponse": answers, "time": self._time()})

    def _changes(self, request: Request) -> Reply:
        self._allow(request, {"entities", "changedSince"})
        names = request.query.get("entities", "").split(",")
        if not set(names) <= statements.LISTS:
            raise Refusal(400, "cdc: an entity is not served")
        try:
            since = parse_moment(request.query.get("changedSince", ""))
        except ValueError:
            raise Refusal(400, "changedSince is not a date") from None
        now = self.world.clock.now()
        if since < now - CDC_DAYS * DAY:
            raise Refusal(400, "changedSince is more than 30 days ago")
        lists, room = [], CDC_OBJECTS
        for name in names:
            rows = [row for row in self.entities.rows(name, now) if changed_at(row) >= since][:room]
            room -= len(rows)
            lists.append({name: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
        return json_reply({"CDCResponse": [{"QueryResponse": lists}], "time": self._time()})

    def _profit(self, request: Request) -> Reply:
        self._allow(request, {"start_date", "end_date", "date_macro", "summarize_column_by", "accounting_method"})
        query = request.query
        columns, method = query.get("summarize_column_by", "Total"), query.get("accounting_method", "Accrual")
        if columns not in profit.COLUMNS or method not in ("Accrual", "Cash"):
            raise Refusal(400, "summarize_column_by or accounting_method is not one that is played")
        start, end = self._period(query)
        with_keys = self.switches.on(self.slug, "customer_key")
        wanted = profit.Wanted(
            start, end, columns, method == "Cash", with_keys, self.switches.text(self.slug, "unspecified")
        )
        return json_reply(profit.ProfitAndLoss(self.world, wanted).report())

    def _period(self, query: dict[str, str]) -> tuple[date, date]:
        today = self.world.calendar.day(self.world.clock.now())
        if "date_macro" in query:
            period = profit.period_of(query["date_macro"], today)
            if period is None:
                raise Refusal(400, "date_macro is not one that is played")
            return period
        if "start_date" not in query or "end_date" not in query:
            return date(today.year, 1, 1), today  # a lone date is ignored
        try:
            start, end = date.fromisoformat(query["start_date"]), date.fromisoformat(query["end_date"])
        except ValueError:
            raise Refusal(400, "start_date or end_date is not a date") from None
        if end < start:
            raise Refusal(400, "end_date is before start_date")
        return start, end


def _only(row: Row, fields: list[str]) -> Row:
    """The wanted fields; Id, SyncToken and the like come anyway."""
    tops = {name.split(".")[0] for name in fields} | {"Id", "domain", "sparse"}
    return {name: value for name, value in row.items() if name in tops}
