"""Huntress's REST API, version 1."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.huntress import rows
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.world import World

KEY, SECRET = "hk_sandbox_account_key", "hs_sandbox_account_secret"
DEFAULT_LIMIT, MOST = 10, 500
PAGING = {"limit", "page_token", "sort_field", "sort_direction"}
SORTS = {"id", "created_at", "updated_at"}
FILTERS = {
    "organizations": {"name", "key"},
    "agents": {"organization_id", "platform", "hostname", "os", "version"},
    "incident_reports": {"status", "severity", "platform", "indicator_type", "organization_id", "agent_id"},
}
VALUES = {
    "status": {"sent", "closed", "dismissed", "auto_remediating", "deleting", "partner_dismissed"},
    "severity": {"low", "high", "critical"},
    "platform": {"windows", "darwin", "linux", "microsoft_365", "google", "email_security", "other"},
}


class Huntress:
    slug = "huntress"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base}

    def secrets(self) -> dict[str, str]:
        return {"api_key": KEY, "api_secret": SECRET}

    def owners(self) -> dict[str, int | None]:
        clients: dict[str, int | None] = {record.id: client for client, record in self._homes().items()}
        return clients | {str(identity): None for identity in rows.NOBODYS}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        """No document tells what an error looks like."""
        shapes: dict[str, Row] = {
            "message": {"status": status, "message": message},
            "list": {"errors": [{"field": code or "request", "message": message}]},
            "object": {"errors": {code or "request": [message]}},
        }
        reply = json_reply(shapes[self.switches.text(self.slug, "errors")], status)
        if status == 429 and self.switches.on(self.slug, "names_wait"):
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Basic {b64encode(f'{KEY}:{SECRET}'.encode()).decode()}":
            return self.refusal(401, "Bad credentials")
        if request.method != "GET":
            raise Refusal(404, "Not found")
        name = request.path.removeprefix("/v1/")
        if name in ("account", "actor"):
            account = {"id": rows.ACCOUNT, "name": "Lanternworks IT", "subdomain": "lanternworks", "status": "enabled"}
            return json_reply({"account": account} if name == "account"
                              else {"reseller": None, "account": account, "user": None})  # fmt: skip
        if name not in FILTERS or not request.path.startswith("/v1/"):
            raise Refusal(404, "Not found")
        if request.repeated or (unknown := set(request.query) - PAGING - FILTERS[name]):
            raise Refusal(400, "is not a parameter", "twice" if request.repeated else sorted(unknown)[0])
        listed = {"organizations": self._organizations, "agents": self._agents, "incident_reports": self._reports}
        return self._page(request, name, [row for row in listed[name]() if self._asked_for(row, name, request.query)])

    # Lists

    def _homes(self) -> dict[int, Record]:
        """The clients that have this product now, each under its own id and spelling."""
        world, now = self.world, self.world.clock.now()
        mine = [client for client in world.clients.served if world.endpoint_security.product_of(client) == self.slug]
        found = {client: world.others.account(self.slug, client, now) for client in mine}
        return {client: record for client, record in found.items() if record is not None}

    def _begun(self) -> int:
        return self.world.calendar.month_start(self.world.options.first_month)

    def _organizations(self) -> Iterator[Row]:
        now, security = self.world.clock.now(), self.world.endpoint_security
        for client, record in self._homes().items():
            agents, reports = len(security.agents(client, now)), len(list(security.incidents(client, now)))
            watched = self.world.tenants.of(client, now) if client % 2 == 0 else None
            tenant = watched.id if watched else record.tenant_id
            yield rows.organization(int(record.id), record.name, tenant, agents, reports, self._begun())
        for identity, name in rows.NOBODYS.items():
            yield rows.organization(identity, name, "", 0, 0, self._begun())

    def _agents(self) -> Iterator[Row]:
        now = self.world.clock.now()
        for client, record in self._homes().items():
            agents = self.world.endpoint_security.agents(client, now)
            for agent in agents:
                yield rows.agent(agent, int(record.id))
        if self.switches.on(self.slug, "uninstalled_listed"):
            yield rows.uninstalled(self._begun())

    def _reports(self) -> Iterator[Row]:
        security, now = self.world.endpoint_security, self.world.clock.now()
        homes, stay = self._homes(), self.switches.on(self.slug, "deleted_reports")
        for client in self.world.clients.served:
            if security.product_of(client) == self.slug and (stay or client in homes):
                for incident in security.incidents(client, now):
                    home = self.world.others.account(self.slug, client, incident.created_at)
                    if home is not None:
                        yield rows.report(incident, int(home.id))
        yield rows.trial(self._begun())

    # Filters and pages

    def _asked_for(self, row: Row, name: str, query: dict[str, str]) -> bool:
        for field in FILTERS[name] & set(query):
            wanted = query[field]
            if wanted not in VALUES.get(field, {wanted}):
                raise Refusal(400, "does not have a valid value", field)
            found = row["indicator_types"] if field == "indicator_type" else [row.get(field)]
            if wanted not in [str(one) for one in found if one is not None]:  # type: ignore[attr-defined]
                return False
        return True

    def _page(self, request: Request, name: str, listed: list[Row]) -> Reply:
        query = request.query
        limit, field = query.get("limit", str(DEFAULT_LIMIT)), query.get("sort_field", "id")
        direction = query.get("sort_direction", "desc")
        if not limit.isdigit() or not 0 < int(limit) <= MOST:
            raise Refusal(400, "does not have a valid value", "limit")
        if field not in SORTS | ({"name", "key"} if name == "organizations" else set()):
            raise Refusal(400, "does not have a valid value", "sort_field")
        if direction not in ("asc", "desc"):
            raise Refusal(400, "does not have a valid value", "sort_direction")
        # Reports can be sorted by a moment of creation that they do not show.
        listed.sort(key=lambda row: (str(row.get(field, row.get("sent_at"))) if field != "id" else "",
                                     int(str(row["id"]))), reverse=direction == "desc")  # fmt: skip
        skip = self._place(query)
        after = skip + int(limit)
        told: Row = {"next_page_url": None, "next_page_token": None}
        if after < len(listed):
            token = urlsafe_b64encode(dumps({"after": after, "of": _same(query)})).decode()
            link = f"{request.base}{request.path}?{urlencode({**query, 'page_token': token})}"
            told = {"next_page_url": link, "next_page_token": token}
        elif self.switches.text(self.slug, "last_page") == "empty":
            told = {}
        return Reply(
            rows=listed[skip:after],
            wrap=lambda made: b'{"%s":' % name.encode() + made + b',"pagination":' + dumps(told) + b"}",
        )

    def _place(self, query: dict[str, str]) -> int:
        """A token goes on with the question it was given for."""
        if "page_token" not in query:
            return 0
        try:
            place = json.loads(urlsafe_b64decode(query["page_token"]))
            after, of = int(place["after"]), place["of"]
        except (ValueError, KeyError, TypeError) as no:
            raise Refusal(400, "is invalid", "page_token") from no
        if of != _same(query):
            raise Refusal(400, "is of another question", "page_token")
        return after


def _same(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(query.items()) if name != "page_token"}
