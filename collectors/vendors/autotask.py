"""Autotask PSA: companies, the service desk, time, contracts, invoices and surveys (REST API 1.0)."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from collectors.auth import Auth
from collectors.convert import (
    choice,
    constant,
    day,
    decimal,
    evidence,
    first,
    flag,
    joined,
    requester,
    share,
    text,
    utc,
)
from collectors.declare import (
    About,
    Convert,
    Endpoint,
    Fault,
    Layer,
    Locate,
    Lookup,
    Record,
    Setting,
    Since,
    Total,
    Unsure,
    Vendor,
)
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.money import InvoiceLine
from collectors.facts.service import Queue, Survey, Technician, Ticket, TicketStatus, TimeEntry
from collectors.facts.shapes import Record as Entity
from collectors.pagination import Answer, Cursor, OnePage, Paginate, found_at

COMPLETE = 5  # the one status of the system's own that closes a ticket
CLOSING = "complete"  # as the history of a ticket calls it
KINDS = dict.fromkeys(("Lead", "Prospect", "Dead"), Account.Kind.PROSPECT)
TICKETS_A_QUESTION = 10  # their histories must fit one page of 500
SETTLING = timedelta(days=3)  # not every change moves a ticket's last activity
TO_ACT_ON = re.compile(r"permission|not authori|access|invalid|unable to find|does not exist|not exist|malformed", re.I)

# Questions. What is asked for stands in parameters of our own, which `question` turns into the API's JSON:
# "fields" a list, "since", "until" and "of" a condition each (field, operator, value), "after" the last id seen.


def question(params: Mapping[str, str]) -> dict[str, Any]:
    """A query: only the declared fields, by ascending id. Nought is an id, the one of the MSP's own company."""
    place = {"op": "gt", "value": int(params["after"])} if "after" in params else {"op": "gte", "value": 0}
    conditions = [condition(params[name]) for name in ("since", "until", "of") if name in params]
    asked: dict[str, Any] = {"filter": [{"field": "id", **place}, *conditions]}
    if "size" in params:
        asked |= {"MaxRecords": int(params["size"]), "IncludeFields": params["fields"].split(",")}
    return asked


def condition(words: str) -> dict[str, Any]:
    field, op, value = words.split(" ", 2)
    return {"op": op, "field": field, "value": [int(one) for one in value.split(",")] if op == "in" else value}


@dataclass(frozen=True, kw_only=True)
class ById(Paginate):
    """Pages behind the last id seen. The address of a next page only tells that there is one; it is never followed."""

    size: int = 500
    search: bool = False  # the question stands in the address

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        asked = {**params, "size": str(self.size), **({"after": str(cursor["after"])} if cursor else {})}
        return {"search": json.dumps(question(asked))} if self.search else asked

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        all_there(answer.body)
        more = found_at(answer.body, "pageDetails.nextPageUrl") and records
        return {"after": max(record["id"] for record in records)} if more else None


@dataclass(frozen=True, kw_only=True)
class FirstPage(Paginate):
    """One page as large as there is."""

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "size": "500"}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        all_there(answer.body)
        return None


def all_there(body: Any) -> None:
    """Raises ValueError where a page holds fewer records than it says."""
    if len(body["items"]) < body["pageDetails"]["count"]:
        raise ValueError("a page that lost records")


def read(name: str, entity: str, into: type[Entity], fields: Mapping[str, str | Convert], **more: Any) -> Endpoint:
    """A list of one entity, asked for the declared fields alone."""
    looks_up: Mapping[str, Lookup] = more.get("looks_up", {})
    sources = [*fields.values(), *([more["keep"]] if "keep" in more else [])]
    paths = {path for source in sources for path in (source.paths if isinstance(source, Convert) else (source,))}
    wanted = {path for path in (*paths, *(one.by for one in looks_up.values())) if "." not in path and "{" not in path}
    counted = Total(path=f"/{entity}/query/count", method="POST", at="queryCount")
    params = {"fields": ",".join(sorted({"id", *wanted})), **more.pop("params", {})}
    return Endpoint(
        name=name, path=f"/{entity}/query", method="POST", body=question, records_at="items", into=into, fields=fields,
        params=params, **{"total": counted, **more},
    )  # fmt: skip


def changed(field: str, settling: timedelta = timedelta()) -> Since:
    return Since(lambda moment: {"since": f"{field} gte {moment - settling:%Y-%m-%dT%H:%M:%S}Z"})


# What ids stand for


def picklist(name: str) -> Callable[[Any], Iterator[Record]]:
    """The values of one field of an entity that is chosen from a list; the tenant's own but for a few."""

    def values(body: Any) -> Iterator[Record]:
        field = next((one for one in body["fields"] if one["name"].casefold() == name.casefold()), None)
        if field is None:
            raise ValueError(f"nothing of the field {name}")
        for one in field.get("picklistValues") or ():
            yield {name: one["value"], "label": one["label"], "isActive": one.get("isActive")}

    return values


