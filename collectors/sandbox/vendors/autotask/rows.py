"""The entities of Autotask: the fields that filters may name, and rows as of a moment. What is not there is null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.autotask.picklists import (
    COMPANY_TYPES,
    CONTRACT_TYPES,
    PRIORITIES,
    QUEUES,
    STATUSES,
)
from collectors.sandbox.world import boards, names
from collectors.sandbox.world.agreements import Addition, Agreement, value_at
from collectors.sandbox.world.clients import INTERNAL, Client
from collectors.sandbox.world.dates import days_of, first_day, last_day, month_of, utc_text
from collectors.sandbox.world.tickets import TicketState, TimeEntry
from collectors.sandbox.world.world import Seen, World

SLUG = "autotask"
FIRST_COMPANY, FIRST_PROJECT = 29_680_000, 4_000
SERVICES = {"MS-SEAT": 11, "MS-SERVER": 12, "SEC-STACK": 13, "BACKUP": 14, "ONBOARD": 15, "CO-SUPPORT": 16, "BASE": 17}
CODES = {"Regular": 3, "After hours": 4}
BASE_SLOT = 15  # of an agreement's additions: the base fee is a service, too
HISTORY_SLOTS = 20


def _typed(**groups: str) -> dict[str, str]:
    return {name: kind for kind, names in groups.items() for name in names.split()}


FIELDS = {
    "Companies": _typed(
        int="id companyType classification marketSegmentID territoryID ownerResourceID parentCompanyID",
        text="companyName companyNumber webAddress phone address1 city state postalCode", flag="isActive",
        date="createDate lastActivityDate", number="surveyCompanyRating",
    ),
    "Tickets": _typed(
        int="id companyID queueID status priority ticketType ticketCategory issueType subIssueType source "
        "assignedResourceID creatorResourceID completedByResourceID contractID configurationItemID contactID "
        "serviceLevelAgreementID problemTicketId projectID",
        text="ticketNumber title rmmAlertID", number="estimatedHours", flag="serviceLevelAgreementHasBeenMet",
        date="createDate completedDate resolvedDateTime firstResponseDateTime dueDateTime firstResponseDueDateTime "
        "resolutionPlanDateTime resolutionPlanDueDateTime resolvedDueDateTime lastActivityDate "
        "lastTrackedModificationDateTime",
    ),
    "TicketHistory": _typed(int="id ticketID resourceID", text="action detail", date="date"),
    "TimeEntries": _typed(
        int="id ticketID taskID resourceID roleID billingCodeID internalBillingCodeID contractID timeEntryType",
        number="hoursWorked hoursToBill offsetHours", flag="isNonBillable showOnInvoice",
        date="dateWorked startDateTime endDateTime billingApprovalDateTime createDateTime lastModifiedDateTime",
    ),
    "Tasks": _typed(
        int="id projectID status assignedResourceID billingCodeID departmentID phaseID priority taskType",
        text="taskNumber title", number="estimatedHours remainingHours",
        date="createDateTime startDateTime endDateTime completedDateTime lastActivityDateTime",
    ),
    "Projects": _typed(
        int="id companyID contractID projectType status department projectLeadResourceID",
        text="projectName projectNumber", number="actualHours estimatedTime",
        date="createDateTime startDateTime endDateTime completedDateTime lastActivityDateTime",
    ),
    "Contracts": _typed(
        int="id companyID contractType contractCategory status serviceLevelAgreementID", flag="isDefaultContract",
        text="contractName contractNumber contractPeriodType", date="startDate endDate",
        number="estimatedRevenue estimatedCost estimatedHours setupFee",
    ),
    "ContractServices": _typed(
        int="id contractID serviceID", number="unitPrice unitCost internalCurrencyAdjustedPrice",
    ),
    "ContractServiceUnits": _typed(
        int="id contractID contractServiceID serviceID units", number="price cost",
        date="startDate endDate approveAndPostDate",
    ),
    "Services": _typed(int="id periodType", text="name", number="unitPrice unitCost", flag="isActive"),
    "BillingCodes": _typed(int="id billingCodeType useType", text="name", flag="isActive"),
    "Resources": _typed(
        int="id licenseType payrollType", text="firstName lastName email userName resourceType", flag="isActive",
        number="internalCost",
    ),
    "Invoices": _typed(
        int="id companyID batchID", text="invoiceNumber", number="invoiceTotal totalTaxValue", flag="isVoided",
        date="invoiceDateTime fromDate toDate dueDate paidDate createDateTime",
    ),
    "SurveyResults": _typed(
        int="id ticketID companyID contactID surveyID", date="completeDate sendDate",
        number="surveyRating companyRating contactRating resourceRating",
    ),
}  # fmt: skip
Ids = list[int] | None
TOLD_BY_TICKET = ("TicketHistory",)  # a filter must name tickets


def company_id(client: int, psa_id: int) -> int:
    """The MSP's own company is number nought."""
    return 0 if client == INTERNAL else FIRST_COMPANY + psa_id


