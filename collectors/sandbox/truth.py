"""The world's own answers for a month, worked out one record at a time.

Tests compare the product's figures with these. Tickets, hours and books are as known at the clock;
devices and agreements as they stood at the month's last moment, or at the clock if that is earlier.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from collectors.sandbox.exchange import Owning, Row
from collectors.sandbox.world.accounts import ACCOUNTS
from collectors.sandbox.world.agreements import SEAT, in_force, monthly, value_at
from collectors.sandbox.world.boards import CLOSED_STATUSES, HELP_DESK
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY, Month, month_text, utc_text
from collectors.sandbox.world.devices import MANAGED, WORKSTATIONS, Device
from collectors.sandbox.world.others import SYSTEMS
from collectors.sandbox.world.world import World

REVENUE = ("mrr", "nrr", "orr", "product_sales", "misc_revenue")
EXPENSES = ("employee_expense", "owner_comp_taxes", "owner_compensation", "cogs", "other_expenses")
SPARE = "SPARE-"

Sums = dict[int, dict[str, Decimal]]


def truth(world: World, month: Month) -> Row:
    now = world.clock.now()
    as_of = min(now, world.calendar.month_start(month + 1) - 1)
    sums: Sums = defaultdict(lambda: defaultdict(Decimal))
    _tickets(world, month, now, sums)
    _hours(world, month, now, sums)
    _devices(world, as_of, sums)
    _agreements(world, as_of, sums)
    company: dict[str, Decimal] = defaultdict(Decimal)
    for values in sums.values():
        for name, value in values.items():
            company[name] += value
    return {
        "month": month_text(month), "clock": utc_text(now), "as_of": utc_text(as_of),
        "zone": world.options.zone, "company": _texts(company | _books(world, month, now)),
        "clients": {str(world.clients.get(index).psa_id): {
            "name": world.clients.get(index).psa_name, "kind": world.clients.get(index).kind,
            "rmm_organizations": [row.id for row in world.clients.get(index).organizations],
            "ledger_customer": world.clients.get(index).ledger_id, **_texts(values)}
            for index, values in sorted(sums.items())},
        "ledger_accounts": {str(row.id): row.category for row in ACCOUNTS.values()},
    }  # fmt: skip


def _texts(values: dict[str, Decimal]) -> Row:
    return {name: str(value) for name, value in values.items()}


def _tickets(world: World, month: Month, now: int, sums: Sums) -> None:
    """Parents only. A ticket merged into another is counted apart, so that either rule can be tested."""
    start, end = world.calendar.month_start(month), world.calendar.month_start(month + 1)
    for seen in world.tickets(now, changed_since=start):
        state = seen.record
        if state.board != HELP_DESK or state.parent is not None:
            continue
        counted = sums[state.client]
        suffix = "_merged_away" if state.merged_into is not None else ""
        if start <= state.created_at < end:
            counted[f"reactive_tickets_created{suffix}"] += 1
        closed = state.closed_at is not None and state.status in CLOSED_STATUSES
        if closed and start <= (state.closed_at or 0) < end:
            counted[f"reactive_tickets_closed{suffix}"] += 1
            counted[f"tickets_reopened{suffix}"] += _was_reopened(world, state.ticket.id, now)


def _was_reopened(world: World, ticket: int, now: int) -> bool:
    moves = world.quality.changes(ticket, now)
    return any(move.old in CLOSED_STATUSES and move.new not in CLOSED_STATUSES for move in moves)


def _hours(world: World, month: Month, now: int, sums: Sums) -> None:
    """Hours by the moment they were entered, on whichever board their ticket stands now."""
    start, end = world.calendar.month_start(month), world.calendar.month_start(month + 1)
    for seen in world.entries(now, changed_since=start):
        entry = seen.record
        if not start <= entry.entered_at < end:
            continue
        hours = Decimal(str(entry.hours))
        sums[entry.client]["hours_all"] += hours
        ticket = world.ticket(entry.ticket, now) if entry.ticket is not None else None
        if entry.charge == "ServiceTicket" and ticket is not None and ticket.record.board == HELP_DESK:
            sums[entry.client]["reactive_hours"] += hours


def identities(world: World, vendors: Mapping[str, object] | None = None) -> dict[str, dict[str, str | None]]:
    """Whose each account is, by system and its id there: the PSA's id of the client, None where it is nobody's.

    Of the vendors given too, by what each says itself or else by the ids that the world gives it.
    """
    now = world.clock.now()
    told: dict[str, dict[str, str | None]] = {"connectwise_psa": {}, "ninjaone": {}, "quickbooks_online": {}}
    for index in world.clients.everyone:
        client, served = world.clients.get(index), index in world.clients.served
        told["connectwise_psa"][str(client.psa_id)] = str(client.psa_id) if served else None
        told["ninjaone"] |= {str(row.id): str(client.psa_id) for row in client.organizations}
        if client.ledger_id is not None:
            told["quickbooks_online"][str(client.ledger_id)] = str(client.psa_id)
    for system in SYSTEMS:
        told[system] = {
            row.id: None if row.client is None else str(world.clients.get(row.client).psa_id)
            for row in world.others.at(system, now)
        }
    for slug, vendor in (vendors or {}).items():
        if isinstance(vendor, Owning):
            told[slug] = {key: None if index is None else str(world.clients.get(index).psa_id)
                          for key, index in vendor.owners().items()}  # fmt: skip
        elif slug not in told:
            # Also those that left long ago: their accounts are retired, and still somebody's.
            rows = (world.others.account(slug, index, min(now, world.clients.get(index).left_at or now))
                    for index in world.clients.served)  # fmt: skip
            told[slug] = {row.id: str(world.clients.get(row.client or 0).psa_id) for row in rows if row is not None}
    return told


def is_managed(device: Device, moment: int) -> bool:
    return (
        device.client != INTERNAL
        and device.node_class in MANAGED
        and not device.name.startswith(SPARE)
        and device.approval(moment) == "APPROVED"
    )


def _devices(world: World, as_of: int, sums: Sums) -> None:
    for device in world.devices_at(as_of):
        counted = sums[device.client]
        counted["devices_listed"] += 1
        if is_managed(device, as_of):
            counted["endpoints_managed"] += 1
            counted["seats_managed"] += device.node_class in WORKSTATIONS
            counted["endpoints_not_seen_30_days"] += as_of - device.last_contact(as_of) > 30 * DAY


def _agreements(world: World, as_of: int, sums: Sums) -> None:
    day = world.calendar.day(as_of)
    for seen in world.agreements_at(as_of):
        row, counted = seen.record, sums[seen.record.client]
        counted["agreement_mrr"] += monthly(row, as_of, day)
        if row.status(day) != "Active":
            continue
        counted["managed_services_agreements"] += 1
        for addition in world.additions_at(row, as_of):
            if addition.product == SEAT and in_force(addition, day):
                counted["agreement_seats"] += value_at(addition.quantities, as_of) - addition.included


def _books(world: World, month: Month, now: int) -> dict[str, Decimal]:
    """Accrual books by category, up to the clock's day."""
    made = {name: Decimal("0.00") for name in (*REVENUE, *EXPENSES)}
    today = world.calendar.day(now)
    for posting in world.postings(month, month, now):
        if posting.day <= today:
            made[ACCOUNTS[posting.account].category] += posting.amount
    made["total_revenue"] = sum((made[name] for name in REVENUE), Decimal(0))
    made["total_expenses"] = sum((made[name] for name in EXPENSES), Decimal(0))
    made["net_profit"] = made["total_revenue"] - made["total_expenses"]
    return made
