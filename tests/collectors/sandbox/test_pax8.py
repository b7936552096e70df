"""What the stand-in for Pax8 does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

GRANT = {"audience": "https://api.pax8.com", "grant_type": "client_credentials"}


def token(caller: Caller, **change: str) -> requests.Response:
    return caller.session.post(
        f"{caller.base}/pax8/v1/token", json={**caller.secrets("pax8"), **GRANT, **change}, timeout=20
    )


def ask(caller: Caller, path: str, **query: object) -> requests.Response:
    bearer = {"Authorization": f"Bearer {token(caller).json()['access_token']}"}
    params: Any = query
    return caller.session.get(f"{caller.base}/pax8/v1/{path}", params=params, headers=bearer, timeout=20)


def test_a_token_is_given_for_a_json_body_and_a_right_key_alone(caller: Caller) -> None:
    assert token(caller).json()["expires_in"] == 86_400
    for change in ({"client_secret": "guess"}, {"audience": "elsewhere"}, {"scope": "everything"}):
        wrong = token(caller, **change)
        assert (wrong.status_code, wrong.json()["error"]) == (401, "access_denied")
    form = caller.session.post(f"{caller.base}/pax8/v1/token", data=caller.secrets("pax8"), timeout=20)
    assert form.status_code == 400


def test_pages_count_from_nought_and_one_too_large_is_cut(caller: Caller) -> None:
    first = ask(caller, "companies").json()
    assert first["page"]["number"] == 0 and first["page"]["size"] == len(first["content"]) == 10
    assert ask(caller, "companies", size=1000).json()["page"]["size"] == 200
    last = ask(caller, "companies", size=10, page=first["page"]["totalPages"] - 1).json()
    assert 0 < len(last["content"]) <= 10


@pytest.mark.parametrize(("path", "query", "status"), [
    ("companies", {"updatedSince": "2026-01-01"}, 400), ("companies", {"size": 0}, 400), ("contacts", {}, 404),
    ("subscriptions", {"page": "two"}, 400),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["status"]) == (status, status)


def test_a_deleted_company_is_listed_unasked_or_not(caller: Caller) -> None:
    def statuses(**query: object) -> set[str]:
        return {row["status"] for row in ask(caller, "companies", size=200, **query).json()["content"]}

    assert statuses() == {"Active"}
    assert statuses(status="Deleted") == {"Deleted"}
    caller.switch("pax8", deleted_listed=True)
    assert statuses() == {"Active", "Deleted"}


def test_subscriptions_go_without_a_products_name(caller: Caller) -> None:
    assert all("productName" in row for row in ask(caller, "subscriptions").json()["content"])
    caller.switch("pax8", product_name=False)
    assert not any("productName" in row for row in ask(caller, "subscriptions").json()["content"])
