"""Atera: customers, agents and network devices, the patches each agent misses, and alerts (REST API version 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from collectors.auth import Auth, Exchange
from collectors.convert import choice, constant, evidence, first, flag, text
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind
from collectors.pagination import OnePage, Pages

NOBODYS = "unassigned"  # the built-in customer of agents that are not yet anyone's
TOKEN_FROM = 100  # a key longer than that is an API token
KINDS = {  # by a word of what the agent says its machine is, or else of its system; the first that is in it decides
    "server": AssetKind.SERVER, "domain controller": AssetKind.SERVER, "station": AssetKind.WORKSTATION,
    "windows": AssetKind.WORKSTATION, "mac": AssetKind.WORKSTATION, "os x": AssetKind.WORKSTATION,
}  # fmt: skip
SEVERITIES = {
    "Critical": Alert.Severity.CRITICAL, "Warning": Alert.Severity.MEDIUM, "Information": Alert.Severity.LOW,
}  # fmt: skip
SHORT_VERSION = re.compile(r"\d+(\.\d+)?")  # one that names no build
PAGE_OF_CONSOLE = re.compile(r"https://app\.atera\.com/[^?]*")
COUNTED = Total(at="totalItemCount")


@dataclass(frozen=True, kw_only=True)
class Key(Auth):
    """An API token is a bearer and a legacy key has a header of its own, unless the setting says how it is sent."""

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        key = exchange.fill("{api_key}")
        way = exchange.connection.settings.get("sent_as") or ("bearer" if len(key) > TOKEN_FROM else "x_api_key")
        proof = {"Authorization": f"Bearer {key}"} if way == "bearer" else {"X-API-KEY": key}
        return {**super().credentials(exchange), **proof}


def troubled(status: int, body: Any) -> Fault | None:
    if status == 429:
        return Fault("the limit of requests is reached", wait=True, after=10)
    if status == 200 and isinstance(body, dict) and {"title", "status"} <= body.keys():
        return Fault(f"it answers with an error that says {body['status']}", wait=True)
    return None


def moment(path: str) -> Convert:
    """A moment in UTC. Without its offset it is of the time zone in the settings; the year 1 is never."""
    return Convert((path, "{time_zone}"), _moment)


def day_of(path: str) -> Convert:
    """The day, in UTC, of such a moment."""

    def of(value: Any, zone: Any) -> date | None:
        told = _moment(value, zone)
        return told.date() if told else None

    return Convert((path, "{time_zone}"), of)


def _moment(value: Any, zone: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        told = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"“{str(value)[:40]}” is no date") from None
    if told.year < 1970:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(str(zone)))).astimezone(UTC)


def guid(value: Any) -> str | None:
    """In small letters: the lists need not agree on them."""
    if isinstance(value, dict | list):
        raise ValueError("a GUID was expected, and a structure came")
    return str(value).strip().casefold() or None if value else None


def kind(type_: Any, system: Any) -> AssetKind:
    for told in (type_, system):
        words = str(told or "").casefold()
        if found := next((kind for word, kind in KINDS.items() if word in words), None):
            return found
    return AssetKind.OTHER


def system(name: Any, version: Any) -> str:
    """The name of an operating system, with its version where the name says none."""
    plain, numbers = str(name or "").strip(), str(version or "").strip()
    return f"{plain} {numbers}".strip() if plain and not any(sign.isdigit() for sign in plain) else plain


def version(told: Any, build: Any, name: Any) -> str:
    """Of Windows with its build, by which its releases are known: “10.0” and “22631” are “10.0.22631”."""
    plain, number = str(told or "").strip(), str(build or "").strip()
    lacks = number and "windows" in str(name).casefold() and SHORT_VERSION.fullmatch(plain)
    return f"{plain}.{number}" if lacks else plain or number


def page_of_console(address: Any) -> str:
    """The record's page as Atera names it, where that is in its own console and carries nothing else."""
    return str(address) if PAGE_OF_CONSOLE.fullmatch(str(address)) else ""


def updates(body: Any) -> list[Mapping[str, Any]]:
    """What an agent answers of its patches. Here names begin with a small letter, and elsewhere with a capital."""
    if not isinstance(body, dict):
        raise ValueError("no updates of an agent")
    return [{name[:1].lower() + name[1:]: value for name, value in body.items()}]


