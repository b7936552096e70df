"""ConnectWise RMM (Asio): companies and sites, devices, heartbeats, patches, and the tickets its monitors raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from collectors.auth import Auth, Exchange, bearer, reason
from collectors.convert import choice, constant, evidence, first, flag, text
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Record, Setting, Since, Total, Unsure, Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind, AssetState
from collectors.pagination import Answer, Cursor, LinkHeader, OnePage, Pages, number_at

NEEDED = {
    "platform.companies.read": "companies, which are the clients",
    "platform.sites.read": "their sites",
    "platform.devices.read": "devices and when each was last heard of",
}
WANTED = {
    "platform.patching.read": "how many patches each device misses; without it the rest is read",
    "platform.tickets.read": "alerts, which are tickets here; without it the rest is read",
}
LOCKED = 900.0  # seconds to stay away for, once signing in is locked
CATEGORIES = ("platform", "network", "cloud")
KINDS = {  # by a word of the type; the first that is in it decides
    "server": AssetKind.SERVER, "desktop": AssetKind.WORKSTATION, "laptop": AssetKind.WORKSTATION,
    "workstation": AssetKind.WORKSTATION, "mobile": AssetKind.MOBILE, "hypervisor": AssetKind.VM_HOST,
    "switch": AssetKind.NETWORK, "router": AssetKind.NETWORK, "firewall": AssetKind.NETWORK,
    "access point": AssetKind.NETWORK, "printer": AssetKind.NETWORK, "network": AssetKind.NETWORK,
}  # fmt: skip
PRIORITIES = {
    "Emergency": Alert.Severity.CRITICAL, "Critical": Alert.Severity.CRITICAL, "High": Alert.Severity.HIGH,
    "Medium": Alert.Severity.MEDIUM, "Normal": Alert.Severity.MEDIUM, "Low": Alert.Severity.LOW,
}  # fmt: skip
FIELDS = (  # of a device: 15 may be asked for, and each brings all that stands below it
    "endpointID", "deviceName", "friendlyName", "endpointType", "resourceType", "virtualType", "os", "system", "bios",
    "antiViruses",
)  # fmt: skip
ADDRESS = tuple(f"primarySite.primaryAddress.{line}" for line in ("addressLine1", "locality", "postCode"))


@dataclass(frozen=True, kw_only=True)
class Token(Auth):
    """The key buys a token for an hour. Who signs in too often is locked out for a while, which no person can mend."""

    @property
    def token_address(self) -> str:
        return "{address}/v1/token"

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        key = {name: exchange.fill("{" + name + "}") for name in ("client_id", "client_secret")}
        asked = {"grant_type": "client_credentials", **key, "scope": " ".join((*NEEDED, *WANTED))}
        status, answer = exchange.post_json(exchange.fill(self.token_address), asked, {})
        if status == 423:
            raise Unavailable(f"{exchange.label} lets this key sign in no more for a while (423).", retry_after=LOCKED)
        if status == 400 and "scope" in str(answer).casefold():
            raise Refused(f"The key of {exchange.label} lacks a scope that we ask for. Make one that has them all.")
        if status >= 400:
            raise Refused(f"{exchange.label} does not accept the client id and secret{reason(answer)}.")
        given = str(answer.get("scope") or "").split()
        lacking = [scope for scope in NEEDED if given and scope not in given]
        if lacking:
            raise Refused(f"The key of {exchange.label} lacks {' and '.join(lacking)}. Make one that has it.")
        return {**super().credentials(exchange), **bearer(exchange, answer), "X-Request-ID": str(uuid4())}


@dataclass(frozen=True, kw_only=True)
class Linked(LinkHeader):
    """The `Link` header names the place of the next page. Without one a full page may still not be the last."""

    size_param: str = "limit"
    size: int = 500
    page_param: str = "cursor"
    takes: tuple[str, ...] = ("cursor",)

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        if "link" in answer.headers:
            return super().after(answer, records, cursor)
        reached = int((cursor or {}).get("cursor", 0)) + len(records)
        return {"cursor": str(reached)} if len(records) >= self.size else None


@dataclass(frozen=True, kw_only=True)
class Counted(Pages):
    """Pages until as many came as there are, however short the server cuts them. Past the end it tells none."""

    size_param: str = "pageSize"
    page_param: str = "pageNum"
    total_at: str = "totalCount"

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        before = cursor or {"page": self.first, "listed": 0}
        listed, total = before["listed"] + len(records), number_at(answer.body, self.total_at)
        more = len(records) >= self.size if total is None else bool(records) and listed < total
        return {"page": before["page"] + 1, "listed": listed} if more else None


def lower(record: Any) -> Any:
    """The record with its names in lower case: whether it is companyID, clientID or companyId changes by address."""
    return {str(name).casefold(): value for name, value in record.items()} if isinstance(record, dict) else record


def of_company(params: Mapping[str, str]) -> dict[str, Any]:
    return {"resourceType": "company", "resources": [params["company"]]}


def devices(answer: Any) -> Iterator[Any]:
    """The devices of all categories, each with its category and site. Raises ValueError where there is no category."""
    if not any(category in answer for category in CATEGORIES):
        raise ValueError("no category of devices")
    for category in CATEGORIES:
        for group in map(lower, answer.get(category) or ()):
            for one in group.get("endpoints") or ():
                yield {**one, "category": category, "site": group.get("siteid")} if isinstance(one, dict) else one


def heartbeats(answer: Any) -> list[Any]:
    """Devices not known to the service of heartbeats stand apart, and nothing is said of them."""
    if "successfulRecords" not in answer and "failedRecords" not in answer:
        raise ValueError("no heartbeats")
    groups = map(lower, answer.get("successfulRecords") or ())
    return [lower(one) for group in groups for one in group.get("endpoints") or ()]


def summary(answer: Any) -> list[Record]:
    if not isinstance(answer.get("summary"), dict):
        raise ValueError("no summary of patches")
    return [answer["summary"]]


def missing(count: Any, assessed_at: Any, policy: Any) -> Any:
    """Only patches that a policy asks for are counted: where none does, or nobody looked, none counted is no news."""
    return None if is_never(assessed_at) or not policy else count


def kind(category: Any, type_: Any, nature: Any, virtual: Any) -> AssetKind:
    if category == "network":
        return AssetKind.NETWORK
    if str(virtual).casefold() == "host":
        return AssetKind.VM_HOST
    words = f"{type_} {nature}".casefold()
    return next((kind for word, kind in KINDS.items() if word in words), AssetKind.OTHER)


def system(product: Any, version: Any) -> str:
    """The name of an operating system; where it names no release, its version does."""
    name, told = str(product or "").strip(), str(version or "").strip()
    released = "windows" in name.casefold() or any(sign.isdigit() for sign in name)
    return name if released or not name else f"{name} {told}".strip()


def version(product: Any, told: Any, build: Any) -> str:
    """The version, and of Windows its build, where that is not part of it."""
    whole, number = str(told or "").strip(), str(build or "").strip()
    apart = "windows" in str(product).casefold() and number not in whole.split(".")
    return ".".join(filter(None, (whole, number if apart else "")))


def antivirus(products: Any, system: Any, listed_is: Any) -> AssetState.Antivirus | None:
    """Presence is all that is told. What it counts as, and so whether none counts, the settings say."""
    if not listed_is or not isinstance(products, list) or "windows" not in str(system).casefold():
        return None
    return AssetState.Antivirus(listed_is) if products else AssetState.Antivirus.MISSING


def is_never(value: Any) -> bool:
    """Nothing, or the zero day of the language that the vendor's services are written in."""
    return value in (None, "") or str(value).startswith("0001-")


