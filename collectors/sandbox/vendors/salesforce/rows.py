"""The world's companies, deals, calls and meetings as Salesforce keeps them."""

from __future__ import annotations

from collections.abc import Callable

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import DAY, utc_text
from collectors.sandbox.world.sales import STAGES, Activity, Company, Deal, Seller
from collectors.sandbox.world.world import World

TYPES = {"client": "Customer - Direct", "prospect": "Prospect", "former": "Other"}
STAGE_NAMES = dict(zip(STAGES, (*STAGES[:4], "Closed Won", "Closed Lost"), strict=True))
TOOK_PART = 5  # two deals in so many have a partner that did not bring them
LOGGED_LATER = 4  # one call in so many was logged afterwards, without the moment it was completed
SYSTEM = ("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp", "IsDeleted", "OwnerId", "Owner.Name")
ACTIVITY = ("Subject", "AccountId", "WhatId", "WhoId", "IsArchived")
FIELDS: dict[str, tuple[str, ...]] = {
    "Account": (*SYSTEM, "Name", "Website", "Type", "ParentId", "Industry", "AccountNumber", "MasterRecordId"),
    "Opportunity": (
        *SYSTEM, "AccountId", "Account.Name", "Name", "Amount", "StageName", "Probability", "ExpectedRevenue",
        "CloseDate", "IsClosed", "IsWon", "Type", "LeadSource", "ForecastCategory", "NextStep", "LastActivityDate",
    ),
    "OpportunityPartner": ("Id", "OpportunityId", "AccountToId", "AccountTo.Name", "IsPrimary", "Role", "IsDeleted"),
    "Task": (
        *SYSTEM, *ACTIVITY, "TaskSubtype", "Type", "Status", "IsClosed", "ActivityDate", "CallType",
        "CallDisposition", "CallDurationInSeconds", "CompletedDateTime",
    ),
    "Event": (
        *SYSTEM, *ACTIVITY, "StartDateTime", "EndDateTime", "ActivityDateTime", "DurationInMinutes", "EventSubtype",
        "Type", "IsChild", "IsRecurrence", "IsAllDayEvent", "IsPrivate",
    ),
}  # fmt: skip


def id_of(prefix: str, number: int) -> str:
    """Eighteen signs, of which the first three tell the object."""
    return f"{prefix}4W{number:010d}QAC"


def moment(seconds: int) -> str:
    """With an offset that has no colon."""
    return utc_text(seconds).replace("Z", ".000+0000")


def made(object: str, world: World, archived: bool) -> list[Row]:
    """Every record of an object; archived activities only where they are asked for."""
    now, sales = world.clock.now(), world.sales
    makes: dict[str, Callable[[], list[Row]]] = {
        "Account": lambda: [_account(one, world, now) for one in sales.companies(now)],
        "Opportunity": lambda: [_opportunity(one) for one in sales.deals(now)],
        "OpportunityPartner": lambda: [_partner(one, world) for one in sales.deals(now) if _brought_by(one, world)],
        "Task": lambda: [_task(one, now) for one in sales.activities(now) if one.kind == "call"],
        "Event": lambda: [_event(one, now) for one in sales.activities(now) if one.kind == "meeting"],
    }
    return [row for row in makes[object]() if archived or not row.get("IsArchived")]


def _system(id: str, owner: Seller, created_at: int, updated_at: int) -> Row:
    return {
        "Id": id, "CreatedDate": moment(created_at), "LastModifiedDate": moment(updated_at),
        "SystemModstamp": moment(updated_at), "IsDeleted": False, "OwnerId": id_of("005", owner.id),
        "Owner": {"Name": owner.name},
    }  # fmt: skip


