"""Atera: an API token or a legacy key, numbered pages of at most fifty, capital letters but for patches."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.atera.api import Atera

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Atera
SWITCHES = (
    Switch("atera", "token_in", "bearer", ("bearer", "x_api_key"), "where an API token is looked for"),
    Switch("atera", "forbidden", "", (), "part of a path that the token has no right to read"),
    Switch("atera", "over_fifty", "clamped", ("clamped", "refused"), "a page of more than fifty"),
    Switch("atera", "last_link", "null", ("null", "empty"), "nextLink of the last page"),
    Switch("atera", "order", "oldest", ("oldest", "newest"), "which record comes first"),
    Switch("atera", "times", "z", ("z", "offset", "plain"), "how a moment is written"),
    Switch("atera", "times_zone", "UTC", ("UTC", "America/Chicago"), "the zone of moments that do not say it"),
    Switch("atera", "archived", True, (True, False), "each resolved alert has a date; else some have none"),
    Switch("atera", "unscanned", "empty", ("empty", "null", "404"),
           "what an agent whose patches nobody looked for answers"),
)  # fmt: skip
