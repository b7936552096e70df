"""A search: filters, one order, a page, and an end at the cap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from collectors.sandbox.exchange import Refusal
from collectors.sandbox.vendors.hubspot.rows import Record

FIELDS = {"filterGroups", "sorts", "properties", "limit", "after", "query"}
MOST, GROUPS, FILTERS, ALL_FILTERS = 200, 5, 6, 18
COMPARED: dict[str, Callable[[int, int], bool]] = {
    "EQ": lambda one, other: one == other, "NEQ": lambda one, other: one != other,
    "LT": lambda one, other: one < other, "LTE": lambda one, other: one <= other,
    "GT": lambda one, other: one > other, "GTE": lambda one, other: one >= other,
}  # fmt: skip


def found(
    asked: Any, records: Sequence[Record], *, cap: int, iso: bool
) -> tuple[list[Record], list[Record], int]:
    """Everything that is found, the page asked for, and where the next one begins; 0 at the end."""
    if not isinstance(asked, dict) or set(asked) - FIELDS:
        raise Refusal(400, "Invalid input JSON: unknown field")
    groups, known = asked.get("filterGroups", []), set(records[0].properties) if records else set()
    every = [one for group in groups for one in group["filters"]]
    if len(groups) > GROUPS or len(every) > ALL_FILTERS or any(len(group["filters"]) > FILTERS for group in groups):
        raise Refusal(400, "too many filters")
    for name in [*asked.get("properties", []), *(one["propertyName"] for one in every)]:
        if records and name not in known:
            raise Refusal(400, f"There was a problem with the request: property {name} does not exist")
    limit, after = asked.get("limit", 10), str(asked.get("after", "0"))
    if not isinstance(limit, int) or not 0 < limit <= MOST or not after.isdigit():
        raise Refusal(400, f"limit must be between 1 and {MOST}")
    if int(after) >= cap or int(after) + limit > cap + MOST:
        raise Refusal(400, "The maximum number of results a search can page through is reached")
    whole = [
        row for row in records
        if not groups or any(all(_holds(row, one, iso) for one in group["filters"]) for group in groups)
    ]  # fmt: skip
    _sort(whole, asked.get("sorts", []), known)
    page = whole[int(after) : min(int(after) + limit, cap)]
    reached = int(after) + len(page)
    return whole, page, reached if reached < len(whole) else 0


def _sort(rows: list[Record], sorts: Sequence[Mapping[str, str]], known: set[str]) -> None:
    if len(sorts) > 1:
        raise Refusal(400, "only one sort is supported")
    for sort in sorts:
        if rows and sort["propertyName"] not in known:
            raise Refusal(400, f"property {sort['propertyName']} does not exist")
        rows.sort(key=lambda row: row.value(sort["propertyName"]), reverse=sort.get("direction") == "DESCENDING")


def _holds(row: Record, wanted: Mapping[str, Any], iso: bool) -> bool:
    compare = COMPARED.get(wanted["operator"])
    if compare is None:
        raise Refusal(400, f"operator {wanted['operator']} is not served here")
    value, text = row.value(wanted["propertyName"]), str(wanted["value"])
    if text.isdigit():
        return compare(value, int(text))
    if not iso:
        raise Refusal(400, f"{text} is no number of milliseconds")
    return compare(value, round(datetime.fromisoformat(text).timestamp() * 1000))
