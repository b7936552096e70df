"""What the stand-in for N-central does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

SLUG = "nable_ncentral"


def post(caller: Caller, path: str, shown: str, body: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {shown}", **({"Content-Type": "text/plain"} if body else {})}
    return caller.session.post(f"{caller.base}/{SLUG}/api/auth/{path}", data=body, headers=headers, timeout=20)


def tokens(caller: Caller) -> dict[str, Any]:
    return dict(post(caller, "authenticate", caller.secrets(SLUG)["token"]).json()["tokens"])


def ask(caller: Caller, path: str, **query: object) -> requests.Response:
    bearer = {"Authorization": f"Bearer {tokens(caller)['access']['token']}"}
    params: Any = query
    return caller.session.get(f"{caller.base}/{SLUG}/api/{path}", params=params, headers=bearer, timeout=20)


def test_a_users_token_buys_another_that_can_be_refreshed(caller: Caller) -> None:
    given = tokens(caller)
    assert (given["access"]["expirySeconds"], given["refresh"]["expirySeconds"]) == (3600, 90_000)
    again = post(caller, "refresh", given["access"]["token"], given["refresh"]["token"])
    assert again.json()["tokens"]["access"]["token"] != given["access"]["token"]
    refused = post(caller, "authenticate", "guess")
    assert (refused.status_code, refused.json()["status"]) == (401, 401)
    assert post(caller, "authenticate", caller.secrets(SLUG)["token"], "body").status_code == 400


def test_the_users_token_itself_reads_nothing(caller: Caller) -> None:
    bearer = {"Authorization": f"Bearer {caller.secrets(SLUG)['token']}"}
    assert caller.session.get(f"{caller.base}/{SLUG}/api/customers", headers=bearer, timeout=20).status_code == 401


def test_pages_count_from_one_and_a_large_one_is_cut_without_a_word(caller: Caller) -> None:
    caller.switch(SLUG, most=60)
    first = ask(caller, "devices", pageSize=1000).json()
    assert first["pageNumber"] == 1 and first["pageSize"] == first["itemCount"] == len(first["data"]) == 60
    assert first["_links"]["nextPage"].startswith("/api/devices?") and first["_links"]["previousPage"] is None
    last = ask(caller, "devices", pageSize=60, pageNumber=first["totalPages"]).json()
    assert last["_links"]["nextPage"] is None and 0 < last["itemCount"] <= 60
    assert ask(caller, "devices").json()["pageSize"] == 50


def test_the_number_of_pages_stands_in_either_place_or_in_none(caller: Caller) -> None:
    for where, found in (("top", {"totalPages"}), ("_page", {"_page"}), ("none", set())):
        caller.switch(SLUG, pages_at=where)
        assert ask(caller, "sites").json().keys() & {"totalPages", "_page"} == found


def test_rows_are_filtered_by_equality_and_other_operators_break(caller: Caller) -> None:
    found = ask(caller, "devices", select="customerId==2007;isProbe==False").json()["data"]
    assert found and {row["customerId"] for row in found} == {2007}
    assert ask(caller, "devices", select="lastSeen==1").json()["message"] == "Field not found: lastSeen"
    assert ask(caller, "devices", select="deviceId=gt=5").status_code == 500


@pytest.mark.parametrize(("path", "query", "status"), [
    ("devices", {"modifiedSince": "2026-01-01"}, 400), ("customers", {"pageSize": 0}, 400), ("nothing", {}, 404),
    ("customers", {"pageNumber": "two"}, 400), ("devices/5/assets", {}, 404), ("server-info", {"pageSize": 1}, 400),
    ("devices/5/service-monitor-status", {}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, object], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, reply.json()["status"]) == (status, status)


def test_a_role_that_reads_may_not_write(caller: Caller) -> None:
    bearer = {"Authorization": f"Bearer {tokens(caller)['access']['token']}"}
    reply = caller.session.post(f"{caller.base}/{SLUG}/api/report/patch-comparison", headers=bearer, timeout=20)
    assert reply.status_code == 403


def test_times_are_written_in_four_ways(caller: Caller) -> None:
    def ends() -> set[str]:
        rows = ask(caller, "devices", pageSize=200).json()["data"]
        return {row["lastApplianceCheckinTime"][23:] for row in rows if row["lastApplianceCheckinTime"]}

    assert ends() == {""}
    for way, found in (("z", {"Z"}), ("offset", {"-04:00", "-05:00"}), ("mixed", {"", "Z", "-04:00", "-05:00"})):
        caller.switch(SLUG, times=way)
        assert ends() and ends() <= found
    caller.switch(SLUG, times="plain", times_zone="Europe/Amsterdam")
    assert ask(caller, "server-info/time").json()["utcOffset"] == "+02:00"


def test_an_asset_has_its_names_in_either_case_and_a_warranty_in_two_places(caller: Caller) -> None:
    number = ask(caller, "devices", select="deviceClass==Servers - Windows").json()["data"][0]["deviceId"]
    low = ask(caller, f"devices/{number}/assets").json()["data"]
    assert low["computersystem"]["serialnumber"]
    caller.switch(SLUG, names="mixed")
    assert "Computersystem" in ask(caller, f"devices/{number}/assets").json()["data"]
    until = ask(caller, f"devices/{number}/assets/lifecycle-info").json()["warrantyExpiryDate"]
    assert (until or "") == low["_extra"]["device"]["warrantyexpirationdate"][:10]


def test_issues_are_those_of_a_customer_with_or_without_its_sites(caller: Caller) -> None:
    def issues(unit: int) -> list[Any]:
        return [row["taskId"] for row in ask(caller, f"org-units/{unit}/active-issues").json()["data"]]

    sites = [(row["siteId"], row["parentId"]) for row in ask(caller, "sites").json()["data"]]
    site, customer = next((site, customer) for site, customer in sites if issues(site))
    assert set(issues(site)) <= set(issues(customer))
    caller.switch(SLUG, sites_with_customer=False, state="text")
    assert not set(issues(site)) & set(issues(customer))
    [first, *_] = ask(caller, f"org-units/{site}/active-issues").json()["data"]
    assert first["notificationState"] in ("Failed", "Warning")


def test_an_expired_password_breaks_everything(caller: Caller) -> None:
    caller.switch(SLUG, password_expired=True)
    assert post(caller, "authenticate", caller.secrets(SLUG)["token"]).status_code == 500
