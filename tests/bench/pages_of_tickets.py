"""Ticket pages as ConnectWise PSA serves them: some thirty fields a record, nulls left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

PAGE = 1_000


def tickets(rows: int, clients: int) -> list[bytes]:
    return cut([_ticket(n, clients) for n in range(1, rows + 1)])


def cut(records: Sequence[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(records[first : first + PAGE]).encode() for first in range(0, max(1, len(records)), PAGE)]


def _ticket(n: int, clients: int) -> dict[str, Any]:
    opened = f"2026-{n % 9 + 1:02d}-{n % 27 + 1:02d}T{n % 24:02d}:15:00Z"
    return {
        "id": n, "summary": f"Ticket number {n} about something", "recordType": "ServiceTicket",
        "board": {"id": n % 5 + 1, "name": "Help Desk", "_info": {"x_href": "https://psa.example/boards/1"}},
        "status": {"id": 9, "name": ">Closed", "_info": {"x_href": "https://psa.example/statuses/9"}},
        "type": {"id": 3, "name": "Break-fix"}, "subType": {"id": 4, "name": "Hardware"},
        "priority": {"id": 2, "name": "Priority 3", "sort": 3, "level": "Three"},
        "severity": "Medium", "impact": "Medium",
        "source": {"id": 1, "name": "Phone"}, "team": {"id": 1, "name": "Service"},
        "owner": {"id": n % 60 + 1, "identifier": "tech", "name": "Sam Tech"},
        "company": {"id": n % clients + 1, "identifier": "client", "name": "Client"},
        "contact": {"id": n % 5_000 + 1, "name": "Some Person"}, "closedFlag": True, "closedDate": opened,
        "dateResponded": opened, "dateResolved": opened, "isInSla": n % 7 != 0, "actualHours": 0.5,
        "hasChildTicket": False, "_info": {"dateEntered": opened, "lastUpdated": opened},
    }
