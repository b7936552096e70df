"""N-able N-central: customers and sites, their devices, what each asset and its monitors tell, and active issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from collectors.auth import Auth, Exchange
from collectors.convert import choice, constant, evidence, first, text
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Total, Unsure, Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind, AssetState
from collectors.pagination import Answer, Cursor, OnePage, Pages, found_at, number_at

KINDS = {  # by a word of the device class; the first that is in it decides
    "esx": AssetKind.VM_HOST, "hyper-v host": AssetKind.VM_HOST, "server": AssetKind.SERVER,
    "workstation": AssetKind.WORKSTATION, "laptop": AssetKind.WORKSTATION, "mobile": AssetKind.MOBILE,
    "switch": AssetKind.NETWORK, "router": AssetKind.NETWORK, "firewall": AssetKind.NETWORK,
    "printer": AssetKind.NETWORK, "wireless": AssetKind.NETWORK, "network": AssetKind.NETWORK,
}  # fmt: skip
STATES = {  # of an antivirus service, the best first: of several one is enough
    "normal": AssetState.Antivirus.PROTECTED, "warning": AssetState.Antivirus.OUTDATED,
    "failed": AssetState.Antivirus.OFF,
}  # fmt: skip
SEVERITIES = {
    "5": Alert.Severity.HIGH, "Failed": Alert.Severity.HIGH,
    "4": Alert.Severity.MEDIUM, "Warning": Alert.Severity.MEDIUM,
}  # fmt: skip
EXPIRED = "If it stays so, the password of the API user has expired: set a new one and make a new token"
COUNTED = Total(at="totalItems")
ADDRESS = ("street1", "city", "postalCode")


@dataclass(frozen=True, kw_only=True)
class UserToken(Auth):
    """The token of a user buys one for an hour. The one to refresh it with is left: asking anew is as good."""

    @property
    def token_address(self) -> str:
        return "{address}/api/auth/authenticate"

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        key = {"Authorization": f"Bearer {exchange.fill('{token}')}"}
        try:
            status, answer = exchange.post_form(exchange.fill(self.token_address), {}, key)
        except Unavailable as fault:
            words = f"{fault} {EXPIRED}." if "(500)" in str(fault) else str(fault)
            raise Unavailable(words, retry_after=fault.retry_after) from None
        if status >= 400:
            raise Refused(f"{exchange.label} does not accept the user-API token. Make a new one and paste it whole.")
        access, refresh = (str(found_at(answer, f"tokens.{kind}.token") or "") for kind in ("access", "refresh"))
        if not access:
            raise Unavailable(f"{exchange.label} answered the request for a token without one.")
        exchange.keep_secret(access)
        if refresh:
            exchange.keep_secret(refresh)
        return {**super().credentials(exchange), "Authorization": f"Bearer {access}"}


@dataclass(frozen=True, kw_only=True)
class Numbered(Pages):
    """The number of pages stands in the answer, or one level lower; where it does not, a link names the next page."""

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        page = cursor["page"] if cursor else self.first
        pages = [number_at(answer.body, at) for at in ("totalPages", "_page.totalPages")]
        told = next((number for number in pages if number is not None), None)
        more = found_at(answer.body, "_links.nextPage") if told is None else page < told
        return {"page": page + 1} if more else None


def broken(status: int, body: Any) -> Fault | None:
    """A fault of the server and an expired password look alike."""
    if status == 500:
        return Fault(f"it has a fault of its own. {EXPIRED}", wait=True)
    if status == 200 and isinstance(body, dict) and {"status", "message"} <= body.keys():
        return Fault(f"it answers with an error that says {body['status']}", wait=True)
    return None


def moment(path: str) -> Convert:
    """A moment in UTC. Without its offset it is of the time zone in the settings; one nobody can read is none."""
    return Convert((path, "{time_zone}"), _moment)


def _moment(value: Any, zone: Any) -> datetime | None:
    try:
        told = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(str(zone)))).astimezone(UTC)


def started_on(path: str) -> Convert:
    def of(value: Any, zone: Any) -> date | None:
        told = _moment(value, zone)
        return told.date() if told else None

    return Convert((path, "{time_zone}"), of)


def issue(task: Any, item: Any, since: Any, more: Any, zone: Any) -> str | None:
    """A task that failed at one moment, however that is written: it may fail again, and that is another issue."""
    told = _moment(since or more, zone)
    return f"{task}/{item}/{told:%Y-%m-%dT%H:%M:%S}" if task and told else None


def soft_day(path: str) -> Convert:
    """A plain day, in ISO form or in milliseconds; no document says which, and one in neither is none."""
    return Convert((path,), _soft_day)


def _soft_day(value: Any) -> date | None:
    told = str(value or "").strip()
    try:
        if told.isdigit() and len(told) > 8:
            return datetime.fromtimestamp(int(told) / 1000, UTC).date()
        return date.fromisoformat(told[:10])
    except (ValueError, OverflowError, OSError):
        return None


def kind(device_class: Any) -> AssetKind:
    words = str(device_class or "").casefold()
    return next((kind for word, kind in KINDS.items() if word in words), AssetKind.OTHER)


def asset(answer: Any) -> list[Mapping[str, Any]]:
    """What an asset's answer holds; in which case its names are written changes from version to version."""
    data = answer.get("data") if isinstance(answer, dict) else None
    return [_lower(data)] if isinstance(data, dict) else []


