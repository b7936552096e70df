"""An invented vendor for tests: its declaration, and a small server on loopback whose lists a test can edit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.apps import apps
from django.db.models import ForeignKey

from collectors.auth import Auth
from collectors.connections import Connection
from collectors.declare import Convert, Endpoint, Layer, Setting, Since, Vendor
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, Agreement
from collectors.facts.estate import Asset
from collectors.facts.money import LedgerBalance
from collectors.facts.service import Queue, Technician, Ticket, TimeEntry
from collectors.facts.shapes import Record, State
from collectors.pagination import AfterId
from collectors.vendors import VENDORS

SLUG = "test_desk"
PAGE = 100


def moment(path: str) -> Convert:
    return Convert((path,), lambda value: None if value is None else datetime.fromisoformat(value))


def money(path: str) -> Convert:
    return Convert((path,), lambda value: None if value is None else Decimal(value))


CHANGED = Since(lambda since: {"since": since.isoformat()})

DESK = Vendor(
    slug=SLUG,
    label="Test Desk",
    layer=Layer.PSA,
    base_url="{address}",
    auth=Auth(headers={"Authorization": "Bearer {token}"}),
    paginate=AfterId(size=PAGE),
    test="/boards",
    pace=10_000,
    settings=(Setting(name="address", label="Address"), Setting(name="token", label="Token", secret=True)),
    console="https://desk.example",
    endpoints=(
        Endpoint(
            name="companies", path="/companies", into=Account, complete=True,
            fields={"external_id": "id", "name": "name", "parent": "parent.id"},
        ),
        Endpoint(
            name="boards", path="/boards", into=Queue, complete=True, fields={"external_id": "id", "name": "name"}
        ),
        Endpoint(
            name="members", path="/members", into=Technician, complete=True,
            fields={"external_id": "id", "name": "name", "hourly_cost": money("cost")},
        ),
        Endpoint(
            name="devices", path="/devices", into=Asset, complete=True,
            fields={
                "external_id": "id", "account": "company.id", "name": "name", "hostname": "name", "kind": "kind",
                "os": "os", "last_seen_at": moment("seen"),
            },
        ),
        Endpoint(
            name="agreements", path="/agreements", into=Agreement, complete=True,
            fields={
                "external_id": "id", "name": "name", "account": "company.id", "amount": money("amount"),
                "cycle_months": "months",
            },
        ),
        Endpoint(
            name="additions", path="/agreements/{id}/additions", each="agreements", into=Addition, complete=True,
            fields={"external_id": "id", "agreement": "each.id", "amount": money("amount"), "product": "name"},
        ),
        Endpoint(
            name="tickets", path="/tickets", into=Ticket, since=CHANGED, link="/tickets/{id}",
            fields={
                "external_id": "id", "account": "company.id", "queue": "board.id", "title": "summary",
                "opened_at": moment("opened"), "closed_at": moment("closed"), "parent": "parent.id",
                "merged_into": "merged.id",
            },
        ),
        Endpoint(
            name="time", path="/time", into=TimeEntry, since=CHANGED,
            fields={
                "external_id": "id", "account": "company.id", "ticket": "ticket.id", "technician": "member.id",
                "hours": money("hours"), "entered_at": moment("entered"),
            },
        ),
        Endpoint(
            name="balances", path="/report", into=LedgerBalance, complete=True, span_months=6,
            window=lambda start, end: {"from": start.date().isoformat(), "to": end.date().isoformat()},
            fields={
                "external_id": "id", "month": "month", "basis": Convert((), lambda: "accrual"),
                "amount": money("amount"),
            },
        ),
    ),
)  # fmt: skip


def register() -> None:
    VENDORS[SLUG] = DESK


Rows = dict[int, dict[str, Any]]


class Desk:
    """The server and its lists. `now` stamps edits; `before_answer` lets a test break in on a request."""

    def __init__(self) -> None:
        self.lists: dict[str, Rows] = {}
        self.now = datetime(2026, 3, 10, 12, tzinfo=UTC)
        self.asked: list[str] = []
        self.before_answer: Callable[[str], tuple[int, dict[str, str], bytes] | None] = lambda path: None
        self.address = ""
        self._lock = threading.Lock()

    def put(self, listed: str, key: int, /, **fields: Any) -> None:
        with self._lock:
            row = self.lists.setdefault(listed, {}).setdefault(key, {"id": key})
            row.update(fields, updated=self.now.isoformat())

    def drop(self, name: str, key: int) -> None:
        with self._lock:
            self.lists[name].pop(key, None)

    def answer(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        with self._lock:
            rows = [dict(row) for _, row in sorted(self.lists.get(path.strip("/"), {}).items())]
        if "since" in query:
            since = datetime.fromisoformat(query["since"])
            rows = [row for row in rows if datetime.fromisoformat(row["updated"]) >= since]
        if "from" in query:
            rows = [row for row in rows if query["from"] <= row["month"] < query["to"]]
        after = int(query.get("after", 0))
        return [row for row in rows if row["id"] > after][: int(query["pageSize"])]

    def connection(self, label: str = "Desk") -> Connection:
        source = Connection(vendor=SLUG, label=label, settings={"address": self.address})
        source.secrets = {"token": "invented-token"}
        source.save()
        return source


@contextmanager
def serving(desk: Desk) -> Iterator[Desk]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            desk.asked.append(self.path)
            told = desk.before_answer(self.path)
            status, headers, body = told or (200, {"Content-Type": "application/json"}, b"")
            if told is None:
                body = json.dumps(desk.answer(parts.path, dict(parse_qsl(parts.query)))).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    desk.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()


def furnish(desk: Desk, tickets: int = 30) -> None:
    """A small invented MSP."""
    for key, name in enumerate(("Alder Dental", "Birch Legal", "Cedar Freight"), 1):
        desk.put("companies", key, name=name)
    for key, name in enumerate(("Help Desk", "Projects"), 1):
        desk.put("boards", key, name=name)
    desk.put("members", 1, name="Ada Example", cost="31.50")
    for key in range(1, 6):
        desk.put("devices", key, name=f"pc-{key}", company={"id": 1 + key % 3}, kind="workstation", os="Windows 11")
    for key in range(1, 4):
        desk.put("agreements", key, name=f"Managed {key}", company={"id": key}, amount="900.00", months=1)
        desk.put(f"agreements/{key}/additions", key * 10, name="Seat", amount="45.00")
    for key in range(1, tickets + 1):
        opened = desk.now - timedelta(days=key % 60, hours=key % 7)
        closed = (opened + timedelta(hours=5)).isoformat() if key % 3 else None
        desk.put(
            "tickets", key, company={"id": 1 + key % 3}, board={"id": 1 + key % 2}, summary=f"Ticket {key}",
            opened=opened.isoformat(), closed=closed,
        )
        desk.put(
            "time", key, company={"id": 1 + key % 3}, ticket={"id": key}, member={"id": 1}, hours="0.75",
            entered=opened.isoformat(),
        )
    for key in range(1, 4):
        desk.put("report", key, month=f"2026-0{key}-01", amount=f"{key * 100}.00")


def facts(source: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every fact and state of a connection in words that do not depend on our own ids."""
    found = {}
    for model in apps.get_app_config("collectors").get_models():
        prefix = "thing__" if issubclass(model, State) else ""
        if not issubclass(model, Record | State):
            continue
        names = []
        for column in model._meta.concrete_fields:
            if column.name not in {"id", "connection", "changed_run"}:
                names.append(f"{column.name}__external_id" if isinstance(column, ForeignKey) else column.name)
        rows = model._default_manager.filter(**{f"{prefix}connection": source})
        found[model.__name__] = sorted(rows.values_list(*names), key=repr)
    return found
