"""Xero: a custom connection's short tokens, pages with their number, dates in two shapes, profit and loss."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.xero.api import Xero

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Xero
SWITCHES = (
    Switch("xero", "token_seconds", 1800, (), "life of an access token in seconds"),
    Switch("xero", "scopes", "granular", ("granular", "classic"), "which scopes the connection was made with"),
    Switch("xero", "pagination", True, (True, False), "pages tell how many there are"),
    Switch("xero", "dated_labels", "28 Feb 18", ("28 Feb 18", "28 February 2018", "Feb 28, 2018"),
           "how a report's column is headed"),
)  # fmt: skip
