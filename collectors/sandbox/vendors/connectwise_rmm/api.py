"""The Asio partner API, as of its document 2.2.8."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from uuid import UUID

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.connectwise_rmm.rows import MINIMAL, MONITORS, Rows
from collectors.sandbox.vendors.connectwise_rmm.tickets import chosen, page
from collectors.sandbox.vendors.connectwise_rmm.tokens import CLIENT_ID, CLIENT_SECRET, Tokens, json_object
from collectors.sandbox.world.world import World

CATEGORIES = ("platform", "network", "cloud")
MOST, MOST_FIELDS = 500, 15
MOST_OF = {"company": 4, "site": 10, "endpoint": 500}
KNOWN_FIELDS = {
    *MINIMAL, "type", "subResourceType", "virtualType", "ipAddress", "macAddress", "createdBy", "modifiedBy",
    "remoteAddress", "agentInstalledUTC", "createTimeUTC", "os", "system", "bios", "processors", "physicalMemory",
    "antiViruses", "drives",
}  # fmt: skip
FILTER = re.compile(r"endpointType (in|not in) \(([^()]+)\)")
SORT = re.compile(r"(createdAt|friendlyName)(?: (asc|desc))?")


class ConnectwiseRmm:
    slug = "connectwise_rmm"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.rows, self.tokens = Rows(world, switches), Tokens(self.slug, switches)
        self.ways: tuple[tuple[str, re.Pattern[str], str, Callable[..., Reply]], ...] = (
            ("GET", _path("/v1/rate_limits"), "", self._limits),
            ("GET", _path("/api/platform/v1/company/companies"), "companies", self._companies),
            ("GET", _path("/api/platform/v1/company/sites"), "sites", self._sites),
            ("GET", _path("/api/platform/v1/company/companies/{}/sites"), "sites", self._sites),
            ("POST", _path("/api/platform/v2/device/categories/{}/endpoints"), "devices", self._devices),
            ("GET", _path("/api/platform/v2/device/endpoints/heartbeat"), "devices", self._heartbeats),
            ("GET", _path("/api/platform/v2/patching/{}/patches"), "patching", self._patches),
            ("GET", _path("/api/platform/v2/service/ticketing/tickets"), "tickets", self._tickets),
        )

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "alert_sources": MONITORS}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def owners(self) -> dict[str, int | None]:
        return self.rows.owners()

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        told = code or str(status)
        shapes: dict[str, Row] = {
            "message": {"error": {"message": message}},
            "description": {"error": {"code": told, "description": message}},
        }
        reply = json_reply(shapes.get(self._text("errors_as"), {"code": told, "message": message}), status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path == "/v1/token":
            return self.tokens.give(request)
        scopes = self.tokens.scopes(request)
        if request.repeated:
            raise Refusal(400, "a parameter is given twice")
        for method, path, needs, serve in self.ways:
            if (match := path.fullmatch(request.path)) and method == request.method:
                if needs and f"platform.{needs}.read" not in scopes:
                    raise Refusal(403, f"the scope platform.{needs}.read is missing")
                if needs in ("devices", "patching"):
                    self._headed(request)
                reply = serve(request, *match.groups())
                names = ("Limit", "Remaining", "Reset")
                prefix = "X-RateLimit-" if self._text("limit_headers") == "x" else ""
                reply.headers |= dict(zip([prefix + name for name in names], ("500", "499", "300"), strict=True))
                return reply
        raise Refusal(404, "no such path")

    def _text(self, switch: str) -> str:
        return self.switches.text(self.slug, switch)

    def _headed(self, request: Request) -> None:
        """What the document calls required, of which one is said not to be."""
        try:
            UUID(request.headers.get("x-request-id", ""))
        except ValueError:
            raise Refusal(400, "X-Request-ID is missing or no UUID") from None
        if not request.headers.get("user-agent"):
            raise Refusal(400, "User-Agent is missing")
        if self._text("origin") == "required" and not request.headers.get("origin"):
            raise Refusal(400, "Origin is missing")

    def _limits(self, request: Request) -> Reply:
        _only(request)
        one = {"limit": 35, "remaining": 35, "reset": self.world.clock.now() + 60}
        return json_reply({"resources": {"asset": {"partner-asset-endpoints-details": one}}})

    def _companies(self, request: Request) -> Reply:
        _only(request)
        return Reply(rows=self.rows.companies())

    def _sites(self, request: Request, company: str = "") -> Reply:
        _only(request)
        rows = self.rows.sites(company)
        if company and not rows:
            raise Refusal(404, "no such company")
        return Reply(rows=rows)

    def _devices(self, request: Request, category: str) -> Reply:
        _only(request, "limit", "cursor", "field", "filter", "sortBy")
        if category not in (*CATEGORIES, "all"):
            raise Refusal(400, f"unknown category {category}")
        fields = _fields(request)
        found = [
            (place, row) for place, row in self._asked_for(request)
            if category in ("all", place["category"]) and _fits(request, row)
        ]  # fmt: skip
        found = _in_order(request, found)
        size, begin = _number(request, "limit", MOST), _number(request, "cursor", 0)
        if not 0 < size <= MOST:
            raise Refusal(400, f"limit is at most {MOST}")
        listed = found[begin : begin + size]
        if not listed:
            raise Refusal(404, "no endpoints")
        rows = [{**place, **{name: row[name] for name in row if name in fields}} for place, row in listed]
        return Reply(rows=rows, wrap=self._grouped, headers=self._link(request, begin, size, len(found)))

    def _asked_for(self, request: Request) -> Iterable[tuple[Row, Row]]:
        body = json_object(request.body)
        type_, named = body.get("resourceType"), body.get("resources")
        if body.keys() != {"resourceType", "resources"} or type_ not in MOST_OF or not isinstance(named, list):
            raise Refusal(400, "the body names a resourceType and its resources")
        if not 0 < len(named) <= MOST_OF[str(type_)]:
            raise Refusal(400, f"between 1 and {MOST_OF[str(type_)]} resources of the type {type_} are allowed")
        rows = self.rows.devices()
        if type_ == "company":
            clients = {company: index for company, index in self.rows.owners().items() if company in named}
            rows = (one for index in clients.values() if index is not None for one in self.rows.of_client(index))
        return [one for one in rows if (one[1]["endpointID"] if type_ == "endpoint" else one[0][str(type_)]) in named]

    def _link(self, request: Request, begin: int, size: int, count: int) -> dict[str, str]:
        """A full last page may name one that is not there."""
        end = begin + size
        if end > count or (end == count and not self.switches.on(self.slug, "full_page_links")):
            return {}
        return {"Link": f'<{request.base}{request.path}?cursor={end}&limit={size}>; rel="next"'}

    def _grouped(self, text: bytes) -> bytes:
        """Rows by category, then by company and site."""
        told: dict[str, list[Row]] = {category: [] for category in CATEGORIES}
        groups: dict[tuple[str, str, str], list[Row]] = {}
        for row in json.loads(text):
            place = (row.pop("category"), row.pop("company"), row.pop("site"))
            if place not in groups:
                groups[place] = []
                name = self._text("place_names")
                told[place[0]].append({name: place[1], f"site{name[-2:]}": place[2], "endpoints": groups[place]})
            groups[place].append(row)
        return dumps(told)

    def _heartbeats(self, request: Request) -> Reply:
        _only(request, "resourceType", "resources")
        asked = [one.strip() for one in request.query.get("resources", "").split(",") if one.strip()]
        if request.query.get("resourceType") != "endpoints" or not asked:
            raise Refusal(400, "resourceType is endpoints, and resources are named")
        if len(asked) > self.switches.number(self.slug, "heartbeats_most"):
            raise Refusal(400, "too many resources")
        beats = {one: self.rows.heartbeat(one) for one in asked}
        rows = [{**beat[0], **beat[1]} for beat in beats.values() if beat is not None]
        failed: list[Row] = [
            {"resourceType": "endpoints", "resource": one, "error": "Not Found"}
            for one, beat in beats.items() if beat is None
        ]  # fmt: skip
        status = "failed" if not rows else "partial_success" if failed else "success"
        return Reply(rows=rows, wrap=lambda text: _beating(status, text, failed))

    def _patches(self, request: Request, endpoint: str) -> Reply:
        _only(request)
        if not self.switches.on(self.slug, "entitled"):
            raise Refusal(401, "Partner is not entitled for the feature")
        found = self.rows.patches(endpoint)
        if found is None:
            raise Refusal(404, "Endpoint patches not found")
        summary, patches = found
        return Reply(rows=patches, wrap=lambda text: b'{"summary":' + dumps(summary) + b',"patches":' + text + b"}")

    def _tickets(self, request: Request) -> Reply:
        rows = chosen(self.rows.tickets(), request)
        listed = rows[page(request, self.switches.number(self.slug, "tickets_most"))]
        count = str(len(rows) if listed else 0).encode()  # past the end there are said to be none
        return Reply(rows=listed, wrap=lambda text: b'{"tickets":' + text + b',"totalCount":' + count + b"}")


def _path(template: str) -> re.Pattern[str]:
    return re.compile(template.replace("{}", "([^/]+)"))


def _only(request: Request, *names: str) -> None:
    if unknown := set(request.query) - set(names):
        raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit():
        raise Refusal(400, f"{name} is no number")
    return int(text)


def _fields(request: Request) -> set[str]:
    """Those that are asked for; the least without any."""
    if "field" not in request.query:
        return set(MINIMAL)
    asked = request.query["field"].split(",")
    if len(asked) > MOST_FIELDS:
        raise Refusal(400, f"at most {MOST_FIELDS} fields")
    if unknown := set(asked) - KNOWN_FIELDS:
        raise Refusal(400, f"unknown field {sorted(unknown)[0]}")
    return {"endpointID", *asked}


def _fits(request: Request, row: Row) -> bool:
    if "filter" not in request.query:
        return True
    match = FILTER.fullmatch(request.query["filter"])
    if match is None:
        raise Refusal(400, "a filter is endpointType in (..) or not in (..)")
    listed = row["endpointType"] in [one.strip() for one in match[2].split(",")]
    return listed is (match[1] == "in")


def _in_order(request: Request, found: list[tuple[Row, Row]]) -> list[tuple[Row, Row]]:
    if "sortBy" not in request.query:
        order = sorted(found, key=lambda one: (str(one[0]["company"]), str(one[0]["site"])))
        return sorted(order, key=lambda one: str(one[0]["category"]), reverse=True)  # platform before network
    match = SORT.fullmatch(request.query["sortBy"])
    if match is None:
        raise Refusal(400, "sortBy is createdAt or friendlyName")
    return sorted(found, key=lambda one: str(one[1][match[1]]), reverse=match[2] == "desc")


def _beating(status: str, text: bytes, failed: list[Row]) -> bytes:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in json.loads(text):
        row.pop("category")
        groups.setdefault((row.pop("company"), row.pop("site")), []).append(row)
    told = [{"clientID": company, "siteID": site, "endpoints": rows} for (company, site), rows in groups.items()]
    return dumps({"status": status, "successfulRecords": told, "failedRecords": failed})
