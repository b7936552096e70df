"""What the Financial page tells of sales and invoices, for the company and for one client."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from metrics import breakdowns
from metrics.declare import Unit
from qbr.pages.charts import Kind
from qbr.pages.filters import Question
from qbr.pages.layout import Row, Width
from qbr.pages.panels import LayerRanking, LayerTiles, LayerTrend, Ranked
from qbr.pages.tables import Column

NOT_TOLD = "Not told"


def by_stage(question: Question) -> Sequence[Ranked]:
    found = breakdowns.pipeline_by_stage(question.scope, question.last_day)
    return [Ranked(each.name or NOT_TOLD, each.amount or Decimal(0), beside=(each.deals,)) for each in found]


def by_kind(question: Question) -> Sequence[Ranked]:
    found = breakdowns.invoiced_by_kind(question.scope, question.period)
    return [Ranked(each.name or NOT_TOLD, each.amount, beside=(each.invoices,)) for each in found]


def by_class(question: Question) -> Sequence[Ranked]:
    found = breakdowns.invoiced_by_class(question.scope, question.period)
    return [Ranked(each.name or "No class", each.amount, beside=(each.invoices,)) for each in found]


BY_STAGE = LayerRanking(
    key="pipeline-stages",
    stands_on="pipeline_amount",
    guarded_by=("pipeline_amount",),
    title="Open pipeline by stage",
    subtitle="The stage each deal was in on the period's last day",
    calm=True,
    slow=True,
    read=by_stage,
    unit=Unit.MONEY,
    of="Stage",
    figure="Amount",
    beside=(Column("Deals", Unit.COUNT),),
    empty="No deal was open on that day.",
    width=Width.THIRD,
)
PIPELINE: tuple[Row, ...] = (
    (
        LayerTiles(
            key="pipeline",
            title="Sales pipeline",
            subtitle="Deals in the CRM; what is open as it stands at the period's end",
            metrics=("pipeline_amount", "pipeline_deals", "win_rate", "deals_new", "deals_won", "deals_won_amount"),
        ),
    ),
    (
        LayerTrend(
            key="pipeline-trend",
            title="Open pipeline",
            subtitle="At each month's end, by the amount each deal has now",
            width=Width.THIRD,
            metrics=("pipeline_amount",),
        ),
        LayerTrend(
            key="deals",
            title="Deals won and lost",
            subtitle="By month",
            kind=Kind.BARS,
            width=Width.THIRD,
            metrics=("deals_won", "deals_lost"),
        ),
        BY_STAGE,
    ),
)
ACTIVITY: tuple[Row, ...] = (
    (
        LayerTiles(
            key="activity",
            title="Calls and meetings",
            subtitle="As the CRM notes them; what people enter stays beside it",
            metrics=(
                "calls_made", "meetings_held", "first_appointments_held", "pbrs_held", "meeting_no_shows",
            ),
        ),
    ),
    (
        LayerTrend(
            key="calls",
            title="Dials entered and calls in the CRM",
            subtitle="Two counts of one thing, by month",
            kind=Kind.BARS,
            width=Width.HALF,
            metrics=("telemarketing_dials", "calls_made"),
        ),
        LayerTrend(
            key="appointments",
            title="First-time appointments, entered and in the CRM",
            subtitle="Two counts of one thing, by month",
            kind=Kind.BARS,
            width=Width.HALF,
            metrics=("first_time_appointments", "first_appointments_held"),
        ),
    ),
)  # fmt: skip
INVOICED = LayerTiles(
    key="invoiced",
    title="Invoiced",
    subtitle="Without tax, credits taken off; PSA and ledger are two accounts of it and never add up",
    metrics=("invoiced", "invoiced_agreements", "invoiced_beside_agreements", "invoiced_in_ledger"),
)
INVOICED_TREND = LayerTrend(
    key="invoiced-trend",
    title="Invoiced on agreements and beside them",
    subtitle="By the PSA, by month",
    kind=Kind.STACK,
    width=Width.TWO_THIRDS,
    metrics=("invoiced_agreements", "invoiced_beside_agreements"),
)
BY_KIND = LayerRanking(
    key="invoiced-kinds",
    stands_on="invoiced",
    guarded_by=("invoiced",),
    title="Invoiced by kind",
    subtitle="On agreements, and beside them by the PSA's kind of invoice",
    calm=True,
    slow=True,
    read=by_kind,
    unit=Unit.MONEY,
    of="Kind",
    figure="Amount",
    beside=(Column("Invoices", Unit.COUNT),),
    empty="Nothing was invoiced in this period.",
    width=Width.THIRD,
)
BY_CLASS = LayerRanking(
    key="invoiced-classes",
    stands_on="invoiced_in_ledger",
    guarded_by=("invoiced_in_ledger",),
    title="Invoiced by class",
    subtitle="As the ledger's classes and items have it",
    calm=True,
    slow=True,
    read=by_class,
    unit=Unit.MONEY,
    of="Class",
    figure="Amount",
    beside=(Column("Invoices", Unit.COUNT),),
    empty="Nothing was invoiced in this period.",
    width=Width.HALF,
)
LICENCES = LayerTiles(
    key="licence-spend",
    title="Licence spend",
    subtitle="By the month, at the period's end",
    metrics=("license_spend", "license_charges", "license_seats_unused"),
    width=Width.HALF,
)

INVOICES: tuple[Row, ...] = ((INVOICED,), (INVOICED_TREND, BY_KIND), (BY_CLASS, LICENCES))
FOR_COMPANY: tuple[Row, ...] = (*INVOICES, *PIPELINE, *ACTIVITY)
FOR_CLIENT: tuple[Row, ...] = (*INVOICES, PIPELINE[0], ACTIVITY[0])  # one client has few deals: no charts
