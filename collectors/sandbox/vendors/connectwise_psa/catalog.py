"""The collections ConnectWise PSA serves: where each lies, its fields, and its rows as of a moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from collectors.sandbox.exchange import Refusal, Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.connectwise_psa import fields
from collectors.sandbox.vendors.connectwise_psa.bills import Bills
from collectors.sandbox.vendors.connectwise_psa.conditions import Fields
from collectors.sandbox.vendors.connectwise_psa.rows import RATE_OF_ROLE, ROLES, WORK_TYPES, Rows, record_type
from collectors.sandbox.world import boards
from collectors.sandbox.world.boards import BOARDS
from collectors.sandbox.world.quality import CHANGES_EACH
from collectors.sandbox.world.tickets import TicketState, moves
from collectors.sandbox.world.world import Seen, World

SLUG = "connectwise_psa"


@dataclass(frozen=True)
class Ask:
    """What a reader wants of a collection, as far as it saves work."""

    moment: int
    after: int
    changed_since: int
    names: frozenset[str]
    arguments: tuple[int, ...]
    among: tuple[str, frozenset[object]] | None


@dataclass(frozen=True)
class Collection:
    pattern: str
    fields: Fields
    rows: Callable[[Ask], Iterable[Row]]
    search: bool = False
    forward: bool = True
    parameters: frozenset[str] = frozenset()


class Catalog:
    def __init__(self, world: World, switches: Switches, rows: Rows) -> None:
        self.world, self.switches, self.rows = world, switches, rows
        self.bills = Bills(world, rows)
        self.collections = [(re.compile(f"^{row.pattern}$"), row) for row in self._collections()]

    def find(self, path: str) -> tuple[Collection, tuple[int, ...]]:
        for pattern, collection in self.collections:
            if match := pattern.match(path):
                return collection, tuple(int(value) for value in match.groups())
        raise Refusal(404, f"{path} not found", "NotFound")

    def _collections(self) -> list[Collection]:
        return [
            Collection("/company/companies", fields.COMPANY, self._companies),
            Collection("/service/tickets", fields.TICKET, self._tickets, search=True),
            Collection("/service/tickets/calculateSla", fields.TICKET, self._tickets),
            Collection("/project/tickets", fields.TICKET, self._project_tickets),
            Collection("/service/tickets/changelogs", fields.CHANGE, self._changes),
            Collection("/service/boards", fields.BOARD, self._boards),
            Collection(r"/service/boards/(\d+)/statuses", fields.STATUS, self._statuses),
            Collection("/service/priorities", fields.PRIORITY, self._priorities),
            Collection("/service/SLAs", fields.SLA, self._slas),
            Collection(r"/service/SLAs/(\d+)/priorities", fields.SLA, self._sla_priorities),
            Collection("/time/entries", fields.ENTRY, self._entries),
            Collection("/time/workRoles", fields.WORK_ROLE, self._work_roles),
            Collection("/time/workTypes", fields.WORK_TYPE, self._work_types),
            Collection("/finance/agreements", fields.AGREEMENT, self._agreements),
            Collection(r"/finance/agreements/(\d+)/additions", fields.ADDITION, self._additions),
            Collection("/finance/invoices", fields.INVOICE, lambda ask: self.bills.invoices(ask.moment)),
            Collection("/service/surveys", fields.SURVEY, lambda ask: self.bills.surveys()),
            Collection(r"/service/surveys/(\d+)/results", fields.RESULT,
                       lambda ask: self.bills.answers(ask.arguments[0], ask.moment)),
            Collection("/system/members", fields.MEMBER, self._members),
            Collection("/system/audittrail", fields.AUDIT, lambda ask: self.audit_trail(ask.arguments[0]),
                       forward=False, parameters=frozenset({"type", "id"})),
        ]  # fmt: skip

    def _companies(self, ask: Ask) -> Iterator[Row]:
        for index in self.world.clients.everyone:
            client = self.world.clients.get(index)
            if (client.joined_at or 0) <= ask.moment:
                yield self.rows.company(client, ask.moment)

    def _tickets(self, ask: Ask) -> Iterator[Row]:
        projects = self.switches.on(SLUG, "project_tickets") or "recordType" in ask.names
        for seen in self.world.tickets(ask.moment, after=ask.after, changed_since=ask.changed_since):
            if projects or not BOARDS[seen.record.board].project:
                yield self.rows.ticket(seen, ask.moment)

    def _project_tickets(self, ask: Ask) -> Iterator[Row]:
        for seen in self.world.tickets(ask.moment, after=ask.after, changed_since=ask.changed_since):
            if BOARDS[seen.record.board].project:
                yield self.rows.ticket(seen, ask.moment)

    def _changes(self, ask: Ask) -> Iterator[Row]:
        if not self.switches.on(SLUG, "changelogs"):
            raise Refusal(404, "not found", "NotFound")
        for seen in self._changed(ask):
            board, client = BOARDS[seen.record.board], self.world.clients.get(seen.record.client)
            for change in self.world.quality.changes(seen.record.ticket.id, ask.moment):
                if change.id > ask.after:
                    yield {
                        "id": change.id, "action": "Update", "boardId": board.id, "boardName": board.name,
                        "companyIdentifier": client.index, "companyName": client.psa_name, "status": change.new,
                        "summary": seen.record.summary, "ticketNumber": change.ticket, "recordType": record_type(board),
                        "closedFlag": board.status(change.new).closed, "_info": self.rows.stamps(change.at, change.at),
                    }  # fmt: skip

    def _changed(self, ask: Ask) -> Iterator[Seen[TicketState]]:
        """Tickets whose changes are asked for; where they are named, no others are looked at."""
        if ask.among and ask.among[0] == "ticketNumber":
            found = (self.world.ticket(cast(int, number), ask.moment) for number in sorted(cast(Any, ask.among[1])))
            return (seen for seen in found if seen is not None)
        return self.world.tickets(ask.moment, after=ask.after // CHANGES_EACH - 1, changed_since=ask.changed_since)

    def audit_trail(self, ticket: int) -> list[Row]:
        """The history of one ticket in words."""
        moment = self.world.clock.now()
        seen = self.world.ticket(ticket, moment)
        if seen is None:
            return []
        from_to = '{} has been updated: Status has been changed from "{}" to "{}".'
        return [
            {"text": from_to.format("Ticket", old, new), "enteredDate": self.rows.stamps(at, at)["lastUpdated"],
             "enteredBy": "sandbox", "auditType": "Ticket", "auditSubType": "Status"}
            for at, old, new in moves(seen.record.ticket) if at <= moment
        ]  # fmt: skip

    def _stamped(self, row: Row) -> Row:
        history = self.rows.history()
        return row | {"_info": self.rows.stamps(history, history)}

    def _boards(self, ask: Ask) -> list[Row]:
        return [self._stamped({"id": board.id, "name": board.name, "inactiveFlag": False,
                               "projectFlag": board.project}) for board in BOARDS.values()]  # fmt: skip

    def _statuses(self, ask: Ask) -> list[Row]:
        board = next((row for row in BOARDS.values() if row.id == ask.arguments[0]), None)
        if board is None:
            raise Refusal(404, "board not found", "NotFound")
        return [self._stamped({
            "id": row.id, "name": row.name, "closedStatus": row.closed, "escalationStatus": row.escalation,
            "sortOrder": place, "inactive": False}) for place, row in enumerate(board.statuses)]  # fmt: skip

    def _priorities(self, ask: Ask) -> list[Row]:
        return [self._stamped({"id": row.id, "name": row.name, "level": row.level, "sortOrder": row.sort})
                for row in boards.PRIORITIES]  # fmt: skip

    def _slas(self, ask: Ask) -> list[Row]:
        return [self._stamped({"id": 1, "name": "Standard SLA", "basedOn": "AllHours", "respondHours": 4.0,
                               "planWithin": 16.0, "resolutionHours": 48.0})]  # fmt: skip

    def _sla_priorities(self, ask: Ask) -> list[Row]:
        if ask.arguments != (1,):
            raise Refusal(404, "SLA not found", "NotFound")
        return [self._stamped({"id": row.id, "name": row.name, "respondHours": row.respond_hours,
                               "planWithin": row.plan_hours, "resolutionHours": row.resolve_hours})
                for row in boards.PRIORITIES]  # fmt: skip

    def _entries(self, ask: Ask) -> Iterator[Row]:
        for seen in self.world.entries(ask.moment, after=ask.after, changed_since=ask.changed_since):
            yield self.rows.entry(seen, ask.moment)

    def _work_roles(self, ask: Ask) -> list[Row]:
        return [self._stamped({"id": number, "name": name, "hourlyRate": RATE_OF_ROLE.get(name, 0.0),
                               "inactiveFlag": False}) for name, number in ROLES.items()]  # fmt: skip

    def _work_types(self, ask: Ask) -> list[Row]:
        return [self._stamped({"id": number, "name": name, "costMultiplier": 1.0, "utilizationFlag": True,
                               "inactiveFlag": False}) for name, number in WORK_TYPES.items()]  # fmt: skip

    def _agreements(self, ask: Ask) -> Iterator[Row]:
        for seen in self.world.agreements_at(ask.moment):
            yield self.rows.agreement(seen, ask.moment)

    def _additions(self, ask: Ask) -> list[Row]:
        client = self.world.agreements.client_of(ask.arguments[0])
        seen = next((row for row in self.world.agreements_of(client, ask.moment)
                     if row.record.id == ask.arguments[0]), None)  # fmt: skip
        if seen is None:
            raise Refusal(404, "agreement not found", "NotFound")
        status = seen.record.status(self.world.calendar.day(ask.moment))
        return [self.rows.addition(row, ask.moment, status)
                for row in self.world.additions_at(seen.record, ask.moment)]  # fmt: skip

    def _members(self, ask: Ask) -> list[Row]:
        with_cost = self.switches.on(SLUG, "member_cost")
        return [self.rows.member(row, ask.moment, with_cost=with_cost)
                for row in self.world.people.members if (row.joined_at or 0) <= ask.moment]  # fmt: skip
