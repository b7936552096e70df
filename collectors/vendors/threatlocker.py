"""ThreatLocker: organizations, the computers on which only what is allowed runs, and requests to allow more.

It reads by POST: only the exact paths below are asked, for its other paths of the same kind change things.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.auth import Auth
from collectors.convert import choice, constant, first, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind
from collectors.pagination import Answer, Cursor, Paginate

PENDING, APPROVED, NOT_LEARNED, IGNORED, ADDED, ESCALATED, SELF_APPROVED = 1, 4, 6, 10, 12, 13, 16
STATUSES = (PENDING, ESCALATED, APPROVED, NOT_LEARNED, IGNORED, ADDED, SELF_APPROVED)  # the open ones first
OPEN = (PENDING, ESCALATED)
SECURED = {"Secure": True, "Secured": True, "Learning": False, "Installation": False, "Installation Mode": False,
           "MonitorOnly": False, "Monitor Only": False}  # fmt: skip
OFFSET = re.compile(r"(?:[Zz]|[+-]\d\d:?\d\d)$")


@dataclass(frozen=True, kw_only=True)
class Totals(Paginate):
    """Pages are counted from one. A header holds, as JSON, how many there are and of how many records.

    Where it is missing each row may tell the number, and else a short page is the end.
    """

    size: int = 500

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "pageNumber": str(_page(cursor)), "pageSize": str(self.size)}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        page, read = _page(cursor), (cursor["read"] if cursor else 0) + len(records)
        told = json.loads(answer.headers.get("pagination") or "null")
        if isinstance(told, dict):
            if told["currentPage"] != page:
                raise ValueError("another page than was asked for")
            more, total = page < told["totalPages"], told["totalItems"]
        else:
            total = records[0].get("totalRows") if records and isinstance(records[0], dict) else None
            more = len(records) >= self.size if total is None else page * self.size < total
        if not more and total is not None and read < total:
            raise ValueError(f"{read} of {total} records")
        return {"page": page + 1, "read": read} if more else None


@dataclass(frozen=True, kw_only=True)
class ByStatus(Totals):
    """Requests are listed by status alone, so one status is read after the other. Some of them have none."""

    sparse: bool = True

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**super().params(params, cursor), "statusId": str(STATUSES[_turn(cursor)])}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        turn = _turn(cursor)
        if place := super().after(answer, records, cursor):
            return place | {"turn": turn}
        return {"page": 1, "read": 0, "turn": turn + 1} if turn + 1 < len(STATUSES) else None


def _page(cursor: Cursor | None) -> int:
    return int(cursor["page"]) if cursor else 1


def _turn(cursor: Cursor | None) -> int:
    return int(cursor["turn"]) if cursor else 0


def asking(**fixed: Any) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """The body of a question: what is always asked, and the numbers of the page."""
    return lambda params: {**fixed, **{name: int(value) for name, value in params.items()}}


def moment(path: str) -> Convert:
    """A moment in UTC, also where no offset says so; the first day of all days is none."""
    return Convert((path,), _moment)


def _moment(value: Any) -> Any:
    if not isinstance(value, str) or value.startswith("0001-"):
        return None
    return utc("").of(value if not value or OFFSET.search(value) else f"{value}Z")


def kind(system: Any, type_: Any) -> str:
    """By the name of the system; a Linux machine whose name does not say is taken for a server."""
    if type_ == 3 or "server" in str(system or "").casefold():
        return AssetKind.SERVER.value
    return AssetKind.WORKSTATION.value if system or type_ in (1, 2, 5) else AssetKind.OTHER.value


def is_there(deleted: Any, ever_seen: Any) -> bool:
    return deleted is not True and ever_seen is not False


def file_name(path: Any) -> str:
    """The last part alone: folders are named after people."""
    return re.split(r"[\\/]", str(path or "").strip())[-1]


def ended_at(status: Any, acted: Any, asked: Any) -> Any:
    if status is None or status in OPEN:
        return None
    return _moment(acted) or _moment(asked)


def fault(status: int, body: Any) -> Fault | None:
    """An error may come under a good status; 417 is a question it cannot take."""
    says = str(body.get("Message") or "") if isinstance(body, Mapping) else ""
    if status in (400, 417):
        return Fault(says or f"it cannot take our question ({status})")
    return Fault(says or "an error without words", wait=True) if status < 300 and isinstance(body, Mapping) else None


VENDOR = Vendor(
    slug="threatlocker",
    label="ThreatLocker",
    layer=Layer.CONTROL,
    base_url="{address}/portalapi",
    auth=Auth(
        headers={
            "Authorization": "{token}", "ManagedOrganizationId": "{organization}",
            "OverrideManagedOrganizationId": "{organization}",
        },
    ),
    paginate=Totals(),
    test="/ApprovalRequest/ApprovalRequestGetCount?includeChildOrganizations=true",
    headers={"Accept": "application/json"},
    blank_is_empty=True,
    errors=fault,
    pace=5.0,
    advice="In ThreatLocker make an API user whose role may view organizations, computers and approval requests.",
    settings=(
        Setting(
            name="address", label="Instance", default="https://portalapi.g.threatlocker.com", free=True,
            help="The portal's Help names the instance. On another one a good token is called revoked.",
            choices=tuple(
                (f"https://portalapi.{name}.threatlocker.com", f"Instance {name.upper()}")
                for name in ("g", "h", "e", "a", "eu1", "au")
            ),
        ),
        Setting(name="organization", label="Organization ID", help="Your own organization's, above all your clients'."),
        Setting(
            name="token", label="API token", secret=True,
            help="It is sent as it is. Each use makes it last longer; one that is not used ends.",
        ),
    ),
    endpoints=(
        Endpoint(
            name="organizations",
            path="/Organization/OrganizationGetChildOrganizationsByParameters",
            method="POST",
            body=asking(
                searchText="", orderBy="name", isAscending=True, includeAllChildren=True, childOrganizations=True,
            ),
            into=Account,
            complete=True,
            fields={
                "external_id": "organizationId",
                "name": first("displayName", "name"),
                "kind": constant(Account.Kind.CLIENT),
            },
        ),
        Endpoint(
            name="approval requests",
            path="/ApprovalRequest/ApprovalRequestGetByParameters",
            method="POST",
            body=asking(searchText="", orderBy="datetime", isAscending=True, showChildOrganizations=True),
            paginate=ByStatus(size=100),
            into=Alert,
            complete=True,
            optional=True,
            fields={
                "external_id": "approvalRequestId",
                "account": "organizationId",
                "asset": "computerId",
                "title": Convert(("path",), file_name),
                "kind": constant("approval request"),
                "raised_at": moment("dateTime"),
                "resolved_at": Convert(("statusId", "actionDate", "dateTime"), ended_at),
            },
        ),
        Endpoint(
            name="computers",
            path="/Computer/ComputerGetByAllParameters",
            method="POST",
            body=asking(
                searchText="", orderBy="computerinstalldate", isAscending=True, childOrganizations=True,
                showDeleted=False,
            ),
            into=Asset,
            complete=True,
            keep=Convert(("isDeleted", "hasAtLeastOneCheckin"), is_there),
            fields={
                "external_id": "computerId",
                "account": "organizationId",
                "name": first("computerName", "hostname"),
                "hostname": first("hostname", "computerName"),
                "kind": Convert(("operatingSystem", "osType"), kind),
                "os": text("operatingSystem"),
                "compliant": choice("mode", SECURED, default=None),
                "last_seen_at": moment("lastCheckin"),
            },
        ),
    ),
    about=About(
        gives="computers on which only what is allowed runs, requests to allow more",
        key=(
            "Sign in to the ThreatLocker portal of your own organization as an administrator.",
            "Make a role that may view organizations, computers and approval requests, and nothing else.",
            "Open Administrators, API Users, and add one with this role, for your organization and those below it.",
            "Choose when it ends, and copy the token, which is shown once, into this form.",
            "Copy your organization's id from the portal, and the instance that its Help names.",
        ),
        scopes={
            "view organizations": "to know whose each computer is",
            "view computers": "to count what is under control, and how",
            "view approval requests": "to tell what people asked to run; without it the rest is read",
        },
        never=(
            "keys that install agents", "what people ran, and their names", "why somebody asked", "folders of files",
            "policies and maintenance modes, which its other paths change",
        ),
        limits="5 requests a second, one at a time; a wait it names is kept.",
        not_offered={"Incident": "It stops what is not allowed; what that was is for the endpoint protection."},
        not_read={"License": "Its products by organization are not what was bought; the marketplace speaks for that."},
        unsure=(
            Unsure("The list of child organizations is in no published document, and may be closed to some keys.",
                   "It is needed; where it is refused, testing the connection says so."),
            Unsure("Which of two headers names the organization.", "Both are sent."),
            Unsure("Which of two fields asks for organizations below those below.", "Both are sent."),
            Unsure("Whether a moment without an offset is in UTC.", "It is taken so."),
            Unsure("Whether the header with the totals is always there.",
                   "Without it the rows' own number is used, and else a short page is the end."),
            Unsure("No computer tells its serial number.", "It is known by its host name alone."),
            Unsure("Requests can be listed by status alone, and its statuses may be more than the seven known.",
                   "Those seven are read."),
            Unsure("When a decided request names no moment of it.", "The moment it was made."),
            Unsure("What a mode is called.",
                   "In Secure the rules are kept, while learning and monitoring not; any other tells nothing."),
            Unsure("How long an unused token lives.", "Reading every day keeps it alive."),
        ),
    ),
)
