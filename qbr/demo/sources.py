"""What the demo reads: its calendar, and a connection to each system that the sandbox serves."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from collectors.systems import system
from metrics.periods import Month, months_between, parse


def calendar(world: dict[str, Any]) -> list[Month]:
    """The months before this one that the sandbox knows; days begin where the synthetic MSP's do."""
    calendar = Calendar.current()
    first = parse(world["first_month"])
    assert isinstance(first, Month)
    if calendar.read_from is None:
        calendar.time_zone, calendar.read_from = world["zone"], first.starts_on
        calendar.save(update_fields=["time_zone", "read_from"])
    today = timezone.now().astimezone(calendar.zone).date()
    return list(months_between(first, Month.holding(today).previous))


def connect(world: dict[str, Any]) -> list[Connection]:
    """The sandbox's address may have moved with PORT; its keys are the same."""
    sources = []
    for slug, keys in world["vendors"].items():
        source, made = Connection.objects.get_or_create(vendor=slug, label=system(slug).label)
        moved = any(source.settings.get(name) != value for name, value in keys["settings"].items())
        if made:
            source.secrets = keys["secrets"]
        if made or moved:
            source.settings = source.settings | keys["settings"]
            source.save(update_fields=["settings", "secrets_sealed"])
        sources.append(source)
    return sources
