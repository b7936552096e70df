"""Huntress: organizations, the agents on their machines and the incidents its analysts reported (REST API v1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from collectors.auth import Basic
from collectors.convert import choice, constant, first, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetKind, AssetState
from collectors.facts.posture import Incident
from collectors.pagination import Answer, Cursor, CursorIn, found_at

A_MINUTE = 60.0  # its limit counts a sliding minute, and its answer may name no wait
OLDEST_FIRST = {"sort_field": "id", "sort_direction": "asc"}  # what is added meanwhile comes on a later page
ENDED = ("closed", "dismissed", "partner_dismissed", "deleting")

SEVERITIES = {
    "critical": Incident.Severity.CRITICAL, "high": Incident.Severity.HIGH, "medium": Incident.Severity.MEDIUM,
    "low": Incident.Severity.LOW,
}  # fmt: skip
DEFENDER = {
    "healthy": AssetState.Antivirus.PROTECTED, "protected": AssetState.Antivirus.PROTECTED,
    "disabled": AssetState.Antivirus.OFF,
}  # fmt: skip
ADDRESS = re.compile(r"[^\s<>()\[\],;:]+@[^\s<>()\[\],;:]+")


@dataclass(frozen=True, kw_only=True)
class Tokens(CursorIn):
    """The next page's token, or its address, of which only the token is used."""

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        if found := super().after(answer, records, cursor):
            return found
        link = found_at(answer.body, "pagination.next_page_url")
        token = dict(parse_qsl(urlsplit(str(link or "")).query)).get(self.param)
        return {"token": token} if token else None


def kind(os: Any, platform: Any) -> str:
    """No field tells servers from workstations: the name of the system does, and Linux is taken for a server."""
    if platform == "linux" or "server" in str(os or "").casefold():
        return AssetKind.SERVER.value
    return AssetKind.WORKSTATION.value if platform in ("windows", "darwin") else AssetKind.OTHER.value


def nobody(subject: Any) -> str:
    """The subject without e-mail addresses: those of identity incidents name people."""
    return ADDRESS.sub("a user", str(subject or "").strip())


def ended_at(changed: Any, status: Any) -> Any:
    return utc("").of(changed) if status in ENDED else None


def everything(start: datetime, end: datetime) -> dict[str, str]:
    """Reports cannot be asked for by time. They come whole, and what an organization that was deleted takes with it
    is withdrawn only as far as it is of the last months."""
    return {}


def fault(status: int, body: Any) -> Fault | None:
    if status == 429:
        return Fault("slow down", wait=True, after=A_MINUTE)
    if status in (400, 409, 422):
        return Fault(words(body) or f"it cannot read our question ({status})")
    if status < 300 and (not isinstance(body, Mapping) or "pagination" not in body):
        return Fault(words(body) or "an answer that is no list", wait=True)
    return None


def words(body: Any) -> str:
    """The sentence of an error, whose shape no document tells: a text, objects with a message, or texts by field."""
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    if isinstance(errors, list) and errors:
        return ": ".join(str(errors[0][name]) for name in ("field", "message") if errors[0].get(name))
    if isinstance(errors, Mapping) and errors:
        field, said = next(iter(errors.items()))
        return f"{field}: {said[0] if isinstance(said, list) and said else said}"
    return str(body.get("message") or body.get("error") or "")


