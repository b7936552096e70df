"""Keys of machines: how each is sent for a token, what its refusal says, and that nothing of it is ever repeated."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

import pytest

from collectors.auth import Auth, ClientCredentials, Exchange, PasswordGrant
from collectors.errors import Refused, Unavailable
from collectors.pagination import LinkHeader
from tests.collectors.test_client import SECRETS, client, rows, vendor
from tests.collectors.told import Reply, Told

pytestmark = pytest.mark.django_db
BASIC = "Basic aWRlbnQtMTpodXNoLWh1c2gtaHVzaA=="


def asked(told: Told, auth: Auth) -> None:
    told.tell("/token", Reply({"access_token": "token-1234567"}))
    told.tell("/rows", Reply())
    rows(client(told, vendor(auth=auth)))
    assert told.asked[-1].headers["Authorization"] == "Bearer token-1234567"


def machine(**more: object) -> ClientCredentials:
    return ClientCredentials(token="{address}/token", scope="read", **more)  # type: ignore[arg-type]


def test_a_key_is_sent_as_a_form(told: Told) -> None:
    asked(told, machine(more={"audience": "{address}/api"}))
    assert told.asked[0].form == {
        "grant_type": "client_credentials", "scope": "read", "audience": f"{told.address}/api",
        "client_id": "ident-1", "client_secret": SECRETS["client_secret"],
    }  # fmt: skip


def test_or_as_json(told: Told) -> None:
    asked(told, machine(sent="json"))
    assert json.loads(told.asked[0].body)["client_secret"] == SECRETS["client_secret"]
    assert told.asked[0].headers["Content-Type"] == "application/json"


def test_or_as_basic_beside_a_form(told: Told) -> None:
    asked(told, machine(sent="basic"))
    assert told.asked[0].headers["Authorization"] == BASIC
    assert told.asked[0].form == {"grant_type": "client_credentials", "scope": "read"}


def test_a_user_with_a_password_and_a_client_known_to_everyone(told: Told) -> None:
    keys = {"user": "{user}", "password": "{password}"}
    asked(told, PasswordGrant(token="{address}/token", client=("public", "public"), **keys))
    assert told.asked[0].form == {
        "grant_type": "password", "username": "someone", "password": SECRETS["password"],
    }  # fmt: skip
    assert told.asked[0].headers["Authorization"] == "Basic cHVibGljOnB1YmxpYw=="


def test_a_vendors_own_code_becomes_its_sentence(told: Told) -> None:
    told.tell("/token", Reply({"error": "invalid_client", "code": 7000222}, 401))
    means = machine(means=lambda answer: "The client secret has expired." if answer.get("code") == 7000222 else "")
    with pytest.raises(Refused, match=r"^The client secret has expired\.$"):
        rows(client(told, vendor(auth=means)))


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": None}, ["token"], "token"])
def test_an_answer_without_a_token_is_a_bad_moment_and_no_token(told: Told, answer: object) -> None:
    told.tell("/token", Reply(answer))
    with pytest.raises(Unavailable, match="without one"):
        rows(client(told, vendor(auth=machine())))
    assert "/rows" not in told.paths()


@dataclass(frozen=True, kw_only=True)
class _Odd(Auth):
    """A vendor whose token stands deep in its answer, and is bought with a key in a header."""

    @property
    def token_address(self) -> str:
        return "{address}/token"

    def credentials(self, exchange: Exchange) -> dict[str, str]:
        key = {"Authorization": f"Bearer {exchange.fill('{client_secret}')}"}
        status, answer = exchange.post_json(exchange.fill(self.token_address), {}, key)
        if status >= 400:
            raise Refused(f"{exchange.label} does not accept the key.")
        token = answer["tokens"]["access"]
        exchange.keep_secret(token)
        return {"Authorization": f"Bearer {token}"}


def test_a_token_from_anywhere_in_an_answer_is_kept_out_of_every_word(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told.tell("/token", Reply({"tokens": {"access": "deep-token-99"}}))
    told.tell("/rows", Reply({"message": "deep-token-99 and hush-hush-hush may not read this"}, 403))
    with pytest.raises(Refused, match="… and … may not read this") as caught:
        rows(client(told, vendor(auth=_Odd())))
    assert "deep-token" not in f"{caught.value!r} {caplog.text}" and "hush" not in f"{caught.value!r} {caplog.text}"


@pytest.mark.parametrize("sparse", [True, False])
def test_an_empty_page_that_names_a_next_one_is_a_fault_unless_the_vendor_has_such(told: Told, sparse: bool) -> None:
    told.tell(
        "/rows", Reply([], headers={"Link": '</rows?page=2>; rel="next"'}), Reply([{"id": 1}], headers={"Link": ""})
    )
    reader = client(told, vendor(paginate=LinkHeader(size=5, sparse=sparse)))
    if sparse:
        assert rows(reader) == [{"id": 1}]
    else:
        with pytest.raises(Unavailable, match="an empty page and says there is more"):
            rows(reader)
