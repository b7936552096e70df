"""Service: tickets and hours (R121 to R123), quality, and hours by kind of work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from metrics.declare import Better, Derived, Flow, Metric, Section, Standing, Told, Unit
from metrics.definitions.facts import KIND_OF_WORK, TICKETS, TIME
from metrics.models import QueueKind

REACTIVE = "q.kind = 'reactive'"
REOPENING = "f.reopened IS NOT NULL"
CLOSED = "(f.closed OR lower(f.status) = ANY(:closed_statuses))"
# Of what stands open: the day it ended, and which tickets count.
UNTIL = "CASE WHEN f.closed THEN f.closed_on END"
OPEN = f"{REACTIVE} AND (f.closed OR NOT lower(f.status) = ANY(:closed_statuses))"

TICKETS_CLOSED = Flow(
    key="reactive_tickets_closed", label="Reactive tickets closed", section=Section.SERVICE, unit=Unit.COUNT,
    meaning="Tickets on reactive queues that were closed, each once, by the day of its last close.",
    facts=TICKETS, dated="f.closed_on", where=f"{REACTIVE} AND {CLOSED}",
    where_words="closed, on a reactive queue, by the day closed", rules=("queue_kinds", "closed_statuses"),
    spreadsheet_label="# of Reactive Tickets Closed", requirement="R122",
)

MONTHLY: tuple[Metric, ...] = (
    Flow(
        key="reactive_tickets_created", label="Reactive tickets created", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Tickets opened on reactive queues, counting the parent and not its children.",
        facts=TICKETS, dated="f.opened_on", where=REACTIVE, where_words="on a reactive queue, by the day opened",
        rules=("queue_kinds",), spreadsheet_label="# of Reactive Tickets Created", requirement="R121",
    ),
    TICKETS_CLOSED,
    Flow(
        key="reactive_hours", label="Reactive hours", section=Section.SERVICE, unit=Unit.HOURS,
        meaning="Hours of work on reactive tickets and their children, in the month the time was entered.",
        facts=TIME, dated="f.entered_on", value="sum(f.hours)", where=f"{KIND_OF_WORK} = 'reactive'",
        where_words="on tickets of a reactive queue, by the day entered", rules=("queue_kinds",),
        spreadsheet_label="Total Time on Reactive Tickets", requirement="R123",
    ),
)

QUALITY: tuple[Metric, ...] = (
    Standing(
        key="tickets_open", label="Tickets open", section=Section.SERVICE, unit=Unit.COUNT, better=Better.LOWER,
        meaning="Reactive tickets that were opened and not yet closed at the end of the month.",
        facts=TICKETS, began="f.opened_on", until=UNTIL, where=OPEN,
        where_words="open at the end of the month, on a reactive queue", rules=("queue_kinds", "closed_statuses"),
    ),
    Flow(
        key="tickets_with_sla", label="Tickets with an SLA", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Reactive tickets closed of which the PSA says whether their SLA was met.",
        facts=TICKETS, dated="f.closed_on", where=f"{REACTIVE} AND {CLOSED} AND f.sla_met IS NOT NULL",
        where_words="closed, on a reactive queue, with an SLA result", rules=("queue_kinds", "closed_statuses"),
    ),
    Flow(
        key="tickets_sla_met", label="Tickets within SLA", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Reactive tickets closed that met their SLA.", better=Better.HIGHER,
        facts=TICKETS, dated="f.closed_on", where=f"{REACTIVE} AND {CLOSED} AND f.sla_met",
        where_words="closed, on a reactive queue, SLA met", rules=("queue_kinds", "closed_statuses"),
    ),
    Derived(
        key="tickets_sla_met_pct", label="SLA met", section=Section.SERVICE, unit=Unit.PERCENT, better=Better.HIGHER,
        meaning="Share of the closed tickets with an SLA that met it.",
        formula="tickets_sla_met / tickets_with_sla * 100", undefined="no ticket with an SLA",
    ),
    Told(
        key="tickets_with_reopen_count", label="Tickets whose reopening is known", section=Section.SERVICE,
        unit=Unit.COUNT, meaning="Reactive tickets closed of which the PSA says how often they were reopened.",
        facts=TICKETS, dated="f.closed_on", where=f"{REACTIVE} AND {CLOSED} AND {REOPENING}",
        among=f"{REACTIVE} AND {CLOSED}", told=f"{REACTIVE} AND {CLOSED} AND {REOPENING}",
        where_words="closed, on a reactive queue, reopening known", rules=("queue_kinds", "closed_statuses"),
    ),
    Told(
        key="tickets_reopened", label="Tickets reopened", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Reactive tickets closed that had been reopened, each once by its last close.", better=Better.LOWER,
        facts=TICKETS, dated="f.closed_on", where=f"{REACTIVE} AND {CLOSED} AND f.reopened > 0",
        among=f"{REACTIVE} AND {CLOSED}", told=f"{REACTIVE} AND {CLOSED} AND {REOPENING}",
        where_words="closed, on a reactive queue, reopened at least once", rules=("queue_kinds", "closed_statuses"),
        requirement="C22",
    ),
    Derived(
        key="reopened_pct", label="Reopen rate", section=Section.SERVICE, unit=Unit.PERCENT, better=Better.LOWER,
        meaning="Share of the closed tickets that had been reopened.", requirement="C22",
        formula="tickets_reopened / tickets_with_reopen_count * 100", undefined="the PSA does not tell",
    ),
    Flow(
        key="tickets_created", label="Tickets created, all queues", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Tickets opened on any queue, decided or not.", facts=TICKETS, dated="f.opened_on",
        where_words="by the day opened",
    ),
    Flow(
        key="tickets_closed", label="Tickets closed, all queues", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Tickets closed on any queue, decided or not.", facts=TICKETS, dated="f.closed_on", where=CLOSED,
        where_words="closed, by the day closed", rules=("closed_statuses",),
    ),
)


def _hours(kind: QueueKind.Kind) -> Flow:
    return Flow(
        key=f"{kind.value}_hours", label=f"{kind.label} hours", section=Section.SERVICE, unit=Unit.HOURS,
        meaning=f"Hours of {kind.label.lower()} work, in the month the time was entered.",
        facts=TIME, dated="f.entered_on", value="sum(f.hours)", where=f"{KIND_OF_WORK} = '{kind.value}'",
        where_words=f"{kind.label.lower()} work, by the day entered", rules=("queue_kinds",),
    )


HOURS: tuple[Metric, ...] = (
    *(_hours(kind) for kind in QueueKind.Kind if kind is not QueueKind.Kind.REACTIVE),
    Flow(
        key="hours_logged", label="Hours logged", section=Section.SERVICE, unit=Unit.HOURS,
        meaning="All hours of work, of every kind, in the month the time was entered.",
        facts=TIME, dated="f.entered_on", value="sum(f.hours)", where_words="by the day entered",
    ),
)


def _by_day_worked(hours: Flow) -> Flow:
    """The same hours in the month the work was done (C21): what is entered late goes back to where it belongs."""
    assert hours.dated == "f.entered_on"
    return replace(
        hours, version=2, since=date(2026, 11, 21), dated="f.worked_on",
        note="Hours count in the month of the day they were worked, not of the day they were entered.",
        meaning=hours.meaning.replace("the time was entered", "the work was done"),
        where_words=hours.where_words.replace("the day entered", "the day worked; time without one is left out"),
    )


BY_DAY_WORKED: tuple[Flow, ...] = tuple(
    _by_day_worked(metric) for metric in (*MONTHLY, *HOURS) if isinstance(metric, Flow) and metric.facts is TIME
)
