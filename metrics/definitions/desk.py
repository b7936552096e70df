"""How the desk does: how soon it answers and resolves, what waits, how clients judge it, how busy it is (R46, C19)."""

from __future__ import annotations

from metrics import business_hours
from metrics.declare import (
    COMPANY_ONLY,
    Better,
    Derived,
    Flow,
    Goal,
    Median,
    Metric,
    Present,
    Section,
    Standing,
    Told,
    Unit,
    at_least,
    at_most,
)
from metrics.definitions.facts import SURVEYS, TICKETS, TIME_OF_ALL
from metrics.definitions.service import CLOSED, OPEN, REACTIVE, TICKETS_CLOSED, UNTIL

DECIDED = ("queue_kinds", "closed_statuses")
CLOSED_REACTIVE = f"{REACTIVE} AND {CLOSED}"
AGE = "r.last_day - f.opened_on"  # in days, on the last day of the month that has come
AGES = (  # how long a ticket has been open, in days
    ("tickets_open_to_1_day", "Tickets open up to 1 day", "up to 1 day", f"{AGE} <= 1"),
    ("tickets_open_2_to_7_days", "Tickets open 2 to 7 days", "for 2 to 7 days", f"{AGE} BETWEEN 2 AND 7"),
    ("tickets_open_8_to_30_days", "Tickets open 8 to 30 days", "for 8 to 30 days", f"{AGE} BETWEEN 8 AND 30"),
    ("tickets_open_over_30_days", "Tickets open over 30 days", "for more than 30 days", f"{AGE} > 30"),
)

SAME_DAY: tuple[Metric, ...] = (
    Flow(
        key="tickets_closed_same_day", label="Tickets closed the same day", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Reactive tickets whose last close was on the day they were opened.", better=Better.HIGHER,
        facts=TICKETS, dated="f.closed_on", where=f"{CLOSED_REACTIVE} AND f.opened_on = f.closed_on",
        where_words="closed on the day opened, on a reactive queue", rules=DECIDED, requirement="R46",
    ),
    Derived(
        key="same_day_close_pct", label="Same-day close", section=Section.SERVICE, unit=Unit.PERCENT,
        meaning="Share of the tickets closed that were opened on that same day.", better=Better.HIGHER,
        formula="tickets_closed_same_day / reactive_tickets_closed * 100", undefined="no ticket closed",
        goal=at_least("70"), requirement="R46",
    ),
)  # fmt: skip

BACKLOG: tuple[Metric, ...] = tuple(
    Standing(
        key=key, label=label, section=Section.SERVICE, unit=Unit.COUNT, better=Better.LOWER,
        meaning=f"Reactive tickets not yet closed at the end of the month that had been open {words}.",
        facts=TICKETS, began="f.opened_on", until=UNTIL, where=f"{OPEN} AND {old}",
        where_words=f"open {words} at the end of the month, on a reactive queue", rules=DECIDED, requirement="R46",
    )
    for key, label, words, old in AGES
)

WITH_RESPONSE = Told(
    key="tickets_with_response", label="Tickets with a first response", section=Section.SERVICE, unit=Unit.COUNT,
    meaning="Reactive tickets closed of which the PSA says when they were first answered.", facts=TICKETS,
    dated="f.closed_on", where=f"{CLOSED_REACTIVE} AND f.first_response_at IS NOT NULL", among=CLOSED_REACTIVE,
    told=f"{CLOSED_REACTIVE} AND f.first_response_at IS NOT NULL",
    where_words="closed, on a reactive queue, first response known", rules=DECIDED, requirement="C19",
)
HOURS = (*DECIDED, *business_hours.RULES)
# Each ticket counts in the month of its last close, as it does for its SLA: what is closed has its times for good.
TIMES: tuple[Metric, ...] = (
    WITH_RESPONSE,
    Median(
        key="first_response_hours", label="First response", section=Section.SERVICE, unit=Unit.HOURS,
        meaning="Business hours from opening a reactive ticket to its first response, the middle of the tickets "
        "closed. A ticket without a first response is left out.",
        better=Better.LOWER, of=WITH_RESPONSE, each=business_hours.between("f.opened_at", "f.first_response_at"),
        each_words="business hours from opening to the first response", rules=HOURS,
        undefined="no ticket with a first response", goal=at_most("0.5"), requirement="C19",
    ),
    Median(
        key="resolve_hours", label="Time to resolve", section=Section.SERVICE, unit=Unit.HOURS, better=Better.LOWER,
        meaning="Business hours from opening a reactive ticket to resolving it, the middle of the tickets closed. "
        "Where the PSA does not say when one was resolved, its last close stands for it.",
        of=TICKETS_CLOSED, each=business_hours.between("f.opened_at", "coalesce(f.resolved_at, f.closed_at)"),
        each_words="business hours from opening to resolving", rules=HOURS, undefined="no ticket closed",
        requirement="C19",
    ),
)  # fmt: skip

ANSWERS: tuple[Metric, ...] = (
    Flow(
        key="surveys_answered", label="Surveys answered", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Answers to the question how a ticket went, on any queue.", better=Better.HIGHER, facts=SURVEYS,
        dated="f.answered_on", where_words="by the day answered", requirement="R46",
    ),
    Flow(
        key="surveys_positive", label="Surveys answered well", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Answers with at least the points the setting asks for, of a hundred whatever the PSA's own scale.",
        better=Better.HIGHER, facts=SURVEYS, dated="f.answered_on", where="f.score >= :positive_score",
        where_words="with the points of a good answer, by the day answered", rules=("positive_score",),
        requirement="R46",
    ),
    Derived(
        key="csat", label="CSAT", section=Section.SERVICE, unit=Unit.PERCENT, better=Better.HIGHER,
        meaning="Share of the surveys answered that were answered well.",
        formula="surveys_positive / surveys_answered * 100", undefined="no survey answered", goal=at_least("90"),
        requirement="R46",
    ),
)  # fmt: skip

# Who is at work is not told by client: one technician serves many, and the parts would add up to more than the whole.
CAPACITY: tuple[Metric, ...] = (
    Present(
        key="technicians_at_work", label="Technicians at work", section=Section.SERVICE, unit=Unit.COUNT,
        meaning="Technicians who entered time in the month, whoever it was for.", scopes=COMPANY_ONLY,
        facts=TIME_OF_ALL, dated="f.entered_on", value="count(DISTINCT f.technician_id)",
        where="f.technician_id IS NOT NULL", where_words="of a technician, by the day entered", requirement="C71",
    ),
    Derived(
        key="capacity_hours", label="Capacity", section=Section.SERVICE, unit=Unit.HOURS, scopes=COMPANY_ONLY,
        meaning="Hours the technicians at work have in the period, full time, by the setting for a month.",
        formula="technicians_at_work * hours_per_month * months", rules=("hours_per_month",), requirement="C71",
    ),
    Derived(
        key="utilization", label="Utilization", section=Section.SERVICE, unit=Unit.PERCENT, scopes=COMPANY_ONLY,
        meaning="Hours logged for clients, which is all but internal work, as a share of the capacity.",
        formula="(hours_logged - internal_hours) / capacity_hours * 100", undefined="no technician entered time",
        goal=Goal(direction="band", target="60", ceiling="85"), requirement="C71",
    ),
)  # fmt: skip

MONTHLY: tuple[Metric, ...] = (*SAME_DAY, *BACKLOG, *TIMES, *ANSWERS, *CAPACITY)
