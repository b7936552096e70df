"""The device filter `df`, as far as the sheet names it."""

from __future__ import annotations

import re
from collections.abc import Callable

from collectors.sandbox.exchange import Refusal
from collectors.sandbox.vendors.ninjaone.rows import is_offline
from collectors.sandbox.world.devices import Device

Test = Callable[[Device, int], bool]
_ONE = re.compile(r"^(org|loc|id|class|status)\s*(=|eq)\s*([A-Za-z0-9_]+)$")
_MANY = re.compile(r"^(org|class)\s+in\s*\(([A-Za-z0-9_, ]+)\)$")


def device_filter(text: str, *, status_spelling: str, ignore_unknown: bool) -> Test:
    """A test for devices; a clause that nobody documented is refused or ignored, as the switch says."""
    if not text.strip():
        raise Refusal(400, "df is empty")
    tests = []
    for clause in re.split(r"\s+AND\s+", text.strip()):
        test = _clause(clause, status_spelling)
        if test is not None:
            tests.append(test)
        elif not ignore_unknown:
            raise Refusal(400, f"unknown device filter: {clause}")
    return lambda device, moment: all(test(device, moment) for test in tests)


def _clause(clause: str, status_spelling: str) -> Test | None:
    if clause in ("offline", "online"):
        wanted = clause == "offline"
        return lambda device, moment: is_offline(device, moment) == wanted
    one = _ONE.match(clause)
    if one is not None:
        name, sign, value = one.groups()
        if sign != (status_spelling if name == "status" else "="):
            return None
        return _equals(name, {value})
    many = _MANY.match(clause)
    return None if many is None else _equals(many[1], {value.strip() for value in many[2].split(",")})


def _equals(name: str, values: set[str]) -> Test | None:
    if name in ("org", "loc", "id") and not all(value.isdigit() for value in values):
        return None
    if name == "org":
        return lambda device, _: str(device.organization) in values
    if name == "loc":
        return lambda device, _: str(device.site) in values
    if name == "id":
        return lambda device, _: str(device.id) in values
    if name == "class":
        return lambda device, _: device.node_class in values
    return lambda device, moment: device.approval(moment) in values