VENDOR = Vendor(
    slug="huntress",
    label="Huntress",
    layer=Layer.EDR,
    base_url="{address}/v1",
    auth=Basic(user="{api_key}", password="{api_secret}"),  # noqa: S106
    paginate=Tokens(at="pagination.next_page_token", param="page_token", size=500),
    test="/organizations?limit=1",
    headers={"Accept": "application/json"},
    errors=fault,
    pace=0.9,
    console="https://huntress.io",
    advice="In Huntress generate an API key of the account under API Credentials; it reads and cannot write.",
    settings=(
        Setting(name="address", label="API address", default="https://api.huntress.io"),
        Setting(name="api_key", label="API key", secret=True),
        Setting(
            name="api_secret", label="API secret", secret=True,
            help="It is shown once. A key generated anew ends the old one at once.",
        ),
    ),
    endpoints=(
        Endpoint(
            name="organizations",
            path="/organizations",
            params=OLDEST_FIRST,
            records_at="organizations",
            into=Account,
            complete=True,
            fields={
                "external_id": "id",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": Convert(
                    ("identity_provider_tenant_id",), lambda tenant: {"tenant_id": str(tenant)} if tenant else {}
                ),
            },
        ),
        Endpoint(
            name="agents",
            path="/agents",
            params=OLDEST_FIRST,
            records_at="agents",
            into=Asset,
            complete=True,
            keep=Convert(("edr_version",), lambda version: version not in (None, "")),
            fields={
                "external_id": "id",
                "account": "organization_id",
                "name": text("hostname"),
                "hostname": text("hostname"),
                "kind": Convert(("os", "platform"), kind),
                "os": text("os"),
                "os_version": text("os_build_version"),
                "serial": text("serial_number"),
                "last_seen_at": utc("last_callback_at"),
                "antivirus": choice("defender_status", DEFENDER, default=""),
            },
        ),
        Endpoint(
            name="incident reports",
            path="/incident_reports",
            params=OLDEST_FIRST,
            records_at="incident_reports",
            into=Incident,
            complete=True,
            window=everything,
            keep=Convert(("subject",), lambda subject: "(test)" not in str(subject).casefold()),
            fields={
                "external_id": "id",
                "account": "organization_id",
                "title": Convert(("subject",), nobody),
                "severity": choice("severity", SEVERITIES, default=Incident.Severity.UNKNOWN),
                "dismissed": Convert(("status",), lambda status: status in ENDED[1:]),
                "raised_at": first(utc("sent_at"), utc("status_updated_at"), utc("updated_at")),
                "resolved_at": first(utc("closed_at"), Convert(("status_updated_at", "status"), ended_at)),
            },
        ),
    ),
    about=About(
        gives="machines with an agent, incidents its analysts reported",
        key=(
            "Sign in to Huntress as an administrator of the account.",
            "Open API Credentials in the menu at the top right.",
            "Generate a key of the account, which reads by default; not one of a user, and not one of a reseller.",
            "Copy the API key and the API secret, which is shown once, into this form.",
        ),
        scopes={"a key of the account": "reads organizations, agents and reports; it is made to read alone"},
        never=(
            "the text of reports and their remediations", "who receives reports", "names and addresses of people",
            "addresses of networks", "signed links to finished reports",
        ),
        limits="54 requests a minute, where its own limit is 60 for the account; a wait it names is kept.",
        not_offered={
            "PostureCheck": "It scores no client.",
            "Alert": "What its sensors notice are signals; an analyst makes a report of those that matter.",
        },
        not_read={
            "Seat": "Its list of identities repeats the cloud tenant's, which speaks for itself.",
            "License": "Its counts are what is billed for; the marketplace speaks for what was bought.",
        },
        unsure=(
            Unsure("Neither organizations, agents nor reports can be asked for by change.",
                   "All three are read whole every time, 500 to a page."),
            Unsure("No list tells how many records it has.",
                   "A list that lost more than a fifth at once stops the reading, and a person is asked."),
            Unsure("How soon an uninstalled agent leaves the list.", "It is a device until it does."),
            Unsure("What an agent without an EDR version is.", "Its EDR is not installed: it protects no device."),
            Unsure("Which machines are servers.", "Those whose system is called a server, and those with Linux."),
            Unsure("What the words of Defender's status are.",
                   "Healthy and Protected mean protected, Disabled means off; any other tells nothing."),
            Unsure("When a dismissed report ended: only closing has a moment.", "The last change of its status."),
            Unsure("When a report was raised that names no sending.", "The last change of its status, then of itself."),
            Unsure("Incidents of identities and mail stand beside those of machines.",
                   "They count here, as what this system reported; the cloud tenant's own are counted apart."),
            Unsure("What an error's body looks like.", "Each of three shapes is read; the status decides."),
            Unsure("Whether the reports of a deleted organization stay listed.",
                   "Of the last three months they are taken to be withdrawn, older ones stay counted."),
        ),
    ),
)
