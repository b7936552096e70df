"""A connection tried out: the key, the first page of every list, and whose name stands first, in a sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from django.utils import timezone

from collectors.answers import at
from collectors.declare import Endpoint, Record, Vendor
from collectors.errors import OutOfTime, Refused
from collectors.facts.accounts import Account
from collectors.patience import Patience
from collectors.transform import Batch, Plan

if TYPE_CHECKING:
    from collectors.client import Client

PATIENCE = Patience(silence=20, tries=2, longest_wait=3)  # of someone who looks at the page meanwhile
SECONDS = 60.0
LATELY = timedelta(days=1)


def tried(client: Client) -> str:
    """Raises Refused where the key does not work, or a list that is needed may not be read; or Unavailable."""
    vendor = client.vendor
    path, _, query = client.fill(vendor.test).partition("?")
    try:
        shown = at(client.answer(path, dict(parse_qsl(query))), vendor.test_shows)
    except Refused as no:
        raise Refused(f"{no} {_region(vendor)}".rstrip()) from None
    connected = f"Connected to {vendor.label}" + (f" ({str(shown)[:80]})" if shown else "")
    heads: dict[str, Record] = {}
    name, refused = "", dict[str, Refused]()
    for endpoint in vendor.endpoints:
        if endpoint.each and endpoint.each not in heads:
            continue
        try:
            records = _first_page(client, endpoint, heads.get(endpoint.each or ""))
        except OutOfTime:
            break
        except Refused as no:
            refused[endpoint.name] = no
            continue
        kept, rows = _read(client, endpoint, records)
        if kept:
            heads[endpoint.name] = kept[0]
        name = name or (_client_in(endpoint, rows, client) if endpoint.into is Account and endpoint.adds else "")
    words = [f"{connected}.", f"The first client is {name[:80]}." if name else ""]
    if refused:
        needed = [one for one in vendor.endpoints if one.name in refused and not one.optional]
        words.append(f"It does not give {' and '.join(refused)}: {next(iter(refused.values()))}")
        if needed:
            raise Refused(" ".join(filter(None, words)))
    return " ".join(filter(None, words))


def _region(vendor: Vendor) -> str:
    """What to look at first where a vendor runs several instances that know nothing of each other's keys."""
    regions = next((one for one in vendor.settings if one.choices and one.name.endswith("address")), None)
    return f"A key is good in one region only: check that “{regions.label}” is yours." if regions else ""


def _first_page(client: Client, endpoint: Endpoint, parent: Record | None) -> list[Record]:
    now = timezone.now()
    pages = client.pages(endpoint, since=now - LATELY, window=(now - LATELY, now), parent=parent)
    return next(pages).records


def _read(client: Client, endpoint: Endpoint, records: list[Record]) -> tuple[list[Record], Batch]:
    """The records that are read at all, and what they become."""
    plan, batch, kept = Plan(endpoint, client.vendor, client.connection.settings), Batch(), []
    for record in records:
        before = len(batch.rows)
        plan.read([record], batch)
        if len(batch.rows) > before:
            kept.append(record)
    return kept, batch


def _client_in(endpoint: Endpoint, batch: Batch, client: Client) -> str:
    """The name of the first account that is a client's, as far as the vendor tells kinds."""
    columns = Plan(endpoint, client.vendor, client.connection.settings).columns
    rows = [dict(zip(columns, row, strict=True)) for row in batch.rows.values()]
    return next((str(row["name"]) for row in rows if row.get("kind", Account.Kind.CLIENT) == Account.Kind.CLIENT), "")
