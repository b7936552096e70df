"""A server on loopback that answers as it is told, well or badly, and notes what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


@dataclass
class Reply:
    """What the told server sends. `length` and `reset` make it misbehave; `drip` is seconds between single bytes."""

    body: Any = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    reset: bool = False
    drip: float = 0.0

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]
    body: str


class Told(ThreadingHTTPServer):
    """Answers each path with the replies it was given, one after the other, the last again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[Asked] = []

    def tell(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


class _Handler(BaseHTTPRequestHandler):
    server: Told

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append(
            Asked(
                self.command,
                parts.path,
                {name: values[-1] for name, values in parse_qs(parts.query).items()},
                dict(self.headers.items()),
                {name: values[-1] for name, values in parse_qs(body).items()},
                body,
            )
        )
        waiting = self.server.replies.get(parts.path, [Reply({"message": "not told"}, 404)])
        self._send(waiting.pop(0) if len(waiting) > 1 else waiting[0])

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _send(self, reply: Reply) -> None:
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.connection.close()
            return
        body = reply.raw()
        self.send_response_only(reply.status)  # which sets no Date
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if reply.length is None else reply.length))
        self.end_headers()
        for start in range(0, len(body), 1 if reply.drip else len(body) or 1):
            self.wfile.write(body[start : start + 1] if reply.drip else body)
            self.wfile.flush()
            time.sleep(reply.drip)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def slept() -> list[float]:
    """The waits a client made, without their being waited."""
    return []


@pytest.fixture
def sleep(slept: list[float]) -> Callable[[float], None]:
    return slept.append
