"""Pipedrive (API v2, and v1 where there is nothing newer): organizations, deals, their stages, calls and meetings."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from collectors.auth import Auth
from collectors.convert import choice, day, decimal, evidence, first, joined, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Lookup, Record, Setting, Since, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.sales import Activity, Deal, DealStage
from collectors.pagination import CursorIn, OnePage, found_at

NO_FIELD = "0" * 40  # the key of a custom field that no company has
NO_APPOINTMENT = ("task", "deadline", "email")
STATUSES = {"won": "Won", "lost": "Lost"}


def fault(status: int, body: Any) -> Fault | None:
    """An answer that says itself that it is none, and a throttle that comes as a page without a word of the API."""
    if status == 403 and not isinstance(body, dict):
        return Fault("it blocks us for asking too much", wait=True)
    if status < 300 and not (isinstance(body, dict) and body.get("success") is True):
        return Fault(str(body.get("error") or "no success") if isinstance(body, dict) else "no success", wait=True)
    return None


def listed(body: Any) -> list[Any]:
    """A list of version 1, which writes null for an empty one."""
    found = body["data"]
    return [] if found is None else list(found)


def moves(body: Any) -> Iterator[Record]:
    """Each stage a deal came into, and the one that a change tells it came from. The changes come newest first, and
    what comes last is right: that is where the deal began. One that never moved began where it is."""
    for change in listed(body):
        new, old, moment = change.get("new_value"), change.get("old_value"), change["time"]
        if change.get("field_key") == "stage_id":
            yield {"key": f"{moment}/{new}", "stage": new, "time": moment}
            if old:
                yield {"key": "created", "stage": old}
        elif change.get("field_key") == "status" and new in STATUSES:
            yield {"key": f"{moment}/{new}", "ended": STATUSES[new], "time": moment}
    if not found_at(body, "additional_data.next_cursor"):
        yield {"key": "created", "unmoved": True}


def without_zone(path: str) -> Convert:
    """A moment of version 1, which is UTC and does not say so."""
    return Convert((path,), lambda value: utc("").of(f"{value.replace(' ', 'T')}Z") if value else None)


def closed_at(status: Any, won: Any, lost: Any, closed: Any) -> datetime | None:
    """A deal that was opened again may keep the moments of before: its status decides."""
    if status not in STATUSES:
        return None
    moment: datetime | None = utc("").of((won if status == "won" else lost) or closed)
    return moment


def partner(fields: Any) -> str:
    """The one custom field that was asked for: a text, or an option with its label."""
    for value in fields.values() if isinstance(fields, Mapping) else ():
        said = value.get("label") if isinstance(value, Mapping) else value
        if isinstance(said, str):
            return said.strip()
    return ""


def starts_at(day: Any, time: Any, done: Any, added: Any) -> datetime | None:
    """When it is due, in UTC; one without a time of day when it was done, else at noon of the day."""
    if day and time:
        due: datetime | None = utc("").of(f"{day}T{time if len(time) > 5 else f'{time}:00'}Z")
        return due
    moment: datetime | None = utc("").of(done or (f"{day}T12:00:00Z" if day else added))
    return moment


def kind_of(said: Any) -> str:
    word = str(said or "").lower()
    if word.startswith("call"):
        return Activity.Kind.CALL.value
    return (Activity.Kind.MEETING if word.startswith(("meeting", "lunch")) else Activity.Kind.OTHER).value


def outcome_of(said: Any, done: Any) -> str:
    """What a company's own types such as “call_connected” add; a plain meeting that is done was held."""
    word, _, outcome = str(said or "").lower().partition("_")
    return outcome.replace("_", " ") or ("held" if done and word in ("meeting", "lunch") else "")


USER = Lookup(path="/v1/users", by="owner_id", records=listed, paginate=OnePage())
STAGE = Lookup(path="/api/v2/stages", by="stage_id", records_at="data")
PIPELINE = Lookup(path="/api/v2/pipelines", by="pipeline_id", records_at="data")
WON = Lookup(path="/api/v2/deals", by="id", id="org_id", records_at="data", params={"status": "won"})
WON_BEFORE = Lookup(path="/api/v2/deals/archived", by="id", id="org_id", records_at="data", params={"status": "won"})

KEPT = Convert(("is_deleted",), lambda deleted: deleted is not True)
Deals = partial(
    Endpoint,
    records_at="data",
    into=Deal,
    complete=True,
    keep=KEPT,
    looks_up={"owner": USER, "stage": STAGE, "pipeline": PIPELINE},
    fields={
        "external_id": "id",
        "account": "org_id",
        "name": text("title"),
        "pipeline": first("pipeline.name", text("pipeline_id")),
        "stage": first("stage.name", text("stage_id")),
        "status": choice("status", {"won": Deal.Status.WON, "lost": Deal.Status.LOST}, default=Deal.Status.OPEN),
        "amount": decimal("value"),
        "currency": text("currency"),
        "owner": text("owner.name"),
        "partner": Convert(("custom_fields",), partner),
        "created_at": utc("add_time"),
        "closed_at": Convert(("status", "won_time", "lost_time", "close_time"), closed_at),
        "expected_on": day("expected_close_date"),
    },
)

