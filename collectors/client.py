"""What is asked of a vendor: its lists page by page, their totals, tokens, and whether the key works at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote, urlencode

from collectors.answers import clock_words, path_for, refusal, rows_of, said, text_at, with_parent
from collectors.auth import Posted, RefreshToken
from collectors.connections import Connection
from collectors.course import Course, total_in, total_on_page
from collectors.declare import Endpoint, Locate, Lookup, Record, Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.touched import Calendar
from collectors.gate import gate, only_locating, secure
from collectors.keys import fill
from collectors.locating import ZONE, zone_in
from collectors.lookups import Index, as_list, indexed, with_found
from collectors.pagination import Answer, Paginate
from collectors.patience import spans
from collectors.tried import tried
from collectors.wire import Wire, at_sandbox

__all__ = ["Client", "Page", "at_sandbox"]

OF_PARENT = re.compile(r"\{each\.([^{}]+)\}")


@dataclass(frozen=True)
class Page:
    """Records as the vendor sent them, the cursor to resume after them (None: the end), and the total it states.

    `gone`: there are none because the vendor knows nothing of the parent they were asked for.
    """

    records: list[Record]
    next: dict[str, Any] | None
    stated: int | None = None
    gone: bool = False


@dataclass(frozen=True)
class _Question:
    """Where one list is asked for, with whose token, and the statuses by which it is said to be empty."""

    method: str
    path: str
    headers: Mapping[str, str]
    tenant: str = ""
    empty_on: tuple[int, ...] = ()
    listing: str = ""  # the endpoint's path, whatever its parent
    query: str = ""  # of a POST: what stands in its address

    @property
    def address(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


class Client(Wire):
    """Reads one connection during one run."""

    def __init__(self, connection: Connection, vendor: Vendor, **more: Any) -> None:
        """`more` as of a `Wire`."""
        super().__init__(connection, vendor, **more)
        self.base = ""  # not known before the vendor has told us the customer's own zone
        self.tenant = ""
        self._credentials: dict[str, dict[str, str]] = {}  # by tenant: a token of one never serves another
        self._looked_up: dict[tuple[str, str], Index] = {}  # by the lookup's path and the question put to it
        self._unmended: set[tuple[str, str]] = set()  # where a new token was refused like the old: tenant and list
        self._clock = ""  # what the last answer of the token address says of our clock
        if vendor.locate is None or connection.settings.get(ZONE):
            self._open()

    def __enter__(self) -> Self:
        if not self.base and self.vendor.locate:
            self._locate(self.vendor.locate)
        return self

    def pages(
        self,
        endpoint: Endpoint,
        *,
        since: datetime | None = None,
        window: tuple[datetime, datetime] | None = None,
        parent: Record | None = None,
        cursor: dict[str, Any] | None = None,
    ) -> Iterator[Page]:
        """The pages of one list, after `cursor` if given. Raises Refused, Unavailable or OutOfTime."""
        params = self._params(endpoint, since, parent)
        if endpoint.window is None or window is None:
            yield from self._list(endpoint, params, parent, cursor)
            return
        zone = Calendar.current().zone
        begin, end = (moment.astimezone(zone) for moment in window)
        resumed = datetime.fromisoformat(cursor["from"]) if cursor else begin
        place = cursor["at"] if cursor else None
        for start, stop in spans(resumed, end, endpoint.span_months):
            for page in self._list(endpoint, {**params, **endpoint.window(start, stop)}, parent, place):
                after = (start, page.next) if page.next else (stop, None)
                more = page.next or stop < end
                yield Page(page.records, {"from": after[0].isoformat(), "at": after[1]} if more else None)
            place = None

    def total(self, endpoint: Endpoint, *, since: datetime | None = None, parent: Record | None = None) -> int | None:
        """How many records the vendor says the list has now; None where it is not asked, or the parent is gone."""
        return self._total(endpoint, self._params(endpoint, since, parent), parent)

    def test(self) -> str:
        """Proves that the key works, looks into every list and says what it found. Raises Refused or Unavailable."""
        if self.vendor.locate:
            self._locate(self.vendor.locate)  # it may have moved
        return tried(self)

    def answer(self, path: str, params: Mapping[str, str]) -> Any:
        """What the vendor answers to one declared question of its own. Raises Refused or Unavailable."""
        return self._read(_Question("GET", path, {}), {**self._filled(self.vendor.params), **params})[1]

    def redeem(self, code: str, redirect_uri: str, keeps: Mapping[str, str]) -> None:
        """Turns a consent's code into stored tokens. Raises Refused or Unavailable."""
        if not isinstance(self.vendor.auth, RefreshToken):
            raise Refused(f"{self.label} asks for no consent.")
        self.vendor.auth.redeem(self, code, redirect_uri, keeps)

    def fill(self, template: str) -> str:
        """The template with settings and secrets in its braces. Raises Refused where one is not filled in.

        `{tenant}` is the tenant that is read now, and the setting of that name while there is none.
        """
        if self.tenant:
            template = template.replace("{tenant}", quote(self.tenant, safe=""))
        return fill(template, self.connection, self.vendor)

    def post_form(self, address: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Posted:
        """The status and JSON object that a token address answers; nothing of the form is ever repeated in words."""
        return self._token(address, headers, form=form)

    def post_json(self, address: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Posted:
        """As `post_form`, for a vendor whose token address takes JSON."""
        return self._token(address, headers, form=None, params=body)

    def _open(self) -> None:
        self.base = self.fill(self.vendor.base_url)
        secure(self.base)
        self._through(gate(self.vendor, self.fill), self.base)

    def _locate(self, locate: Locate) -> None:
        """Ask for the customer's zone and keep it as a setting. Raises Refused where the answer is no such host."""
        address = self.fill(locate.address)
        self._through(only_locating(self.vendor, self.fill), address)
        status, body, _ = self._ask("GET", address, {"Accept": "application/json"}, where="its list of zones")
        zone = zone_in(locate, address, status, body, self.label)
        self.connection.settings = {**self.connection.settings, ZONE: zone}
        Connection.objects.filter(pk=self.connection.pk).update(settings=self.connection.settings)
        self._open()

    def _token(
        self, address: str, headers: Mapping[str, str], *, form: Mapping[str, str] | None,
        params: Mapping[str, Any] | None = None,
    ) -> Posted:  # fmt: skip
        sent = form if form is not None else params or {}
        self._tokens.update(str(text) for name, text in sent.items() if name in ("code", "refresh_token"))
        accept = {"Accept": "application/json", **headers}
        status, body, received = self._ask("POST", address, accept, form=form, params=params, data=False)
        answer = body if isinstance(body, dict) else {}
        self._tokens.update(str(answer[name]) for name in ("access_token", "refresh_token") if answer.get(name))
        self._clock = clock_words(received, datetime.now(UTC)) if status >= 400 else ""
        return status, answer

    def _params(self, endpoint: Endpoint, since: datetime | None, parent: Record | None) -> dict[str, str]:
        asked = {name: self._of_parent(text, parent) for name, text in endpoint.params.items()}
        params = {**self._filled(self.vendor.params), **asked}
        if since is not None and endpoint.since is not None:
            params.update(endpoint.since.of(since.astimezone(UTC)))
        return params

    def _question(self, endpoint: Endpoint, parent: Record | None) -> _Question:
        """Raises Refused where the parent names no tenant: another's token, or our own, must never stand in for it."""
        self.tenant = text_at(parent, endpoint.tenant) if endpoint.tenant else ""
        if endpoint.tenant and not self.tenant:
            raise Refused(f"A record that {endpoint.name} are asked for has no {endpoint.tenant}.")
        headers = {name: self._of_parent(text, parent) for name, text in endpoint.headers.items()}
        headers = {**_scheme(self.vendor, endpoint).headers, **headers}
        path = self._path(endpoint, endpoint.path, parent)
        empty_on = (*endpoint.empty_on, *([404] if parent else []))
        return _Question(endpoint.method, path, headers, self.tenant, empty_on, endpoint.path)

    def _path(self, endpoint: Endpoint, path: str, parent: Record | None) -> str:
        return path_for(endpoint, path, parent) if endpoint.each else self.fill(path)

    def _of_parent(self, template: str, parent: Record | None) -> str:
        """The template with fields of the parent in its `{each.field}`, and settings in its other braces.

        What stands in the parent's field is never a template: it could name one of our keys.
        """
        parts = enumerate(OF_PARENT.split(template))
        return "".join(text_at(parent, part) if place % 2 else self.fill(part) for place, part in parts)

    def _total(self, endpoint: Endpoint, params: Mapping[str, str], parent: Record | None) -> int | None:
        total = endpoint.total
        if total is None or not total.path:
            return None
        listed = self._question(endpoint, parent)
        path = self._path(endpoint, total.path, parent)
        asked: Any = total.of(params)
        if total.method == "POST" and endpoint.body:
            asked = endpoint.body(asked)
        asks = _Question(total.method, path, listed.headers, listed.tenant, listed.empty_on, listed.listing)
        status, body, headers = self._read(asks, asked)
        if status in listed.empty_on:
            return None
        told = total_in(endpoint, Answer(body, headers))
        if told is None:
            raise Unavailable(f"{self.label} sent an answer that holds no number at {path}.")
        return told

    def _list(
        self, endpoint: Endpoint, params: Mapping[str, str], parent: Record | None, cursor: dict[str, Any] | None
    ) -> Iterator[Page]:
        scheme, question = _scheme(self.vendor, endpoint), self._question(endpoint, parent)
        cursor = cursor if scheme.resumes else None
        course = Course(endpoint, scheme.sparse, whole=cursor is None)
        while True:
            course.begins_at(cursor)
            query: Any = scheme.params(params, cursor)
            apart = {name: query.pop(name) for name in endpoint.in_address if name in query}
            query = endpoint.body(query) if endpoint.body else query
            status, body, headers = self._read(replace(question, query=urlencode(apart)), query)
            answer = Answer(None if status in question.empty_on else body, headers)
            stated = total_on_page(endpoint, answer)
            try:
                rows = rows_of(endpoint, answer.body)
                cursor = scheme.after(answer, rows, cursor)
                fault = course.fault(rows, cursor, stated)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                fault = f"sent an answer that cannot be read as a list ({self._clean(str(error))})"
            if not fault and course.whole and parent and not cursor and (endpoint.together > 1 or not course.listed):
                fault = course.lost(self._total(endpoint, params, parent) or 0)
            if fault:
                raise Unavailable(f"{self.label} {fault} at {endpoint.path}.")
            gone = status == 404 and 404 not in endpoint.empty_on
            yield Page(with_found(with_parent(rows, parent), self._found(endpoint)), cursor, stated, gone)
            if cursor is None:
                return

    def _found(self, endpoint: Endpoint) -> dict[str, tuple[Lookup, Index]]:
        return {name: (lookup, self._index(name, lookup)) for name, lookup in endpoint.looks_up.items()}

    def _index(self, name: str, lookup: Lookup) -> Index:
        """What a lookup says, read when it is first needed."""
        key = (lookup.path, repr((lookup.id, sorted(lookup.params.items()))))
        if key not in self._looked_up:
            listed = as_list(name, lookup)
            pages = self._list(listed, self._params(listed, None, None), None, None)
            self._looked_up[key] = indexed(lookup, [record for page in pages for record in page.records])
        return self._looked_up[key]

    def _read(self, question: _Question, params: Any) -> tuple[int, Any, Mapping[str, str]]:
        """One answer with data. A token that has run out is renewed once; a key refused after that needs a person.

        Where a new token did not help, the next question of that list buys none: some vendors lock out who signs in
        too often, and some refuse with a 401 what was not bought.
        """
        self.tenant, at = question.tenant, (question.tenant, question.listing)
        for renewed in (False, True):
            sent = {**self._filled(self.vendor.headers), **question.headers, **self._proof()}
            status, body, received = self._ask(
                question.method, self.base + question.address, sent, params=params, where=question.path
            )
            if status != 401 or at in self._unmended:
                break
            del self._credentials[self.tenant]
            if renewed or not self.vendor.auth.token_address:
                self._unmended.add(at)
                break
        if status < 300 or status in question.empty_on:
            self._unmended.discard(at)
            return status, body, received
        words = clock_words(received, datetime.now(UTC)) if status == 401 else ""
        raise Refused(f"{refusal(self.vendor, status, question.path, self._clean(said(body)))} {words}".rstrip())

    def _proof(self) -> dict[str, str]:
        """The headers that prove who we are to the tenant that is read now."""
        if self.tenant not in self._credentials:
            try:
                self._credentials[self.tenant] = self.vendor.auth.credentials(self)
            except Refused as no:
                raise Refused(f"{no} {self._clock}".rstrip()) from None
        return self._credentials[self.tenant]

    def _filled(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: self.fill(text) for name, text in headers.items()}


def _scheme(vendor: Vendor, endpoint: Endpoint) -> Paginate:
    return endpoint.paginate or vendor.paginate
