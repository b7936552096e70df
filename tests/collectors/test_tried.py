"""What is said when a connection is tried out: whose it is, or what is wrong with it and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from collectors.auth import ClientCredentials
from collectors.declare import Convert, Endpoint, Setting, Total
from collectors.errors import Refused, Unavailable
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset
from tests.collectors.test_client import client, vendor
from tests.collectors.told import Reply, Told

pytestmark = pytest.mark.django_db

CLIENTS = Endpoint(
    name="clients", path="/clients", into=Account, complete=True,
    fields={"external_id": "id", "name": "name", "kind": Convert(("kind",), lambda kind: kind or "client")},
    keep=Convert(("internal",), lambda internal: not internal),
)  # fmt: skip
DEVICES = Endpoint(
    name="devices", path="/clients/{id}/devices", each="clients", into=Asset, complete=True,
    fields={"external_id": "id", "name": "name"},
)  # fmt: skip
ALERTS = replace(CLIENTS, name="alerts", path="/alerts", optional=True)
NAMES = [{"id": 1, "name": "Our own", "internal": True}, {"id": 2, "name": "A lead", "kind": "prospect"},
         {"id": 3, "name": "Alder Dental"}]  # fmt: skip


@pytest.fixture
def well(told: Told) -> Told:
    told.tell("/who", Reply({"version": "2026.4"}))
    told.tell("/clients", Reply(NAMES))
    told.tell("/clients/2/devices", Reply([{"id": 7, "name": "pc"}]))
    told.tell("/alerts", Reply())
    return told


def tried(told: Told, *endpoints: Endpoint, **more: Any) -> str:
    of = vendor(*(endpoints or (CLIENTS, DEVICES, ALERTS)), **more)
    with client(told, replace(of, test="/who", test_shows="version")) as one:
        return one.test()


def test_it_says_whose_it_is_once_every_list_was_looked_into(well: Told) -> None:
    assert tried(well) == "Connected to Told (2026.4). The first client is Alder Dental."
    assert well.paths() == ["/who", "/clients", "/clients/2/devices", "/alerts"]


def test_without_any_client_it_still_is_connected(well: Told) -> None:
    well.tell("/clients", Reply())
    assert tried(well) == "Connected to Told (2026.4)."
    assert "/clients/2/devices" not in well.paths()  # there is nobody to ask for


def test_a_list_the_key_may_not_read_is_named(well: Told) -> None:
    well.tell("/clients/2/devices", Reply({"message": "Device View is missing"}, 403))
    with pytest.raises(Refused) as caught:
        tried(well, advice="Give it the role Reader.")
    assert str(caught.value) == (
        "Connected to Told (2026.4). The first client is Alder Dental. It does not give devices: Told does not let "
        "this key read /clients/2/devices (403). It says: “Device View is missing”. Give it the role Reader."
    )


def test_a_list_that_may_be_refused_is_told_and_no_fault(well: Told) -> None:
    well.tell("/alerts", Reply(status=403))
    assert "The first client is Alder Dental. It does not give alerts: Told does not let" in tried(well)


def test_a_wrong_region_is_what_one_looks_at_first(well: Told) -> None:
    regions = (Setting(name="address", label="Region", choices=(("https://eu.told.example", "Europe"),)),)
    well.tell("/who", Reply({"message": "no such key"}, 401))
    with pytest.raises(Refused, match=r"refuses our key \(401\).* one region only: check that “Region” is yours"):
        tried(well, settings=regions)


MACHINE = ClientCredentials(token="{address}/token", scope="read")


@pytest.mark.parametrize(
    ("code", "says"),
    [("invalid_client", "the client id or secret is wrong, or has expired"), ("invalid_scope", "lacks a scope")],
)
def test_an_expired_secret_and_a_missing_scope_are_told_apart(well: Told, code: str, says: str) -> None:
    well.tell("/token", Reply({"error": code, "error_description": "hush-hush-hush"}, 400))
    with pytest.raises(Refused, match=says) as caught:
        tried(well, auth=MACHINE)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("path", ["/who", "/token"])
@pytest.mark.parametrize(
    ("off", "says"), [(-12, "12 minutes ahead of theirs"), (12, "1[12] minutes behind theirs"), (3, ""), (None, "")]
)
def test_a_clock_that_is_far_off_is_said_where_a_key_is_refused(
    told: Told, well: Told, path: str, off: int | None, says: str
) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(minutes=off or 0), usegmt=True) if off else "someday"
    well.tell("/token", Reply({"access_token": "abcdef-1"}))
    well.tell(path, Reply({"error": "invalid_client"}, 401, {"Date": theirs}))
    with pytest.raises(Refused) as caught:
        tried(well, auth=MACHINE)
    assert caught.match(f"The clock of this machine is {says}") if says else "clock" not in str(caught.value)


def test_a_host_that_is_not_there_is_said(told: Told) -> None:
    one = client(told, replace(vendor(CLIENTS), base_url="http://127.0.0.1:9"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        one.test()


def test_looking_ends_when_its_time_is_up(well: Told) -> None:
    moments = iter([*[0.0] * 12, *[99.0] * 99])
    with client(well, vendor(CLIENTS, test="/clients"), deadline=50.0, clock=lambda: next(moments)) as one:
        assert one.test().startswith("Connected to Told.")


def test_a_list_is_counted_only_when_it_is_read(well: Told) -> None:
    assert "Alder" in tried(well, replace(CLIENTS, total=Total(path="/count", at="count")))
    assert "/count" not in well.paths()
