"""What the stand-in for Salesforce does and what it refuses."""

from __future__ import annotations

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller

DATA = "services/data/v60.0"


def token(caller: Caller, **change: str) -> requests.Response:
    form = {"grant_type": "client_credentials", **caller.secrets("salesforce"), **change}
    return caller.session.post(f"{caller.base}/salesforce/services/oauth2/token", data=form, timeout=20)


def get(caller: Caller, address: str, **query: str) -> requests.Response:
    bearer = {"Authorization": f"Bearer {token(caller).json()['access_token']}"}
    return caller.session.get(f"{caller.base}/salesforce/{address}", params=query, headers=bearer, timeout=20)


def ask(caller: Caller, statement: str, path: str = "query") -> requests.Response:
    return get(caller, f"{DATA}/{path}", q=statement)


def test_a_token_is_given_to_the_apps_key_and_says_nothing_of_its_life(caller: Caller) -> None:
    assert set(token(caller).json()) >= {"access_token", "instance_url"} and "expires_in" not in token(caller).json()
    assert token(caller, client_secret="guess").json()["error"] == "invalid_client"
    assert token(caller, grant_type="password").json()["error"] == "unsupported_grant_type"
    caller.switch("salesforce", session_seconds=0)
    reply = ask(caller, "SELECT Id FROM Account")
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(("statement", "code"), [
    ("SELECT Id, Colour FROM Account", "INVALID_FIELD"), ("SELECT Id FROM Contact", "INVALID_TYPE"),
    ("SELECT FROM Account", "MALFORMED_QUERY"), ("SELECT Id FROM Account WHERE Name LIKE 'A%'", "MALFORMED_QUERY"),
    ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "INVALID_FIELD"),
])  # fmt: skip
def test_a_statement_that_asks_for_what_there_is_not_fails_whole_with_a_list_of_errors(
    caller: Caller, statement: str, code: str
) -> None:
    reply = ask(caller, statement)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)


def test_a_number_is_told_without_rows_and_a_limit_keeps_to_it(caller: Caller) -> None:
    counted = ask(caller, "SELECT COUNT() FROM Account").json()
    assert counted["records"] == [] and counted["done"] and counted["totalSize"] > 3
    few = ask(caller, "SELECT Id, Owner.Name FROM Account ORDER BY Id LIMIT 3").json()
    ids = [row["Id"] for row in few["records"]]
    assert ids == sorted(ids) and len(ids) == 3 and few["records"][0]["Owner"]["Name"]
    rest = ask(caller, f"SELECT COUNT() FROM Account WHERE Id > '{ids[-1]}'").json()
    assert rest["totalSize"] == counted["totalSize"] - 3


def test_an_answer_cut_short_says_where_it_goes_on(caller: Caller) -> None:
    caller.switch("salesforce", page_rows=4)
    first = ask(caller, "SELECT Id FROM Account LIMIT 6").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (6, False, 4)
    second = get(caller, first["nextRecordsUrl"].lstrip("/")).json()
    assert (second["done"], len(second["records"])) == (True, 2) and "nextRecordsUrl" not in second
    assert get(caller, f"{DATA}/query/nowhere").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_activities_of_more_than_a_year_ago_are_only_named_where_they_are_asked_for(caller: Caller) -> None:
    caller.at("2027-08-01T12:00:00Z")
    statement = "SELECT COUNT() FROM Task WHERE TaskSubtype = 'Call'"
    recent, every = (ask(caller, statement, path).json()["totalSize"] for path in ("query", "queryAll"))
    assert recent < every


def test_an_org_may_have_no_partners(caller: Caller) -> None:
    assert ask(caller, "SELECT Id FROM OpportunityPartner").json()["totalSize"] > 0
    caller.switch("salesforce", partners=False)
    assert ask(caller, "SELECT Id FROM OpportunityPartner").json()[0]["errorCode"] == "INVALID_TYPE"


def test_the_limit_of_requests_is_a_403_without_a_wait(caller: Caller) -> None:
    caller.fault("salesforce", "429", path="limits")
    reply = get(caller, f"{DATA}/limits")
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Retry-After" not in reply.headers
    assert get(caller, f"{DATA}/limits").headers["Sforce-Limit-Info"].startswith("api-usage=")
