"""The world's companies, deals, calls and meetings as HubSpot writes them: texts, or null."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.sales import STAGES, Activity, Company, Deal, Seller
from collectors.sandbox.world.world import World

KINDS = ("companies", "deals", "calls", "meetings")
LIFECYCLE = {"client": "customer", "prospect": "lead", "former": "other"}
STAGE_IDS = {  # the portal's first pipeline has words for ids, one that was made later has numbers
    "New business": ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent", "closedwon",
                     "closedlost"),
    "Existing clients": ("88100201", "88100202", "88100203", "88100204", "88100205", "88100206"),
}  # fmt: skip
PIPELINES = {"New business": "default", "Existing clients": "88100200"}
DISPOSITIONS = {
    "connected": ("f240bbac-87c9-4f6e-bf70-924b57d47db7", "Connected"),
    "no answer": ("73a0d17f-1163-4015-bdd5-ec830791da20", "No answer"),
    "left voicemail": ("b2cf5968-551e-4856-9783-52b3da59a7d0", "Left voicemail"),
    "busy": ("9d9162e7-6cf3-4944-bf63-4dff82258764", "Busy"),
}
MEETINGS = {"held": "COMPLETED", "no show": "NO_SHOW"}
BY_HAND = 3  # one call in so many was logged by hand, which leaves its direction open


@dataclass(frozen=True)
class Record:
    """One object: its properties, whom it belongs to, and the history of its stage."""

    id: int
    created_at: int
    changed: int  # milliseconds
    properties: dict[str, str | None]
    associated: dict[str, list[Row]] = field(default_factory=dict)
    history: tuple[Row, ...] = ()

    def value(self, name: str) -> int:
        """What a filter or an order compares: the id or the moment of the last change."""
        return self.id if name == "hs_object_id" else self.changed


def text_of(milliseconds: int) -> str:
    return utc_text(milliseconds // 1000).replace("Z", f".{milliseconds % 1000:03d}Z")


class Records:
    def __init__(self, world: World) -> None:
        self.world = world

    def of(self, kind: str, together: bool = False) -> list[Record]:
        """Every object of a kind, by id."""
        now = self.world.clock.now()
        makes: dict[str, Callable[[], Iterable[Record]]] = {
            "companies": lambda: (self._company(one, now, together) for one in self.world.sales.companies(now)),
            "deals": lambda: (_deal(one) for one in self.world.sales.deals(now)),
            "calls": lambda: (_call(one) for one in self._activities(now, "call") if one.done),
            "meetings": lambda: (_meeting(one) for one in self._activities(now, "meeting")),
        }
        return sorted(makes[kind](), key=lambda row: row.id)

    def _activities(self, now: int, kind: str) -> list[Activity]:
        return [one for one in self.world.sales.activities(now) if one.kind == kind]

    def _company(self, one: Company, now: int, together: bool) -> Record:
        known = self.world.others.account("hubspot", one.client, now) if one.client >= 0 else None
        changed = self.world.ground.start * 1000 if together else one.updated_at * 1000 + one.id % 1000
        return _record(one.id, one.created_at, changed, {
            "name": known.name if known else one.name, "domain": one.domain, "hs_additional_domains": None,
            "website": f"www.{one.domain}", "hubspot_owner_id": str(one.owner.id),
            "createdate": utc_text(one.created_at), "lifecyclestage": LIFECYCLE[one.kind],
        })  # fmt: skip


def _record(id: int, created_at: int, changed: int, properties: dict[str, str | None], **more: object) -> Record:
    own = {"hs_object_id": str(id), "hs_lastmodifieddate": text_of(changed)}
    return Record(id, created_at, changed, {**properties, **own}, **more)  # type: ignore[arg-type]


def _deal(one: Deal) -> Record:
    closed, won = one.status != "open", one.status == "won"
    amount = f"{one.amount:f}"
    ids = dict(zip(STAGES, STAGE_IDS[one.pipeline], strict=True))
    return _record(one.id, one.created_at, one.updated_at * 1000 + one.id % 1000, {
        "dealname": one.name, "amount": amount, "amount_in_home_currency": amount, "deal_currency_code": None,
        "dealstage": ids[one.stage], "pipeline": PIPELINES[one.pipeline], "createdate": utc_text(one.created_at),
        "closedate": utc_text(one.closed_at or one.expected_at), "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(won).lower(), "hs_is_closed_lost": str(closed and not won).lower(),
        "hs_closed_won_date": utc_text(one.closed_at) if won and one.closed_at else None,
        "hubspot_owner_id": str(one.owner.id), "partner": one.partner or None, "closed_lost_reason": None,
    }, associated=_belongs("deal", one.company), history=tuple(
        {"value": ids[step.stage], "timestamp": utc_text(step.entered_at), "sourceType": "CRM_UI",
         "sourceId": f"userId:{one.owner.id}", "updatedByUserId": one.owner.id}
        for step in reversed(one.steps)
    ))  # fmt: skip


def _call(one: Activity) -> Record:
    moment = utc_text(one.starts_at)
    return _record(one.id, one.created_at, one.updated_at * 1000, {
        "hs_timestamp": moment, "hs_createdate": moment, "hubspot_owner_id": str(one.owner.id),
        "hs_call_title": one.subject, "hs_call_direction": None if one.id % BY_HAND == 0 else "OUTBOUND",
        "hs_call_disposition": DISPOSITIONS[one.outcome][0] if one.outcome else None,
        "hs_call_duration": str((one.ends_at - one.starts_at) * 1000), "hs_activity_type": one.type,
        "hs_call_status": "NO_ANSWER" if one.outcome == "no answer" else "COMPLETED",
    }, associated=_belongs("call", one.company, one.deal))  # fmt: skip


def _meeting(one: Activity) -> Record:
    return _record(one.id, one.created_at, one.updated_at * 1000, {
        "hs_timestamp": utc_text(one.starts_at), "hs_createdate": utc_text(one.created_at),
        "hs_meeting_title": one.subject, "hs_meeting_start_time": utc_text(one.starts_at),
        "hs_meeting_end_time": utc_text(one.ends_at), "hs_activity_type": one.type,
        "hs_meeting_outcome": MEETINGS[one.outcome] if one.done and one.outcome else "SCHEDULED",
        "hubspot_owner_id": str(one.owner.id),
    }, associated=_belongs("meeting_event", one.company, one.deal))  # fmt: skip


def _belongs(kind: str, company: int, deal: int | None = None) -> dict[str, list[Row]]:
    """A record's company is told once as it is, and a deal's once more as its primary one."""
    companies: list[Row] = [{"id": str(company), "type": f"{kind}_to_company"}]
    if kind == "deal":
        companies.insert(0, {"id": str(company), "type": "deal_to_company_unlabeled"})
    return {"companies": companies, "deals": [{"id": str(deal), "type": f"{kind}_to_deal"}] if deal else []}


def shown(kind: str, row: Record, wanted: Sequence[str], history: str, associations: Sequence[str]) -> Row:
    """An object as a list or a search gives it: the properties asked for and a few that always come."""
    always = ("hs_object_id", "hs_lastmodifieddate", *(("createdate",) if kind in ("companies", "deals") else ()))
    told: Row = {
        "id": str(row.id),
        "properties": {name: row.properties[name] for name in (*wanted, *always) if name in row.properties},
        "createdAt": utc_text(row.created_at), "updatedAt": text_of(row.changed), "archived": False,
    }  # fmt: skip
    if history:
        told["propertiesWithHistory"] = {name: list(row.history) for name in history.split(",") if name == "dealstage"}
    if found := {name: {"results": row.associated[name]} for name in associations if row.associated.get(name)}:
        told["associations"] = found
    return told


def owners(sellers: Sequence[Seller]) -> list[Row]:
    """The last of them has left, and is named only among the archived."""
    return [
        {"id": str(one.id), "type": "PERSON", "email": one.email, "firstName": one.name.partition(" ")[0],
         "lastName": one.name.partition(" ")[2], "userId": 70_000 + one.id, "userIdIncludingInactive": 70_000 + one.id,
         "archived": one is sellers[-1], "teams": []}
        for one in sellers
    ]  # fmt: skip


def pipelines() -> list[Row]:
    return [
        {"id": PIPELINES[name], "label": name, "displayOrder": place, "archived": False, "stages": [
            {"id": id, "label": stage, "displayOrder": turn, "metadata": {
                "isClosed": str(stage in STAGES[-2:]).lower(),
                "probability": {STAGES[-2]: "1.0", STAGES[-1]: "0.0"}.get(stage, f"0.{turn + 1}"),
            }}
            for turn, (id, stage) in enumerate(zip(ids, STAGES, strict=True))
        ]}
        for place, (name, ids) in enumerate(STAGE_IDS.items())
    ]  # fmt: skip


def dispositions() -> list[Row]:
    return [{"id": id, "label": label, "deleted": False} for id, label in DISPOSITIONS.values()] + [
        {"id": opaque("disposition/qualified"), "label": "Connected - Qualified", "deleted": False}
    ]
