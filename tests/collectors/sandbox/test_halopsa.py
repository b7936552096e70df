"""What the stand-in for HaloPSA does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

SCOPES = "read:tickets read:customers read:contracts read:invoices"
PAGED = {"pageinate": "true", "order": "id", "orderdesc": "false"}


def token(caller: Caller, tenant: str = "?tenant=lanternworks", **change: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "scope": SCOPES, **caller.secrets("halopsa"), **change}
    return caller.session.post(f"{caller.base}/halopsa/auth/token{tenant}", data=form, timeout=20)


def ask(caller: Caller, path: str, scope: str = SCOPES, **query: Any) -> requests.Response:
    bearer = {"Authorization": f"Bearer {token(caller, scope=scope).json()['access_token']}"}
    params = query
    return caller.session.get(f"{caller.base}/halopsa/api/{path}", params=params, headers=bearer, timeout=20)


def test_a_token_is_given_for_a_tenant_a_right_key_and_known_scopes(caller: Caller) -> None:
    assert token(caller).json()["expires_in"] == 3600
    for change, code in (
        ({"client_secret": "guess"}, "invalid_client"), ({"scope": "read:everything"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"), ({"more": "1"}, "invalid_request"),
        ({"tenant": "?tenant=elsewhere"}, "invalid_request"), ({"tenant": ""}, "invalid_request"),
    ):  # fmt: skip
        wrong = token(caller, **change)
        assert (wrong.status_code, wrong.json()["error"]) == (400, code)
    caller.switch("halopsa", tenant_needed=False)
    assert token(caller, tenant="").ok


def test_a_scope_opens_its_own_lists_alone(caller: Caller) -> None:
    assert ask(caller, "Client", "read:customers").ok and ask(caller, "Client", "all").ok
    closed = ask(caller, "Tickets", "read:customers")
    assert closed.status_code == 403 and "read:tickets" in closed.json()["Message"]
    assert caller.session.get(f"{caller.base}/halopsa/api/Client", timeout=20).status_code == 401


def test_pages_are_cut_at_a_hundred_whatever_is_asked_for_and_tell_how_many_there_are(caller: Caller) -> None:
    first = ask(caller, "Tickets", page_no=1, page_size=1000, **PAGED).json()
    assert (first["page_size"], len(first["tickets"])) == (100, 100) and first["record_count"] > 100
    second = ask(caller, "Tickets", page_no=2, page_size=100, **PAGED).json()
    assert second["tickets"][0]["id"] > first["tickets"][-1]["id"]
    assert ask(caller, "Tickets", page_no=9999, page_size=100, **PAGED).json()["tickets"] == []
    caller.switch("halopsa", record_count="page", largest_page=50)
    cut = ask(caller, "Tickets", page_no=1, page_size=100, **PAGED).json()
    assert cut["record_count"] == len(cut["tickets"]) == 50


def test_what_is_not_asked_for_in_pages_comes_as_fifty_or_as_many_as_counted(caller: Caller) -> None:
    assert len(ask(caller, "Tickets", page_no=2).json()["tickets"]) == 50
    assert len(ask(caller, "Actions").json()["actions"]) == 50
    assert len(ask(caller, "Actions", count=120).json()["actions"]) == 120


@pytest.mark.parametrize(("path", "query", "status"), [
    ("Tickets", {"updated_since": "2026-01-01"}, 400), ("Agent", {"pageinate": "true"}, 400), ("Users", {}, 404),
    ("Client/999999", {}, 404), ("Client/12", {"more": "1"}, 400),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(caller: Caller, path: str, query: dict[str, Any], status: int) -> None:
    reply = ask(caller, path, **query)
    assert reply.status_code == status and reply.json()["Message"]


def test_changed_tickets_are_listed_alone_unless_the_filter_is_ignored(caller: Caller) -> None:
    def listed(**query: Any) -> int:
        return int(ask(caller, "Tickets", **PAGED, **query).json()["record_count"])

    everything = listed()
    assert 0 < listed(lastupdatefromdate="2026-06-10T00:00:00") < everything
    assert listed(lastupdatefromdate="the tenth of June") == everything  # no filter, and no error
    caller.switch("halopsa", update_filter=False)
    assert listed(lastupdatefromdate="2026-06-10T00:00:00") == everything


def test_closed_tickets_are_listed_unasked_or_not(caller: Caller) -> None:
    everything = ask(caller, "Tickets", **PAGED).json()["record_count"]
    caller.switch("halopsa", closed_unasked=False)
    assert ask(caller, "Tickets", **PAGED).json()["record_count"] < everything
    assert ask(caller, "Tickets", includeclosed="true", **PAGED).json()["record_count"] == everything


def test_short_lists_are_bare_or_hold_their_rows_by_name(caller: Caller) -> None:
    for path, key in (("Agent", "agents"), ("Status", "statuses"), ("Feedback", "feedback")):
        caller.switch("halopsa", bare=True)
        bare = ask(caller, path).json()
        assert isinstance(bare, list) and bare
        caller.switch("halopsa", bare=False)
        assert ask(caller, path).json()[key] == bare


def test_a_ticket_opened_again_keeps_its_flag_and_its_date_or_not(caller: Caller) -> None:
    def again() -> list[tuple[bool, bool]]:
        rows: list[dict[str, Any]] = []
        statuses = {row["id"] for row in ask(caller, "Status").json() if row["name"] == "Re-opened"}
        for number in statuses:
            rows += ask(caller, "Tickets", status_id=number, page_size=100, **PAGED).json()["tickets"]
        return sorted({(row["hasbeenclosed"], row["dateclosed"].startswith("1900")) for row in rows})

    ticket = ask(caller, "Tickets", closed_only="true", **PAGED).json()["tickets"][0]
    caller.edit("tickets", ticket["id"], set={"status": "Re-opened"})
    assert again() == [(True, True)]
    caller.switch("halopsa", flag_resets=True, dates_stay=True)
    assert again() == [(False, False)]


def test_the_number_of_a_billing_period_is_one_of_a_menu_or_months(caller: Caller) -> None:
    def periods() -> set[int]:
        rows = ask(caller, "ClientContract", includeinactive="true", page_size=100, **PAGED).json()["contracts"]
        return {row["billingperiod"] for row in rows}

    assert {2, 3} <= periods()
    caller.switch("halopsa", periods="months")
    assert {1, 3} <= periods()


def test_a_priority_names_its_sla_in_one_of_two_ways(caller: Caller) -> None:
    assert {row["slaid"] for row in ask(caller, "Priority").json()} == {1, 2}
    caller.switch("halopsa", priority_sla="sla_id")
    assert {row["sla_id"] for row in ask(caller, "Priority").json()} == {1, 2}
