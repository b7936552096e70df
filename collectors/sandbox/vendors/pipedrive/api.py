"""Pipedrive's API, version 2, and what is left of version 1."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps, json_reply
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.pipedrive import rows
from collectors.sandbox.world.dates import parse_moment
from collectors.sandbox.world.world import World

TOKEN = "5f1d0c77e2b94a6f8d3c1a90sandboxpipedrive"
DEFAULT_SIZE, MOST = 100, 500
PAGED = {"limit", "cursor"}
SORTED = {"sort_by", "sort_direction"}
FILTERS = {"filter_id", "ids", "owner_id", "org_id", "updated_since", "updated_until", "include_fields"}
DEALS = FILTERS | {"person_id", "pipeline_id", "stage_id", "status", "custom_fields"}
KNOWN = {
    "organizations": PAGED | SORTED | FILTERS - {"org_id"} | {"custom_fields", "include_option_labels"},
    "deals": PAGED | SORTED | DEALS | {"include_option_labels"},
    "deals/archived": PAGED | SORTED | DEALS,
    "activities": PAGED | SORTED | FILTERS | {"deal_id", "lead_id", "person_id", "done"},
    "stages": PAGED | SORTED | {"pipeline_id"},
    "pipelines": PAGED | SORTED,
}
CODES = {400: "ERR_SCHEMA_VALIDATION_FAILED", 404: "ERR_NOT_FOUND"}
CHANGELOG = re.compile(r"/v1/deals/(\d+)/changelog")


class Pipedrive:
    slug = "pipedrive"

    def __init__(self, world: World, switches: Switches, base: str) -> None:
        self.world, self.switches = world, switches

    def settings(self, base: str) -> dict[str, str]:
        return {"address": base, "partner_field": rows.PARTNER_FIELD}

    def secrets(self) -> dict[str, str]:
        return {"token": TOKEN}

    def owners(self) -> dict[str, int | None]:
        return {
            str(company.id): company.client if company.client >= 0 else None
            for company in self.world.sales.companies(self.world.clock.now())
        }

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        if status == 429:
            return self._throttled()
        return json_reply({
            "success": False, "error": message, "code": code or CODES.get(status, "ERR_UNKNOWN"), "data": None,
            "error_info": "Please check developers.pipedrive.com for more information about Pipedrive API.",
            "additional_data": None,
        }, status)  # fmt: skip

    def _throttled(self) -> Reply:
        if self.switches.on(self.slug, "throttled_page"):
            return Reply(403, b"<html><body>Access denied: you are being rate limited</body></html>", "text/html")
        body = {"success": False, "error": "request over limit", "errorCode": 429, "additional_data": None}
        reply = json_reply(body, 429)
        if self.switches.on(self.slug, "names_wait"):
            reply.headers["Retry-After"] = str(self.switches.number(self.slug, "retry_after"))
        return reply

    def answer(self, request: Request) -> Reply:
        if request.headers.get("x-api-token") != TOKEN:
            raise Refusal(401, "unauthorized access")
        if request.method != "GET" or request.repeated:
            raise Refusal(405 if request.method != "GET" else 400, "not a request this API knows")
        kind = request.path.removeprefix("/api/v2/")
        if request.path.startswith("/api/v2/") and kind in KNOWN:
            self._known(request, KNOWN[kind])
            return self._page(request, self._rows(kind, request.query))
        if request.path == "/v1/users":
            self._known(request, set())
            return self._enveloped([rows.user(one) for one in self.world.sales.sellers], {})
        if found := CHANGELOG.fullmatch(request.path):
            self._known(request, PAGED)
            return self._page(request, self._changes(int(found[1])), by="place")
        raise Refusal(404, "Unknown method .")

    def _known(self, request: Request, known: set[str]) -> None:
        if unknown := set(request.query) - known:
            raise Refusal(400, f"unknown parameter {sorted(unknown)[0]}")

    def _rows(self, kind: str, query: dict[str, str]) -> list[Row]:
        now, sales = self.world.clock.now(), self.world.sales
        makes: dict[str, Callable[[], list[Row]]] = {
            "organizations": lambda: [rows.organization(one, self.world, now) for one in sales.companies(now)],
            "deals": lambda: self._deals(query, archived=False),
            "deals/archived": lambda: self._deals(query, archived=True),
            "activities": lambda: [rows.activity(one) for one in sales.activities(now)],
            "stages": rows.stages, "pipelines": rows.pipelines,
        }  # fmt: skip
        found = makes[kind]()
        for name in ("owner_id", "org_id", "deal_id", "pipeline_id", "stage_id"):
            found = [row for row in found if query.get(name, str(row.get(name))) == str(row.get(name))]
        if since := query.get("updated_since"):
            found = [row for row in found if parse_moment(str(row["update_time"])) >= _moment(since)]
        return found

    def _deals(self, query: dict[str, str], *, archived: bool) -> list[Row]:
        wanted = [key for key in query.get("custom_fields", rows.PARTNER_FIELD).split(",") if key]
        if self.switches.text(self.slug, "unknown_field") == "refused" and set(wanted) - {rows.PARTNER_FIELD}:
            raise Refusal(400, "custom_fields names a field that does not exist")
        now, keeps = self.world.clock.now(), self.switches.on(self.slug, "reopened_keeps")
        made = [rows.deal(one, now, wanted, keeps) for one in self.world.sales.deals(now)]
        statuses = query.get("status", "open,won,lost").split(",")
        return [row for row in made if row["is_archived"] is archived and row["status"] in statuses]

    def _changes(self, number: int) -> list[Row]:
        deal = next((one for one in self.world.sales.deals(self.world.clock.now()) if one.id == number), None)
        if deal is None:
            raise Refusal(404, "Deal not found")
        return rows.changes(deal)

    def _page(self, request: Request, found: list[Row], by: str = "") -> Reply:
        """What a cursor says holds for the question it was given for and for no other."""
        query = request.query
        size = query.get("limit", str(DEFAULT_SIZE))
        if not size.isdigit() or not 0 < int(size) <= MOST:
            raise Refusal(400, f"limit must be between 1 and {MOST}")
        order = query.get("sort_by", "id")
        if order not in ("id", "update_time", "add_time", "due_date", "order_nr"):
            raise Refusal(400, "sort_by is none of those there are")
        if not by:
            found = sorted(found, key=lambda row: (str(row[order]) if order != "id" else "", int(str(row["id"]))))
        if query.get("sort_direction") == "desc":
            found = found[::-1]
        asked = {name: text for name, text in query.items() if name not in PAGED}
        skip = _place(query.get("cursor", ""), asked)
        left = found[skip + int(size) :]
        cursor = base64.urlsafe_b64encode(dumps([skip + int(size), asked])).decode() if left else None
        return self._enveloped(found[skip : skip + int(size)], {"next_cursor": cursor}, null=bool(by))

    def _enveloped(self, found: list[Row], more: dict[str, str | None], null: bool = False) -> Reply:
        """Version 1 writes null for an empty list."""
        if null and not found:
            return json_reply({"success": True, "data": None, "additional_data": more})
        return Reply(
            rows=found,
            wrap=lambda listed: b'{"success":true,"data":' + listed + b',"additional_data":' + dumps(more) + b"}",
        )


def _place(cursor: str, asked: dict[str, str]) -> int:
    if not cursor:
        return 0
    try:
        place, question = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise Refusal(400, "the cursor is none of ours") from None
    if question != asked:
        raise Refusal(400, "the cursor belongs to another question")
    return int(place)


def _moment(text: str) -> int:
    try:
        return parse_moment(text)
    except ValueError:
        raise Refusal(400, f"{text} is no moment") from None
