"""Whose key goes where: tenants of one partner, the customer's own zone, and what stands in another's record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from collectors.auth import Auth, ClientCredentials
from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Endpoint, Locate, Total, Vendor
from collectors.errors import Refused
from collectors.facts.accounts import Account
from collectors.locating import zone_in
from collectors.pagination import LinkHeader, NextLink, Pages
from tests.collectors.test_client import ROWS, SECRETS, client, rows, vendor
from tests.collectors.told import Reply, Told

pytestmark = pytest.mark.django_db

TOKEN = ClientCredentials(token="{address}/{tenant}/token", headers={"X-Tenant": "{tenant}"})
OF_EACH = Endpoint(name="users", path="/users", into=Account, fields={}, each="rows", tenant="tenant")


@pytest.fixture
def partner(told: Told) -> Client:
    """A partner's own tenant is “own”; two customers', each with a token of its own."""
    for name in ("own", "alder", "birch"):
        told.tell(f"/{name}/token", Reply({"access_token": f"token-of-{name}"}))
    told.tell("/rows", Reply([{"id": 1, "tenant": "alder"}, {"id": 2, "tenant": "birch"}]))
    told.tell("/users", Reply([{"id": 7}]))
    made = client(told, vendor(ROWS, OF_EACH, auth=TOKEN))
    made.connection.settings = {**made.connection.settings, "tenant": "own"}
    return made


def bearers(told: Told, path: str) -> list[str]:
    return [one.headers["Authorization"] for one in told.asked if one.path == path]


def test_each_tenant_is_asked_with_its_own_token_whatever_was_asked_before(told: Told, partner: Client) -> None:
    for tenant in ("alder", "birch", "alder"):
        rows(partner, OF_EACH, parent={"tenant": tenant})
        rows(partner)
    assert bearers(told, "/users") == ["Bearer token-of-alder", "Bearer token-of-birch", "Bearer token-of-alder"]
    assert set(bearers(told, "/rows")) == {"Bearer token-of-own"}
    assert told.paths().count("/alder/token") == 1


def test_lists_of_two_tenants_read_by_turns_never_swap_tokens(told: Told, partner: Client) -> None:
    told.tell("/users", *(Reply([{"id": number}], headers={"Link": f'</users?page={number}>; rel="next"'})
                          for number in range(1, 9)))  # fmt: skip
    scheme = replace(OF_EACH, paginate=LinkHeader(size=1))
    lists = [partner.pages(scheme, parent={"tenant": name}) for name in ("alder", "birch")]
    for _ in range(3):
        for one in lists:
            next(one)
    assert bearers(told, "/users") == ["Bearer token-of-alder", "Bearer token-of-birch"] * 3
    assert [one.headers["X-Tenant"] for one in told.asked if one.path == "/users"] == ["alder", "birch"] * 3


def test_the_partners_own_token_never_stands_in_for_a_tenant_that_is_not_told(told: Told, partner: Client) -> None:
    for parent in ({"id": 1}, {"tenant": ""}, {"tenant": None}):
        with pytest.raises(Refused, match="has no tenant"):
            rows(partner, OF_EACH, parent=parent)
    assert told.asked == []


def test_a_tenant_fills_one_step_of_the_address_and_never_names_a_key(told: Told, partner: Client) -> None:
    for odd in ("../own", "{client_secret}"):
        with pytest.raises(Refused):
            rows(partner, OF_EACH, parent={"tenant": odd})
    assert not [path for path in told.paths() if "own" in path.split("/") or "hush" in path]


def test_what_a_record_says_is_never_taken_for_a_template(told: Told) -> None:
    listed = Endpoint(
        name="lines", path="/lines", into=Account, fields={}, each="rows", params={"of": "{each.name}"},
        headers={"X-Of": "{each.name}"},
    )  # fmt: skip
    told.tell("/lines", Reply())
    rows(client(told, vendor(ROWS, listed)), listed, parent={"name": "{password}"})
    assert (told.asked[0].query, told.asked[0].headers["X-Of"]) == ({"of": "{password}"}, "{password}")


def test_a_zero_is_an_id_like_any_other(told: Told) -> None:
    listed = Endpoint(name="lines", path="/rows/{id}", into=Account, fields={}, each="rows", params={"of": "{each.id}"})
    told.tell("/rows/0", Reply())
    rows(client(told, vendor(ROWS, listed)), listed, parent={"id": 0})
    assert (told.paths(), told.asked[0].query) == (["/rows/0"], {"of": "0"})


def test_the_total_of_a_parents_list_is_asked_with_what_the_list_was_asked(told: Told) -> None:
    listed = Endpoint(
        name="lines", path="/lines", into=Account, fields={}, each="rows", params={"of": "{each.id}"},
        total=Total(path="/count", at="total.count"),
    )  # fmt: skip
    told.tell("/lines", Reply())
    told.tell("/count", Reply({"total": {"count": 0}}))
    assert rows(client(told, vendor(ROWS, listed)), listed, parent={"id": 5}) == []
    assert told.asked[-1].query == {"of": "5"}


def test_a_next_link_names_a_place_and_never_a_host(told: Told) -> None:
    linked = replace(
        ROWS, params={"$top": "2"}, records_at="value",
        paginate=NextLink(at=r"@odata\.nextLink", takes=("$skiptoken",)),
    )  # fmt: skip
    away = "https://elsewhere.example/other?$skiptoken=p2&key=1"
    told.tell("/rows", Reply({"value": [{"id": 1}], "@odata.nextLink": away}), Reply({"value": [{"id": 2}]}))
    assert rows(client(told, vendor(linked)), linked) == [{"id": 1}, {"id": 2}]
    assert [(one.path, one.query) for one in told.asked] == [
        ("/rows", {"$top": "2"}), ("/rows", {"$top": "2", "$skiptoken": "p2"}),
    ]  # fmt: skip


# The customer's own zone

LOCATE = Locate(address="{address}/zone", at="url", host=r"(ww\d+\.)?zones\.example")


def zoned(told: Told, **settings: str) -> Client:
    of = vendor(ROWS, auth=Auth(headers={"X-Key": "{password}"}), locate=LOCATE, base_url="{zone}/api")
    made = Connection(vendor="told", label="Told", settings={"address": told.address, **settings})
    made.secrets = SECRETS
    made.save()
    return Client(made, of, sleep=lambda seconds: None)


def test_the_zone_is_asked_for_once_without_a_key_and_kept(told: Told) -> None:
    told.tell("/zone", Reply({"url": f"{told.address}/own/"}))
    told.tell("/own/api/rows", Reply([{"id": 1}]))
    with zoned(told) as first:
        assert rows(first) == [{"id": 1}]
        stored = Connection.objects.get(pk=first.connection.pk)
    assert stored.settings["zone"] == f"{told.address}/own"
    assert "X-Key" not in told.asked[0].headers and told.asked[1].headers["X-Key"] == SECRETS["password"]
    with Client(stored, first.vendor) as second:
        rows(second)
    assert told.paths() == ["/zone", "/own/api/rows", "/own/api/rows"]


def test_a_test_of_the_connection_asks_for_the_zone_anew(told: Told) -> None:
    told.tell("/zone", Reply({"url": f"{told.address}/own"}))
    told.tell("/own/api/rows", Reply([{"id": 1, "name": "Alder Dental"}]))
    with zoned(told, zone=f"{told.address}/moved") as one:
        one.test()
    assert told.paths()[:2] == ["/zone", "/own/api/rows"]


@pytest.mark.parametrize(
    "zone",
    [
        "https://zones.example.evil.example", "https://evil.example", "https://evil.example/zones.example",
        "https://zones.example@evil.example", "https://evil.example#@zones.example", "http://zones.example",
        "https://evil.example\\@zones.example", "ftp://zones.example", "", None, 7, "https://zones.example?x=1",
        "https://zones.example/\nX: y", "//zones.example",
    ],
)  # fmt: skip
def test_a_zone_that_is_no_host_of_the_vendor_gets_no_key_and_is_not_kept(told: Told, zone: Any) -> None:
    told.tell("/zone", Reply({"url": zone}))
    one = zoned(told)
    with pytest.raises(Refused), one:
        pass
    assert told.paths() == ["/zone"]
    assert "zone" not in Connection.objects.get(pk=one.connection.pk).settings


def test_a_real_vendors_zone_is_never_this_machine() -> None:
    asked, here = "https://zones.example/zone", {"url": "http://127.0.0.1:8000"}
    with pytest.raises(Refused, match="Check the user name"):
        zone_in(LOCATE, asked, 200, here, "Told")
    assert zone_in(LOCATE, asked, 200, {"url": "https://ww4.zones.example/v1/"}, "Told") == "https://ww4.zones.example/v1"


def test_an_unknown_user_is_told_so(told: Told) -> None:
    told.tell("/zone", Reply({"url": told.address}, status=404))
    with pytest.raises(Refused, match="in which zone this account lives"), zoned(told):
        pass


def test_before_the_zone_is_known_nothing_else_is_asked(told: Told) -> None:
    one = zoned(told)
    with pytest.raises(Exception, match=r"adapters|declare"):
        one._session.get(f"{told.address}/rows", timeout=1)
    assert told.asked == []


def test_a_list_that_is_paged_by_the_body_of_its_question(told: Told) -> None:
    search = replace(
        ROWS, name="found", path="/search", method="POST", records_at="items",
        params={"where": "all"}, paginate=Pages(size=2, size_param="size", last_at="last"),
        body=lambda asked: {"page": {"number": int(asked["page"]), "size": int(asked["size"])}, "q": asked["where"]},
    )  # fmt: skip
    told.tell("/search", Reply({"items": [{"id": 1}], "last": False}), Reply({"items": [{"id": 2}], "last": True}))
    of: Vendor = vendor(search)
    assert rows(client(told, of), search) == [{"id": 1}, {"id": 2}]
    assert [json.loads(one.body) for one in told.asked] == [
        {"page": {"number": number, "size": 2}, "q": "all"} for number in (1, 2)
    ]
