"""HaloPSA: clients, the service desk, time, contracts, recurring invoices, invoices and feedback (REST API)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from collectors.auth import ClientCredentials, Exchange
from collectors.convert import day, decimal, evidence, first, flag, hashed, not_flag, share, tagged, text, utc
from collectors.declare import About, Convert, Endpoint, Layer, Lookup, Record, Setting, Since, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.money import InvoiceLine
from collectors.facts.service import Queue, Survey, Technician, Ticket, TicketStatus, TimeEntry
from collectors.pagination import Answer, Cursor, OnePage, Paginate

COUNTED = Total(at="record_count")
BY_ID = {"order": "id", "orderdesc": "false"}
AT_ONCE = 20_000  # actions of one month
NOBODY = (None, "", 0, -1, "0", "-1")  # an id that names nothing
NO_YEAR = ("0001", "1900")  # of a date that stands for none
SCOPES = "read:tickets read:customers read:contracts read:invoices"


@dataclass(frozen=True, kw_only=True)
class ForTenant(ClientCredentials):
    """A hosted authorisation server serves many tenants and is told which; one's own serves one."""

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        tenant = str(exchange.connection.settings.get("tenant") or "").strip()
        asked = replace(self, token=f"{self.token}?tenant={quote(tenant)}" if tenant else self.token)
        return ClientCredentials.credentials(asked, exchange)


@dataclass(frozen=True, kw_only=True)
class Counted(Paginate):
    """Pages by number, of whatever size the server likes, until as many came as it says there are.

    A count that is no more than the page itself may be the page's own: then only an empty page is the end.
    """

    key: str
    size: int = 100

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        page = str(cursor["page"] if cursor else 1)
        return {**params, **BY_ID, "pageinate": "true", "page_no": page, "page_size": str(self.size)}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        page, before = (cursor["page"], cursor["read"]) if cursor else (1, 0)
        here, said = len(answer.body[self.key]), answer.body["record_count"]
        read = before + here
        if not here:
            if said > read:
                raise ValueError("an empty page before the end")
            return None
        return {"page": page + 1, "read": read} if said > read or said == here else None


@dataclass(frozen=True, kw_only=True)
class AtOnce(Paginate):
    """A list without pages: more is asked for than there can be, and so much is too much to be sure of."""

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "count": str(AT_ONCE)}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        if len(records) >= AT_ONCE:
            raise ValueError("more than can be asked for at once")
        return None


# Lists


def bare(key: str) -> Callable[[Any], list[Record]]:
    """The list of an answer that is one, or that holds it at `key`: which of the two is in no document."""
    return lambda body: body if isinstance(body, list) else body[key]


def with_priority(body: Any) -> Iterator[Record]:
    """Tickets with what their priority is known by: its id repeats in every SLA."""
    for row in body["tickets"]:
        yield {**row, "priority_of": f"{row.get('sla_id')}/{row.get('priority_id')}"} if isinstance(row, dict) else row


def priorities(body: Any) -> Iterator[Record]:
    for row in bare("priorities")(body):
        yield {**row, "of": f"{row.get('slaid', row.get('sla_id'))}/{row.get('priorityid')}"}


def lines(body: Any) -> Iterator[Record]:
    """Each line of each invoice with its invoice; an invoice without lines is one line, of its total without tax."""
    for invoice in body["invoices"]:
        if not isinstance(invoice, dict):
            yield invoice
            continue
        known = {**invoice, "lines": None}
        for line in invoice.get("lines") or [None]:
            yield {**(line or {}), "whole": line is None, "invoice": known}


# Values


def moment(path: str) -> Convert:
    """A moment in UTC, which goes without saying here; None for the dates that stand for none."""
    read = utc(path).of

    def of(value: Any) -> Any:
        if value is None or not isinstance(value, str) or value.startswith(NO_YEAR):
            return None if value is None or isinstance(value, str) else read("no date")
        told = value.strip()
        return read(told if not told or told.endswith("Z") or "+" in told else f"{told}Z")

    return Convert((path,), of)