def _lower(value: Any) -> Any:
    return {str(name).casefold(): _lower(one) for name, one in value.items()} if isinstance(value, dict) else value


def services(answer: Any) -> list[Mapping[str, Any]]:
    """All monitored services of a device as one record, so that its fields can choose by the names in the settings."""
    rows = answer.get("data") if isinstance(answer, dict) else None
    return [{"services": rows}] if rows else []


def named(rows: Any, names: Any) -> list[Mapping[str, Any]]:
    """The services in whose name is one of these, which are told with commas between."""
    wanted = [name.strip().casefold() for name in str(names or "").split(",") if name.strip()]
    return [row for row in rows or () if any(name in str(row.get("moduleName")).casefold() for name in wanted)]


def antivirus(rows: Any, names: Any) -> AssetState.Antivirus | None:
    states = {str(row.get("stateStatus")).casefold() for row in named(rows, names)}
    return next((ours for theirs, ours in STATES.items() if theirs in states), None)


def patched_at(rows: Any, names: Any, zone: Any) -> datetime | None:
    scans = [_moment(row.get("lastScanTime"), zone) for row in named(rows, names)]
    return max((scan for scan in scans if scan), default=None)


def known_to(psa: str, told: Convert) -> Convert:
    """The evidence with the id in the PSA under the slug of that PSA, which a setting names; without one, no id."""

    def of(*values: Any) -> dict[str, Any]:
        *rest, slug = values
        said = dict(told.of(*rest))
        ids = said.pop("ids", {})
        return {**said, "ids": {str(slug): ids["psa"]}} if slug and ids else said

    return Convert((*told.paths, psa), of)


EVIDENCE = known_to("{psa}", evidence(phones=("phone",), addresses=(ADDRESS,), fields={"psa": "externalId"}))
OWN = Convert(("isSystem", "isServiceOrg"), lambda system, organization: not system and not organization)

ISSUES = Endpoint(
    name="active issues",
    path="/api/org-units/{customerId}/active-issues",
    each="customers",
    records_at="data",
    total=COUNTED,
    into=Alert,
    latest=True,
    ends="resolved_at",
    optional=True,
    fields={
        "external_id": Convert(
            ("taskId", "serviceItemId", "transitionTime", "_extra.transitionTime", "{time_zone}"), issue
        ),
        "asset": "deviceId",
        "title": first(text("serviceName"), text("serviceType")),
        "kind": text("serviceName"),
        "severity": choice("notificationState", SEVERITIES, default=Alert.Severity.UNKNOWN),
        "raised_at": first(moment("transitionTime"), moment("_extra.transitionTime")),
        "resolved_at": constant(None),
    },
)

