"""HubSpot CRM (objects API v3): companies, deals with the stages they went through, calls and meetings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from collectors.auth import Auth
from collectors.convert import choice, constant, decimal, evidence, first, joined, tagged, text, utc
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Lookup, Record, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.sales import Activity, Deal, DealStage
from collectors.pagination import Answer, Cursor, CursorIn, OnePage, Paginate

CHANGED = "hs_lastmodifieddate"
COMPANY = ("name", "domain", "hs_additional_domains", "website", "lifecyclestage", CHANGED)
DEAL = (
    "dealname", "amount", "amount_in_home_currency", "deal_currency_code", "dealstage", "pipeline", "createdate",
    "closedate", "hs_is_closed", "hs_is_closed_won", "hs_closed_won_date", "hubspot_owner_id", CHANGED,
)  # fmt: skip
CALL = (
    "hs_timestamp", "hs_call_direction", "hs_call_disposition", "hs_call_status", "hs_activity_type",
    "hubspot_owner_id",
)  # fmt: skip
MEETING = ("hs_timestamp", "hs_meeting_start_time", "hs_meeting_outcome", "hs_activity_type", "hubspot_owner_id")
UNDER_WAY = ("QUEUED", "RINGING", "CONNECTING", "CALLING_CRM_USER", "IN_PROGRESS")
OUTCOMES = {"COMPLETED": "held", "SCHEDULED": ""}
AHEAD = ("SCHEDULED", "RESCHEDULED", "CANCELED")


@dataclass(frozen=True, kw_only=True)
class Search(Paginate):
    """A search gives at most its first `cap` records. Those behind are asked for by the moment they changed at: from
    that of the last one on; and, where so many changed in one moment, that moment by itself, by ascending id.

    A cursor is {"after": place in this search, "from": moment} or {"after": place, "at": moment, "above": id}.
    """

    size: int = 200
    cap: int = 10_000

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, "limit": str(self.size), **{name: str(value) for name, value in (cursor or {}).items()}}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        place = {name: value for name, value in (cursor or {}).items() if name != "after"}
        token = ((answer.body.get("paging") or {}).get("next") or {}).get("after")
        if token is None:  # one moment by itself is over, and the time after it is not
            return {"from": place["at"] + 1} if "at" in place else None
        if int(token) + self.size <= self.cap:
            return {**place, "after": str(token)}
        moment = milliseconds(records[-1]["properties"][CHANGED])
        if "at" in place:
            return {"at": moment, "above": str(records[-1]["id"])}
        return {"from": moment} if moment != place.get("from") else {"at": moment, "above": "0"}


def milliseconds(moment: Any) -> int:
    found: datetime | None = utc("").of(moment)
    if found is None:
        raise ValueError(f"a record without {CHANGED}")
    return round(found.timestamp() * 1000)


def searching(params: Mapping[str, str]) -> dict[str, Any]:
    """The question of one page of a search, in the order in which what changes meanwhile is not skipped."""
    places = (("from", CHANGED, "GTE"), ("at", CHANGED, "EQ"), ("above", "hs_object_id", "GT"))
    filters = [
        {"propertyName": name, "operator": operator, "value": params[place]}
        for place, name, operator in places if place in params
    ]  # fmt: skip
    order = "hs_object_id" if "at" in params else CHANGED
    return {
        "filterGroups": [{"filters": filters}] if filters else [],
        "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
        "properties": params["properties"].split(","), "limit": int(params.get("limit", 1)),
        **({"after": params["after"]} if "after" in params else {}),
    }  # fmt: skip


def fault(status: int, body: Any) -> Fault | None:
    """An error under a status that says all is well, and a day's quota that is used up."""
    if not isinstance(body, dict):
        return None
    says = str(body.get("message") or "an error")
    if status == 429 and body.get("policyName") == "DAILY":
        return Fault(says, wait=True, after=3600)
    return Fault(says, wait=True) if status < 300 and body.get("status") == "error" else None


def stages(body: Any) -> Iterator[Record]:
    """Every stage of every pipeline, with its pipeline's name."""
    for pipeline in body["results"]:
        for stage in pipeline["stages"]:
            yield {"id": stage["id"], "label": stage["label"], "pipeline": pipeline["label"]}


def ways(body: Any) -> Iterator[Record]:
    """Each time a deal came into a stage. The history comes newest first, and may tell one stage twice."""
    for deal in body["results"]:
        told = (deal.get("propertiesWithHistory") or {}).get("dealstage") or []
        for entry, before in zip(told, [*told[1:], {}], strict=False):
            if entry["value"] and entry["value"] != before.get("value"):
                yield {"deal": deal["id"], "stage": entry["value"], "at": entry["timestamp"]}