def _account(one: Company, world: World, now: int) -> Row:
    known = world.others.account("salesforce", one.client, now) if one.client >= 0 else None
    number = next(iter(known.ids.values()), None) if known else None
    return {
        **_system(id_of("001", one.id), one.owner, one.created_at, one.updated_at),
        "Name": known.name if known else one.name, "Website": f"www.{one.domain}", "Type": TYPES[one.kind],
        "ParentId": None, "Industry": None, "AccountNumber": f"PSA: {number}" if number else None,
        "MasterRecordId": None,
    }  # fmt: skip


def _opportunity(one: Deal) -> Row:
    closed, won = one.status != "open", one.status == "won"
    return {
        **_system(id_of("006", one.id), one.owner, one.created_at, one.updated_at),
        "AccountId": id_of("001", one.company), "Account": {"Name": one.name.partition(":")[0]}, "Name": one.name,
        "Amount": float(one.amount), "StageName": STAGE_NAMES[one.stage], "Probability": 100.0 if won else 0.0,
        "ExpectedRevenue": float(one.amount) if won else 0.0, "IsClosed": closed, "IsWon": won,
        "CloseDate": utc_text(one.closed_at or one.expected_at)[:10],
        "Type": "New Business" if one.pipeline == "New business" else "Existing Business", "LeadSource": None,
        "ForecastCategory": "Closed" if won else "Pipeline", "NextStep": None, "LastActivityDate": None,
        "history": [(STAGE_NAMES[step.stage], step.entered_at) for step in one.steps],
    }  # fmt: skip


def histories(row: Row) -> list[Row]:
    """A row for each stage, and one more for a change of the amount, which repeats the stage."""
    steps = row["history"]
    assert isinstance(steps, list)
    times = [(stage, at + more) for stage, at in steps for more in (0, 120)]
    return [{"StageName": stage, "CreatedDate": moment(at), "Amount": row["Amount"]} for stage, at in times]


def _brought_by(one: Deal, world: World) -> str:
    """Who brought it, or took part later: an org notes partners of more deals than the one that was new."""
    partners = world.sales.partners
    return one.partner or (partners[one.id % len(partners)] if one.id % TOOK_PART < 2 else "")


def _partner(one: Deal, world: World) -> Row:
    who = _brought_by(one, world)
    return {
        "Id": id_of("00I", one.id), "OpportunityId": id_of("006", one.id), "AccountTo": {"Name": who},
        "AccountToId": id_of("001", 900 + len(who)), "IsPrimary": True, "Role": "Referral", "IsDeleted": False,
    }  # fmt: skip


def _activity(prefix: str, one: Activity, now: int) -> Row:
    return {
        **_system(id_of(prefix, one.id), one.owner, one.created_at, one.updated_at), "Subject": one.subject,
        "AccountId": id_of("001", one.company), "WhatId": id_of("006", one.deal) if one.deal else None, "WhoId": None,
        "IsArchived": one.done and one.ends_at < now - 365 * DAY,
    }  # fmt: skip


def _task(one: Activity, now: int) -> Row:
    timed = one.done and one.id % LOGGED_LATER
    return {
        **_activity("00T", one, now), "TaskSubtype": "Call", "Type": "Call", "IsClosed": one.done,
        "Status": "Completed" if one.done else "Not Started", "ActivityDate": utc_text(one.starts_at)[:10],
        "CallType": "Outbound", "CallDisposition": one.outcome.capitalize() or None,
        "CallDurationInSeconds": one.ends_at - one.starts_at if one.done else None,
        "CompletedDateTime": moment(one.ends_at) if timed else None,
    }  # fmt: skip


def _event(one: Activity, now: int) -> Row:
    return {
        **_activity("00U", one, now), "StartDateTime": moment(one.starts_at), "EndDateTime": moment(one.ends_at),
        "ActivityDateTime": moment(one.starts_at), "DurationInMinutes": (one.ends_at - one.starts_at) // 60,
        "EventSubtype": "Event", "Type": one.type, "IsChild": False, "IsRecurrence": False, "IsAllDayEvent": False,
        "IsPrivate": False,
    }  # fmt: skip
