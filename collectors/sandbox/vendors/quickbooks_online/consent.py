"""The authorization code flow: a consent page, codes, access tokens and refresh tokens that rotate."""

from __future__ import annotations

import base64
import html
import secrets
import time
from dataclasses import dataclass
from threading import Lock
from urllib.parse import quote, urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, json_reply
from collectors.sandbox.switches import Switches

CLIENT_ID, CLIENT_SECRET, REALM = "SandboxQuickBooksClient", "SandboxQuickBooksSecret", "9130357421"
SCOPE = "com.intuit.quickbooks.accounting"
DAY = 86_400
CODE_SECONDS = 300

_PAGE = """<!doctype html><html lang="en"><head><title>Connect your books</title></head><body>
<main><h1>Sandbox books</h1><p>An application asks to read and write the books of Lanternworks IT.</p>
<form method="post" action="{action}"><button type="submit" id="allow">Allow</button></form>
<p><a id="allow-link" href="{action}">Allow</a></p></main></body></html>"""


@dataclass
class _Refresh:
    value: str
    issued: float
    expires: float


class Consent:
    """One company's consent to one application."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._lock = Lock()
        self._pending: dict[str, dict[str, str]] = {}
        self._codes: dict[str, tuple[str, float]] = {}
        self._access: dict[str, float] = {}
        self._refresh: _Refresh | None = None
        self._renew()

    def page(self, request: Request) -> Reply:
        """The page on which a person says yes."""
        query = request.query
        wanted = {"client_id", "response_type", "scope", "redirect_uri", "state"}
        if set(query) != wanted or request.method != "GET":
            raise Refusal(400, "the consent page takes client_id, response_type, scope, redirect_uri and state")
        if query["client_id"] != CLIENT_ID or query["response_type"] != "code" or query["scope"] != SCOPE:
            raise Refusal(400, "invalid_client or invalid_scope")
        if not query["redirect_uri"].startswith(("http://", "https://")) or not query["state"]:
            raise Refusal(400, "redirect_uri or state is missing")
        ticket = secrets.token_urlsafe(12)
        self._pending[ticket] = query
        action = html.escape(f"{request.base}/connect/oauth2/allow/{quote(ticket)}")
        return Reply(body=_PAGE.format(action=action).encode(), content_type="text/html; charset=utf-8")

    def allow(self, ticket: str) -> Reply:
        query = self._pending.pop(ticket, None)
        if query is None:
            raise Refusal(400, "this consent was given already or never asked for")
        code = secrets.token_urlsafe(16)
        self._codes[code] = (query["redirect_uri"], time.time() + CODE_SECONDS)
        sign = "&" if "?" in query["redirect_uri"] else "?"
        back = urlencode({"code": code, "state": query["state"], "realmId": REALM})
        return Reply(302, headers={"Location": f"{query['redirect_uri']}{sign}{back}"}, content_type=None)

    def token(self, request: Request) -> Reply:
        wanted = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return json_reply({"error": "invalid_client"}, 401)
        form = request.form()
        if form.get("grant_type") == "authorization_code" and set(form) == {"grant_type", "code", "redirect_uri"}:
            return self._by_code(request, form["code"], form["redirect_uri"])
        if form.get("grant_type") == "refresh_token" and set(form) == {"grant_type", "refresh_token"}:
            return self._by_refresh(request, form["refresh_token"])
        return json_reply({"error": "unsupported_grant_type"}, 400)

    def _by_code(self, request: Request, code: str, redirect_uri: str) -> Reply:
        with self._lock:
            address, expires = self._codes.pop(code, ("", 0.0))
            if not address or address != redirect_uri or time.time() > expires:
                return json_reply({"error": "invalid_grant"}, 400)
            return self._tokens(request, self._renew())

    def _by_refresh(self, request: Request, value: str) -> Reply:
        with self._lock:
            now, held = time.time(), self._refresh
            if held is None or value != held.value or now > held.expires:
                return json_reply({"error": "invalid_grant"}, 400)
            each = self.switches.text("quickbooks_online", "rotation") == "each"
            if each or now - held.issued > DAY:
                held = self._renew()
            else:
                held.expires = now + self.switches.number("quickbooks_online", "refresh_seconds")
            return self._tokens(request, held)

    def _renew(self) -> _Refresh:
        """A new refresh token; the old value is worthless from now on."""
        now = time.time()
        life = self.switches.number("quickbooks_online", "refresh_seconds")
        self._refresh = _Refresh(secrets.token_urlsafe(24), now, now + life)
        return self._refresh

    def _tokens(self, request: Request, refresh: _Refresh) -> Reply:
        access, life = secrets.token_urlsafe(32), self.switches.number("quickbooks_online", "token_seconds")
        self._access[access] = time.time() + life
        made: dict[str, object] = {
            "token_type": "bearer", "expires_in": life, "refresh_token": refresh.value,
            "x_refresh_token_expires_in": int(refresh.expires - time.time()), "access_token": access,
        }  # fmt: skip
        if request.headers.get("x-include-refresh-token-hard-expires-in") == "true":
            made["x_refresh_token_hard_expires_in"] = 157_680_000
        return json_reply(made)

    def admits(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and time.time() < self._access.get(token, 0.0)

    def current_refresh_token(self) -> str:
        """A consent already granted, for set-up without a browser; a lost consent is granted anew."""
        with self._lock:
            return (self._refresh or self._renew()).value

    def revoke(self) -> None:
        """What happens when the company's admin disconnects the application."""
        with self._lock:
            self._refresh = None
            self._access.clear()