def date_at(path: str) -> Convert:
    read = day(path).of
    return Convert((path,), lambda value: None if isinstance(value, str) and value.startswith(NO_YEAR) else read(value))


def id_at(path: str) -> Convert:
    return Convert((path,), lambda value: None if value in NOBODY else value)


def when_closed(still_open: Any, value: Any) -> Any:
    """When a ticket was closed; a date left from before it was opened again tells nothing."""
    return moment("").of(value) if still_open is None else None


def sla_met(still_open: Any, excluded: Any, *dates: Any) -> bool | None:
    """Whether a closed ticket was answered and solved by when it had to be, as far as there are goals."""
    responded, respond_by, closed, fix_by = (moment("").of(value) for value in dates)
    if still_open is not None or excluded is True:
        return None
    judged = [(at, by) for at, by in ((responded, respond_by), (closed, fix_by)) if at and by]
    return all(at <= by for at, by in judged) if judged else None


def reopened(still_open: Any, has_been_closed: Any) -> int | None:
    """How often a ticket was opened again: told of the open ones alone, and of these whether at all."""
    if still_open is None or not isinstance(has_been_closed, bool):
        return None
    return int(has_been_closed)


def months(code: Any, table: Any) -> int | None:
    """Months of a billing period, by the codes and months of the connection's setting."""
    known = dict(pair.split("=") for pair in str(table or "").replace(" ", "").split(",") if "=" in pair)
    if code in NOBODY:
        return None
    if str(code) not in known:
        raise ValueError(f"billing period {str(code)[:40]} is not in the connection's table of periods")
    return int(known[str(code)])


def line_id(invoice: Any, line: Any, whole: Any) -> str | None:
    return None if invoice in NOBODY else f"{invoice}" if whole else None if line is None else f"{invoice}/{line}"


def line_amount(whole: Any, amount: Any, total: Any, tax: Any) -> Decimal | None:
    if not whole:
        return decimal("").of(amount)  # type: ignore[no-any-return]
    return None if total is None else Decimal(str(total)) - Decimal(str(tax or 0))


def line_cost(unit: Any, quantity: Any) -> Decimal | None:
    return None if unit is None or quantity is None else Decimal(str(unit)) * Decimal(str(quantity))


def own_charge(amount: Any, counts: Any) -> Decimal:
    """A contract's own charge, where it is not also a line of a recurring invoice."""
    return Decimal(0) if counts == "no" else decimal("", "0").of(amount)


def from_to(start: datetime, end: datetime) -> Mapping[str, str]:
    return {name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for name, at in (("startdate", start), ("enddate", end))}


def days_from_to(start: datetime, end: datetime) -> Mapping[str, str]:
    return {"invoicedatestart": f"{start:%Y-%m-%d}", "invoicedateend": f"{end:%Y-%m-%d}"}


STATUS = Lookup(path="/Status", by="status_id", records=bare("statuses"), paginate=OnePage())
STILL_OPEN = replace(STATUS, params={"excludeclosed": "true"})
RECURRING = {"includelines": "true"}
ADDRESS = ("main_invoice_address.line1", "main_invoice_address.line3", "main_invoice_address.postcode")

