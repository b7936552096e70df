"""Tickets with their whole story, and what a ticket looked like at one moment of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from collectors.sandbox.world.boards import BOARDS, Priority


@dataclass(slots=True)
class TimeEntry:
    id: int
    client: int
    ticket: int | None
    board: str | None
    charge: str  # ServiceTicket, ProjectTicket, ChargeCode, Company or Activity
    member: int
    started_at: int
    hours: float
    entered_at: int
    approved_at: int
    billable: str
    work_type: str
    agreement: int | None


@dataclass(slots=True)
class Ticket:
    id: int
    client: int
    board: str
    summary: str
    type_place: int
    subtype_place: int
    priority: Priority
    contact: str
    source: str
    owner: int
    created_at: int
    responded_at: int
    planned_at: int
    closed_at: int | None
    closed_status: str
    waiting_at: int | None
    reopened_at: int | None
    closed_again_at: int | None
    parent: int | None
    has_children: bool
    merged_into: int | None
    has_merged: bool
    agreement: int | None
    entries: tuple[TimeEntry, ...] = ()


@dataclass(slots=True)
class TicketState:
    """One ticket as of one moment."""

    ticket: Ticket
    client: int
    board: str
    summary: str
    status: str
    closed: bool
    closed_at: int | None
    responded_at: int | None
    planned_at: int | None
    resolved_at: int | None
    parent: int | None
    merged_into: int | None
    hours: float
    updated_at: int
    created_at: int


def state_at(ticket: Ticket, moment: int) -> TicketState | None:
    """The ticket as it stood, or None if it did not exist yet."""
    if ticket.created_at > moment:
        return None
    status, closed_at, updated_at = _standing(ticket, moment)
    hours = 0.0
    for entry in ticket.entries:
        if entry.entered_at <= moment:
            hours += entry.hours
            updated_at = max(updated_at, entry.entered_at)
    return TicketState(
        ticket, ticket.client, ticket.board, ticket.summary, status, closed_at is not None, closed_at,
        _past(ticket.responded_at, moment), _past(ticket.planned_at, moment), closed_at, ticket.parent,
        ticket.merged_into if closed_at is not None else None, round(hours, 2), updated_at, ticket.created_at,
    )  # fmt: skip


def _past(event: int | None, moment: int) -> int | None:
    return event if event is not None and event <= moment else None


def _standing(ticket: Ticket, moment: int) -> tuple[str, int | None, int]:
    """Status, when it was closed if it is, and when it last moved."""
    if ticket.closed_again_at is not None and ticket.closed_again_at <= moment:
        return ticket.closed_status, ticket.closed_again_at, ticket.closed_again_at
    if ticket.reopened_at is not None and ticket.reopened_at <= moment:
        return "Re-opened", None, ticket.reopened_at
    if ticket.closed_at is not None and ticket.closed_at <= moment:
        return ticket.closed_status, ticket.closed_at, ticket.closed_at
    if ticket.waiting_at is not None and ticket.waiting_at <= moment:
        return "Waiting on client", None, ticket.waiting_at
    if ticket.responded_at <= moment:
        return "In Progress", None, ticket.responded_at
    return "New", None, ticket.created_at


def moves(ticket: Ticket) -> list[tuple[int, str, str]]:
    """Every change of status: when, old status, new status."""
    steps = [(ticket.created_at, "New")]
    for moment, status in (
        (ticket.responded_at, "In Progress"), (ticket.waiting_at, "Waiting on client"),
        (ticket.closed_at, ticket.closed_status), (ticket.reopened_at, "Re-opened"),
        (ticket.closed_again_at, ticket.closed_status),
    ):  # fmt: skip
        if moment is not None and moment >= steps[-1][0]:
            steps.append((moment, status))
    return [(step[0], before[1], step[1]) for before, step in pairwise(steps)]


def is_closed_status(board: str, name: str) -> bool:
    return any(status.closed for status in BOARDS[board].statuses if status.name == name)
