"""Sales: what people enter of it (R120), and what the CRM says of deals, calls and meetings, under names of its own."""

from __future__ import annotations

from metrics.declare import (
    COMPANY_ONLY,
    Access,
    Better,
    Derived,
    Flow,
    Manual,
    Metric,
    Section,
    Standing,
    Told,
    ToldStanding,
    Unit,
)
from metrics.definitions.facts import ACTIVITIES, DEALS

OPEN_WORDS = "made by then, neither won nor lost"
WON, LOST = "f.status = 'won'", "f.status = 'lost'"
# A deal that is closed on a day nobody tells stands open at no month end.
MAY_STAND = "(f.status = 'open' OR f.closed_on IS NOT NULL)"
UNTIL = "CASE WHEN f.status <> 'open' THEN f.closed_on END"
CALL, MEETING = "f.kind = 'call'", "f.kind = 'meeting'"
NO_SHOW = "f.outcome ~* '^no.?show'"
HELD = f"{MEETING} AND f.outcome !~* '^(no.?show|cancel)'"
HELD_WORDS = "held, by the day of the meeting"


def _entered(key: str, label: str, spreadsheet_label: str, meaning: str) -> Manual:
    return Manual(
        key=key, label=label, section=Section.SALES, unit=Unit.COUNT, meaning=meaning, scopes=COMPANY_ONLY,
        better=Better.HIGHER, spreadsheet_label=spreadsheet_label, requirement="R120",
    )


def _deals(key: str, label: str, meaning: str, dated: str, where: str, words: str, better: Better) -> Flow:
    return Flow(
        key=key, label=label, section=Section.SALES, unit=Unit.COUNT, meaning=meaning, facts=DEALS, dated=dated,
        where=where, where_words=words, better=better, requirement="R72",
    )


def _meetings(key: str, label: str, meaning: str, rule: str) -> Told:
    """Meetings of a type that people say means one thing; where no meeting has a type, there is no number."""
    return Told(
        key=key, label=label, section=Section.SALES, unit=Unit.COUNT, meaning=meaning, better=Better.HIGHER,
        facts=ACTIVITIES, dated="f.happened_on", where=f"{HELD} AND :{rule} <> '' AND f.type ~* :{rule}",
        where_words=f"meetings of that type, {HELD_WORDS}", among=HELD, told=f"{HELD} AND f.type <> ''", rules=(rule,),
        requirement="R42",
    )


MONTHLY: tuple[Metric, ...] = (
    _entered("telemarketing_dials", "Telemarketing dials", "# of Telemarketing Dials", "Calls made to prospects."),
    _entered("first_time_appointments", "First-time appointments", "# of First Time Appointments (FTA)",
             "First meetings held with prospects."),
    _entered("prospects_pbr", "Prospects to PBR", "# of Prospects to Hit PBR", "Prospects that reached a PBR."),
    _entered("new_agreements", "New agreements", "# of New Agreements", "Agreements signed with new clients."),
)

PIPELINE: tuple[Metric, ...] = (
    Standing(
        key="pipeline_deals", label="Open deals", section=Section.SALES, unit=Unit.COUNT, better=Better.HIGHER,
        meaning="Deals in the CRM that were neither won nor lost at the end of the month.", facts=DEALS,
        began="f.created_on", until=UNTIL, where=MAY_STAND, where_words=OPEN_WORDS, requirement="R72",
    ),
    ToldStanding(
        key="pipeline_amount", label="Open pipeline", section=Section.SALES, unit=Unit.MONEY, better=Better.HIGHER,
        meaning="What those deals are worth by the amount each has now, as the CRM keeps no amount of then.",
        access=Access.FINANCE, facts=DEALS, value="sum(f.amount)", began="f.created_on", until=UNTIL,
        where=f"{MAY_STAND} AND f.amount IS NOT NULL", where_words=f"{OPEN_WORDS}, with an amount",
        among=MAY_STAND, told=f"{MAY_STAND} AND f.amount IS NOT NULL", requirement="R72",
    ),
    _deals("deals_new", "New deals", "Deals made in the CRM.", "f.created_on", "", "by the day made", Better.HIGHER),
    _deals("deals_won", "Deals won", "Deals in the CRM that were won.", "f.closed_on", WON, "won, by the day won",
           Better.HIGHER),
    _deals("deals_lost", "Deals lost", "Deals in the CRM that were lost.", "f.closed_on", LOST, "lost, by the day lost",
           Better.LOWER),
    Told(
        key="deals_won_amount", label="Deals won, amount", section=Section.SALES, unit=Unit.MONEY,
        meaning="What the deals that were won are worth.", access=Access.FINANCE, better=Better.HIGHER, facts=DEALS,
        dated="f.closed_on", value="sum(f.amount)", where=f"{WON} AND f.amount IS NOT NULL",
        where_words="won, with an amount, by the day won", among=WON, told=f"{WON} AND f.amount IS NOT NULL",
        requirement="R72",
    ),
    Derived(
        key="win_rate", label="Win rate", section=Section.SALES, unit=Unit.PERCENT, better=Better.HIGHER,
        meaning="Share of the deals won or lost in the period that were won.",
        formula="deals_won / (deals_won + deals_lost) * 100", undefined="no deal won or lost", requirement="R72",
    ),
)

ACTIVITY: tuple[Metric, ...] = (
    Flow(
        key="calls_made", label="Calls made, CRM", section=Section.SALES, unit=Unit.COUNT, better=Better.HIGHER,
        meaning="Calls to prospects and clients that are noted in the CRM, reached or not; none that came in.",
        facts=ACTIVITIES, dated="f.happened_on", where=CALL, where_words="calls, by the day of the call",
        requirement="R42",
    ),
    Flow(
        key="meetings_held", label="Meetings held, CRM", section=Section.SALES, unit=Unit.COUNT, better=Better.HIGHER,
        meaning="Meetings in the CRM that took place: not cancelled, and someone came as far as it is told.",
        facts=ACTIVITIES, dated="f.happened_on", where=HELD, where_words=f"meetings {HELD_WORDS}", requirement="R42",
    ),
    _meetings("first_appointments_held", "First-time appointments held, CRM",
              "Meetings held whose type in the CRM is a first-time appointment.", "first_appointment_types"),
    _meetings("pbrs_held", "PBRs held, CRM", "Meetings held whose type in the CRM is a PBR.", "pbr_types"),
    Told(
        key="meeting_no_shows", label="No-shows, CRM", section=Section.SALES, unit=Unit.COUNT, better=Better.LOWER,
        meaning="Meetings in the CRM to which nobody came.", facts=ACTIVITIES, dated="f.happened_on",
        where=f"{MEETING} AND {NO_SHOW}", where_words="meetings nobody came to, by the day of the meeting",
        among=MEETING, told=f"{MEETING} AND f.outcome <> ''", requirement="R42",
    ),
)  # fmt: skip

CRM: tuple[Metric, ...] = (*PIPELINE, *ACTIVITY)
