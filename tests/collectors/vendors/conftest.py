"""Reading a played vendor's list to our rows, by field name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from collectors.client import Client
from collectors.declare import Record, Vendor
from collectors.transform import Batch, Plan
from collectors.vendors import VENDORS
from tests.collectors.playing import Playing

YEAR = (datetime(2025, 6, 1, tzinfo=UTC), datetime(2026, 6, 17, 17, tzinfo=UTC))
Rows: TypeAlias = dict[str, dict[str, Any]]
Listed: TypeAlias = Callable[..., Rows]


@pytest.fixture
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """The vendor that the test file is named after."""
    return VENDORS[request.path.stem.removeprefix("test_")]


@pytest.fixture
def listed(playing: Playing, vendor: Vendor) -> Listed:
    """The rows of a list by external id, every one readable."""

    def read(name: str, **more: Any) -> Rows:
        connection = playing.connection(vendor)
        endpoint = next(one for one in vendor.endpoints if one.name == name)
        try:
            with Client(connection, vendor, sleep=lambda seconds: None) as client:
                parents: list[Record | None] = [None]
                if endpoint.each:
                    parent = next(one for one in vendor.endpoints if one.name == endpoint.each)
                    parents = [record for page in client.pages(parent) for record in page.records]
                plan, batch = Plan(endpoint, vendor, connection.settings), Batch()
                for one in parents:
                    for page in client.pages(endpoint, parent=one, **{"window": YEAR, **more}):
                        plan.read(page.records, batch)
        finally:
            connection.delete()
        assert batch.unread == []
        return {key: dict(zip(plan.columns, row, strict=True)) for key, row in batch.rows.items()}

    return read
