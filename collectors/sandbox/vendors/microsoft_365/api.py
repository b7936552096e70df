"""Microsoft Graph v1.0, as a partner's app reads its customers' tenants."""

from __future__ import annotations

from collections.abc import Callable

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.microsoft_365 import rows
from collectors.sandbox.vendors.microsoft_365.odata import Question, Rules, page
from collectors.sandbox.vendors.microsoft_365.tokens import CLIENT_ID, CLIENT_SECRET, PATH, Tokens
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import TENANT, Record
from collectors.sandbox.world.world import World

PARTNER = "9a27e700-0000-4000-a000-0000000000ff"
SELECT, FILTER, ORDER, TOP, COUNT = "$select", "$filter", "$orderby", "$top", "$count"
SECURITY = frozenset({SELECT, FILTER, TOP, COUNT})
FINDINGS = Rules(SECURITY, size=50, most=50, next="$skip")
LISTS = {
    "/tenantRelationships/delegatedAdminCustomers": Rules(frozenset({SELECT, TOP, COUNT}), most=300),
    "/contracts": Rules(frozenset({SELECT, TOP})),
    "/organization": Rules(frozenset({SELECT}), size=0),
    "/users": Rules(frozenset({SELECT, TOP, COUNT}), directory=True),
    "/reports/authenticationMethods/userRegistrationDetails": Rules(frozenset({SELECT, TOP, COUNT})),
    "/subscribedSkus": Rules(frozenset({SELECT}), size=0),
    "/directory/subscriptions": Rules(frozenset({SELECT, TOP})),
    "/security/secureScores": Rules(SECURITY - {FILTER}, next="$skip"),
    "/security/secureScoreControlProfiles": Rules(SECURITY - {FILTER}, next="$skip"),
    "/security/incidents": FINDINGS,
    "/security/alerts_v2": FINDINGS,
    "/deviceManagement/managedDevices": Rules(frozenset({SELECT, TOP, COUNT}), size=1000, most=1000),
}  # fmt: skip
OF_PARTNER = ("/tenantRelationships/delegatedAdminCustomers", "/contracts")
CODES = {
    400: "BadRequest", 401: "InvalidAuthenticationToken", 403: "Forbidden", 404: "Request_ResourceNotFound",
    405: "BadRequest", 429: "TooManyRequests",
}  # fmt: skip
NOT_PREMIUM = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


class Graph:
    slug = TENANT

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches
        self.tokens = Tokens(lambda: switches.number(self.slug, "token_seconds"))

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "login": base, "tenant": PARTNER}

    def secrets(self) -> dict[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        inner: Row = {"date": utc_text(self.world.clock.now()).removesuffix("Z"), "request-id": opaque(message)}
        error = {"code": code or CODES.get(status, "generalException"), "message": message, "innerError": inner}
        reply = json_reply({"error": error}, status)
        if status == 429:
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        tenants = {record.id: record for record in self.world.others.at(TENANT, self.world.clock.now())}
        if asked := PATH.match(request.path):
            return self.tokens.issue(request, asked[1], {PARTNER, *tenants}, self._text("unconsented"))
        tenant = self.tokens.tenant(request)
        if tenant is None:
            return self.refusal(401, "Access token is empty, wrong or has expired.")
        if request.method != "GET" or request.repeated:
            return self.refusal(405 if request.method != "GET" else 400, "Not a request this API knows.")
        path = request.path.removeprefix("/v1.0")
        if path not in LISTS or path == request.path:
            raise Refusal(404, f"Resource not found for the segment '{path.rpartition('/')[2]}'.")
        question = Question(request, LISTS[path], self._text("over_top") == "clamped")
        question.check()
        if path in OF_PARTNER:
            if tenant != PARTNER:
                raise Refusal(403, "Insufficient privileges to complete the operation.", "Authorization_RequestDenied")
            return self._page(question, [_customer(path, record) for record in tenants.values()])
        self._licensed(path, question, tenant)
        return self._page(question, self._rows(path, question, tenants.get(tenant)))

    def _licensed(self, path: str, question: Question, tenant: str) -> None:
        if (path.startswith("/reports/") or _activity(question)) and tenant == self._text("not_premium"):
            raise Refusal(403, "Neither tenant is B2C or tenant doesn't have premium license", NOT_PREMIUM)
        if path.startswith("/deviceManagement/") and tenant == self._text("not_in_intune"):
            raise Refusal(400, '{"Message": "Request not applicable to target tenant."}')

    def _rows(self, path: str, question: Question, record: Record | None) -> list[Row]:
        """What a tenant's own list holds; a tenant that is no client's holds nothing but itself."""
        if record is None:
            return []
        if path == "/organization":
            return [rows.organization(record)]
        now, tenants = self.world.clock.now(), self.world.tenants
        own = None if record.client is None else tenants.of(record.client, now)
        if record.client is None or own is None or own.id != record.id:
            return []
        client, small = record.client, self._text("first_letters") == "small"
        since, activity = question.since, _activity(question)
        known: dict[str, Callable[[], list[Row]]] = {
            "/users": lambda: [
                rows.user(one, self.switches.on(self.slug, "successful_sign_in"), activity)
                for one in tenants.users(client, now)
            ],
            "/reports/authenticationMethods/userRegistrationDetails": lambda: [
                rows.registration(one) for one in tenants.users(client, now)
            ],
            "/subscribedSkus": lambda: [rows.sku(one, own, small) for one in tenants.skus(client, now)],
            "/directory/subscriptions": lambda: [
                rows.subscription(one, self.world.calendar.day(now), small) for one in tenants.skus(client, now)
            ],
            "/security/secureScores": lambda: [
                rows.score(one, own) for one in reversed(tenants.scores(client, now))
            ],
            "/security/secureScoreControlProfiles": lambda: rows.profiles(tenants.profiles(), own),
            "/security/incidents": lambda: [rows.incident(one, own, small) for one in tenants.incidents(client, now)],
            "/security/alerts_v2": lambda: [rows.alert(one, own, small) for one in tenants.alerts(client, now)],
            "/deviceManagement/managedDevices": lambda: [
                rows.device(one, self.switches.on(self.slug, "year_one")) for one in tenants.intune(client, now)
            ],
        }  # fmt: skip
        found = known[path]()
        if since is None:
            return found
        field, moment = since
        return [row for row in found if str(row[field]) >= utc_text(moment)]

    def _page(self, question: Question, found: list[Row]) -> Reply:
        return page(question, found, self._text("count"), self.switches.on(self.slug, "empty_page"))

    def _text(self, name: str) -> str:
        return self.switches.text(self.slug, name)


def _activity(question: Question) -> bool:
    """Whether it is asked when users signed in, which the users' list tells only then."""
    return "signInActivity" in question.query.get(SELECT, "").split(",")


def _customer(path: str, record: Record) -> Row:
    if path != "/contracts":
        return {"id": record.id, "tenantId": record.id, "displayName": record.name}
    return {
        "id": opaque(f"contract/{record.id}"), "customerId": record.id, "contractType": "SyndicationPartner",
        "defaultDomainName": rows.domains(record)[-1], "displayName": record.name,
    }  # fmt: skip
