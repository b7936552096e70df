"""Pipedrive: cursors that keep their question, two versions beside each other, deals that were archived elsewhere."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.pipedrive.api import Pipedrive

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Pipedrive
SWITCHES = (
    Switch("pipedrive", "reopened_keeps", True, (True, False), "a deal opened again keeps the moment it was lost at"),
    Switch("pipedrive", "unknown_field", "ignored", ("ignored", "refused"), "what a custom field that nobody has does"),
    Switch("pipedrive", "throttled_page", False, (False, True), "a throttle comes as a page that says 403"),
    Switch("pipedrive", "names_wait", False, (False, True), "a 429 has Retry-After"),
)
