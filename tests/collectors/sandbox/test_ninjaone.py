"""What the stand-in for NinjaOne does and what it refuses."""

from __future__ import annotations

import pytest

from tests.collectors.sandbox.conftest import Caller


def test_a_right_key_gets_a_token_and_a_wrong_one_does_not(caller: Caller) -> None:
    good = caller.ninja_token()
    assert good.json()["token_type"] == "Bearer" and good.json()["expires_in"] == 3600
    wrong = caller.ninja_token(client_secret="guess")
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"audience": "x"}, "invalid_request"),
    ],
)
def test_a_token_request_the_sheet_does_not_name_is_refused(caller: Caller, form: dict[str, str], error: str) -> None:
    reply = caller.ninja_token(**form)
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_reading_needs_a_token_that_is_known_and_has_not_expired(caller: Caller) -> None:
    assert caller.ninja("devices", token="unknown").json()["error"] == "invalid_token"
    caller.switch("ninjaone", token_seconds=0)
    expired = caller.ninja_token().json()["access_token"]
    assert caller.ninja("devices", token=expired).status_code == 401


def test_a_token_without_the_monitoring_scope_reads_nothing(caller: Caller) -> None:
    token = caller.ninja_token(scope="control").json()["access_token"]
    assert caller.ninja("devices", token=token).status_code == 403


@pytest.mark.parametrize(
    "path", ["organizations", "organizations-detailed", "locations", "devices", "devices-detailed"]
)
def test_walking_by_after_reads_every_row_once(caller: Caller, path: str) -> None:
    token = caller.ninja_token().json()["access_token"]
    whole = [row["id"] for row in caller.ninja(path, token, pageSize=1000).json()]
    walked: list[int] = []
    while page := caller.ninja(path, token, pageSize=7, after=max(walked, default=0)).json():
        walked += [row["id"] for row in page]
    assert walked == whole == sorted(set(whole)) and len(whole) > 7


def test_a_list_is_cut_silently_when_no_page_size_is_given(caller: Caller) -> None:
    assert len(caller.ninja("devices").json()) == 50


@pytest.mark.parametrize("end", ["empty", "no_cursor", "stuck"])
@pytest.mark.parametrize("report", ["queries/operating-systems", "queries/device-health"])
def test_a_report_keeps_its_cursors_name_and_moves_its_offset(caller: Caller, report: str, end: str) -> None:
    caller.switch("ninjaone", report_end=end)
    token = caller.ninja_token().json()["access_token"]
    body = caller.ninja(report, token, pageSize=40).json()
    name, seen, offsets = body["cursor"]["name"], [], []
    while body["results"]:
        seen += [row["deviceId"] for row in body["results"]]
        if "cursor" not in body:
            break
        assert body["cursor"]["name"] == name
        offsets.append(body["cursor"]["offset"])
        body = caller.ninja(report, token, pageSize=40, cursor=name).json()
    assert len(seen) == len(set(seen)) > 80
    assert offsets == sorted(set(offsets))
    assert ("cursor" in body) == (end != "no_cursor")


def test_a_cursor_that_has_expired_is_refused(caller: Caller) -> None:
    caller.switch("ninjaone", cursor_seconds=0)
    token = caller.ninja_token().json()["access_token"]
    name = caller.ninja("queries/device-health", token, pageSize=5).json()["cursor"]["name"]
    assert caller.ninja("queries/device-health", token, cursor=name).status_code == 400
    assert caller.ninja("queries/device-health", token, cursor="never-given").status_code == 400


def test_the_device_filter_keeps_what_it_says(caller: Caller) -> None:
    token = caller.ninja_token().json()["access_token"]
    everything = caller.ninja("devices", token, pageSize=1000).json()
    some = everything[40]

    def ids(df: str) -> set[int]:
        return {row["id"] for row in caller.ninja("devices", token, pageSize=1000, df=df).json()}

    def where(**wanted: object) -> set[int]:
        return {row["id"] for row in everything if all(row[name] == value for name, value in wanted.items())}

    assert ids(f"org = {some['organizationId']}") == where(organizationId=some["organizationId"])
    assert ids(f"org in ({some['organizationId']}, 2)") == where(organizationId=some["organizationId"]) | where(
        organizationId=2
    )
    assert ids("class in (WINDOWS_SERVER, MAC)") == where(nodeClass="WINDOWS_SERVER") | where(nodeClass="MAC")
    assert ids(f"loc = {some['locationId']}") == where(locationId=some["locationId"])
    assert ids(f"id = {some['id']}") == {some["id"]}
    assert ids("status = APPROVED") == where(approvalStatus="APPROVED")
    assert ids("offline") == where(offline=True) and ids("online") == where(offline=False)
    assert ids("offline AND class in (MAC)") == where(offline=True, nodeClass="MAC")


