"""OAuth client credentials as NinjaOne gives them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from collectors.sandbox.exchange import Reply, Request, json_reply

CLIENT_ID = "sandbox-ninja-client"
CLIENT_SECRET = "sandbox-ninja-secret"
SCOPES = {"monitoring", "management", "control"}


class Tokens:
    def __init__(self, seconds: Callable[[], int]) -> None:
        self._seconds = seconds
        self._issued: dict[str, tuple[float, frozenset[str]]] = {}

    def issue(self, request: Request) -> Reply:
        form = request.form()
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return json_reply({"error": "invalid_request"}, 400)
        if set(form) - {"grant_type", "client_id", "client_secret", "scope"}:
            return json_reply({"error": "invalid_request"}, 400)
        if form.get("grant_type") != "client_credentials":
            return json_reply({"error": "unsupported_grant_type"}, 400)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return json_reply({"error": "invalid_client"}, 401)
        scopes = frozenset(form.get("scope", "").split())
        if not scopes or not scopes <= SCOPES:
            return json_reply({"error": "invalid_scope"}, 400)
        token, life = secrets.token_urlsafe(24), self._seconds()
        self._issued[token] = (time.time() + life, scopes)
        return json_reply(
            {"access_token": token, "expires_in": life, "scope": " ".join(sorted(scopes)), "token_type": "Bearer"}
        )

    def scopes(self, request: Request) -> frozenset[str] | None:
        """The scopes of the request's token, or None if there is no good one."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        expires, scopes = self._issued.get(token, (0.0, frozenset()))
        return scopes if kind == "Bearer" and time.time() < expires else None