VENDOR = Vendor(
    slug="halopsa",
    label="HaloPSA",
    layer=Layer.PSA,
    base_url="{address}/api",
    auth=ForTenant(token="{auth_address}/token", scope=SCOPES),  # noqa: S106
    paginate=OnePage(),
    test="/Status",
    headers={"Accept": "application/json"},
    pace=2.0,
    console="{address}",
    advice="In HaloPSA give the API application's agent a role that may only read, and it the read permissions.",
    settings=(
        Setting(
            name="address",
            label="Resource server",
            help="Without /api, such as https://yours.halopsa.com. "
            "Configuration, Integrations, Halo API, API Details shows it.",
        ),
        Setting(
            name="auth_address",
            label="Authorisation server",
            help="Shown at the same place, such as https://yours.halopsa.com/auth.",
        ),
        Setting(
            name="tenant",
            label="Tenant",
            help="Shown at the same place; empty where you host it yourself.",
            required=False,
        ),
        Setting(
            name="periods",
            label="Months of each billing period",
            default="2=1, 3=3, 4=6, 5=12",
            required=False,
            help="HaloPSA's number of a billing period, and how many months it has.",
        ),
        Setting(
            name="contract_charge",
            label="Contracts bill their own charge",
            default="yes",
            required=False,
            choices=(("yes", "Yes, beside recurring invoices"), ("no", "No, recurring invoices hold it")),
        ),
        Setting(
            name="survey_points",
            label="Best score of feedback",
            default="5",
            required=False,
            help="Scores are told as a part of it.",
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="ticket types",
            path="/TicketType",
            records=bare("tickettypes"),
            into=Queue,
            complete=True,
            params={"showall": "true"},
            fields={"external_id": "id", "name": "name"},
        ),
        Endpoint(
            name="clients",
            path="/Client",
            records_at="clients",
            paginate=Counted(key="clients"),
            total=COUNTED,
            into=Account,
            complete=True,
            params={"includeactive": "true", "includeinactive": "true"},
            fields={"external_id": "id", "name": "name", "active": not_flag("inactive")},
        ),
        Endpoint(
            name="client details",
            path="/Client/{id}",
            records=lambda body: [{**body, "id": body["id"]}],
            each="clients",
            into=Account,
            adds=False,
            complete=True,
            optional=True,
            params={"includedetails": "true"},
            fields={
                "external_id": "id",
                "evidence": evidence(domains=("website", "domain"), phones=("main_phonenumber",), addresses=(ADDRESS,)),
            },
        ),
        Endpoint(
            name="statuses",
            path="/Status",
            records=bare("statuses"),
            into=TicketStatus,
            complete=True,
            looks_up={"open": replace(STILL_OPEN, by="id")},
            fields={
                "external_id": "id",
                "name": "name",
                "closed": Convert(("open.id",), lambda still_open: still_open is None),
            },
        ),
        Endpoint(
            name="agents",
            path="/Agent",
            records=bare("agents"),
            into=Technician,
            complete=True,
            params={"includeenabled": "true", "includedisabled": "true"},
            keep=Convert(("name",), lambda name: name != "Unassigned"),
            fields={
                "external_id": "id",
                "name": "name",
                "active": Convert(("isdisabled",), lambda disabled: disabled is not True),
            },
        ),
        Endpoint(
            name="agent costs",
            path="/Agent/{id}",
            records=lambda body: [{**body, "id": body["id"]}],
            each="agents",
            into=Technician,
            adds=False,
            complete=True,
            optional=True,
            fields={"external_id": "id", "hourly_cost": decimal("costprice")},
        ),
        Endpoint(
            name="contracts",
            path="/ClientContract",
            records_at="contracts",
            paginate=Counted(key="contracts"),
            total=COUNTED,
            into=Agreement,
            complete=True,
            params={"includeinactive": "true"},
            fields={
                "external_id": "id",
                "name": first(text("ref"), "id"),
                "account": id_at("client_id"),
                "kind": first(text("contracttype_name"), text("contracttype")),
                "amount": Convert(("periodchargeamount", "{contract_charge}"), own_charge),
                "cycle_months": Convert(("billingperiod", "{periods}"), months),
                "starts_on": date_at("start_date"),
                "ends_on": date_at("end_date"),
                "cancelled": Convert(("active", "expired"), lambda active, expired: active is False and not expired),
            },
        ),
        Endpoint(
            name="recurring invoices",
            path="/RecurringInvoice",
            records_at="invoices",
            paginate=Counted(key="invoices"),
            total=COUNTED,
            into=Agreement,
            complete=True,
            params=RECURRING,
            fields={
                "external_id": tagged("recurring", "id"),
                "name": first(text("contract_ref"), text("client_name"), "id"),
                "account": id_at("client_id"),
                "kind": Convert((), lambda: "Recurring invoice"),
                "cycle_months": Convert(("period", "{periods}"), months),
                "currency": text("currency"),
                "starts_on": date_at("startdate"),
                "ends_on": date_at("enddate"),
                "cancelled": flag("disabled", False),
            },
        ),
        Endpoint(
            name="recurring invoice lines",
            path="/RecurringInvoice",
            records=lines,
            paginate=Counted(key="invoices"),
            total=COUNTED,
            into=Addition,
            complete=True,
            params=RECURRING,
            keep=Convert(("whole",), lambda whole: not whole),
            fields={
                "external_id": Convert(("invoice.id", "id", "whole"), line_id),
                "agreement": tagged("recurring", "invoice.id"),
                "product": first(text("item_code"), text("item_shortdescription")),
                "quantity": decimal("qty_order", "0"),
                "amount": decimal("net_amount", "0"),
                "billed": not_flag("isinactive"),
                "effective_on": date_at("startdate"),
                "cancelled_on": date_at("enddate"),
            },
        ),
        Endpoint(
            name="tickets",
            path="/Tickets",
            records=with_priority,
            paginate=Counted(key="tickets"),
            total=COUNTED,
            into=Ticket,
            since=Since(lambda moment: {"lastupdatefromdate": f"{moment:%Y-%m-%dT%H:%M:%S}"}),
            params={"includeclosed": "true"},
            looks_up={
                "status": STATUS,
                "open": STILL_OPEN,
                "priority": Lookup(path="/Priority", by="priority_of", id="of", records=priorities),
            },
            fields={
                "external_id": "id",
                "account": id_at("client_id"),
                "queue": id_at("tickettype_id"),
                "technician": id_at("agent_id"),
                "title": text("summary"),
                "type": text("category_1"),
                "subtype": text("category_2"),
                "priority": text("priority.name"),
                "status": text("status.name"),
                "requester": Convert(("user_id",), lambda user: "" if user in NOBODY else hashed(str(user))),
                "closed": Convert(("open.id",), lambda still_open: still_open is None),
                "opened_at": moment("dateoccurred"),
                "first_response_at": moment("responsedate"),
                "resolved_at": Convert(("open.id", "dateclosed"), when_closed),
                "closed_at": Convert(("open.id", "dateclosed"), when_closed),
                "sla_met": Convert(
                    ("open.id", "excludefromsla", "responsedate", "respondbydate", "dateclosed", "fixbydate"), sla_met
                ),
                "reopened": Convert(("open.id", "hasbeenclosed"), reopened),
                "parent": id_at("parent_id"),
                "merged_into": id_at("merged_into_id"),
            },
        ),
        Endpoint(
            name="actions",
            path="/Actions",
            records_at="actions",
            paginate=AtOnce(),
            total=COUNTED,
            into=TimeEntry,
            complete=True,
            params={"timeentriesonly": "true", "agentonly": "true"},
            window=from_to,
            span_months=1,
            fields={
                "external_id": Convert(
                    ("ticket_id", "id"), lambda ticket, id: None if None in (ticket, id) else f"{ticket}/{id}"
                ),
                "ticket": id_at("ticket_id"),
                "technician": first(id_at("actionby_agent_id"), id_at("who_agentid")),
                "agreement": id_at("actioncontractid"),
                "charged_to": Convert((), lambda: "ticket"),
                "hours": decimal("timetaken"),
                "billable": flag("actisbillable"),
                "worked_at": first(moment("actionarrivaldate"), moment("datetime")),
                "entered_at": first(moment("datetime"), moment("actiondatecreated")),
            },
        ),
        Endpoint(
            name="invoices",
            path="/Invoice",
            records=lines,
            paginate=Counted(key="invoices"),
            total=COUNTED,
            into=InvoiceLine,
            complete=True,
            optional=True,
            params={"includelines": "true"},
            window=days_from_to,
            keep=Convert(("invoice.voided",), lambda voided: voided is not True),
            fields={
                "external_id": Convert(("invoice.id", "id", "whole"), line_id),
                "account": id_at("invoice.client_id"),
                "agreement": first(id_at("contract_id"), id_at("invoice.contract_id")),
                "number": text("invoice.invoicenumber"),
                "category": text("nominal_code"),
                "amount": Convert(("whole", "net_amount", "invoice.total", "invoice.tax_total"), line_amount),
                "cost": Convert(("unit_cost", "qty_order"), line_cost),
                "currency": text("invoice.currency"),
                "posted_on": date_at("invoice.invoice_date"),
                "due_on": date_at("invoice.duedate"),
                "paid_on": date_at("invoice.datepaid"),
            },
        ),
        Endpoint(
            name="feedback",
            path="/Feedback",
            records=bare("feedback"),
            into=Survey,
            complete=True,
            optional=True,
            keep=Convert(("score",), lambda score: score not in (None, 0)),  # asked for, and not given
            fields={
                "external_id": "id",
                "ticket": id_at("ticket_id"),
                "score": share("score", "{survey_points}"),
                "answered_at": moment("date"),
            },
        ),
    ),
    about=About(
        gives="clients, tickets with their SLA, time, contracts, recurring invoices, invoices and feedback",
        key=(
            "In HaloPSA open Configuration, Teams & Agents, Roles and add a role that may only read; name it after this"
            " product.",
            "Add an agent with that role, who may see every client, team and ticket type: HaloPSA gives a key only what"
            " its agent sees.",
            "Open Configuration, Integrations, Halo API, View Applications and add one with Client ID and Secret"
            " (Services), that logs in as this agent.",
            "On its Permissions tab choose read:tickets, read:customers, read:contracts and read:invoices.",
            "Copy the client ID and the secret, which is shown once, into this form; the servers and the tenant are"
            " shown under API Details.",
            "Press Test connection.",
        ),
        scopes={
            "read:tickets": "tickets with their types, statuses and priorities, agents, time and feedback",
            "read:customers": "clients",
            "read:contracts": "contracts",
            "read:invoices": "invoices and recurring invoices",
        },
        never=(
            "notes and e-mails of tickets: of an action its time is kept",
            "users: of a requester a keyed hash is kept",
            "comments of feedback",
            "custom fields",
            "assets and their passwords",
            "reports, which run SQL",
        ),
        limits="2 requests a second: the 700 in five minutes that are quoted are in no document of the vendor.",
        not_read={"Asset": "The RMM tells devices better; HaloPSA's are copies of what it says."},
        unsure=(
            Unsure(
                "What people call a board: a team or a ticket type.",
                "The ticket type. It tells incidents from projects, opportunities and the MSP's own work, and a ticket"
                " names it by its id; of a team it has only the name.",
            ),
            Unsure(
                "How often a closed ticket had been opened again is in no list; its history would be one request a"
                " ticket.",
                "It stays unknown for closed tickets. Of an open one hasbeenclosed tells whether it was closed before.",
            ),
            Unsure(
                "Whether hasbeenclosed and dateclosed are taken back when a ticket is opened again.",
                "Whether a ticket is closed is told by its status alone; a date on an open one is left out.",
            ),
            Unsure("Which statuses close a ticket.", "Those that are not listed with excludeclosed."),
            Unsure(
                "Whether lastupdatefromdate is honoured: the API document calls it a flag.",
                "It is sent. A server that ignores it lists everything, which takes longer and gives the same.",
            ),
            Unsure(
                "Whether record_count is of the list or of the page, and how large a page may be.",
                "Pages are read until that many came; where it is no more than the page's, until one is empty.",
            ),
            Unsure("Whether agents, types, statuses and feedback come as a bare list.", "Both are understood."),
            Unsure(
                "Whether a contract's own charge is also a line of a recurring invoice.",
                "It is not, unless the connection says so; each recurring invoice is an agreement of its own.",
            ),
            Unsure(
                "Which number of a billing period means how many months.",
                "A setting says it; what is not in it is put aside with the reason.",
            ),
            Unsure("How high feedback goes.", "A setting says it, 5 unless changed; a higher score is put aside."),
            Unsure("Whether a priority names its SLA as slaid or sla_id.", "Either is understood."),
            Unsure("By which of its dates an action is found.", "By datetime, which is when it was entered."),
            Unsure("Whether client 1 is the one for what is nobody's.", "It is listed, and people decide."),
            Unsure("Whether agent 1 stands for nobody.", "An agent named Unassigned is no technician."),
        ),
    ),
)
