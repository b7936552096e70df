"""ThreatLocker's portal API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.threatlocker import rows
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

TOKEN = "5a0d" * 16
OWN = opaque("threatlocker/own organization")
MOST = 500
PAGING: dict[str, type] = {"pageNumber": int, "pageSize": int, "orderBy": str, "isAscending": bool, "searchText": str}
ORGANIZATIONS = "Organization/OrganizationGetChildOrganizationsByParameters"
MOVES = "Organization/OrganizationGetForMoveComputers"
COMPUTERS = "Computer/ComputerGetByAllParameters"
COUNT = "ApprovalRequest/ApprovalRequestGetCount"
REQUESTS = "ApprovalRequest/ApprovalRequestGetByParameters"
BODIES: dict[str, dict[str, type]] = {
    ORGANIZATIONS: PAGING | {"includeAllChildren": bool, "childOrganizations": bool},
    COMPUTERS: PAGING | {"computerGroup": str, "childOrganizations": bool, "action": str, "kindOfAction": str,
                         "computerId": str, "showLastCheckIn": bool, "showDeleted": bool, "searchBy": int,
                         "threatlockerversion": str, "isExport": bool},
    REQUESTS: PAGING | {"statusId": int, "showChildOrganizations": bool},
}  # fmt: skip
ORDERS = {
    ORGANIZATIONS: {"name": "displayName"},
    COMPUTERS: {"computername": "computerName", "group": "group", "action": "action", "lastcheckin": "lastCheckin",
                "computerinstalldate": "installDate", "deniedcountthreedays": "denyCountThreeDays",
                "threatlockerversion": "threatLockerVersion"},
    REQUESTS: {"datetime": "dateTime"},
}  # fmt: skip
QUERIES = {MOVES: {"searchText"}, COUNT: {"includeChildOrganizations"}}
SECRET = "Organization/OrganizationGetAuthKeyById"


class ThreatLocker:
    slug = "threatlocker"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "organization": OWN}

    def secrets(self) -> dict[str, str]:
        return {"token": TOKEN}

    def owners(self) -> dict[str, int | None]:
        clients: dict[str, int | None] = {rows.guid(record): client for client, record in self._homes().items()}
        return clients | dict.fromkeys(rows.NOBODYS)

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        told = f"A problem occurred with the request ({message})"
        reply = json_reply({"LoggerId": opaque("logger"), "StatusCode": status, "Message": told}, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != TOKEN:
            return self.refusal(401, "the token was revoked")
        path = request.path.removeprefix("/portalapi/")
        if path == request.path or path not in {*BODIES, *QUERIES, SECRET}:
            raise Refusal(404, "no such address")
        if path == SECRET or (path == ORGANIZATIONS and not self.switches.on(self.slug, "children_listed")):
            raise Refusal(403, "the role does not allow it")
        if request.method != ("POST" if path in BODIES else "GET"):
            raise Refusal(405, "not by this method")
        if request.repeated or set(request.query) - QUERIES.get(path, set()):
            raise Refusal(400, "a parameter that is not known")
        if path in QUERIES:
            return self._asked(request, path)
        body = self._body(request, path)
        listed = {ORGANIZATIONS: self._organizations, COMPUTERS: self._computers, REQUESTS: self._requests}[path]
        return self._page(body, path, list(listed(body)) if self._is_ours(request) else [])

    def _asked(self, request: Request, path: str) -> Reply:
        if path == COUNT:
            pending = [row for row in self._every_request() if row["statusId"] == rows.PENDING]
            children = request.query.get("includeChildOrganizations", "true") == "true"
            return json_reply(len(pending) if children and self._is_ours(request) else 0)
        every = {"childOrganizations": True, "includeAllChildren": True}
        return json_reply([
            {"label": row["displayName"], "value": row["organizationId"]} for row in self._organizations(every)
        ])

    def _is_ours(self, request: Request) -> bool:
        name = "override" if self.switches.text(self.slug, "organization_from") == "override" else ""
        return request.headers.get(f"{name}managedorganizationid") == OWN

    def _body(self, request: Request, path: str) -> dict[str, Any]:
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise Refusal(415, "the body is no JSON")
        try:
            body = json.loads(request.body)
        except ValueError as no:
            raise Refusal(400, "the body is no JSON") from no
        known = BODIES[path]
        if not isinstance(body, dict) or any(type(body[name]) is not known.get(name) for name in body):
            raise Refusal(400, "a field that is not known, or not of its kind")
        if path == REQUESTS and body.get("statusId") not in rows.STATUSES:
            raise Refusal(500, "statusId")
        if body.get("orderBy", next(iter(ORDERS[path]))) not in ORDERS[path]:
            raise Refusal(400, "orderBy")
        if not 0 < body.get("pageSize", 25) <= MOST or body.get("pageNumber", 1) < 1:
            raise Refusal(400, "pageSize")
        return body

    # Lists

    def _homes(self) -> dict[int, Record]:
        world, now = self.world, self.world.clock.now()
        mine = [client for client in world.clients.served if world.endpoint_security.controlled(client)]
        found = {client: world.others.account(self.slug, client, now) for client in mine}
        return {client: record for client, record in found.items() if record is not None}

    def _organizations(self, body: dict[str, Any]) -> Iterator[Row]:
        if not body.get(self.switches.text(self.slug, "children_from")):
            return
        now, begun = self.world.clock.now(), self.world.calendar.month_start(self.world.options.first_month)
        for client, record in self._homes().items():
            computers = len(self.world.endpoint_security.computers(client, now))
            yield rows.organization(rows.guid(record), record.name, OWN, computers, self._text(begun))
        for identity, name in rows.NOBODYS.items():
            yield rows.organization(identity, name, OWN, 0, self._text(begun))

    def _computers(self, body: dict[str, Any]) -> Iterator[Row]:
        """Without its children the MSP's own organization has none."""
        if not body.get("childOrganizations"):
            return
        now = self.world.clock.now()
        for client, record in self._homes().items():
            for computer in self.world.endpoint_security.computers(client, now):
                row = rows.computer(computer, record, self._text)
                if body.get("action", "") in ("", row["action"]):
                    yield row
        if body.get("showDeleted"):
            yield rows.deleted(next(iter(rows.NOBODYS)), self._text(self.world.ground.start))

    def _requests(self, body: dict[str, Any]) -> Iterator[Row]:
        wanted = body["statusId"] if body.get("showChildOrganizations") else None
        return (row for row in self._every_request() if row["statusId"] == wanted)

    def _every_request(self) -> Iterator[Row]:
        """Also of clients that left, as long as the organization they had is known."""
        security, now = self.world.endpoint_security, self.world.clock.now()
        acted = self.switches.on(self.slug, "acted")
        for client in self.world.clients.served:
            if security.controlled(client):
                names = {row.id: row.hostname for row in security.computers(client, now)}
                for one in security.requests(client, now):
                    home = self.world.others.account(self.slug, client, one.requested_at)
                    if home is not None:
                        yield rows.request(one, home, names.get(one.computer), self._text, acted=acted)

    def _text(self, moment: int) -> str:
        return rows.micro(moment, zulu=self.switches.on(self.slug, "zulu"))

    # Pages

    def _page(self, body: dict[str, Any], path: str, listed: list[Row]) -> Reply:
        order = ORDERS[path][body.get("orderBy", next(iter(ORDERS[path])))]
        key = rows.KEYS[path.partition("/")[0]]
        wanted = body.get("searchText", "").casefold()
        listed = [row for row in listed if wanted in str(row.get(order)).casefold()]
        listed.sort(key=lambda row: (str(row.get(order)), str(row[key])), reverse=not body.get("isAscending", True))
        size, page = body.get("pageSize", 25), body.get("pageNumber", 1)
        shown, pages = listed[(page - 1) * size : page * size], -(-len(listed) // size)
        told = {"currentPage": page, "itemsPerPage": size, "totalItems": len(listed), "totalPages": pages,
                "firstItem": (page - 1) * size + 1, "lastItem": (page - 1) * size + len(shown)}  # fmt: skip
        way = self.switches.text(self.slug, "totals")
        headers = {"pagination": dumps(told).decode()} if way == "header" else {}
        if not shown and self.switches.text(self.slug, "no_rows") != "[]":
            nothing = b"null" if self.switches.text(self.slug, "no_rows") == "null" else b""
            return Reply(200, nothing, headers=headers)
        return Reply(rows=[row | {"totalRows": len(listed)} for row in shown] if way != "none" else shown,
                     headers=headers)  # fmt: skip