def test_the_spelling_of_status_is_a_switch(caller: Caller) -> None:
    caller.switch("ninjaone", df_status="eq")
    assert caller.ninja("devices", df="status eq APPROVED").status_code == 200
    assert caller.ninja("devices", df="status = APPROVED").status_code == 400


def test_an_unknown_clause_is_refused_or_ignored_as_the_switch_says(caller: Caller) -> None:
    assert caller.ninja("devices", df="colour = red").json()["resultCode"] == "FAILURE"
    caller.switch("ninjaone", df_unknown="ignored")
    assert len(caller.ninja("devices", df="colour = red", pageSize=1000).json()) > 50


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("devices", {"pageSize": 1001}),
        ("devices", {"pageSize": 0}),
        ("devices", {"page": 2}),
        ("devices", {"df": ""}),
        ("devices", {"after": "x"}),
        ("devices", {"expand": "colour"}),
        ("devices-detailed", {"expand": "organization"}),
        ("organizations", {"of": "x"}),
        ("queries/operating-systems", {"ts": ">1"}),
        ("users", {"userType": "ROBOT"}),
    ],
)
def test_a_parameter_the_sheet_does_not_name_is_refused(caller: Caller, path: str, params: dict[str, object]) -> None:
    reply = caller.ninja(path, **params)
    assert reply.status_code == 400 and set(reply.json()) == {"resultCode", "errorMessage", "incidentId"}


@pytest.mark.parametrize("path", ["widgets", "organization/999/devices", "queries/widgets"])
def test_an_unknown_path_is_not_found(caller: Caller, path: str) -> None:
    assert caller.ninja(path).status_code == 404


@pytest.mark.parametrize(("way", "text"), [("[]", "[]"), ("null", "null"), ("204", "")])
def test_no_rows_look_as_the_switch_says(caller: Caller, way: str, text: str) -> None:
    caller.switch("ninjaone", no_rows=way)
    assert caller.ninja("devices", after=99_999_999).text == text


def test_the_content_type_may_be_missing(caller: Caller) -> None:
    caller.switch("ninjaone", content_type=False)
    assert "Content-Type" not in caller.ninja("devices").headers


def test_nine_organizations_in_ten_name_their_psa_company(caller: Caller) -> None:
    rows = caller.ninja("organizations", pageSize=1000).json()
    named = [row for row in rows if (row.get("description") or "").startswith(("PSA: ", "ConnectWise company "))]
    assert 0.75 <= len(named) / len(rows) < 1
    companies = {row["id"] for row in caller.psa_all("company/companies")}
    assert {int(row["description"].split()[-1]) for row in named} <= companies


def test_devices_are_listed_as_of_the_clock(caller: Caller) -> None:
    now = {row["id"]: row for row in caller.ninja("devices", pageSize=1000).json()}
    caller.at("2026-03-01T05:00:00Z")
    then = {row["id"]: row for row in caller.ninja("devices", pageSize=1000).json()}
    assert set(now) != set(then)
    # The clock stands at the turn of a day, before which every machine was last heard.
    assert max(row["lastContact"] for row in then.values()) <= 1_772_341_201


def test_an_edited_device_is_renamed_and_a_removed_one_is_gone(caller: Caller) -> None:
    first, second = (row["id"] for row in caller.ninja("devices", pageSize=2).json())
    caller.edit("devices", first, set={"name": "SPARE-99"})
    caller.edit("devices", second, delete=True)
    rows = caller.ninja("devices", pageSize=2).json()
    assert (rows[0]["id"], rows[0]["systemName"]) == (first, "SPARE-99") and rows[1]["id"] != second


def test_an_edited_organization_carries_its_new_description(caller: Caller) -> None:
    caller.edit("organizations", 4, set={"description": "PSA: 250"})
    rows = {row["id"]: row for row in caller.ninja("organizations", pageSize=1000).json()}
    assert rows[4]["description"] == "PSA: 250"
