"""Service: what came in, what was done, how long it waited and where the time went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from metrics import breakdowns
from metrics.breakdowns import Age, LongTicket
from metrics.declare import Unit
from qbr.pages import tables
from qbr.pages.charts import Kind
from qbr.pages.filters import Question
from qbr.pages.layout import Page, Row, Width
from qbr.pages.panels import FactTable, Ranked, Ranking, Tiles, Trend
from qbr.pages.tables import Column, Line, Table

HOURS = ("reactive_hours", "project_hours", "professional_services_hours", "alignment_hours", "internal_hours")
NO_TICKETS = "No ticket in this period."


@dataclass(frozen=True)
class Breakdown:
    """What tickets are broken down by, and what a ticket without one is called."""

    word: str
    unnamed: str
    reactive: bool = True


BREAKDOWNS: dict[breakdowns.service.By, Breakdown] = {
    "queue": Breakdown("board", "No board", reactive=False),
    "type": Breakdown("type", "No type"),
    "technician": Breakdown("technician", "Nobody assigned"),
    "client": Breakdown("client", "Not linked"),
}


def _tickets_by(by: breakdowns.service.By) -> Callable[[Question], Sequence[Ranked]]:
    broken = BREAKDOWNS[by]

    def read(question: Question) -> Sequence[Ranked]:
        return [
            Ranked(
                each.name or broken.unnamed,
                each.created,
                tables.client_page(each.slug, question),
                (each.closed, each.hours),
            )
            for each in breakdowns.tickets_by(question.scope, question.period, by, reactive=broken.reactive)
        ]

    return read


def _by(by: breakdowns.service.By, width: Width = Width.THIRD) -> Ranking:
    broken = BREAKDOWNS[by]
    return Ranking(
        key=f"by-{by}",
        stands_on="reactive_tickets_created",
        title=f"By {broken.word}",
        subtitle="Reactive tickets created" if broken.reactive else "Tickets created, of every kind",
        width=width,
        slow=True,
        read=_tickets_by(by),
        unit=Unit.COUNT,
        of=broken.word.capitalize(),
        figure="Created",
        beside=(Column("Closed", Unit.COUNT), Column("Hours", Unit.HOURS)),
        empty=NO_TICKETS,
    )


def open_by_age(question: Question) -> Sequence[Ranked]:
    found = breakdowns.open_by_age(question.scope, question.last_day)
    return [Ranked(_age(each), each.tickets) for each in found] if any(each.tickets for each in found) else []


def _age(age: Age) -> str:
    return (
        f"{age.from_days} days or more" if age.until_days is None else f"{age.from_days} to {age.until_days - 1} days"
    )


def longest(question: Question) -> Table:
    columns = (
        Column("Ticket"),
        Column("Title"),
        *((Column("Client"),) if question.for_company else ()),
        Column("Technician"),
        Column("Opened"),
        Column("Closed"),
        Column("Hours", Unit.HOURS),
    )
    month = question.last_month
    found = breakdowns.longest_tickets(question.scope, month)
    note = f"Hours entered in {month.label}, the period's last month; children's time included."
    return Table("Ten longest tickets", columns, tuple(_long(each, question) for each in found), note)


def _long(ticket: LongTicket, question: Question) -> Line:
    client = (tables.client(ticket.client, ticket.slug, question),) if question.for_company else ()
    closed = tables.on_day(ticket.closed_on) if ticket.closed_on else tables.text("open")
    return Line(
        (
            tables.text(ticket.number, ticket.link),
            tables.text(ticket.title),
            *client,
            tables.text(ticket.technician),
            tables.on_day(ticket.opened_on),
            closed,
            tables.amount(ticket.hours, Unit.HOURS),
        )
    )


TILES = Tiles(
    key="numbers",
    title="Service in figures",
    metrics=(
        "reactive_tickets_created",
        "reactive_tickets_closed",
        "total_close_pct",
        "average_resolution_time",
        "tickets_sla_met_pct",
        "tickets_open",
        "reactive_tickets_per_tech_per_month",
        "reactive_service_pct",
    ),
)
CLIENT_TILES = Tiles(
    key="numbers",
    title="Service in figures",
    metrics=(
        "reactive_tickets_created",
        "reactive_tickets_closed",
        "total_close_pct",
        "average_resolution_time",
        "tickets_sla_met_pct",
        "tickets_open",
        "hours_logged",
    ),
)
FLOW = Trend(
    key="flow",
    title="Reactive tickets created and closed",
    subtitle="By month, parent tickets only",
    width=Width.TWO_THIRDS,
    kind=Kind.BARS,
    metrics=("reactive_tickets_created", "reactive_tickets_closed"),
)
OPEN = Ranking(
    key="open-by-age",
    stands_on="tickets_open",
    calm=True,
    title="Open by age",
    subtitle="Reactive tickets open at the period's end",
    width=Width.THIRD,
    slow=True,
    read=open_by_age,
    unit=Unit.COUNT,
    of="Days since opened",
    figure="Open",
    empty="No reactive ticket was open.",
)
WORK: Row = (
    Trend(
        key="hours",
        title="Hours by kind of work",
        subtitle="By the month they were entered",
        kind=Kind.STACK,
        width=Width.TWO_THIRDS,
        metrics=HOURS,
    ),
    Trend(
        key="sla",
        title="SLA met",
        subtitle="Share of closed tickets, by month",
        width=Width.THIRD,
        metrics=("tickets_sla_met_pct",),
    ),
)
PACE = Tiles(
    key="pace",
    title="How soon, and how well",
    bare=False,
    subtitle="Times in business hours, the middle of the tickets closed",
    metrics=("first_response_hours", "resolve_hours", "same_day_close_pct", "reopened_pct", "csat", "surveys_answered"),
)
TIMES: Row = (
    Trend(
        key="times",
        title="First response and time to resolve",
        subtitle="Business hours, the middle of the tickets closed in the month",
        width=Width.TWO_THIRDS,
        metrics=("first_response_hours", "resolve_hours"),
    ),
    Trend(
        key="csat",
        title="CSAT",
        subtitle="Share of the surveys answered well, by month",
        width=Width.THIRD,
        metrics=("csat",),
    ),
)
BACKLOG = Trend(
    key="backlog",
    title="Backlog by age",
    subtitle="Reactive tickets open at each month's end, by how long they had been",
    kind=Kind.STACK,
    width=Width.TWO_THIRDS,
    metrics=(
        "tickets_open_to_1_day",
        "tickets_open_2_to_7_days",
        "tickets_open_8_to_30_days",
        "tickets_open_over_30_days",
    ),
)
SAME_DAY = Trend(
    key="same-day",
    title="Same-day close",
    subtitle="Share of the tickets closed, by month",
    width=Width.THIRD,
    metrics=("same_day_close_pct",),
)
CAPACITY = Tiles(
    key="capacity",
    title="Capacity",
    bare=False,
    subtitle="Technicians who entered time, at the setting's hours a month",
    metrics=("utilization", "capacity_hours", "technicians_at_work"),
)
UTILIZATION = Trend(
    key="utilization",
    title="Utilization",
    subtitle="Hours for clients of the hours there were, by month",
    metrics=("utilization",),
)
LONGEST: Row = (
    FactTable(
        key="longest",
        stands_on="reactive_hours",
        title="Ten longest tickets",
        subtitle="Reactive tickets by the hours they took",
        slow=True,
        read=longest,
        empty="No time was entered on a reactive ticket.",
    ),
)

PAGE = Page(
    slug="service",
    title="Service",
    lead="What came in, what was done about it, and where the time went.",
    rows=(
        (TILES,),
        (FLOW, OPEN),
        (PACE,),
        TIMES,
        (BACKLOG, SAME_DAY),
        WORK,
        (CAPACITY,),
        (UTILIZATION,),
        (_by("queue"), _by("type"), _by("technician")),
        (_by("client", Width.FULL),),
        LONGEST,
    ),
    client_rows=(
        (CLIENT_TILES,),
        (FLOW, OPEN),
        (PACE,),
        TIMES,
        (BACKLOG, SAME_DAY),
        WORK,
        (_by("queue", Width.HALF), _by("type", Width.HALF)),
        LONGEST,
    ),
)
