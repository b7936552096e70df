"""What a service desk's files hold: companies, tickets, time, technicians, queues, surveys."""

from __future__ import annotations

from decimal import Decimal

from collectors.convert import evidence, first
from collectors.declare import Convert, Layer
from collectors.drop.declare import Column, Kind, Layout, Named
from collectors.drop.layouts.common import (
    BY_COMPANY,
    COMPANY,
    COMPANY_ID,
    COMPANY_IF_ANY,
    amount,
    flag,
    moment,
    text,
    whole,
)  # fmt: skip
from collectors.facts.accounts import Account
from collectors.facts.service import Queue, Survey, Technician, Ticket, TimeEntry

BY_QUEUE = Named(into=Queue, column="Queue")
BY_TECHNICIAN = Named(into=Technician, column="Technician")
QUEUE = text("Queue", "The board or queue it is in", "Service desk", "Board", "Service board", "Ticket queue")
TECHNICIAN = text(
    "Technician", "Who does the work: one of your own people", "Tech 07", "Resource", "Assigned to", "Owner", "Agent",
)  # fmt: skip

COMPANIES = Layout(
    key="companies",
    label="Companies",
    about="Every client and site of a service desk, as it stands on one day.",
    layer=Layer.PSA,
    into=Account,
    id="Company id",
    known_by=("Company",),
    columns=(
        COMPANY,
        COMPANY_ID,
        Column(
            name="Kind", meaning="client, site or prospect; empty means client", example="client", kind=Kind.CHOICE,
            choices={"client": "client", "customer": "client", "site": "site", "location": "site",
                     "prospect": "prospect", "lead": "prospect"},
        ),
        text("Part of", "The client that a site belongs to: its id, or where you give no ids its name", "", "Parent"),
        flag("Active", "Whether it is a client still", "yes"),
        text("Website", "Its website or the domain of its e-mail, by which systems are matched", "brightwater.example",
             "Domain"),
        text("Phone", "Its telephone number", "212 555 0134", "Telephone"),
        text("Address", "Street, town and postal code", "12 Mill Lane, Fernbrook, 43001"),
    ),
    fields={
        "name": "Company",
        "kind": "Kind",
        "parent": Convert(("Part of",), lambda name: " ".join(name.casefold().split()) if name else None),
        "active": "Active",
        "evidence": evidence(domains=("Website",), phones=("Phone",), addresses=(("Address",),)),
    },
)  # fmt: skip

TICKETS = Layout(
    key="tickets",
    label="Tickets",
    about="Tickets of a service desk: for the days it covers, every ticket opened or closed in them.",
    layer=Layer.PSA,
    into=Ticket,
    id="Ticket",
    by="opened_on",
    dated=("Opened",),
    named=(BY_COMPANY, BY_QUEUE, BY_TECHNICIAN),
    columns=(
        text("Ticket", "The ticket's number", "T-10442", "Ticket #", "Ticket number", "Ticket id", "Id", "Number",
             required=True),
        moment("Opened", "When it was opened", "2026-04-14 09:12", "Created", "Opened at", "Created at", "Date entered",
               "Date opened", required=True),
        COMPANY_IF_ANY, COMPANY_ID, QUEUE, TECHNICIAN,
        text("Title", "Its summary", "Printer offline", "Summary", "Subject"),
        text("Type", "Its type", "Incident"), text("Subtype", "Its subtype", "Printing", "Sub type"),
        text("Priority", "Its priority", "Priority 3"), text("Status", "Its status", "Closed"),
        Column(name="Requester", meaning="Who asked; kept so that people can be counted, never by name",
               kind=Kind.PERSON, also=("Contact", "Requested by", "Contact name", "Reporter")),
        flag("Is closed", "Whether it is closed; empty: if it has a day closed", "", "Closed flag", "Done"),
        moment("First response", "When someone first answered", "2026-04-14 09:40", "Responded",
               "First response at", "Date responded"),
        moment("Resolved", "When it was resolved", "2026-04-14 11:02", "Resolved at", "Date resolved"),
        moment("Closed", "When it was closed; empty while it is open", "2026-04-14 11:05", "Closed at",
               "Date closed", "Completed"),
        flag("SLA met", "Whether the service level was kept", "yes", "Within SLA", "SLA kept"),
        whole("Reopened", "How many times it was opened again", "0", "Reopen count", "Times reopened"),
        text("Part of ticket", "The number of the ticket it is a child of", "", "Parent ticket", "Parent"),
        text("Merged into", "The number of the ticket it was folded into", "", "Merged into ticket"),
    ),
    fields={
        "account": "Company key",
        "queue": "Queue key",
        "technician": "Technician key",
        "title": "Title", "type": "Type", "subtype": "Subtype", "priority": "Priority", "status": "Status",
        "requester": "Requester",
        "closed": Convert(("Is closed", "Closed"), lambda said, at: at is not None if said is None else said),
        "opened_at": "Opened",
        "first_response_at": "First response",
        "resolved_at": "Resolved",
        "closed_at": "Closed",
        "sla_met": "SLA met",
        "reopened": "Reopened",
        "parent": "Part of ticket",
        "merged_into": "Merged into",
    },
)  # fmt: skip

