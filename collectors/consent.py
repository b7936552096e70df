"""A person's consent to our reading, where a vendor demands one: to the vendor's page and back, with a `state`.

The state is signed, good for one quarter of an hour, for one use, and only for the person and connection it was made
for. Whoever has no session in which it was begun cannot end it.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest
from django.utils import timezone

from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.errors import Refused
from collectors.gate import secure
from collectors.keys import fill, secrets_of
from collectors.systems import system
from collectors.vendors import VENDORS

WARNED_BEFORE = timedelta(days=30)
GOOD_FOR = timedelta(minutes=15)
_BEGUN = "consents_begun"
_PLAIN = re.compile(r"[\w.-]{1,80}")


def given(connection: Connection) -> bool:
    """Whether a person has consented, where the vendor asks for it."""
    vendor = VENDORS.get(connection.vendor)
    return vendor is None or vendor.consent is None or bool(secrets_of(connection).get("refresh_token"))


def warning(connection: Connection, now: datetime | None = None) -> str:
    """A sentence from 30 days before the consent runs out, and nothing before."""
    ends, now = connection.consent_expires_at, now or timezone.now()
    if ends is None or ends - now > WARNED_BEFORE:
        return ""
    if ends <= now:
        return f"The consent ran out on {ends:%-d %B %Y}. Reconnect to go on reading."
    return f"The consent runs out on {ends:%-d %B %Y}. Reconnect before that day."


def begin(request: HttpRequest, connection: Connection, redirect_uri: str, back: str) -> str:
    """The address of the vendor's consent page. `back` is where the person goes on afterwards."""
    vendor = _asking(connection)
    assert vendor.consent is not None
    nonce = secrets.token_urlsafe(16)
    request.session[_BEGUN] = {**request.session.get(_BEGUN, {}), nonce: back}
    address = fill(vendor.consent.authorize, connection, vendor)
    secure(address)
    asked = {
        "client_id": fill("{client_id}", connection, vendor),
        "response_type": "code",
        "scope": vendor.consent.scope,
        "redirect_uri": redirect_uri,
        "state": signing.dumps([nonce, connection.pk, request.user.pk], salt=_BEGUN),
    }
    return f"{address}?{urlencode(asked)}"


def finish(request: HttpRequest, redirect_uri: str) -> tuple[Connection, str]:
    """Stores what the vendor sent the person back with; the connection, and where they go on. Raises CollectError."""
    connection, back = _begun(request)
    vendor = _asking(connection)
    assert vendor.consent is not None
    if not request.GET.get("code"):
        raise Refused(f"Consent to {vendor.label} was not given. Press Connect to try again.")
    keeps = {name: request.GET.get(parameter, "") for name, parameter in vendor.consent.keeps.items()}
    if not all(_PLAIN.fullmatch(value) for value in keeps.values()):
        raise Refused(f"{vendor.label} did not say which company consented. Please connect again.")
    known = {**connection.settings, **secrets_of(connection)}
    if any(known.get(name, value) not in ("", value) for name, value in keeps.items()):
        raise Refused(f"That is another {vendor.label} company than this connection's. Add a connection of its own.")
    connection.settings = {**connection.settings, **keeps}
    with Client(connection, vendor) as client:
        client.redeem(request.GET["code"], redirect_uri, keeps)
    return connection, back


def _begun(request: HttpRequest) -> tuple[Connection, str]:
    """The connection this person began to connect in this session, once. Raises Refused for anything else."""
    try:
        nonce, connection_id, person = signing.loads(request.GET.get("state", ""), salt=_BEGUN, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError):
        nonce, connection_id, person = "", None, None
    waiting = dict(request.session.get(_BEGUN, {}))
    back = waiting.pop(nonce, None)
    request.session[_BEGUN] = waiting
    connection = Connection.objects.filter(pk=connection_id).first()
    if back is None or person != request.user.pk or connection is None:
        raise Refused("This consent was not begun here, is too old, or was used before. Please connect again.")
    return connection, back


def _asking(connection: Connection) -> Vendor:
    vendor = VENDORS.get(connection.vendor)
    if vendor is None or vendor.consent is None:
        raise Refused(f"{system(connection.vendor).label} asks for no consent.")
    return vendor
