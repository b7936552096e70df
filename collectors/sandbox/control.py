"""The sandbox's own address, /_sandbox/: clock, faults, switches, edits and the world's answers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import cast

from collectors.sandbox.changes import edit
from collectors.sandbox.exchange import Reply, Request, Row, Vendor, json_reply
from collectors.sandbox.faults import Faults
from collectors.sandbox.limits import Limits
from collectors.sandbox.switches import Switches, Value
from collectors.sandbox.truth import identities, truth
from collectors.sandbox.world.dates import parse_moment, parse_month, utc_text
from collectors.sandbox.world.world import World


class Control:
    def __init__(
        self, world: World, vendors: dict[str, Vendor], switches: Switches, faults: Faults, limits: Limits, base: str
    ) -> None:
        self.world, self.vendors, self.switches = world, vendors, switches
        self.faults, self.limits, self.base = faults, limits, base

    def answer(self, request: Request) -> Reply:
        name = (request.method, request.path)
        actions = {
            ("GET", "/info"): self._info, ("GET", "/clock"): self._clock, ("POST", "/clock"): self._set_clock,
            ("GET", "/faults"): self._listed_faults, ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): self._clear_faults, ("GET", "/switches"): self._listed_switches,
            ("POST", "/switches"): self._set_switches, ("DELETE", "/switches"): self._reset_switches,
            ("POST", "/edit"): self._edit, ("DELETE", "/edit"): self._undo, ("GET", "/truth"): self._truth,
            ("GET", "/identities"): self._identities,
            ("POST", "/revoke"): self._revoke,
        }  # fmt: skip
        action = actions.get(name)
        if action is None:
            return json_reply({"error": f"no {request.method} {request.path} here"}, 404)
        try:
            return json_reply(action(request))
        except (ValueError, KeyError, TypeError, ArithmeticError) as problem:
            return json_reply({"error": f"{type(problem).__name__}: {problem}"}, 400)

    def _body(self, request: Request) -> Row:
        body = json.loads(request.body or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body is not an object")
        return body

    def _info(self, request: Request) -> Row:
        options, now = self.world.options, self.world.clock.now()
        return {
            "today": self.world.calendar.day(now).isoformat(), "now": utc_text(now), "zone": options.zone,
            "clients": options.clients, "months": options.months, "seed": options.seed,
            "first_month": f"{options.first_month // 12}-{options.first_month % 12 + 1:02d}",
            "vendors": {slug: {"settings": vendor.settings(f"{self.base}/{slug}"), "secrets": vendor.secrets()}
                        for slug, vendor in self.vendors.items()},
        }  # fmt: skip

    def _clock(self, request: Request) -> Row:
        return {"now": utc_text(self.world.clock.now())}

    def _set_clock(self, request: Request) -> Row:
        now = self._body(request)["now"]
        self.world.clock.set(None if now is None else parse_moment(str(now)))
        return self._clock(request)

    def _listed_faults(self, request: Request) -> Row:
        return {"faults": self.faults.listed()}

    def _add_faults(self, request: Request) -> Row:
        return asdict(self.faults.add(self._body(request)))

    def _clear_faults(self, request: Request) -> Row:
        self.faults.clear()
        return {"faults": []}

    def _listed_switches(self, request: Request) -> Row:
        return {"values": self.switches.listed(), "table": [asdict(switch) for switch in self.switches.table]}

    def _set_switches(self, request: Request) -> Row:
        for vendor, values in self._body(request).items():
            for name, value in cast("dict[str, Value]", values).items():
                self.switches.set(vendor, name, value)
        self.limits.forget()
        return cast(Row, self.switches.listed())

    def _reset_switches(self, request: Request) -> Row:
        self.switches.reset()
        self.limits.forget()
        return cast(Row, self.switches.listed())

    def _revoke(self, request: Request) -> Row:
        """Withdraws the consent given to QuickBooks, as a company's admin can."""
        vendor = self.vendors["quickbooks_online"]
        vendor.consent.revoke()  # type: ignore[attr-defined]
        return {"revoked": True}

    def _truth(self, request: Request) -> Row:
        return truth(self.world, parse_month(request.query["month"]))

    def _identities(self, request: Request) -> Row:
        return cast(Row, identities(self.world, self.vendors))

    def _edit(self, request: Request) -> Row:
        return edit(self.world, self._body(request))

    def _undo(self, request: Request) -> Row:
        self.world.edits.clear()
        return {"edits": 0}
