"""ConnectWise RMM (Asio): a key as JSON, devices by a POST that reads, heartbeats in batches, alerts as tickets."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.connectwise_rmm.api import ConnectwiseRmm

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = ConnectwiseRmm
SLUG = VENDOR.slug
SWITCHES = (
    Switch(SLUG, "token_seconds", 3_599, (), "life of an access token in seconds"),
    Switch(SLUG, "signins", 0, (), "sign-ins, since the switches were set, before 423; 0 for no limit"),
    Switch(SLUG, "lacks", "", (), "a scope that the key has not"),
    Switch(SLUG, "lacking_gives", "narrowed", ("narrowed", "refused"), "a token for a key that lacks a scope"),
    Switch(SLUG, "origin", "optional", ("optional", "required"), "the Origin header on calls for devices"),
    Switch(SLUG, "errors_as", "code", ("code", "message", "description"), "the shape of an error"),
    Switch(SLUG, "limit_headers", "plain", ("plain", "x"), "Limit and Remaining, or X-RateLimit-Limit and so on"),
    Switch(SLUG, "full_page_links", True, (True, False), "a full last page of devices names a next one, which is 404"),
    Switch(SLUG, "place_names", "companyID", ("companyID", "companyId", "clientID"), "how a company is named"),
    Switch(SLUG, "heartbeats_most", 100, (), "most devices of one question for heartbeats"),
    Switch(SLUG, "heartbeat_time", "space", ("space", "T"), "what stands between day and time of a heartbeat"),
    Switch(SLUG, "entitled", True, (True, False), "the partner bought patching"),
    Switch(SLUG, "compliance", "percent", ("percent", "share"), "the unit of compliance with patches"),
    Switch(SLUG, "tickets_most", 1_000, (), "largest page of tickets"),
    Switch(SLUG, "ticket_assets", "endpoints", ("endpoints", "own"), "whose ids a ticket's assets have"),
    Switch(SLUG, "zero_dates", False, (False, True), "a day that is not set is in the year 1, not null"),
    Switch(SLUG, "psa_product", "cw-manage", ("cw-manage", "ConnectWise PSA"), "what the PSA is called among ids"),
)
