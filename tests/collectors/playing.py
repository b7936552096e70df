"""The sandbox on loopback, as someone who has its keys uses it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from collectors.connections import Connection
from collectors.declare import Vendor
from collectors.sandbox.exchange import Row
from collectors.sandbox.server import Sandbox
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.dates import parse_moment
from collectors.sandbox.world.edits import Edit
from collectors.sandbox.world.options import Options

TODAY = date(2026, 6, 17)
NOON = "2026-06-17T17:00:00Z"


@dataclass
class Playing:
    """The sandbox, as someone who has its keys uses it."""

    sandbox: Sandbox

    def connection(self, vendor: Vendor, **secrets: str) -> Connection:
        """A stored connection with the sandbox's settings and secrets, some of them changed."""
        played = self.sandbox.vendors[vendor.slug]
        made = Connection(vendor=vendor.slug, label="Played", settings=played.settings(self._base(vendor)))
        made.secrets = {**played.secrets(), **secrets}
        made.save()
        return made

    def _base(self, vendor: Vendor) -> str:
        return f"{self.sandbox.base}/{vendor.slug}"

    def fault(self, vendor: Vendor, kind: str, **more: object) -> None:
        self.sandbox.faults.add({"vendor": vendor.slug, "kind": kind, **more})

    def change(self, record: str, identity: str, *, set: Row | None = None, raw: Row | None = None) -> None:
        """Edits a record of the world now, in the world's words or as the vendor writes it."""
        edit = Edit(self.sandbox.world.clock.now(), set or {}, raw or {}, False)
        self.sandbox.world.edits.change(record, int(identity), edit)

    def counting(self, vendor: Vendor) -> Callable[[], int]:
        """How many requests the vendor was asked from now on."""
        fault = self.sandbox.faults.add({"vendor": vendor.slug, "kind": "500", "after": 1_000_000})
        return lambda: 1_000_000 - fault.after

    def switch(self, vendor: Vendor, **values: bool | int | str) -> None:
        for name, value in values.items():
            self.sandbox.switches.set(vendor.slug, name, value)


@pytest.fixture(scope="session")
def played() -> Iterator[Sandbox]:
    sandbox = Sandbox(Options(today=TODAY, clients=12, months=4), 0, Clock())
    threading.Thread(target=sandbox.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield sandbox
    sandbox.shutdown()
    sandbox.server_close()


@pytest.fixture
def playing(played: Sandbox, settings: Any) -> Playing:
    """Fresh: no faults, no edits, switches as they come, the clock at noon of the day."""
    played.faults.clear()
    played.switches.reset()
    played.limits.forget()
    played.world.edits.clear()
    played.world.clock.set(parse_moment(NOON))
    settings.SANDBOX_URL = played.base
    return Playing(played)
