"""How a vendor is shown who we are. Nothing here speaks HTTP: the client hands over what may be asked of it.

Access tokens live in the memory of one run. Refresh tokens that a vendor rotates are stored, under a lock on the
connection's row, before the new access token is used: a rotated token that is lost can only be mended by a person.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeAlias

from django.db import transaction
from django.utils import timezone

from collectors.connections import Connection
from collectors.errors import Refused, Unavailable

Posted: TypeAlias = tuple[int, dict[str, Any]]


class Exchange(Protocol):
    """What the client lets an `Auth` ask for."""

    connection: Connection
    label: str
    sleep: Callable[[float], None]

    def fill(self, template: str) -> str:
        """The template with the connection's settings and secrets in its braces."""
        ...

    @property
    def tenant(self) -> str:
        """The vendor's tenant a token is asked for; empty where there is only one."""
        ...

    def post_form(self, address: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Posted:
        """The status and JSON object that a token address answers to a form."""
        ...

    def post_json(self, address: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Posted:
        """The status and JSON object that a token address answers to JSON."""
        ...

    def keep_secret(self, token: str) -> None:
        """Keep a token out of every word we say; those named access_token and refresh_token are already."""
        ...


@dataclass(frozen=True, kw_only=True)
class Auth:
    """Credentials are headers; `headers` are templates sent with every request for data."""

    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def token_address(self) -> str:
        """The template of the one address that may be posted to for a token; empty where there is none."""
        return ""

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        """Fresh headers that prove who we are. Raises Refused where the vendor does not accept our key."""
        return {name: exchange.fill(template) for name, template in self.headers.items()}


@dataclass(frozen=True, kw_only=True)
class Basic(Auth):
    user: str
    password: str

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        basic = basic_header(exchange.fill(self.user), exchange.fill(self.password))
        return {**super().credentials(exchange), "Authorization": basic}


@dataclass(frozen=True, kw_only=True)
class ClientCredentials(Auth):
    """OAuth 2.0 for machines: the key buys an access token, and there is no refresh token.

    `sent` says how the vendor wants the key: as a form, as JSON, or as Basic beside a form. `{tenant}` in the token's
    address is the tenant the token is for. `means` turns a vendor's own code for a fault into a sentence for an admin.
    """

    token: str
    scope: str = ""
    sent: Literal["form", "json", "basic"] = "form"
    more: Mapping[str, str] = field(default_factory=dict)  # further fields, templates
    means: Callable[[Mapping[str, Any]], str] = lambda answer: ""

    @property
    def token_address(self) -> str:
        return self.token

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        key = {"client_id": exchange.fill("{client_id}"), "client_secret": exchange.fill("{client_secret}")}
        form = {"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})}
        form |= {name: exchange.fill(text) for name, text in self.more.items()}
        address = exchange.fill(self.token)
        if self.sent == "basic":
            basic = {"Authorization": basic_header(key["client_id"], key["client_secret"])}
            status, answer = exchange.post_form(address, form, basic)
        elif self.sent == "json":
            status, answer = exchange.post_json(address, {**form, **key}, {})
        else:
            status, answer = exchange.post_form(address, {**form, **key}, {})
        if status >= 400:
            says = self.means(answer)
            raise Refused(says or f"{exchange.label} does not accept the client id and secret{reason(answer)}.")
        return {**super().credentials(exchange), **bearer(exchange, answer)}


@dataclass(frozen=True, kw_only=True)
class PasswordGrant(Auth):
    """OAuth 2.0 by a user's name and password, with a client of its own that is known to everyone."""

    token: str
    client: tuple[str, str]
    user: str = "{public_key}"
    password: str = "{private_key}"  # noqa: S105

    @property
    def token_address(self) -> str:
        return self.token

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        form = {
            "grant_type": "password", "username": exchange.fill(self.user), "password": exchange.fill(self.password),
        }  # fmt: skip
        basic = {"Authorization": basic_header(*self.client)}
        status, answer = exchange.post_form(exchange.fill(self.token), form, basic)
        if status >= 400:
            raise Refused(f"{exchange.label} does not accept the key{reason(answer)}.")
        return {**super().credentials(exchange), **bearer(exchange, answer)}


@dataclass(frozen=True, kw_only=True)
class RefreshToken(Auth):
    """OAuth 2.0 by a person's consent: a stored refresh token that the vendor may replace at every use."""

    token: str
    token_headers: Mapping[str, str] = field(default_factory=dict)
    lasts: str = "x_refresh_token_expires_in"  # where the answer tells the refresh token's life, in seconds
    ends: str = "x_refresh_token_hard_expires_in"  # and the life of the consent itself

    @property
    def token_address(self) -> str:
        return self.token

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        answer: dict[str, Any] = {}
        used = ""
        for again in (False, True):
            if again:
                exchange.sleep(1)  # whoever waits for the row to store a newer token goes first
            with locked(exchange.connection) as connection:
                stored = connection.secrets.get("refresh_token", "")
                if not stored:
                    raise Refused(f"{exchange.label} waits for consent. Open the connection and press Connect.")
                if stored == used:
                    break
                used = stored
                status, answer = self._ask(exchange, {"grant_type": "refresh_token", "refresh_token": used})
                if status < 400:
                    self._store(connection, answer)
            if status < 400:
                return {**super().credentials(exchange), **bearer(exchange, answer)}
        raise Refused(f"{exchange.label} no longer accepts our consent{reason(answer)}. Reconnect this connection.")

    def redeem(self, exchange: Exchange, code: str, redirect_uri: str, keeps: Mapping[str, str]) -> None:
        """Exchanges a consent's code for the first tokens and stores them with the settings in `keeps`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        with locked(exchange.connection) as connection:
            status, answer = self._ask(exchange, form)
            if status >= 400 or not token_of(answer, "refresh_token"):
                raise Refused(f"{exchange.label} did not accept the consent{reason(answer)}. Please connect again.")
            connection.settings = {**connection.settings, **keeps}
            connection.problem = ""
            self._store(connection, answer)

    def _ask(self, exchange: Exchange, form: Mapping[str, str]) -> Posted:
        basic = basic_header(exchange.fill("{client_id}"), exchange.fill("{client_secret}"))
        return exchange.post_form(exchange.fill(self.token), form, {**self.token_headers, "Authorization": basic})

    def _store(self, connection: Connection, answer: Mapping[str, Any]) -> None:
        fresh = token_of(answer, "refresh_token")
        if fresh:
            connection.secrets = {**connection.secrets, "refresh_token": fresh}
        lives = [answer[name] for name in (self.lasts, self.ends) if str(answer.get(name, "")).isdigit()]
        if lives:
            connection.consent_expires_at = timezone.now() + timedelta(seconds=min(int(life) for life in lives))
        connection.save(update_fields=["settings", "secrets_sealed", "consent_expires_at", "problem"])


@contextmanager
def locked(connection: Connection) -> Iterator[Connection]:
    """The connection's row as it is stored now, locked against other processes until the block ends.

    Rows that point at the connection can still be written meanwhile. Never inside another transaction: what the
    block stores must be safe before the next request is made.
    """
    with transaction.atomic(durable=True):
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        yield row
    connection.secrets_sealed = row.secrets_sealed
    connection.settings = row.settings
    connection.consent_expires_at = row.consent_expires_at


def basic_header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def bearer(exchange: Exchange, answer: Mapping[str, Any]) -> dict[str, str]:
    access = token_of(answer, "access_token")
    if not access:
        raise Unavailable(f"{exchange.label} answered the request for a token without one.")
    return {"Authorization": f"Bearer {access}"}


def token_of(answer: Mapping[str, Any], name: str) -> str:
    return str(answer.get(name) or "")


MEANINGS = {  # of the codes of OAuth 2.0, section 5.2
    "invalid_client": "the client id or secret is wrong, or has expired",
    "invalid_grant": "what was consented to, or the password, is no longer good",
    "invalid_scope": "the key lacks a scope that we ask for",
    "unauthorized_client": "a client of this kind gets no token here",
    "access_denied": "somebody said no",
}


def reason(answer: Mapping[str, Any]) -> str:
    """The vendor's short OAuth error code and what it means, for a sentence; nothing else of the answer is repeated."""
    code = token_of(answer, "error")
    if not code.replace("_", "").isalpha() or len(code) > 40:
        return ""
    return f" ({code}: {MEANINGS[code]})" if code in MEANINGS else f" ({code})"
