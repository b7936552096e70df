"""What the stand-in for ConnectWise PSA does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

FORWARD = {"pagination-type": "forward-only"}


def test_the_codebase_is_told_without_keys(caller: Caller) -> None:
    known = requests.get(f"{caller.base}/connectwise_psa/login/companyinfo/lanternworks", timeout=20)
    assert known.json()["Codebase"].endswith("/")
    assert requests.get(f"{caller.base}/connectwise_psa/login/companyinfo/other", timeout=20).json() is None


def test_the_switch_decides_whether_the_old_codebase_works(caller: Caller) -> None:
    caller.switch("connectwise_psa", codebase_v4=False)
    assert caller.psa("system/info").status_code == 404
    assert caller.psa(f"{caller.base}/connectwise_psa/v2026_1/apis/3.0/system/info").status_code == 200


def test_wrong_keys_are_refused(caller: Caller) -> None:
    url = f"{caller.base}/connectwise_psa/v4_6_release/apis/3.0/system/info"
    reply = requests.get(url, auth=("lanternworks+x", "y"), headers=caller.psa_headers(), timeout=20)
    assert (reply.status_code, reply.json()["code"]) == (401, "Unauthorized")


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_client_id_is_refused(caller: Caller, status: int) -> None:
    caller.switch("connectwise_psa", no_client_id=status)
    assert caller.psa("system/info", {"clientId": ""}).status_code == status


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/vnd.connectwise.com+json"])
def test_an_accept_header_the_sheet_does_not_name_is_refused(caller: Caller, accept: str) -> None:
    assert caller.psa("system/info", {"Accept": accept}).status_code == 415


COLLECTIONS = [
    "company/companies",
    "service/tickets",
    "project/tickets",
    "service/tickets/calculateSla",
    "service/tickets/changelogs",
    "service/boards",
    "service/boards/1/statuses",
    "service/priorities",
    "service/SLAs",
    "service/SLAs/1/priorities",
    "time/entries",
    "time/workRoles",
    "time/workTypes",
    "finance/agreements",
    "finance/agreements/18/additions",
    "system/members",
]


@pytest.mark.parametrize("path", COLLECTIONS)
def test_both_ways_of_paging_read_every_row_once(caller: Caller, path: str) -> None:
    count = caller.psa(f"{path}/count").json()["count"]
    size = max(2, count // 6)
    forward, reply = [], caller.psa(path, FORWARD, pageSize=size)
    while True:
        forward += [row["id"] for row in reply.json()]
        if "next" not in reply.links:
            break
        reply = caller.psa(reply.links["next"]["url"], FORWARD)
    pages, number = [], 1
    while True:
        reply = caller.psa(path, page=number, pageSize=size)
        pages += [row["id"] for row in reply.json()]
        number += 1
        if "next" not in reply.links:
            break
    assert sorted(pages) == forward == sorted(set(forward)) and len(forward) == count > 0


def test_the_last_forward_page_has_an_empty_link_and_an_ignored_header_has_none(caller: Caller) -> None:
    assert caller.psa("service/boards", FORWARD, pageSize=1000).headers["Link"] == ""
    caller.switch("connectwise_psa", forward_only=False)
    reply = caller.psa("service/tickets", FORWARD, pageSize=10)
    assert "Link" not in reply.headers and len(reply.json()) == 10


def test_links_lead_back_to_the_host_that_was_asked(caller: Caller) -> None:
    base = caller.base.replace("127.0.0.1", "localhost")
    reply = caller.psa(f"{base}/connectwise_psa/v4_6_release/apis/3.0/service/tickets")
    assert reply.links["next"]["url"].startswith(base)


def test_a_page_holds_twenty_five_rows_unless_told(caller: Caller) -> None:
    assert len(caller.psa("service/tickets").json()) == 25


def test_a_page_above_a_thousand_is_refused_or_clamped(caller: Caller) -> None:
    assert caller.psa("time/entries", pageSize=1001).status_code == 400
    caller.switch("connectwise_psa", over_page_size="clamped")
    assert len(caller.psa("time/entries", pageSize=5000).json()) == 1000


def ids(caller: Caller, path: str, conditions: str) -> set[int]:
    return {row["id"] for row in caller.psa_all(path, conditions=conditions)}


def test_every_operator_keeps_what_it_says(caller: Caller) -> None:
    rows = caller.psa_all("service/tickets")
    some = rows[100]
    cut = some["_info"]["lastUpdated"]

    def where(test: Any) -> set[int]:
        return {row["id"] for row in rows if test(row)}

    def got(conditions: str) -> set[int]:
        return ids(caller, "service/tickets", conditions)

    company = some["company"]["id"]
    assert got(f"id = {some['id']}") == {some["id"]}
    assert got(f"company/id != {company}") == where(lambda row: row["company"]["id"] != company)
    assert got("actualHours > 0.5") == where(lambda row: row["actualHours"] > 0.5)
    assert got("actualHours <= 0.5") == where(lambda row: row["actualHours"] <= 0.5)
    assert got(f"lastUpdated >= [{cut}]") == where(lambda row: row["_info"]["lastUpdated"] >= cut)
    assert got(f"lastUpdated > [{cut}]") == where(lambda row: row["_info"]["lastUpdated"] > cut)
    assert got(f"dateEntered < [{cut}]") == where(lambda row: row["_info"]["dateEntered"] < cut)
    assert got('board/name = "Help Desk"') == where(lambda row: row["board"]["name"] == "Help Desk")
    assert got('summary contains "printer"') == where(lambda row: "printer" in row["summary"].lower())
    assert got('summary not contains "printer"') == where(lambda row: "printer" not in row["summary"].lower())
    assert got('summary like "Email%"') == where(lambda row: row["summary"].startswith("Email"))
    assert got("board/id in (2,3)") == where(lambda row: row["board"]["id"] in (2, 3))
    assert got("board/id not in (2,3)") == where(lambda row: row["board"]["id"] not in (2, 3))
    assert got("closedFlag = false") == where(lambda row: not row["closedFlag"])
    both = got('(board/id = 1 or board/id = 2) and (closedFlag = true and priority/name like "%High%")')
    assert both == where(
        lambda row: row["board"]["id"] in (1, 2) and row["closedFlag"] and "High" in row["priority"]["name"]
    )


def test_a_condition_on_children_asks_for_a_row_that_has_one(caller: Caller) -> None:
    vendors = caller.psa("company/companies", childConditions="types/id = 4", pageSize=1000).json()
    assert vendors and all(row["types"][0]["name"] == "Vendor" for row in vendors)


@pytest.mark.parametrize(
    "conditions",
    [
        'colour = "red"', "id ~ 3", "id = ", "(id = 3", "id = 3)", 'id = "3"', "summary = red", "summary > \"a\"",
        "closedFlag = 1", "lastUpdated > 2026-01-01", "lastUpdated > [yesterday]", "id = 3 xor id = 4",
        "id in ()", "id is null",
    ],
)  # fmt: skip
def test_a_condition_the_sheet_does_not_name_is_refused(caller: Caller, conditions: str) -> None:
    reply = caller.psa("service/tickets", conditions=conditions)
    assert reply.status_code == 400 and set(reply.json()) == {"code", "message", "errors"}


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 5}, {"pageSize": "x"}, {"page": 0}, {"orderBy": "colour"}, {"orderBy": "id sideways"},
        {"fields": "colour"}, {"customFieldConditions": "x"}, {"pageId": 5},
    ],
)  # fmt: skip
def test_a_parameter_the_sheet_does_not_name_is_refused(caller: Caller, params: dict[str, object]) -> None:
    assert caller.psa("service/tickets", **params).status_code == 400


@pytest.mark.parametrize("path", ["service/widgets", "finance/agreements/9999999/additions", "time/entries/9999999"])
def test_an_unknown_path_or_record_is_not_found(caller: Caller, path: str) -> None:
    assert caller.psa(path).json()["code"] == "NotFound"


def test_an_unknown_way_of_paging_is_refused(caller: Caller) -> None:
    assert caller.psa("service/tickets", {"pagination-type": "cursor"}).status_code == 400


def test_nothing_can_be_written(caller: Caller) -> None:
    url = f"{caller.base}/connectwise_psa/v4_6_release/apis/3.0/service/tickets"
    secrets = caller.secrets("connectwise_psa")
    keys = (f"lanternworks+{secrets['public_key']}", secrets["private_key"])
    assert requests.post(url, auth=keys, headers=caller.psa_headers(), json={}, timeout=20).status_code == 405
    assert requests.delete(f"{url}/1", auth=keys, headers=caller.psa_headers(), timeout=20).status_code == 405
    found = requests.post(
        f"{url}/search", auth=keys, headers=caller.psa_headers(), json={"conditions": "board/id = 3"}, timeout=20
    )
    assert {row["board"]["id"] for row in found.json()} == {3}


def test_z_in_conditions_is_a_switch(caller: Caller) -> None:
    conditions = "lastUpdated >= [2026-05-01T00:00:00Z]"
    utc = ids(caller, "service/tickets", conditions)
    caller.switch("connectwise_psa", z_in_conditions="local")
    local = ids(caller, "service/tickets", conditions)
    assert local <= utc
    assert local == ids(caller, "service/tickets", "lastUpdated >= [2026-05-01T05:00:00+00:00]")
    caller.switch("connectwise_psa", z_in_conditions="refused")
    assert caller.psa("service/tickets", conditions=conditions).status_code == 400


def test_fields_cut_rows_and_info_comes_when_asked(caller: Caller) -> None:
    row = caller.psa("service/tickets", fields="id,company/id", pageSize=1).json()[0]
    assert set(row) == {"id", "company"} and set(row["company"]) == {"id"}
    assert "lastUpdated" in caller.psa("service/tickets", fields="id,_info/lastUpdated").json()[0]["_info"]
    caller.switch("connectwise_psa", info_when_asked=False)
    assert "_info" in caller.psa("service/tickets", fields="id", pageSize=1).json()[0]


def test_rows_come_in_the_order_asked_for(caller: Caller) -> None:
    rows = caller.psa("service/tickets", orderBy="lastUpdated desc", pageSize=1000).json()
    moments = [row["_info"]["lastUpdated"] for row in rows]
    assert moments == sorted(moments, reverse=True)


def test_a_field_without_a_value_is_left_out(caller: Caller) -> None:
    rows = caller.psa_all("service/tickets") + caller.psa_all("time/entries") + caller.psa_all("finance/agreements")
    assert all(value is not None for row in rows for value in row.values())
    assert any("closedDate" not in row for row in rows if "closedFlag" in row)


def test_the_cost_of_an_hour_is_text_and_that_of_a_member_a_number(caller: Caller) -> None:
    assert isinstance(caller.psa("time/entries", pageSize=1).json()[0]["hourlyCost"], str)
    assert isinstance(caller.psa("system/members").json()[0]["hourlyCost"], float)
    caller.switch("connectwise_psa", member_cost=False)
    assert "hourlyCost" not in caller.psa("system/members").json()[0]


def test_rows_a_role_may_not_see_are_missing_or_refused(caller: Caller) -> None:
    caller.switch("connectwise_psa", forbidden="/finance/agreements")
    assert caller.psa("finance/agreements").json() == []
    caller.switch("connectwise_psa", forbidden_gives="403")
    assert caller.psa("finance/agreements").status_code == 403


def test_project_tickets_come_when_record_type_allows(caller: Caller) -> None:
    assert ids(caller, "service/tickets", "id > 0").isdisjoint(ids(caller, "project/tickets", "id > 0"))
    assert ids(caller, "service/tickets", 'recordType = "ProjectTicket"') == ids(caller, "project/tickets", "id > 0")
    caller.switch("connectwise_psa", project_tickets=True)
    assert ids(caller, "project/tickets", "id > 0") < ids(caller, "service/tickets", "id > 0")


def test_changelogs_can_be_missing_and_a_reopened_ticket_shows_in_them(caller: Caller) -> None:
    changes = caller.psa_all("service/tickets/changelogs", conditions='status = "Re-opened"')
    assert changes
    trail = caller.psa("system/audittrail", type="Ticket", id=changes[0]["ticketNumber"]).json()
    assert any('to "Re-opened"' in row["text"] for row in trail)
    caller.switch("connectwise_psa", changelogs=False)
    assert caller.psa("service/tickets/changelogs").status_code == 404


def test_a_ticket_is_shown_as_it_stood_at_the_clock(caller: Caller) -> None:
    later = {row["id"]: row for row in caller.psa_all("service/tickets")}
    caller.at("2026-05-12T15:00:00Z")
    earlier = {row["id"]: row for row in caller.psa_all("service/tickets")}
    assert set(earlier) < set(later)
    assert all(row["_info"]["lastUpdated"] <= "2026-05-12T15:00:00Z" for row in earlier.values())
    opened = [number for number, row in earlier.items() if not row["closedFlag"]]
    assert any(later[number]["closedFlag"] for number in opened)
    assert all("closedDate" not in earlier[number] for number in opened)
    assert all(row["dateEntered"] <= "2026-05-12T15:00:00Z" for row in caller.psa_all("time/entries"))


def test_an_edit_moves_last_updated_to_the_clock(caller: Caller) -> None:
    number = caller.psa("service/tickets", conditions='board/name = "Help Desk"', pageSize=1).json()[0]["id"]
    caller.edit("tickets", number, set={"board": "Internal", "summary": "Moved"}, raw={"severity": "High"})
    row = caller.psa(f"service/tickets/{number}").json()
    assert (row["board"]["name"], row["summary"], row["severity"]) == ("Internal", "Moved", "High")
    assert row["_info"]["lastUpdated"] == "2026-06-17T17:00:00Z"
    assert number in ids(caller, "service/tickets", "lastUpdated >= [2026-06-17T17:00:00Z]")
    caller.at("2026-06-17T16:00:00Z")
    assert caller.psa(f"service/tickets/{number}").json()["board"]["name"] == "Help Desk"


def test_a_reopened_and_closed_ticket_follows_its_status(caller: Caller) -> None:
    number = caller.psa("service/tickets", conditions="closedFlag = true and board/id = 1", pageSize=1).json()[0]["id"]
    caller.edit("tickets", number, set={"status": "Re-opened"})
    assert "closedDate" not in caller.psa(f"service/tickets/{number}").json()
    caller.at("2026-06-17T18:00:00Z")
    caller.edit("tickets", number, set={"status": ">Closed"})
    assert caller.psa(f"service/tickets/{number}").json()["closedDate"] == "2026-06-17T18:00:00Z"


def test_a_deleted_ticket_takes_its_hours_along_and_an_added_hour_counts(caller: Caller) -> None:
    entry = caller.psa("time/entries", conditions='chargeToType = "ServiceTicket"', pageSize=1).json()[0]
    number = entry["chargeToId"]
    before = caller.psa(f"service/tickets/{number}").json()["actualHours"]
    added = caller.control("POST", "edit", {"record": "time_entries", "add": {"ticket": number, "hours": 1.25}})
    assert caller.psa(f"service/tickets/{number}").json()["actualHours"] == round(before + 1.25, 2)
    assert added["id"] in ids(caller, "time/entries", "lastUpdated >= [2026-06-17T17:00:00Z]")
    caller.edit("tickets", number, delete=True)
    assert caller.psa(f"service/tickets/{number}").status_code == 404
    assert ids(caller, "time/entries", f"chargeToId = {number}") == set()


def test_agreements_and_additions_are_as_of_the_clock(caller: Caller) -> None:
    now = caller.psa_all("finance/agreements")
    cancelled = [row for row in now if row["cancelledFlag"]]
    assert cancelled
    caller.at("2026-02-05T12:00:00Z")
    then = {row["id"]: row for row in caller.psa_all("finance/agreements")}
    assert len(then) < len(now)
    assert all(not then[row["id"]]["cancelledFlag"] for row in cancelled)
    assert all("dateCancelled" not in row for row in then.values())


def test_changes_of_named_tickets_are_those_of_the_whole_list(caller: Caller) -> None:
    every = caller.psa_all("service/tickets/changelogs")
    named = sorted({row["ticketNumber"] for row in every})[3:9]
    condition = f"ticketNumber in ({','.join(map(str, named))})"
    told = caller.psa_all("service/tickets/changelogs", conditions=condition)
    assert told == [row for row in every if row["ticketNumber"] in named]
    assert caller.psa("service/tickets/changelogs/count", conditions=condition).json() == {"count": len(told)}


def test_answers_are_asked_for_by_survey_and_invoices_by_what_changed(caller: Caller) -> None:
    for survey in caller.psa_all("service/surveys"):
        answers = caller.psa_all(f"service/surveys/{survey['id']}/results")
        assert answers and all(1 <= row["totalPoints"] <= 5 for row in answers)
    assert caller.psa("service/surveys/99/results").status_code == 404
    whole = caller.psa_all("finance/invoices")
    since = caller.psa_all("finance/invoices", conditions="lastUpdated >= [2026-06-10T00:00:00Z]")
    assert 0 < len(since) < len(whole)
    assert {row["type"] for row in whole} >= {"Agreement", "CreditMemo"}
    assert caller.psa("finance/invoices", conditions="paid = true").status_code == 400