VENDOR = Vendor(
    slug="nable_ncentral",
    label="N-able N-central",
    layer=Layer.RMM,
    base_url="{address}",
    auth=UserToken(),
    paginate=Numbered(size_param="pageSize", size=200, page_param="pageNumber", first=1),
    test="/api/server-info",
    test_shows="ncentral",
    headers={"Accept": "application/json"},
    pace=3.0,
    errors=broken,
    advice="In N-central give the API user a role that may only read, and all access groups.",
    settings=(
        Setting(
            name="address",
            label="Server",
            help="The address of your N-central, such as https://rmm.example.com.",
            default="https://",
        ),
        Setting(name="token", label="User-API token (JSON Web Token)", secret=True),
        Setting(
            name="time_zone",
            label="Time zone of the server",
            help="N-central writes most times without an offset. If “last seen” is hours off, name the server's zone, "
            "such as Europe/Amsterdam.",
            default="UTC",
            free=True,
            choices=(("UTC", "UTC"),),
        ),
        Setting(
            name="antivirus_services",
            label="Antivirus services",
            help="Words in the names of the monitored services that watch antivirus, with commas between.",
            default="AV Defender, Windows Defender, Antivirus",
            free=True,
        ),
        Setting(
            name="patch_services",
            label="Patch services",
            help="Words in the names of the monitored services that watch patches, with commas between.",
            default="Patch Status",
            free=True,
        ),
        Setting(
            name="psa",
            label="PSA whose ids are in “External ID”",
            required=False,
            choices=(
                ("", "None"),
                ("connectwise_psa", "ConnectWise PSA"),
                ("autotask", "Autotask"),
                ("halopsa", "HaloPSA"),
            ),
        ),
    ),
    endpoints=(
        Endpoint(
            name="customers",
            path="/api/customers",
            records_at="data",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=OWN,
            fields={
                "external_id": "customerId",
                "name": "customerName",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": EVIDENCE,
            },
        ),
        Endpoint(
            name="sites",
            path="/api/sites",
            records_at="data",
            total=COUNTED,
            into=Account,
            complete=True,
            fields={
                "external_id": "siteId",
                "name": "siteName",
                "kind": constant(Account.Kind.SITE),
                "parent": "parentId",
            },
        ),
        Endpoint(
            name="devices",
            path="/api/devices",
            records_at="data",
            total=COUNTED,
            into=Asset,
            complete=True,
            keep=Convert(("isProbe",), lambda probe: probe is not True),
            fields={
                "external_id": "deviceId",
                "account": first("siteId", "customerId"),
                "name": first("longName", "discoveredName"),
                "hostname": first("discoveredName", "longName"),
                "kind": Convert(("deviceClass",), kind),
                "os": text("supportedOsLabel"),
                "last_seen_at": moment("lastApplianceCheckinTime"),
            },
        ),
        Endpoint(
            name="assets",
            path="/api/devices/{deviceId}/assets",
            each="devices",
            paginate=OnePage(),
            records=asset,
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            fields={
                "external_id": "each.deviceId",
                "serial": text("computersystem.serialnumber"),
                "model": text("computersystem.model"),
                "os_version": text("os.version"),
                "booted_on": started_on("_extra.os.lastbootuptime"),
                "warranty_until": soft_day("_extra.device.warrantyexpirationdate"),
            },
        ),
        Endpoint(
            name="monitored services",
            path="/api/devices/{deviceId}/service-monitor-status",
            each="devices",
            paginate=OnePage(),
            records=services,
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            untold="It names no count, and a device without services looks like one whose services were lost.",
            fields={
                "external_id": "each.deviceId",
                "antivirus": Convert(("services", "{antivirus_services}"), antivirus),
                "patched_at": Convert(("services", "{patch_services}", "{time_zone}"), patched_at),
            },
        ),
        ISSUES,
        replace(ISSUES, name="active issues of sites", path="/api/org-units/{siteId}/active-issues", each="sites"),
    ),
    about=About(
        gives="devices, warranty, antivirus, active issues",
        key=(
            "In N-central open Administration, User Management, Roles and make a role that may only read.",
            "Open Users, add an API-only user without two-factor sign-in, with that role and all access groups.",
            "Open the user's API Access and press Generate JSON Web Token; it is shown once.",
            "Copy the token and the address of your server into this form.",
            "The user's password expires every 90 days, and the token with it: set a reminder to make a new one.",
        ),
        scopes={"a role that may only read": "customers, sites, devices, assets, monitored services, active issues"},
        never=(
            "licence keys of systems and applications",
            "who is signed in to a device",
            "addresses for remote control",
            "names and addresses of contacts",
            "custom properties, which may hold passwords",
            "scheduled tasks",
        ),
        limits="One request at a time, 3 a second; N-central counts those under way on each list.",
        not_offered={
            "Backup": "Its interface tells backups only as monitored services, whose names each MSP chooses.",
        },
        unsure=(
            Unsure(
                "How many patches a device misses.",
                "N-central tells that patches are watched and when, and a number only in reports that would have to "
                "be created: none is read, and no device is called patched.",
            ),
            Unsure(
                "Whether the list of lifecycles says more of a warranty than the asset.",
                "The asset's day is read; the other list allows one question at a time.",
            ),
            Unsure("In which time zone a time without an offset is.", "UTC, or the one in the settings."),
            Unsure("How large a page may be.", "200 are asked for; pages are counted as the server cuts them."),
            Unsure("Where the number of pages stands.", "At either place, or else the link to the next page decides."),
            Unsure("How the state of an issue is written.", "As a number or a word; another is “not told”."),
            Unsure(
                "Whether a customer's issues hold those of its sites.",
                "Sites are asked too; the same issue twice is one.",
            ),
            Unsure("When an issue ended.", "No list tells; it ends at the first reading that no longer names it."),
            Unsure(
                "What the states of an antivirus service mean.",
                "Normal is protected, Warning outdated, Failed off; any other tells nothing.",
            ),
            Unsure("How a warranty's day is written.", "ISO or milliseconds; in any other form it is not read."),
            Unsure(
                "Whether a probe is a device of its own.", "It is a role of a machine that is listed, and left out."
            ),
        ),
    ),
)
