"""NinjaOne's public API, version 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import cast

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.ninjaone import rows
from collectors.sandbox.vendors.ninjaone.auth import CLIENT_ID, CLIENT_SECRET, Tokens
from collectors.sandbox.vendors.ninjaone.filters import Test, device_filter
from collectors.sandbox.vendors.ninjaone.reports import Reports
from collectors.sandbox.vendors.ninjaone.state import States
from collectors.sandbox.world.clients import RmmOrganization
from collectors.sandbox.world.devices import Device
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.world import World

_ORGANIZATION_DEVICES = re.compile(r"^/organization/(\d+)/devices$")
EXPANDABLE = {"location", "organization", "rolePolicy", "policy", "role", "backupUsage", "warranty", "assignedOwner"}


class NinjaOne:
    slug = "ninjaone"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.tokens = Tokens(lambda: switches.number(self.slug, "token_seconds"))
        self.reports, self.states = Reports(world, switches), States(world)
        self.reported: dict[str, Callable[[Device, int], list[Row]]] = {
            "/queries/operating-systems": self.states.operating_system,
            "/queries/device-health": self.states.health,
            "/queries/antivirus-status": self.states.antivirus,
        }

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        if status == 401:
            return json_reply({"error": "invalid_token", "error_description": message}, 401)
        body = {"resultCode": "FAILURE", "errorMessage": message, "incidentId": opaque(message)}
        reply = json_reply(body, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.path in ("/ws/oauth/token", "/oauth/token"):
            return self.tokens.issue(request) if request.method == "POST" else self.refusal(405, "POST only")
        path = request.path.removeprefix("/api")
        if not path.startswith("/v2/"):
            return self.refusal(404, "Not found")
        scopes = self.tokens.scopes(request)
        if scopes is None:
            return self.refusal(401, "Access token is missing, wrong or expired")
        if "monitoring" not in scopes:
            return self.refusal(403, "insufficient scope")
        if request.method != "GET" or request.repeated:
            return self.refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        reply = self._read(request, path.removeprefix("/v2"))
        if not self.switches.on(self.slug, "content_type"):
            reply.content_type = None
        return reply

    def _read(self, request: Request, path: str) -> Reply:
        if path == "/activities":
            told = self.states.activities(request)
            listed = cast("list[Row]", told["activities"])
            head = b'{"lastActivityId":' + dumps(told["lastActivityId"]) + b',"activities":'
            return Reply(rows=listed, wrap=lambda body: head + body + b"}")
        if path in self.reported:
            self._allow(request, {"df", "ts", "cursor", "pageSize"})
            if "ts" in request.query:
                raise Refusal(400, "the spelling of ts is not documented")
            return self.reports.page(request, path, self.reported[path], self._filter(request), self._size(request))
        if path in ("/organizations", "/organizations-detailed"):
            self._allow(request, {"pageSize", "after"})
            make = rows.organization_detailed if path.endswith("detailed") else rows.organization
            return self._list(request, (make(row) for row in self._organizations(self._after(request))))
        if path == "/locations":
            self._allow(request, {"pageSize", "after"})
            return self._list(request, self._locations(self._after(request)))
        if path in ("/devices", "/devices-detailed"):
            return self._devices(request, path)
        if path in ("/users", "/user/technicians"):
            self._allow(request, {"userType"} if path == "/users" else set())
            return self._users(request)
        found = _ORGANIZATION_DEVICES.match(path)
        if found is None:
            raise Refusal(404, "Not found")
        self._allow(request, {"pageSize", "after"})
        return self._list(request, self._device_rows(request, self._of_organization(int(found[1])), rows.device))

    def _devices(self, request: Request, path: str) -> Reply:
        expands = path == "/devices" and self.switches.on(self.slug, "expand")
        self._allow(request, {"df", "pageSize", "after"} | ({"expand"} if expands else set()))
        make: Callable[[Device, int], Row] = self.states.detailed if path.endswith("detailed") else rows.device
        if "expand" in request.query:
            make = self._expanding(set(request.query["expand"].split(",")))
        return self._list(request, self._device_rows(request, self._filter(request), make))

    def _expanding(self, wanted: set[str]) -> Callable[[Device, int], Row]:
        if not wanted <= EXPANDABLE:
            raise Refusal(400, "expand names something unknown")

        def make(device: Device, moment: int) -> Row:
            references: Row = {}
            if "organization" in wanted:
                references["organization"] = rows.organization(self._organization(device.organization))
            if "location" in wanted:
                references["location"] = {"id": device.site}
            if "warranty" in wanted:
                references |= self.states.warranty(device, moment)
            return rows.device(device, moment) | {"references": references}

        return make

    def _device_rows(self, request: Request, test: Test | None, make: Callable[[Device, int], Row]) -> Iterator[Row]:
        moment = self.world.clock.now()
        for device in self.world.devices_at(moment, after=self._after(request)):
            if test is None or test(device, moment):
                yield make(device, moment)

    def _users(self, request: Request) -> Reply:
        if request.query.get("userType", "TECHNICIAN") != "TECHNICIAN":
            raise Refusal(400, "unknown userType")
        moment = self.world.clock.now()
        people = (person for person in self.world.people.members if person.licence == "F")
        return Reply(rows=[rows.user(person) for person in people if (person.joined_at or 0) <= moment])

    def _organizations(self, after: int) -> Iterator[RmmOrganization]:
        """Organizations known by now, by ascending id; one that left stays listed."""
        moment = self.world.clock.now()
        clients = self.world.clients
        for index in range(max(0, (after - 3) // 2), len(clients.served)):
            client = clients.get(index)
            if (client.joined_at or 0) <= moment:
                for row in client.organizations:
                    if row.id > after and (seen := self.world.organization_at(row, moment)) is not None:
                        yield seen

    def _organization(self, identity: int) -> RmmOrganization:
        row = next(islice(self._organizations(identity - 1), 1), None)
        if row is None or row.id != identity:
            raise Refusal(404, "organization not found")
        return row

    def _locations(self, after: int) -> Iterator[Row]:
        for organization in self._organizations(after // 10 - 1):
            for location in rows.locations(organization):
                if int(str(location["id"])) > after:
                    yield location | {"organizationId": organization.id}

    def _of_organization(self, identity: int) -> Test:
        self._organization(identity)
        return lambda device, _: device.organization == identity

    def _list(self, request: Request, listed: Iterator[Row]) -> Reply:
        size = self._size(request)
        page = list(islice(listed, size))
        reply = Reply(rows=page)
        if not page:
            return self._no_rows()
        if self.switches.on(self.slug, "link_header") and len(page) == size:
            reply.headers["Link"] = f'<{request.base}{request.path}?after={page[-1]["id"]}>; rel="next"'
        return reply

    def _no_rows(self) -> Reply:
        way = self.switches.text(self.slug, "no_rows")
        return Reply(204, content_type=None) if way == "204" else Reply(200, dumps(None if way == "null" else []))

    def _allow(self, request: Request, names: set[str]) -> None:
        unknown = set(request.query) - names
        if unknown:
            raise Refusal(400, f"unknown parameter: {', '.join(sorted(unknown))}")

    def _filter(self, request: Request) -> Test | None:
        if "df" not in request.query:
            return None
        return device_filter(
            request.query["df"],
            status_spelling=self.switches.text(self.slug, "df_status"),
            ignore_unknown=self.switches.text(self.slug, "df_unknown") == "ignored",
        )

    def _size(self, request: Request) -> int:
        text = request.query.get("pageSize", str(self.switches.number(self.slug, "page_size")))
        if not text.isdigit() or not 0 < int(text) <= self.switches.number(self.slug, "max_page_size"):
            raise Refusal(400, "pageSize is out of range")
        return int(text)

    def _after(self, request: Request) -> int:
        text = request.query.get("after", "0")
        if not text.isdigit():
            raise Refusal(400, "after is not an id")
        return int(text)
