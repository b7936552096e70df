"""ConnectWise PSA's JSON for the world's records. A field without a value is left out."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from collectors.sandbox.exchange import Row
from collectors.sandbox.world import boards, names
from collectors.sandbox.world.agreements import CYCLES, Addition, Agreement, extended, value_at
from collectors.sandbox.world.boards import Board, Priority
from collectors.sandbox.world.clients import Client
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.people import Member
from collectors.sandbox.world.tickets import Ticket, TicketState, TimeEntry
from collectors.sandbox.world.world import Seen, World

ROLES = {"Technician": 10, "Engineer": 11, "Owner": 12, "Service Coordinator": 13, "Account Manager": 14,
         "Integration": 15}  # fmt: skip
WORK_TYPES = {"Regular": 3, "After hours": 4}
RATE_OF_ROLE = {"Technician": 150.0, "Engineer": 185.0}


def day_text(day: date) -> str:
    """A day alone is midnight with Z, whatever the time zone."""
    return f"{day.isoformat()}T00:00:00Z"


class Rows:
    def __init__(self, world: World, api: str) -> None:
        self.world, self.api = world, api
        self.members = {member.id: member for member in world.people.members}
        self.company_reference = lru_cache(maxsize=20_000)(self._company_reference)
        self._shared: dict[tuple[str, object], Row] = {}

    def _reference(self, path: str, identity: int, **fields: object) -> Row:
        """References repeat a thousand times a page: each is made once."""
        key = (path, identity)
        if key not in self._shared:
            self._shared[key] = {"id": identity, **fields, "_info": {"x_href": f"{self.api}/{path}/{identity}"}}
        return self._shared[key]

    def _company_reference(self, index: int) -> Row:
        client = self.world.clients.get(index)
        href = f"{self.api}/company/companies/{client.psa_id}"
        return {"id": client.psa_id, "identifier": client.identifier, "name": client.psa_name,
                "_info": {"company_href": href}}  # fmt: skip

    def member_reference(self, identity: int) -> Row:
        member = self.members[identity]
        return self._reference("system/members", identity, identifier=member.identifier,
                               name=f"{member.first_name} {member.last_name}")  # fmt: skip

    def company(self, client: Client, moment: int) -> Row:
        gone = client.left_at is not None and client.left_at <= moment
        kinds = {"internal": (1, "Owner"), "prospect": (3, "Prospect"), "vendor": (4, "Vendor")}
        kind = kinds.get(client.kind, (5, "Former Client") if gone else (2, "Client"))
        inactive = gone or client.kind == "deleted"
        created_at = client.joined_at or self.history()
        updated_at = client.left_at if gone and client.left_at is not None else created_at
        made: Row = {
            "id": client.psa_id, "identifier": client.identifier, "name": client.psa_name,
            "status": {"id": 2, "name": "Inactive"} if inactive else {"id": 1, "name": "Active"},
            "types": [{"id": kind[0], "name": kind[1]}], "territory": {"id": 1, "name": "Main"},
            "market": {"id": len(client.market), "name": client.market},
            "numberOfEmployees": client.devices, "deletedFlag": client.kind == "deleted",
            "_info": self.stamps(created_at, updated_at),
        }  # fmt: skip
        if client.website is not None:
            made["website"] = client.website
        if client.kind != "internal":
            street, city, code = names.address(client.index, client.psa_name)
            made |= {"phoneNumber": names.written_phone(client.phone, client.index), "addressLine1": street,
                     "city": city, "state": "IL", "zip": code}  # fmt: skip
        if client.kind == "deleted":
            made["dateDeleted"] = utc_text(self.history())
        for edit in self.world.edits.of("companies", client.psa_id, moment):
            made |= edit.set | edit.raw | {"_info": self.stamps(created_at, edit.at)}
        return made

    def history(self) -> int:
        return self.world.calendar.month_start(self.world.options.first_month)

    def stamps(self, created_at: int, updated_at: int) -> Row:
        return {"lastUpdated": utc_text(updated_at), "dateEntered": utc_text(created_at),
                "enteredBy": "sandbox", "updatedBy": "sandbox"}  # fmt: skip

    def ticket(self, seen: Seen[TicketState], moment: int) -> Row:
        state, ticket = seen.record, seen.record.ticket
        board = boards.BOARDS[state.board]
        made: Row = {
            "id": ticket.id, "summary": state.summary, "recordType": record_type(board),
            "board": self._reference("service/boards", board.id, name=board.name),
            "status": self._status(board, state.status), "company": self.company_reference(state.client),
            "contact": self._contact(ticket),
            "priority": self._priority(ticket.priority), "severity": "Medium", "impact": "Medium",
            "source": {"id": len(ticket.source), "name": ticket.source},
            "team": {"id": 1, "name": "Service Team"}, "owner": self.member_reference(ticket.owner),
            "closedFlag": state.closed, "actualHours": state.hours,
            "resources": self.members[ticket.owner].identifier,
            "hasChildTicket": ticket.has_children, "hasMergedChildTicketFlag": ticket.has_merged,
        }  # fmt: skip
        self._classify(made, state)
        self._service_level(made, state, moment)
        if state.closed_at is not None:
            made["closedDate"] = utc_text(state.closed_at)
            made["closedBy"] = self.members[ticket.owner].identifier
        if ticket.agreement is not None:
            made["agreement"] = {"id": ticket.agreement, "name": "Managed Services"}
        if state.parent is not None:
            made["parentTicketId"] = state.parent
        if state.merged_into is not None:
            made["mergedParentTicket"] = {"id": state.merged_into, "summary": state.summary}
        made["customFields"] = []
        made["_info"] = self.stamps(state.created_at, seen.updated_at)
        return made | seen.raw

    def _contact(self, ticket: Ticket) -> Row:
        place = self.world.clients.get(ticket.client).contacts.index(ticket.contact)
        return {"id": 5_000 + ticket.client * 100 + place, "name": ticket.contact}

    def _classify(self, made: Row, state: TicketState) -> None:
        ticket = state.ticket
        if state.board != ticket.board:
            return  # a ticket moved to another board loses its type
        name, subtypes = boards.TYPES[ticket.board][ticket.type_place]
        made["type"] = {"id": boards.type_id(ticket.board, ticket.type_place), "name": name}
        made["subType"] = {"id": boards.subtype_id(ticket.board, ticket.type_place, ticket.subtype_place),
                           "name": subtypes[ticket.subtype_place]}  # fmt: skip

    def _status(self, board: Board, name: str) -> Row:
        status = board.status(name)
        return self._reference(f"service/boards/{board.id}/statuses", status.id, name=status.name)

    def _priority(self, priority: Priority) -> Row:
        return self._reference("service/priorities", priority.id, name=priority.name, sort=priority.sort,
                               level=priority.level)  # fmt: skip

    def _service_level(self, made: Row, state: TicketState, moment: int) -> None:
        if state.board != boards.HELP_DESK:
            return
        priority, created_at = state.ticket.priority, state.created_at
        respond_by = created_at + int(priority.respond_hours * 3600)
        plan_by = created_at + int(priority.plan_hours * 3600)
        resolve_by = created_at + int(priority.resolve_hours * 3600)
        made["sla"] = {"id": 1, "name": "Standard SLA"}
        made["slaStatus"] = "Resolved" if state.closed else f"Resolve by {utc_text(resolve_by)}"
        made["isInSla"] = ((state.responded_at or moment) <= respond_by
                           and (state.resolved_at or moment) <= resolve_by)  # fmt: skip
        for name, value in (
            ("dateResponded", state.responded_at), ("dateResplan", state.planned_at),
            ("dateResolved", state.resolved_at), ("respondByGoalUTC", respond_by), ("resplanGoalUTC", plan_by),
            ("resolutionGoalUTC", resolve_by),
        ):  # fmt: skip
            if value is not None:
                made[name] = utc_text(value)
        if state.responded_at is not None:
            made["respondMinutes"] = (state.responded_at - created_at) // 60
        if state.resolved_at is not None:
            made["resolveMinutes"] = (state.resolved_at - created_at) // 60

    def entry(self, seen: Seen[TimeEntry], moment: int) -> Row:
        entry = seen.record
        member = self.members[entry.member]
        billed = entry.hours if entry.billable == "Billable" else 0.0
        approved = entry.approved_at <= moment
        made: Row = {
            "id": entry.id, "company": self.company_reference(entry.client),
            "chargeToId": entry.ticket or 7, "chargeToType": entry.charge,
            "member": self.member_reference(entry.member),
            "workType": {"id": WORK_TYPES[entry.work_type], "name": entry.work_type, "utilizationFlag": True},
            "workRole": {"id": ROLES[member.role], "name": member.role},
            "timeStart": utc_text(entry.started_at),
            "timeEnd": utc_text(entry.started_at + round(entry.hours * 3600)), "hoursDeduct": 0.0,
            "actualHours": entry.hours, "billableOption": entry.billable, "hoursBilled": billed,
            "invoiceHours": billed, "hourlyCost": f"{member.hourly_cost:.2f}",
            "hourlyRate": float(member.hourly_rate), "agreementHours": billed if entry.agreement else 0.0,
            "extendedInvoiceAmount": 0.0 if entry.agreement else round(billed * float(member.hourly_rate), 2),
            "status": self._entry_status(entry, approved), "dateEntered": utc_text(entry.entered_at),
            "_info": self.stamps(entry.entered_at, seen.updated_at),
        }  # fmt: skip
        if entry.ticket is not None:
            ticket = self.world.ticket(entry.ticket, moment)
            made["ticket"] = {"id": entry.ticket, "summary": ticket.record.summary if ticket else "",
                              "_info": {"ticket_href": f"{self.api}/service/tickets/{entry.ticket}"}}  # fmt: skip
        if entry.agreement is not None:
            made["agreement"] = {"id": entry.agreement, "name": "Managed Services"}
        return made | seen.raw

    def _entry_status(self, entry: TimeEntry, approved: bool) -> str:
        if not approved:
            return "Open"
        return "BilledAgreement" if entry.agreement and entry.billable == "Billable" else "Billed"

    def agreement(self, seen: Seen[Agreement], moment: int) -> Row:
        row, today = seen.record, self.world.calendar.day(moment)
        status = row.status(today)
        made: Row = {
            "id": row.id, "name": row.name, "type": {"id": row.type_id, "name": row.type_name},
            "company": self.company_reference(row.client), "startDate": day_text(row.start),
            "noEndingDateFlag": row.end is None, "cancelledFlag": status == "Cancelled",
            "applicationUnits": "Hours", "applicationLimit": 0.0, "applicationCycle": "CalendarMonth",
            "applicationUnlimitedFlag": True,
            "billingCycle": {"id": CYCLES[row.cycle][0], "name": row.cycle},
            "billAmount": float(value_at(row.amounts, moment)), "agreementStatus": status,
            "currency": {"id": 1, "currencyCode": "USD", "name": "US Dollar"},
            "_info": self.stamps(row.entered_at or self.history(), seen.updated_at),
        }  # fmt: skip
        if row.end is not None:
            made["endDate"] = day_text(row.end)
        if status == "Cancelled" and row.cancelled is not None:
            made["dateCancelled"] = day_text(row.cancelled)
        return made | seen.raw

    def addition(self, row: Addition, moment: int, status: str) -> Row:
        quantity = value_at(row.quantities, moment)
        changed = max([self.history(), row.entered_at, *(at for at, _ in row.quantities if at <= moment)])
        made: Row = {
            "id": row.id, "product": {"id": _product_id(row.product), "identifier": row.product},
            "quantity": float(quantity), "lessIncluded": float(row.included), "unitPrice": float(row.price),
            "unitCost": float(row.cost), "extPrice": float(extended(row, moment)),
            "extCost": float((quantity - row.included) * row.cost), "billCustomer": row.billing,
            "effectiveDate": day_text(row.effective), "agreementStatus": status,
            "_info": self.stamps(row.entered_at or self.history(), changed),
        }  # fmt: skip
        if row.cancelled is not None and self.world.calendar.midnight(row.cancelled) <= moment:
            made["cancelledDate"] = day_text(row.cancelled)
            made["_info"] = self.stamps(row.entered_at, self.world.calendar.midnight(row.cancelled))
        return made

    def member(self, row: Member, moment: int, *, with_cost: bool) -> Row:
        left = row.left_at is not None and row.left_at <= moment
        changed_at = row.left_at if left and row.left_at is not None else row.joined_at or self.history()
        made: Row = {
            "id": row.id, "identifier": row.identifier, "firstName": row.first_name, "lastName": row.last_name,
            "licenseClass": row.licence, "inactiveFlag": left,
            "hourlyRate": float(row.hourly_rate), "dailyCapacity": 8.0,
            "workRole": {"id": ROLES[row.role], "name": row.role},
            "timeZone": {"id": 1, "name": "Central"}, "_info": self.stamps(row.joined_at or self.history(), changed_at),
        }  # fmt: skip
        if row.email:
            made["officeEmail"] = row.email
        if with_cost:
            made["hourlyCost"] = float(row.hourly_cost)
        return made


def record_type(board: Board) -> str:
    return "ProjectTicket" if board.project else "ServiceTicket"


def _product_id(product: str) -> int:
    return sum(place * ord(letter) for place, letter in enumerate(product, start=1))
