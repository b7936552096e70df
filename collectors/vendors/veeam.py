"""Veeam Service Provider Console: what agents and backup servers protect, and Microsoft 365 (REST version 3)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.auth import Auth
from collectors.convert import choice, constant, evidence, first, tagged, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.backups import Backup, BackupRun, BackupState, RecoveryTest
from collectors.facts.estate import Alert
from collectors.pagination import Answer, Cursor, Offset, number_at

TOTAL = "meta.pagingInfo.total"
COUNTED = Total(at=TOTAL)
SEVERITIES = {"Error": Alert.Severity.HIGH, "Warning": Alert.Severity.MEDIUM, "Info": Alert.Severity.LOW}
OVER = ("Resolved", "Acknowledged")
CLIENT_OF_JOB = first("mappedOrganizationUid", "organizationUid")
ENDED = first(utc("lastEndTime"), utc("endTime"), utc("lastRun"))  # the second is its name in older versions
POINT = "latestRestorePointDate"


@dataclass(frozen=True, kw_only=True)
class Sorted(Offset):
    """Rows in an order that holds: without one they may move from page to page."""

    by: tuple[str, ...] = ("instanceUid",)

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        order = [{"property": name, "direction": "ascending"} for name in self.by]
        return {**super().params(params, cursor), "sort": json.dumps(order, separators=(",", ":"))}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        if number_at(answer.body, "meta.pagingInfo.offset") not in (None, cursor["offset"] if cursor else 0):
            raise ValueError("another page than the one asked for")
        return super().after(answer, records, cursor)


def trouble(status: int, body: Any) -> Fault | None:
    """Every fault of the server arrives as 520, and some long answers as 202, which are asked for again."""
    errors = body.get("errors") if isinstance(body, dict) else None
    told = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    if status == 520:
        return Fault(str(told.get("message") or "a fault of its own, 520"), wait=True)
    if status == 202:
        return Fault("its answer is not ready", wait=True)
    if status == 200 and told:
        return Fault(str(told.get("message") or "an error"), wait=told.get("type") != "security")
    return None


def at_moment(tag: str, thing: str, moment: Convert) -> Convert:
    """A run's key: whose it is, and the moment, which tells it from the others."""

    def of(key: Any, *values: Any) -> str | None:
        at = moment.of(*values)
        return f"{tag}/{key}/{at:%Y%m%dT%H%M%S}" if at else None

    return Convert((thing, *moment.paths), of)


def there(path: str) -> Convert:
    return Convert((path,), lambda value: value is not None)


def restore_points(name: str, path: str, thing: str, key: Convert | str, by: str, **more: Any) -> Endpoint:
    """Each restore point that is seen as the latest is a backup that went well."""
    return Endpoint(
        name=name,
        path=path,
        records_at="data",
        paginate=Sorted(total_at=TOTAL, by=(by,)),
        total=COUNTED,
        into=BackupRun,
        latest=True,
        keep=there(POINT),
        fields={
            "external_id": at_moment("point", thing, utc(POINT)),
            "backup": key,
            "outcome": constant(BackupRun.Outcome.SUCCEEDED),
            "finished_at": utc(POINT),
        },
        **more,
    )


AGENTS, JOBS = "/infrastructure/backupAgents", "/infrastructure/backupAgents/jobs"
SERVER_JOBS = "/infrastructure/backupServers/jobs"
MACHINES, WORKLOADS = "/protectedWorkloads/virtualMachines", "/protectedWorkloads"
BY_SERVER, CLOUD = f"{WORKLOADS}/computersManagedByBackupServer", f"{WORKLOADS}/vb365ProtectedObjects"
BACKUP_JOBS = Convert(
    ("status", "isEnabled", "type"),
    lambda status, enabled, kind: status == "Failed" and enabled is not False
    and kind not in ("SureBackup", "CopyFile", "SobrMaintenance") and not str(kind).endswith("LogBackup"),
)  # fmt: skip


