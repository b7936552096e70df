"""The only module that speaks HTTP: who we are, pace, patience, pages, and nothing secret in any word it says."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

from collectors.answers import at, parsed, path_for, refusal, rows_of, said, with_parent
from collectors.auth import Posted, RefreshToken
from collectors.connections import Connection
from collectors.declare import Endpoint, Locate, Record, Vendor
from collectors.errors import OutOfTime, Refused, Unavailable
from collectors.facts.touched import Calendar
from collectors.gate import Gate, gate, loopback, only_locating, secure
from collectors.keys import fill, secrets_of, without_secrets
from collectors.pagination import Answer, number_at
from collectors.patience import Patience, retry_after, spans

log = logging.getLogger(__name__)
ZONE = "zone"  # the setting a located address is kept in
OF_PARENT = re.compile(r"\{each\.([^{}]+)\}")
logging.getLogger("urllib3").setLevel(logging.ERROR)  # below that it logs whole addresses, and some vendors' hold a key


@dataclass(frozen=True)
class Page:
    """Records as the vendor sent them, and the cursor to resume after them, None at the end."""

    records: list[Record]
    next: dict[str, Any] | None


@dataclass(frozen=True)
class _Setback:
    """A try that failed and may be made again: why, and the seconds the vendor asks us to wait."""

    says: str
    wait: float | None = None


class Client:
    """Reads one connection during one run. `deadline` is a moment of `clock`, past which no request begins."""

    def __init__(
        self,
        connection: Connection,
        vendor: Vendor,
        *,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience: Patience | None = None,
    ) -> None:
        self.connection, self.vendor, self.label = connection, vendor, vendor.label
        self.deadline, self.clock, self.sleep = deadline, clock, sleep
        self.patience = patience or Patience()
        self.base = ""  # not known before the vendor has told us the customer's own zone
        self._credentials: dict[str, dict[str, str]] = {}  # by tenant: a token of one never serves another
        self.tenant = ""
        self._tokens: set[str] = set()
        self._asked_at = -1e9
        self._least_gap = 0.0 if at_sandbox(connection) else 1 / vendor.pace
        located = vendor.locate is None or bool(connection.settings.get(ZONE))
        self._session = self._open() if located else _session(only_locating(vendor, self.fill), "")

    def __enter__(self) -> Self:
        if not self.base and self.vendor.locate:
            self._locate(self.vendor.locate)
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

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
        self.tenant = str(at(parent, endpoint.tenant) or "") if endpoint.tenant else ""
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
        if endpoint.total is None or not endpoint.total.path:
            return None
        path = self._path(endpoint, endpoint.total.path, parent)
        asked: Any = endpoint.total.of(self._params(endpoint, since, parent))
        if endpoint.total.method == "POST" and endpoint.body:
            asked = endpoint.body(asked)
        empty_on = (*endpoint.empty_on, *([404] if parent else []))
        headers = self._headers(endpoint, parent)
        status, body, _ = self._read(endpoint.total.method, path, asked, headers, empty_on=empty_on)
        told = at(body, endpoint.total.at)
        if status not in empty_on and not isinstance(told, int):
            raise Unavailable(f"{self.label} sent an answer that holds no number at {path}.")
        return None if status in empty_on else told

    def test(self) -> str:
        """Proves that the key works and says so in a sentence. Raises Refused or Unavailable."""
        path, _, query = self.fill(self.vendor.test).partition("?")
        _, body, _ = self._read("GET", path, {**self.vendor.params, **dict(parse_qsl(query))}, {})
        shown = at(body, self.vendor.test_shows) if self.vendor.test_shows else ""
        return f"Connected to {self.label}" + (f" ({str(shown)[:80]})." if shown else ".")

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

    def keep_secret(self, token: str) -> None:
        """A token that an `Auth` found in an answer is kept out of every word we say."""
        self._tokens.add(token)

    def _open(self) -> requests.Session:
        self.base = self.fill(self.vendor.base_url)
        secure(self.base)
        return _session(gate(self.vendor, self.fill), self.base)

    def _locate(self, locate: Locate) -> None:
        """Ask for the customer's zone and keep it as a setting. Raises Refused where the answer is no such host."""
        address = self.fill(locate.address)
        status, body, _ = self._ask("GET", address, {"Accept": "application/json"}, where="its list of zones")
        zone = str(at(body, locate.at) or "").rstrip("/") if status < 300 else ""
        host = urlsplit(zone).hostname or ""
        if not re.fullmatch(locate.host, host) and not (loopback(address) and loopback(zone)):
            raise Refused(f"{self.label} does not know in which zone this account lives. Check the user name.")
        self.connection.settings = {**self.connection.settings, ZONE: zone}
        Connection.objects.filter(pk=self.connection.pk).update(settings=self.connection.settings)
        self._session.close()
        self._session = self._open()

    def _token(
        self, address: str, headers: Mapping[str, str], *, form: Mapping[str, str] | None,
        params: Mapping[str, Any] | None = None,
    ) -> Posted:  # fmt: skip
        sent = form if form is not None else params or {}
        self._tokens.update(str(text) for name, text in sent.items() if name in ("code", "refresh_token"))
        accept = {"Accept": "application/json", **headers}
        status, body, _ = self._ask("POST", address, accept, form=form, params=params, data=False)
        answer = body if isinstance(body, dict) else {}
        self._tokens.update(str(answer[name]) for name in ("access_token", "refresh_token") if answer.get(name))
        return status, answer

    def _params(self, endpoint: Endpoint, since: datetime | None, parent: Record | None) -> dict[str, str]:
        asked = {name: self._of_parent(text, parent) for name, text in endpoint.params.items()}
        params = {**self.vendor.params, **asked}
        if since is not None and endpoint.since is not None:
            params.update(endpoint.since.of(since.astimezone(UTC)))
        return params

    def _path(self, endpoint: Endpoint, path: str, parent: Record | None) -> str:
        return path_for(endpoint, path, parent) if endpoint.each else self.fill(path)

    def _headers(self, endpoint: Endpoint, parent: Record | None) -> dict[str, str]:
        scheme = endpoint.paginate or self.vendor.paginate
        return {**scheme.headers, **{name: self._of_parent(text, parent) for name, text in endpoint.headers.items()}}

    def _of_parent(self, template: str, parent: Record | None) -> str:
        """The template with fields of the parent in its `{each.field}`, and settings in its other braces."""

        def value(match: re.Match[str]) -> str:
            return str(at(parent, match[1]) or "")

        return self.fill(OF_PARENT.sub(value, template))

    def _list(
        self, endpoint: Endpoint, params: Mapping[str, str], parent: Record | None, cursor: dict[str, Any] | None
    ) -> Iterator[Page]:
        scheme = endpoint.paginate or self.vendor.paginate
        path = self._path(endpoint, endpoint.path, parent)
        sent = self._headers(endpoint, parent)
        empty_on = (*endpoint.empty_on, *([404] if parent else []))
        before: list[Any] = []
        seen: set[str] = set()
        listed, whole = 0, cursor is None  # what a page says of the list's length is held against a whole list
        while True:
            seen.add(json.dumps(cursor, sort_keys=True))
            query: Any = scheme.params(params, cursor)
            query = endpoint.body(query) if endpoint.body else query
            status, body, headers = self._read(endpoint.method, path, query, sent, empty_on=empty_on)
            answer = Answer(None if status in empty_on else body, headers)
            try:
                rows = rows_of(endpoint, answer.body)
                cursor = scheme.after(answer, rows, cursor)
                fault = "gave the same page twice" if cursor and rows == before else ""
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                fault = f"sent an answer that cannot be read as a list ({self._clean(str(error))})"
            if not fault and cursor and json.dumps(cursor, sort_keys=True) in seen:
                fault = "names a page it has already given"
            if not fault and parent and not rows and not before and self.total(endpoint, parent=parent):
                fault = "listed nothing and says there is something"
            listed += 0 if fault else len(rows)
            if not fault and whole and cursor is None and (said := _stated(endpoint, answer)) and said > listed:
                fault = f"says it has {said} {endpoint.name} to give and listed {listed}"
            if fault:
                raise Unavailable(f"{self.label} {fault} at {endpoint.path}.")
            yield Page(with_parent(rows, parent), cursor)
            if cursor is None:
                return
            before = rows

    def _read(
        self, method: str, path: str, params: Any, headers: Mapping[str, str], empty_on: tuple[int, ...] = ()
    ) -> tuple[int, Any, Mapping[str, str]]:
        """One answer with data. A token that has run out is renewed once; a key refused after that needs a person."""
        for renewed in (False, True):
            if self.tenant not in self._credentials:
                self._credentials[self.tenant] = self.vendor.auth.credentials(self)
            sent = {**self._filled(self.vendor.headers), **headers, **self._credentials[self.tenant]}
            status, body, received = self._ask(method, self.base + path, sent, params=params, where=path)
            if status != 401:
                break
            del self._credentials[self.tenant]
            if renewed or not self.vendor.auth.token_address:
                break
        if status < 300 or status in empty_on:
            return status, body, received
        raise Refused(refusal(self.vendor, status, path, self._clean(said(body))))

    def _filled(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: self.fill(text) for name, text in headers.items()}

    def _ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        *,
        params: Any = None,
        form: Mapping[str, str] | None = None,
        where: str = "its token address",
        data: bool = True,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Asks until there is an answer that is not a setback, within the patience we have."""
        setback = _Setback("")
        for tried in range(1, self.patience.tries + 1):
            outcome = self._once(method, address, headers, params, form, data)
            if not isinstance(outcome, _Setback):
                return outcome
            setback = outcome
            wait = self.patience.backoff(tried) if setback.wait is None else setback.wait
            if wait > self.patience.longest_wait or tried == self.patience.tries:
                break
            if wait >= self._left():
                raise OutOfTime(f"The run's time is up while {self.label} {setback.says} at {where}.")
            log.info("%s %s at %s; asking again in %.1f s", self.label, setback.says, where, wait)
            self.sleep(wait)
        raise Unavailable(f"{self.label} {setback.says} at {where}.", retry_after=setback.wait)

    def _once(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        params: Any,
        form: Mapping[str, str] | None,
        data: bool,
    ) -> tuple[int, Any, Mapping[str, str]] | _Setback:
        self._keep_pace()
        silence = min(self.patience.silence, self._left())
        sent = {"params": params} if method == "GET" else {"data": form} if form is not None else {"json": params}
        try:
            with self._session.request(
                method, address, headers=dict(headers), timeout=(self.patience.connect, silence),
                allow_redirects=False, stream=True, **sent,
            ) as response:  # fmt: skip
                text = self._body(response)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return _Setback("does not answer in time")
        except ValueError:
            text = None
        except (OSError, urllib3.exceptions.HTTPError):  # every other fault of requests is an OSError
            return _Setback("cannot be reached or breaks off")
        if text is None:  # raised here, so that no exception with our headers hangs on to it
            raise Refused(f"A setting of the connection to {self.label} holds signs that cannot be sent.")
        if isinstance(text, _Setback):
            return text
        return self._judged(response, text, data=data)

    def _judged(
        self, response: requests.Response, text: bytes, data: bool
    ) -> tuple[int, Any, Mapping[str, str]] | _Setback:
        """What an answer that came whole means: itself, or a setback. Raises Refused where the vendor says no."""
        status, received = response.status_code, {name.lower(): text for name, text in response.headers.items()}
        wait = retry_after(received.get("retry-after"), datetime.now(UTC))
        try:
            body = None if status == 204 or (not text and self.vendor.blank_is_empty) else parsed(text)
        except ValueError:
            if status < 300:
                kind = received.get("content-type", "of no named kind").partition(";")[0]
                return _Setback(f"answered with something that is not JSON ({self._clean(kind)})")
            body = text[:2000].decode(errors="replace")  # only the vendor's own errors look into it
        fault = self.vendor.errors(status, body) if data and self.vendor.errors and status != 401 else None
        if fault and not fault.wait:
            raise Refused(f"{self.label} says: {self._clean(fault.says).strip()}.")
        if fault:
            return _Setback(f"asks for patience ({self._clean(fault.says)})", fault.after if wait is None else wait)
        if status == 429:
            return _Setback("asks us to slow down (429)", wait)
        if status >= 500:
            return _Setback(f"has a fault of its own ({status})", wait)
        return status, body, received

    def _body(self, response: requests.Response) -> bytes | _Setback:
        """The body, read as it arrives so that neither a flood nor a slow drip holds us."""
        begun, pieces, size = self.clock(), [], 0
        while piece := response.raw.read1(1 << 16, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self.patience.largest:
                return _Setback("answered with more than we are ready to read")
            if self.clock() - begun > self.patience.request:
                return _Setback("answers too slowly")
            if self._left() <= 0:
                raise OutOfTime(f"The run's time is up while {self.label} answers.")
        return b"".join(pieces)

    def _left(self) -> float:
        return float("inf") if self.deadline is None else self.deadline - self.clock()

    def _keep_pace(self) -> None:
        if self._left() <= 0:
            raise OutOfTime(f"The run's time is up; {self.label} is read on from here.")
        gap = self._asked_at + self._least_gap - self.clock()
        if gap > 0:
            self.sleep(gap)
        self._asked_at = self.clock()

    def _clean(self, text: str) -> str:
        return without_secrets(text, {str(value) for value in secrets_of(self.connection).values()} | self._tokens)


def _stated(endpoint: Endpoint, answer: Answer) -> int | None:
    """How many records the list has, as one of its own pages says."""
    total = endpoint.total
    if total is None or total.path:
        return None
    if total.header:
        told = answer.headers.get(total.header, "")
        return int(told) if told.isdigit() else None
    return number_at(answer.body, total.at)


class _Gated(HTTPAdapter):
    """The last door before the network: whatever asks, only declared requests pass."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(max_retries=0)
        self.gate = gate

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.gate.check(str(request.method), str(request.url))
        return super().send(request, *args, **kwargs)


def _session(gate: Gate, base: str) -> requests.Session:
    session = requests.Session()
    session.auth = lambda request: request  # else a .netrc of the machine could put its own key in place of ours
    session.trust_env = not loopback(base)  # a proxy of the network is for the network
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Gated(gate))
    return session


def at_sandbox(connection: Connection) -> bool:
    """Whether the connection reads the stand-in, which needs no pace and can play the past."""
    address = str(connection.settings.get("address", ""))
    return bool(settings.SANDBOX_URL) and urlsplit(address).netloc == urlsplit(settings.SANDBOX_URL).netloc
