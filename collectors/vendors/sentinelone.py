"""SentinelOne: a client's site, the agents on its machines and the threats they found (Management API 2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from collectors.auth import Auth
from collectors.convert import choice, constant, evidence, first, flag, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Since, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetKind, AssetState
from collectors.facts.posture import Incident
from collectors.pagination import CursorIn

KINDS = {"desktop": AssetKind.WORKSTATION, "laptop": AssetKind.WORKSTATION, "server": AssetKind.SERVER}
SURE = {"malicious": Incident.Severity.HIGH, "suspicious": Incident.Severity.MEDIUM}
COUNTED = Total(at="pagination.totalItems")
AGAIN = 900.0  # seconds: a place in a list lives for minutes, and the reading begins anew


@dataclass(frozen=True, kw_only=True)
class Place(CursorIn):
    """The cursor of a page is forgotten after minutes, so that nothing can be resumed with it."""

    resumes: ClassVar[bool] = False


def told(word: Convert) -> Convert:
    """The same, where the text “None” stands for what is missing."""
    return Convert(word.paths, lambda *values: word.of(*(None if value == "None" else value for value in values)))


def protection(state: Any, current: Any) -> str:
    """An agent that works says “na”; any other word of its state is a reason why it does not."""
    if told_of(state) not in ("", "na"):
        return AssetState.Antivirus.OFF.value
    if current is True:
        return AssetState.Antivirus.PROTECTED.value
    return AssetState.Antivirus.OUTDATED.value if current is False else ""


def told_of(value: Any) -> str:
    return "" if value in (None, "None") else str(value).strip().casefold()


def severity(confidence: Any, classification: Any) -> str:
    if told_of(classification) == "ransomware":
        return Incident.Severity.CRITICAL.value
    return SURE.get(told_of(confidence), Incident.Severity.UNKNOWN).value


def dismissed(verdict: Any, mitigation: Any) -> bool:
    return told_of(verdict) == "false_positive" or told_of(mitigation) == "marked_as_benign"


def resolved_at(status: Any, changed: Any) -> Any:
    """There is no moment of its own: the last change of a threat that is resolved."""
    return utc("").of(changed) if told_of(status) == "resolved" and changed != "None" else None


def changed_since(moment: datetime) -> dict[str, str]:
    return {"updatedAt__gte": f"{moment:%Y-%m-%dT%H:%M:%S.000000Z}"}


def fault(status: int, body: Any) -> Fault | None:
    """Its errors are a list that may be beside data, under any status; in some answers it holds an empty object."""
    if not isinstance(body, Mapping):
        return None
    listed = body.get("errors")
    errors = [one for one in listed if isinstance(one, Mapping) and one] if isinstance(listed, list) else []
    says = ": ".join(str(errors[0][name]) for name in ("title", "detail") if errors[0].get(name)) if errors else ""
    if status == 400:
        place = "cursor" in says.casefold()
        return Fault(says or "it cannot read our question", wait=place, after=AGAIN if place else None)
    if status < 300 and errors:
        return Fault(says or "an error without a name", wait=True)
    return Fault("an answer without data", wait=True) if status < 300 and body.get("data") is None else None


VENDOR = Vendor(
    slug="sentinelone",
    label="SentinelOne",
    layer=Layer.EDR,
    base_url="{address}/web/api/v2.1",
    auth=Auth(headers={"Authorization": "ApiToken {token}"}),
    paginate=Place(at="pagination.nextCursor", size=1000),
    test="/sites?limit=1",
    headers={"Accept": "application/json"},
    errors=fault,
    pace=5.0,
    console="{address}",
    advice="In SentinelOne make a service user with the role Viewer under Settings, Users, Service Users.",
    settings=(
        Setting(
            name="address", label="Console address", default="https://usea1-partners.sentinelone.net", free=True,
            help="The address you sign in to, without anything after the host. A token is good on one console only.",
            choices=(
                ("https://usea1-partners.sentinelone.net", "United States, partners"),
                ("https://euce1-partners.sentinelone.net", "Europe, partners"),
            ),
        ),
        Setting(
            name="token", label="API token", secret=True,
            help="It ends on the day chosen when it was made: note it, and replace it before.",
        ),
    ),
    endpoints=(
        Endpoint(
            name="sites",
            path="/sites",
            records_at="data.sites",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=Convert(("state",), lambda state: state != "deleted"),
            fields={
                "external_id": "id",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "active": choice("state", {"expired": False}, default=True),
                "evidence": told(evidence(ids={"connectwise_psa": "description"},
                                          fields={"connectwise_psa": "externalId"})),
            },
        ),
        Endpoint(
            name="agents",
            path="/agents",
            records_at="data",
            total=COUNTED,
            into=Asset,
            complete=True,
            keep=Convert(("isDecommissioned", "isUninstalled"), lambda *gone: True not in gone),
            fields={
                "external_id": "id",
                "account": "siteId",
                "name": told(text("computerName")),
                "hostname": told(text("computerName")),
                "kind": choice("machineType", KINDS, default=AssetKind.OTHER),
                "os": told(text("osName")),
                "os_version": told(text("osRevision")),
                "serial": told(text("serialNumber")),
                "model": told(text("modelName")),
                "last_seen_at": told(utc("lastActiveDate")),
                "online": told(flag("isActive")),
                "antivirus": Convert(("operationalState", "isUpToDate"), protection),
            },
        ),
        Endpoint(
            name="threats",
            path="/threats",
            params={"sortBy": "updatedAt", "sortOrder": "asc"},
            records_at="data",
            total=COUNTED,
            since=Since(changed_since),
            kept_days=365,
            into=Incident,
            fields={
                "external_id": "id",
                "account": told(first("agentDetectionInfo.siteId", "agentRealtimeInfo.siteId")),
                "title": told(text("threatInfo.threatName")),
                "severity": Convert(("threatInfo.confidenceLevel", "threatInfo.classification"), severity),
                "dismissed": Convert(("threatInfo.analystVerdict", "threatInfo.mitigationStatus"), dismissed),
                "raised_at": told(first(utc("threatInfo.createdAt"), utc("threatInfo.identifiedAt"))),
                "resolved_at": Convert(("threatInfo.incidentStatus", "threatInfo.updatedAt"), resolved_at),
            },
            link="/incidents/threats/{id}/overview",
        ),
    ),
    about=About(
        gives="machines with an agent, whether it works, threats found",
        key=(
            "Sign in to the SentinelOne console as an administrator of the account.",
            "Open Settings, Users, Service Users, and create a new service user.",
            "Give it the role Viewer, and as its scope the account, or the sites that are to be read.",
            "Choose the day on which it ends, and note it: from then on nothing is read.",
            "Copy the API token, which is shown once, and the console's address into this form.",
        ),
        scopes={"Viewer": "reads sites, agents and threats, and can change nothing"},
        never=(
            "registration tokens, which enrol machines", "who is signed in to a machine", "addresses of networks",
            "paths and hashes of files", "remote shells, scans and other actions",
        ),
        limits="5 requests a second, one at a time, where the narrowest of its own limits is 10.",
        not_offered={
            "PostureCheck": "It scores machines' programs, not a client.",
            "Alert": "Its custom alerts are rules of the MSP's own; what it finds itself are threats.",
        },
        not_read={"License": "A site's licences are a limit, not what was bought; the marketplace speaks for those."},
        unsure=(
            Unsure("A client may be a site, or an account of several sites.",
                   "Each site is an account here; several sites of one client are linked to one organization."),
            Unsure("Whether deleted and expired sites are listed unasked.",
                   "Deleted ones are left out and expired ones kept as inactive, listed or not."),
            Unsure("When a threat was resolved: it names no such moment.", "Its last change, once it is resolved."),
            Unsure("How severe a threat is: it tells only how sure it is.",
                   "Ransomware is critical, malicious high, suspicious medium; anything else is not told."),
            Unsure("How long threats are kept.",
                   "A year. What is older and no longer listed is not taken to be withdrawn."),
            Unsure("How long a place in a list is kept.",
                   "Not beyond one reading; where it is gone, the next reading begins anew."),
            Unsure("Whether the stated number of records is right in very large lists.",
                   "A list shorter than its number is taken for a list cut short, and read again."),
            Unsure("Whether an error list with an empty object in it is an error.", "Not where there is data with it."),
            Unsure("What an agent's state is called other than “na”.", "Any other word means that it is off."),
        ),
    ),
)
