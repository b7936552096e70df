"""The sign-in service: client credentials, each token for one tenant."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable

from collectors.sandbox.exchange import Reply, Request, json_reply
from collectors.sandbox.world.names import opaque

CLIENT_ID, CLIENT_SECRET = "5ab1e000-0000-4000-a000-00000000c11e", "sandbox-graph-secret"
PATH = re.compile(r"^/([^/]+)/oauth2/v2\.0/token$")


class Tokens:
    def __init__(self, seconds: Callable[[], int]) -> None:
        self._seconds = seconds
        self._issued: dict[str, tuple[float, str]] = {}

    def issue(self, request: Request, tenant: str, known: set[str], unconsented: str) -> Reply:
        form = request.form()
        if request.method != "POST" or not request.headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            return _no(400, "invalid_request", 900144, "The request body must be a form.")
        if set(form) != {"grant_type", "client_id", "client_secret", "scope"}:
            return _no(400, "invalid_request", 900144, "The request body lacks a parameter or has one too many.")
        if form["grant_type"] != "client_credentials":
            return _no(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if tenant not in known:
            return _no(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form["client_id"] != CLIENT_ID:
            return _no(400, "unauthorized_client", 700016, f"Application not found in the directory '{tenant}'.")
        if form["client_secret"] != CLIENT_SECRET:
            return _no(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form["scope"] != f"{request.base}/.default":
            return _no(400, "invalid_scope", 70011, "The provided value for scope is not valid.")
        if tenant == unconsented:
            return _no(400, "invalid_grant", 65001, "The administrator has not consented to use the application.")
        token, life = secrets.token_urlsafe(24), self._seconds()
        self._issued[token] = (time.time() + life, tenant)
        return json_reply(
            {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}
        )

    def tenant(self, request: Request) -> str | None:
        """For which tenant the request's token is, None if there is no good one."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        expires, tenant = self._issued.get(token, (0.0, ""))
        return tenant if kind == "Bearer" and time.time() < expires else None


def _no(status: int, error: str, code: int, says: str) -> Reply:
    body = {
        "error": error, "error_description": f"AADSTS{code}: {says} Trace ID: {opaque(says)}", "error_codes": [code],
        "timestamp": "2026-01-01 00:00:00Z", "trace_id": opaque(says), "correlation_id": opaque(error),
    }  # fmt: skip
    return json_reply(body, status)