def associated(kind: str, primary: str = "") -> Convert:
    """The id of the record that a record belongs to: the primary one, or the first."""

    def of(found: Any) -> str | None:
        chosen = sorted(found or (), key=lambda one: one.get("type") != primary)
        return str(chosen[0]["id"]) if chosen else None

    return Convert((f"associations.{kind}.results",), of)


def status_of(closed: Any, won: Any) -> str:
    if str(won).lower() == "true":
        return Deal.Status.WON.value
    return (Deal.Status.LOST if str(closed).lower() == "true" else Deal.Status.OPEN).value


def if_closed(path: str) -> Convert:
    """A moment, of a deal that is closed: that of an open one is when it is expected to be."""
    when: Callable[[Any], Any] = utc(path).of
    return Convert((path, "properties.hs_is_closed"), lambda value, closed: when(value) if closed == "true" else None)


def expected(value: Any, closed: Any) -> Any:
    moment = None if closed == "true" else utc("").of(value)
    return moment.date() if moment else None


def named_partner(properties: Any) -> str:
    """The one property that was asked for beside our own, whatever this portal calls it."""
    ours = {*DEAL, "hs_object_id"}
    return next((str(value).strip() for name, value in properties.items() if name not in ours and value), "")


def call_outcome(label: Any, status: Any) -> str:
    said = str(label or ("" if status == "COMPLETED" else status or ""))
    return said.replace("_", " ").strip().lower()


def meeting_outcome(said: Any) -> str:
    return OUTCOMES.get(str(said or "SCHEDULED"), str(said or "").replace("_", " ").lower())


OWNERS = Lookup(path="/crm/v3/owners", by="properties.hubspot_owner_id", records_at="results",
                params={"archived": "false"})  # fmt: skip
WHO = {"owner": OWNERS, "past_owner": replace(OWNERS, params={"archived": "true"})}
SELLER = first(joined("owner.firstName", "owner.lastName"), joined("past_owner.firstName", "past_owner.lastName"))
STAGE = Lookup(path="/crm/v3/pipelines/deals", by="properties.dealstage", records=stages, paginate=OnePage())
SAID = Lookup(path="/calling/v1/dispositions", by="properties.hs_call_disposition", paginate=OnePage())

PAGES = CursorIn(at="paging.next.after", param="after", size=100)


def counted(kind: str) -> Total:
    """The number of a list's records, which only the search tells."""
    return Total(path=f"/crm/v3/objects/{kind}/search", method="POST", at="total", of=lambda params: {})


Listed = partial(Endpoint, records_at="results", complete=True)
OF_COMPANY = {"associations": "companies,deals", "archived": "false"}

