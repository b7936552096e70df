"""NinjaOne: client credentials, lists by `after`, reports by a named cursor."""

from collectors.sandbox.vendors.ninjaone.api import NinjaOne

__all__ = ["NinjaOne"]

VENDOR = NinjaOne
