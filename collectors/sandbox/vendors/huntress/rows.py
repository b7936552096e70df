"""The world's records as Huntress writes them."""

from __future__ import annotations

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import DAY, utc_text
from collectors.sandbox.world.endpoint_security import Agent
from collectors.sandbox.world.incidents import Incident

ACCOUNT = 5
NOBODYS = {
    9001: "Default Organization", 9002: "Demo lab", 9003: "Proof of concept", 9004: "Training room",
    9005: "Former clients",
}  # fmt: skip
SEVERITIES = {"critical": "critical", "high": "high", "medium": "high"}
INDICATORS = {"Malware": "antivirus_detections", "Persistence": "footholds", "Execution": "process_detections"}


def organization(identity: int, name: str, tenant: str, agents: int, reports: int, begun: int) -> Row:
    return {
        "id": identity, "account_id": ACCOUNT, "name": name, "key": f"org{identity}", "agents_count": agents,
        "incident_reports_count": reports, "billable_identity_count": 0, "logs_sources_count": 0,
        "sat_learner_count": 0, "identity_provider_tenant_id": tenant or None,
        "report_recipients": ["reports@lanternworks.example"], "created_at": utc_text(begun),
        "updated_at": utc_text(begun),
    }  # fmt: skip


def platform(os: str) -> str:
    if os.startswith("Windows"):
        return "windows"
    return "darwin" if os.startswith("macOS") else "linux"


def agent(one: Agent, organization_id: int) -> Row:
    windows, build = one.os.startswith("Windows"), one.os_version.partition(".")[0]
    return {
        "id": one.id, "account_id": ACCOUNT, "organization_id": organization_id, "hostname": one.hostname,
        "domain_name": "WORKGROUP", "platform": platform(one.os), "os": one.os, "os_major": 10, "os_minor": 0,
        "os_patch": 0, "os_build_version": one.os_version, "win_build_number": int(build) if windows else None,
        "arch": "x86_64", "version": f"0.{one.version}", "edr_version": f"0.{one.version}",
        "defender_status": ("Unhealthy" if one.out_of_date else "Healthy") if windows else None,
        "defender_substatus": "Up to date" if windows else None, "defender_policy_status": "Compliant",
        "firewall_status": "Enabled", "tamper_protection_configured": True, "tamper_protection_actual": True,
        "last_callback_at": utc_text(one.last_seen_at), "last_survey_at": utc_text(one.last_seen_at),
        "ipv4_address": "192.0.2.10", "external_ip": "198.51.100.42", "mac_addresses": ["de:ad:be:ef:04:08"],
        "serial_number": one.serial or None, "tags": [], "created_at": utc_text(one.installed_at),
        "updated_at": utc_text(one.updated_at),
    }  # fmt: skip


def uninstalled(begun: int) -> Row:
    """A machine whose agent was taken off, and which nothing says so of."""
    gone = Agent(
        9_900_001, -1, "huntress", 0, "GONE0001", "GONE-01", "Windows 10 Pro", "19045", server=False, infected=False,
        active=False, out_of_date=True, version="24.1.4", installed_at=begun, last_seen_at=begun, updated_at=begun,
    )  # fmt: skip
    return agent(gone, next(iter(NOBODYS)))


def report(one: Incident, organization_id: int) -> Row:
    """A false positive is dismissed, which is no closing."""
    ended = one.status != "open"
    status = "sent" if not ended else "dismissed" if one.false_positive else "closed"
    severity = SEVERITIES.get(one.severity, "low")
    indicator = INDICATORS.get(one.category, "monitored_files")
    moved, closed = one.resolved_at or one.created_at, one.resolved_at if status == "closed" else None
    return {
        "id": one.id, "account_id": ACCOUNT, "organization_id": organization_id, "agent_id": one.device,
        "platform": "windows", "severity": severity, "status": status,
        "subject": f"{severity.upper()} - {one.title} on {one.hostname}", "summary": one.title, "body": "<Content>",
        "indicator_types": [indicator], "indicator_counts": {indicator: 1}, "remediations": [],
        "sent_at": utc_text(one.created_at), "status_updated_at": utc_text(moved),
        "closed_at": utc_text(closed) if closed else None, "updated_at": utc_text(one.updated_at),
    }  # fmt: skip


def trial(begun: int) -> Row:
    """What Huntress sends to show what a report looks like."""
    sent, ended = utc_text(begun), utc_text(begun + DAY)
    return {
        "id": 77, "account_id": ACCOUNT, "organization_id": 9002, "agent_id": None, "platform": "microsoft_365",
        "severity": "low", "status": "closed", "subject": "LOW - Incident on demo@lab.example (Test)", "summary": "",
        "body": "<Content>", "indicator_types": ["managed_identity"], "indicator_counts": {"managed_identity": 1},
        "remediations": [], "sent_at": sent, "status_updated_at": ended, "closed_at": ended, "updated_at": ended,
    }  # fmt: skip
