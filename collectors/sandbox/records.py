"""The records of the world's further layers that a test can change: which fields each has, and where to find one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.backups import Run, Thing
from collectors.sandbox.world.billing import Invoice
from collectors.sandbox.world.dates import parse_moment
from collectors.sandbox.world.ground import Told
from collectors.sandbox.world.health import Alert
from collectors.sandbox.world.incidents import Incident
from collectors.sandbox.world.marketplace import Subscription
from collectors.sandbox.world.quality import Survey
from collectors.sandbox.world.sales import Activity, Deal
from collectors.sandbox.world.tenants import Sku, User
from collectors.sandbox.world.world import World

MADE: dict[str, tuple[type, ...]] = {
    "backups": (Thing,), "backup_runs": (Run,), "users": (User,), "incidents": (Incident,),
    "licenses": (Sku, Subscription), "deals": (Deal,), "activities": (Activity,), "alerts": (Alert,),
    "invoices": (Invoice,), "surveys": (Survey,),
}  # fmt: skip
FIXED = {"id", "updated_at"}
PLAIN = {int, str, bool, date, Decimal}


def settable(kind: str) -> dict[str, Any]:
    """Fields that `set` knows, with their types: plain values and lists of words, no record within the record."""
    hints = {name: hint for made in MADE[kind] for name, hint in get_type_hints(made).items()}
    return {name: hint for name, hint in hints.items() if name not in FIXED and _types(hint) <= PLAIN}


def values(kind: str, wanted: Row) -> Row:
    """What a test sets, in the record's own types: moments as ISO text, days and decimals as text."""
    known = settable(kind)
    if set(wanted) - set(known):
        raise ValueError(f"{kind} know {', '.join(sorted(known))}")
    return {name: _value(name, known[name], value) for name, value in wanted.items()}


def copied(world: World, kind: str, identity: int, wanted: Row, now: int) -> object:
    """A record like one that is there, with another id."""
    wanted = dict(wanted)
    like = int(str(wanted.pop("like", 0)))
    model = next((row for row in _listed(world, kind, now) if row.id == like), None)
    if model is None:
        raise ValueError(f"no {kind} like {like} now")
    changed = {name: value for name, value in values(kind, wanted).items() if name in _names(model)}
    return replace(cast(Any, model), **changed, id=identity, updated_at=now)


def _listed(world: World, kind: str, now: int) -> Iterable[Told]:
    listings: dict[str, Callable[[int], Iterable[Told]]] = {
        "backups": lambda client: world.backups.things(client, now),
        "backup_runs": lambda client: world.backups.runs(client, now, 0),
        "users": lambda client: world.tenants.users(client, now),
        "incidents": lambda client: (
            *world.tenants.incidents(client, now), *world.endpoint_security.incidents(client, now)),
        "licenses": lambda client: (*world.tenants.skus(client, now), *world.marketplace.subscriptions(client, now)),
        "alerts": lambda client: world.health.alerts(now, client=client),
        "invoices": lambda client: world.billing.invoices(now, client=client),
        "surveys": lambda client: world.quality.surveys(now, client=client),
    }  # fmt: skip
    if kind in listings:
        return (row for client in world.clients.served for row in listings[kind](client))
    return world.sales.deals(now) if kind == "deals" else world.sales.activities(now)


def _names(model: object) -> set[str]:
    return {one.name for one in fields(cast(Any, model))}


def _types(hint: Any) -> set[Any]:
    if isinstance(hint, UnionType):
        return {one for part in get_args(hint) for one in _types(part) if one is not type(None)}
    if get_origin(hint) is tuple:
        return {str} if get_args(hint) == (str, ...) else {tuple}
    return {hint}


def _value(name: str, hint: Any, value: object) -> object:
    types = _types(hint)
    if value is None:
        return None
    if date in types:
        return date.fromisoformat(str(value))
    if Decimal in types:
        return Decimal(str(value))
    if name.endswith("_at"):
        return parse_moment(str(value))
    return tuple(value) if isinstance(value, list) else value
