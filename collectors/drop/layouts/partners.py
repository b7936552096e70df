"""What files of partners hold: who they are, what they registered, and their figures by month."""

from __future__ import annotations

from collectors.declare import Layer
from collectors.drop.declare import Column, Kind, Layout, Named
from collectors.drop.layouts.common import CURRENCY, amount, day, moment, text
from collectors.facts.partners import Partner, PartnerFigure, Registration

PARTNER = text(
    "Partner", "The partner's name, as deals give it", "Northgate Alliance", "Partner name", "Company", required=True,
)  # fmt: skip
PARTNER_ID = text("Partner id", "The one id it has in every system", "P-09", "Partner unique id", "Id")
BY_PARTNER = Named(into=Partner, column="Partner", id="Partner id")
MEASURES = {
    "revenue target": "revenue_target",
    "training courses completed": "training_completed",
    "training courses assigned": "training_assigned",
    "active certifications": "certifications",
    "portal logins": "portal_logins",
    "events attended": "events",
    "joint marketing activities": "joint_marketing",
    "funds allocated": "funds_allocated",
    "funds spent": "funds_spent",
    "fund requests": "fund_requests",
    "fund requests approved": "fund_requests_approved",
    "revenue from funds": "funds_revenue",
    "days to first spend": "days_to_first_spend",
    "satisfaction": "satisfaction",
    "surveys sent": "surveys_sent",
    "surveys answered": "surveys_answered",
    "net promoter score": "nps",
    "days to implement": "days_to_implement",
    "customers": "customers",
    "customers lost": "customers_lost",
    "support tickets": "support_tickets",
    "tickets solved at first contact": "first_contact_resolutions",
    "tickets escalated": "escalations",
}

PARTNERS = Layout(
    key="partners",
    label="Partners",
    about="Every partner, as it stands on one day.",
    layer=Layer.CRM,
    into=Partner,
    id="Partner id",
    known_by=("Partner",),
    columns=(
        PARTNER, PARTNER_ID,
        text("Tier", "Strategic, Select, Registered, or as you call it", "Select", "Partner tier"),
        text("Segment", "Focus, Assist, or as you call it", "Focus", "Partner segment"),
        text("Region", "Its region", "Northeast", "Geographic region", "Territory"),
        text("Partner manager", "Who looks after it: one of your own people", "Seller 03"),
        text("Account manager", "Who sells with it: one of your own people", "Seller 05"),
        text("Status", "active, inactive, or as you call it", "active", "Partner status"),
        day("Since", "The day the partnership began", "2023-02-01", "Partnership start date", "Start date"),
        day("Contract ends", "The last day of its contract", "2027-01-31", "Contract end date", "End date"),
    ),
    fields={
        "name": "Partner", "tier": "Tier", "segment": "Segment", "region": "Region", "manager": "Partner manager",
        "account_manager": "Account manager", "status": "Status", "starts_on": "Since", "ends_on": "Contract ends",
    },
)  # fmt: skip

REGISTRATIONS = Layout(
    key="partner_registrations",
    label="Deals registered by partners",
    about="Deals that partners registered: for the days it covers, every one submitted, decided or closed in them.",
    layer=Layer.CRM,
    into=Registration,
    id="Registration",
    by="submitted_on",
    dated=("Submitted",),
    named=(BY_PARTNER,),
    columns=(
        text("Registration", "The registration's id", "R-2026-041", "Registration id", required=True), PARTNER,
        moment("Submitted", "When the partner submitted it", "2026-04-02 10:00", "Submission date", "Submitted at",
               required=True),
        Column(name="Status", meaning="submitted, approved, rejected, won or lost", example="approved", required=True,
               kind=Kind.CHOICE,
               choices={"submitted": "submitted", "pending": "submitted", "approved": "approved",
                        "rejected": "rejected", "declined": "rejected", "won": "won", "lost": "lost"}),
        PARTNER_ID,
        text("Reason", "Why it was rejected or lost", "", "Rejection reason"),
        moment("Decided", "When it was approved or rejected", "2026-04-03 16:20", "Approval date", "Approved",
               "Rejected"),
        moment("Closed", "When it was won or lost", "", "Close date"),
        text("Deal id", "The deal it became, as the file of deals gives it", "D-771", "Opportunity id"),
        amount("Amount", "What it is worth", "51,000.00", "Value"), CURRENCY,
    ),
    fields={
        "partner": "Partner key", "deal": "Deal id", "status": "Status", "reason": "Reason", "amount": "Amount",
        "currency": "Currency", "submitted_at": "Submitted", "decided_at": "Decided", "closed_at": "Closed",
    },
)  # fmt: skip

FIGURES = Layout(
    key="partner_figures",
    label="Partner figures by month",
    about="Targets, training, portal use, marketing funds, satisfaction and support of partners: one row for each "
    "partner, month and figure.",
    layer=Layer.CRM,
    into=PartnerFigure,
    known_by=("Partner", "Figure", "Month"),
    by="month",
    dated=("Month",),
    named=(BY_PARTNER,),
    columns=(
        PARTNER,
        Column(name="Month", meaning="The month", example="2026-04", required=True, kind=Kind.MONTH, also=("Period",)),
        Column(name="Figure", meaning=f"What it is: {', '.join(MEASURES)}", example="revenue target", required=True,
               kind=Kind.CHOICE, choices=MEASURES, also=("Measure", "Metric")),
        amount("Value", "The figure", "150,000", required=True), PARTNER_ID,
    ),
    fields={"partner": "Partner key", "measure": "Figure", "month": "Month", "value": "Value"},
)  # fmt: skip

PARTNER_FILES = (PARTNERS, REGISTRATIONS, FIGURES)
