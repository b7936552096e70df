"""What each system is called and which layer it speaks for, whether or not a vendor file reads it."""

from __future__ import annotations

from typing import NamedTuple

from collectors.declare import Layer
from collectors.vendors import VENDORS


class System(NamedTuple):
    label: str
    layer: Layer | None  # None: a system we know nothing of


# Files loaded by people or from the watched folder: one such system a layer, one connection a source that they name.
FILES: dict[str, System] = {
    f"files_{layer}": System(f"Files: {kind}", layer)
    for layer, kind in {
        Layer.PSA: "service desk", Layer.RMM: "devices", Layer.LEDGER: "ledger", Layer.BACKUP: "backup",
        Layer.EDR: "endpoint protection", Layer.TENANT: "cloud tenants", Layer.CONTROL: "application control",
        Layer.MARKETPLACE: "marketplace", Layer.CRM: "sales",
    }.items()
}  # fmt: skip

# Systems whose records may stand in the tables without a vendor file that reads them.
UNREAD: dict[str, System] = {**FILES}


ENTERED = "Entered without a collector"  # what people are told of a connection that nothing here can read
LOADED = "Loaded from files"


def is_collected(slug: str) -> bool:
    """Whether a vendor file reads such connections. The records of any other were written straight into the tables."""
    return slug in VENDORS


def uncollected(slug: str) -> str:
    """How the records of a connection come that no vendor file reads, for people."""
    return LOADED if slug in FILES else ENTERED


def of_other_layers(layer: Layer) -> list[str]:
    """The slugs of systems that speak for another layer than this one."""
    known = {slug: system(slug).layer for slug in (*VENDORS, *UNREAD)}
    return sorted(slug for slug, spoken_for in known.items() if spoken_for is not layer)


def system(slug: str) -> System:
    """The system behind a connection's `vendor`. One whose file has been taken out keeps its slug as its name."""
    if vendor := VENDORS.get(slug):
        return System(vendor.label, vendor.layer)
    return UNREAD.get(slug, System(slug, None))
