"""A small sandbox on a free port, put back to how it began before every test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import requests

from collectors.sandbox.server import Sandbox
from collectors.sandbox.world.clock import Clock
from collectors.sandbox.world.options import Options

TODAY = date(2026, 6, 17)
NOON = "2026-06-17T17:00:00Z"


@dataclass
class Caller:
    """Asks one sandbox as each of the three vendors' customers would."""

    base: str
    info: dict[str, Any]
    session: requests.Session = field(default_factory=requests.Session)

    def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        reply = self.session.request(method, f"{self.base}/_sandbox/{path}", json=body, timeout=20)
        assert reply.status_code == 200, reply.text
        return dict(reply.json())

    def at(self, moment: str) -> None:
        self.control("POST", "clock", {"now": moment})

    def fault(self, vendor: str, kind: str, **more: object) -> None:
        self.control("POST", "faults", {"vendor": vendor, "kind": kind, **more})

    def switch(self, vendor: str, **values: object) -> None:
        self.control("POST", "switches", {vendor: values})

    def edit(self, record: str, identity: int | str, **change: object) -> None:
        self.control("POST", "edit", {"record": record, "id": identity, **change})

    def secrets(self, vendor: str) -> dict[str, str]:
        return dict(self.info["vendors"][vendor]["secrets"])

    # NinjaOne

    def ninja_token(self, **form: str) -> requests.Response:
        wanted = {"grant_type": "client_credentials", "scope": "monitoring", **self.secrets("ninjaone"), **form}
        return self.session.post(f"{self.base}/ninjaone/ws/oauth/token", data=wanted, timeout=20)

    def ninja(self, path: str, token: str | None = None, **params: object) -> requests.Response:
        token = token or self.ninja_token().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return self.session.get(f"{self.base}/ninjaone/v2/{path}", headers=headers, params=params, timeout=20)  # type: ignore[arg-type]

    # ConnectWise PSA

    def psa_headers(self) -> dict[str, str]:
        return {
            "clientId": self.secrets("connectwise_psa")["client_id"],
            "Accept": "application/vnd.connectwise.com+json; version=2026.4",
        }

    def psa(self, path: str, headers: dict[str, str] | None = None, **params: object) -> requests.Response:
        url = path if path.startswith("http") else f"{self.base}/connectwise_psa/v4_6_release/apis/3.0/{path}"
        secrets = self.secrets("connectwise_psa")
        keys = (f"lanternworks+{secrets['public_key']}", secrets["private_key"])
        wanted = self.psa_headers() | (headers or {})
        return self.session.get(url, auth=keys, headers=wanted, params=params, timeout=20)  # type: ignore[arg-type]

    def psa_all(self, path: str, **params: object) -> list[dict[str, Any]]:
        """Every row, by forward-only paging."""
        rows: list[dict[str, Any]] = []
        reply = self.psa(path, {"pagination-type": "forward-only"}, **{"pageSize": 1000, **params})
        while True:
            assert reply.status_code == 200, reply.text
            rows += reply.json()
            following = reply.links.get("next")
            if following is None:
                return rows
            reply = self.psa(following["url"], {"pagination-type": "forward-only"})

    # QuickBooks Online

    def books_grant(self, **form: str) -> requests.Response:
        secrets = self.secrets("quickbooks_online")
        return self.session.post(
            f"{self.base}/quickbooks_online/oauth2/v1/tokens/bearer",
            auth=(secrets["client_id"], secrets["client_secret"]),
            data=form,
            timeout=20,
        )

    def books_token(self) -> str:
        fresh = self.control("GET", "info")["vendors"]["quickbooks_online"]["secrets"]["refresh_token"]
        return str(self.books_grant(grant_type="refresh_token", refresh_token=fresh).json()["access_token"])

    def books(self, path: str, token: str | None = None, **params: object) -> requests.Response:
        realm = self.secrets("quickbooks_online")["realm_id"]
        headers = {"Authorization": f"Bearer {token or self.books_token()}", "Accept": "application/json"}
        url = f"{self.base}/quickbooks_online/v3/company/{realm}/{path}"
        return self.session.get(url, headers=headers, params={"minorversion": 75, **params}, timeout=20)  # type: ignore[arg-type]

    def query(self, statement: str) -> requests.Response:
        return self.books("query", query=statement)


def running(options: Options) -> Iterator[Sandbox]:
    sandbox = Sandbox(options, 0, Clock())
    thread = threading.Thread(target=sandbox.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield sandbox
    sandbox.shutdown()
    sandbox.server_close()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    yield from running(Options(today=TODAY, clients=12, months=4))


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    """Fresh: no faults, no edits, switches as they come, the clock at noon of the day."""
    made = Caller(sandbox.base, {})
    for path in ("faults", "switches", "edit"):
        made.control("DELETE", path)
    made.at(NOON)
    made.info = made.control("GET", "info")
    return made
