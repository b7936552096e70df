"""What the demo asks of the vendor sandbox beside the vendors' own APIs: keys, and a clock that can be set."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime
from typing import Any

from django.conf import settings


def info() -> dict[str, Any]:
    return _ask("info")


def set_clock(moment: datetime | None) -> None:
    """Stand still at a moment; None follows real time again."""
    _ask("clock", {"now": moment.isoformat() if moment else None})


def _ask(what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the address is this installation's own setting
        f"{settings.SANDBOX_URL}/_sandbox/{what}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        read: dict[str, Any] = json.load(answer)
    return read
