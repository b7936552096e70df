"""Tokens: of the partner for its key, and of one customer for the partner's token."""

from __future__ import annotations

import base64
import secrets
import time

from collectors.sandbox.exchange import Reply, Request, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.acronis.rows import PARTNER

CLIENT_ID, CLIENT_SECRET = "3f1d6a52-7c11-4c0e-a2b4-0d4f5e6a7b8c", "sandbox-acronis-secret"
BASIC = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "urn:acronis.com:tenant-id:"
FORM = "application/x-www-form-urlencoded"


class Tokens:
    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._issued: dict[str, tuple[str, float]] = {}  # by token: its tenant, and until when

    def tenant(self, request: Request) -> str | None:
        """Whose records the request may see."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return self._tenant_of(token) if kind == "Bearer" else None

    def issue(self, request: Request, customers: set[str]) -> Reply:
        form = request.form()
        if request.headers.get("content-type", "").partition(";")[0] != FORM:
            return _no("invalid_request", 400)
        known = request.headers.get("authorization") == BASIC
        inside = form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        if form.get("grant_type") == "client_credentials":
            return self._new(PARTNER) if known or inside else _no("invalid_client", 401)
        if form.get("grant_type") != JWT:
            return _no("unsupported_grant_type", 400)
        if self._tenant_of(form.get("assertion", "")) != PARTNER:
            return _no("invalid_grant", 400)
        customer = form.get("scope", "").removeprefix(SCOPE)
        return self._new(customer) if customer in customers else _no("invalid_scope", 400)

    def _tenant_of(self, token: str) -> str | None:
        tenant, until = self._issued.get(token, ("", 0.0))
        return tenant if until > time.time() else None

    def _new(self, tenant: str) -> Reply:
        token = secrets.token_urlsafe(32)
        until = time.time() + self.switches.number("acronis", "token_seconds")
        self._issued[token] = (tenant, until)
        return json_reply({"access_token": token, "token_type": "bearer", "expires_on": int(until)})


def _no(code: str, status: int) -> Reply:
    return json_reply({"error": code, "error_description": "The token was not issued"}, status)