def moment_text(moment: int | None) -> str | None:
    return None if moment is None else utc_text(moment).replace("Z", ".000Z")


def day_text(day: date | None) -> str | None:
    """A day alone is midnight, whatever the time zone."""
    return None if day is None else f"{day.isoformat()}T00:00:00.000Z"


def _of_project(seen: Seen[TicketState]) -> bool:
    return boards.BOARDS[seen.record.board].project


@dataclass(frozen=True)
class Bought:
    """A service of a contract."""

    id: int
    contract: Agreement
    service: int
    addition: Addition | None  # None: the base fee


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches

    def of(self, entity: str, moment: int, tickets: Ids) -> list[Row]:
        """All rows by ascending id; of what is told by ticket, those of the named tickets."""
        makers: dict[str, Callable[[int], Iterable[Row]]] = {
            "Companies": self._companies, "Tickets": self._tickets, "TimeEntries": self._entries,
            "Tasks": self._tasks, "Projects": self._projects,
            "Contracts": self._contracts, "ContractServices": self._contract_services,
            "ContractServiceUnits": self._units, "Services": self._services, "BillingCodes": self._codes,
            "Resources": self._resources, "Invoices": self._invoices, "SurveyResults": self._surveys,
            "TicketHistory": lambda at: self._history(at, tickets or []),
        }  # fmt: skip
        return sorted(makers[entity](moment), key=lambda row: int(str(row["id"])))

    def company(self, client: int) -> int:
        return company_id(client, self.world.clients.get(client).psa_id)

    def _companies(self, moment: int) -> Iterator[Row]:
        for index in self.world.clients.everyone:
            client = self.world.clients.get(index)
            if (client.joined_at or 0) <= moment and client.kind != "deleted":
                yield self._company(client, moment)

    def _company(self, client: Client, moment: int) -> Row:
        gone = client.left_at is not None and client.left_at <= moment
        customer = self.switches.number(SLUG, "customer")
        kind = {"prospect": COMPANY_TYPES["Prospect"], "vendor": COMPANY_TYPES["Vendor"]}.get(client.kind, customer)
        street, city, code = names.address(client.index, client.psa_name)
        created_at = client.joined_at or self.world.calendar.month_start(self.world.options.first_month)
        made: Row = {
            "id": self.company(client.index), "companyName": client.psa_name, "companyNumber": client.identifier,
            "companyType": COMPANY_TYPES["Cancelation"] if gone else kind, "isActive": not gone,
            "webAddress": client.website, "phone": names.written_phone(client.phone, client.index + 1),
            "address1": street, "city": city, "state": "IL", "postalCode": code, "parentCompanyID": None,
            "createDate": moment_text(created_at),
            "lastActivityDate": moment_text(client.left_at if gone else created_at),
        }  # fmt: skip
        for edit in self.world.edits.of("companies", client.psa_id, moment):
            made |= edit.raw
        return made

    def _tickets(self, moment: int) -> Iterator[Row]:
        return (self._ticket(seen, moment) for seen in self.world.tickets(moment) if not _of_project(seen))

    def _tasks(self, moment: int) -> Iterator[Row]:
        """What other systems keep as tickets on a board for projects."""
        for seen in filter(_of_project, self.world.tickets(moment)):
            state, ticket = seen.record, seen.record.ticket
            yield {
                "id": ticket.id, "taskNumber": f"T{ticket.id:06d}", "title": state.summary,
                "projectID": FIRST_PROJECT + state.client, "status": STATUSES[state.status][0], "taskType": 1,
                "assignedResourceID": ticket.owner, "createDateTime": moment_text(state.created_at),
                "completedDateTime": moment_text(state.closed_at), "lastActivityDateTime": moment_text(seen.updated_at),
            }  # fmt: skip

    def _projects(self, moment: int) -> Iterator[Row]:
        for client in sorted({seen.record.client for seen in filter(_of_project, self.world.tickets(moment))}):
            yield {
                "id": FIRST_PROJECT + client, "companyID": self.company(client), "projectName": "Improvements",
                "projectNumber": f"P{client:04d}", "projectType": 5, "status": 1,
            }

    def _ticket(self, seen: Seen[TicketState], moment: int) -> Row:
        state, ticket = seen.record, seen.record.ticket
        covered = state.board == boards.HELP_DESK
        respond_by = state.created_at + int(ticket.priority.respond_hours * 3600)
        resolve_by = state.created_at + int(ticket.priority.resolve_hours * 3600)
        kept = (state.responded_at or moment) <= respond_by and (state.resolved_at or moment) <= resolve_by
        moved = state.board != ticket.board  # a ticket moved to another queue loses its issue type
        return {
            "id": ticket.id, "ticketNumber": f"T{state.created_at // 86_400}.{ticket.id:06d}", "title": state.summary,
            "companyID": self.company(state.client), "contactID": 5_000 + ticket.client * 100 + len(ticket.contact),
            "queueID": QUEUES[state.board], "status": STATUSES[state.status][0],
            "priority": PRIORITIES[ticket.priority.id][0], "ticketType": 1, "ticketCategory": 3, "source": 6,
            "issueType": None if moved else boards.type_id(ticket.board, ticket.type_place),
            "subIssueType": None if moved else boards.subtype_id(ticket.board, ticket.type_place, ticket.subtype_place),
            "assignedResourceID": ticket.owner, "contractID": ticket.agreement,
            "createDate": moment_text(state.created_at), "completedDate": moment_text(state.closed_at),
            "resolvedDateTime": moment_text(state.resolved_at),
            "firstResponseDateTime": moment_text(state.responded_at),
            "resolvedDueDateTime": moment_text(resolve_by) if covered else None,
            "firstResponseDueDateTime": moment_text(respond_by) if covered else None,
            "serviceLevelAgreementID": 1 if covered else None,
            "serviceLevelAgreementHasBeenMet": kept if covered and state.closed else None,
            "estimatedHours": 0.0, "problemTicketId": state.parent, "lastActivityDate": moment_text(seen.updated_at),
            "lastTrackedModificationDateTime": moment_text(seen.updated_at),
        } | seen.raw  # fmt: skip

    def _history(self, moment: int, tickets: list[int]) -> Iterator[Row]:
        way = self.switches.text(SLUG, "history")
        for number in sorted(set(tickets)):
            for change in self.world.quality.changes(number, moment):
                old, new = STATUSES[change.old], STATUSES[change.new]
                action, detail = {
                    "words": ("Edit", f'Status changed from "{old[1]}" to "{new[1]}"'),
                    "arrow": ("Status", f"{old[1]} -> {new[1]}"),
                    "terse": ("Edit", "Status"),
                }[way]
                yield {"id": change.id * HISTORY_SLOTS, "ticketID": number, "action": action, "detail": detail,
                       "date": moment_text(change.at), "resourceID": change.member}  # fmt: skip

    def _entries(self, moment: int) -> Iterator[Row]:
        tasks = {seen.record.ticket.id for seen in filter(_of_project, self.world.tickets(moment))}
        return (self._entry(seen, tasks) for seen in self.world.entries(moment))

    def _entry(self, seen: Seen[TimeEntry], tasks: set[int]) -> Row:
        entry = seen.record
        on_task = entry.ticket in tasks
        billed = entry.billable == "Billable"
        return {
            "id": entry.id, "ticketID": None if on_task else entry.ticket, "taskID": entry.ticket if on_task else None,
            "resourceID": entry.member, "roleID": 8,
            "billingCodeID": CODES[entry.work_type] if entry.ticket else None,
            "internalBillingCodeID": None if entry.ticket else CODES[entry.work_type],
            "dateWorked": day_text(self.world.calendar.day(entry.started_at)),
            "startDateTime": moment_text(entry.started_at) if entry.ticket else None,
            "endDateTime": moment_text(entry.started_at + round(entry.hours * 3600)) if entry.ticket else None,
            "hoursWorked": entry.hours, "hoursToBill": entry.hours if billed else 0.0, "offsetHours": 0.0,
            "isNonBillable": not billed, "showOnInvoice": True, "contractID": entry.agreement, "timeEntryType": 2,
            "createDateTime": moment_text(entry.entered_at), "lastModifiedDateTime": moment_text(seen.updated_at),
        } | seen.raw  # fmt: skip

    def _contracts(self, moment: int) -> Iterator[Row]:
        today = self.world.calendar.day(moment)
        for seen in self.world.agreements_at(moment):
            row = seen.record
            kind = "Block Hours" if row.type_name == "Block hours" else "Recurring Service"
            cancelled = row.cancelled if row.cancelled is not None and row.cancelled <= today else None
            yield {
                "id": row.id, "companyID": self.company(row.client), "contractName": row.name,
                "contractType": CONTRACT_TYPES[kind], "contractPeriodType": "m", "startDate": day_text(row.start),
                "endDate": day_text(cancelled or row.end or row.start + timedelta(days=3650)),
                "status": 0 if cancelled else 1, "estimatedRevenue": 0.0, "setupFee": 0.0, "isDefaultContract": True,
            } | seen.raw  # fmt: skip

    def _bought(self, moment: int) -> Iterator[Bought]:
        for seen in self.world.agreements_at(moment):
            contract = seen.record
            if contract.type_name != "Block hours":
                yield Bought(contract.id * 16 + BASE_SLOT, contract, SERVICES["BASE"], None)
                for addition in self.world.additions_at(contract, moment):
                    yield Bought(addition.id, contract, SERVICES[addition.product], addition)

    def _contract_services(self, moment: int) -> Iterator[Row]:
        for one in self._bought(moment):
            price, _ = self._price(one, moment)
            yield {"id": one.id, "contractID": one.contract.id, "serviceID": one.service, "unitPrice": float(price),
                   "unitCost": 0.0, "internalCurrencyAdjustedPrice": float(price)}  # fmt: skip

    def _price(self, one: Bought, moment: int) -> tuple[Decimal, int]:
        """Of one unit and period, and how many are charged for."""
        if one.addition is None:
            return value_at(one.contract.amounts, moment), 1
        charged = 0 if one.addition.billing == "NoCharge" else 1
        quantity = value_at(one.addition.quantities, moment) - one.addition.included
        return one.addition.price * charged, int(quantity)

    def _units(self, moment: int) -> Iterator[Row]:
        """One row for each period of each service, from the first in these books to the one of the moment."""
        by_unit = self.switches.text(SLUG, "price") == "unit"
        for one in self._bought(moment):
            begins = one.addition.effective if one.addition else one.contract.start
            ends = [day for day in (one.contract.end, one.contract.cancelled,
                                    one.addition.cancelled if one.addition else None) if day is not None]  # fmt: skip
            step = one.contract.cycle_months
            first = max(month_of(begins), self.world.options.first_month - self.world.options.first_month % step)
            for place, month in enumerate(range(first, self.world.calendar.month(moment) + 1, step)):
                start, end = max(begins, first_day(month)), min([last_day(month + step - 1), *ends])
                if start > end:
                    continue
                at = min(moment, self.world.calendar.at(days_of(month)[-1], 12))
                price, units = self._price(one, at)
                yield {
                    "id": one.id * 400 + place, "contractID": one.contract.id, "contractServiceID": one.id,
                    "serviceID": one.service, "units": units, "price": float(price if by_unit else price * units),
                    "cost": 0.0, "startDate": day_text(start), "endDate": day_text(end),
                    "approveAndPostDate": day_text(start),
                }  # fmt: skip

    def _services(self, moment: int) -> Iterator[Row]:
        for name, number in SERVICES.items():
            yield {"id": number, "name": name, "periodType": 2, "unitPrice": 0.0, "unitCost": 0.0, "isActive": True}

    def _codes(self, moment: int) -> Iterator[Row]:
        for name, number in CODES.items():
            yield {"id": number, "name": name, "billingCodeType": 0, "useType": 1, "isActive": True}

    def _resources(self, moment: int) -> Iterator[Row]:
        shown = self.switches.on(SLUG, "internal_cost")
        for one in self.world.people.members:
            if (one.joined_at or 0) <= moment:
                yield {
                    "id": one.id, "firstName": one.first_name, "lastName": one.last_name, "email": one.email,
                    "userName": one.identifier, "resourceType": "Employee", "licenseType": 1, "payrollType": 1,
                    "isActive": one.left_at is None or one.left_at > moment,
                    "internalCost": float(one.hourly_cost) if shown else None,
                }  # fmt: skip

    def _invoices(self, moment: int) -> Iterator[Row]:
        for one in self.world.billing.invoices(moment):
            tax = round(float(one.total) * 0.06, 2)
            yield {
                "id": one.id, "companyID": self.company(one.client), "invoiceNumber": one.number, "batchID": 1,
                "invoiceDateTime": day_text(one.posted_on), "dueDate": day_text(one.due_on),
                "paidDate": day_text(one.paid_on), "invoiceTotal": round(float(one.total) + tax, 2),
                "totalTaxValue": tax, "isVoided": False, "createDateTime": moment_text(one.created_at),
            }  # fmt: skip

    def _surveys(self, moment: int) -> Iterator[Row]:
        for one in self.world.quality.surveys(moment):
            yield {
                "id": one.id, "ticketID": one.ticket, "companyID": self.company(one.client), "surveyID": 1,
                "surveyRating": float(one.score), "completeDate": moment_text(one.answered_at),
                "sendDate": moment_text(one.answered_at - 600),
            }  # fmt: skip


