"""Huntress: Basic keys, pages named by a token that stands one level down, and no question by time."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.huntress.api import Huntress

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Huntress
SWITCHES = (
    Switch("huntress", "errors", "message", ("message", "list", "object"), "the shape of an error's body"),
    Switch("huntress", "last_page", "empty", ("empty", "null"), "what pagination holds on the last page"),
    Switch("huntress", "uninstalled_listed", False, (False, True), "an agent uninstalled lately is still listed"),
    Switch("huntress", "names_wait", False, (False, True), "429 has Retry-After"),
    Switch("huntress", "deleted_reports", True, (True, False), "reports outlive their organization"),
)
