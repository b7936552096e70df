"""Datto BCDR: keys in a Basic header, pages that some lists give only when asked, moments in two shapes."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.datto_bcdr.api import DattoBcdr

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = DattoBcdr
SWITCHES = (
    Switch("datto_bcdr", "saas_pages", True, (True, False), "lists of SaaS Protection come in pages if asked to"),
    Switch("datto_bcdr", "asset_pages", True, (True, False), "an appliance's machines come in pages if asked to"),
    Switch("datto_bcdr", "status_words", "success", ("success", "Success", "string"), "how a good backup is called"),
    Switch("datto_bcdr", "machine_serial", True, (True, False), "a machine's own serial number is told"),
    Switch("datto_bcdr", "remembered", 10, (), "how many backups a machine's list holds"),
    Switch("datto_bcdr", "saas_organization", True, (True, False), "SaaS customers name their organization"),
    Switch("datto_bcdr", "saas_allowed", True, (True, False), "the key may read SaaS Protection"),
    Switch("datto_bcdr", "days_counted", True, (True, False), "daysUntil limits the history; else all is told"),
)
