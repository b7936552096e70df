"""ConnectWise PSA: companies, the service desk, time, agreements, invoices and surveys (REST API 3.0)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from collectors.auth import Basic
from collectors.convert import (
    billing_months,
    choice,
    day,
    decimal,
    evidence,
    first,
    flag,
    joined,
    not_flag,
    only_when,
    requester,
    share,
    tagged,
    text,
    utc,
)
from collectors.declare import About, Convert, Endpoint, Layer, Record, Setting, Since, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.money import InvoiceLine
from collectors.facts.service import Queue, Survey, Technician, Ticket, TicketStatus, TimeEntry
from collectors.pagination import Cursor, LinkHeader, Paginate

TICKETS = 'recordType in ("ServiceTicket", "ProjectTicket", "ProjectIssue")'  # left out, project tickets may be missing
CHARGED_TO = {
    "ServiceTicket": "ticket", "ProjectTicket": "project", "Company": "company", "ChargeCode": "charge code",
    "Activity": "activity",
}  # fmt: skip
BILLED = {"Billable": True, "DoNotBill": False, "NoCharge": False}
BY_ID = {"orderBy": "id asc"}
PAGE = 1000  # the largest there is
TICKETS_A_QUESTION = 10  # each may have changed a hundred times before their change log fills a page


def changed(where: str = "") -> Since:
    """What changed at or after a moment, the date in brackets as the conditions language wants it."""
    return Since(lambda moment: {"conditions": f"{where}lastUpdated >= [{moment:%Y-%m-%dT%H:%M:%SZ}]"})


def counted(path: str, most: int = 0) -> Total:
    """Every list can be counted, by the same conditions."""
    return Total(
        path=f"{path}/count", at="count", most=most,
        of=lambda params: {name: text for name, text in params.items() if name == "conditions"},
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FirstPage(Paginate):
    """One page as large as there is, of a list that fits."""

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "pageSize": str(PAGE)}


def reopenings(changes: Sequence[Record]) -> Iterator[Record]:
    """Each change with how often its ticket had been opened again by then, so that the last one tells it all.

    None where that cannot be told: not every change says whether the ticket was closed, or the page was full.
    """
    untold = {change["ticketNumber"] for change in changes if len(changes) >= PAGE or "closedFlag" not in change}
    closed: set[Any] = set()
    times: Counter[Any] = Counter()
    for change in sorted(changes, key=lambda change: change["id"]):
        ticket = change["ticketNumber"]
        if change.get("closedFlag"):
            closed.add(ticket)
        elif ticket in closed:
            closed.remove(ticket)
            times[ticket] += 1
        yield {"ticket": ticket, "reopened": None if ticket in untold else times[ticket]}


def without_tax(kind: Any, total: Any, tax: Any) -> Decimal | None:
    """What an invoice comes to; a credit counts below nought, whichever sign it is written with."""
    if total is None:
        return None
    amount = Decimal(str(total)) - Decimal(str(tax or 0))
    return -abs(amount) if kind == "CreditMemo" else amount


BUDGET_HOURS = Convert(
    ("applicationLimit", "applicationUnits", "applicationUnlimitedFlag"),
    lambda limit, units, unlimited: None if unlimited or units != "Hours" else limit,
)

VENDOR = Vendor(
    slug="connectwise_psa",
    label="ConnectWise PSA",
    layer=Layer.PSA,
    base_url="{address}/apis/3.0",
    auth=Basic(user="{company}+{public_key}", password="{private_key}", headers={"clientId": "{client_id}"}),  # noqa: S106
    paginate=LinkHeader(headers={"pagination-type": "forward-only"}),
    test="/system/info",
    test_shows="version",
    headers={"Accept": "application/vnd.connectwise.com+json; version=2025.1"},
    advice="In ConnectWise PSA create an API member whose security role has Inquire only: Companies, Service Desk, "
    "Projects, Time, Finance and System tables.",
    console="{console_address}",
    settings=(
        Setting(
            name="address",
            label="API address",
            help="Host and codebase, without /apis: the codebase is v4_6_release unless yours is pinned to another.",
            default="https://api-na.myconnectwise.net/v4_6_release",
            free=True,
            choices=(
                ("https://api-na.myconnectwise.net/v4_6_release", "North America"),
                ("https://api-eu.myconnectwise.net/v4_6_release", "Europe"),
                ("https://api-au.myconnectwise.net/v4_6_release", "Australia"),
                ("https://api-aus.myconnectwise.net/v4_6_release", "Australia 2"),
                ("https://api-za.myconnectwise.net/v4_6_release", "South Africa"),
            ),
        ),
        Setting(name="company", label="Company ID", help="What you type as company when you sign in."),
        Setting(
            name="console_address",
            label="Web address",
            help="Where people open tickets, for links, such as https://na.myconnectwise.net/v4_6_release.",
            required=False,
        ),
        Setting(
            name="survey_points",
            label="Most points of a survey",
            help="What the best answers to your survey add up to. Scores are told as a part of it.",
            default="5",
            required=False,
        ),
        Setting(name="public_key", label="Public key", secret=True),
        Setting(name="private_key", label="Private key", secret=True),
        Setting(name="client_id", label="Client ID", help="The GUID of your integration.", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="companies",
            path="/company/companies",
            total=counted("/company/companies"),
            into=Account,
            complete=True,
            params={"conditions": "deletedFlag = false", **BY_ID},
            fields={
                "external_id": "id",
                "name": "name",
                "parent": "parentCompany.id",
                "active": choice("status.name", {"Inactive": False}, default=True),
                "evidence": evidence(
                    domains=("website",), phones=("phoneNumber",), addresses=(("addressLine1", "city", "zip"),),
                    types="types",
                ),
            },
            link="/services/system_io/router/openrecord.rails?recordType=CompanyFV&recid={id}",
        ),
        Endpoint(
            name="boards",
            path="/service/boards",
            total=counted("/service/boards"),
            into=Queue,
            complete=True,
            params=BY_ID,
            fields={"external_id": "id", "name": "name", "active": not_flag("inactiveFlag")},
        ),
        Endpoint(
            name="statuses",
            path="/service/boards/{id}/statuses",
            total=counted("/service/boards/{id}/statuses"),
            each="boards",
            into=TicketStatus,
            complete=True,
            params=BY_ID,
            fields={"external_id": "id", "queue": "each.id", "name": "name", "closed": flag("closedStatus", False)},
        ),
        Endpoint(
            name="members",
            path="/system/members",
            total=counted("/system/members"),
            into=Technician,
            complete=True,
            params=BY_ID,
            fields={
                "external_id": "id",
                "name": first(joined("firstName", "lastName"), "identifier"),
                "active": not_flag("inactiveFlag"),
                "hourly_cost": decimal("hourlyCost"),
            },
        ),
        Endpoint(
            name="agreements",
            path="/finance/agreements",
            total=counted("/finance/agreements"),
            into=Agreement,
            complete=True,
            params=BY_ID,
            fields={
                "external_id": "id",
                "name": "name",
                "account": "company.id",
                "kind": text("type.name"),
                "amount": decimal("billAmount", "0"),
                "cycle_months": billing_months("billingCycle.name"),
                "currency": text("currency.currencyCode"),
                "budget_hours": BUDGET_HOURS,
                "starts_on": day("startDate"),
                "ends_on": day("endDate"),
                "cancelled_on": day("dateCancelled"),
                "cancelled": flag("cancelledFlag", False),
            },
            link="/services/system_io/router/openrecord.rails?recordType=AgreementFV&recid={id}",
        ),
        Endpoint(
            name="additions",
            path="/finance/agreements/{id}/additions",
            total=counted("/finance/agreements/{id}/additions"),
            each="agreements",
            into=Addition,
            complete=True,
            params=BY_ID,
            fields={
                "external_id": "id",
                "agreement": "each.id",
                "product": text("product.identifier"),
                "quantity": decimal("quantity", "0"),
                "included": decimal("lessIncluded", "0"),
                "amount": decimal("extPrice", "0"),
                "billed": choice("billCustomer", BILLED, default=True),
                "effective_on": day("effectiveDate"),
                "cancelled_on": day("cancelledDate"),
            },
        ),
        Endpoint(
            name="tickets",
            path="/service/tickets",
            total=counted("/service/tickets"),
            into=Ticket,
            since=changed(f"{TICKETS} and "),
            params={"conditions": TICKETS, **BY_ID},
            fields={
                "external_id": "id",
                "account": "company.id",
                "queue": "board.id",
                "technician": "owner.id",
                "title": text("summary"),
                "type": text("type.name"),
                "subtype": text("subType.name"),
                "priority": text("priority.name"),
                "status": text("status.name"),
                "requester": requester("contact.id", "contact.name"),
                "closed": flag("closedFlag", False),
                "opened_at": utc("_info.dateEntered"),
                "first_response_at": utc("dateResponded"),
                "resolved_at": utc("dateResolved"),
                "closed_at": utc("closedDate"),
                "sla_met": flag("isInSla"),
                "parent": "parentTicketId",
                "merged_into": "mergedParentTicket.id",
            },
            link="/services/system_io/Service/fv_sr100_request.rails?service_recid={id}",
        ),
        Endpoint(
            name="time entries",
            path="/time/entries",
            total=counted("/time/entries"),
            into=TimeEntry,
            since=changed(),
            params=BY_ID,
            fields={
                "external_id": "id",
                "account": "company.id",
                "ticket": only_when("chargeToId", "chargeToType", ("ServiceTicket", "ProjectTicket")),
                "technician": "member.id",
                "agreement": "agreement.id",
                "charged_to": choice("chargeToType", CHARGED_TO, default=""),
                "hours": decimal("actualHours"),
                "hourly_cost": decimal("hourlyCost"),
                "billable": choice("billableOption", BILLED, default=None),
                "work_type": text("workType.name"),
                "worked_at": utc("timeStart"),
                "entered_at": first(utc("dateEntered"), utc("_info.dateEntered")),
            },
        ),
        Endpoint(
            name="invoices",
            path="/finance/invoices",
            total=counted("/finance/invoices"),
            into=InvoiceLine,
            since=changed(),
            params=BY_ID,
            optional=True,
            fields={
                "external_id": "id",
                "account": "company.id",
                "agreement": "agreement.id",
                "number": text("invoiceNumber"),
                "kind": text("type"),
                "amount": Convert(("type", "total", "salesTax"), without_tax),
                "currency": text("currency.currencyCode"),
                "posted_on": day("date"),
                "due_on": day("dueDate"),
            },
            link="/services/system_io/router/openrecord.rails?recordType=InvoiceFV&recid={id}",
        ),
        Endpoint(  # becomes nothing: answers are asked for by survey
            name="surveys",
            path="/service/surveys",
            total=counted("/service/surveys"),
            into=Survey,
            adds=False,
            complete=True,
            optional=True,
            params=BY_ID,
            fields={"external_id": tagged("survey", "id")},
        ),
        Endpoint(
            name="survey answers",
            path="/service/surveys/{id}/results",
            total=counted("/service/surveys/{id}/results"),
            each="surveys",
            into=Survey,
            complete=True,
            optional=True,
            params=BY_ID,
            keep=Convert(("totalPoints",), lambda points: points is not None),  # sent, and not answered
            fields={
                "external_id": "id",
                "account": "company.id",
                "ticket": "ticketId",
                "score": share("totalPoints", "{survey_points}"),
                "answered_at": first(utc("_info.dateEntered"), utc("_info.lastUpdated")),
            },
        ),
        Endpoint(
            name="reopened tickets",
            path="/service/tickets/changelogs",
            total=counted("/service/tickets/changelogs", most=PAGE),
            each="tickets",
            together=TICKETS_A_QUESTION,
            into=Ticket,
            adds=False,
            complete=True,
            optional=True,
            empty_on=(404,),  # a server without change logs
            params={"conditions": "ticketNumber in ({each.id})", **BY_ID},
            paginate=FirstPage(),
            records=reopenings,
            fields={"external_id": "ticket", "reopened": "reopened"},
        ),
    ),
    about=About(
        gives="companies, tickets with their SLA and reopenings, time, agreements, invoices and surveys",
        key=(
            "In ConnectWise PSA open System, Security Roles and add a role; name it after this product.",
            "Give it Inquire at level All, and nothing else, for Company Maintenance, Service Tickets, Service Surveys,"
            " Project Tickets, Time Entry, Agreements, Invoices, Members and Table Setup.",
            "Open System, Members, API Members and add a member with that role.",
            "On its API Keys tab add a key pair. The private key is shown once: copy both into this form.",
            "Register at developer.connectwise.com for the client ID, which every caller must send.",
            "Press Test connection.",
        ),
        scopes={
            "Company Maintenance: Inquire": "companies, and whose every other record is",
            "Service Tickets and Project Tickets: Inquire": "tickets, boards, statuses and the change log of tickets",
            "Time Entry: Inquire": "hours worked",
            "Agreements and Invoices: Inquire": "what clients pay for and were invoiced",
            "Members: Inquire": "technicians, and what an hour of them costs if the role may see it",
            "Service Surveys: Inquire": "how clients answered",
        },
        never=(
            "notes, discussions and attachments of tickets", "contacts: of a requester a keyed hash is kept",
            "comments written into surveys", "custom fields", "configurations and their passwords",
        ),
        limits="5 requests a second; ConnectWise names no figure. Reopenings cost one request and a count for every "
        "ten tickets that changed: about 2,000 requests, or 7 minutes, for the 10,000 tickets of a first reading.",
        not_read={"Asset": "The RMM tells devices better; configurations are copies of what it says."},
        unsure=(
            Unsure(
                "Whether older and self-hosted servers have the change log of tickets.",
                "One that answers 404 has none: how often tickets were reopened stays unknown, and is not nought.",
            ),
            Unsure(
                "Whether the changes of tickets can be counted, as every other list can.",
                "They are where it is possible; where the count is not found, what came is taken for all.",
            ),
            Unsure(
                "Whether ticketNumber of a change is the ticket's id.",
                "It is; changes of unknown tickets are left out.",
            ),
            Unsure(
                "The highest score of a survey is told nowhere beside its answers.",
                "A setting says it, 5 unless changed; an answer with more points is put aside with the reason.",
            ),
            Unsure("When a survey was answered.", "When its record was entered."),
            Unsure("The sign of a credit memo's amount.", "A credit counts below nought, either way."),
            Unsure("When an invoice was paid is not told.", "It stays unknown."),
            Unsure(
                "Whether v4_6_release works for every cloud region.",
                "It is the default, and the address can be changed.",
            ),
            Unsure(
                "Lists a role may not see are empty on some servers and 403 on others.",
                "403 is told; a list that went empty stops the run before anything is retired.",
            ),
        ),
    ),
)
