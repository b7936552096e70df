"""What files of devices, backups and security hold."""

from __future__ import annotations

from collectors.convert import first
from collectors.declare import Convert, Layer
from collectors.drop.declare import Column, Kind, Layout
from collectors.drop.layouts.common import (
    BACKUP_ID,
    BACKUP_OF,
    BY_COMPANY,
    COMPANY,
    COMPANY_ID,
    DEVICE,
    DEVICE_ID,
    DEVICE_OF,
    SERIAL,
    amount,
    day,
    flag,
    moment,
    text,
    whole,
)  # fmt: skip
from collectors.facts.backups import Backup, BackupRun, RecoveryTest
from collectors.facts.estate import Alert, Asset
from collectors.facts.posture import Incident, PostureCheck, Seat

SEVERITY = Column(
    name="Severity", meaning="critical, high, medium or low; empty: not told", example="high", kind=Kind.CHOICE,
    choices={"critical": "critical", "high": "high", "major": "high", "medium": "medium", "moderate": "medium",
             "minor": "low", "low": "low", "informational": "low", "unknown": "unknown"}, also=("Priority",),
)  # fmt: skip

MONTH_SIGNED_IN = Convert(("Signed in",), lambda day: day.replace(day=1) if day else None)


def devices(key: str, label: str, layer: Layer, about: str) -> Layout:
    return Layout(
        key=key,
        label=label,
        about=about,
        layer=layer,
        into=Asset,
        id="Device id",
        known_by=("Company", "Device"),
        named=(BY_COMPANY,),
        columns=(
            COMPANY, DEVICE,
            Column(
                name="Kind", example="workstation", kind=Kind.CHOICE, also=("Type", "Device type", "Role"),
                meaning="workstation, server, VM host, VM guest, network, mobile or other; empty means other",
                choices={"workstation": "workstation", "desktop": "workstation", "laptop": "workstation",
                         "pc": "workstation", "server": "server", "vm host": "vm_host", "hypervisor": "vm_host",
                         "vm guest": "vm_guest", "virtual machine": "vm_guest", "vm": "vm_guest", "network": "network",
                         "switch": "network", "firewall": "network", "router": "network", "mobile": "mobile",
                         "phone": "mobile", "tablet": "mobile", "printer": "other", "other": "other"},
            ),
            COMPANY_ID, DEVICE_ID, SERIAL,
            text("Name", "The name people know it by; empty: the host name", "", "Friendly name", "Display name"),
            text("Model", "Maker and model", "OptiPlex 7010"),
            text("Operating system", "Windows 11 Pro, macOS, …", "Windows 11 Pro", "OS", "OS name"),
            text("Version", "Version and build, by which its end of life is told", "10.0.26100", "OS version", "Build",
                 "OS build"),
            moment("Last seen", "When the source last heard of it", "2026-04-30 18:05", "Last contact",
                   "Last check-in"),
            flag("Online", "Whether it was reachable then", "yes", "Status online"),
            whole("Patches missing", "Approved patches that are not installed", "0", "Missing patches"),
            moment("Patches checked", "When its patches were last looked at", "2026-04-30 03:10", "Last patch scan"),
            Column(name="Antivirus", meaning="protected, outdated, off or missing; empty: not told", kind=Kind.CHOICE,
                   example="protected", also=("AV", "AV status"),
                   choices={"protected": "protected", "running": "protected", "up to date": "protected",
                            "outdated": "outdated", "out of date": "outdated", "off": "off", "disabled": "off",
                            "not running": "off", "missing": "missing", "none": "missing", "not installed": "missing"}),
            day("Started", "The day of its last start", "2026-04-21", "Last boot", "Last reboot", "Booted"),
            day("Warranty until", "The last day of its warranty", "2027-08-31", "Warranty", "Warranty expires"),
            flag("Compliant", "Whether it keeps the rules its tenant sets for devices", ""),
        ),
        fields={
            "account": "Company key", "hostname": "Device", "serial": "Serial number",
            "name": first("Name", "Device"), "kind": "Kind", "model": "Model", "os": "Operating system",
            "os_version": "Version", "last_seen_at": "Last seen", "online": "Online",
            "patches_missing": "Patches missing", "patched_at": "Patches checked", "antivirus": "Antivirus",
            "booted_on": "Started", "warranty_until": "Warranty until", "compliant": "Compliant",
        },
    )  # fmt: skip


