"""The CRM: companies, deals with the stages they went through, and calls and meetings.

Every client is a company; one that joined during the history was a prospect first and has a deal that was won. Besides
them there are prospects known only here (`client` is -1), a handful new each month. `companies`, `deals` and
`activities` tell everybody's, by id, those that moved at `since` or later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from collectors.sandbox.world import names
from collectors.sandbox.world.chance import chance, pick, whole
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.ground import Ground, moved_by

UNKNOWN = -1
NEW, QUALIFIED, PROPOSAL, NEGOTIATION, WON, LOST = STAGES = (
    "New lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost"
)  # fmt: skip
PARTNERS = ("Brightledger Accountants", "Harrow & Finch Brokers", "Copperline Telecom")
UPSELLS = ("server refresh", "cloud move", "co-managed", "security stack")
A_MONTH = 4  # prospects who come to be known, of an MSP of the usual size
FIRST_NAME = 40_000  # of the names in turn, those of prospects
FIRST_PROSPECT = 50_000
DEAL_SLOTS, ACTIVITY_SLOTS = 16, 256
CALL_OUTCOMES = ("connected", "connected", "no answer", "left voicemail")
MEETING_OUTCOMES = ("held", "held", "held", "held", "no show")


@dataclass(frozen=True, slots=True)
class Seller:
    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Company:
    id: int
    client: int
    name: str
    domain: str
    phone: str
    kind: str  # prospect, client or former
    owner: Seller
    created_at: int
    became_client_at: int | None
    updated_at: int


@dataclass(frozen=True, slots=True)
class Step:
    stage: str
    entered_at: int


@dataclass(frozen=True, slots=True)
class Deal:
    id: int
    client: int
    company: int
    name: str
    pipeline: str
    amount: Decimal
    owner: Seller
    partner: str
    stage: str
    status: str  # open, won or lost
    steps: tuple[Step, ...]
    created_at: int
    closed_at: int | None
    expected_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Activity:
    id: int
    client: int
    company: int
    deal: int | None
    kind: str  # call or meeting
    type: str  # Cold call, Follow-up, First-time appointment or PBR
    subject: str
    outcome: str  # "" of one that lies ahead
    done: bool
    owner: Seller
    starts_at: int
    ends_at: int
    created_at: int
    updated_at: int


SELLERS = tuple(
    Seller(number, name, f"{name.lower().replace(' ', '.')}@lanternworksit.example")
    for number, name in ((301, "Marlow Kestrow"), (302, "Indra Gildern"), (303, "Sage Tarnford"))
)


class Sales:
    sellers, partners = SELLERS, PARTNERS

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        months = ground.options.months + 3
        self.prospects = round(A_MONTH * months * min(20.0, max(0.2, ground.options.scale)))
        self.end = ground.calendar.month_start(ground.options.end_month)
        self._known = lru_cache(maxsize=20_000)(self._company)
        self._deals = lru_cache(maxsize=20_000)(self._all_deals)
        self._activities = lru_cache(maxsize=20_000)(self._all_activities)

    # Companies

    def companies(self, moment: int, since: int = 0) -> list[Company]:
        rows = (self._company_at(self._known(place), moment) for place in self._places(moment))
        return [row for row in rows if row.updated_at >= since]

    def _places(self, moment: int) -> Iterator[int]:
        """Clients by index, then prospects behind them, of those known by then."""
        count = len(self.ground.clients.served)
        places = (*range(1, count), *range(count, count + self.prospects))
        return (place for place in places if self._known(place).created_at <= moment)

    def _company_at(self, row: Company, moment: int) -> Company:
        if row.client == UNKNOWN:
            return row
        left_at, won_at = self.ground.clients.get(row.client).left_at, row.became_client_at
        if left_at is not None and left_at <= moment:
            return replace(row, kind="former", updated_at=left_at)
        if won_at is not None and won_at > moment:
            return replace(row, kind="prospect", became_client_at=None)
        return replace(row, kind="client", updated_at=max(row.created_at, won_at or 0))

    def _company(self, place: int) -> Company:
        clients = self.ground.clients
        owner = pick(SELLERS, "owner", place)
        if place in clients.served and place != INTERNAL:
            who = clients.get(place)
            joined = who.joined_at
            created_at = (joined or self.ground.start) - whole(70, 120, "known", place) * DAY
            name, trade = names.business_name(place, self.ground.options.seed)
            return Company(place + 1_000, place, f"{name} {trade}", who.domain, who.phone, "client", owner, created_at,
                           joined, created_at)  # fmt: skip
        number = place - len(clients.served)
        name, trade = names.business_name(FIRST_NAME + number, self.ground.options.seed)
        name = name.partition(" ")[0]
        start = self.ground.start - 60 * DAY
        created_at = start + int((number + chance("known", place)) / self.prospects * (self.end - start))
        return Company(FIRST_PROSPECT + number, UNKNOWN, f"{name} {trade}", names.domain_of(name, trade),
                       names.phone(700 + number), "prospect", owner, created_at, None, created_at)  # fmt: skip

    # Deals

    def deals(self, moment: int, since: int = 0) -> list[Deal]:
        rows = (_deal_at(row, moment) for place in self._places(moment) for row in self._deals(place)
                if row.created_at <= moment)  # fmt: skip
        told = (_moved(row) for row in self.ground.standing("deals", rows, moment, Deal))
        return [row for row in told if row.updated_at >= since]

    def _all_deals(self, place: int) -> tuple[Deal, ...]:
        """A company's deals with their whole way: the one that made it a client, and what was sold to it later."""
        company = self._known(place)
        if company.client == UNKNOWN:
            known = chance("deal", place) < 0.6
            made = [self._deal(company, 0, company.created_at + 2 * DAY, None, False)] if known else []
        elif company.became_client_at is not None:
            made = [self._deal(company, 0, company.created_at + DAY, company.became_client_at - DAY, True)]
        else:
            made = []
        if company.client != UNKNOWN:
            first = max(company.became_client_at or 0, self.ground.start)
            until = self.ground.clients.get(company.client).left_at or self.end
            for turn in range(1, 5):
                if chance("upsell", place, turn) < 0.3 and until - first > 60 * DAY:
                    begins_at = whole(first, until - 30 * DAY, "upsell when", place, turn)
                    made.append(self._deal(company, turn, begins_at, None, chance("wins", place, turn) < 0.6))
        return tuple(made)

    def _deal(self, company: Company, turn: int, begins_at: int, ends_at: int | None, wins: bool) -> Deal:
        if ends_at is None:
            ends_at = begins_at + whole(30, 160, "deal lasts", company.id, turn) * DAY
        reached = 4 if wins else whole(1, 5, "reached", company.id, turn)
        stages = (*STAGES[:reached], WON if wins else LOST)
        steps = tuple(Step(stage, begins_at + (ends_at - begins_at) * at // (len(stages) - 1))
                      for at, stage in enumerate(stages))  # fmt: skip
        new = turn == 0
        brought = new and chance("partner", company.id) < 0.3
        seats = whole(5, 60, "seats", company.id, turn)
        return Deal(
            id=company.id * DEAL_SLOTS + turn, client=company.client, company=company.id,
            name=f"{company.name}: {'managed services' if new else pick(UPSELLS, 'deal', company.id, turn)}",
            pipeline="New business" if new else "Existing clients",
            amount=Decimal(seats * (150 * 12 if new else 120)), owner=company.owner,
            partner=pick(PARTNERS, "partner who", company.id) if brought else "", stage=NEW, status="open", steps=steps,
            created_at=begins_at, closed_at=ends_at, expected_at=begins_at + 75 * DAY, updated_at=begins_at,
        )  # fmt: skip

    # Calls and meetings

    def activities(self, moment: int, since: int = 0) -> list[Activity]:
        rows = (_activity_at(row, moment) for place in self._places(moment) for row in self._activities(place)
                if row.created_at <= moment)  # fmt: skip
        told = self.ground.standing("activities", rows, moment, Activity)
        return [row for row in told if row.updated_at >= since]

    def _all_activities(self, place: int) -> tuple[Activity, ...]:
        """Calls and a first appointment while it is won over, then reviews every quarter and a call now and then."""
        company, made = self._known(place), list[tuple[int, str, str, int | None]]()
        deal = next((row for row in self._deals(place) if row.id % DEAL_SLOTS == 0), None)
        until = deal.closed_at if deal and deal.closed_at else company.created_at + 20 * DAY
        if company.client == UNKNOWN or company.became_client_at is not None:
            for turn in range(whole(3, 9, "dials", place)):
                kind = "Cold call" if turn < 4 else "Follow-up"
                made.append((whole(company.created_at, until, "dial", place, turn), "call", kind, None))
            if deal is not None:
                made.append((deal.steps[1].entered_at, "meeting", "First-time appointment", deal.id))
        if company.client != UNKNOWN:
            made += self._with_client(company, place)
        made.sort(key=lambda row: row[0])
        return tuple(self._activity(company, turn, *row) for turn, row in enumerate(made[:ACTIVITY_SLOTS]))

    def _with_client(self, company: Company, place: int) -> Iterator[tuple[int, str, str, int | None]]:
        first = max(company.became_client_at or 0, self.ground.start)
        until = min(self.end, self.ground.clients.get(company.client).left_at or self.end)
        for turn, moment in enumerate(range(first + whole(5, 80, "review", place) * DAY, until, 91 * DAY)):
            yield moment, "meeting", "PBR", None
            yield moment - whole(5, 20, "call", place, turn) * DAY, "call", "Follow-up", None

    def _activity(self, company: Company, turn: int, about: int, kind: str, type_: str, deal: int | None) -> Activity:
        calendar = self.ground.calendar
        day = calendar.day(about)
        starts_at = calendar.at(day, 9 + whole(0, 16, "hour", company.id, turn) / 2)
        planned = (7 if kind == "meeting" else 0) * DAY
        outcome = pick(CALL_OUTCOMES if kind == "call" else MEETING_OUTCOMES, "outcome", company.id, turn)
        return Activity(
            id=company.id * ACTIVITY_SLOTS + turn, client=company.client, company=company.id, deal=deal, kind=kind,
            type=type_, subject=f"{type_} with {company.name}", outcome=outcome, done=True, owner=company.owner,
            starts_at=starts_at, ends_at=starts_at + (3_600 if kind == "meeting" else 300),
            created_at=max(company.created_at, starts_at - planned), updated_at=starts_at,
        )  # fmt: skip


def _deal_at(row: Deal, moment: int) -> Deal:
    steps = tuple(step for step in row.steps if step.entered_at <= moment)
    stage = steps[-1].stage
    status = {WON: "won", LOST: "lost"}.get(stage, "open")
    return replace(
        row, stage=stage, status=status, steps=steps, closed_at=row.closed_at if status != "open" else None,
        updated_at=steps[-1].entered_at,
    )  # fmt: skip


def _moved(row: Deal) -> Deal:
    """A stage that an edit has set is one more step."""
    if row.stage == row.steps[-1].stage:
        return row
    return replace(row, steps=(*row.steps, Step(row.stage, row.updated_at)))


def _activity_at(row: Activity, moment: int) -> Activity:
    if row.ends_at <= moment:
        return replace(row, updated_at=moved_by(moment, row.created_at, row.ends_at))
    return replace(row, outcome="", done=False, updated_at=row.created_at)
