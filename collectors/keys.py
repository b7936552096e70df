"""A connection's settings and secrets: put where a vendor file asks for them, and kept out of every word we say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cryptography.fernet import InvalidToken

from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.errors import Refused

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
CANNOT_OPEN = "Its keys cannot be opened with this installation's encryption keys. Enter them again."


def secrets_of(connection: Connection) -> dict[str, Any]:
    """The secrets in the clear. Raises Refused where no encryption key opens them."""
    try:
        opened = connection.secrets
    except InvalidToken:
        opened = None
    if opened is None:
        raise Refused(CANNOT_OPEN)
    return opened


def fill(template: str, connection: Connection, vendor: Vendor) -> str:
    """The template with settings and secrets in its braces. Raises Refused where one is not filled in."""
    if "{" not in template:
        return template
    known = {**connection.settings, **secrets_of(connection)}

    def value(match: re.Match[str]) -> str:
        text = str(known.get(match[1]) or "").strip().rstrip("/")
        if not text:
            asked = next((setting.label for setting in vendor.settings if setting.name == match[1]), match[1])
            by_consent = vendor.consent is not None and match[1] in vendor.consent.keeps
            hint = "Press Connect." if by_consent else "Fill it in."
            raise Refused(f"The connection to {vendor.label} lacks its “{asked}”. {hint}")
        return text

    return PLACEHOLDER.sub(value, template)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text on one short line, with nothing in it that is secret."""
    for secret in sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True):
        text = text.replace(secret, "…")
    return " ".join(text.split())[:200]
