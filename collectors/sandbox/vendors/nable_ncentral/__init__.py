"""N-able N-central: a token for a token, pages that are numbered, times without an offset, a question a device."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.nable_ncentral.api import NableNcentral

__all__ = ["SWITCHES", "VENDOR"]

SLUG = "nable_ncentral"
VENDOR = NableNcentral
SWITCHES = (
    Switch(SLUG, "token_seconds", 3600, (), "life of an access token in seconds"),
    Switch(SLUG, "most", 500, (), "largest page; a larger one is cut without a word"),
    Switch(SLUG, "pages_at", "top", ("top", "_page", "none"), "where the number of pages stands"),
    Switch(SLUG, "times", "plain", ("plain", "offset", "z", "mixed"), "how a time is written"),
    Switch(SLUG, "times_zone", "UTC", ("UTC", "Europe/Amsterdam"), "zone of the times without an offset"),
    Switch(SLUG, "state", "number", ("number", "text"), "how the state of an issue is written"),
    Switch(SLUG, "sites_with_customer", True, (True, False), "a customer's issues hold those of its sites"),
    Switch(SLUG, "names", "lower", ("lower", "mixed"), "case of the names in an asset"),
    Switch(SLUG, "password_expired", False, (False, True), "the user's password has expired: everything answers 500"),
)
