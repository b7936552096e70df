"""ConnectWise PSA: companies, the service desk, time and agreements (REST API 3.0)."""

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
    text,
    utc,
)
from collectors.declare import Convert, Endpoint, Layer, Setting, Since, Total, Vendor
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.service import Queue, Technician, Ticket, TicketStatus, TimeEntry
from collectors.pagination import LinkHeader

TICKETS = 'recordType in ("ServiceTicket", "ProjectTicket", "ProjectIssue")'  # left out, project tickets may be missing
CHARGED_TO = {
    "ServiceTicket": "ticket", "ProjectTicket": "project", "Company": "company", "ChargeCode": "charge code",
    "Activity": "activity",
}  # fmt: skip
BILLED = {"Billable": True, "DoNotBill": False, "NoCharge": False}
BY_ID = {"orderBy": "id asc"}


def changed(where: str = "") -> Since:
    """What changed at or after a moment, the date in brackets as the conditions language wants it."""
    return Since(lambda moment: {"conditions": f"{where}lastUpdated >= [{moment:%Y-%m-%dT%H:%M:%SZ}]"})


def counted(path: str) -> Total:
    """Every list can be counted, by the same conditions."""
    return Total(
        path=f"{path}/count", at="count",
        of=lambda params: {name: text for name, text in params.items() if name == "conditions"},
    )  # fmt: skip


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
    ),
)
