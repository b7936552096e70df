"""ConnectWise PSA: API member keys, two ways of paging, and the conditions language."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.connectwise_psa.api import ConnectWise

__all__ = ["SWITCHES", "VENDOR", "ConnectWise"]

VENDOR = ConnectWise
SWITCHES = (
    Switch("connectwise_psa", "changelog_count", True, (True, False), "/service/tickets/changelogs/count exists"),
)