VENDOR = Vendor(
    slug="veeam",
    label="Veeam Service Provider Console",
    layer=Layer.BACKUP,
    base_url="{address}/api/v3",
    auth=Auth(headers={"Authorization": "Bearer {api_key}"}),
    paginate=Sorted(total_at=TOTAL),
    test="/about",
    test_shows="data.serverVersion",
    headers={"Accept": "application/json"},
    pace=5.0,
    errors=trouble,
    console="{address}",
    advice="In the console see under Configuration, Access Management, REST API Keys whose key this is.",
    settings=(
        Setting(
            name="address", label="Address of the console", default="https://vspc.example.com:1280",
            help="With its port, which is 1280 unless a proxy stands before it. Its certificate must be one that this "
            "machine trusts.",
        ),
        Setting(name="api_key", label="API key", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="companies",
            path="/organizations/companies",
            params={"expand": "Organization"},
            records_at="data",
            total=COUNTED,
            into=Account,
            complete=True,
            fields={
                "external_id": "instanceUid",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "active": choice("status", {"Disabled": False}, default=True),
                "evidence": evidence(
                    domains=("_embedded.organization.website",), phones=("_embedded.organization.phone",),
                    fields={"connectwise_psa": "_embedded.organization.companyId"},
                ),
            },
        ),
        Endpoint(
            name="backup agents",
            path=AGENTS,
            records_at="data",
            total=COUNTED,
            into=Backup,
            complete=True,
            keep=Convert(("managementMode",), lambda mode: mode != "ManagedByVBR"),  # those a backup server tells
            fields={
                "external_id": tagged("agent", "instanceUid"),
                "account": "organizationUid",
                "kind": constant(BackupState.Kind.CONTINUITY),
                "hostname": text("name"),
            },
        ),
        Endpoint(
            name="virtual machines",
            path=MACHINES,
            records_at="data",
            total=COUNTED,
            into=Backup,
            complete=True,
            optional=True,
            fields={
                "external_id": tagged("vm", "instanceUid"),
                "account": "organizationUid",
                "kind": constant(BackupState.Kind.CONTINUITY),
                "hostname": text("name"),
            },
        ),
        Endpoint(
            name="computers of backup servers",
            path=BY_SERVER,
            records_at="data",
            total=COUNTED,
            into=Backup,
            complete=True,
            optional=True,
            fields={
                "external_id": tagged("computer", "instanceUid"),
                "account": "organizationUid",
                "kind": constant(BackupState.Kind.CONTINUITY),
                "hostname": text("name"),
            },
        ),
        Endpoint(
            name="Microsoft 365 objects",
            path=CLOUD,
            records_at="data",
            paginate=Sorted(total_at=TOTAL, by=("id",)),
            total=COUNTED,
            into=Backup,
            complete=True,
            optional=True,
            fields={
                "external_id": tagged("365", "id"),
                "account": "organizationUid",
                "kind": constant(BackupState.Kind.SAAS),
                "service": text("protectedDataType"),
            },
        ),
        Endpoint(
            name="jobs of agents, paused or not",
            path=JOBS,
            records_at="data",
            # Of an agent with several jobs the last counts: one that runs, if there is one.
            paginate=Sorted(total_at=TOTAL, by=("isEnabled", "instanceUid")),
            total=COUNTED,
            into=Backup,
            adds=False,
            complete=True,
            fields={
                "external_id": tagged("agent", "backupAgentUid"),
                "paused": Convert(("isEnabled",), lambda enabled: enabled is False),
            },
        ),
        restore_points(
            "restore points of agents", f"{WORKLOADS}/computersManagedByConsole", "backupAgentUid",
            tagged("agent", "backupAgentUid"), "backupAgentUid",
        ),
        restore_points(
            "restore points of virtual machines", MACHINES, "instanceUid", tagged("vm", "instanceUid"),
            "instanceUid", optional=True,
        ),
        restore_points(
            "restore points of computers", BY_SERVER, "instanceUid", tagged("computer", "instanceUid"),
            "instanceUid", optional=True,
        ),
        restore_points(
            "restore points of Microsoft 365", CLOUD, "id", tagged("365", "id"), "id", optional=True,
        ),
        Endpoint(
            name="failed jobs of agents",
            path=JOBS,
            records_at="data",
            total=COUNTED,
            into=BackupRun,
            latest=True,
            keep=Convert(
                ("status", "isEnabled"), lambda status, enabled: status == "Failed" and enabled is not False
            ),
            fields={
                "external_id": at_moment("job", "instanceUid", ENDED),
                "backup": tagged("agent", "backupAgentUid"),
                "outcome": constant(BackupRun.Outcome.FAILED),
                "finished_at": ENDED,
            },
        ),
        Endpoint(
            name="failed jobs of backup servers",
            path=SERVER_JOBS,
            records_at="data",
            paginate=Sorted(total_at=TOTAL, by=("uniqueUid",)),
            total=COUNTED,
            into=BackupRun,
            latest=True,
            optional=True,
            keep=BACKUP_JOBS,
            fields={
                "external_id": at_moment("server job", "uniqueUid", ENDED),
                "account": CLIENT_OF_JOB,
                "outcome": constant(BackupRun.Outcome.FAILED),
                "finished_at": ENDED,
            },
        ),
        Endpoint(
            name="recovery verification",
            path=SERVER_JOBS,
            records_at="data",
            paginate=Sorted(total_at=TOTAL, by=("uniqueUid",)),
            total=COUNTED,
            into=RecoveryTest,
            latest=True,
            optional=True,
            keep=Convert(
                ("type", "status", "isEnabled"),
                lambda kind, status, enabled: kind == "SureBackup" and status in ("Success", "Warning", "Failed")
                and enabled is not False,
            ),
            fields={
                "external_id": at_moment("verification", "uniqueUid", ENDED),
                "account": CLIENT_OF_JOB,
                "passed": Convert(("status",), lambda status: status != "Failed"),
                "tested_at": ENDED,
            },
        ),
        Endpoint(
            name="alarms",
            path="/alarms/active",
            records_at="data",
            total=COUNTED,
            into=Alert,
            latest=True,
            optional=True,
            keep=Convert(("lastActivation.status",), lambda status: status not in OVER),
            fields={
                "external_id": at_moment("alarm", "instanceUid", utc("lastActivation.time")),
                "account": first("object.organizationUid", "object.companyUid"),
                "title": text("lastActivation.message"),
                "kind": text("object.type"),
                "severity": choice("lastActivation.status", SEVERITIES, default=Alert.Severity.UNKNOWN),
                "raised_at": utc("lastActivation.time"),
            },
        ),
    ),
    about=About(
        gives="machines and Microsoft 365 objects that are backed up, restore points, failures, alarms",
        key=(
            "Sign in to the console as a Portal Administrator.",
            "Open Configuration, Access Management, REST API Keys and press New; choose Simple Key.",
            "Switch Read-only access on, name the key after this product and save it.",
            "Copy the key, which is shown once, and the console's address with its port into this form.",
            "Press Test connection.",
        ),
        scopes={"Read-only access": "reads companies, agents, jobs and restore points, and can change nothing"},
        never=(
            "names of mailboxes and people in Microsoft 365", "credentials, tokens and addresses to sign in at",
            "what is inside a backup", "licences and billing of the console",
        ),
        limits="5 requests a second; no limit is published. A fault of the server (520) is waited out.",
        not_read={"Asset": "The machines are the RMM's; here they are known as what is backed up."},
        unsure=(
            Unsure(
                "Only the latest session of a job is told, and no list of earlier ones.",
                "Read each day. A restore point is a good backup, a failed session a failed one; a warning leaves a "
                "restore point and counts as good.",
            ),
            Unsure(
                "A failed job of a backup server names no machine.",
                "It is one failed run of the client the job is assigned to, or else of the server's owner.",
            ),
            Unsure(
                "Which machines a verification job (SureBackup) covers.", "Its result is kept for the client alone."
            ),
            Unsure("The largest page.", "A hundred records, which is what comes unasked."),
            Unsure(
                "A long question may be answered 202 with another address to look at.",
                "That address is never followed: the question is asked again, and put off if it stays so.",
            ),
            Unsure("The names of a job's end differ by version.", "lastEndTime, else endTime, else lastRun."),
            Unsure("An alarm names its client under two names.", "organizationUid, else companyUid."),
            Unsure(
                "Objects of a Microsoft 365 organization that is assigned to no company.",
                "They are read and wait unlinked: assign the organization in the console.",
            ),
        ),
    ),
)
