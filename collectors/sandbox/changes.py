"""Changes a test makes to the world: what a request to /_sandbox/edit asks for, in the world's own terms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import cast

from collectors.sandbox import records
from collectors.sandbox.exchange import Row
from collectors.sandbox.world.boards import BOARDS, HELP_DESK, PRIORITIES
from collectors.sandbox.world.dates import parse_moment, utc_text
from collectors.sandbox.world.devices import Device
from collectors.sandbox.world.edits import Edit
from collectors.sandbox.world.ledger import Posting
from collectors.sandbox.world.tickets import Ticket, TimeEntry
from collectors.sandbox.world.world import World

# What `set` knows of each kind of record; None is whatever the vendor itself calls its fields.
EDITABLE: dict[str, set[str] | None] = {
    "tickets": {"board", "status", "summary", "company", "parent", "merged_into", "closed_at", "created_at", "hours"},
    "time_entries": {"hours", "billable", "member", "entered_at"},
    "devices": {"name", "organization", "site", "node_class", "silent_since", "approved_at"},
    "organizations": {"name", "description"},
    "agreements": {"name", "amount", "cancelled", "end"},
    "companies": None,
    "customers": None,
    "accounts": None,
    **{kind: set(records.settable(kind)) for kind in records.MADE},
}
MOMENTS = ("created_at", "closed_at", "entered_at", "silent_since", "approved_at")


def edit(world: World, body: Row) -> Row:
    """{"record": "tickets", "id": 1, "set": {...}, "raw": {...}, "delete": false} or {"add": ...}."""
    now = world.clock.now()
    if "add" in body:
        return _add(world, str(body["record"]), cast(Row, body["add"]), now)
    kind, identity = str(body["record"]), int(str(body["id"]))
    if kind not in EDITABLE or set(body) - {"record", "id", "set", "raw", "delete"}:
        raise ValueError(f"record is one of {', '.join(EDITABLE)}; with set, raw or delete")
    wanted, known = cast(Row, body.get("set", {})), EDITABLE[kind]
    if known is not None and set(wanted) - known:
        raise ValueError(f"{kind} know {', '.join(sorted(known))}")
    if kind in records.MADE:
        change = records.values(kind, wanted)
    else:
        change = wanted if known is None else _change(world, wanted)
    raw = cast(Row, body.get("raw", {}))
    world.edits.change(kind, identity, Edit(now, change, raw, body.get("delete") is True))
    return {"at": utc_text(now), "id": identity}


def _change(world: World, wanted: Row) -> Row:
    """Values in the world's own terms."""
    change: Row = {}
    for name, value in wanted.items():
        if name == "board" and value not in BOARDS:
            raise ValueError(f"no board {value}")
        if name == "company":
            index = world.clients.index_of_psa(int(str(value)))
            if index is None:
                raise ValueError(f"no company {value}")
            name, value = "client", index
        elif name in MOMENTS and value is not None:
            value = parse_moment(str(value))
        elif name in ("cancelled", "end") and value is not None:
            value = date.fromisoformat(str(value))
        elif name == "organization":
            change["client"] = _client_of(int(str(value)))
        elif name == "amount":
            name, value = "amounts", ((0, Decimal(str(value))),)
        change[name] = value
    return change


def _add(world: World, kind: str, wanted: Row, now: int) -> Row:
    identity = world.edits.next_id()
    if kind == "time_entries":
        world.edits.add(kind, _entry(world, identity, wanted, now))
    elif kind == "postings":
        world.edits.add(kind, _posting(world, wanted, now))
    elif kind == "tickets":
        world.edits.add(kind, _ticket(world, identity, wanted, now))
    elif kind == "devices":
        world.edits.add(kind, _device(identity, wanted, now))
    elif kind in records.MADE:
        world.edits.add(kind, records.copied(world, kind, identity, wanted, now))
    else:
        added = ("tickets", "time_entries", "devices", "postings", *records.MADE)
        raise ValueError(f"{', '.join(added)} can be added")
    return {"at": utc_text(now), "id": identity}


def _entry(world: World, identity: int, wanted: Row, now: int) -> TimeEntry:
    seen = world.ticket(int(str(wanted["ticket"])), now)
    if seen is None:
        raise ValueError("no such ticket now")
    state, hours = seen.record, float(str(wanted["hours"]))
    project = BOARDS[state.board].project
    return TimeEntry(
        id=identity, client=state.client, ticket=state.ticket.id, board=state.board,
        charge="ProjectTicket" if project else "ServiceTicket",
        member=int(str(wanted.get("member", state.ticket.owner))), started_at=now - int(hours * 3600),
        hours=hours, entered_at=now, approved_at=now + 5 * 86_400, billable="Billable",
        work_type="Regular", agreement=state.ticket.agreement,
    )  # fmt: skip


def _posting(world: World, wanted: Row, now: int) -> Posting:
    client = wanted.get("company")
    return Posting(
        day=date.fromisoformat(str(wanted["day"])), account=int(str(wanted["account"])),
        client=None if client is None else world.clients.index_of_psa(int(str(client))),
        amount=Decimal(str(wanted["amount"])), entered_at=now,
    )  # fmt: skip


def _ticket(world: World, identity: int, wanted: Row, now: int) -> Ticket:
    """An open ticket that nobody has answered yet."""
    index = world.clients.index_of_psa(int(str(wanted["company"])))
    board = str(wanted.get("board", HELP_DESK))
    if index is None or board not in BOARDS:
        raise ValueError("no such company or board")
    client = world.clients.get(index)
    return Ticket(
        id=identity, client=index, board=board, summary=str(wanted.get("summary", "Added")), type_place=0,
        subtype_place=0, priority=PRIORITIES[2], contact=client.contacts[0], source="Phone",
        owner=world.people.on_duty(now)[0].id, created_at=now, responded_at=now + 1800, planned_at=now + 3600,
        closed_at=None, closed_status=">Closed", waiting_at=None, reopened_at=None, closed_again_at=None,
        parent=None, has_children=False, merged_into=None, has_merged=False,
        agreement=world.agreements.covering(index),
    )  # fmt: skip


def _client_of(organization: int) -> int:
    return (organization - 2) // 2


def _device(identity: int, wanted: Row, now: int) -> Device:
    organization = int(str(wanted["organization"]))
    return Device(
        id=identity, client=_client_of(organization), organization=organization, site=organization * 10,
        node_class=str(wanted.get("node_class", "WINDOWS_WORKSTATION")), name=str(wanted["name"]), came_at=now,
        went_at=None, approved_at=now, silent_since=None, os_name="Windows 11 Pro", os_build="26100",
        os_release="24H2", upgraded_at=None,
    )  # fmt: skip
