"""Which tickets are asked for: criteria in groups by the number behind their name, in pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from collectors.sandbox.exchange import Refusal, Request, Row

SORTS = ("number", "updatedAt", "createdAt", "summary")
NAMED = {"sourceNames": "source", "statusNames": "status", "priorityNames": "priority"}
IDS = {"companyIds": "company", "siteIds": "site"}
MOMENTS = {"updatedAtFrom": ("updatedAt", 1), "updatedAtTo": ("updatedAt", -1), "createdAtFrom": ("createdAt", 1),
           "createdAtTo": ("createdAt", -1)}  # fmt: skip
PAGING = {"pageSize", "pageNum", "sortBy", "sortDir"}
CRITERION = re.compile(r"([A-Za-z]+)(\d*)")


def chosen(rows: list[Row], request: Request) -> list[Row]:
    """Rows that meet all criteria of any group, in the order that is asked for."""
    groups: dict[str, list[Callable[[Row], bool]]] = {}
    for name, text in request.query.items():
        if name not in PAGING:
            match = CRITERION.fullmatch(name)
            if match is None:
                raise Refusal(400, f"unknown parameter {name}")
            groups.setdefault(match[2], []).append(_test(match[1], text))
    found = [row for row in rows if not groups or any(all(test(row) for test in group) for group in groups.values())]
    by = request.query.get("sortBy", "createdAt")
    if by not in SORTS:
        raise Refusal(400, f"{by} is nothing to sort by")
    return sorted(found, key=lambda row: (str(row[by]), str(row["id"])), reverse=request.query.get("sortDir") != "asc")


def page(request: Request, most: int) -> slice:
    query = request.query
    if ("pageSize" in query) != ("pageNum" in query):
        raise Refusal(400, "pageSize and pageNum are sent together")
    if "pageSize" not in query:
        return slice(0, most)
    if not (query["pageSize"].isdigit() and query["pageNum"].isdigit()):
        raise Refusal(400, "pageSize or pageNum is no number")
    size, number = min(int(query["pageSize"]), most), int(query["pageNum"])
    if not size or not number:
        raise Refusal(400, "pageSize and pageNum begin with 1")
    return slice((number - 1) * size, number * size)


def _test(name: str, text: str) -> Callable[[Row], bool]:
    if name in NAMED or name in IDS:
        return _among(NAMED.get(name) or IDS[name], "name" if name in NAMED else "id", text)
    if name in MOMENTS:
        field, sign = MOMENTS[name]
        bound = _moment(text)
        return lambda row: (_moment(str(row[field])) - bound).total_seconds() * sign >= 0
    if name in ("number", "summary"):
        return lambda row: row[name] == text
    raise Refusal(400, f"unknown parameter {name}")


def _among(field: str, part: str, text: str) -> Callable[[Row], bool]:
    listed = text.removeprefix("[notIn],").split(",")
    wanted = not text.startswith("[notIn],")

    def test(row: Row) -> bool:
        one = row[field]
        return ((one[part] if isinstance(one, dict) else None) in listed) is wanted

    return test


def _moment(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f"{text} is no date") from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
