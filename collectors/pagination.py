"""How lists are cut into pages, one small class a scheme.

A cursor is the JSON-able place at which the next page begins; a run that is killed goes on from the last one stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
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
    sparse: bool = False  # an empty page that names a next one is no fault of this vendor
    resumes: ClassVar[bool] = True  # false: the vendor's place does not outlive the reading, which begins anew

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


@dataclass(frozen=True, kw_only=True)
class Pages(Paginate):
    """Pages are counted from `first`. The answer tells how many there are, or how many records, or a short page ends.

    `pages_at`, `total_at` and `last_at` are dotted paths in the body: the number of pages, the number of records, and a
    flag that is true on the last page. Without any of them, or where one is left out, a page shorter than `size` ends.
    """

    size_param: str = "pageSize"
    size: int = 100
    page_param: str = "page"
    first: int = 1
    pages_at: str = ""
    total_at: str = ""
    last_at: str = ""

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        page = cursor["page"] if cursor else self.first
        sized = {self.size_param: str(self.size)} if self.size_param else {}
        return {**params, **sized, self.page_param: str(page)}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        page = cursor["page"] if cursor else self.first
        read = page - self.first + 1  # pages, with this one
        pages, total = number_at(answer.body, self.pages_at), number_at(answer.body, self.total_at)
        last = found_at(answer.body, self.last_at)
        if isinstance(last, bool):
            more = not last
        elif pages is not None:
            more = read < pages
        elif total is not None:
            more = read * self.size < total
        else:
            more = len(records) >= self.size
        return {"page": page + 1} if more else None


@dataclass(frozen=True, kw_only=True)
class Offset(Paginate):
    """The place is a number of records to skip. It moves by what came, so a server that cuts pages shorter is safe."""

    size_param: str = "limit"
    size: int = 100
    param: str = "offset"
    total_at: str = ""
    more_at: str = ""  # a flag that is true while there is more

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        return {**params, self.size_param: str(self.size), self.param: str(cursor["offset"] if cursor else 0)}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        reached = (cursor["offset"] if cursor else 0) + len(records)
        total, more = number_at(answer.body, self.total_at), found_at(answer.body, self.more_at)
        if isinstance(more, bool):
            return {"offset": reached} if more else None
        if total is not None:
            if not records and reached < total:
                raise ValueError("an empty page before the end")
            return {"offset": reached} if reached < total else None
        return {"offset": reached} if len(records) >= self.size else None


@dataclass(frozen=True, kw_only=True)
class CursorIn(Paginate):
    """The answer holds a token at `at`, in its body or a header, that asks for the next page; none is the end."""

    at: str
    param: str = "cursor"
    size_param: str = "limit"
    size: int = 100
    where: Literal["body", "header"] = "body"

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        sized = {self.size_param: str(self.size)} if self.size_param else {}
        return {**params, **sized, **({self.param: cursor["token"]} if cursor else {})}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        token = answer.headers.get(self.at) if self.where == "header" else found_at(answer.body, self.at)
        return {"token": str(token)} if token not in (None, "") else None


@dataclass(frozen=True, kw_only=True)
class NextLink(Paginate):
    """The answer holds the next page's address at `at`. Of it only its parameters are used, never its host or path.

    What the link leaves out of the question is asked again with it.
    """

    at: str
    size_param: str = ""
    size: int = 100
    takes: tuple[str, ...] = ()  # the parameters that name the place

    def params(self, params: Mapping[str, str], cursor: Cursor | None) -> dict[str, str]:
        sized = {self.size_param: str(self.size)} if self.size_param else {}
        return {**params, **sized, **(cursor or {})}

    def after(self, answer: Answer, records: Sequence[Any], cursor: Cursor | None) -> Cursor | None:
        link = found_at(answer.body, self.at)
        if link in (None, ""):
            return None
        query = dict(parse_qsl(urlsplit(str(link)).query))
        place = {name: query[name] for name in self.takes if name in query}
        if not place:
            raise ValueError("a link to a next page that names no page")
        return place


def found_at(body: Any, path: str) -> Any:
    """What stands at a dotted path of an answer; None where nothing does. “\\.” is a plain dot."""
    for name in re.split(r"(?<!\\)\.", path) if path else ():
        body = body.get(name.replace("\\.", ".")) if isinstance(body, dict) else None
    return body if path else None


def number_at(body: Any, path: str) -> int | None:
    found = found_at(body, path)
    if isinstance(found, bool):
        return None
    return int(found) if isinstance(found, int) or (isinstance(found, str) and found.isdigit()) else None
