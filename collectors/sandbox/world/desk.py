"""Makes the tickets and time entries of one client in one month, always the same ones.

A month of a client is a cell with its own seed and its own range of ids, so a world of ten thousand
clients needs no more memory than the cells being read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random

from collectors.sandbox.world.agreements import Agreements
from collectors.sandbox.world.boards import HELP_DESK, PRIORITIES, SOURCES, TYPES
from collectors.sandbox.world.clients import INTERNAL, Client, Clients
from collectors.sandbox.world.dates import DAY, Calendar, Month, days_of
from collectors.sandbox.world.options import Options
from collectors.sandbox.world.people import Member, People
from collectors.sandbox.world.tickets import Ticket, TimeEntry

TICKET_SLOTS, ENTRY_SLOTS = 1_000, 4_000
FIRST_TICKET = 10_000
SEASON = (1.05, 0.94, 1.08, 1.0, 0.97, 0.95, 0.89, 1.02, 1.11, 1.04, 0.94, 0.85)
PER_DEVICE = 0.67
GROWTH_A_MONTH = 0.004
# No story runs longer, which lets a reader who asks for what changed lately skip old cells.
LONGEST_STORY = 130 * DAY


@dataclass(frozen=True, slots=True)
class Cell:
    tickets: tuple[Ticket, ...]
    entries: tuple[TimeEntry, ...]


class Desk:
    def __init__(
        self, options: Options, calendar: Calendar, clients: Clients, people: People, agreements: Agreements
    ) -> None:
        self.options, self.calendar, self.clients = options, calendar, clients
        self.people, self.agreements = people, agreements
        self.width = len(clients.served)
        self.cell = lru_cache(maxsize=3_000)(self._cell)
        self.days = lru_cache(maxsize=64)(self._days_and_weights)

    @property
    def cells(self) -> int:
        return (self.options.end_month - self.options.first_month) * self.width

    def month_of_cell(self, number: int) -> Month:
        return self.options.first_month + number // self.width

    def cells_of_month(self, month: Month) -> range:
        start = (month - self.options.first_month) * self.width
        return range(max(0, start), max(0, min(self.cells, start + self.width)))

    @staticmethod
    def cell_of_ticket(ticket: int) -> int:
        return max(0, (ticket - FIRST_TICKET) // TICKET_SLOTS)

    @staticmethod
    def cell_of_entry(entry: int) -> int:
        return max(0, (entry - FIRST_TICKET) // ENTRY_SLOTS)

    def _days_and_weights(self, month: Month) -> tuple[list[date], list[float]]:
        days = days_of(month)
        return days, [1.0 if day.weekday() < 5 else 0.07 for day in days]

    def _cell(self, number: int) -> Cell:
        month, client = self.month_of_cell(number), self.clients.get(number % self.width)
        writer = _CellWriter(self, number, month, client)
        if client.index == INTERNAL:
            writer.own_work()
        else:
            writer.client_work()
        return Cell(tuple(writer.tickets), tuple(writer.entries))


class _CellWriter:
    """Writes one cell: first the tickets, then what happened to them, then the hours."""

    def __init__(self, desk: Desk, number: int, month: Month, client: Client) -> None:
        self.desk, self.number, self.month, self.client = desk, number, month, client
        self.random = Random(f"{desk.options.seed}/desk/{client.index}/{month}")
        self.tickets: list[Ticket] = []
        self.entries: list[TimeEntry] = []

    def client_work(self) -> None:
        elapsed = self.month - self.desk.options.this_month
        rate = self.client.devices * PER_DEVICE * SEASON[self.month % 12] * (1 + GROWTH_A_MONTH * elapsed)
        for board, expected in (
            (HELP_DESK, rate), ("Professional Services", rate * 0.09), ("Alignment", 0.25 + rate * 0.01),
            ("Projects", rate * 0.06), ("Sales", rate * 0.01),
        ):  # fmt: skip
            for _ in range(self._count(expected)):
                self._ticket(board)
        self._families()

    def own_work(self) -> None:
        scale = min(20.0, self.desk.options.scale)
        for _ in range(self._count(14 * scale)):
            self._ticket("Internal")
        for _ in range(self._count(5 * scale)):
            self._ticket("Sales", company=self._prospect())
        for _ in range(self._count(2 * scale)):
            self._ticket(HELP_DESK)
        for member in self.desk.people.members[:60]:
            self._charge_codes(member)
        self._number()

    def _prospect(self) -> Client:
        return self.desk.clients.get(self.desk.options.clients + 1)

    def _count(self, expected: float) -> int:
        """About the expected number, with the scatter of real months."""
        return max(0, round(self.random.gauss(expected, 0.45 * expected**0.5)))

    def _moment(self) -> int:
        days, weights = self.desk.days(self.month)
        day = self.random.choices(days, weights)[0]
        if self.random.random() < 0.06:
            return self.desk.calendar.at(day, self.random.uniform(0, 23.9))
        return self.desk.calendar.at(day, min(max(self.random.gauss(11.8, 2.6), 7.0), 19.0))

    def _ticket(self, board: str, company: Client | None = None) -> None:
        company = company or self.client
        created_at = self._moment()
        if len(self.tickets) >= TICKET_SLOTS or not company.here_at(created_at):
            return
        random = self.random
        place = random.randrange(len(TYPES[board]))
        kind, subtypes = TYPES[board][place]
        sub_place = random.randrange(len(subtypes))
        contact = random.choice(company.contacts)
        owner = random.choice(self.desk.people.on_duty(created_at)).id
        priority = random.choices(PRIORITIES, [priority.share for priority in PRIORITIES])[0]
        responded_at = created_at + int(random.expovariate(1 / (priority.respond_hours * 1400)))
        closed_at = self._closing(board, priority.resolve_hours, responded_at)
        ticket = Ticket(
            id=FIRST_TICKET + self.number * TICKET_SLOTS + len(self.tickets), client=company.index, board=board,
            summary=f"{kind}: {subtypes[sub_place].lower()} - {contact}", type_place=place,
            subtype_place=sub_place, priority=priority, contact=contact, source=random.choice(SOURCES),
            owner=owner, created_at=created_at, responded_at=responded_at,
            planned_at=responded_at + random.randrange(300, 5400), closed_at=closed_at,
            closed_status=random.choices((">Closed", ">Closed - No response", "Closed"), (80, 8, 12))[0],
            waiting_at=None, reopened_at=None, closed_again_at=None, parent=None, has_children=False,
            merged_into=None, has_merged=False, agreement=self.desk.agreements.covering(company.index),
        )  # fmt: skip
        self._story(ticket)
        self._hours(ticket)
        self.tickets.append(ticket)

    def _closing(self, board: str, resolve_hours: float, responded_at: int) -> int | None:
        if self.random.random() < 0.004:
            return None  # forgotten, as some are
        mean = resolve_hours * 1500 if board == HELP_DESK else 9 * DAY
        return responded_at + 300 + min(60 * DAY, int(self.random.expovariate(1 / mean)))

    def _story(self, ticket: Ticket) -> None:
        closed_at, random = ticket.closed_at, self.random
        if closed_at is None:
            return
        if closed_at - ticket.responded_at > DAY and random.random() < 0.4:
            ticket.waiting_at = random.randrange(ticket.responded_at + 600, closed_at)
        if random.random() < 0.04:
            ticket.reopened_at = closed_at + random.randrange(3600, 9 * DAY)
            ticket.closed_again_at = ticket.reopened_at + random.randrange(1800, 6 * DAY)

    def _families(self) -> None:
        """Some tickets are children of an earlier one, and some were merged into one."""
        self._number()
        for place, ticket in enumerate(self.tickets):
            if place == 0 or ticket.board != HELP_DESK:
                continue
            elder, fate = self.tickets[self.random.randrange(place)], self.random.random()
            if elder.board != HELP_DESK or elder.parent or elder.merged_into or fate > 0.065:
                continue
            if fate < 0.035:
                ticket.parent, elder.has_children = elder.id, True
            elif ticket.closed_at is not None:
                ticket.merged_into, elder.has_merged = elder.id, True
                ticket.waiting_at = ticket.reopened_at = ticket.closed_again_at = None
                ticket.closed_at = ticket.created_at + 900
                ticket.responded_at = min(ticket.responded_at, ticket.closed_at)

    def _number(self) -> None:
        """Ids in the order of creation, as a database gives them."""
        self.tickets.sort(key=lambda ticket: ticket.created_at)
        first = FIRST_TICKET + self.number * TICKET_SLOTS
        for place, ticket in enumerate(self.tickets):
            ticket.id = first + place
            for entry in ticket.entries:
                entry.ticket = ticket.id

    def _hours(self, ticket: Ticket) -> None:
        help_desk = ticket.board == HELP_DESK
        count = self.random.choices((1, 2, 3), (80, 15, 5))[0]
        until = ticket.closed_at or ticket.responded_at + 5 * DAY
        for _ in range(count):
            hours = self.random.randrange(3, 12) / 20 if help_desk else self.random.randrange(4, 24) / 8
            started_at = self.random.randrange(ticket.responded_at, max(ticket.responded_at + 1, until))
            charge = "ProjectTicket" if ticket.board == "Projects" else "ServiceTicket"
            entry = self._entry(ticket.client, charge, ticket.owner, started_at, hours, self._billable(ticket))
            if entry is not None:
                entry.ticket, entry.board, entry.agreement = ticket.id, ticket.board, ticket.agreement
                ticket.entries += (entry,)

    def _billable(self, ticket: Ticket) -> str:
        if ticket.board in ("Internal", "Sales", "Alignment"):
            return "DoNotBill"
        return self.random.choices(("Billable", "DoNotBill", "NoCharge"), (86, 8, 6))[0]

    def _charge_codes(self, member: Member) -> None:
        """Meetings, training and holidays, written on no ticket."""
        for _ in range(self.random.randrange(8, 14)):
            started_at = self._moment()
            if member.licence != "F" or not member.here_at(started_at):
                continue
            charge = self.random.choices(("ChargeCode", "Activity", "Company"), (80, 10, 10))[0]
            hours = self.random.choice((0.5, 1.0, 1.5, 2.0, 8.0))
            self._entry(INTERNAL, charge, member.id, started_at, hours, "DoNotBill")

    def _entry(
        self, client: int, charge: str, member: int, started_at: int, hours: float, billable: str
    ) -> TimeEntry | None:
        if len(self.entries) >= ENTRY_SLOTS:
            return None
        ended_at = started_at + int(hours * 3600)
        late = self.random.random() < 0.03
        entered_at = ended_at + (self.random.randrange(8, 40) * DAY if late else self.random.randrange(3600))
        entry = TimeEntry(
            id=FIRST_TICKET + self.number * ENTRY_SLOTS + len(self.entries), client=client, ticket=None,
            board=None, charge=charge, member=member, started_at=started_at, hours=hours, entered_at=entered_at,
            approved_at=entered_at + self.random.randrange(2, 9) * DAY, billable=billable,
            work_type="Regular" if self.random.random() < 0.95 else "After hours", agreement=None,
        )  # fmt: skip
        self.entries.append(entry)
        return entry
