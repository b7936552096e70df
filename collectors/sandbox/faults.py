"""Faults on demand: what a vendor's API does on a bad day."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import Lock

from collectors.sandbox.exchange import Reply, Row, Vendor

BEFORE = ("429", "500", "503", "401", "403", "404", "error_200", "hang", "html", "redirect", "garbled", "cut_body")
TRANSPORT = ("drip", "reset", "truncated")
ROWS = ("malformed", "duplicate_row", "moved_row", "missing_row", "half_page", "empty_page", "repeated_cursor")
KINDS = BEFORE + TRANSPORT + ROWS
WORDS = {"401": "Unauthorized", "403": "Forbidden", "404": "Not Found"}
LOG_IN = b"<html><body><form action=login>Please sign in</form></body></html>"


@dataclass
class Fault:
    id: int
    vendor: str
    kind: str
    path: str = ""
    """Holds for paths that contain this text; empty for all."""
    query: str = ""
    """Holds for queries that contain this text: some vendors serve every list at one path."""
    times: int | None = 1
    """None is for ever."""
    after: int = 0
    """Matching requests that are let through first."""
    retry_after: str = ""
    seconds: float = 30.0
    """How long `hang` waits and `drip` takes."""
    row: int = 0
    field: str = "id"
    value: object = None
    """What a malformed record has in `field`; null leaves the field out."""


@dataclass
class Faults:
    _faults: list[Fault] = field(default_factory=list)
    _pages: dict[tuple[str, str, int], list[Row]] = field(default_factory=dict)
    _replies: dict[tuple[str, str], tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: Lock = field(default_factory=Lock)

    def add(self, wanted: Mapping[str, object]) -> Fault:
        unknown = set(wanted) - set(Fault.__dataclass_fields__)
        if unknown or wanted.get("kind") not in KINDS:
            raise ValueError(f"a fault is one of {', '.join(KINDS)}; unknown: {', '.join(sorted(unknown))}")
        fault = Fault(**{**wanted, "id": next(self._ids)})  # type: ignore[arg-type]
        fault.retry_after = str(fault.retry_after)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._pages.clear()
            self._replies.clear()

    def listed(self) -> list[dict[str, object]]:
        return [asdict(fault) for fault in self._faults]

    def meet(self, vendor: str, path: str, query: str = "") -> list[Fault]:
        """Faults that hold for this request, each counted down."""
        met = []
        with self._lock:
            for fault in self._faults:
                if fault.vendor != vendor or fault.path not in path or fault.query not in query or fault.times == 0:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                met.append(fault)
        return met

    @property
    def watching(self) -> bool:
        return any(fault.times != 0 for fault in self._faults)

    def spoil(self, faults: list[Fault], reply: Reply, vendor: str, path: str) -> None:
        """Changes the rows of a good reply."""
        for fault in faults:
            if reply.rows is None:
                return
            if fault.kind == "malformed" and fault.row < len(reply.rows):
                reply.rows = _malformed(reply.rows, fault)
            elif fault.kind == "empty_page":
                reply.rows = []
            elif fault.kind == "half_page":
                reply.rows = reply.rows[: -(-len(reply.rows) // 2)]
            elif fault.kind == "missing_row":
                reply.rows = reply.rows[1:]
            elif fault.kind == "duplicate_row":
                reply.rows = self._pages.get((vendor, path, 0), [])[-1:] + reply.rows
            elif fault.kind == "moved_row":
                reply.rows = self._moved(reply.rows, (vendor, path, fault.id))

    def _moved(self, rows: list[Row], key: tuple[str, str, int]) -> list[Row]:
        """Withholds the last row and puts it in front of the next page."""
        held = self._pages.pop(key, None)
        if held is not None:
            return held + rows
        self._pages[key] = rows[-1:]
        return rows[:-1]

    def repeat(self, faults: list[Fault], reply: Reply, vendor: str, path: str) -> Reply:
        """Gives the reply before once more, with its cursor, if that fault holds; and remembers this one."""
        before = self._replies.get((vendor, path))
        if any(fault.kind == "repeated_cursor" for fault in faults) and before is not None:
            return Reply(200, before[0], reply.content_type, dict(before[1]))
        if self.watching and reply.status == 200:
            self._replies[vendor, path] = (reply.finish(), dict(reply.headers))
            if reply.rows:
                self._pages[vendor, path, 0] = reply.rows
        return reply


def instead(fault: Fault, vendor: Vendor) -> Reply | None:
    """The answer that a fault gives in place of the vendor's."""
    if fault.kind == "429":
        reply = vendor.refusal(429, "Too many requests")
        reply.headers.pop("Retry-After", None)
        if fault.retry_after:
            reply.headers["Retry-After"] = fault.retry_after
        return reply
    if fault.kind in ("401", "403", "404", "500"):
        return vendor.refusal(int(fault.kind), WORDS.get(fault.kind, "Error"))
    if fault.kind == "error_200":
        reply = vendor.refusal(500, "An error under a status that says all is well")
        reply.status = 200
        return reply
    if fault.kind == "503":
        return Reply(503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", "text/html")
    if fault.kind == "html":
        return Reply(200, b"<html><body>We are down for maintenance</body></html>", "text/html")
    if fault.kind == "redirect":
        return Reply(302, LOG_IN, "text/html", {"Location": "/login"})
    if fault.kind == "garbled":
        return Reply(200, b"no gzip", headers={"Content-Encoding": "gzip"})
    if fault.kind == "cut_body":
        return Reply(200, b'[{"id": 1, "na')
    return None


def _malformed(rows: list[Row], fault: Fault) -> list[Row]:
    spoilt = dict(rows[fault.row])
    if fault.value is None:
        spoilt.pop(fault.field, None)
    else:
        spoilt[fault.field] = fault.value
    return [*rows[: fault.row], spoilt, *rows[fault.row + 1 :]]
