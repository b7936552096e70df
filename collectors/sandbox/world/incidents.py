"""What a security product found at a client: incidents, and the alerts each was made of.

Made for one client's month, always the same ones; `told` says how they stood at a moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.dates import DAY, Month
from collectors.sandbox.world.devices import Device
from collectors.sandbox.world.ground import Ground, by_then, moved_by

SLOTS = 64
ALERTS_EACH = 4
LONGEST = 45 * DAY
ON_MACHINES = (
    ("Suspicious script started by a document", "Execution", "high"),
    ("Known ransomware blocked", "Malware", "critical"),
    ("Unwanted program installed", "Unwanted software", "low"), ("Trojan found in a download", "Malware", "medium"),
    ("Credential theft tool", "Credential access", "high"), ("Persistence in scheduled tasks", "Persistence", "medium"),
)  # fmt: skip
IN_TENANTS = (
    ("Sign-in from an unusual place", "InitialAccess", "medium"),
    ("Mail clicked through to a known bad page", "Phish", "high"),
    ("Forwarding rule to an outside mailbox", "Exfiltration", "high"),
    ("Many failed sign-ins", "CredentialAccess", "low"),
    ("Mail reported by a user", "Phish", "informational"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incident:
    id: int
    client: int
    product: str
    device: int | None
    serial: str
    hostname: str
    title: str
    category: str
    severity: str  # critical, high, medium, low or informational
    status: str  # open, resolved or redirected: folded into another
    redirected_to: int | None
    false_positive: bool
    created_at: int
    mitigated_at: int | None
    resolved_at: int | None
    updated_at: int


@dataclass(frozen=True, slots=True)
class Alert:
    id: int
    client: int
    incident: int
    title: str
    category: str
    severity: str
    status: str  # open or resolved
    created_at: int
    resolved_at: int | None
    updated_at: int


def of_month(
    ground: Ground, product: str, first: int, client: int, month: Month, machines: Sequence[Device], expected: float
) -> tuple[Incident, ...]:
    """About `expected` of them, each on one of the machines if there are any. Ids begin at `first` for the world."""
    kinds = ON_MACHINES if machines else IN_TENANTS
    start, end = ground.calendar.month_start(month), ground.calendar.month_start(month + 1)
    count = min(SLOTS, int(expected * 2 * chance(f"{product} count", client, month) + 0.5))
    moments = sorted(whole(start, end, f"{product} when", client, month, turn) for turn in range(count))
    base = first + ground.cell(client, month) * SLOTS
    made: list[Incident] = []
    for turn, created_at in enumerate(moments):
        title, category, severity = pick(kinds, f"{product} kind", client, month, turn)
        device = pick(machines, f"{product} machine", client, month, turn) if machines else None
        lasts = 3_600 + int(14 * DAY * chance(f"{product} lasts", client, month, turn) ** 3)
        forgotten = chance(f"{product} forgotten", client, month, turn) < 0.03
        fold = made[-1].id if made and not machines and chance("folded", client, month, turn) < 0.15 else None
        made.append(Incident(
            id=base + turn, client=client, product=product, device=device.id if device else None,
            serial=device.serial if device else "", hostname=device.name if device else "", title=title,
            category=category, severity=severity, status="open", redirected_to=fold,
            false_positive=chance(f"{product} false", client, month, turn) < 0.15, created_at=created_at,
            mitigated_at=created_at + min(lasts, 60 + lasts // 12),
            resolved_at=None if forgotten and not fold else created_at + lasts, updated_at=created_at,
        ))  # fmt: skip
    return tuple(made)


def incident_at(row: Incident, moment: int) -> Incident:
    resolved_at, mitigated_at = by_then(row.resolved_at, moment), by_then(row.mitigated_at, moment)
    ended = resolved_at is not None
    return replace(
        row, status="open" if not ended else "redirected" if row.redirected_to else "resolved",
        redirected_to=row.redirected_to if ended else None, false_positive=row.false_positive and ended,
        mitigated_at=mitigated_at, resolved_at=resolved_at,
        updated_at=moved_by(moment, row.created_at, mitigated_at, resolved_at),
    )  # fmt: skip


def alerts_of(incident: Incident) -> Iterator[Alert]:
    """One to three for each, of an incident as it stood."""
    for turn in range(1 + incident.id % 3):
        status = "open" if incident.resolved_at is None else "resolved"
        yield Alert(
            incident.id * ALERTS_EACH + turn, incident.client, incident.id, incident.title, incident.category,
            incident.severity, status, incident.created_at, incident.resolved_at, incident.updated_at,
        )  # fmt: skip
