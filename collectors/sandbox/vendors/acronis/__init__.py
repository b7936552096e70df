"""Acronis Cyber Protect Cloud: tokens of partners and of single customers, cursors, moments in nanoseconds."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.acronis.api import Acronis

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Acronis
SWITCHES = (
    Switch("acronis", "token_seconds", 7_200, (), "life of an access token in seconds"),
    Switch("acronis", "run_fields", "long", ("long", "short"), "last_run_time and last_success_run_time, or without"),
    Switch("acronis", "type_filter", True, (True, False), "a filter by type works; else it gives an empty list"),
    Switch("acronis", "tenants_paged", True, (True, False), "the list of tenants comes in pages"),
    Switch("acronis", "after_alone", True, (True, False), "a cursor is refused beside filters"),
    Switch("acronis", "totals", True, (True, False), "cursors tell how many there are"),
    Switch("acronis", "html_401", True, (True, False), "a refused token is answered with a page of the web server"),
)
