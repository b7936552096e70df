"""SentinelOne: one token that never changes, cursors that soon end, lists in two kinds of envelope."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.sentinelone.api import SentinelOne

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = SentinelOne
SWITCHES = (
    Switch("sentinelone", "scope", "account", ("account", "site"), "what the token's service user may see"),
    Switch("sentinelone", "cursor_seconds", 600, (), "life of a cursor in seconds"),
    Switch("sentinelone", "names_wait", True, (True, False), "429 has Retry-After"),
    Switch("sentinelone", "old_sites_listed", False, (False, True), "deleted and expired sites are listed unasked"),
    Switch("sentinelone", "nulls", "null", ("null", "missing", "None"), "what a field without a value looks like"),
    Switch("sentinelone", "errors", "empty", ("empty", "missing", "object"), "the list of errors in a good answer"),
    Switch("sentinelone", "engines", "objects", ("objects", "texts"), "what detectionEngines holds"),
)
