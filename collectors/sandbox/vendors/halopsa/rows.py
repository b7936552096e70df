"""HaloPSA's JSON for the world's records. Nothing is 0 in an id and 1900 in a date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world import boards
from collectors.sandbox.world.agreements import extended, value_at
from collectors.sandbox.world.dates import parse_moment, utc_text
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.people import Member
from collectors.sandbox.world.tickets import TicketState, TimeEntry
from collectors.sandbox.world.world import Seen, World

SLUG = "halopsa"
NO_DATE = "1900-01-01T00:00:00"
FIRST_CLIENT = 12  # 1 is for what is nobody's
NAMES = dict.fromkeys(status.name for board in boards.BOARDS.values() for status in board.statuses)
STATUSES = {name: place for place, name in enumerate(NAMES, start=1)}
CLOSED = {status.name for board in boards.BOARDS.values() for status in board.statuses if status.closed}
FILTERS = {"client_id": "client_id", "agent_id": "agent_id", "status_id": "status_id",
           "requesttype_id": "tickettype_id"}  # fmt: skip
PERIODS = {"menu": {1: 2, 3: 3, 12: 5}, "months": {1: 1, 3: 3, 12: 12}}


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches
        self.record = lru_cache(maxsize=20_000)(self._record)

    @property
    def now(self) -> int:
        return self.world.clock.now()

    # Clients

    def owners(self) -> dict[str, int | None]:
        """Of all that were ever here."""
        return {"1": None} | {str(FIRST_CLIENT + index): index for index in self.world.clients.served}

    def clients(self, asked: dict[str, str]) -> Iterator[Row]:
        yield {"id": 1, "name": "Unknown", "inactive": False, "toplevel_id": 1, "customertype": 0}
        for index in self.world.clients.served:
            row = self._client(index)
            if row is not None and (not row["inactive"] or asked.get("includeinactive") == "true"):
                yield row

    def client(self, identity: int) -> Row | None:
        """One in detail, with what the list leaves out."""
        if identity == 1:
            return {"id": 1, "name": "Unknown", "inactive": False, "website": "", "domain": ""}
        index = identity - FIRST_CLIENT
        row = self._client(index) if index in self.world.clients.served else None
        if row is None:
            return None
        client = self.world.clients.get(index)
        place = {"line1": f"{index + 10} Mill Lane", "line3": "Fernbrook", "postcode": f"{43000 + index}"}
        return row | {"website": client.website or "", "domain": "", "main_phonenumber": client.phone,
                      "main_invoice_address": place}  # fmt: skip

    def _client(self, index: int) -> Row | None:
        client = self.world.clients.get(index)
        if (client.joined_at or 0) > self.now:
            return None
        record = self.record(index)
        gone = client.left_at is not None and client.left_at <= self.now
        return {"id": FIRST_CLIENT + index, "name": record.name if record else client.psa_name, "inactive": gone,
                "toplevel_id": 1, "customertype": 0, "datecreated": told(client.joined_at or self._history()),
                "accountmanagertech": 0, "stopped": 0}  # fmt: skip

    def _record(self, index: int) -> Record | None:
        """The client as it is spelled here, from the day it came."""
        client = self.world.clients.get(index)
        return self.world.others.account(SLUG, index, max(client.joined_at or 0, self._history()))

    def _history(self) -> int:
        return self.world.calendar.month_start(self.world.options.first_month)

    # The desk

    def types(self, asked: dict[str, str]) -> Iterator[Row]:
        for board in boards.BOARDS.values():
            yield {"id": board.id, "name": board.name, "use": "project" if board.project else "ticket"}

    def statuses(self, asked: dict[str, str]) -> Iterator[Row]:
        for name, number in STATUSES.items():
            if asked.get("excludeclosed") != "true" or name not in CLOSED:
                yield {"id": number, "name": name, "shortname": name[:10], "type": 0, "sequence": number}

    def priorities(self, asked: dict[str, str]) -> Iterator[Row]:
        """The same ids in both SLAs."""
        for sla, suffix in ((1, ""), (2, " (after hours)")):
            for priority in boards.PRIORITIES:
                yield {
                    self.switches.text(SLUG, "priority_sla"): sla,
                    "priorityid": priority.sort,
                    "name": f"{priority.name}{suffix}",
                }

    def agents(self, asked: dict[str, str]) -> Iterator[Row]:
        yield {"id": 1, "name": "Unassigned", "isdisabled": False, "isapiagent": False, "team": ""}
        for member in self.world.people.members:
            row = self._agent(member)
            wanted = not row["isdisabled"] or asked.get("includedisabled") == "true"
            if wanted and (member.joined_at or 0) <= self.now:
                yield row

    def agent(self, identity: int) -> Row | None:
        member = next((one for one in self.world.people.members if one.id == identity), None)
        return self._agent(member) | {"costprice": float(member.hourly_cost), "chargerate": 1} if member else None

    def _agent(self, member: Member) -> Row:
        left = member.left_at is not None and member.left_at <= self.now
        return {"id": member.id, "name": f"{member.first_name} {member.last_name}", "email": member.email,
                "isdisabled": left, "isapiagent": member.licence == "A", "team": "Service Team"}  # fmt: skip

    def tickets(self, asked: dict[str, str]) -> Iterator[Row]:
        since = moment_of(asked.get("lastupdatefromdate")) if self.switches.on(SLUG, "update_filter") else None
        closed_too = "includeclosed" in asked or self.switches.on(SLUG, "closed_unasked")
        hidden = {True: "open_only" in asked or not closed_too, False: "closed_only" in asked}
        for seen in self.world.tickets(self.now, changed_since=since or 0):
            if seen.updated_at < (since or 0) or hidden[seen.record.closed]:
                continue
            row = self._ticket(seen)
            wanted = {FILTERS[name]: text for name, text in asked.items() if name in FILTERS}
            if all(str(row[name]) == text for name, text in wanted.items()):
                yield row

    def _ticket(self, seen: Seen[TicketState]) -> Row:
        state, ticket = seen.record, seen.record.ticket
        board = boards.BOARDS[state.board]
        was_closed = state.closed or (ticket.closed_at or self.now + 1) <= self.now
        flag = was_closed and (state.closed or not self.switches.on(SLUG, "flag_resets"))
        closed_at = state.closed_at
        if closed_at is None and was_closed and self.switches.on(SLUG, "dates_stay"):
            closed_at = ticket.closed_at
        contacts = self.world.clients.get(ticket.client).contacts
        name, subtypes = boards.TYPES[ticket.board][ticket.type_place]
        made: Row = {
            "id": ticket.id, "summary": state.summary, "client_id": FIRST_CLIENT + state.client, "site_id": 21,
            "user_id": 5_000 + ticket.client * 100 + contacts.index(ticket.contact),
            "tickettype_id": board.id, "status_id": STATUSES[state.status], "priority_id": ticket.priority.sort,
            "sla_id": 1, "team": "Service Team", "agent_id": ticket.owner, "category_1": name,
            "category_2": subtypes[ticket.subtype_place], "source": boards.SOURCES.index(ticket.source)
            if ticket.source in boards.SOURCES else 0,
            "dateoccurred": told(state.created_at), "dateclosed": told(closed_at), "targetdate": NO_DATE,
            "responsedate": NO_DATE, "respondbydate": NO_DATE, "fixbydate": NO_DATE,
            "excludefromsla": state.board != boards.HELP_DESK, "hasbeenclosed": flag, "timetaken": state.hours,
            "parent_id": state.parent or 0, "merged_into_id": state.merged_into or 0,
            "child_count": int(ticket.has_children), "last_update": told(seen.updated_at), "inactive": False,
        }  # fmt: skip
        if state.board == boards.HELP_DESK:
            priority = ticket.priority
            made |= {
                "responsedate": told(state.responded_at),
                "respondbydate": told(state.created_at + int(priority.respond_hours * 3600)),
                "fixbydate": told(state.created_at + int(priority.resolve_hours * 3600)),
            }
        return made | seen.raw

    def actions(self, asked: dict[str, str]) -> Iterator[Row]:
        """Time on tickets. An action's id is its place in its ticket."""
        start, end = moment_of(asked.get("startdate")), moment_of(asked.get("enddate"))
        for seen in self.world.entries(self.now):
            entry = seen.record
            if entry.ticket is None or asked.get("ticket_id", str(entry.ticket)) != str(entry.ticket):
                continue
            if (start or 0) <= entry.entered_at and (end is None or entry.entered_at <= end):
                yield self._action(entry, entry.ticket) | seen.raw

    def _action(self, entry: TimeEntry, ticket: int) -> Row:
        seen = self.world.ticket(ticket, self.now)
        known = [one.id for one in seen.record.ticket.entries] if seen else []
        place = known.index(entry.id) + 2 if entry.id in known else entry.id
        billable, ended_at = entry.billable == "Billable", entry.started_at + round(entry.hours * 3600)
        return {
            "ticket_id": ticket, "id": place, "outcome": "Private Note", "who": "", "who_agentid": entry.member,
            "actionby_agent_id": entry.member, "datetime": told(entry.entered_at),
            "actiondatecreated": told(entry.entered_at), "actionarrivaldate": told(entry.started_at),
            "actioncompletiondate": told(ended_at), "timetaken": entry.hours, "traveltime": 0,
            "actionchargehours": entry.hours if billable else 0, "actisbillable": billable,
            "actionnonchargehours": 0 if billable else entry.hours, "actioncontractid": entry.agreement or 0,
        }  # fmt: skip

    def feedback(self, asked: dict[str, str]) -> Iterator[Row]:
        for survey in self.world.quality.surveys(self.now):
            yield {"id": survey.id, "ticket_id": survey.ticket, "score": survey.score, "date": told(survey.answered_at),
                   "comment": ""}  # fmt: skip

    # Money

    def _period(self, cycle_months: int) -> int:
        return PERIODS[self.switches.text(SLUG, "periods")][cycle_months]

    def contracts(self, asked: dict[str, str]) -> Iterator[Row]:
        today = self.world.calendar.day(self.now)
        for seen in self.world.agreements_at(self.now):
            one = seen.record
            status = one.status(today)
            if status != "Active" and asked.get("includeinactive") != "true":
                continue
            ends = one.cancelled if status == "Cancelled" else one.end
            yield {
                "id": one.id, "client_id": FIRST_CLIENT + one.client, "ref": one.name,
                "start_date": day_told(one.start), "end_date": day_told(ends), "started": True,
                "expired": status == "Expired",
                "active": status == "Active", "billingperiod": self._period(one.cycle_months),
                "periodchargeamount": float(value_at(one.amounts, self.now)), "contract_status": status,
                "contracttype": one.type_id, "numberofunitsfree": 0, "last_modified": told(seen.updated_at),
            } | seen.raw  # fmt: skip

    def recurring(self, asked: dict[str, str]) -> Iterator[Row]:
        """What is billed beside a contract's own charge, in its rhythm."""
        today = self.world.calendar.day(self.now)
        for seen in self.world.agreements_at(self.now):
            one = seen.record
            additions = self.world.additions_at(one, self.now)
            if not additions:
                continue
            lines: list[Row] = [{
                "id": line.id, "item_code": line.product, "item_shortdescription": line.description,
                "qty_order": float(value_at(line.quantities, self.now) - line.included),
                "unit_price": float(line.price),
                "net_amount": float(extended(line, self.now)), "tax_amount": 0, "unit_cost": float(line.cost),
                "startdate": day_told(line.effective), "enddate": day_told(line.cancelled),
                "contract_id": one.id, "isinactive": line.billing != "Billable",
            } for line in additions]  # fmt: skip
            row: Row = {
                "id": 900 + one.id, "client_id": FIRST_CLIENT + one.client, "client_name": "", "contract_id": one.id,
                "contract_ref": one.name, "period": self._period(one.cycle_months), "nextcreationdate": NO_DATE,
                "startdate": day_told(one.start), "enddate": day_told(one.end),
                "disabled": one.status(today) == "Cancelled", "currency": "USD",
            }  # fmt: skip
            yield row | ({"lines": lines} if asked.get("includelines") == "true" else {})

    def invoices(self, asked: dict[str, str]) -> Iterator[Row]:
        first, last = asked.get("invoicedatestart", ""), asked.get("invoicedateend", "9999")
        for one in sorted(self.world.billing.invoices(self.now), key=lambda invoice: invoice.id):
            if not first[:10] <= one.posted_on.isoformat() <= last[:10]:
                continue
            tax = round(float(one.total) * 0.06, 2)
            row: Row = {
                "id": one.id, "client_id": FIRST_CLIENT + one.client, "invoicenumber": one.number,
                "invoice_date": day_told(one.posted_on), "duedate": day_told(one.due_on),
                "datepaid": day_told(one.paid_on), "total": round(float(one.total) + tax, 2), "tax_total": tax,
                "amountdue": float(one.balance()), "posted": True, "voided": False, "contract_id": 0,
                "currency_code": 1, "currency": "USD",
            }  # fmt: skip
            lines: list[Row] = [{
                "id": line.id, "item_shortdescription": line.description, "qty_order": float(line.quantity),
                "unit_price": float(line.unit_price), "net_amount": float(line.amount), "tax_amount": 0,
                "nominal_code": line.ledger_class, "contract_id": line.agreement or 0,
                **({"unit_cost": float(line.cost)} if line.cost is not None else {}),
            } for line in one.lines]  # fmt: skip
            yield row | ({"lines": lines} if asked.get("includelines") == "true" else {})


def told(moment: int | None) -> str:
    """UTC, and never said to be."""
    return NO_DATE if moment is None else utc_text(moment).removesuffix("Z")


def day_told(day: date | None) -> str:
    return NO_DATE if day is None else f"{day.isoformat()}T00:00:00"


def moment_of(text: str | None) -> int | None:
    """A date that cannot be read is no filter."""
    try:
        return parse_moment(text) if text else None
    except ValueError:
        return None