def moment(path: str) -> Convert:
    """A moment in UTC, with a space or a T in it, with an offset or without."""
    return Convert((path,), _moment)


def _moment(value: Any) -> datetime | None:
    if is_never(value):
        return None
    try:
        told = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"“{str(value)[:40]}” is no date") from None
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)


def ended_at(status: Any, updated_at: Any, closed: Any) -> datetime | None:
    """A ticket does not say when it was closed: it was last touched then, or later."""
    names = {name.strip().casefold() for name in str(closed or "").split(",")}
    return _moment(updated_at) if str(status).strip().casefold() in names else None


def known_to_psa(told: Convert) -> Convert:
    """The evidence with the company's id in ConnectWise PSA, of the ids that it has in other products."""

    def of(*values: Any) -> dict[str, Any]:
        *rest, ids = values
        found = (one for one in ids or () if _is_psa(str(one.get("productId"))) and one.get("externalId"))
        number = next((str(one["externalId"]) for one in found), "")
        return {**told.of(*rest), **({"ids": {"connectwise_psa": number}} if number else {})}

    return Convert((*told.paths, "externalIds"), of)


def _is_psa(product: str) -> bool:
    return any(word in product.casefold() for word in ("manage", "psa"))


def trouble(status: int, body: Any) -> Fault | None:
    if status in (423, 429):
        return Fault(f"the limit of requests is reached ({status})", wait=True, after=60)
    if status >= 300 or not isinstance(body, dict):
        return None
    failed = body.get("failedRecords") if body.get("status") == "failed" else None
    if failed and all(one.get("error") == "Forbidden" for one in failed):
        return Fault("this key may not ask when devices were last heard of")
    is_error = "error" in body or {"code", "message"} <= body.keys()
    return Fault("it answers with an error under a good status", wait=True) if is_error else None


