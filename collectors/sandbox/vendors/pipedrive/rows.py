"""The world's companies, deals, calls and meetings as Pipedrive writes them."""

from __future__ import annotations

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import DAY, utc_text
from collectors.sandbox.world.sales import STAGES, Activity, Company, Deal, Seller
from collectors.sandbox.world.world import World

PARTNER_FIELD = "d4de1c1518b4531717c676029a45911c340390a6"
PIPELINES = {"New business": 1, "Existing clients": 2}
OPEN_STAGES = STAGES[:4]  # won and lost are a status here, and no stage
ARCHIVED_AFTER = 40 * DAY  # after its end somebody puts a deal into the archive
OPENED_AGAIN = 5  # one open deal in so many was lost before
PLAIN = 3  # one call in so many is logged without saying what came of it


def stage_id(pipeline: str, stage: str) -> int:
    return PIPELINES[pipeline] * 10 + OPEN_STAGES.index(stage)


def pipelines() -> list[Row]:
    return [
        {"id": id, "name": name, "order_nr": id, "is_deleted": False, "add_time": utc_text(0),
         "update_time": utc_text(0)}
        for name, id in PIPELINES.items()
    ]  # fmt: skip


def stages() -> list[Row]:
    return [
        {"id": stage_id(pipeline, name), "name": name, "order_nr": place, "pipeline_id": id, "is_deleted": False,
         "deal_probability": 100, "add_time": utc_text(0), "update_time": utc_text(0)}
        for pipeline, id in PIPELINES.items() for place, name in enumerate(OPEN_STAGES)
    ]  # fmt: skip


def user(one: Seller) -> Row:
    return {"id": one.id, "name": one.name, "email": one.email, "active_flag": True, "is_deleted": False,
            "timezone_name": "America/Chicago", "created": "2021-01-01 00:00:00", "role_id": 1}  # fmt: skip


def organization(one: Company, world: World, now: int) -> Row:
    known = world.others.account("pipedrive", one.client, now) if one.client >= 0 else None
    place = f"{one.id % 900} Mill Lane, Fernbrook, 43001, USA"
    return {
        "id": one.id, "name": known.name if known else one.name, "owner_id": one.owner.id,
        "website": f"https://www.{one.domain}" if one.id % 4 else None,
        "address": {"value": place, "country": "USA"} if one.id % 2 else None,
        "add_time": utc_text(one.created_at), "update_time": utc_text(one.updated_at), "is_deleted": False,
        "label_ids": [], "industry": None, "annual_revenue": None, "employee_count": None, "custom_fields": {},
    }  # fmt: skip


def deal(one: Deal, now: int, fields: list[str], keeps: bool) -> Row:
    """The stage of a deal that has ended is the last it stood in."""
    stood = [step for step in one.steps if step.stage in OPEN_STAGES]
    ended = utc_text(one.closed_at) if one.closed_at else None
    lost_before = keeps and one.status == "open" and one.id % OPENED_AGAIN == 0
    archived_at = one.closed_at + ARCHIVED_AFTER if one.closed_at else now
    archived = archived_at < now
    return {
        "id": one.id, "title": one.name, "value": float(one.amount), "currency": "USD", "status": one.status,
        "stage_id": stage_id(one.pipeline, stood[-1].stage), "pipeline_id": PIPELINES[one.pipeline],
        "owner_id": one.owner.id, "creator_user_id": one.owner.id, "person_id": None, "org_id": one.company,
        "add_time": utc_text(one.created_at),
        "update_time": utc_text(archived_at if archived else one.updated_at),
        "archive_time": utc_text(archived_at) if archived else None,
        "stage_change_time": utc_text(stood[-1].entered_at) if len(stood) > 1 else None,
        "won_time": ended if one.status == "won" else None,
        "lost_time": ended if one.status == "lost" else utc_text(one.created_at) if lost_before else None,
        "close_time": ended, "local_won_date": ended[:10] if ended and one.status == "won" else None,
        "expected_close_date": utc_text(one.expected_at)[:10], "lost_reason": None, "probability": None,
        "is_deleted": False, "is_archived": archived, "label_ids": [], "origin": "ManuallyCreated",
        "custom_fields": {key: one.partner or None for key in fields if key == PARTNER_FIELD},
    }  # fmt: skip


def changes(one: Deal) -> list[Row]:
    """Newest first, in UTC without saying so; every value a text. A deal's making is no change."""
    made: list[Row] = [_change("value", "0", f"{one.amount:f}", one.created_at + 60, one.owner.id)]
    for before, step in zip(one.steps, one.steps[1:], strict=False):
        if step.stage in OPEN_STAGES:
            old, new = stage_id(one.pipeline, before.stage), stage_id(one.pipeline, step.stage)
            made.append(_change("stage_id", str(old), str(new), step.entered_at, one.owner.id))
        else:
            made.append(_change("status", "open", one.status, step.entered_at, one.owner.id))
    return made[::-1]


def _change(field: str, old: str, new: str, at: int, who: int) -> Row:
    return {
        "field_key": field, "old_value": old, "new_value": new, "actor_user_id": who, "change_source": "app",
        "time": utc_text(at).replace("T", " ").removesuffix("Z"), "is_bulk_update_flag": False,
    }  # fmt: skip


def activity(one: Activity) -> Row:
    """What came of a call or a meeting is in the type, where the company made types of its own for that."""
    said = one.kind
    if one.kind == "call" and one.outcome and one.id % PLAIN:
        said = f"call_{one.outcome.replace(' ', '_')}"
    elif one.outcome == "no show":
        said = "meeting_no_show"
    starts, lasts = utc_text(one.starts_at), one.ends_at - one.starts_at
    return {
        "id": one.id, "subject": one.subject, "type": said, "owner_id": one.owner.id, "is_deleted": False,
        "done": one.done, "marked_as_done_time": utc_text(one.ends_at) if one.done else None,
        "due_date": starts[:10], "due_time": starts[11:19],
        "duration": f"{lasts // 3600:02d}:{lasts // 60 % 60:02d}:00",
        "add_time": utc_text(one.created_at), "update_time": utc_text(one.updated_at), "deal_id": one.deal,
        "lead_id": None, "person_id": None, "org_id": one.company, "location": None, "participants": [],
    }  # fmt: skip
