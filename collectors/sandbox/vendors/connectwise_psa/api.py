"""ConnectWise PSA's REST API: who may ask, and how lists are cut into pages."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from itertools import islice
from threading import Lock
from typing import cast
from urllib.parse import quote, urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.connectwise_psa.catalog import SLUG, Ask, Catalog, Collection
from collectors.sandbox.vendors.connectwise_psa.conditions import (
    Condition,
    parse,
    parse_child,
    path_of,
    utc_date,
    value_of,
)
from collectors.sandbox.vendors.connectwise_psa.rows import Rows
from collectors.sandbox.vendors.connectwise_psa.shapes import cut, sortable
from collectors.sandbox.world.dates import DAY, parse_moment
from collectors.sandbox.world.world import World

COMPANY, PUBLIC_KEY, PRIVATE_KEY = "lanternworks", "SandboxPublicKey", "SandboxPrivateKey"
CLIENT_ID = "5b8f6c1e-2d3a-4f57-9a10-7c1d2e3f4a5b"
CODEBASE = "v2026_1/"
MAX_PAGE = 1000
KEPT_LISTS = 4
COMMON = {"conditions", "childConditions", "customFieldConditions", "orderBy", "fields", "columns"}
_ACCEPT = re.compile(r"^application/vnd\.connectwise\.com\+json; ?version=\d{4}\.\d+$")
_CODES = {400: "InvalidObject", 401: "Unauthorized", 403: "Unauthorized", 404: "NotFound"}


class ConnectWise:
    slug = SLUG

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.rows = Rows(world, f"{base}/v4_6_release/apis/3.0")
        self.catalog = Catalog(world, switches, self.rows)
        self._kept: dict[tuple[object, ...], list[Row]] = {}
        self._lock = Lock()

    def settings(self, base: str) -> dict[str, str]:
        return {"address": f"{base}/v4_6_release", "company": COMPANY}

    def secrets(self) -> dict[str, str]:
        return {"public_key": PUBLIC_KEY, "private_key": PRIVATE_KEY, "client_id": CLIENT_ID}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        code = code or _CODES.get(status, "ConnectWiseApi")
        reply = json_reply({"code": code, "message": message, "errors": []}, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/login/companyinfo/"):
            return self._company_info(request)
        path = self._below_codebase(request.path)
        self._authenticate(request)
        if request.repeated:
            raise Refusal(400, "a parameter is given twice")
        reply = self._read(request, path)
        reply.headers["api-current-version"] = "2026.4"
        return reply

    def _company_info(self, request: Request) -> Reply:
        if request.method != "GET" or request.path != f"/login/companyinfo/{COMPANY}":
            return json_reply(None)
        return json_reply({"CompanyName": "Lanternworks IT", "Codebase": CODEBASE, "VersionCode": "v2026.1",
                           "VersionNumber": "v4.6.99999", "CompanyID": COMPANY, "IsCloud": True})  # fmt: skip

    def _below_codebase(self, path: str) -> str:
        codebases = [f"/{CODEBASE}"]
        if self.switches.on(self.slug, "codebase_v4"):
            codebases.append("/v4_6_release/")
        for codebase in codebases:
            if path.startswith(f"{codebase}apis/3.0/"):
                return path.removeprefix(f"{codebase}apis/3.0")
        raise Refusal(404, "Not found", "NotFound")

    def _authenticate(self, request: Request) -> None:
        wanted = base64.b64encode(f"{COMPANY}+{PUBLIC_KEY}:{PRIVATE_KEY}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            raise Refusal(401, "The keys are not valid", "Unauthorized")
        if request.headers.get("clientid") != CLIENT_ID:
            raise Refusal(self.switches.number(self.slug, "no_client_id"), "clientId is missing or unknown",
                          "Unauthorized")  # fmt: skip
        accept = request.headers.get("accept", "")
        if accept != "application/json" and not _ACCEPT.match(accept):
            raise Refusal(415, "Accept names no version of this API", "ConnectWiseApi")

    def _read(self, request: Request, path: str) -> Reply:
        if path == "/system/info" and request.method == "GET" and not request.query:
            return json_reply({"version": "v2026.4", "isCloud": True, "cloudRegion": "NA",
                               "serverTimeZone": "UTC", "licenseBits": []})  # fmt: skip
        if request.method == "POST" and path.endswith("/search"):
            return self._search(request, path.removesuffix("/search"))
        if request.method != "GET":
            raise Refusal(405, "only reading is played here", "ConnectWiseApi")
        if path.endswith("/count"):
            return self._count(request, path.removesuffix("/count"))
        single = re.match(r"^(/service/tickets|/company/companies|/time/entries)/(\d+)$", path)
        if single is not None:
            return self._single(single[1], int(single[2]))
        collection, arguments = self.catalog.find(path)
        if path == "/system/audittrail":
            arguments = self._audited(request)
        return self._list(request, path, collection, arguments, request.query)

    def _audited(self, request: Request) -> tuple[int, ...]:
        if request.query.get("type") != "Ticket" or not request.query.get("id", "").isdigit():
            raise Refusal(400, "audittrail needs type=Ticket and id")
        return (int(request.query["id"]),)

    def _search(self, request: Request, path: str) -> Reply:
        collection, arguments = self.catalog.find(path)
        if not collection.search:
            raise Refusal(404, f"{path}/search not found", "NotFound")
        try:
            body = json.loads(request.body)
        except ValueError:
            raise Refusal(400, "the body is not JSON") from None
        if not isinstance(body, dict) or set(body) - {"conditions", "childConditions", "orderBy"}:
            raise Refusal(400, "the body has something unknown")
        return self._list(request, path, collection, arguments, request.query | body)

    def _count(self, request: Request, path: str) -> Reply:
        collection, arguments = self.catalog.find(path)
        if path.endswith("/changelogs") and not self.switches.on(self.slug, "changelog_count"):
            raise Refusal(404, "not found", "NotFound")
        if set(request.query) - {"conditions", "childConditions"}:
            raise Refusal(400, "count takes conditions only")
        return json_reply({"count": len(self._matched(path, collection, arguments, request.query))})

    def _single(self, path: str, identity: int) -> Reply:
        collection, _ = self.catalog.find(path)
        query = {"conditions": f"id = {identity}"}
        if path == "/service/tickets":
            query["conditions"] += ' and recordType in ("ServiceTicket", "ProjectTicket")'
        found = self._matched(path, collection, (), query)
        if not found:
            raise Refusal(404, "record not found", "NotFound")
        return json_reply(found[0])

    def _list(
        self, request: Request, path: str, collection: Collection, arguments: tuple[int, ...], query: dict[str, str]
    ) -> Reply:
        paging = request.headers.get("pagination-type")
        if paging not in (None, "forward-only"):
            raise Refusal(400, "unknown pagination-type")
        forward = paging is not None and collection.forward
        ignored = forward and not self.switches.on(self.slug, "forward_only")
        allowed = COMMON | collection.parameters | {"pageSize", "pageId" if forward and not ignored else "page"}
        if set(query) - allowed:
            raise Refusal(400, f"unknown parameter: {', '.join(sorted(set(query) - allowed))}")
        size = self._number(query, "pageSize", 25)
        if size > MAX_PAGE:
            if self.switches.text(self.slug, "over_page_size") == "refused":
                raise Refusal(400, "pageSize is above 1000")
            size = MAX_PAGE
        if self._forbidden(path):
            return Reply(rows=[])
        if forward and not ignored:
            return self._forward(request, path, collection, arguments, query, size)
        return self._navigable(request, path, collection, arguments, query, size, linked=not ignored)

    def _forward(
        self, request: Request, path: str, collection: Collection, arguments: tuple[int, ...],
        query: dict[str, str], size: int,
    ) -> Reply:  # fmt: skip
        if query.get("orderBy", "id asc") not in ("id", "id asc"):
            raise Refusal(400, "forward-only goes by id")
        after = int(query["pageId"]) if query.get("pageId", "").isdigit() else 0
        if "pageId" in query and not query["pageId"].isdigit():
            raise Refusal(400, "pageId is not a number")
        rows = list(islice(self._matching(collection, arguments, query, after), size + 1))
        more, rows = len(rows) > size, rows[:size]
        link = self._link(request, query | {"pageId": str(rows[-1]["id"])}, "next") if more else ""
        return Reply(rows=self._shaped(rows, collection, query), headers={"Link": link})

    def _navigable(
        self, request: Request, path: str, collection: Collection, arguments: tuple[int, ...],
        query: dict[str, str], size: int, *, linked: bool,
    ) -> Reply:  # fmt: skip
        page = self._number(query, "page", 1)
        matched = self._matched(path, collection, arguments, query)
        rows = matched[(page - 1) * size : page * size]
        last = max(1, -(-len(matched) // size))
        wanted = [("next", page + 1), ("last", last)] if page < last else []
        wanted += [("first", 1), ("prev", page - 1)] if page > 1 else []
        reply = Reply(rows=self._shaped(rows, collection, query))
        if linked and wanted:
            links = [self._link(request, query | {"page": str(number)}, name) for name, number in wanted]
            reply.headers["Link"] = ", ".join(links)
        return reply

    def _link(self, request: Request, query: dict[str, str], name: str) -> str:
        return f'<{request.base}{request.path}?{urlencode(query, quote_via=quote)}>; rel="{name}"'

    def _matched(
        self, path: str, collection: Collection, arguments: tuple[int, ...], query: dict[str, str]
    ) -> list[Row]:
        """All rows in order; the list of the page before is used again while nothing has moved."""
        key = (path, arguments, query.get("conditions"), query.get("childConditions"), query.get("orderBy"),
               self.world.clock.now(), self.world.edits.version, self.switches.version)  # fmt: skip
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        rows = list(self._matching(collection, arguments, query, 0))
        for name, backwards in reversed(self._order(collection, query.get("orderBy", ""))):
            rows.sort(key=lambda row: sortable(value_of(row, path_of(name))), reverse=backwards)
        with self._lock:
            while len(self._kept) >= KEPT_LISTS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = rows
        return rows

    def _matching(
        self, collection: Collection, arguments: tuple[int, ...], query: dict[str, str], after: int
    ) -> Iterator[Row]:
        condition = self._condition(collection, query)
        since = parse_moment(condition.changed_since) - DAY if condition.changed_since else 0
        ask = Ask(self.world.clock.now(), after, since, condition.fields, arguments, condition.among)
        for row in collection.rows(ask):
            if (not after or cast(int, row["id"]) > after) and condition.test(row):
                yield row

    def _condition(self, collection: Collection, query: dict[str, str]) -> Condition:
        if query.get("customFieldConditions"):
            raise Refusal(400, "no custom fields here")
        condition = Condition(lambda row: True)
        if query.get("conditions"):
            condition = parse(query["conditions"], collection.fields, self._date)
        if query.get("childConditions"):
            child, own = parse_child(query["childConditions"], collection.fields, self._date), condition.test
            condition.test = lambda row: own(row) and child(row)
        return condition

    def _date(self, text: str) -> str:
        way = self.switches.text(self.slug, "z_in_conditions")
        if text.endswith("Z") and way == "refused":
            raise Refusal(400, "conditions: Z is not understood", "ConnectWiseApi")
        if text.endswith("Z") and way == "local":
            # A server that reads the moment as its own local time.
            return utc_date(text.removesuffix("Z"), self.world.calendar.zone)
        return utc_date(text)

    def _order(self, collection: Collection, text: str) -> list[tuple[str, bool]]:
        order = []
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _, way = part.partition(" ")
            if name not in collection.fields or way not in ("", "asc", "desc"):
                raise Refusal(400, f"orderBy: {part}")
            order.append((name, way == "desc"))
        return order

    def _shaped(self, rows: list[Row], collection: Collection, query: dict[str, str]) -> list[Row]:
        """The rows with the wanted fields only."""
        wanted = query.get("fields") or query.get("columns")
        if not wanted:
            return rows
        paths = [part.strip() for part in wanted.split(",")]
        known = {name for field in collection.fields for name in (field, field.split("/")[0])}
        known |= {"_info", "customFields"}
        if not set(paths) <= known:
            raise Refusal(400, f"fields: unknown {', '.join(sorted(set(paths) - known))}")
        if not self.switches.on(self.slug, "info_when_asked"):
            paths.append("_info")
        return [cut(row, [tuple(path.split("/")) for path in paths]) for row in rows]

    def _forbidden(self, path: str) -> bool:
        hidden = self.switches.text(self.slug, "forbidden")
        if not hidden or not path.startswith(hidden):
            return False
        if self.switches.text(self.slug, "forbidden_gives") == "403":
            raise Refusal(403, "the role may not inquire here", "Unauthorized")
        return True

    def _number(self, query: dict[str, str], name: str, default: int) -> int:
        text = query.get(name, str(default))
        if not text.isdigit() or int(text) < 1:
            raise Refusal(400, f"{name} is not a positive number")
        return int(text)
