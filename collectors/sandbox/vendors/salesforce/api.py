"""Salesforce's REST API, version 60.0."""

from __future__ import annotations

import base64
import json
import secrets
import time

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.salesforce import rows
from collectors.sandbox.vendors.salesforce.soql import Question, holding, parsed, value
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.world import World

CLIENT_ID, CLIENT_SECRET = "3MVG9sandbox.salesforce.key", "A41Fsandbox-salesforce-secret"
TOKENS, DATA = "/services/oauth2/token", "/services/data/v60.0"
CODES = {401: "INVALID_SESSION_ID", 403: "INSUFFICIENT_ACCESS", 404: "NOT_FOUND", 500: "UNKNOWN_EXCEPTION"}


class Salesforce:
    slug = "salesforce"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self._tokens: dict[str, float] = {}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def owners(self) -> dict[str, int | None]:
        return {
            rows.id_of("001", company.id): company.client if company.client >= 0 else None
            for company in self.world.sales.companies(self.world.clock.now())
        }

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        """Every error is a list. The limit of requests is a 403, and says nothing of a wait."""
        if status == 429:
            status, message, code = 403, "TotalRequests Limit exceeded.", "REQUEST_LIMIT_EXCEEDED"
        return json_reply([{"message": message, "errorCode": code or CODES.get(status, "ERROR")}], status)

    def answer(self, request: Request) -> Reply:
        if request.path == TOKENS:
            return self._token(request)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self._tokens.get(token, 0) < time.time():
            raise Refusal(401, "Session expired or invalid")
        if request.method != "GET" or request.repeated:
            raise Refusal(405, "HTTP Method not allowed", "METHOD_NOT_ALLOWED")
        path = request.path.removeprefix(DATA)
        if not request.path.startswith(DATA) or not (path in ("/limits", "/query", "/queryAll") or _locates(path)):
            raise Refusal(404, "The requested resource does not exist")
        if path == "/limits":
            reply = json_reply({"DailyApiRequests": {"Max": 100_000, "Remaining": 99_982}})
        else:
            reply = self._query(request, path)
        reply.headers["Sforce-Limit-Info"] = "api-usage=18/100000"
        return reply

    def _token(self, request: Request) -> Reply:
        if request.method != "POST":
            raise Refusal(405, "HTTP Method not allowed", "METHOD_NOT_ALLOWED")
        form = request.form()
        if form.pop("grant_type", "") != "client_credentials":
            return json_reply({"error": "unsupported_grant_type", "error_description": "not supported"}, 400)
        if form != self.secrets():
            return json_reply({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        token = "00D" + secrets.token_urlsafe(24)
        self._tokens[token] = time.time() + self.switches.number(self.slug, "session_seconds")
        return json_reply({
            "access_token": token, "instance_url": request.base, "token_type": "Bearer", "scope": "api",
            "id": "https://login.salesforce.com/id/00D/005", "issued_at": "1712345678901", "signature": "c2FuZGJveA==",
        })  # fmt: skip

    def _query(self, request: Request, path: str) -> Reply:
        """A first page by the statement, a further one by the place that the page before told."""
        if place := _locates(path):
            if request.query:
                raise Refusal(400, "a locator takes no parameters", "INVALID_QUERY_LOCATOR")
            kind, text, skip = place
        else:
            if set(request.query) != {"q"}:
                raise Refusal(400, "q is needed and nothing else is known", "MALFORMED_QUERY")
            kind, text, skip = path, request.query["q"], 0
        question = parsed(text)
        found = self._found(question, archived=kind == "/queryAll")
        if not question.fields and question.below is None:
            return json_reply({"totalSize": len(found), "done": True, "records": []})
        if question.limit is not None:
            found = found[: question.limit]
        reached = skip + self.switches.number(self.slug, "page_rows")
        shown = [self._shown(question, row) for row in found[skip:reached]]
        told: dict[str, object] = {"totalSize": len(found), "done": reached >= len(found)}
        if reached < len(found):
            locator = base64.urlsafe_b64encode(json.dumps([kind, text, reached]).encode()).decode()
            told["nextRecordsUrl"] = f"{DATA}/query/{locator}"
        return Reply(rows=shown, wrap=lambda listed: dumps(told)[:-1] + b',"records":' + listed + b"}")

    def _found(self, question: Question, *, archived: bool) -> list[Row]:
        if question.object == "OpportunityPartner" and not self.switches.on(self.slug, "partners"):
            raise Refusal(400, f"sObject type '{question.object}' is not supported.", "INVALID_TYPE")
        if question.object not in rows.FIELDS:
            raise Refusal(400, f"sObject type '{question.object}' is not supported.", "INVALID_TYPE")
        made = rows.made(question.object, self.world, archived)
        today = utc_text(self.world.calendar.midnight(self.world.calendar.day(self.world.clock.now())))
        return holding(question, made, rows.FIELDS[question.object], today.replace("Z", ".000+0000"))

    def _shown(self, question: Question, row: Row) -> Row:
        told: Row = {"attributes": {"type": question.object, "url": f"{DATA}/sobjects/{question.object}/{row['Id']}"}}
        for name in question.fields:
            parent, _, below = name.partition(".")
            told[parent] = {"attributes": {"type": "Name"}, below: value(row, name)} if below else row[parent]
        if question.below:
            name, fields = question.below
            if (question.object, name) != ("Opportunity", "OpportunityHistories"):
                raise Refusal(400, f"Didn't understand relationship '{name}'", "INVALID_FIELD")
            listed = [{field: one[field] for field in fields} for one in rows.histories(row)]
            told[name] = {"totalSize": len(listed), "done": True, "records": listed}
        return told


def _locates(path: str) -> tuple[str, str, int] | None:
    """What a place was given for: the address, the statement and how many rows came before."""
    _, _, locator = path.removeprefix("/").partition("/")
    if not path.startswith("/query/") or not locator:
        return None
    try:
        kind, text, skip = json.loads(base64.urlsafe_b64decode(locator))
    except ValueError:
        raise Refusal(400, "invalid query locator", "INVALID_QUERY_LOCATOR") from None
    return kind, text, skip
