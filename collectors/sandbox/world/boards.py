"""Boards, statuses, types and priorities of the service desk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    id: int
    name: str
    closed: bool
    escalation: str


@dataclass(frozen=True, slots=True)
class Board:
    id: int
    name: str
    project: bool
    statuses: tuple[Status, ...]

    def status(self, name: str) -> Status:
        return next(status for status in self.statuses if status.name == name)


@dataclass(frozen=True, slots=True)
class Priority:
    id: int
    name: str
    level: str
    sort: int
    share: float
    respond_hours: float
    plan_hours: float
    resolve_hours: float


_OPEN = (
    ("New", "NotResponded"), ("In Progress", "Responded"), ("Waiting on client", "NoEscalation"),
    ("Scheduled", "ResolutionPlan"), ("Re-opened", "Responded"),
)  # fmt: skip
_CLOSED = (">Closed", ">Closed - No response", "Closed")
_NAMES = ("Help Desk", "Professional Services", "Alignment", "Projects", "Internal", "Sales")


def _board(number: int, name: str) -> Board:
    rows = [(status, False, escalation) for status, escalation in _OPEN]
    rows += [(status, True, "Resolved") for status in _CLOSED]
    statuses = tuple(Status(number * 20 + n, *row) for n, row in enumerate(rows))
    return Board(number, name, name == "Projects", statuses)


BOARDS = {name: _board(number, name) for number, name in enumerate(_NAMES, start=1)}
HELP_DESK = "Help Desk"
CLOSED_STATUSES = _CLOSED
PRIORITIES = (
    Priority(6, "Priority 1 - Critical", "Critical", 1, 0.04, 0.5, 2, 4),
    Priority(7, "Priority 2 - High", "High", 2, 0.16, 1, 4, 12),
    Priority(8, "Priority 3 - Medium", "Medium", 3, 0.62, 4, 16, 48),
    Priority(9, "Priority 4 - Low", "Low", 4, 0.18, 8, 40, 120),
)
TYPES = {
    "Help Desk": (
        ("Workstation", ("Slow computer", "Printer", "Peripheral", "New user set-up")),
        ("Email", ("Delivery", "Mailbox access", "Phishing report")),
        ("Network", ("Wi-Fi", "VPN", "Internet down")),
        ("Server", ("Disk space", "Service stopped", "Backup failed")),
        ("Application", ("Line of business", "Office", "Licence")),
        ("Account", ("Password", "Locked out", "Permissions")),
    ),
    "Professional Services": (("Move add change", ("New workstation", "Office move", "Phone")),),
    "Alignment": (("Alignment review", ("Quarterly visit", "Standards check")),),
    "Projects": (("Project task", ("Plan", "Build", "Cut over")),),
    "Internal": (("Internal", ("Meeting follow-up", "Tooling", "Training")),),
    "Sales": (("Opportunity", ("Assessment", "Quote")),),
}
SOURCES = ("Email Connector", "Phone", "Portal", "RMM alert")


def type_id(board: str, place: int) -> int:
    return BOARDS[board].id * 100 + place


def subtype_id(board: str, place: int, sub_place: int) -> int:
    return BOARDS[board].id * 1_000 + place * 10 + sub_place
