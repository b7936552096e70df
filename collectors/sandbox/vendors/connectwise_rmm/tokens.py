"""Who may ask: the key as JSON, its scopes, a lock for who signs in too often."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field

from collectors.sandbox.exchange import Refusal, Reply, Request, json_reply
from collectors.sandbox.switches import Switches

CLIENT_ID, CLIENT_SECRET = "0e30-sandbox-client", "sandbox-asio-secret"
SCOPES = (
    "platform.companies.read", "platform.sites.read", "platform.devices.read", "platform.patching.read",
    "platform.tickets.read", "platform.asset.read", "platform.custom_fields_values.read", "platform.deviceGroups.read",
    "platform.policies.read", "platform.agent.read", "platform.automation.read",
)  # fmt: skip
FIELDS = {"grant_type", "client_id", "client_secret", "scope"}


@dataclass
class Tokens:
    slug: str
    switches: Switches
    _held: dict[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    _signed_in: tuple[int, int] = (0, 0)  # the switches' version, and how often since they were set

    def give(self, request: Request) -> Reply:
        if request.method != "POST" or request.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refusal(400, "the key is sent as JSON")
        self._lock()
        asked = json_object(request.body)
        if asked.keys() - FIELDS or asked.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type")
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refusal(401, "invalid_client")
        wanted = str(asked.get("scope", "")).split()
        if not wanted or set(wanted) - set(SCOPES):
            raise Refusal(400, "invalid_scope")
        lacks = self.switches.text(self.slug, "lacks")
        if lacks in wanted and self.switches.text(self.slug, "lacking_gives") == "refused":
            raise Refusal(400, "invalid_scope")
        given = [scope for scope in wanted if scope != lacks]
        token, life = secrets.token_urlsafe(20), self.switches.number(self.slug, "token_seconds")
        self._held[token] = (time.time() + life, frozenset(given))
        told = {"access_token": token, "scope": " ".join(given), "token_type": "Bearer", "expires_in": life}
        return json_reply(told)

    def scopes(self, request: Request) -> frozenset[str]:
        """Those of the token a request comes with."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        ends, scopes = self._held.get(token, (0.0, frozenset[str]()))
        if kind != "Bearer" or ends < time.time():
            raise Refusal(401, "the token is missing, wrong or too old")
        return scopes

    def _lock(self) -> None:
        version, most = self.switches.version, self.switches.number(self.slug, "signins")
        self._signed_in = (version, self._signed_in[1] + 1 if self._signed_in[0] == version else 1)
        if most and self._signed_in[1] > most:
            raise Refusal(423, "too many sign-ins: the key is locked")


def json_object(body: bytes) -> dict[str, object]:
    try:
        read = json.loads(body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise Refusal(400, "the body is no JSON object")
    return read
