"""Acronis Cyber Protect Cloud: customers, what is backed up at each and when it last went well, alerts of backups."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from collectors.auth import ClientCredentials, Exchange, basic_header, bearer, reason
from collectors.convert import choice, constant, evidence, text, utc
from collectors.declare import About, Convert, Endpoint, Layer, Record, Setting, Total, Unsure, Vendor
from collectors.errors import Refused
from collectors.facts.accounts import Account
from collectors.facts.backups import Backup, BackupRun, BackupState
from collectors.facts.estate import Alert
from collectors.pagination import Cursor, CursorIn

AFTER = "paging.cursors.after"
SEVERITIES = {
    "critical": Alert.Severity.CRITICAL, "error": Alert.Severity.HIGH, "warning": Alert.Severity.MEDIUM,
    "information": Alert.Severity.LOW, "ok": Alert.Severity.LOW,
}  # fmt: skip
MACHINES = ("resource.machine", "resource.virtual_machine")
BACKUP_PLAN = "policy.backup"
BAD = ("error", "critical")
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, kw_only=True)
class OfCustomer(ClientCredentials):
    """The partner's token buys one for a single customer, with which every record is that customer's.

    Records of machines and alerts name their tenant by a number that the list of tenants does not know.
    """

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        partner = super().credentials(exchange)
        if not exchange.tenant:
            return partner
        form = {
            "grant_type": JWT, "assertion": partner["Authorization"].removeprefix("Bearer "),
            "scope": f"urn:acronis.com:tenant-id:{exchange.tenant}",
        }  # fmt: skip
        basic = {"Authorization": basic_header(exchange.fill("{client_id}"), exchange.fill("{client_secret}"))}
        status, answer = exchange.post_form(exchange.fill(self.token), form, basic)
        if status >= 400:
            raise Refused(f"{exchange.label} gives no token for one of the customers{reason(answer)}.")
        return bearer(exchange, answer)


@dataclass(frozen=True, kw_only=True)
class PlaceAlone(CursorIn):
    """The place of a page holds the filters too, which some lists refuse beside it."""

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return super().params({} if cursor else params, cursor)


def nanoseconds(start: datetime, stop: datetime) -> dict[str, str]:
    """What moved since then, which holds whatever was raised since."""
    return {"updated_at": f"ge({int(start.astimezone(UTC).timestamp()) * 10**9})"}


def records_in(value: Any) -> list[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def plans(policies: Any) -> list[Record]:
    return [one for one in records_in(policies) if str(one.get("type")).startswith(BACKUP_PLAN)]


def resources(body: Any) -> Iterator[Record]:
    """What is protected; of a cloud seat without its name, which is a person's."""
    for item in body["items"]:
        context = item.get("context") if isinstance(item, dict) else None
        if isinstance(context, dict) and not is_machine(context.get("type")):
            item = {**item, "context": {name: value for name, value in context.items() if name != "name"}}
        yield item


def runs(body: Any) -> Iterator[Record]:
    """Of each backup plan the last run that went well, and the last of all where it failed."""
    for item in records_in(body["items"]):
        for plan in plans(item.get("policies")):
            good = plan.get("last_success_run_time") or plan.get("last_success_run")
            last = plan.get("last_run_time") or plan.get("last_run")
            warned = plan.get("status") == "warning" and last == good
            ended = BackupRun.Outcome.WARNED if warned else BackupRun.Outcome.SUCCEEDED
            if good:
                yield {"context": item.get("context"), "at": good, "outcome": str(ended)}
            if last and last != good and plan.get("status") in BAD:
                yield {"context": item.get("context"), "at": last, "outcome": str(BackupRun.Outcome.FAILED)}


def is_machine(kind: Any) -> bool:
    return str(kind).startswith(MACHINES)


def backed_up(kind: Any, policies: Any) -> bool:
    return ".group" not in str(kind) and bool(plans(policies))


def run_key(resource: Any, at: Any) -> str | None:
    moment = utc("at").of(at)
    return f"{resource}/{moment:%Y%m%dT%H%M%S}" if moment else None


KIND = Convert(
    ("context.type",),
    lambda kind: str(BackupState.Kind.CONTINUITY if is_machine(kind) else BackupState.Kind.SAAS),
)
SERVICE = Convert(("context.type",), lambda kind: "" if is_machine(kind) else re.split(r"[._]", str(kind))[-1])
PAUSED = Convert(("policies",), lambda policies: all(one.get("enabled") is False for one in plans(policies)))


