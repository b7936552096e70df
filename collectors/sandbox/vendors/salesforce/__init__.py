"""Salesforce: SOQL in a query, errors in a list, and a limit that says 403."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.salesforce.api import Salesforce

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Salesforce
SWITCHES = (
    Switch("salesforce", "session_seconds", 7200, (), "life of an access token, of which no answer tells"),
    Switch("salesforce", "page_rows", 2000, (), "rows of an answer at the most, whatever LIMIT says"),
    Switch("salesforce", "partners", True, (True, False), "the org has OpportunityPartner"),
)