VENDOR = Vendor(
    slug="hubspot",
    label="HubSpot",
    layer=Layer.CRM,
    base_url="{address}",
    auth=Auth(headers={"Authorization": "Bearer {token}"}),
    paginate=PAGES,
    test="/crm/v3/owners?limit=1",
    headers={"Accept": "application/json"},
    errors=fault,
    pace=4.0,
    advice="In HubSpot, give the private app the read scopes that the form names, and nothing else.",
    settings=(
        Setting(name="address", label="API address", default="https://api.hubapi.com"),
        Setting(
            name="partner_property", label="Property of a deal that names the partner", default="partner",
            help="The internal name of the deal property in which you note who brought a deal.",
        ),
        Setting(name="token", label="Private app access token", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="companies",
            path="/crm/v3/objects/companies/search",
            method="POST",
            body=searching,
            paginate=Search(),
            records_at="results",
            into=Account,
            params={"properties": ",".join(COMPANY)},
            complete=True,
            total=Total(path="/crm/v3/objects/companies/search", method="POST", at="total"),
            fields={
                "external_id": "id",
                "name": text("properties.name"),
                "kind": choice(
                    "properties.lifecyclestage",
                    {"customer": Account.Kind.CLIENT, "evangelist": Account.Kind.CLIENT},
                    default=Account.Kind.PROSPECT,
                ),
                "evidence": evidence(
                    domains=("properties.domain", "properties.website", "properties.hs_additional_domains")
                ),
            },
        ),
        Listed(
            name="deals",
            path="/crm/v3/objects/deals",
            into=Deal,
            params={
                "properties": ",".join(DEAL) + ",{partner_property}", "associations": "companies", "archived": "false",
            },
            total=counted("deals"),
            looks_up={**WHO, "stage": STAGE},
            fields={
                "external_id": "id",
                "account": associated("companies", "deal_to_company"),
                "name": text("properties.dealname"),
                "pipeline": first("stage.pipeline", "properties.pipeline"),
                "stage": first("stage.label", "properties.dealstage"),
                "status": Convert(("properties.hs_is_closed", "properties.hs_is_closed_won"), status_of),
                "amount": first(decimal("properties.amount_in_home_currency"), decimal("properties.amount")),
                "currency": Convert(
                    ("properties.amount_in_home_currency", "properties.deal_currency_code"),
                    lambda home, code: "" if home else code or "",
                ),
                "owner": SELLER,
                "partner": Convert(("properties",), named_partner),
                "created_at": first(utc("properties.createdate"), utc("createdAt")),
                "closed_at": first(if_closed("properties.hs_closed_won_date"), if_closed("properties.closedate")),
                "expected_on": Convert(("properties.closedate", "properties.hs_is_closed"), expected),
            },
        ),
        Endpoint(
            name="stages of deals",
            path="/crm/v3/objects/deals",
            into=DealStage,
            complete=True,
            records=ways,
            params={"properties": "hs_object_id", "propertiesWithHistory": "dealstage", "archived": "false"},
            paginate=replace(PAGES, size=50),
            looks_up={"in": replace(STAGE, by="stage")},
            fields={
                "external_id": joined("deal", "at", "stage", by="/"),
                "deal": "deal",
                "stage": first("in.label", "stage"),
                "entered_at": utc("at"),
            },
        ),
        Listed(
            name="calls",
            path="/crm/v3/objects/calls",
            into=Activity,
            params={"properties": ",".join(CALL), **OF_COMPANY},
            total=counted("calls"),
            keep=Convert(("properties.hs_call_direction",), lambda way: way != "INBOUND"),
            looks_up={**WHO, "disposition": SAID},
            fields={
                "external_id": tagged("call", "id"),
                "account": associated("companies"),
                "deal": associated("deals"),
                "kind": constant(Activity.Kind.CALL),
                "type": text("properties.hs_activity_type"),
                "outcome": Convert(("disposition.label", "properties.hs_call_status"), call_outcome),
                "done": Convert(("properties.hs_call_status",), lambda status: status not in UNDER_WAY),
                "owner": SELLER,
                "happened_at": first(utc("properties.hs_timestamp"), utc("createdAt")),
            },
        ),
        Listed(
            name="meetings",
            path="/crm/v3/objects/meetings",
            into=Activity,
            params={"properties": ",".join(MEETING), **OF_COMPANY},
            total=counted("meetings"),
            looks_up=WHO,
            fields={
                "external_id": tagged("meeting", "id"),
                "account": associated("companies"),
                "deal": associated("deals"),
                "kind": constant(Activity.Kind.MEETING),
                "type": text("properties.hs_activity_type"),
                "outcome": Convert(("properties.hs_meeting_outcome",), meeting_outcome),
                "done": Convert(("properties.hs_meeting_outcome",), lambda said: said not in AHEAD),
                "owner": SELLER,
                "happened_at": first(
                    utc("properties.hs_meeting_start_time"), utc("properties.hs_timestamp"), utc("createdAt")
                ),
            },
        ),
    ),
    about=About(
        gives="prospects and clients, deals and the stages they went through, calls and meetings",
        key=(
            "Sign in to HubSpot as a super admin.",
            "Open Settings, Integrations, Private Apps, and create one; name it after this product.",
            "Under Scopes tick the read scopes named below, and none that writes.",
            "Create it and copy its access token into this form.",
            "If a property of your deals names the partner who brought it, enter its internal name.",
            "Press Test connection.",
        ),
        scopes={
            "crm.objects.companies.read": "companies, their domains and whether they are customers",
            "crm.objects.deals.read": "deals, their pipelines, stages and stage history",
            "crm.objects.contacts.read": "calls and meetings, which HubSpot gives with this alone; no contact is read",
            "crm.objects.owners.read": "the names of your own sellers",
        },
        never=(
            "contacts", "e-mails, notes and tasks", "recordings, transcripts and texts of calls and meetings",
            "telephone numbers", "calls that came in", "any property that is not named here",
        ),
        limits="4 requests a second: searches may be 5 a second, everything else 10 and more.",
        unsure=(
            Unsure("What an amount in the home currency is in: no answer names that currency.",
                   "The amount in the home currency is kept, without a currency's name."),
            Unsure("Whether a past meeting without an outcome was held.", "It happened, and its outcome is not known."),
            Unsure("Which types of association a list names beside the primary company.",
                   "The primary one is taken where it is marked, else the first."),
            Unsure("How long the v3 paths are served beside the dated ones.",
                   "They are still served; the paths stand in this one file."),
            Unsure("How many rows a page with a property's history may have: 50 or 100.", "50 are asked for."),
        ),
    ),
)  # fmt: skip