# For the sake of their stages: the history of one deal costs as much as two lists.
Changed = partial(
    Endpoint,
    records_at="data",
    into=Deal,
    adds=False,
    params={"status": "open,won,lost", "sort_by": "update_time", "sort_direction": "asc"},
    since=Since(lambda moment: {"updated_since": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}),
    fields={"external_id": "id", "name": text("title")},
)
NO_COUNT = "Lists name no count: up to two deals, or a fifth, that are not listed count as deleted until they are."
Stages = partial(
    Endpoint,
    path="/v1/deals/{id}/changelog",
    into=DealStage,
    complete=True,
    records=moves,
    keep=Convert(("unmoved", "each.stage_change_time"), lambda unmoved, moved: not (unmoved and moved)),
    looks_up={"in": replace(STAGE, by="stage"), "is_in": replace(STAGE, by="each.stage_id")},
    fields={
        "external_id": joined("each.id", "key", by="/"),
        "deal": "each.id",
        "stage": first("ended", "in.name", text("stage"), "is_in.name", text("each.stage_id")),
        "entered_at": first(without_zone("time"), utc("each.add_time")),
    },
)

VENDOR = Vendor(
    slug="pipedrive",
    label="Pipedrive",
    layer=Layer.CRM,
    base_url="{address}",
    auth=Auth(headers={"x-api-token": "{token}"}),
    paginate=CursorIn(at="additional_data.next_cursor", size=500),
    test="/v1/users",
    headers={"Accept": "application/json"},
    errors=fault,
    pace=5.0,
    advice="Use the API token of a user who may see every deal, organization and activity.",
    settings=(
        Setting(name="address", label="API address", default="https://api.pipedrive.com"),
        Setting(
            name="partner_field", label="Key of the deal field that names the partner", default=NO_FIELD,
            help="The 40 signs under Data fields, Deal, API key. As it comes no field is meant and no partner is told.",
        ),
        Setting(name="token", label="API token", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="organizations",
            path="/api/v2/organizations",
            records_at="data",
            into=Account,
            complete=True,
            keep=KEPT,
            looks_up={"won": WON, "won_before": WON_BEFORE},
            fields={
                "external_id": "id",
                "name": text("name"),
                "kind": Convert(
                    ("won.id", "won_before.id"),
                    lambda *won: Account.Kind.CLIENT.value if any(won) else Account.Kind.PROSPECT.value,
                ),
                "evidence": evidence(domains=("website",), addresses=(("address.value",),)),
            },
        ),
        Deals(
            name="deals",
            path="/api/v2/deals",
            params={
                "status": "open,won,lost", "custom_fields": "{partner_field}", "include_option_labels": "true",
            },
        ),
        Deals(
            name="archived deals",
            path="/api/v2/deals/archived",
            params={"status": "open,won,lost", "custom_fields": "{partner_field}"},
            untold=NO_COUNT,
        ),
        Changed(name="changed deals", path="/api/v2/deals"),
        Changed(name="changed archived deals", path="/api/v2/deals/archived", untold=NO_COUNT),
        Stages(name="stages of deals", each="changed deals"),
        Stages(name="stages of archived deals", each="changed archived deals"),
        Endpoint(
            name="activities",
            path="/api/v2/activities",
            records_at="data",
            into=Activity,
            complete=True,
            keep=Convert(
                ("type", "is_deleted"), lambda said, deleted: deleted is not True and said not in NO_APPOINTMENT
            ),
            looks_up={"owner": USER},
            fields={
                "external_id": "id",
                "account": "org_id",
                "deal": "deal_id",
                "kind": Convert(("type",), kind_of),
                "type": text("type"),
                "outcome": Convert(("type", "done"), outcome_of),
                "done": Convert(("done",), lambda done: done is True),
                "owner": text("owner.name"),
                "happened_at": Convert(("due_date", "due_time", "marked_as_done_time", "add_time"), starts_at),
            },
        ),
    ),
    about=About(
        gives="prospects and clients, deals and the stages they went through, calls and meetings",
        key=(
            "Sign in to Pipedrive as an admin and make, or choose, a user for this product.",
            "Give that user a permission set that sees everybody's deals, organizations and activities, and adds, "
            "edits and deletes none.",
            "Sign in as that user, open Personal preferences, API, and copy the token into this form.",
            "If a field of your deals names the partner who brought it, enter its key.",
            "Press Test connection.",
        ),
        writes="A token may do whatever its user may: it is the user's permission set that keeps it from writing.",
        never=(
            "persons", "notes and e-mails", "files", "call recordings and call logs", "products", "leads",
            "any custom field but the one that is named", "tasks, deadlines and e-mails among the activities",
        ),
        limits="5 requests a second. A company has at least 30,000 tokens a day for each seat: a page of 500 costs 10, "
        "the history of a deal that changed 20; the first reading and the weekly one ask for every deal's.",
        unsure=(
            Unsure("No field calls an organization a customer.",
                   "One that won a deal is a client, any other a prospect."),
            Unsure("Whether archived deals can be listed with the names of a field's options.",
                   "They are not asked for; of an archived deal a partner is told where the field is a text."),
            Unsure("Whether a deal that was opened again keeps the moments at which it was won or lost.",
                   "Its status decides, so both readings give the same."),
            Unsure("Whether going on while throttled is answered by a page that says 403.",
                   "Such a page asks for patience; a 403 in the API's own words is a refusal."),
            Unsure("What is answered where the key of a custom field is none of the company's.",
                   "If it is refused the connection says so; then enter the key of any field of your deals."),
            Unsure("What came of a call: the list of calls tells only of the token's own user.",
                   "It is taken from activity types of your own, such as call_connected or call_no_answer."),
        ),
    ),
)  # fmt: skip
