"""A vendor on loopback that does nothing but answer: ConnectWise PSA's lists, prebuilt and served from memory.

`python -m tests.bench.played ROWS CLIENTS` prints its address and serves until it is ended.
"""

from __future__ import annotations

import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench.pages_of_tickets import PAGE, cut, tickets

Pages = dict[str, list[bytes]]
BASE = "/apis/3.0"
STATUSES = re.compile(r"/service/boards/\d+/statuses")


def lists(rows: int, clients: int) -> Pages:
    """Every list the vendor file reads, by path, cut into pages; those the bench does not need are empty."""
    companies: list[dict[str, Any]] = [{"id": n, "name": f"Client {n}"} for n in range(1, clients + 1)]
    return {
        "/service/tickets": tickets(rows, clients),
        "/company/companies": cut(companies),
        "/service/boards": cut([{"id": n, "name": f"Board {n}"} for n in range(1, 6)]),
        "/system/members": cut([{"id": n, "identifier": f"tech{n}"} for n in range(1, 61)]),
    }


class Server(ThreadingHTTPServer):
    pages: Pages


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        path, number = asked.path.removeprefix(BASE), int(parse_qs(asked.query).get("pageId", ["1"])[0])
        pages = self.server.pages.get(path, [b"[]"])
        if STATUSES.fullmatch(path):
            pages = cut([{"id": int(path.split("/")[3]) * 10, "name": ">Closed", "closedStatus": True}])
        body = pages[number - 1]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        following = f'<http://{self.headers["Host"]}{asked.path}?pageSize={PAGE}&pageId={number + 1}>; rel="next"'
        self.send_header("Link", following if number < len(pages) else "")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def main(rows: int, clients: int) -> None:
    server = Server(("127.0.0.1", 0), Handler)
    server.pages = lists(rows, clients)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
