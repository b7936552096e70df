"""The HTTP server: one port, a prefix for each vendor, faults between the vendor and the wire."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, unquote_plus, urlsplit

from collectors.sandbox.control import Control
from collectors.sandbox.exchange import Refusal, Reply, Request, Vendor, json_reply
from collectors.sandbox.faults import BEFORE, Faults, instead
from collectors.sandbox.limits import Limits
from collectors.sandbox.switches import Switches
from collectors.sandbox.vendors import found
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.options import Options
from collectors.sandbox.world.world import World

HOST = "127.0.0.1"
DRIP_PIECES = 20


class Sandbox(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, options: Options, port: int = 0, clock: Clock | None = None, a_minute: int = 0) -> None:
        super().__init__((HOST, port), Handler)
        self.base = f"http://{HOST}:{self.server_address[1]}"
        self.world = World(options, clock)
        modules = found()
        declared = [switch for module in modules.values() for switch in getattr(module, "SWITCHES", ())]
        self.switches, self.faults, self.limits = Switches(modules, declared), Faults(), Limits()
        self.vendors: dict[str, Vendor] = {
            slug: module.VENDOR(self.world, self.switches, f"{self.base}/{slug}") for slug, module in modules.items()
        }
        for slug in self.vendors:
            self.switches.set(slug, "requests_a_minute", a_minute)
        self.control = Control(self.world, self.vendors, self.switches, self.faults, self.limits, self.base)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sandbox", ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: Sandbox

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: a collect makes thousands of requests."""

    def _origin(self) -> str:
        """The address as the caller spells it, so that links lead back to the same host."""
        host = self.headers.get("Host")
        return f"http://{host}" if host else self.server.base

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        slug, _, path = parts.path.removeprefix("/").partition("/")
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            self.command, f"/{unquote(path)}", parts.query,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length) if length else b"", f"{self._origin()}/{slug}",
        )  # fmt: skip
        if slug == "_sandbox":
            self._send(self.server.control.answer(request))
        elif slug in self.server.vendors:
            self._play(self.server.vendors[slug], request)
        else:
            self._send(json_reply({"error": "no such vendor"}, 404))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

    def _play(self, vendor: Vendor, request: Request) -> None:
        faults = self.server.faults.meet(vendor.slug, request.path, unquote_plus(request.query_text))
        for fault in faults:
            if fault.kind == "hang":
                time.sleep(fault.seconds)
            elif fault.kind in BEFORE and (spoilt := instead(fault, vendor)) is not None:
                return self._send(spoilt)
        reply = self._vendor_reply(vendor, request)
        if reply.status == 200:
            self.server.faults.spoil(faults, reply, vendor.slug, request.path)
            reply = self.server.faults.repeat(faults, reply, vendor.slug, request.path)
        for fault in faults:
            if fault.kind == "reset":
                return self._reset()
            if fault.kind == "truncated":
                return self._truncated(reply)
            if fault.kind == "drip":
                return self._send(reply, seconds=fault.seconds)
        self._send(reply)

    def _vendor_reply(self, vendor: Vendor, request: Request) -> Reply:
        if not self.server.limits.passes(vendor.slug, self.server.switches.number(vendor.slug, "requests_a_minute")):
            return vendor.refusal(429, "Too many requests")
        try:
            return vendor.answer(request)
        except Refusal as refusal:
            return vendor.refusal(refusal.status, refusal.message, refusal.code)
        except Exception:
            # A mistake of the sandbox itself must not look like a broken connection.
            traceback.print_exc()
            return vendor.refusal(500, "the sandbox failed; its output says why")

    def _head(self, reply: Reply, length: int) -> None:
        self.send_response(reply.status)
        if reply.content_type is not None:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, reply: Reply, seconds: float = 0.0) -> None:
        body = reply.finish()
        self._head(reply, len(body))
        step = -(-len(body) // DRIP_PIECES) if seconds else len(body)
        for start in range(0, len(body), max(1, step)):
            self.wfile.write(body[start : start + step])
            if seconds:
                self.wfile.flush()
                time.sleep(seconds / DRIP_PIECES)
        self.wfile.flush()

    def _truncated(self, reply: Reply) -> None:
        """Promises a whole body and hangs up in the middle of it."""
        body = reply.finish()
        self._head(reply, len(body))
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.close_connection = True

    def _reset(self) -> None:
        # A linger of zero seconds makes the kernel send RST in place of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True

    def finish(self) -> None:
        # The reader may have hung up first, or a fault closed the connection.
        with contextlib.suppress(ConnectionError, ValueError, OSError):
            super().finish()
