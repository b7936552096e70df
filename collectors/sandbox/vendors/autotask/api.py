"""Autotask's REST API, version 1.0: the zone, three headers, questions and their counts."""

from __future__ import annotations

import base64
import json
import re

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.autotask.filters import bad, named, test_of
from collectors.sandbox.vendors.autotask.picklists import picklists
from collectors.sandbox.vendors.autotask.rows import FIELDS, SLUG, TOLD_BY_TICKET, Rows
from collectors.sandbox.world.world import World

USER, SECRET, CODE = "reports@lanternworksit.example", "sandbox-autotask-secret", "SANDBOXAUTOTASKINTEGRATION"
MOST, LONGEST_ADDRESS, THRESHOLD = 500, 2_048, 10_000
ROOT = "/atservicesrest"
_QUERY = re.compile(r"/V1\.0/(\w+)/query(/count|/next)?", re.IGNORECASE)
_FIELDS = re.compile(r"/V1\.0/(\w+)/entityInformation/fields", re.IGNORECASE)


class Autotask:
    slug = SLUG

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.rows = Rows(world, switches)
        self._kept: dict[tuple[object, ...], list[Row]] = {}

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "user_name": USER}

    def secrets(self) -> dict[str, str]:
        return {"secret": SECRET, "integration_code": CODE}

    def owners(self) -> dict[str, int | None]:
        clients = self.world.clients
        kinds = ("internal", "client")
        return {
            str(self.rows.company(index)): index if clients.get(index).kind in kinds else None
            for index in clients.everyone
        }

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        reply = json_reply({"errors": [message]}, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        path = request.path
        if not path.lower().startswith(ROOT):
            raise Refusal(404, "Not Found")
        path = path[len(ROOT) :]
        if path.lower() == "/v1.0/zoneinformation":
            return self._zone(request)
        if path.lower() == "/versioninformation":
            return json_reply({"apiVersions": ["1.0"]})
        self._authenticate(request)
        if request.repeated:
            raise bad("a parameter is given twice")
        if path.lower() == "/v1.0/thresholdinformation" and request.method == "GET":
            return json_reply({"externalRequestThreshold": THRESHOLD, "requestThresholdTimeframe": 60,
                               "currentTimeframeRequestCount": 12})  # fmt: skip
        if (match := _FIELDS.fullmatch(path)) and request.method == "GET":
            return self._information(self._entity(match[1]), request)
        if match := _QUERY.fullmatch(path):
            return self._query(request, self._entity(match[1]), (match[2] or "").lower())
        raise Refusal(404, "No HTTP resource was found that matches the request")

    def _zone(self, request: Request) -> Reply:
        if request.method != "GET" or request.query != {"user": USER}:
            raise Refusal(500, "Zone information could not be determined")
        return json_reply({"zoneName": "America East", "url": f"{request.base}{ROOT}/", "ci": 12345,
                           "webUrl": "https://ww5.autotask.example/"})  # fmt: skip

    def _authenticate(self, request: Request) -> None:
        sent = tuple(request.headers.get(name) for name in ("apiintegrationcode", "username", "secret"))
        if sent != (CODE, USER, SECRET):
            raise Refusal(401, "Unauthorized")
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refusal(415, "Content-Type must be application/json")

    def _entity(self, name: str) -> str:
        if name not in FIELDS:
            raise Refusal(404, f"{name} does not exist")
        if name == self.switches.text(self.slug, "forbidden"):
            raise bad(f"The logged in Resource does not have the adequate permissions to view {name}")
        return name

    def _information(self, entity: str, request: Request) -> Reply:
        if request.query:
            raise bad("entityInformation takes no parameters")
        lists = picklists(self.switches.number(self.slug, "customer")).get(entity, {})
        fields: list[Row] = [
            {
                "name": name, "dataType": {"int": "integer", "text": "string"}.get(kind, kind), "isReadOnly": False,
                "isPickList": name in lists,
                "picklistValues": [
                    {"value": str(number), "label": label, "isActive": True, "isSystem": label == "Complete",
                     "sortOrder": place, "parentValue": ""}
                    for place, (number, label) in enumerate(lists[name].items())
                ] if name in lists else None,
            }
            for name, kind in FIELDS[entity].items()
        ]  # fmt: skip
        return Reply(rows=fields, wrap=lambda listed: b'{"fields":' + listed + b"}")

    def _query(self, request: Request, entity: str, ending: str) -> Reply:
        query = self._question(request, ending)
        if set(query) - {"filter", "MaxRecords", "IncludeFields"}:
            raise bad(f"invalid query: {', '.join(sorted(query))}")
        fields = FIELDS[entity]
        test = test_of(query.get("filter"), fields)
        tickets = named(query["filter"], "ticketID") if entity in TOLD_BY_TICKET else None
        if entity in TOLD_BY_TICKET and tickets is None:
            raise bad(f"{entity} must be filtered by ticketID")
        matched = [row for row in self._rows(entity, tickets) if test(row)]
        if ending == "/count":
            return json_reply({"queryCount": len(matched)})
        size = query.get("MaxRecords", MOST)
        if not isinstance(size, int) or not 1 <= size <= MOST:
            raise bad(f"MaxRecords is invalid: 1 to {MOST}")
        included = query.get("IncludeFields") or list(fields)
        if not isinstance(included, list) or set(included) - set(fields):
            raise bad(f"Unable to find a field of {included} in {entity}")
        return self._page(request, entity, matched, size, included)

    def _question(self, request: Request, ending: str) -> Row:
        """The query of a POST's body, or of a GET's parameter `search`."""
        allowed = {"paging"} if ending == "/next" else set()
        if request.method == "POST":
            text = request.body.decode("utf-8", "replace")
        elif request.method == "GET":
            if len(request.query_text) > LONGEST_ADDRESS:
                raise Refusal(404, "The address is too long")
            text, allowed = request.query.get("search", ""), allowed | {"search"}
        else:
            raise Refusal(405, "The requested resource does not support this method")
        if set(request.query) - allowed:
            raise bad("invalid parameter")
        try:
            query = json.loads(text)
        except ValueError:
            raise bad("malformed query") from None
        if not isinstance(query, dict):
            raise bad("malformed query")
        return query

    def _page(self, request: Request, entity: str, matched: list[Row], size: int, included: list[str]) -> Reply:
        after = self._place(request)
        left = [row for row in matched if int(str(row["id"])) > after]
        page = [{name: row.get(name) for name in included} for row in left[:size]]
        following = None
        if len(left) > size:
            token = base64.urlsafe_b64encode(str(left[size - 1]["id"]).encode()).decode()
            following = f"{request.base}{ROOT}/v1.0/{entity}/query/next?paging={token}"
        details = {"count": len(page), "requestCount": size, "prevPageUrl": None, "nextPageUrl": following}
        return Reply(rows=page, wrap=lambda listed: b'{"items":' + listed + b',"pageDetails":' + dumps(details) + b"}")

    def _place(self, request: Request) -> int:
        if "paging" not in request.query:
            return -1
        try:
            return int(base64.urlsafe_b64decode(request.query["paging"]))
        except ValueError:
            raise bad("invalid paging") from None

    def _rows(self, entity: str, tickets: list[int] | None) -> list[Row]:
        """All rows; those of the question before are used again while nothing has moved."""
        moment = self.world.clock.now()
        if tickets is not None:
            return self.rows.of(entity, moment, tickets)
        key = (entity, moment, self.world.edits.version, self.switches.version)
        if key not in self._kept:
            while len(self._kept) >= 4:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[key] = self.rows.of(entity, moment, None)
        return self._kept[key]
