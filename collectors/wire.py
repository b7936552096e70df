"""The only module that speaks HTTP: the gate, the pace, patience, and nothing secret in any word it says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter

from collectors.answers import parsed
from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.errors import OutOfTime, Refused, Unavailable
from collectors.gate import Gate, loopback
from collectors.keys import secrets_of, without_secrets
from collectors.patience import Patience, retry_after

log = logging.getLogger(__name__)
logging.getLogger("urllib3").setLevel(logging.ERROR)  # below that it logs whole addresses, and some vendors' hold a key

Answered: TypeAlias = tuple[int, Any, Mapping[str, str]]  # status, parsed body, headers by their names in lower case


@dataclass(frozen=True)
class _Setback:
    """A try that failed and may be made again: why, and the seconds the vendor asks us to wait."""

    says: str
    wait: float | None = None


class Wire:
    """One connection's way to its vendor during one run. Past `deadline`, a moment of `clock`, no request begins."""

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
        self._session = requests.Session()  # which knows no way anywhere, until a gate is put before it
        self._session.adapters.clear()
        self._tokens: set[str] = set()
        self._asked_at = -1e9
        self._least_gap = 0.0 if at_sandbox(connection) else 1 / vendor.pace

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def keep_secret(self, token: str) -> None:
        """A token that an `Auth` found in an answer is kept out of every word we say."""
        self._tokens.add(token)

    def _through(self, gate: Gate, base: str) -> None:
        """From now on everything goes through this gate, to the vendor at `base`."""
        self._session.close()
        self._session = _session(gate, base)

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
    ) -> Answered:
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
    ) -> Answered | _Setback:
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
    ) -> Answered | _Setback:
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
        if status == 429 or (status == 403 and wait is not None):  # a right is not missing for so many seconds
            return _Setback(f"asks us to slow down ({status})", wait)
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
