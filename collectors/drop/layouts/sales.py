"""What files of sales hold: deals and the stages they went through, calls and meetings."""

from __future__ import annotations

from collectors.declare import Convert, Layer
from collectors.drop.declare import Column, Kind, Layout
from collectors.drop.layouts.common import (
    BY_COMPANY,
    COMPANY_ID,
    COMPANY_IF_ANY,
    CURRENCY,
    amount,
    day,
    flag,
    moment,
    text,
)  # fmt: skip
from collectors.facts.sales import Activity, Deal, DealStage

DEALS = Layout(
    key="deals",
    label="Deals",
    about="Deals as they are now: for the days it covers, every deal made or closed in them.",
    layer=Layer.CRM,
    into=Deal,
    id="Deal id",
    known_by=("Created", "Company", "Deal"),
    by="created_on",
    dated=("Created",),
    named=(BY_COMPANY,),
    columns=(
        text("Deal", "The deal's name", "Managed services for Brightwater", "Deal name", "Opportunity",
             "Opportunity name", "Name", required=True),
        moment("Created", "When it was made", "2026-03-02", "Create date", "Created at", "Date created", required=True),
        Column(name="Status", meaning="open, won or lost", example="won", required=True, kind=Kind.CHOICE,
               choices={"open": "open", "won": "won", "closed won": "won", "lost": "lost", "closed lost": "lost"},
               also=("Outcome",)),
        text("Deal id", "The source's own id; without it the day, the company and the name tell deals apart", "D-771",
             "Opportunity id", "Id"),
        COMPANY_IF_ANY, COMPANY_ID,
        text("Pipeline", "The pipeline it is in", "Sales"),
        text("Stage", "The stage it is in", "Closed won", "Deal stage"),
        amount("Amount", "What it is worth", "51,000.00", "Value", "Deal value"), CURRENCY,
        text("Owner", "Who sells: one of your own people", "Seller 03", "Deal owner", "Salesperson"),
        text("Partner", "Who brought it: the partner's name, as the file of partners gives it", "Northgate Alliance",
             "Referred by", "Partner name", "Source partner"),
        moment("Closed", "When it was won or lost; empty while it is open", "2026-04-16", "Close date", "Closed at",
               "Closed on", "Actual close date"),
        day("Expected", "When an open one is expected to close", "", "Expected close date", "Expected close"),
    ),
    fields={
        "account": "Company key", "name": "Deal", "pipeline": "Pipeline", "stage": "Stage", "status": "Status",
        "amount": "Amount", "currency": "Currency", "owner": "Owner", "partner": "Partner", "created_at": "Created",
        "closed_at": Convert(("Closed", "Status"), lambda at, status: None if status == "open" else at),
        "expected_on": "Expected",
    },
)  # fmt: skip

DEAL_STAGES = Layout(
    key="deal_stages",
    label="Stages of deals",
    about="When each deal came into each stage: for the days it covers, every move.",
    layer=Layer.CRM,
    into=DealStage,
    known_by=("Deal id", "Stage", "Entered"),
    by="entered_on",
    dated=("Entered",),
    columns=(
        text("Deal id", "The deal's id, as the file of deals gives it", "D-771", "Opportunity id", "Id",
             required=True),
        text("Stage", "The stage it came into", "Proposal sent", "To stage", "New stage", required=True),
        moment("Entered", "When it came into it", "2026-03-20 15:00", "Date", "Changed", "Stage date", required=True),
    ),
    fields={"deal": "Deal id", "stage": "Stage", "entered_at": "Entered"},
)  # fmt: skip

ACTIVITIES = Layout(
    key="activities",
    label="Calls and meetings",
    about="Calls and meetings with prospects and clients: for the days it covers, every one.",
    layer=Layer.CRM,
    into=Activity,
    id="Activity id",
    known_by=("Happened", "Kind", "Owner", "Company", "Outcome", "Type"),
    by="happened_on",
    dated=("Happened",),
    named=(BY_COMPANY,),
    columns=(
        moment("Happened", "When it was", "2026-04-07 14:00", "Date", "Start", "Activity date", "When", required=True),
        Column(name="Kind", meaning="call, meeting or other", example="call", required=True, kind=Kind.CHOICE,
               choices={"call": "call", "phone": "call", "dial": "call", "meeting": "meeting", "visit": "meeting",
                        "appointment": "meeting", "other": "other", "email": "other", "task": "other"},
               also=("Activity",)),
        text("Type", "What it was for, as you call it: first appointment, review, …", "Telemarketing",
             "Activity type"),
        text("Outcome", "What came of it, as you call it: connected, no answer, held, …", "Connected", "Result",
             "Disposition"),
        flag("Done", "Whether it took place; empty means yes", "yes", "Held"),
        COMPANY_IF_ANY, COMPANY_ID,
        text("Deal id", "The deal it belongs to", "", "Opportunity id"),
        text("Owner", "Who did it: one of your own people", "Seller 03", "Assigned to", "Salesperson"),
        text("Activity id", "The source's own id, where there is one", "", "Id"),
    ),
    fields={
        "account": "Company key", "deal": "Deal id", "kind": "Kind", "type": "Type", "outcome": "Outcome",
        "done": Convert(("Done",), lambda said: True if said is None else said), "owner": "Owner",
        "happened_at": "Happened",
    },
)  # fmt: skip

SALES = (DEALS, DEAL_STAGES, ACTIVITIES)
