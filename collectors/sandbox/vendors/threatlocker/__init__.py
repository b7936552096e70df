"""ThreatLocker: a bare token, reads by POST, totals in a header that holds JSON, an organization in another."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.threatlocker.api import ThreatLocker

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = ThreatLocker
SWITCHES = (
    Switch("threatlocker", "totals", "header", ("header", "rows", "none"), "where the number of records is told"),
    Switch("threatlocker", "organization_from", "managed", ("managed", "override"), "the header that is read"),
    Switch("threatlocker", "children_from", "includeAllChildren", ("includeAllChildren", "childOrganizations"),
           "the field that asks for organizations below"),
    Switch("threatlocker", "children_listed", True, (True, False), "the key may list child organizations"),
    Switch("threatlocker", "zulu", True, (True, False), "moments end with Z"),
    Switch("threatlocker", "no_rows", "[]", ("[]", "null", "nothing"), "what a list without rows looks like"),
    Switch("threatlocker", "acted", True, (True, False), "decided requests say when"),
)  # fmt: skip
