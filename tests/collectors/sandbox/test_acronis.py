"""What the stand-in for Acronis Cyber Protect does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

STATUSES, ALERTS = "resource_management/v4/resource_statuses", "alert_manager/v1/alerts"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def token(caller: Caller, form: dict[str, str] | None = None, key: str = "") -> requests.Response:
    keys = caller.secrets("acronis")
    return caller.session.post(
        f"{caller.base}/acronis/api/2/idp/token", data=form or {"grant_type": "client_credentials"},
        auth=(keys["client_id"], key or keys["client_secret"]), timeout=20,
    )  # fmt: skip


def ask(caller: Caller, path: str, bearer: str = "", **query: Any) -> requests.Response:
    bearer = bearer or str(token(caller).json()["access_token"])
    return caller.session.get(
        f"{caller.base}/acronis/api/{path}", params=query, headers={"Authorization": f"Bearer {bearer}"}, timeout=20
    )


def tenants(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    root = caller.info["vendors"]["acronis"]["settings"]["tenant_id"]
    return list(ask(caller, "2/tenants", **{"subtree_root_id": root, **query}).json()["items"])


def of_customer(caller: Caller, tenant: str) -> requests.Response:
    scope = f"urn:acronis.com:tenant-id:{tenant}"
    return token(caller, {"grant_type": JWT, "assertion": token(caller).json()["access_token"], "scope": scope})


def busy(caller: Caller) -> str:
    """A customer with machines, by its name, which is all that machines and customers share."""
    name = ask(caller, STATUSES).json()["items"][0]["context"]["tenant_name"]
    return str(next(row["id"] for row in tenants(caller) if row["name"] == name))


def test_a_token_says_until_when_it_is_good_and_a_wrong_key_gets_none(caller: Caller) -> None:
    good = token(caller).json()
    assert good["expires_on"] > 1_700_000_000 and "expires_in" not in good
    assert token(caller, key="guess").status_code == 401
    assert token(caller, {"grant_type": "password"}).status_code == 400


def test_a_refused_token_is_answered_by_the_web_server_or_in_json(caller: Caller) -> None:
    refused = ask(caller, ALERTS, bearer="guess")
    assert (refused.status_code, refused.headers["Content-Type"]) == (401, "text/html")
    caller.switch("acronis", html_401=False)
    assert "error" in ask(caller, ALERTS, bearer="guess").json()


def test_a_customers_token_sees_that_customer_alone_and_no_tree(caller: Caller) -> None:
    everything = ask(caller, STATUSES, limit=4000).json()["items"]
    bearer = of_customer(caller, busy(caller)).json()["access_token"]
    own = ask(caller, STATUSES, bearer, limit=4000).json()["items"]
    assert own == everything and {row["context"]["tenant_id"] for row in own}.isdisjoint(
        row["id"] for row in tenants(caller)
    )
    other = next(row["id"] for row in tenants(caller) if row["pricing_mode"] == "trial")
    assert ask(caller, STATUSES, of_customer(caller, other).json()["access_token"]).json()["items"] == []
    root = caller.info["vendors"]["acronis"]["settings"]["tenant_id"]
    assert ask(caller, "2/tenants", bearer, subtree_root_id=root).status_code == 403
    assert of_customer(caller, "nobody").json()["error"] == "invalid_scope"


@pytest.mark.parametrize(("path", "query"), [
    (STATUSES, {"updated_at": "gt(1700000000000000000)"}), (STATUSES, {"limit": "many"}), (STATUSES, {"after": "x"}),
    (ALERTS, {"updated_at": "gt(1700000000000000)"}), (ALERTS, {"created_at": "2026-01-01"}), ("2/tenants", {}),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(caller: Caller, path: str, query: dict[str, Any]) -> None:
    assert ask(caller, path, **query).status_code == 400
    assert ask(caller, "2/users").status_code == 404


def test_a_cursor_leads_on_alone_or_beside_the_filters(caller: Caller) -> None:
    first = ask(caller, STATUSES, type="resource.machine", limit=2).json()
    after = first["paging"]["cursors"]["after"]
    following = ask(caller, STATUSES, limit=2, after=after).json()["items"]
    assert following and following != first["items"]
    assert {row["context"]["type"] for row in following} == {"resource.machine"}
    assert ask(caller, STATUSES, type="resource.machine", after=after).status_code == 400
    caller.switch("acronis", after_alone=False)
    assert ask(caller, STATUSES, type="resource.machine", limit=2, after=after).json()["items"] == following
    last = ask(caller, STATUSES, limit=4000).json()
    assert "after" not in last["paging"]["cursors"] and last["paging"]["cursors"]["total"] == len(last["items"])


def test_alerts_are_found_by_when_they_moved_in_nanoseconds(caller: Caller) -> None:
    whole = ask(caller, ALERTS, show_deleted="true", limit=4000).json()["items"]
    standing = ask(caller, ALERTS, limit=4000).json()["items"]
    assert whole and standing == [row for row in whole if "deletedAt" not in row]
    late = ask(caller, ALERTS, show_deleted="true", updated_at="ge(1781000000000000000)", limit=4000).json()["items"]
    assert 0 < len(late) < len(whole) and all(row["updatedAt"] >= "2026-06-09T10:13:20" for row in late)
    assert ask(caller, ALERTS, category="EDR").json()["items"] == []


def test_open_points_are_told_either_way(caller: Caller) -> None:
    [first, *_] = ask(caller, STATUSES).json()["items"]
    assert "last_success_run_time" in first["policies"][0]
    caller.switch("acronis", run_fields="short", type_filter=False, tenants_paged=False, totals=False)
    [first, *_] = ask(caller, STATUSES).json()["items"]
    assert "last_success_run" in first["policies"][0]
    assert ask(caller, STATUSES, type="resource.machine").json()["items"] == []
    root = caller.info["vendors"]["acronis"]["settings"]["tenant_id"]
    assert "paging" not in ask(caller, "2/tenants", subtree_root_id=root, limit=1).json()
    assert "total" not in ask(caller, ALERTS).json()["paging"]["cursors"]