VENDOR = Vendor(
    slug="acronis",
    label="Acronis Cyber Protect",
    layer=Layer.BACKUP,
    base_url="{address}",
    auth=OfCustomer(token="{address}/api/2/idp/token", sent="basic"),  # noqa: S106
    paginate=PlaceAlone(at=AFTER, param="after", size=500),
    test="/api/2/clients/{client_id}",
    headers={"Accept": "application/json"},
    pace=5.0,
    console="{address}",
    advice="In the management portal see under Settings, API clients that its role is a read-only one.",
    settings=(
        Setting(
            name="address", label="Data centre",
            help="The address the management portal has once you are signed in, such as "
            "https://eu2-cloud.acronis.com. A key is good in its own data centre only.",
        ),
        Setting(
            name="tenant_id", label="Partner tenant",
            help="The id of your own tenant: in the management portal it stands in the address behind tenant.",
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="customers",
            path="/api/2/tenants",
            params={"subtree_root_id": "{tenant_id}"},
            paginate=CursorIn(at=AFTER, param="after"),
            records_at="items",
            total=Total(at="paging.cursors.total"),
            into=Account,
            complete=True,
            keep=Convert(
                ("kind", "enabled", "pricing_mode", "deleted_at"),
                lambda kind, enabled, mode, gone: kind == "customer" and enabled is not False and mode != "trial"
                and not gone,
            ),
            fields={
                "external_id": "id",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": evidence(fields={"connectwise_psa": "customer_id"}),
            },
        ),
        Endpoint(
            name="backups",
            path="/api/resource_management/v4/resource_statuses",
            each="customers",
            tenant="id",
            optional=True,
            records=resources,
            total=Total(at="paging.cursors.total"),
            into=Backup,
            complete=True,
            keep=Convert(("context.type", "policies"), backed_up),
            fields={
                "external_id": "context.id",
                "account": "each.id",
                "kind": KIND,
                "service": SERVICE,
                "hostname": text("context.name"),
                "paused": PAUSED,
            },
        ),
        Endpoint(
            name="runs",
            path="/api/resource_management/v4/resource_statuses",
            each="customers",
            tenant="id",
            optional=True,
            records=runs,
            into=BackupRun,
            latest=True,
            fields={
                "external_id": Convert(("context.id", "at"), run_key),
                "backup": "context.id",
                "account": "each.id",
                "outcome": "outcome",
                "finished_at": utc("at"),
            },
        ),
        Endpoint(
            name="alerts",
            path="/api/alert_manager/v1/alerts",
            params={"category": "Backup", "show_deleted": "true"},
            each="customers",
            tenant="id",
            optional=True,
            records_at="items",
            total=Total(at="paging.cursors.total"),
            into=Alert,
            complete=True,
            window=nanoseconds,
            kept_days=90,
            fields={
                "external_id": "id",
                "account": "each.id",
                "title": text("type"),
                "kind": text("category"),
                "severity": choice("severity", SEVERITIES, default=Alert.Severity.UNKNOWN),
                "raised_at": utc("createdAt"),
                "resolved_at": utc("deletedAt"),
            },
        ),
    ),
    about=About(
        gives="machines and cloud seats that are backed up, when each last went well, alerts of backups",
        key=(
            "Sign in to the management portal of your own partner tenant as an administrator with a read-only role: "
            "the key gets the rights of whoever makes it.",
            "Open Settings, API clients and create one; name it after this product.",
            "Copy the client id and the client secret, which is shown once, into this form.",
            "Copy the data centre's address, and the id of your tenant, from the portal's address.",
            "Press Test connection.",
        ),
        scopes={
            "read-only role": "reads customers, the state of what is protected and alerts, and can change nothing",
        },
        never=(
            "contacts of customers and users", "names of mailboxes and of people", "what is inside a backup",
            "credentials of machines and cloud services", "incidents and remote control",
        ),
        limits="5 requests a second, one at a time; a wait that Acronis names is kept.",
        not_offered={"RecoveryTest": "No list of this API tells that a recovery was tried."},
        not_read={"Asset": "The machines are the RMM's; here they are known as what is backed up."},
        unsure=(
            Unsure(
                "Fields of a plan's runs: last_run_time and last_success_run_time, or without “_time”.",
                "Either; the longer name first.",
            ),
            Unsure(
                "A machine names its customer by a number that the list of customers does not know.",
                "Each customer is asked with a token of its own, so that what comes is that customer's.",
            ),
            Unsure(
                "For some customers the filter by type gives an empty list.",
                "It is never sent: what has a backup plan is read.",
            ),
            Unsure("Only the last run of a plan is told.", "Read each day: each last good run, each last failure."),
            Unsure("Whether filters may stand beside the place of a page.", "They do for customers alone."),
            Unsure("Whether the list of customers comes in pages.", "It is read on while it names a next one."),
            Unsure("What types of cloud resources are called.", "What is no machine and has a backup plan is a seat."),
            Unsure(
                "A virtual machine may stand there twice, by its own agent and by its host's.", "Both are counted."
            ),
            Unsure("How long closed alerts are listed.", "90 days: what is older is kept as it was."),
        ),
    ),
)