def missing(available: Any, looked_at: Any) -> int | None:
    """How many updates are available. None at all where nobody has looked yet is not none missing."""
    if available is None or (not available and not looked_at):
        return None
    if not isinstance(available, list):
        raise ValueError("a list of updates was expected, and something else came")
    return len(available)


def always(start: datetime, end: datetime) -> dict[str, str]:
    """Alerts cannot be asked for by time. All come, and only what is recent is missed where it no longer does."""
    return {}


def of_a_client(name: Any) -> bool:
    return str(name).strip().casefold() != NOBODYS


GUID = Convert(("DeviceGuid",), guid)
OWNED = Convert(("CustomerName",), of_a_client)
ADDRESS = ("Address", "City", "ZipCodeStr")

OPEN = Endpoint(
    name="open alerts",
    path="/alerts",
    params={"alertStatus": "Open"},
    records_at="items",
    total=COUNTED,
    into=Alert,
    complete=True,
    window=always,
    optional=True,
    keep=OWNED,
    fields={
        "external_id": "AlertID",
        "account": "CustomerID",
        "asset": GUID,
        "title": first(text("Title"), text("AlertMessage")),
        "kind": text("AlertCategoryID"),
        "severity": choice("Severity", SEVERITIES, default=Alert.Severity.UNKNOWN),
        "raised_at": moment("Created"),
        "resolved_at": moment("ArchivedDate"),
    },
)

