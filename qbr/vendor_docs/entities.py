"""The entities of the fact tables in plain words, and what a system of each layer is expected to yield."""

from __future__ import annotations

from django.apps import apps

from collectors.declare import Endpoint, Layer, Vendor
from collectors.facts.shapes import Record

EXPECTED: dict[Layer, tuple[str, ...]] = {
    Layer.PSA: ("Account", "Queue", "Ticket", "TimeEntry", "Agreement", "Technician", "InvoiceLine", "Survey"),
    Layer.RMM: ("Account", "Asset", "Alert"),
    Layer.BACKUP: ("Account", "Backup", "BackupRun", "RecoveryTest"),
    Layer.EDR: ("Account", "Asset", "Incident"),
    Layer.CONTROL: ("Account", "Asset"),
    Layer.TENANT: ("Account", "Asset", "PostureCheck", "Seat", "License", "Incident"),
    Layer.MARKETPLACE: ("Account", "License"),
    Layer.LEDGER: ("Account", "LedgerAccount", "LedgerBalance", "InvoiceLine"),
    Layer.CRM: ("Account", "Deal", "DealStage", "Activity"),
}
LAYERS = {
    Layer.PSA: "PSA", Layer.RMM: "RMM", Layer.LEDGER: "Ledger", Layer.BACKUP: "Backup", Layer.EDR: "EDR",
    Layer.TENANT: "Cloud tenant", Layer.CONTROL: "Application control", Layer.MARKETPLACE: "Marketplace",
    Layer.CRM: "CRM",
}  # fmt: skip


def entities() -> dict[str, str]:
    """Every entity a vendor file may fill, in plain words, in the order of the tables."""
    found = [model for model in apps.get_app_config("collectors").get_models() if issubclass(model, Record)]
    return {model.__name__: str(model._meta.verbose_name).capitalize() for model in found}


def lists_of(vendor: Vendor, entity: str) -> list[Endpoint]:
    return [endpoint for endpoint in vendor.endpoints if endpoint.into.__name__ == entity]


def cell(vendor: Vendor, entity: str) -> tuple[str, str]:
    """Whether a vendor's file reads an entity: “read”, “not offered” or “not read”, and why it does not."""
    if lists_of(vendor, entity):
        return "read", ""
    offered = vendor.about.not_offered if vendor.about else {}
    left = vendor.about.not_read if vendor.about else {}
    if entity in offered:
        return "not offered", offered[entity]
    if entity in left or entity in EXPECTED[vendor.layer]:
        return "not read", left.get(entity, "")
    return "", ""  # nobody expects it of such a system


def gaps(vendor: Vendor) -> list[str]:
    """What a system of its layer is expected to yield and this file leaves unread, its API having it."""
    return [entity for entity in EXPECTED[vendor.layer] if cell(vendor, entity)[0] == "not read"]