VENDOR = Vendor(
    slug="connectwise_rmm",
    label="ConnectWise RMM",
    layer=Layer.RMM,
    base_url="{address}",
    auth=Token(headers={"Origin": "{address}"}),
    paginate=OnePage(),
    test="/api/platform/v1/company/companies",
    headers={"Accept": "application/json"},
    pace=1.0,
    errors=trouble,
    advice="In ConnectWise Asio make an API key with the read scopes that this form names, under Integrations.",
    settings=(
        Setting(
            name="address",
            label="Region",
            help="Where your Asio platform is: a key exists in one region only.",
            default="https://openapi.service.itsupport247.net",
            free=True,
            choices=(
                ("https://openapi.service.itsupport247.net", "North America"),
                ("https://openapi.service.euplatform.connectwise.com", "Europe"),
                ("https://openapi.service.auplatform.connectwise.com", "Australia"),
            ),
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
        Setting(
            name="alert_sources",
            label="Ticket sources that are monitors",
            help="As the tickets your monitors raise name their source, with commas between and no spaces after them. "
            "Tickets of other sources are not read.",
        ),
        Setting(
            name="closed_statuses",
            label="Ticket statuses that mean closed",
            help="With commas between.",
            default="Closed, Resolved, Completed, Cancelled",
        ),
        Setting(
            name="listed_antivirus",
            label="An antivirus that is listed counts as",
            help="ConnectWise RMM lists the antivirus of a device and does not tell how it is.",
            required=False,
            choices=(
                ("", "Not known"),
                ("protected", "Running and up to date, and none listed as none found"),
            ),
        ),
    ),
    endpoints=(
        Endpoint(
            name="companies",
            path="/api/platform/v1/company/companies",
            into=Account,
            complete=True,
            keep=Convert(
                ("deletedDate", "inactiveDate"), lambda deleted, inactive: is_never(deleted) and is_never(inactive)
            ),
            fields={
                "external_id": "id",
                "name": first("name", "friendlyName"),
                "kind": constant(Account.Kind.CLIENT),
                "evidence": known_to_psa(evidence(addresses=(ADDRESS,))),
            },
        ),
        Endpoint(
            name="sites",
            path="/api/platform/v1/company/companies/{id}/sites",
            each="companies",
            into=Account,
            complete=True,
            fields={
                "external_id": "id",
                "name": first("name", "friendlyName"),
                "kind": constant(Account.Kind.SITE),
                "parent": "each.id",
                "active": flag("activeFlag", default=True),
            },
        ),
        Endpoint(
            name="devices",
            path="/api/platform/v2/device/categories/all/endpoints",
            method="POST",
            each="companies",
            params={"company": "{each.id}", "field": ",".join(FIELDS)},
            body=of_company,
            in_address=("limit", "cursor", "field"),
            paginate=Linked(),
            records=devices,
            into=Asset,
            complete=True,
            fields={
                "external_id": "endpointID",
                "account": first("site", "each.id"),
                "name": first(text("friendlyName"), text("deviceName")),
                "hostname": first(text("deviceName"), text("system.systemName")),
                "kind": Convert(("category", "endpointType", "resourceType", "virtualType"), kind),
                "os": Convert(("os.product", "os.version"), system),
                "os_version": Convert(("os.product", "os.version", "os.buildNumber"), version),
                "serial": first(text("system.serialNumber"), text("bios.serialNumber")),
                "model": first(text("system.model"), text("system.product")),
                "antivirus": Convert(("antiViruses", "os.product", "{listed_antivirus}"), antivirus),
            },
        ),
        Endpoint(
            name="heartbeats",
            path="/api/platform/v2/device/endpoints/heartbeat",
            each="devices",
            together=50,
            params={"resourceType": "endpoints", "resources": "{each.endpointID}"},
            records=heartbeats,
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            fields={
                "external_id": "endpointid",
                "last_seen_at": moment("dcdatetimeutc"),
                "online": flag("availability"),
            },
        ),
        Endpoint(
            name="patches",
            path="/api/platform/v2/patching/{endpointID}/patches",
            each="devices",
            records=summary,
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            fields={
                "external_id": "each.endpointID",
                "patches_missing": Convert(("missingCount", "assessedAt", "policyName"), missing),
                "patched_at": moment("assessedAt"),
            },
        ),
        Endpoint(
            name="tickets of monitors",
            path="/api/platform/v2/service/ticketing/tickets",
            params={"sourceNames": "{alert_sources}", "sortBy": "createdAt", "sortDir": "asc"},
            records_at="tickets",
            paginate=Counted(size=100),
            total=Total(at="totalCount"),
            since=Since(lambda moment: {"updatedAtFrom": moment.isoformat(timespec="seconds")}),
            into=Alert,
            optional=True,
            fields={
                "external_id": "id",
                "account": "company.id",
                "asset": Convert(("assets",), lambda assets: next((one["id"] for one in assets or ()), None)),
                "title": text("summary"),
                "kind": first(text("category.name"), text("type.name"), text("source.name")),
                "severity": choice("priority.name", PRIORITIES, default=Alert.Severity.UNKNOWN),
                "raised_at": moment("createdAt"),
                "resolved_at": Convert(("status.name", "updatedAt", "{closed_statuses}"), ended_at),
            },
        ),
    ),
    about=About(
        gives="devices, patches, alerts",
        key=(
            "Sign in to ConnectWise Asio as an administrator and open Integrations, API Access.",
            "Add a key and tick the five read scopes below; leave every scope that writes, creates or runs unticked.",
            "Copy the client id, and the client secret, which is shown once, into this form.",
            "Choose your region, and write down by which source the tickets of your monitors are told apart.",
        ),
        scopes=NEEDED | WANTED,
        never=(
            "licence keys of operating systems",
            "who is signed in to a device, and so when it last started",
            "names, e-mail addresses and telephone numbers of contacts",
            "what tickets describe, and their notes",
            "custom fields, which may hold passwords",
            "scripts and automation",
        ),
        limits="1 request a second, one at a time, of about 500 in five minutes; a run buys one token, and another "
        "when that runs out, since signing in too often locks the key.",
        not_offered={
            "Backup": "Its interface knows no backups.",
            "Incident": "Its interface tells nothing of endpoint security.",
        },
        not_read={
            "Ticket": "Those its monitors raise are read as alerts; the PSA speaks for the others.",
        },
        unsure=(
            Unsure("When a warranty ends.", "No list tells it, and custom fields, where it may stand, are not read."),
            Unsure(
                "Whether an antivirus that is listed runs and is up to date.",
                "Nothing is told of it, unless the settings say what a listed one counts as.",
            ),
            Unsure(
                "Whether no missing patch is good news.",
                "Only where the device has a patch policy and was assessed; else nothing is told of its patches.",
            ),
            Unsure(
                "By which source tickets of monitors are told apart.",
                "By the names in the settings, of which there is no default: a wrong one would look like no alerts.",
            ),
            Unsure(
                "When a ticket was closed.",
                "When it was last updated, of one whose status the settings call closed.",
            ),
            Unsure(
                "Whether a ticket's asset is an endpoint, by the same id.",
                "It is taken so; one that is not known leaves the alert with its company and no device.",
            ),
            Unsure("How many devices may be asked for a heartbeat at once.", "50."),
            Unsure("How large a page of tickets may be.", "100 are asked for, and fewer are fine."),
            Unsure(
                "What ConnectWise PSA is called among a company's ids.",
                "Any name with “manage” or “psa” in it; by another name the id is not taken as evidence.",
            ),
            Unsure("Whether an Origin header is needed.", "It is sent, and names the region's own address."),
            Unsure(
                "Whether a key that lacks a scope gets a narrower token or none.",
                "A narrower one is taken where it reads companies, sites and devices; else what lacks is said.",
            ),
            Unsure(
                "How long a key is locked after too many sign-ins.", "A quarter of an hour's wait, and no try before."
            ),
            Unsure("How limits are named in headers.", "Only the wait of a 429 is looked at; a minute without one."),
            Unsure("In which unit compliance with patches is told.", "It is not read; missing patches are counted."),
            Unsure(
                "Whether an operating system other than Windows names its release.",
                "Where its name has no number, the version is put behind it.",
            ),
        ),
    ),
)