VENDOR = Vendor(
    slug="atera",
    label="Atera",
    layer=Layer.RMM,
    base_url="{address}/api/v3",
    auth=Key(),
    paginate=Pages(
        size_param="itemsInPage", size=50, page_param="page", pages_at="totalPages", total_at="totalItemCount"
    ),
    test="/customers?page=1&itemsInPage=1",
    headers={"Accept": "application/json"},
    pace=5.0,
    errors=troubled,
    advice="In Atera give the API token the right Read of Customers, Agents, Devices and Alerts, under Admin, Data "
    "management, API.",
    settings=(
        Setting(
            name="address",
            label="Address",
            help="The same for every account of Atera.",
            default="https://app.atera.com",
        ),
        Setting(name="api_key", label="API token or key", secret=True),
        Setting(
            name="sent_as",
            label="How it is sent",
            help="If a good token is refused (401), choose the way that was not tried.",
            required=False,
            choices=(
                ("", "By its length"),
                ("bearer", "As a bearer token"),
                ("x_api_key", "In the header X-API-KEY"),
            ),
        ),
        Setting(
            name="time_zone",
            label="Time zone of times without an offset",
            help="If “last seen” is hours off, name your account's zone, such as Europe/Amsterdam.",
            default="UTC",
            free=True,
            choices=(("UTC", "UTC"),),
        ),
    ),
    endpoints=(
        Endpoint(
            name="customers",
            path="/customers",
            records_at="items",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=OWNED,
            fields={
                "external_id": "CustomerID",
                "name": "CustomerName",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": evidence(domains=("Domain",), phones=("Phone",), addresses=(ADDRESS,)),
            },
        ),
        Endpoint(
            name="agents",
            path="/agents",
            records_at="items",
            total=COUNTED,
            into=Asset,
            complete=True,
            keep=OWNED,
            fields={
                "external_id": GUID,
                "account": "CustomerID",
                "name": first("AgentName", "SystemName", "MachineName"),
                "hostname": first("MachineName", "SystemName"),
                "kind": Convert(("OSType", "OS"), kind),
                "os": Convert(("OS", "OSVersion"), system),
                "os_version": Convert(("OSVersion", "OSBuild", "OS"), version),
                "serial": text("VendorSerialNumber"),
                "model": text("VendorBrandModel"),
                "booted_on": day_of("LastRebootTime"),
                "last_seen_at": moment("LastSeen"),
                "online": flag("Online"),
                "link": Convert(("AppViewUrl",), page_of_console),
            },
        ),
        Endpoint(
            name="network devices",
            path="/devices/snmpdevices",
            records_at="items",
            total=COUNTED,
            into=Asset,
            complete=True,
            optional=True,
            keep=OWNED,
            fields={
                "external_id": GUID,
                "account": "CustomerID",
                "name": first("Name", "Hostname"),
                "hostname": text("Hostname"),
                "kind": constant(AssetKind.NETWORK),
                "model": text("Model"),
                "online": flag("Online"),
            },
        ),
        Endpoint(
            name="available patches",
            path="/agents/{DeviceGuid}/available-patches",
            each="agents",
            paginate=OnePage(),
            records=updates,
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            fields={
                "external_id": Convert(("each.DeviceGuid",), guid),
                "patches_missing": Convert(("availableUpdates", "timestamp"), missing),
                "patched_at": moment("timestamp"),
            },
        ),
        OPEN,
        replace(OPEN, name="snoozed alerts", params={"alertStatus": "Snoozed"}),
        replace(
            OPEN,
            name="resolved alerts",
            params={"alertStatus": "Resolved"},
            fields={**OPEN.fields, "resolved_at": first(moment("ArchivedDate"), moment("Created"))},
        ),
    ),
    about=About(
        gives="devices, patches, alerts",
        key=(
            "Sign in to Atera as an administrator and open Admin, Data management, API.",
            "Make an API token for this product; its longest life is a year: set a reminder to make a new one.",
            "Give it the right Read of Customers, Agents, Devices and Alerts, and no right to write or delete.",
            "If Atera offers a list of allowed addresses, name the one this product reads from.",
            "Copy the token, which is shown once, into this form. A trial account of Atera has no API.",
        ),
        scopes={
            "Customers: Read": "the clients",
            "Agents: Read": "their devices and the patches each misses",
            "Devices: Read": "network devices; without it these are left out and the connection says so",
            "Alerts: Read": "alerts; without it these are left out and the connection says so",
        },
        writes="A legacy API key of Atera has every right of the account and cannot be made read-only. This product "
        "only ever reads; make an API token with the right to read instead.",
        never=(
            "custom fields, which may hold passwords",
            "licence keys of Windows and Office",
            "communities and keys of network devices",
            "who is signed in to a device",
            "contacts, notes and the knowledge base",
            "remote control, scripts and jobs",
        ),
        limits="5 requests a second, one at a time: Atera names no limit. After a 429 a wait of ten seconds. The "
        "patches of each agent take a request.",
        not_offered={
            "Antivirus": "Its API tells the antivirus of no device; what it notices comes as alerts.",
            "Warranty": "Its API has no such field; custom fields that may hold it are not read.",
            "Backup": "Its API knows no backups.",
        },
        not_read={
            "Ticket": "Here it is read as an RMM; the PSA speaks for tickets.",
            "TimeEntry": "It belongs to the tickets, for which the PSA speaks.",
            "Agreement": "Its contracts are the PSA's matter, and here it is read as an RMM.",
            "InvoiceLine": "The ledger speaks for what was invoiced.",
        },
        unsure=(
            Unsure(
                "Whether a new API token is sent as a bearer or in X-API-KEY.",
                "A key longer than 100 signs is a bearer; the form lets an admin choose the other way.",
            ),
            Unsure(
                "In which time zone a time without an offset is.",
                "In UTC, unless the form names another; one with an offset is read as it says.",
            ),
            Unsure(
                "Whether folders are a client's sites.",
                "They are how technicians sort devices and have no list: devices stand at their customer.",
            ),
            Unsure(
                "Which available patches are approved.",
                "All count as missing, whatever their status; it has no documented words.",
            ),
            Unsure(
                "What an agent answers whose patches nobody has looked for.",
                "No list, an empty one without a time and a 404 alike: its missing patches stay unknown.",
            ),
            Unsure(
                "Whether every resolved alert has a date of archiving.",
                "An alert ends when it is archived; one resolved without a date counts as raised and never as open.",
            ),
            Unsure("How long resolved alerts are listed.", "They are read to their end each time."),
            Unsure("Whether a page may have more than 50 records.", "50 are asked for, and fewer are fine."),
            Unsure("What types of network devices are called.", "Whatever it watches by SNMP is a network device."),
            Unsure("How many requests are too many.", "Five a second, a good deal below what others report."),
        ),
    ),
)
