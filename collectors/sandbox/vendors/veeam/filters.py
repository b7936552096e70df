"""Filters: a list of {property, operation, value}, or of groups of them."""

from __future__ import annotations

from typing import Any

from collectors.sandbox.exchange import Refusal, Row

GROUPS = {"and": all, "or": any}


def matches(row: Row, test: dict[str, Any]) -> bool:
    """Raises Refusal for an operation or a property that is not there."""
    operation = test.get("operation")
    if operation in GROUPS:
        return bool(GROUPS[operation](matches(row, one) for one in test.get("items", [])))
    if operation == "not":
        return not any(matches(row, one) for one in test.get("items", []))
    if test.get("property") not in row:
        raise Refusal(400, f"no property {test.get('property')}")
    found, wanted = row[test["property"]], test.get("value")
    if operation == "in":
        return bool(found in (wanted or []))
    if operation in ("equals", "notEquals"):
        return bool(found == wanted) is bool(operation == "equals")
    if operation == "contains":
        return str(wanted) in str(found)
    return _compared(found, str(operation), wanted)


def _compared(found: Any, operation: str, wanted: Any) -> bool:
    tests = {
        "lessThan": lambda: found < wanted, "lessThanOrEqual": lambda: found <= wanted,
        "greaterThan": lambda: found > wanted, "greaterThanOrEqual": lambda: found >= wanted,
    }  # fmt: skip
    if operation not in tests:
        raise Refusal(400, f"no operation {operation}")
    return found is not None and bool(tests[operation]())