def label(entity: str, name: str) -> Lookup:
    path = f"/{entity}/entityInformation/fields"
    return Lookup(path=path, by=name, id=name, records=picklist(name), paginate=OnePage())


def looked_up(entity: str, by: str, *fields: str) -> Lookup:
    """A short entity, by id; a question that no body is needed for."""
    return Lookup(
        path=f"/{entity}/query", by=by, records_at="items", paginate=ById(search=True),
        params={"fields": ",".join(("id", *fields))},
    )  # fmt: skip


# Fields

CLOSED = Convert(("status",), lambda status: str(status) == str(COMPLETE))
CHARGED_TO = Convert(
    ("ticketID", "taskID"), lambda ticket, task: "ticket" if ticket else "project" if task else "charge code"
)
BILLABLE = Convert(("isNonBillable",), lambda never: None if never is None else not never)


def noon(value: Any) -> str | None:
    """A plain day as a moment that is on this day in every time zone but the most eastern."""
    return f"{value[:10]}T12:00:00Z" if value else None


def day_after(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) + timedelta(days=1) if value else None


def a_month(price: Any, units: Any, unit_price: Any, start: Any, end: Any) -> Decimal | None:
    """What the units of a service come to in a month of their period.

    The price is that of all units; where it is what one unit costs in the contract, it is taken for that.
    """
    if price is None:
        return None
    total = Decimal(str(price))
    if None not in (unit_price, units) and total == Decimal(str(unit_price)):
        total *= units
    first_day, after = date.fromisoformat(start[:10]), day_after(end)
    months = (after.year - first_day.year) * 12 + after.month - first_day.month if after else 1
    return total / max(months, 1)


def net(total: Any, tax: Any) -> Decimal | None:
    return None if total is None else Decimal(str(total)) - Decimal(str(tax or 0))


_MOVED = re.compile(r"\bstatus\b.*?\bfrom\b\W*(?P<old>.+?)\W+to\b\W*(?P<new>.+?)\W*$", re.IGNORECASE | re.DOTALL)
_ARROW = re.compile(r"\bstatus\b\W*(?P<old>\w.*?)\W*(?:->|→)\W*(?P<new>.+?)\W*$", re.IGNORECASE | re.DOTALL)


def reopenings(body: Any) -> Iterator[Record]:
    """Each entry of tickets' histories with how often its ticket had been opened again by then; the last tells all.

    None where that cannot be told: no entry is understood that closes the ticket, or there are more than fit a page.
    """
    if "items" not in body:
        raise ValueError("no items")
    cut = bool(found_at(body, "pageDetails.nextPageUrl"))
    closings: Counter[Any] = Counter()
    times: Counter[Any] = Counter()
    for entry in sorted(body["items"], key=lambda entry: (entry["date"], entry["id"])):
        ticket, words = entry["ticketID"], f"{entry.get('action') or ''}: {entry.get('detail') or ''}"
        if moved := _MOVED.search(words) or _ARROW.search(words):
            times[ticket] += moved["old"].casefold() == CLOSING
            closings[ticket] += CLOSING in (moved["old"].casefold(), moved["new"].casefold())
        yield {"ticket": ticket, "reopened": times[ticket] if closings[ticket] and not cut else None}


