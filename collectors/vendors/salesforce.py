"""Salesforce (REST and SOQL): accounts, opportunities and the stages they went through, calls and events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from collectors.auth import ClientCredentials
from collectors.convert import constant, day, decimal, evidence, flag, joined, tagged, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Record, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.sales import Activity, Deal, DealStage
from collectors.pagination import Answer, Cursor, Paginate

OVER_THE_LIMIT = ("REQUEST_LIMIT_EXCEEDED", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE")
CUSTOMER_WORDS = ("customer", "client")
OPPORTUNITY = "006"  # how the ids of opportunities begin


@dataclass(frozen=True, kw_only=True)
class ById(Paginate):
    """A question in SOQL, put together of `select`, `from` and perhaps `where`, and gone through by ascending id.

    The vendor's own place in an answer is forgotten after minutes; the last id is a place for ever. An answer may be
    cut shorter than was asked for, and says then that it is not done.
    """

    size: int = 2000

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        after = (f"Id > '{cursor['above']}'",) if cursor else ()
        return {"q": f"SELECT {params['select']} {_source(params, *after)} ORDER BY Id LIMIT {self.size}"}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        rows = answer.body["records"]  # of which `records` may be parts
        if answer.body.get("done") is not False and len(rows) < self.size:
            return None
        if not rows:
            raise ValueError("an empty page that is not the last")
        return {"above": rows[-1]["Id"]}


def _source(params: Mapping[str, str], *more: str) -> str:
    conditions = " AND ".join(filter(None, (params.get("where", ""), *more)))
    return f"FROM {params['from']}" + (f" WHERE {conditions}" if conditions else "")


def count(params: Mapping[str, str]) -> dict[str, str]:
    return {"q": f"SELECT COUNT() {_source(params)}"}


def fault(status: int, body: Any) -> Fault | None:
    """The first of the errors that come as a list. A limit that is used up is told as 403, with no word of a wait."""
    if not isinstance(body, list):
        return None
    error = next((one for one in body if isinstance(one, Mapping)), {})
    code, says = str(error.get("errorCode") or ""), str(error.get("message") or "an error")
    if code in OVER_THE_LIMIT:
        return Fault(f"{code}: {says}", wait=True)
    return Fault(f"{status}, {code}: {says}", wait=status < 300 or status >= 500)


def why_no_token(answer: Mapping[str, Any]) -> str:
    """What the sign-in means where it takes the right key for a wrong one."""
    if answer.get("error") == "invalid_grant":
        return "Salesforce gives no token: the app has no user to run as, or the address is not your own domain."
    return ""


def ways(body: Any) -> Iterator[Record]:
    """Each time an opportunity came into a stage. A row is written for other changes too, and repeats the stage."""
    for deal in body["records"]:
        history = deal.get("OpportunityHistories") or {"records": []}
        if history.get("done") is False:
            raise ValueError(f"the history of {deal['Id']} goes on elsewhere")
        before = None
        for row in sorted(history["records"], key=lambda one: str(one["CreatedDate"])):
            if row["StageName"] != before:
                yield {"deal": deal["Id"], "stage": row["StageName"], "at": row["CreatedDate"]}
            before = row["StageName"]


def kind_of(said: Any) -> str:
    is_client = any(word in str(said or "").lower() for word in CUSTOMER_WORDS)
    return (Account.Kind.CLIENT if is_client else Account.Kind.PROSPECT).value


def status_of(closed: Any, won: Any) -> str:
    if won is True:
        return Deal.Status.WON.value
    return (Deal.Status.LOST if closed is True else Deal.Status.OPEN).value


def noon(day: Any) -> datetime | None:
    """A day without a time, at noon, which is that day from one side of America to the other of Europe."""
    moment: datetime | None = utc("").of(f"{day}T12:00:00Z" if day else None)
    return moment


def called_at(done: Any, due: Any, made: Any) -> datetime | None:
    moment: datetime | None = utc("").of(done) or noon(due) or utc("").of(made)
    return moment


CLOSED_AT = Convert(("IsClosed", "CloseDate"), lambda closed, day: noon(day) if closed is True else None)
EXPECTED = Convert(("IsClosed", "CloseDate"), lambda closed, said: None if closed is True else day("").of(said))
OF_DEAL = Convert(("WhatId",), lambda what: what if str(what or "").startswith(OPPORTUNITY) else None)

Queried = partial(
    Endpoint, path="/query", records_at="records", complete=True,
    total=Total(path="/query", of=count, at="totalSize"),
)  # fmt: skip
# Activities older than a year are archived, which only this address still names; it names deleted ones too.
WithArchive = partial(Queried, path="/queryAll", total=Total(path="/queryAll", of=count, at="totalSize"))

VENDOR = Vendor(
    slug="salesforce",
    label="Salesforce",
    layer=Layer.CRM,
    base_url="{address}/services/data/v60.0",
    auth=ClientCredentials(token="{address}/services/oauth2/token", means=why_no_token),  # noqa: S106
    paginate=ById(),
    test="/limits",
    headers={"Accept": "application/json"},
    errors=fault,
    pace=4.0,
    advice="In Salesforce give the app's run-as user a permission set that reads what the form names, all records.",
    settings=(
        Setting(
            name="address", label="My Domain address", default="https://your-domain.my.salesforce.com",
            help="Where your people sign in, ending in my.salesforce.com. A token is given there and nowhere else.",
        ),
        Setting(name="client_id", label="Consumer key", secret=True),
        Setting(name="client_secret", label="Consumer secret", secret=True),
    ),
    endpoints=(
        Queried(
            name="accounts",
            into=Account,
            params={"select": "Id, Name, Website, Type, AccountNumber", "from": "Account"},
            fields={
                "external_id": "Id",
                "name": text("Name"),
                "kind": Convert(("Type",), kind_of),
                "evidence": evidence(domains=("Website",), ids={"connectwise_psa": "AccountNumber"}),
            },
        ),
        Queried(
            name="opportunities",
            into=Deal,
            params={
                "select": "Id, AccountId, Name, Amount, StageName, CloseDate, CreatedDate, IsClosed, IsWon, Type, "
                "Owner.Name",
                "from": "Opportunity",
            },
            fields={
                "external_id": "Id",
                "account": "AccountId",
                "name": text("Name"),
                "pipeline": text("Type"),
                "stage": text("StageName"),
                "status": Convert(("IsClosed", "IsWon"), status_of),
                "amount": decimal("Amount"),
                "owner": text("Owner.Name"),
                "created_at": utc("CreatedDate"),
                "closed_at": CLOSED_AT,
                "expected_on": EXPECTED,
            },
        ),
        Queried(
            name="partners of opportunities",
            into=Deal,
            adds=False,
            optional=True,
            total=None,
            params={
                "select": "Id, OpportunityId, AccountTo.Name", "from": "OpportunityPartner",
                "where": "IsPrimary = true AND IsDeleted = false",
            },
            fields={"external_id": "OpportunityId", "partner": text("AccountTo.Name")},
        ),
        Queried(
            name="stages of opportunities",
            into=DealStage,
            total=None,
            records=ways,
            paginate=replace(ById(), size=200),
            params={
                "select": "Id, (SELECT StageName, CreatedDate FROM OpportunityHistories)", "from": "Opportunity",
            },
            fields={
                "external_id": joined("deal", "at", "stage", by="/"),
                "deal": "deal",
                "stage": "stage",
                "entered_at": utc("at"),
            },
        ),
        WithArchive(
            name="calls",
            into=Activity,
            params={
                "select": "Id, AccountId, WhatId, IsClosed, ActivityDate, CompletedDateTime, CreatedDate, CallType, "
                "CallDisposition, Owner.Name",
                "from": "Task", "where": "TaskSubtype = 'Call' AND IsDeleted = false",
            },
            keep=Convert(("CallType",), lambda said: said != "Inbound"),
            fields={
                "external_id": tagged("call", "Id"),
                "account": "AccountId",
                "deal": OF_DEAL,
                "kind": constant(Activity.Kind.CALL),
                "outcome": Convert(("CallDisposition",), lambda said: str(said or "").strip().lower()),
                "done": flag("IsClosed", default=True),
                "owner": text("Owner.Name"),
                "happened_at": Convert(("CompletedDateTime", "ActivityDate", "CreatedDate"), called_at),
            },
        ),
        WithArchive(
            name="events",
            into=Activity,
            params={
                "select": "Id, AccountId, WhatId, Type, StartDateTime, ActivityDateTime, CreatedDate, Owner.Name",
                "from": "Event",
                "where": "IsChild = false AND IsRecurrence = false AND IsDeleted = false AND EndDateTime < TODAY",
            },
            fields={
                "external_id": tagged("event", "Id"),
                "account": "AccountId",
                "deal": OF_DEAL,
                "kind": constant(Activity.Kind.MEETING),
                "type": text("Type"),
                "owner": text("Owner.Name"),
                "happened_at": Convert(
                    ("StartDateTime", "ActivityDateTime", "CreatedDate"),
                    lambda *moments: next((moment for one in moments if (moment := utc("").of(one))), None),
                ),
            },
        ),
    ),
    about=About(
        gives="prospects and clients, opportunities and the stages they went through, calls and events",
        key=(
            "Sign in to Salesforce as an administrator and make a user for this product, with the API Only profile.",
            "Make a permission set with API Enabled and, for the objects named below, Read and View All; assign it to "
            "that user.",
            "Under Setup, External Client App Manager, make an app: enable OAuth, choose the scope api, and enable the "
            "client credentials flow with that user to run as.",
            "Copy its consumer key and consumer secret into this form, and the address of your My Domain.",
            "Press Test connection.",
        ),
        scopes={
            "Account": "prospects and clients, and their websites",
            "Opportunity": "deals, their amounts, stages and stage history",
            "OpportunityPartner": "which partner brought a deal; without it the rest is read all the same",
            "Task, Event": "calls and meetings",
            "User": "the names of your own sellers",
        },
        never=(
            "contacts and leads", "e-mails and files", "texts of calls and events", "cases and products",
            "custom fields", "calls that came in", "events that are not over",
        ),
        limits="4 requests a second and 2,000 records a page, of the 100,000 requests and more that an org has a day.",
        unsure=(
            Unsure("Which version of the interface an org of today serves best.", "Version 60.0, pinned in one place."),
            Unsure("Whether an org keeps partners of opportunities.",
                   "They are a list of their own: where there is none the run goes on and says so."),
            Unsure("Which words of Type mean a customer: they differ from org to org.",
                   "A type with “customer” or “client” in it; any other is a prospect."),
            Unsure("At what time an opportunity was closed: its close date is a day.", "At noon UTC of that day."),
            Unsure("What came of an event: the standard has no field for it.",
                   "It happened, and its outcome is not known; one that is not over is not read."),
            Unsure("In which currency an amount is, in an org with several.", "No currency is told."),
        ),
    ),
)  # fmt: skip
