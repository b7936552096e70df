"""Facts the vendors' sheets leave open, each a switch that can be set both ways, and a few dials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Value = bool | int | str


@dataclass(frozen=True)
class Switch:
    vendor: str
    name: str
    default: Value
    choices: tuple[Value, ...]
    """Empty for a dial: any whole number."""
    about: str


TABLE = (
    Switch("ninjaone", "token_seconds", 3600, (), "life of an access token in seconds"),
    Switch("ninjaone", "page_size", 50, (), "rows of a list when pageSize is left out"),
    Switch("ninjaone", "max_page_size", 1000, (), "largest pageSize that is accepted"),
    Switch("ninjaone", "link_header", False, (False, True), "send the unreliable Link header on lists"),
    Switch("ninjaone", "df_status", "=", ("=", "eq"), "spelling of the status clause of df"),
    Switch("ninjaone", "df_unknown", "refused", ("refused", "ignored"), "what an unknown df clause does"),
    Switch("ninjaone", "report_end", "empty", ("empty", "no_cursor", "stuck"), "how a report says it is over"),
    Switch("ninjaone", "cursor_seconds", 600, (), "life of a report cursor in seconds"),
    Switch("ninjaone", "content_type", True, (True, False), "send Content-Type on JSON"),
    Switch("ninjaone", "no_rows", "[]", ("[]", "null", "204"), "what a list without rows looks like"),
    Switch("ninjaone", "expand", True, (True, False), "/devices accepts expand"),
    Switch("connectwise_psa", "codebase_v4", True, (True, False), "v4_6_release works beside the codebase"),
    Switch("connectwise_psa", "z_in_conditions", "utc", ("utc", "local", "refused"),
           "how a date with Z in conditions is read"),
    Switch("connectwise_psa", "over_page_size", "refused", ("refused", "clamped"), "pageSize above 1000"),
    Switch("connectwise_psa", "no_client_id", 401, (401, 403), "status without the clientId header"),
    Switch("connectwise_psa", "forward_only", True, (True, False),
           "lists follow pagination-type: forward-only; else they ignore it and send no Link"),
    Switch("connectwise_psa", "forbidden", "", (), "path whose rows the role may not see"),
    Switch("connectwise_psa", "forbidden_gives", "empty", ("empty", "403"), "what such a path answers"),
    Switch("connectwise_psa", "info_when_asked", True, (True, False), "_info only if fields name it"),
    Switch("connectwise_psa", "changelogs", True, (True, False), "/service/tickets/changelogs exists"),
    Switch("connectwise_psa", "project_tickets", False, (False, True),
           "/service/tickets lists project tickets without being asked"),
    Switch("connectwise_psa", "member_cost", True, (True, False), "the role sees hourlyCost of members"),
    Switch("quickbooks_online", "token_seconds", 3600, (), "life of an access token in seconds"),
    Switch("quickbooks_online", "refresh_seconds", 8_640_000, (), "life of a refresh token in seconds"),
    Switch("quickbooks_online", "rotation", "each", ("each", "daily"), "when the refresh token changes"),
    Switch("quickbooks_online", "throttle_status", 429, (429, 403), "status of the throttle fault"),
    Switch("quickbooks_online", "throttle_wait", False, (False, True), "the throttle fault has Retry-After"),
    Switch("quickbooks_online", "errors_as_xml", False, (False, True), "errors come as XML"),
    Switch("quickbooks_online", "gateway_faults", False, (False, True), "401 in the lower-case variant"),
    Switch("quickbooks_online", "unspecified", "Not Specified", ("Not Specified", "Not specified"),
           "title of the column of postings without a customer"),
    Switch("quickbooks_online", "customer_key", True, (True, False), "customer columns carry ColKey"),
)  # fmt: skip


def limits(vendor: str) -> tuple[Switch, ...]:
    """Rate limits are dials of every vendor; 0 is no limit, which no sheet denies."""
    return (
        Switch(vendor, "requests_a_minute", 0, (), "requests a minute before 429; 0 for no limit"),
        Switch(vendor, "retry_after", 2, (), "seconds named by Retry-After"),
    )


class Switches:
    """The values of every vendor's switches; `declared` are those beside the table above."""

    def __init__(self, vendors: Iterable[str], declared: Iterable[Switch] = ()) -> None:
        self.vendors = tuple(vendors)
        self.table = (*TABLE, *declared)
        every = (*self.table, *(switch for vendor in self.vendors for switch in limits(vendor)))
        self.known = {(switch.vendor, switch.name): switch for switch in every}
        self.version = 0
        self.reset()

    def reset(self) -> None:
        self._values = {key: switch.default for key, switch in self.known.items()}
        self.version += 1

    def set(self, vendor: str, name: str, value: Value) -> None:
        switch = self.known.get((vendor, name))
        if switch is None:
            raise ValueError(f"{vendor} has no switch {name}")
        if switch.choices and value not in switch.choices:
            raise ValueError(f"{name} is one of {switch.choices}")
        if type(value) is not type(switch.default):
            raise ValueError(f"{name} takes a {type(switch.default).__name__}")
        self._values[vendor, name] = value
        self.version += 1

    def on(self, vendor: str, name: str) -> bool:
        return bool(self._values[vendor, name])

    def number(self, vendor: str, name: str) -> int:
        return int(self._values[vendor, name])

    def text(self, vendor: str, name: str) -> str:
        return str(self._values[vendor, name])

    def listed(self) -> dict[str, dict[str, Value]]:
        tables: dict[str, dict[str, Value]] = {vendor: {} for vendor in self.vendors}
        for (vendor, name), value in self._values.items():
            tables[vendor][name] = value
        return tables