TIME = Layout(
    key="time",
    label="Time entries",
    about="Hours worked: for the days it covers, every entry. They count once tickets of the same days are loaded too.",
    layer=Layer.PSA,
    into=TimeEntry,
    id="Entry",
    known_by=("Worked", "Technician", "Company", "Ticket", "Hours", "Work type", "Charged to"),
    by="worked_on",
    dated=("Worked",),
    named=(BY_COMPANY, BY_TECHNICIAN),
    columns=(
        moment("Worked", "The day of the work, or when it began", "2026-04-14", "Date", "Date worked", "Worked on",
               "Start", "Started", required=True),
        amount("Hours", "Hours as a number: 1.5 is an hour and a half", "0.75", "Duration", "Actual hours",
               "Hours worked", required=True),
        text("Entry", "The entry's own id, where there is one", "", "Entry id", "Time entry id", "Id"),
        text("Ticket", "The number of the ticket it was worked on", "T-10442", "Ticket #", "Ticket number",
             "Ticket id"),
        COMPANY_IF_ANY, COMPANY_ID, TECHNICIAN,
        moment("Entered", "When it was written down; empty: when it was worked", "2026-04-14 17:20", "Date entered",
               "Created"),
        Column(name="Charged to", meaning="ticket, project, company, activity or charge code; empty: the ticket it "
               "names", example="ticket", kind=Kind.CHOICE, also=("Charge to type",),
               choices={"ticket": "ticket", "project": "project", "company": "company", "activity": "activity",
                        "charge code": "charge code", "internal": "charge code"}),
        flag("Billable", "Whether the client pays for it", "no"),
        text("Work type", "What kind of work", "Remote", "Activity type"),
        amount("Hourly cost", "What an hour costs you", "", "Cost rate"),
    ),
    fields={
        "account": "Company key",
        "ticket": "Ticket",
        "technician": "Technician key",
        "charged_to": Convert(("Charged to", "Ticket"), lambda said, ticket: said or ("ticket" if ticket else "")),
        "hours": "Hours",
        "hourly_cost": "Hourly cost",
        "billable": "Billable",
        "work_type": "Work type",
        "worked_at": "Worked",
        "entered_at": first("Entered", "Worked"),
    },
)  # fmt: skip

TECHNICIANS = Layout(
    key="technicians",
    label="Technicians",
    about="Your own people who work on tickets, as they stand on one day.",
    layer=Layer.PSA,
    into=Technician,
    id="Technician id",
    known_by=("Technician",),
    columns=(
        text("Technician", "The name that tickets and time give", "Tech 07", "Name", "Resource", required=True),
        text("Technician id", "The source's own id", "", "Resource id", "Member id"),
        flag("Active", "Whether they still work for you", "yes"),
        amount("Hourly cost", "What an hour costs you", "42.00", "Cost rate"),
    ),
    fields={"name": "Technician", "active": "Active", "hourly_cost": "Hourly cost"},
)

QUEUES = Layout(
    key="queues",
    label="Queues",
    about="The boards or queues of a service desk, as they stand on one day.",
    layer=Layer.PSA,
    into=Queue,
    id="Queue id",
    known_by=("Queue",),
    columns=(
        text("Queue", "The name that tickets give", "Service desk", "Name", "Board", required=True),
        text("Queue id", "The source's own id", "", "Board id"),
        flag("Active", "Whether it is in use", "yes"),
    ),
    fields={"name": "Queue", "active": "Active"},
)


def _score(points: Decimal | None, most: Decimal | None) -> Decimal | None:
    """Points as a part of a hundred. Raises ValueError for more than there can be."""
    highest = Decimal(100) if most is None else most
    if points is None:
        return None
    if not 0 <= points <= highest or not highest:
        raise ValueError(f"{points} points, of {highest}")
    return points * 100 / highest


SURVEYS = Layout(
    key="surveys",
    label="Survey answers",
    about="Answers to the question how a ticket went: for the days it covers, every answer.",
    layer=Layer.PSA,
    into=Survey,
    id="Answer",
    known_by=("Answered", "Ticket", "Company", "Score"),
    by="answered_on",
    dated=("Answered",),
    named=(BY_COMPANY,),
    columns=(
        moment("Answered", "When it was answered", "2026-04-15 08:30", "Date", "Submitted", required=True),
        amount("Score", "The points given", "5", "Rating", "CSAT", required=True),
        amount("Out of", "The most points there can be; empty means 100", "5", "Maximum", "Best"),
        text("Answer", "The answer's own id, where there is one", "", "Answer id", "Response id"),
        text("Ticket", "The number of the ticket it is about", "T-10442", "Ticket #", "Ticket number"),
        COMPANY_IF_ANY, COMPANY_ID,
    ),
    fields={
        "account": "Company key",
        "ticket": "Ticket",
        "score": Convert(("Score", "Out of"), _score),
        "answered_at": "Answered",
    },
)  # fmt: skip

SERVICE = (COMPANIES, TICKETS, TIME, TECHNICIANS, QUEUES, SURVEYS)
