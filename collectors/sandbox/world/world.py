"""The whole world, and what of it exists at the moment of its clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar, cast

from collectors.sandbox.world.agreements import Addition, Agreement, Agreements
from collectors.sandbox.world.backups import Backups
from collectors.sandbox.world.billing import Billing
from collectors.sandbox.world.boards import BOARDS
from collectors.sandbox.world.clients import Clients, RmmOrganization
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.desk import LONGEST_STORY, Desk
from collectors.sandbox.world.devices import FIRST_ID, SLOTS, Device, Devices
from collectors.sandbox.world.edits import FIRST_ADDED, Edit, Edits
from collectors.sandbox.world.endpoint_security import EndpointSecurity
from collectors.sandbox.world.ground import Ground, known
from collectors.sandbox.world.health import Health
from collectors.sandbox.world.ledger import Ledger, Posting
from collectors.sandbox.world.marketplace import Marketplace
from collectors.sandbox.world.options import Options
from collectors.sandbox.world.others import Others
from collectors.sandbox.world.people import People
from collectors.sandbox.world.quality import Quality
from collectors.sandbox.world.sales import Sales
from collectors.sandbox.world.tenants import Tenants
from collectors.sandbox.world.tickets import Ticket, TicketState, TimeEntry, is_closed_status, state_at

Record = TypeVar("Record")


@dataclass(slots=True)
class Seen(Generic[Record]):
    """A record as of the clock: when it last changed, and raw fields that a test has put into it."""

    record: Record
    updated_at: int
    raw: dict[str, object] = field(default_factory=dict)


class World:
    def __init__(self, options: Options, clock: Clock | None = None) -> None:
        self.options, self.clock = options, clock or Clock()
        self.calendar = options.calendar()
        self.edits = Edits()
        self.clients = Clients(options, self.calendar)
        self.people = People(options, self.calendar)
        self.devices = Devices(options, self.calendar, self.clients)
        self.agreements = Agreements(options, self.calendar, self.clients, self.devices)
        self.desk = Desk(options, self.calendar, self.clients, self.people, self.agreements)
        self.ledger = Ledger(options, self.calendar, self.clients, self.agreements)
        self.others = Others(options, self.calendar, self.clients, self.devices, self.agreements)
        self.ground = Ground(
            options, self.calendar, self.edits, self.clients, self.people, self.devices, self.agreements, self.desk,
            self.ledger, self.others,
        )  # fmt: skip
        self.health = Health(self.ground)
        self.tenants = Tenants(self.ground)
        self.backups = Backups(self.ground, self.tenants)
        self.endpoint_security = EndpointSecurity(self.ground)
        self.marketplace = Marketplace(self.ground, self.tenants)
        self.sales = Sales(self.ground)
        self.billing = Billing(self.ground)
        self.quality = Quality(self.ground)

    # Tickets and time entries exist once created.

    def tickets(self, moment: int, *, after: int = 0, changed_since: int = 0) -> Iterator[Seen[TicketState]]:
        """Tickets that exist at `moment`, by ascending id, beginning behind the id `after`."""
        edited = {self.desk.cell_of_ticket(number) for number in self.edits.edited("tickets")}
        edited |= {self.desk.cell_of_ticket(entry.ticket) for entry in self._added_hours() if entry.ticket}
        for number in self._cells(self.desk.cell_of_ticket(after), moment, changed_since, edited):
            for ticket in self.desk.cell(number).tickets:
                if ticket.id > after and (seen := self.ticket_seen(ticket, moment)) is not None:
                    yield seen

        for ticket in self._added_tickets():
            if ticket.id > after and (seen := self.ticket_seen(ticket, moment)) is not None:
                yield seen

    def ticket(self, identity: int, moment: int) -> Seen[TicketState] | None:
        number = self.desk.cell_of_ticket(identity)
        rows = self.desk.cell(number).tickets if number < self.desk.cells else self._added_tickets()
        found = next((row for row in rows if row.id == identity), None)
        return None if found is None else self.ticket_seen(found, moment)

    def ticket_seen(self, ticket: Ticket, moment: int) -> Seen[TicketState] | None:
        state = state_at(ticket, moment)
        if state is None:
            return None
        for entry in self._added_hours():
            if entry.ticket == ticket.id and entry.entered_at <= moment:
                state.hours = round(state.hours + entry.hours, 2)
                state.updated_at = max(state.updated_at, entry.entered_at)
        seen = Seen(state, state.updated_at)
        for edit in self.edits.of("tickets", ticket.id, moment):
            if edit.delete:
                return None
            _edit_ticket(state, edit)
            seen.raw |= edit.raw
            seen.updated_at = max(seen.updated_at, edit.at)
        return seen

    def entries(self, moment: int, *, after: int = 0, changed_since: int = 0) -> Iterator[Seen[TimeEntry]]:
        """Time entries that exist at `moment`, by ascending id."""
        edited = {self.desk.cell_of_entry(number) for number in self.edits.edited("time_entries")}
        for number in self._cells(self.desk.cell_of_entry(after), moment, changed_since, edited):
            for entry in self.desk.cell(number).entries:
                if entry.id > after and (seen := self._entry_seen(entry, moment)) is not None:
                    yield seen
        for entry in self._added_hours():
            if entry.id > after and (seen := self._entry_seen(entry, moment)) is not None:
                yield seen

    def entry(self, identity: int, moment: int) -> Seen[TimeEntry] | None:
        number = self.desk.cell_of_entry(identity)
        rows = self._added_hours() if identity >= FIRST_ADDED else (
            list(self.desk.cell(number).entries) if number < self.desk.cells else [])  # fmt: skip
        found = next((row for row in rows if row.id == identity), None)
        return None if found is None else self._entry_seen(found, moment)

    def _entry_seen(self, entry: TimeEntry, moment: int) -> Seen[TimeEntry] | None:
        if entry.entered_at > moment:
            return None
        seen = Seen(entry, entry.approved_at if entry.approved_at <= moment else entry.entered_at)
        if entry.ticket is not None and any(edit.delete for edit in self.edits.of("tickets", entry.ticket, moment)):
            return None
        for edit in self.edits.of("time_entries", entry.id, moment):
            if edit.delete:
                return None
            seen.record = replace(seen.record, **known(edit.set, ("hours", "billable", "member", "entered_at")))
            seen.raw |= edit.raw
            seen.updated_at = max(seen.updated_at, edit.at)
        return seen

    def _added_tickets(self) -> list[Ticket]:
        return cast("list[Ticket]", self.edits.added("tickets"))

    def _added_hours(self) -> list[TimeEntry]:
        return cast("list[TimeEntry]", self.edits.added("time_entries"))

    def _cells(self, first: int, moment: int, changed_since: int, edited: set[int]) -> Iterator[int]:
        last_month = self.calendar.month(moment)
        oldest = self.calendar.month(changed_since - LONGEST_STORY) if changed_since > LONGEST_STORY else 0
        for number in range(first, self.desk.cells):
            month = self.desk.month_of_cell(number)
            if month > last_month:
                return
            if month >= oldest or number in edited:
                yield number

    # What a vendor lists only as it is now.

    def devices_at(self, moment: int, *, after: int = 0) -> Iterator[Device]:
        first = max(0, (after - FIRST_ID) // SLOTS)
        for index in range(first, len(self.clients.served)):
            for device in self.devices.of_client(index):
                if device.id > after and (seen := self.ground.device_seen(device, moment)) is not None:
                    yield seen

        for device in cast("list[Device]", self.edits.added("devices")):
            if device.id > after and (seen := self.ground.device_seen(device, moment)) is not None:
                yield seen

    def organization_at(self, row: RmmOrganization, moment: int) -> RmmOrganization | None:
        for edit in self.edits.of("organizations", row.id, moment):
            if edit.delete:
                return None
            row = replace(row, **known(edit.set, ("name", "description")))
        return row

    def agreements_at(self, moment: int) -> Iterator[Seen[Agreement]]:
        for index in self.clients.served:
            yield from self.agreements_of(index, moment)

    def agreements_of(self, client: int, moment: int) -> Iterator[Seen[Agreement]]:
        if client not in self.clients.served:
            return
        for agreement in self.agreements.of_client(client):
            if (seen := self._agreement_seen(agreement, moment)) is not None:
                yield seen

    def _agreement_seen(self, agreement: Agreement, moment: int) -> Seen[Agreement] | None:
        if agreement.entered_at > moment:
            return None
        changes = [agreement.entered_at, *(since for since, _ in agreement.amounts)]
        for day in (agreement.cancelled, agreement.end):
            if day is not None:
                changes.append(self.calendar.midnight(day))
        floor = self.calendar.month_start(self.options.first_month)
        seen = Seen(agreement, max([floor, *(change for change in changes if change <= moment)]))
        for edit in self.edits.of("agreements", agreement.id, moment):
            if edit.delete:
                return None
            seen.record = replace(seen.record, **known(edit.set, ("name", "cancelled", "end", "amounts")))
            seen.raw |= edit.raw
            seen.updated_at = max(seen.updated_at, edit.at)
        return seen

    def additions_at(self, agreement: Agreement, moment: int) -> list[Addition]:
        return [addition for addition in agreement.additions if addition.entered_at <= moment]

    def postings(self, first: int, last: int, moment: int) -> Iterator[Posting]:
        """Postings of the months `first` to `last` that had been entered by then."""
        for month in range(first, last + 1):
            yield from (posting for posting in self.ledger.month(month) if posting.entered_at <= moment)
        for posting in cast("list[Posting]", self.edits.added("postings")):
            if posting.entered_at <= moment and first <= posting.day.year * 12 + posting.day.month - 1 <= last:
                yield posting


def _edit_ticket(state: TicketState, edit: Edit) -> None:
    change = edit.set
    if "board" in change:
        state.board = str(change["board"])
        if state.status not in {status.name for status in BOARDS[state.board].statuses}:
            state.status = "New"
    if "status" in change:
        state.status = str(change["status"])
        closed = is_closed_status(state.board, state.status)
        state.closed_at = (state.closed_at or edit.at) if closed else None
        state.closed, state.resolved_at = closed, state.closed_at
    for name in ("client", "summary", "parent", "merged_into", "closed_at", "created_at", "hours"):
        if name in change:
            setattr(state, name, change[name])
