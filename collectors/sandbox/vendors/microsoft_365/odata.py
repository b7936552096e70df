"""What OData asks of a list: which of its rows, which of their fields, and page by page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, urlencode

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps
from collectors.sandbox.world.dates import parse_moment

BAD = "BadRequest"
_CHANGED = re.compile(r"^(lastUpdateDateTime|createdDateTime) ge (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$")


@dataclass(frozen=True)
class Rules:
    """What one list takes: its parameters, pages as they come and at the most, and how the next is named."""

    takes: frozenset[str]
    size: int = 100
    most: int = 999
    next: str = "$skiptoken"
    directory: bool = False  # counts only under ConsistencyLevel: eventual


@dataclass(frozen=True)
class Question:
    """A request that a list takes."""

    request: Request
    rules: Rules
    clamps: bool

    @property
    def query(self) -> dict[str, str]:
        return self.request.query

    def check(self) -> None:
        known = self.rules.takes | ({self.rules.next} if "$top" in self.rules.takes else set())
        if unknown := set(self.query) - known:
            raise Refusal(400, f"Query option '{min(unknown)}' is not allowed.", BAD)
        if self.query.get("$count", "true") not in ("true", "false"):
            raise Refusal(400, "Invalid value for $count.", BAD)

    @property
    def since(self) -> tuple[str, int] | None:
        """The field and moment from which on records are asked for."""
        if "$filter" not in self.query:
            return None
        found = _CHANGED.match(self.query["$filter"])
        if found is None:
            raise Refusal(400, "Invalid filter clause.", BAD)
        return found[1], parse_moment(found[2])

    @property
    def size(self) -> int:
        """Rows to a page; 0 where the list comes whole."""
        if "$top" not in self.query:
            return self.rules.size
        text = self.query["$top"]
        if not text.isdigit() or int(text) < 1 or (int(text) > self.rules.most and not self.clamps):
            raise Refusal(400, f"The limit of '{self.rules.most}' for Top query has been exceeded.", BAD)
        return min(int(text), self.rules.most)

    @property
    def place(self) -> tuple[int, bool]:
        """How many rows come before the page, and whether it is an empty one on the way there."""
        text = self.query.get(self.rules.next)
        if text is None:
            return 0, False
        number, _, mark = text.partition(".")
        waits = number.endswith("e")
        if not number.removesuffix("e").isdigit() or (self._by_token and mark != self._mark()):
            raise Refusal(400, "Skip token is not valid.", BAD)
        return int(number.removesuffix("e")), waits

    def link(self, place: int, waits: bool = False) -> str:
        """The address of the page at this place, with all that was asked."""
        token = f"{place}{'e' if waits else ''}.{self._mark()}" if self._by_token else str(place)
        query = urlencode({**self._asked(), self.rules.next: token}, quote_via=quote, safe="$,:")
        return f"{self.request.base}{self.request.path}?{query}"

    @property
    def _by_token(self) -> bool:
        return self.rules.next == "$skiptoken"

    def counts(self) -> bool:
        eventual = self.request.headers.get("consistencylevel", "").lower() == "eventual"
        return self.query.get("$count") == "true" and (eventual or not self.rules.directory)

    def _asked(self) -> dict[str, str]:
        return {name: value for name, value in self.query.items() if name != self.rules.next}

    def _mark(self) -> str:
        """A page is only given to the question it was named for."""
        return sha256(repr(sorted(self._asked().items())).encode()).hexdigest()[:8]


def selected(row: Row, wanted: str | None) -> Row:
    if wanted is None:
        return row
    names = {"id", *wanted.split(",")}
    return {name: value for name, value in row.items() if name in names}


def page(question: Question, rows: list[Row], count: str, empty_pages: bool) -> Reply:
    """One page of the rows. `count` says what @odata.count counts; with `empty_pages` one comes after each other."""
    start, waits = question.place
    end = start if waits else start + (question.size or len(rows))
    shown, request = rows[start:end], question.request
    told: Row = {"@odata.context": f"{request.base}/v1.0/$metadata#{request.path.rpartition('/')[2]}"}
    if question.counts() and count != "left_out":
        told["@odata.count"] = len(shown) if count == "page" else len(rows)
    if end < len(rows):
        told["@odata.nextLink"] = question.link(end, empty_pages and not waits)
    head = dumps(told)[:-1]
    return Reply(
        rows=[selected(row, question.query.get("$select")) for row in shown],
        wrap=lambda listed: head + b',"value":' + listed + b"}",
    )
