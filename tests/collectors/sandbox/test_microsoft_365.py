"""What the stand-in for Microsoft Graph does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

GRANT = {"grant_type": "client_credentials"}
CUSTOMERS = "tenantRelationships/delegatedAdminCustomers"
SECOND_FACTORS = "reports/authenticationMethods/userRegistrationDetails"
DEVICES = "deviceManagement/managedDevices"


def base(caller: Caller) -> str:
    return f"{caller.base}/microsoft_365"


def partner(caller: Caller) -> str:
    return str(caller.info["vendors"]["microsoft_365"]["settings"]["tenant"])


def token(caller: Caller, tenant: str, **form: str) -> requests.Response:
    sent = {**GRANT, "scope": f"{base(caller)}/.default", **caller.secrets("microsoft_365"), **form}
    return caller.session.post(f"{base(caller)}/{tenant}/oauth2/v2.0/token", data=sent, timeout=20)


def ask(caller: Caller, path: str, tenant: str = "", headers: Any = None, **query: Any) -> Any:
    bearer = {"Authorization": f"Bearer {token(caller, tenant or partner(caller)).json()['access_token']}"}
    address = path if path.startswith("http") else f"{base(caller)}/v1.0/{path}"
    params: Any = {f"${name}": value for name, value in query.items()}
    return caller.session.get(address, params=params, headers={**bearer, **(headers or {})}, timeout=20)


def with_users(caller: Caller) -> str:
    """A tenant that is used, by its id."""
    tenants = [row["tenantId"] for row in ask(caller, CUSTOMERS).json()["value"]]
    return str(next(tenant for tenant in tenants if len(ask(caller, "users", tenant).json()["value"]) > 5))


@pytest.mark.parametrize(("form", "status", "number"), [
    ({"client_secret": "guess"}, 401, 7000215), ({"client_id": "guess"}, 400, 700016), ({"scope": "all"}, 400, 70011),
    ({"grant_type": "password"}, 400, 70003), ({"resource": "x"}, 400, 900144),
])  # fmt: skip
def test_a_token_request_the_sheet_does_not_name_is_refused_by_number(
    caller: Caller, form: dict[str, str], status: int, number: int
) -> None:
    reply = token(caller, partner(caller), **form)
    assert (reply.status_code, reply.json()["error_codes"]) == (status, [number])


def test_a_token_is_for_one_tenant_that_exists_and_has_consented(caller: Caller) -> None:
    tenant = with_users(caller)
    assert token(caller, "00000000-0000-4000-a000-000000000000").json()["error_codes"] == [90002]
    assert ask(caller, CUSTOMERS, tenant).json()["error"]["code"] == "Authorization_RequestDenied"
    caller.switch("microsoft_365", unconsented=tenant)
    assert token(caller, tenant).json()["error_codes"] == [65001]
    assert token(caller, partner(caller)).json()["expires_in"] == 3599


def test_a_token_that_has_expired_reads_nothing(caller: Caller) -> None:
    caller.switch("microsoft_365", token_seconds=0)
    reply = ask(caller, CUSTOMERS)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(("path", "query", "status"), [
    ("users", {"expand": "manager"}, 400), ("users", {"top": 1000}, 400), ("users", {"skiptoken": "7"}, 400),
    ("security/incidents", {"filter": "lastUpdateDateTime gt 2026-06-01T00:00:00Z"}, 400),
    ("security/incidents", {"filter": "lastUpdateDateTime ge '2026-06-01T00:00:00Z'"}, 400),
    ("security/incidents", {"top": 51}, 400), ("subscribedSkus", {"top": 5}, 400), ("messages", {}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, with_users(caller), **query)
    assert reply.status_code == status and reply.json()["error"]["code"]


@pytest.mark.parametrize("path", ["users", SECOND_FACTORS, "security/secureScores", DEVICES])
@pytest.mark.parametrize("empty_page", [False, True])
def test_following_the_links_reads_every_row_once(caller: Caller, path: str, empty_page: bool) -> None:
    tenant = next(row["tenantId"] for row in ask(caller, CUSTOMERS).json()["value"]
                  if len(ask(caller, path, row["tenantId"]).json()["value"]) > 4)  # fmt: skip
    whole = [row["id"] for row in ask(caller, path, tenant).json()["value"]]
    caller.switch("microsoft_365", empty_page=empty_page)
    bodies = [ask(caller, path, tenant, top=4).json()]
    while "@odata.nextLink" in bodies[-1]:
        bodies.append(ask(caller, bodies[-1]["@odata.nextLink"], tenant).json())
    walked, pages = [row["id"] for body in bodies for row in body["value"]], len(bodies)
    assert walked == whole and len(set(whole)) == len(whole)
    assert (pages > -(-len(whole) // 4)) is (empty_page and path != "security/secureScores")


def test_a_page_too_large_is_refused_or_cut(caller: Caller) -> None:
    tenant = with_users(caller)
    caller.switch("microsoft_365", over_top="clamped")
    assert ask(caller, "users", tenant, top=5000).status_code == 200


@pytest.mark.parametrize(("count", "shown"), [("list", True), ("page", False), ("left_out", None)])
def test_a_count_is_of_the_list_or_of_the_page_or_left_out(caller: Caller, count: str, shown: bool | None) -> None:
    tenant, eventual = with_users(caller), {"ConsistencyLevel": "eventual"}
    whole = len(ask(caller, "users", tenant).json()["value"])
    assert "@odata.count" not in ask(caller, "users", tenant, count="true").json()
    caller.switch("microsoft_365", count=count)
    told = ask(caller, "users", tenant, eventual, count="true", top=3).json().get("@odata.count")
    assert told == (None if shown is None else whole if shown else 3)


def test_a_tenant_without_a_licence_says_so(caller: Caller) -> None:
    tenant = with_users(caller)
    caller.switch("microsoft_365", not_premium=tenant, not_in_intune=tenant)
    assert ask(caller, "users", tenant).status_code == 200
    for path, query in ((SECOND_FACTORS, {}), ("users", {"select": "id,signInActivity"})):
        reply = ask(caller, path, tenant, **query)
        assert (reply.status_code, "premium" in reply.json()["error"]["message"]) == (403, True)
    assert "not applicable" in ask(caller, DEVICES, tenant).json()["error"]["message"]


def test_sign_ins_are_told_only_when_asked_for_and_only_what_is_selected_comes(caller: Caller) -> None:
    tenant = with_users(caller)
    assert not any("signInActivity" in row for row in ask(caller, "users", tenant).json()["value"])
    rows = ask(caller, "users", tenant, select="id,signInActivity").json()["value"]
    assert {name for row in rows for name in row} == {"id", "signInActivity"}
    told = [row["signInActivity"]["lastSuccessfulSignInDateTime"] for row in rows if "signInActivity" in row]
    caller.switch("microsoft_365", successful_sign_in=False)
    rows = ask(caller, "users", tenant, select="id,signInActivity").json()["value"]
    assert all(told) and not any(
        row["signInActivity"]["lastSuccessfulSignInDateTime"] for row in rows if "signInActivity" in row
    )


def test_words_begin_with_a_capital_or_not(caller: Caller) -> None:
    tenant = with_users(caller)

    def statuses() -> list[str]:
        return [row["capabilityStatus"] for row in ask(caller, "subscribedSkus", tenant).json()["value"]]

    capital = statuses()
    caller.switch("microsoft_365", first_letters="small")
    assert capital and all(status.istitle() for status in capital)
    assert statuses() == [status.lower() for status in capital]
