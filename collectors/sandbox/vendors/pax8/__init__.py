"""Pax8: a token for a JSON body, pages counted from nought, dates in four shapes."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.pax8.api import Pax8

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Pax8
SWITCHES = (
    Switch("pax8", "token_seconds", 86_400, (), "life of an access token in seconds"),
    Switch("pax8", "cancelled_listed", False, (False, True), "subscriptions that ended are in the list unasked"),
    Switch("pax8", "deleted_listed", False, (False, True), "deleted companies are in the list unasked"),
    Switch("pax8", "product_name", True, (True, False), "subscriptions carry productName"),
)
