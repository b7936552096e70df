"""NinjaOne: organizations, locations, the devices the RMM watches, how they are, and alerts (public API version 2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from collectors.auth import ClientCredentials
from collectors.convert import choice, constant, day_of, evidence, first, not_flag, only, tagged, text, utc, whole
from collectors.declare import About, Endpoint, Fault, Layer, Record, Setting, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind
from collectors.pagination import AfterId, Answer, Cursor, Paginate

KINDS = {
    "WINDOWS_WORKSTATION": AssetKind.WORKSTATION, "LINUX_WORKSTATION": AssetKind.WORKSTATION,
    "MAC": AssetKind.WORKSTATION,
    "WINDOWS_SERVER": AssetKind.SERVER, "LINUX_SERVER": AssetKind.SERVER, "MAC_SERVER": AssetKind.SERVER,
    "VMWARE_VM_HOST": AssetKind.VM_HOST, "HYPERV_VMM_HOST": AssetKind.VM_HOST,
    "VMWARE_VM_GUEST": AssetKind.VM_GUEST, "HYPERV_VMM_GUEST": AssetKind.VM_GUEST,
    "ANDROID": AssetKind.MOBILE, "APPLE_IOS": AssetKind.MOBILE, "APPLE_IPADOS": AssetKind.MOBILE,
    "NMS_SWITCH": AssetKind.NETWORK, "NMS_ROUTER": AssetKind.NETWORK, "NMS_FIREWALL": AssetKind.NETWORK,
    "NMS_PRINTER": AssetKind.NETWORK, "NMS_WAP": AssetKind.NETWORK, "NMS_SERVER": AssetKind.NETWORK,
    "NMS_OTHER": AssetKind.NETWORK,
}  # fmt: skip

SEVERITIES = {
    "CRITICAL": Alert.Severity.CRITICAL, "MAJOR": Alert.Severity.HIGH, "MODERATE": Alert.Severity.MEDIUM,
    "MINOR": Alert.Severity.LOW, "NONE": Alert.Severity.LOW,
}  # fmt: skip
NO_COUNT = "A report names no count, and a device that it leaves out keeps what was known of it until it is named."
STATES = ("protected", "outdated", "off", "missing")  # the best first: of several products one is enough


def fault(status: int, body: Any) -> Fault | None:
    """An error whose status says that all is well; a report would be taken for an empty one."""
    if status < 300 and isinstance(body, dict) and body.get("resultCode") == "FAILURE":
        return Fault(str(body.get("errorMessage") or "no reason"), wait=True)
    return None


@dataclass(frozen=True, kw_only=True)
class Report(Paginate):
    """A report is held on the vendor's side under a name, and each question moves its place on. Nothing can resume it.

    It ends with an empty page, with no cursor, or with a cursor that no longer moves.
    """

    size: int = 1000
    resumes: ClassVar[bool] = False

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "pageSize": str(self.size), **({"cursor": cursor["name"]} if cursor else {})}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        told = answer.body.get("cursor") if answer.body else None
        if not told or not records:
            return None
        reached = int(told["offset"])
        return None if cursor and reached <= cursor["reached"] else {"name": told["name"], "reached": reached}


@dataclass(frozen=True, kw_only=True)
class Backwards(Paginate):
    """Activities come with the newest first; what is older than the last one seen is asked for next."""

    size: int = 1000

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "pageSize": str(self.size), **({"olderThan": str(cursor["oldest"])} if cursor else {})}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        return {"oldest": min(row["id"] for row in records)} if len(records) >= self.size else None


def best(report: Any) -> Iterator[Record]:
    """The antivirus of each device in a report, where one may have several products. One that is off still counts."""
    rows = sorted(report.get("results") or (), key=lambda row: row["deviceId"])
    for device, products in groupby(rows, key=lambda row: row["deviceId"]):
        yield {"deviceId": device, "state": min((_antivirus(row) for row in products), key=STATES.index)}


def _antivirus(row: Record) -> str:
    if str(row.get("productName") or "NONE").upper() == "NONE":
        return "missing"
    if str(row.get("productState")).upper() != "ON":
        return "off"
    current = "".join(sign for sign in str(row.get("definitionStatus")).upper() if sign.isalpha()) == "UPTODATE"
    return "protected" if current else "outdated"


def between(start: datetime, end: datetime) -> dict[str, str]:
    return {"after": f"{start:%Y-%m-%d}", "before": f"{end:%Y-%m-%d}"}


VENDOR = Vendor(
    slug="ninjaone",
    label="NinjaOne",
    layer=Layer.RMM,
    base_url="{address}",
    auth=ClientCredentials(token="{address}/ws/oauth/token", scope="monitoring"),  # noqa: S106
    paginate=AfterId(),
    test="/v2/organizations?pageSize=1",
    errors=fault,
    headers={"Accept": "application/json"},
    blank_is_empty=True,
    advice="In NinjaOne create an “API Services (machine-to-machine)” client with the monitoring scope only, "
    "under Administration, Apps, API.",
    console="{address}",
    settings=(
        Setting(
            name="address",
            label="Address",
            help="The instance you sign in to: a client id exists on one instance only.",
            default="https://app.ninjarmm.com",
            free=True,
            choices=(
                ("https://app.ninjarmm.com", "United States"),
                ("https://us2.ninjarmm.com", "United States 2"),
                ("https://eu.ninjarmm.com", "Europe"),
                ("https://ca.ninjarmm.com", "Canada"),
                ("https://oc.ninjarmm.com", "Oceania"),
                ("https://fed.ninjarmm.com", "US government"),
            ),
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="organizations",
            path="/v2/organizations",
            into=Account,
            complete=True,
            fields={
                "external_id": "id",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": evidence(ids={"connectwise_psa": "description"}),
            },
            link="/#/customerDashboard/{id}/overview",
        ),
        Endpoint(
            name="locations",
            path="/v2/locations",
            into=Account,
            complete=True,
            fields={
                "external_id": tagged("location", "id"),
                "name": "name",
                "kind": constant(Account.Kind.SITE),
                "parent": "organizationId",
            },
        ),
        Endpoint(
            name="devices",
            path="/v2/devices-detailed",
            into=Asset,
            complete=True,
            keep=only("approvalStatus", "APPROVED"),
            fields={
                "external_id": "id",
                "layer": constant(Layer.RMM),
                "account": first(tagged("location", "locationId"), "organizationId"),
                "name": first("displayName", "systemName", "dnsName"),
                "hostname": first("systemName", "dnsName"),
                "kind": choice("nodeClass", KINDS, default=AssetKind.OTHER),
                "os": text("os.name"),
                "os_version": text("os.buildNumber"),
                "booted_on": day_of("os.lastBootTime"),
                "serial": text("system.serialNumber"),
                "model": text("system.model"),
                "last_seen_at": utc("lastContact"),
            },
            link="/#/deviceDashboard/{id}/overview",
        ),
        Endpoint(
            name="health",
            path="/v2/queries/device-health",
            records_at="results",
            paginate=Report(),
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            untold=NO_COUNT,
            fields={
                "external_id": "deviceId",
                "patches_missing": whole("pendingOSPatchesCount"),
                "online": not_flag("offline"),
            },
        ),
        Endpoint(
            name="antivirus",
            path="/v2/queries/antivirus-status",
            records=best,
            paginate=Report(),
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            untold=NO_COUNT,
            fields={"external_id": "deviceId", "antivirus": "state"},
        ),
        Endpoint(
            name="warranties",
            path="/v2/devices",
            params={"expand": "warranty"},
            into=Asset,
            adds=False,
            complete=True,
            optional=True,
            fields={"external_id": "id", "warranty_until": day_of("references.warranty.endDate")},
        ),
        Endpoint(
            name="alerts",
            path="/v2/activities",
            params={"type": "CONDITION", "status": "TRIGGERED"},
            records_at="activities",
            paginate=Backwards(),
            window=between,
            into=Alert,
            complete=True,
            optional=True,
            fields={
                "external_id": "seriesUid",
                "asset": "deviceId",
                "title": text("subject"),
                "kind": text("sourceName"),
                "severity": choice("severity", SEVERITIES, default=Alert.Severity.UNKNOWN),
                "raised_at": utc("activityTime"),
            },
        ),
        Endpoint(
            name="alerts ended",
            path="/v2/activities",
            params={"type": "CONDITION", "status": "RESET"},
            records_at="activities",
            paginate=Backwards(),
            window=between,
            into=Alert,
            adds=False,
            complete=True,
            optional=True,
            fields={"external_id": "seriesUid", "resolved_at": utc("activityTime")},
        ),
    ),
    about=About(
        gives="devices, patches, antivirus, warranty, alerts",
        key=(
            "Sign in to NinjaOne as a system administrator and open Administration, Apps, API.",
            "Add a client app of the platform “API Services (machine-to-machine)”.",
            "Tick the scope Monitoring and nothing else; of the grant types, Client credentials.",
            "Copy the client id, and the client secret, which is shown once, into this form.",
        ),
        scopes={"monitoring": "reads organizations, devices, their reports and activities, and can change nothing"},
        never=(
            "who is signed in to a device", "custom fields, which may hold passwords", "remote control and scripts",
            "tickets, documents and credentials kept in NinjaOne",
        ),
        limits="5 requests a second, one at a time; a wait the vendor names is kept.",
        not_offered={"LedgerBalance": "It keeps no books."},
        not_read={
            "Ticket": "Its own ticketing tells neither closing nor SLA; the PSA speaks for tickets.",
            "Agreement": "Its billing lists come without documented fields; the PSA speaks for agreements.",
        },
        unsure=(
            Unsure("Whether an expanded list of devices is offered everywhere.",
                   "Where it is refused, no warranty is read and the connection says so."),
            Unsure("Whether pending patches in the health report are those approved and not yet installed.",
                   "They are read so; patches that failed to install are pending until they succeed."),
            Unsure("What a definition status is called that is up to date.",
                   "UP_TO_DATE and Up-to-date alike; anything else of a running product counts as outdated."),
            Unsure("How a report says that it is over.", "By an empty page, no cursor, or one that stands still."),
            Unsure("Whether a device of several antivirus products has all of them on one page of the report.",
                   "It is taken so; a device cut in two shows its later half."),
        ),
    ),
)
