"""Reports under /queries: a cursor whose name stays while its offset advances."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from collectors.sandbox.exchange import Refusal, Reply, Request, Row, dumps
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors.ninjaone.filters import Test
from collectors.sandbox.world.devices import Device
from collectors.sandbox.world.world import World

MANY = 100
Make = Callable[[Device, int], list[Row]]  # the rows of one device


@dataclass
class _Cursor:
    name: str
    rows: list[Row]
    offset: int
    expires: float


class Reports:
    """The rows of a report are fixed when its first page is read, as of that moment."""

    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches
        self._cursors: dict[str, _Cursor] = {}
        self._names = itertools.count(1)

    def page(self, request: Request, path: str, make: Make, test: Test | None, size: int) -> Reply:
        name = request.query.get("cursor")
        cursor = self._open(path, make, test) if name is None else self._known(f"{path}/{name}")
        rows = cursor.rows[cursor.offset : cursor.offset + size]
        cursor.offset += len(rows)
        return self._reply(cursor, rows)

    def _known(self, key: str) -> _Cursor:
        cursor = self._cursors.get(key)
        if cursor is None or time.time() > cursor.expires:
            raise Refusal(400, "cursor is unknown or has expired")
        return cursor

    def _open(self, path: str, make: Make, test: Test | None) -> _Cursor:
        moment = self.world.clock.now()
        rows = [row for device in self.world.devices_at(moment)
                if device.os_name and (test is None or test(device, moment)) for row in make(device, moment)]
        expires = time.time() + self.switches.number("ninjaone", "cursor_seconds")
        cursor = _Cursor(f"cursor-{next(self._names)}", rows, 0, expires)
        while len(self._cursors) >= MANY:
            self._cursors.pop(next(iter(self._cursors)))
        self._cursors[f"{path}/{cursor.name}"] = cursor
        return cursor

    def _reply(self, cursor: _Cursor, rows: list[Row]) -> Reply:
        end = self.switches.text("ninjaone", "report_end")
        over = cursor.offset >= len(cursor.rows)
        shown: Row = {"name": cursor.name, "offset": cursor.offset, "count": len(rows), "expires": cursor.expires}
        if end == "stuck" and not rows:
            # One way of ending is to give the last place again.
            shown["offset"], shown["count"] = len(cursor.rows), 0
            rows = []
        with_cursor = not (end == "no_cursor" and over)

        def wrap(listed: bytes) -> bytes:
            head = b'{"cursor":' + dumps(shown) + b"," if with_cursor else b"{"
            return head + b'"results":' + listed + b"}"

        return Reply(rows=rows, wrap=wrap)
