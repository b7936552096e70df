"""What the demo reads: its calendar, and a connection to each system that the sandbox serves."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from django.utils import timezone

from collectors.connections import Connection
from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from collectors.systems import is_collected, system
from metrics.periods import Month, months_between, parse

# Systems the synthetic MSP tries beside the one it runs on: read like every other, and counted on no day.
TRIED = frozenset({
    "autotask", "halopsa", "datto_rmm", "nable_ncentral", "connectwise_rmm", "atera", "xero", "salesforce", "pipedrive",
})
FROM_THE_BEGINNING = frozenset({"connectwise_psa", "ninjaone", "quickbooks_online"})
MONTHS_OF_OTHERS = 6  # of the others only so many month ends are played: the past of what is tried tells nothing


def calendar(world: dict[str, Any]) -> list[Month]:
    """The months before this one that the sandbox knows and the calendar reads; days begin where its MSP's do."""
    calendar = Calendar.current()
    first = parse(world["first_month"])
    assert isinstance(first, Month)
    if calendar.read_from is None:
        calendar.time_zone, calendar.read_from = world["zone"], first.starts_on
        calendar.save(update_fields=["time_zone", "read_from"])
    today = timezone.now().astimezone(calendar.zone).date()
    return list(months_between(max(first, Month.holding(calendar.read_from)), Month.holding(today).previous))


def played(source: Connection, months: Sequence[Month]) -> Sequence[Month]:
    """The month ends as of which a connection is read: what is tried only as it is now."""
    if source.vendor in FROM_THE_BEGINNING:
        return months
    return [] if source.vendor in TRIED else months[-MONTHS_OF_OTHERS:]


def connect(world: dict[str, Any], only: Container[str] = ()) -> list[Connection]:
    """Every system served, or those of `only`. The address may have moved with PORT; the keys are the same."""
    sources = []
    for slug, keys in world["vendors"].items():
        if not is_collected(slug) or (only and slug not in only):
            continue
        counted = {"counts_to": EARLIEST} if slug in TRIED else {}
        source, made = Connection.objects.get_or_create(vendor=slug, label=system(slug).label, defaults=counted)
        moved = any(source.settings.get(name) != value for name, value in keys["settings"].items())
        if made:
            source.secrets = keys["secrets"]
        if made or moved:
            source.settings = source.settings | keys["settings"]
            source.save(update_fields=["settings", "secrets_sealed"])
        sources.append(source)
    return sources
