"""HaloPSA: client credentials for a tenant, pages that are counted by record, dates without a zone."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.halopsa.api import Halo

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Halo
SWITCHES = (
    Switch("halopsa", "token_seconds", 3600, (), "life of an access token in seconds"),
    Switch("halopsa", "largest_page", 100, (), "rows of a page at the most, whatever is asked for"),
    Switch("halopsa", "record_count", "list", ("list", "page"), "of what record_count is the number"),
    Switch("halopsa", "bare", True, (True, False), "lists without pages are bare arrays"),
    Switch("halopsa", "update_filter", True, (True, False), "lastupdatefromdate is honoured"),
    Switch("halopsa", "closed_unasked", True, (True, False), "closed tickets are listed without includeclosed"),
    Switch("halopsa", "dates_stay", False, (False, True), "dateclosed stays when a ticket is opened again"),
    Switch("halopsa", "flag_resets", False, (False, True), "hasbeenclosed is taken back when a ticket is opened again"),
    Switch("halopsa", "periods", "menu", ("menu", "months"), "what a billing period's number is"),
    Switch("halopsa", "priority_sla", "slaid", ("slaid", "sla_id"), "how a priority names its SLA"),
    Switch("halopsa", "tenant_needed", True, (True, False), "the authorisation server wants a tenant"),
)