def fault(status: int, body: Any) -> Fault | None:
    """What went wrong, in the words of the API: 500 stands for bad questions and missing rights, too."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors or status in (401, 403, 404, 429):
        return None
    says = "; ".join(str(one) for one in errors)
    return Fault(says, wait=not TO_ACT_ON.search(says))


VENDOR = Vendor(
    slug="autotask",
    label="Autotask PSA",
    layer=Layer.PSA,
    base_url="{zone}/V1.0",
    locate=Locate(
        address="{address}/atservicesrest/v1.0/zoneInformation?user={user_name}",
        at="url",
        host=r"(webservices\d{1,2}|pr[a-z]{2})\.autotask\.net",
    ),
    auth=Auth(headers={"ApiIntegrationCode": "{integration_code}", "UserName": "{user_name}", "Secret": "{secret}"}),
    paginate=ById(),
    test="/ThresholdInformation",
    headers={"Accept": "application/json", "Content-Type": "application/json"},
    pace=2.0,  # 10,000 an hour, which everybody who reads this tenant shares
    errors=fault,
    console="{console_address}",
    advice="In Autotask give the security level of the API user the right to view this entity, and nothing more.",
    settings=(
        Setting(
            name="address",
            label="Address",
            help="Where your zone is asked for; the zone's own address is found out.",
            default="https://webservices2.autotask.net",
        ),
        Setting(name="user_name", label="API user name", help="The user name (key) of the API user."),
        Setting(
            name="console_address",
            label="Web address",
            help="Where people open tickets, for links, such as https://ww5.autotask.net.",
            required=False,
        ),
        Setting(
            name="survey_points",
            label="Most points of a survey",
            help="The best rating a survey can get. Scores are told as a part of it.",
            default="5",
            required=False,
        ),
        Setting(name="secret", label="Secret", help="The password (secret) of the API user.", secret=True),
        Setting(name="integration_code", label="Tracking identifier", secret=True),
    ),
    endpoints=(
        read(
            "companies", "Companies", Account,
            {
                "external_id": "id",
                "name": "companyName",
                "kind": choice("sort.label", KINDS, default=Account.Kind.CLIENT),
                "parent": "parentCompanyID",
                "active": flag("isActive", True),
                "evidence": evidence(
                    domains=("webAddress",), phones=("phone",), addresses=(("address1", "city", "postalCode"),),
                ),
            },
            complete=True,
            looks_up={"sort": label("Companies", "companyType")},
            link="/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenAccount&AccountID={id}",
        ),
        Endpoint(
            name="queues",
            path="/Tickets/entityInformation/fields",
            records=picklist("queueID"),
            paginate=OnePage(),
            into=Queue,
            complete=True,
            fields={"external_id": "queueID", "name": "label", "active": flag("isActive", True)},
        ),
        Endpoint(
            name="statuses",
            path="/Tickets/entityInformation/fields",
            records=picklist("status"),
            paginate=OnePage(),
            into=TicketStatus,
            complete=True,
            fields={"external_id": "status", "name": "label", "closed": CLOSED},
        ),
        read(
            "resources", "Resources", Technician,
            {
                "external_id": "id",
                "name": first(joined("firstName", "lastName"), "userName"),
                "active": flag("isActive", True),
                "hourly_cost": decimal("internalCost"),
            },
            complete=True,
        ),
        read(
            "contracts", "Contracts", Agreement,
            {
                "external_id": "id",
                "name": "contractName",
                "account": "companyID",
                "kind": first("sort.label", text("contractType")),
                "cycle_months": constant(1),  # what its services come to is told by month
                "starts_on": day("startDate"),
                "ends_on": day("endDate"),
                "cancelled": Convert(("status",), lambda status: str(status) == "0"),
            },
            complete=True,
            looks_up={"sort": label("Contracts", "contractType")},
        ),
        read(
            "contract services", "ContractServiceUnits", Addition,
            {
                "external_id": "id",
                "agreement": "contractID",
                "product": first("service.name", text("serviceID")),
                "quantity": decimal("units", "0"),
                "amount": Convert(("price", "units", "bought.unitPrice", "startDate", "endDate"), a_month),
                "effective_on": day("startDate"),
                "cancelled_on": Convert(("endDate",), day_after),
            },
            complete=True,
            looks_up={
                "service": looked_up("Services", "serviceID", "name"),
                "bought": looked_up("ContractServices", "contractServiceID", "unitPrice"),
            },
        ),
        read(
            "tickets", "Tickets", Ticket,
            {
                "external_id": "id",
                "account": "companyID",
                "queue": "queueID",
                "technician": "assignedResourceID",
                "title": text("title"),
                "type": first("issue.label", text("issueType")),
                "subtype": first("sub_issue.label", text("subIssueType")),
                "priority": first("urgency.label", text("priority")),
                "status": first("state.label", text("status")),
                "requester": requester("contactID"),
                "closed": CLOSED,
                "opened_at": utc("createDate"),
                "first_response_at": utc("firstResponseDateTime"),
                "resolved_at": utc("resolvedDateTime"),
                "closed_at": utc("completedDate"),
                "sla_met": flag("serviceLevelAgreementHasBeenMet"),
                "parent": "problemTicketId",
            },
            since=changed("lastActivityDate", SETTLING),
            looks_up={
                "issue": label("Tickets", "issueType"),
                "sub_issue": label("Tickets", "subIssueType"),
                "urgency": label("Tickets", "priority"),
                "state": label("Tickets", "status"),
            },
            link="/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID={id}",
        ),
        read(
            "time entries", "TimeEntries", TimeEntry,
            {
                "external_id": "id",
                "ticket": "ticketID",  # whose account it is, the ticket tells, or a task's project
                "account": "project.companyID",
                "technician": "resourceID",
                "agreement": "contractID",
                "charged_to": CHARGED_TO,
                "hours": decimal("hoursWorked"),
                "billable": BILLABLE,
                "work_type": text("work.name"),
                "worked_at": first(utc("startDateTime"), Convert(("dateWorked",), noon)),
                "entered_at": utc("createDateTime"),
            },
            since=changed("lastModifiedDateTime"),
            looks_up={
                "work": looked_up("BillingCodes", "billingCodeID", "name"),
                "task": looked_up("Tasks", "taskID", "projectID"),
                "project": looked_up("Projects", "task.projectID", "companyID"),
            },
        ),
        read(
            "invoices", "Invoices", InvoiceLine,
            {
                "external_id": "id",
                "account": "companyID",
                "number": text("invoiceNumber"),
                "amount": Convert(("invoiceTotal", "totalTaxValue"), net),
                "posted_on": day("invoiceDateTime"),
                "due_on": day("dueDate"),
                "paid_on": day("paidDate"),
            },
            complete=True,
            optional=True,
            total=None,  # counted are those of all times; each page says how many it holds
            keep=Convert(("isVoided",), lambda voided: not voided),
            window=lambda start, end: {
                "since": f"invoiceDateTime gte {start:%Y-%m-%d}T00:00:00Z",
                "until": f"invoiceDateTime lt {end + timedelta(days=1):%Y-%m-%d}T00:00:00Z",
            },
        ),
        read(
            "survey results", "SurveyResults", Survey,
            {
                "external_id": "id",
                "account": "companyID",
                "ticket": "ticketID",
                "score": share("surveyRating", "{survey_points}"),
                "answered_at": utc("completeDate"),
            },
            optional=True,
            since=changed("completeDate"),
            keep=Convert(("surveyRating", "completeDate"), lambda rating, moment: None not in (rating, moment)),
        ),
        read(
            "reopened tickets", "TicketHistory", Ticket,
            {"external_id": "ticket", "reopened": "reopened"},
            each="tickets",
            together=TICKETS_A_QUESTION,
            adds=False,
            complete=True,
            optional=True,
            total=None,
            params={"fields": "id,ticketID,action,date,detail", "of": "ticketID in {each.id}"},
            paginate=FirstPage(),
            records=reopenings,
        ),
    ),
    about=About(
        gives="companies, tickets with their SLA and reopenings, time, contracts and units, invoices and surveys",
        key=(
            "In Autotask open Admin, Resources/Users, Security Levels, and copy “API User (system)”.",
            "In the copy take every right to add, edit and delete away, and leave View for the entities below.",
            "Under Admin, Resources/Users choose New API User and give it that security level.",
            "Generate its user name (key) and password (secret): the secret is shown once. Copy both into this form.",
            "As API tracking identifier choose Custom, name it after this product, and copy the identifier.",
            "Press Test connection.",
        ),
        scopes={
            "Companies: View": "clients, and whose every other record is",
            "Tickets and their history: View": "the service desk, and how often tickets were reopened",
            "Time entries, billing codes, projects and their tasks: View": "hours worked, and for whom",
            "Contracts and services: View": "what clients pay for, and seats",
            "Resources: View": "technicians, and what an hour of them costs if internal costs may be seen",
            "Invoices and surveys: View": "what was invoiced, and how clients answered",
        },
        never=(
            "descriptions, notes and attachments of tickets", "notes of time entries",
            "contacts: of a requester a keyed hash is kept", "user-defined fields", "the address of a resource",
        ),
        limits="2 requests a second of the 10,000 an hour that all integrations of the tenant share. A night costs "
        "about 30; reopenings one for every ten tickets that changed, so 1,000 (9 minutes) when 10,000 are first read.",
        not_read={"Asset": "Configuration items copy what the RMM says, which is read from the RMM."},
        unsure=(
            Unsure(
                "Whether the price of contract service units is that of all units or of one.",
                "Of all; where it equals the price of one unit in the contract, it is multiplied.",
            ),
            Unsure("Whether the end date of units is their last day.", "It is."),
            Unsure(
                "What a ticket's history calls a change of status.",
                "“from … to …” or an arrow; where no entry is understood that closes a ticket it stays unknown.",
            ),
            Unsure("Which statuses close a ticket.", "Complete, number 5, the one that the system itself knows."),
            Unsure("How merged tickets are told.", "By nothing: one that was merged counts as a closed ticket."),
            Unsure(
                "Whose the hours on a project's tasks are: a time entry names its task alone.",
                "That of the company of the task's project. A key that may view neither reads no time, and says so.",
            ),
            Unsure("Which number means Customer.", "The label of the type is read, never its number."),
            Unsure(
                "The highest rating of a survey is told nowhere.",
                "A setting says it, 5 unless changed; a higher rating is put aside with the reason.",
            ),
            Unsure("Whether too many requests are answered with 429.", "We wait then, as long as the answer says."),
            Unsure(
                "Which changes of a ticket move its last activity.",
                "Three more days are read every time, and everything is compared once a week.",
            ),
            Unsure(
                "What block hours, retainers and fixed prices come to in a month.",
                "Nothing: only recurring services do.",
            ),
        ),
    ),
)