ASSETS = devices(
    "assets", "Devices", Layer.RMM, "Every device you look after, as it stands on one day.",
)  # fmt: skip
EDR_ASSETS = devices(
    "edr_assets", "Devices with endpoint protection", Layer.EDR,
    "Every device on which the endpoint protection runs, as it stands on one day.",
)  # fmt: skip
CONTROLLED_ASSETS = devices(
    "controlled_assets", "Devices under application control", Layer.CONTROL,
    "Every device on which application control runs, as it stands on one day.",
)  # fmt: skip

ALERTS = Layout(
    key="alerts",
    label="Alerts",
    about="Alerts about devices: for the days it covers, every alert raised or resolved in them.",
    layer=Layer.RMM,
    into=Alert,
    id="Alert",
    known_by=("Raised", "Company", "Device", "Title"),
    by="raised_on",
    dated=("Raised",),
    named=(BY_COMPANY, DEVICE_OF),
    columns=(
        moment("Raised", "When it was raised", "2026-04-12 03:14", "Created", "Date", "Triggered", required=True),
        COMPANY, DEVICE,
        text("Title", "What it says", "Disk C: almost full", "Message", "Alert message"),
        text("Alert", "The alert's own id, where there is one", "", "Alert id", "Id"),
        COMPANY_ID, DEVICE_ID,
        text("Kind", "What watched: disk, patch, antivirus, …", "disk", "Type", "Category"),
        SEVERITY,
        moment("Resolved", "When it was over; empty while it is open", "2026-04-12 09:02", "Closed", "Cleared"),
    ),
    fields={
        "account": "Company key", "asset": "Device key", "title": "Title", "kind": "Kind", "severity": "Severity",
        "raised_at": "Raised", "resolved_at": "Resolved",
    },
)  # fmt: skip

BACKUPS = Layout(
    key="backups",
    label="Backups",
    about="Everything that is backed up, devices and cloud seats, as it stands on one day.",
    layer=Layer.BACKUP,
    into=Backup,
    id="Backup id",
    known_by=("Company", "Device"),
    named=(BY_COMPANY,),
    columns=(
        COMPANY, DEVICE, COMPANY_ID, BACKUP_ID, SERIAL,
        Column(name="Kind", meaning="continuity for a device, SaaS for a cloud seat; empty means continuity",
               example="continuity", kind=Kind.CHOICE, also=("Type",),
               choices={"continuity": "continuity", "device": "continuity", "server": "continuity",
                        "saas": "saas", "cloud": "saas", "seat": "saas"}),
        text("Service", "Of a cloud seat: mailbox, drive, site, team", ""),
        flag("Paused", "Whether a person has paused it", "no"),
        whole("Days kept", "How many days back it can be restored", "365", "Retention", "Retention days"),
    ),
    fields={
        "account": "Company key", "hostname": "Device", "serial": "Serial number", "kind": "Kind",
        "service": "Service", "paused": "Paused", "retention_days": "Days kept",
    },
)  # fmt: skip

BACKUP_RUNS = Layout(
    key="backup_runs",
    label="Backup runs",
    about="How each backup ended: for the days it covers, every run.",
    layer=Layer.BACKUP,
    into=BackupRun,
    id="Run",
    known_by=("Finished", "Company", "Device"),
    by="finished_on",
    dated=("Finished",),
    named=(BY_COMPANY, BACKUP_OF),
    columns=(
        moment("Finished", "When the run ended", "2026-04-14 01:32", "Ended", "End time", "Date", "Completed",
               required=True),
        COMPANY, DEVICE,
        Column(name="Outcome", meaning="succeeded, warning or failed", example="succeeded", required=True,
               kind=Kind.CHOICE, also=("Result", "Status"),
               choices={"succeeded": "succeeded", "success": "succeeded", "successful": "succeeded", "ok": "succeeded",
                        "completed": "succeeded", "warning": "warned", "warned": "warned", "failed": "failed",
                        "failure": "failed", "error": "failed", "missed": "failed"}),
        COMPANY_ID, BACKUP_ID, text("Run", "The run's own id, where there is one", "", "Run id", "Job id"),
    ),
    fields={
        "account": "Company key", "backup": "Device key", "outcome": "Outcome", "finished_at": "Finished",
    },
)  # fmt: skip

