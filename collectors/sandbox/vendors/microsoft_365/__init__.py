"""Microsoft Graph v1.0: a token for each tenant, the partner's customers, and each customer's lists by OData."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.microsoft_365.api import Graph

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Graph
SWITCHES = (
    Switch("microsoft_365", "token_seconds", 3599, (), "life of an access token in seconds"),
    Switch("microsoft_365", "unconsented", "", (), "id of a tenant that has not consented"),
    Switch("microsoft_365", "not_premium", "", (), "id of a tenant without Entra ID P1"),
    Switch("microsoft_365", "not_in_intune", "", (), "id of a tenant without Intune"),
    Switch("microsoft_365", "count", "list", ("list", "page", "left_out"), "what @odata.count counts"),
    Switch("microsoft_365", "over_top", "refused", ("refused", "clamped"), "$top above the largest page"),
    Switch("microsoft_365", "empty_page", False, (False, True), "an empty page with a nextLink comes before the last"),
    Switch("microsoft_365", "first_letters", "capital", ("capital", "small"), "how values such as Enabled begin"),
    Switch("microsoft_365", "successful_sign_in", True, (True, False), "lastSuccessfulSignInDateTime is filled"),
    Switch("microsoft_365", "year_one", False, (False, True), "a device that never synchronised did so in the year 1"),
)
