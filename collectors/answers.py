"""What is inside an answer: its list, its records, and the words of an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from collectors.declare import Endpoint, Record, Vendor
from collectors.errors import Unavailable
from collectors.keys import PLACEHOLDER
from collectors.pagination import found_at

at = found_at
CLOCK_OFF = timedelta(minutes=5)  # by more than that, vendors that look at the time refuse a good key


def parsed(text: bytes) -> Any:
    """The JSON of an answer, its numbers exact. Raises ValueError where it is not whole JSON."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def text_at(body: Any, path: str) -> str:
    """The same as a text; empty where nothing does."""
    found = at(body, path)
    return "" if found is None else str(found)


def path_for(endpoint: Endpoint, path: str, parent: Record | None) -> str:
    """The endpoint's path for one parent record, whose fields fill its braces as single steps of the path."""

    def step(match: re.Match[str]) -> str:
        value = text_at(parent, match[1])
        if value in ("", ".", "..") or "/" in value:
            raise Unavailable(f"A record that {endpoint.name} are asked for has no {match[1]} that fits an address.")
        return quote(value, safe="")

    return PLACEHOLDER.sub(step, path)


def rows_of(endpoint: Endpoint, body: Any) -> list[Any]:
    """The list inside an answer. Raises ValueError where there is none; a named list left out is an empty one."""
    if body is None:
        return []
    if endpoint.records is not None:
        return list(endpoint.records(body))
    outer, _, name = endpoint.records_at.rpartition(".")
    if name:
        holder = at(body, outer) if outer else body
        if not isinstance(holder, dict):
            raise ValueError(f"no {outer or 'object'}")
        body = holder.get(name, [])
    if not isinstance(body, list):
        raise ValueError("no list")
    return body


def with_parent(rows: list[Any], parent: Record | None) -> list[Any]:
    """The records, those asked for `each` parent with it. What is no record stays, to be told."""
    return rows if parent is None else [{**row, "each": parent} if isinstance(row, dict) else row for row in rows]


def together(parents: Iterable[tuple[str, Record]], size: int) -> list[tuple[str, Record]]:
    """The parents in groups that one question names, each by its first one's key: its fields hold theirs, by commas."""
    left = iter(parents)
    if size == 1:
        return list(left)
    groups = iter(lambda: list(islice(left, size)), [])
    return [(group[0][0], _joined([record for _, record in group])) for group in groups]


def _joined(records: list[Record]) -> Record:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: ",".join(str(record[name]) for record in records if record.get(name) is not None) for name in names}


def said(body: Any) -> str:
    """The sentence in a vendor's error body, if it is where most vendors put it."""
    for name in ("message", "errorMessage", "error_description", "error", "detail", "error.message"):
        if isinstance(found := at(body, name), str):
            return found
    return ""


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def refusal(vendor: Vendor, status: int, path: str, reason: str) -> str:
    """What an admin is told of an answer that no patience will mend; `reason` is the vendor's own, without secrets."""
    words = f" It says: “{reason}”." if reason else ""
    if status == 401:
        return f"{vendor.label} refuses our key (401). Check the keys of this connection.{words}"
    if status == 403:
        return f"{vendor.label} does not let this key read {path} (403).{words} {vendor.advice}".rstrip()
    if 300 <= status < 400:
        return f"{vendor.label} sends us to another address ({status}), which we never follow. Check the address."
    return f"{vendor.label} answered {status} at {path}. Check the address and settings.{words}"


def clock_words(headers: Mapping[str, str], now: datetime) -> str:
    """A sentence where our clock and the one of an answer's `Date` header are far apart, which spoils good keys."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return ""
    off = now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    if abs(off) <= CLOCK_OFF:
        return ""
    minutes, which = abs(off) // timedelta(minutes=1), "ahead of" if off > timedelta() else "behind"
    return f"The clock of this machine is {minutes} minutes {which} theirs: set it right first."
