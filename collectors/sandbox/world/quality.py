"""How tickets went: what clients answered when asked, and every change of a ticket's status.

`surveys(moment, since, client)` tells the answers to closed tickets of the help desk; `changes(ticket, moment)` one
ticket's moves, those by a test's edits among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.sandbox.world.boards import HELP_DESK
from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.desk import LONGEST_STORY
from collectors.sandbox.world.edits import FIRST_ADDED
from collectors.sandbox.world.ground import Ground
from collectors.sandbox.world.tickets import Ticket, moves, state_at

ANSWERED = 0.18
SCORES = (5,) * 14 + (4,) * 4 + (3, 2, 1)
CHANGES_EACH = 16


@dataclass(frozen=True, slots=True)
class Survey:
    id: int
    client: int
    ticket: int
    member: int
    score: int  # 1 to 5
    answered_at: int
    updated_at: int

    @property
    def mood(self) -> str:
        return "positive" if self.score > 3 else "neutral" if self.score == 3 else "negative"


@dataclass(frozen=True, slots=True)
class StatusChange:
    id: int
    ticket: int
    at: int
    old: str
    new: str
    member: int


class Quality:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def surveys(self, moment: int, since: int = 0, client: int | None = None) -> Iterator[Survey]:
        """By ticket. Of a ticket that was reopened the last closing is asked about."""
        edited = bool(self.ground.edits.edited("surveys"))
        rows = (row for ticket in self._tickets(moment, 0 if edited else since)
                if client in (None, ticket.client) and (row := self._survey(ticket, moment)) is not None)  # fmt: skip
        for survey in self.ground.standing("surveys", rows, moment, Survey, client):
            if survey.updated_at >= since:
                yield survey

    def _tickets(self, moment: int, since: int) -> Iterator[Ticket]:
        desk = self.ground.desk
        for month in self.ground.months(max(0, since - LONGEST_STORY), moment):
            for number in desk.cells_of_month(month):
                yield from desk.cell(number).tickets

    def _survey(self, ticket: Ticket, moment: int) -> Survey | None:
        asked = ticket.board == HELP_DESK and ticket.parent is None and ticket.merged_into is None
        closed_at = ticket.closed_again_at or ticket.closed_at
        if not asked or closed_at is None or chance("answers", ticket.id) >= ANSWERED:
            return None
        answered_at = closed_at + whole(600, 3 * DAY, "answered", ticket.id)
        if answered_at > moment or any(edit.delete for edit in self.ground.edits.of("tickets", ticket.id, moment)):
            return None
        score = pick(SCORES, "score", ticket.id)
        score = max(1, score - 1) if ticket.reopened_at else score
        return Survey(ticket.id, ticket.client, ticket.id, ticket.owner, score, answered_at, answered_at)

    def changes(self, ticket_id: int, moment: int) -> tuple[StatusChange, ...]:
        """Earliest first; empty for a ticket that is not there."""
        ticket = self._ticket(ticket_id)
        if ticket is None or state_at(ticket, moment) is None:
            return ()
        told = [(at, old, new) for at, old, new in moves(ticket) if at <= moment]
        status = told[-1][2] if told else "New"
        for edit in self.ground.edits.of("tickets", ticket_id, moment):
            if edit.delete:
                return ()
            if "status" in edit.set and edit.set["status"] != status:
                told.append((edit.at, status, str(edit.set["status"])))
                status = told[-1][2]
        return tuple(StatusChange(ticket_id * CHANGES_EACH + place, ticket_id, *row, ticket.owner)
                     for place, row in enumerate(told))  # fmt: skip

    def _ticket(self, ticket_id: int) -> Ticket | None:
        if ticket_id >= FIRST_ADDED:
            rows = [row for row in self.ground.edits.added("tickets") if isinstance(row, Ticket)]
        else:
            number = self.ground.desk.cell_of_ticket(ticket_id)
            rows = list(self.ground.desk.cell(number).tickets) if number < self.ground.desk.cells else []
        return next((row for row in rows if row.id == ticket_id), None)
