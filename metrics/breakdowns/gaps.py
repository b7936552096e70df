"""Gaps by name, as things stand now: what lacks what it should have, and what no device of the RMM matches.

Each is the list behind a metric's number: the same facts under the same rules, read in one statement a screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from metrics.breakdowns.source import Source
from metrics.declare import Facts
from metrics.definitions.estate import ENDPOINT
from metrics.definitions.facts import (
    BACKUPS,
    DEVICES,
    DEVICES_BY_SYSTEM,
    EDR_AGENTS,
    NO_SPARE,
    SEATS_OF_TENANT,
)
from metrics.definitions.security import PERSON
from metrics.periods import Month
from metrics.reading import ScopeRef
from metrics.rollup.compile import with_rules

NOW = """
SELECT {thing}, coalesce(o.client, ''), coalesce(o.slug, ''), {told}, t.link, count(*) OVER ()
FROM {sql}
    JOIN r ON true
    JOIN connection c ON c.id = {connection} AND c.counts_from < r.ends_on AND c.counts_to > r.month
    {owner}
WHERE f.until_on = date '9999-12-31' AND t.retired_on IS NULL AND {kept} AND {where}
ORDER BY {order}, t.id LIMIT %(limit)s OFFSET %(offset)s"""
# Whether another layer has a record of the device that is listed still.
HAS_AGENT = """EXISTS (
    SELECT FROM same_device p JOIN asset_state e ON e.thing_id = p.other AND e.until_on = date '9999-12-31'
    WHERE p.layer = 'edr' AND p.asset_id = t.id)"""
HAS_BACKUP = """EXISTS (
    SELECT FROM same_device p JOIN backup_state e ON e.thing_id = p.other AND e.until_on = date '9999-12-31'
    WHERE p.layer = 'backup' AND p.asset_id = t.id)"""
DEVICE = "coalesce(nullif(f.name, ''), t.hostname, '')"
HOST = "coalesce(nullif(t.hostname, ''), t.external_id)"


@dataclass(frozen=True)
class Told:
    """What is said of each thing beside its name: a heading and SQL for a text, a number or a day."""

    label: str
    sql: str


@dataclass(frozen=True)
class Gap:
    """What is listed, and `behind` which metric's number it stands: absent for whom that number is."""

    label: str
    says: str
    thing: str  # the heading of the names
    behind: str
    facts: Facts
    where: str
    name: str = DEVICE
    told: tuple[Told, ...] = ()


KIND, SYSTEM, SERIAL = Told("Kind", "replace(f.kind, '_', ' ')"), Told("System", "f.os"), Told("Serial", "t.serial")
SEEN = Told("Last contact", "(t.last_seen_at AT TIME ZONE %(zone)s)::date")

GAPS: Mapping[str, Gap] = {
    "unprotected": Gap(
        "Without endpoint protection", "Endpoints of the RMM on which no agent of the endpoint protection is listed.",
        "Device", "devices_unprotected", DEVICES, f"{ENDPOINT} AND NOT {HAS_AGENT}",
        told=(KIND, SYSTEM, SERIAL, SEEN),
    ),
    "not-backed-up": Gap(
        "Servers without backup", "Servers of the RMM that no backup system lists.", "Server", "servers_not_backed_up",
        DEVICES, f"f.kind = 'server' AND {NO_SPARE} AND NOT {HAS_BACKUP}", told=(SYSTEM, SERIAL, SEEN),
    ),
    "unknown-agents": Gap(
        "Agents no device matches", "Agents of the endpoint protection that fit no one device of the client's RMM.",
        "Agent", "devices_protected", EDR_AGENTS, "device.thing_id IS NULL", told=(KIND, SYSTEM, SERIAL, SEEN),
    ),
    "unknown-backups": Gap(
        "Backups no device matches", "Backed-up machines that fit no one device of the client's RMM.", "Backup",
        "continuity_backups", BACKUPS, "f.kind = 'continuity' AND device.thing_id IS NULL", name=HOST,
        told=(SERIAL, Told("Last good run", "last.good_on")),
    ),
    "no-second-factor": Gap(
        "Without a second factor",
        "Sign-ins with a licence that have registered none. Each is told by the tenant's own id, never by a name.",
        "Sign-in", "people_without_mfa", SEATS_OF_TENANT, f"{PERSON} AND f.mfa IS FALSE", name="t.external_id",
        told=(Told("Administrator", "CASE WHEN f.admin THEN 'yes' WHEN NOT f.admin THEN 'no' ELSE '' END"),),
    ),
    "out-of-support": Gap(
        "Out of support", "Endpoints whose operating system the maker no longer supports.", "Device",
        "devices_out_of_support", DEVICES_BY_SYSTEM, f"{ENDPOINT} AND system.supported_until < %(on)s",
        told=(KIND, SYSTEM, Told("Version", "f.os_version"), Told("Supported until", "system.supported_until")),
    ),
    "patches": Gap(
        "Many patches missing", "Endpoints that lack more patches than the setting allows.", "Device",
        "devices_many_patches_missing", DEVICES, f"{ENDPOINT} AND f.patches_missing > :many_patches",
        told=(KIND, SYSTEM, Told("Patches missing", "f.patches_missing"), SEEN),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Missing:
    name: str
    client: str  # "" where the account is not linked
    slug: str
    told: tuple[str | int | date | None, ...]
    link: str


@dataclass(frozen=True)
class Listed:
    """One screen of a gap; `total` counts those of the other screens too."""

    total: int
    things: tuple[Missing, ...]


def listed(gap: Gap, scope: ScopeRef, now: datetime, *, limit: int, offset: int = 0) -> Listed:
    """As last listed, by client and name; `now` is a local moment. One statement however many there are."""
    source = Source(scope, (Month.holding(now.date()),))
    facts, on = gap.facts, "%(on)s::date"
    body = NOW.format(
        thing=gap.name, told=", ".join(told.sql for told in gap.told), sql=facts.sql.replace("{day}", on),
        connection=facts.connection, owner=source.owner(facts, on), kept=source.kept(facts),
        where=with_rules(gap.where), order=f"coalesce(o.client, ''), {gap.name}",
    )
    given: dict[str, Any] = {"on": now.date(), "zone": str(now.tzinfo), "limit": limit, "offset": offset}
    rows = source.rows(body, given)
    things = tuple(Missing(row[0], row[1], row[2], row[3:-2], row[-2] or "") for row in rows)
    return Listed(rows[0][-1] if rows else 0, things)
