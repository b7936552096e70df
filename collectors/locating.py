"""The customer's own zone of a vendor: asked for without a key, checked before anything secret goes there."""

from __future__ import annotations

import re
from typing import Any

from collectors.answers import at
from collectors.declare import Locate
from collectors.errors import Refused
from collectors.gate import loopback, secure

ZONE = "zone"  # the setting a located address is kept in

_PLAIN = re.compile(r"https?://([A-Za-z0-9.-]+)(:\d+)?(/[\w.~-]+)*")  # no user, query or sign that readers differ about


def zone_in(locate: Locate, asked: str, status: int, body: Any, label: str) -> str:
    """The zone's address in an answer of `asked`. Raises Refused where it is none, or no host of this vendor's."""
    told = at(body, locate.at) if status < 300 else None
    zone = told.rstrip("/") if isinstance(told, str) else ""
    plain = _PLAIN.fullmatch(zone)
    if plain is None or not (re.fullmatch(locate.host, plain[1]) or (loopback(asked) and loopback(zone))):
        raise Refused(f"{label} does not know in which zone this account lives. Check the user name.")
    secure(zone)
    return zone
