"""The part of SOQL that is served here: one object, fields of it and of what it looks up, one list below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collectors.sandbox.exchange import Refusal, Row

STATEMENT = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<object>\w+)(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>[\w, ]+?))?"
    r"(?: LIMIT (?P<limit>\d+))?$"
)
BELOW = re.compile(r"\(SELECT (?P<fields>[\w, ]+) FROM (?P<name>\w+)\)")
CONDITION = re.compile(r"([\w.]+) (=|!=|<=|>=|<|>) ('(?:[^'\\]|\\.)*'|[\w:.+-]+)")
COMPARED: dict[str, Callable[[str, str], bool]] = {
    "=": lambda one, other: one == other, "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other, "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other, ">=": lambda one, other: one >= other,
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    object: str
    fields: tuple[str, ...]  # empty: only the number is asked for
    below: tuple[str, tuple[str, ...]] | None
    conditions: tuple[tuple[str, str, str], ...]
    order: tuple[str, ...]
    limit: int | None


def parsed(text: str) -> Question:
    """Raises Refusal for what is no statement, or one of a kind that is not served here."""
    found = STATEMENT.match(text)
    if not found:
        raise Refusal(400, "unexpected token", "MALFORMED_QUERY")
    fields, below = found["fields"], BELOW.search(found["fields"])
    if below:
        fields = fields.replace(below[0], "")
    conditions = (found["where"] or "").split(" AND ") if found["where"] else []
    parts = [CONDITION.fullmatch(one.strip()) for one in conditions]
    if not all(parts):
        raise Refusal(400, f"unexpected token in {found['where']}", "MALFORMED_QUERY")
    return Question(
        found["object"], () if fields == "COUNT()" else tuple(filter(None, re.split(r"[, ]+", fields))),
        (below["name"], tuple(re.split(r"[, ]+", below["fields"]))) if below else None,
        tuple((part[1], part[2], part[3]) for part in parts if part),
        tuple(re.split(r"[, ]+", found["order"])) if found["order"] else (),
        int(found["limit"]) if found["limit"] else None,
    )  # fmt: skip


def holding(question: Question, rows: Sequence[Row], known: Sequence[str], today: str) -> list[Row]:
    """The rows that hold, in the order asked for. Raises Refusal where a field is none of the object's."""
    named = [*question.fields, *(name for name, _, _ in question.conditions), *question.order]
    for name in named:
        if name not in known:
            raise Refusal(400, f"No such column '{name}' on entity '{question.object}'.", "INVALID_FIELD")
    found = [row for row in rows if all(_holds(row, *one, today) for one in question.conditions)]
    return sorted(found, key=lambda row: tuple(str(value(row, name)) for name in question.order or ("Id",)))


def _holds(row: Row, name: str, operator: str, wanted: str, today: str) -> bool:
    told = value(row, name)
    if wanted == "null":
        return COMPARED[operator](str(told is None), "True")
    if told is None:
        return operator == "!="
    plain = wanted[1:-1].replace("\\'", "'") if wanted.startswith("'") else wanted
    if plain == "TODAY" and not wanted.startswith("'"):
        plain = today
    return COMPARED[operator](str(told).lower() if isinstance(told, bool) else str(told), plain)


def value(row: Row, name: str) -> object:
    found: object = row
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