RECOVERY_TESTS = Layout(
    key="recovery_tests",
    label="Recovery tests",
    about="Restores that were tried, by people too: for the days it covers, every test.",
    layer=Layer.BACKUP,
    into=RecoveryTest,
    id="Test",
    known_by=("Tested", "Company", "Device"),
    by="tested_on",
    dated=("Tested",),
    named=(BY_COMPANY, BACKUP_OF),
    columns=(
        moment("Tested", "When it was tried", "2026-04-18 10:00", "Date", "Test date", required=True),
        COMPANY, DEVICE,
        flag("Passed", "Whether it worked; empty: not known", "yes", "Result", "Success"),
        COMPANY_ID, BACKUP_ID, text("Test", "The test's own id, where there is one", "", "Test id", "Id"),
    ),
    fields={"account": "Company key", "backup": "Device key", "passed": "Passed", "tested_at": "Tested"},
)  # fmt: skip

POSTURE = Layout(
    key="posture",
    label="Posture checks",
    about="What security systems score of each client, as it stands on one day. The check secure_score is the tenant's "
    "secure score.",
    layer=Layer.TENANT,
    into=PostureCheck,
    id="Check id",
    known_by=("Company", "Check"),
    named=(BY_COMPANY,),
    columns=(
        COMPANY,
        text("Check", "secure_score, or the name of a check", "secure_score", "Control", "Name", required=True),
        amount("Score", "The points reached", "412.5", "Points", required=True),
        amount("Out of", "The most points there can be", "690", "Maximum", "Max score", required=True),
        COMPANY_ID, text("Check id", "The source's own id of it for this client", "", "Id"),
    ),
    fields={"account": "Company key", "name": "Check", "score": "Score", "out_of": "Out of"},
)  # fmt: skip

SEATS = Layout(
    key="seats",
    label="Seats",
    about="Every sign-in of the clients' cloud tenants, as it stands on one day. Give opaque ids, never addresses: "
    "what stands there is kept as a keyed hash.",
    layer=Layer.TENANT,
    into=Seat,
    id="Seat",
    named=(BY_COMPANY,),
    columns=(
        COMPANY,
        Column(name="Seat", meaning="What tells the seat from others; kept as a keyed hash, never as it stands",
               example="8f14e45f", required=True, kind=Kind.PERSON, also=("User", "User id", "Object id")),
        COMPANY_ID,
        flag("Enabled", "Whether it may sign in", "yes", "Sign-in allowed", "Account enabled"),
        flag("Guest", "Whether it is a guest", "no"), flag("Admin", "Whether it has an admin's role", "no"),
        flag("Licensed", "Whether it has a licence", "yes"),
        flag("MFA", "Whether a second factor is registered; empty: not known", "yes", "MFA registered",
             "Second factor"),
        day("Signed in", "The day of the last sign-in, of which the month is kept", "2026-04-29", "Last sign-in"),
    ),
    fields={
        "account": "Company key", "enabled": "Enabled", "guest": "Guest", "admin": "Admin", "licensed": "Licensed",
        "mfa": "MFA", "signed_in_on": MONTH_SIGNED_IN,
    },
)  # fmt: skip


def incidents(key: str, label: str, layer: Layer, about: str) -> Layout:
    return Layout(
        key=key,
        label=label,
        about=about,
        layer=layer,
        into=Incident,
        id="Incident",
        known_by=("Raised", "Company", "Title"),
        by="raised_on",
        dated=("Raised",),
        named=(BY_COMPANY,),
        columns=(
            moment("Raised", "When it was found", "2026-04-09 22:41", "Created", "Detected", "Date", required=True),
            COMPANY,
            text("Title", "What it says", "Suspicious sign-in stopped", "Summary", "Name"),
            text("Incident", "The incident's own id, where there is one", "", "Incident id", "Id"),
            COMPANY_ID, SEVERITY,
            flag("Dismissed", "Whether it was a false alarm", "no", "False positive"),
            moment("Resolved", "When it was over; empty while it is open", "2026-04-10 08:15", "Closed"),
        ),
        fields={
            "account": "Company key", "title": "Title", "severity": "Severity", "dismissed": "Dismissed",
            "raised_at": "Raised", "resolved_at": "Resolved",
        },
    )  # fmt: skip


INCIDENTS = incidents(
    "incidents", "Security incidents", Layer.EDR,
    "What the endpoint protection found: for the days it covers, every incident raised or resolved in them.",
)  # fmt: skip
TENANT_INCIDENTS = incidents(
    "tenant_incidents", "Incidents of cloud tenants", Layer.TENANT,
    "What the cloud tenants' own protection found: for the days it covers, every incident raised or resolved in them.",
)  # fmt: skip

ESTATE = (
    ASSETS, EDR_ASSETS, CONTROLLED_ASSETS, ALERTS, BACKUPS, BACKUP_RUNS, RECOVERY_TESTS, POSTURE, SEATS, INCIDENTS,
    TENANT_INCIDENTS,
)  # fmt: skip
