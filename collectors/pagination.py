"""How lists are cut into pages, one small class a scheme.

A cursor is the JSON-able place at which the next page begins; a run that is killed goes on from the last one stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Cursor = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One page as it came: the parsed body and the headers, their names in lower case."""

    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Paginate:
    """The list comes whole, in one answer. Every other scheme refines this one."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        """The query of the page at `cursor`, None for the first."""
        return dict(params)

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        """Where the next page begins, None at the end. Raises ValueError where the answer cannot tell."""
        return None


class OnePage(Paginate):
    """The whole list at once, said aloud."""


@dataclass(frozen=True, kw_only=True)
class AfterId(Paginate):
    """Rows come by ascending id, and the next page is asked for by the largest id seen.

    Only an empty page is the end: a short one may be a server that cuts pages shorter than we ask.
    """

    size_param: str = "pageSize"
    size: int = 1000
    param: str = "after"
    id: str = "id"

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        place = {self.param: str(cursor["after"])} if cursor else {}
        return {**params, self.size_param: str(self.size), **place}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        if not records:
            return None
        ids = [row[self.id] for row in records if isinstance(row, dict) and isinstance(row.get(self.id), int)]
        if not ids:
            raise ValueError("a page whose rows have no id")
        return {"after": max(ids)}


_NEXT = re.compile(r"<([^<>]*)>\s*;[^,<]*\brel=\"?next\"?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LinkHeader(Paginate):
    """The `Link` header names the next page; where there is no such header, pages are counted.

    Of the link only the parameters named in `takes` are used, never its host or path.
    """

    size_param: str = "pageSize"
    size: int = 1000
    page_param: str = "page"
    takes: tuple[str, ...] = ("pageId", "page")

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, self.size_param: str(self.size), **(cursor or {})}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        if "link" not in answer.headers:
            page = int((cursor or {}).get(self.page_param, 1))
            return {self.page_param: str(page + 1)} if len(records) >= self.size else None
        link = _NEXT.search(answer.headers["link"])
        if link is None:
            return None
        query = dict(parse_qsl(urlsplit(link[1]).query))
        place = {name: query[name] for name in self.takes if name in query}
        if not place:
            raise ValueError("a link to a next page that names no page")
        return place
