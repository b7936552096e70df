"""The filter language: conditions in a list, all of which hold; groups of them with `and` and `or`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from collectors.sandbox.exchange import Refusal, Row
from collectors.sandbox.world.dates import utc_text

Test = Callable[[Row], bool]
MOST_TERMS = 500
KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,), "number": (int, float), "text": (str,), "flag": (bool,), "date": (str,)
}  # fmt: skip
COMPARED: dict[str, Callable[[object, object], bool]] = {
    "eq": lambda one, other: one == other,
    "noteq": lambda one, other: one != other,
    "gt": lambda one, other: one > other,  # type: ignore[operator]
    "gte": lambda one, other: one >= other,  # type: ignore[operator]
    "lt": lambda one, other: one < other,  # type: ignore[operator]
    "lte": lambda one, other: one <= other,  # type: ignore[operator]
    "beginsWith": lambda one, other: str(one).lower().startswith(str(other).lower()),
    "endsWith": lambda one, other: str(one).lower().endswith(str(other).lower()),
    "contains": lambda one, other: str(other).lower() in str(one).lower(),
}


def test_of(conditions: object, fields: Mapping[str, str]) -> Test:
    """All of a list of conditions. Refuses what the language does not know."""
    if not isinstance(conditions, list) or not conditions:
        raise bad("filter is a list with at least one condition")
    tests = [_one(condition, fields) for condition in conditions]
    return lambda row: all(test(row) for test in tests)


def named(conditions: object, field: str) -> list[int] | None:
    """The ids that a condition asks for in a field; None where none does."""
    for one in cast("list[Row]", conditions):
        if one.get("field") == field and one.get("op") in ("eq", "in"):
            value = one["value"]
            return list(value) if isinstance(value, list) else [cast(int, value)]
    return None


def _one(condition: object, fields: Mapping[str, str]) -> Test:
    if not isinstance(condition, dict):
        raise bad("a condition is an object")
    op = condition.get("op")
    if op in ("and", "or"):
        if set(condition) != {"op", "items"} or not isinstance(condition["items"], list):
            raise bad(f"{op} has items")
        tests = [_one(item, fields) for item in condition["items"]]
        whole = all if op == "and" else any
        return lambda row: whole(test(row) for test in tests)
    name = str(condition.get("field"))
    if name not in fields or set(condition) - {"op", "field", "value", "udf"}:
        raise bad(f"Unable to find {name} in the entity")
    if op in ("exist", "notExist"):
        return lambda row: (row.get(name) is not None) == (op == "exist")
    if op in ("in", "notIn"):
        values = condition.get("value")
        if not isinstance(values, list) or len(values) > MOST_TERMS:
            raise bad(f"{op} takes up to {MOST_TERMS} values")
        wanted = {_value(value, fields[name], name) for value in values}
        return lambda row: (row.get(name) in wanted) == (op == "in")
    if op not in COMPARED:
        raise bad(f"{op} is not a valid operator")
    compare, value = COMPARED[str(op)], _value(condition.get("value"), fields[name], name)
    return lambda row: row.get(name) is not None and compare(row[name], value)


def _value(value: object, kind: str, name: str) -> object:
    if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "flag"):
        raise bad(f"invalid value for {name}")
    if kind != "date":
        return value
    try:
        return utc_text(int(datetime.fromisoformat(str(value)).timestamp())).replace("Z", ".000Z")
    except ValueError:
        raise bad(f"invalid date for {name}") from None


def bad(why: str) -> Refusal:
    return Refusal(500, why)
