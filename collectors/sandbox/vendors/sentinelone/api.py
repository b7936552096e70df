"""SentinelOne's Management API, version 2.1."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.sentinelone import rows
from collectors.sandbox.world.dates import parse_moment
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

TOKEN = "eyJ-sandbox-sentinelone-viewer-token"
BASE = "/web/api/v2.1"
DEFAULT_LIMIT, MOST, MOST_SKIPPED = 10, 1000, 1000
PAGING = {"limit", "cursor", "skip", "skipCount", "countOnly", "sortBy", "sortOrder"}
COMPARED = {f"{name}__{how}" for name in ("createdAt", "updatedAt") for how in ("gt", "gte", "lt", "lte", "between")}
FILTERS = {
    "/accounts": {"ids", "accountIds", "states", "usageType"},
    "/sites": {"state", "siteIds", "accountIds", "siteType", "externalId", "name", "name__contains"},
    "/agents": {"ids", "siteIds", "accountIds", "isActive", "infected", "isDecommissioned", "isUninstalled",
                "machineTypes", "osTypes", "networkStatuses", "lastActiveDate__lt", *COMPARED},
    "/agents/count": {"siteIds", "accountIds", "infected", "isActive"},
    "/threats": {"ids", "siteIds", "accountIds", "incidentStatuses", "mitigationStatuses", "analystVerdicts",
                 "confidenceLevels", "resolved", *COMPARED},
}  # fmt: skip
LISTED = {"siteIds": "siteId", "accountIds": "accountId", "ids": "id", "machineTypes": "machineType",
          "osTypes": "osType", "networkStatuses": "networkStatus", "incidentStatuses": "incidentStatus",
          "mitigationStatuses": "mitigationStatus", "analystVerdicts": "analystVerdict",
          "confidenceLevels": "confidenceLevel", "states": "state"}  # fmt: skip


class SentinelOne:
    slug = "sentinelone"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"token": TOKEN}

    def owners(self) -> dict[str, int | None]:
        return {record.id: record.client for record in self._records()}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        error = {"code": int(code or f"{status}0010"), "title": message, "detail": None}
        reply = json_reply({"data": None, "errors": [error]}, status)
        if status == 429 and self.switches.on(self.slug, "names_wait"):
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"ApiToken {TOKEN}":
            return self.refusal(401, "Authentication Failed", "4010010")
        path = request.path.removeprefix(BASE)
        if path == request.path or (path not in FILTERS and path != "/system/info"):
            raise Refusal(404, "Not found", "4040010")
        if request.method != "GET":
            raise Refusal(405, "Method not allowed", "4050010")
        known = FILTERS.get(path, set()) | (PAGING if path in FILTERS and path != "/agents/count" else set())
        if request.repeated or (unknown := set(request.query) - known):
            raise _bad("a parameter given twice" if request.repeated else f"{sorted(unknown)[0]}: Unknown field.")
        return self._served(request, path)

    def _served(self, request: Request, path: str) -> Reply:
        if path == "/system/info":
            return json_reply({"data": {"version": "S-24.1.2", "build": "34", "patch": "1", "release": "Sandbox"}})
        if path == "/accounts" and self.switches.text(self.slug, "scope") == "site":
            raise Refusal(403, "Action is not allowed to site users", "4030010")
        made = {"/accounts": self._accounts, "/sites": self._sites, "/agents": self._agents,
                "/agents/count": self._agents, "/threats": self._threats}[path]  # fmt: skip
        query = request.query
        listed = [row for row in made(query) if self._asked_for(rows.flat(row), query)]
        if path == "/agents/count":
            return json_reply({"data": {"total": len(listed)}})
        return self._page(request, path, self._sorted(listed, query))

    # Lists

    def _records(self) -> list[Record]:
        return list(self.world.others.at(self.slug, self.world.clock.now()))

    def _homes(self) -> dict[int, Record]:
        """Each client's site; of a client that is there twice, the one with its machines."""
        return {row.client: row for row in reversed(self._records()) if row.client is not None}

    def _accounts(self, query: dict[str, str]) -> Iterator[Row]:
        yield rows.account(sum(1 for _ in self._records()))

    def _sites(self, query: dict[str, str]) -> Iterator[Row]:
        now, security = self.world.clock.now(), self.world.endpoint_security
        begun = self.world.calendar.month_start(self.world.options.first_month)
        agents = {record.id: len(security.agents(client, now)) for client, record in self._homes().items()}
        for record in self._records():
            yield rows.site(record, agents.get(record.id, 0), begun)
        if "state" in query or self.switches.on(self.slug, "old_sites_listed"):
            yield from rows.old_sites(begun)

    def _agents(self, query: dict[str, str]) -> Iterator[Row]:
        if query.get("isDecommissioned", "False").casefold() == "true":
            return
        now = self.world.clock.now()
        for client, record in self._homes().items():
            for agent in self.world.endpoint_security.agents(client, now):
                yield rows.agent(agent, record, now)

    def _threats(self, query: dict[str, str]) -> Iterator[Row]:
        """Also of clients that left: the site they had is still named."""
        now, security = self.world.clock.now(), self.world.endpoint_security
        texts = self.switches.text(self.slug, "engines") == "texts"
        for client in self.world.clients.served:
            if security.product_of(client) == self.slug:
                here = {agent.id for agent in security.agents(client, now)}
                for incident in security.incidents(client, now):
                    site = self.world.others.account(self.slug, client, incident.created_at)
                    if site is not None:
                        yield rows.threat(incident, site, here, texts=texts)

    # Filters and pages

    def _asked_for(self, flat: Row, query: dict[str, str]) -> bool:
        return all(self._matches(flat, name, wanted) for name, wanted in query.items() if name not in PAGING)

    def _matches(self, flat: Row, name: str, wanted: str) -> bool:
        field, _, how = name.partition("__")
        if name in LISTED:
            return flat.get(LISTED[name]) in wanted.split(",")
        if how == "contains":
            return wanted.casefold() in str(flat.get(field)).casefold()
        if how == "between":
            begin, _, end = wanted.partition("-")
            return _number(begin, name) <= parse_moment(str(flat[field])) * 1000 <= _number(end, name)
        if how:
            return _compared(parse_moment(str(flat[field])), _moment(wanted, name), how)
        if name == "resolved":
            return (flat["incidentStatus"] == "resolved") == _truth(wanted, name)
        if isinstance(flat.get(field), bool):
            return bool(flat[field] in [_truth(one, name) for one in wanted.split(",")])
        return bool(flat.get(field) == wanted)

    def _sorted(self, listed: list[Row], query: dict[str, str]) -> list[Row]:
        name, order = query.get("sortBy", "id"), query.get("sortOrder", "asc")
        if name not in ("id", "createdAt", "updatedAt", "name") or order not in ("asc", "desc"):
            raise _bad("sortBy: Not a valid choice.")
        return sorted(listed, key=lambda row: (str(rows.flat(row).get(name)), str(row["id"])), reverse=order == "desc")

    def _page(self, request: Request, path: str, listed: list[Row]) -> Reply:
        query = request.query
        limit, skip = _number(query.get("limit", str(DEFAULT_LIMIT)), "limit"), _number(query.get("skip", "0"), "skip")
        if not 0 < limit <= MOST or skip > MOST_SKIPPED:
            raise _bad("limit: Must be between 1 and 1000.")
        if "cursor" in query:
            skip = self._place(query)
        shown = [] if query.get("countOnly") == "true" else listed[skip : skip + limit]
        after = skip + limit
        following = self._cursor(query, after) if shown and after < len(listed) else None
        told = {"totalItems": 0 if query.get("skipCount") == "true" else len(listed), "nextCursor": following}
        errors = {"empty": b',"errors":[]', "missing": b"", "object": b',"errors":[{}]'}
        tail = b',"pagination":' + dumps(told) + errors[self.switches.text(self.slug, "errors")] + b"}"
        head, close = b'{"data":', b""
        if path == "/sites":
            licences = sum(int(str(row["activeLicenses"])) for row in listed)
            totals = {"activeLicenses": licences, "totalLicenses": 0}
            head, close = b'{"data":{"sites":', b',"allSites":' + dumps(totals) + b"}"
        nulls = self.switches.text(self.slug, "nulls")
        return Reply(rows=[rows.without(row, nulls) for row in shown], wrap=lambda made: head + made + close + tail)

    def _cursor(self, query: dict[str, str], after: int) -> str:
        place = {"after": after, "of": _filters(query), "until": time.time() + self._life()}
        return urlsafe_b64encode(dumps(place)).decode()

    def _place(self, query: dict[str, str]) -> int:
        """Where a cursor goes on. It holds for the filters it was given with, and not for long."""
        try:
            place = json.loads(urlsafe_b64decode(query["cursor"]))
            after, of, until = int(place["after"]), place["of"], float(place["until"])
        except (ValueError, KeyError, TypeError) as no:
            raise _bad("cursor: Invalid cursor.") from no
        if of != _filters(query) or until < time.time():
            raise _bad("cursor: Invalid or expired cursor.")
        return after

    def _life(self) -> int:
        return self.switches.number(self.slug, "cursor_seconds")


def _filters(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(query.items()) if name not in ("cursor", "limit", "skip")}


def _bad(detail: str) -> Refusal:
    return Refusal(400, f"Validation Error: {detail}", "4000010")


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise _bad(f"{name}: Not a valid integer.")
    return int(text)


def _truth(text: str, name: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise _bad(f"{name}: Not a valid boolean.")
    return text.casefold() == "true"


def _moment(text: str, name: str) -> int:
    try:
        return parse_moment(text)
    except ValueError as no:
        raise _bad(f"{name}: Not a valid datetime.") from no


def _compared(value: int, bound: int, how: str) -> bool:
    return {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[how]
