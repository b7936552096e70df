"""Datto RMM: a password grant with a client everybody knows, links to the next page, moments in milliseconds."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.datto_rmm.api import DattoRmm

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = DattoRmm
SWITCHES = (
    Switch("datto_rmm", "token_seconds", 360_000, (), "life of an access token in seconds"),
    Switch("datto_rmm", "first_page", 0, (0, 1), "number of the first page"),
    Switch("datto_rmm", "link_keeps", True, (True, False), "the link to the next page keeps max and the filters"),
    Switch("datto_rmm", "last_link", "null", ("null", "empty"), "nextPageUrl of the last page"),
    Switch("datto_rmm", "alerts_most", 100, (), "largest page of alerts"),
    Switch("datto_rmm", "over_max", "clamped", ("clamped", "refused"), "a page larger than the largest"),
    Switch("datto_rmm", "alerts_order", "newest", ("newest", "oldest"), "which alert comes first"),
    Switch("datto_rmm", "moments", "milliseconds", ("milliseconds", "seconds", "iso"), "how a moment is written"),
    Switch("datto_rmm", "forbidden_is_block", False, (False, True), "a 403 speaks of a block after too many requests"),
)
