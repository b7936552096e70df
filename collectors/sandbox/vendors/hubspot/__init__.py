"""HubSpot's CRM: lists by id, searches by POST that end at their cap, every value a text or null."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.hubspot.api import HubSpot

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = HubSpot
SWITCHES = (
    Switch("hubspot", "search_cap", 10_000, (), "results a search gives at the most"),
    Switch("hubspot", "history_limit", 50, (50, 100), "largest page with a property's history"),
    Switch("hubspot", "iso_filters", True, (True, False), "filters take moments as ISO text beside milliseconds"),
    Switch("hubspot", "names_wait", False, (False, True), "a 429 has Retry-After"),
    Switch("hubspot", "daily_limit", False, (False, True), "a 429 is about the day's quota"),
    Switch("hubspot", "changed_together", False, (False, True), "all companies were changed in one moment, in bulk"),
)
